"""What can go wrong with calls."""

from uuid import UUID

from app.core.problems import Problem


class AlreadyFollowedUp(Problem):
    """The next call is planned already (CALL-3)."""

    status = 409
    code = "already_followed_up"
    title = {"de": "Schon geplant", "en": "Planned already"}
    detail = {
        "de": "Der Folgeanruf ist schon angelegt, siehe „follow_up_id“. Verschieben Sie ihn, oder sagen Sie ihn ab.",
        "en": "The next call exists already, see “follow_up_id”. Move it, or cancel it.",
    }
    members = {"follow_up_id": UUID}


class ConsentKept(Problem):
    """The call is the proof of a consent or refusal (CALL-4)."""

    status = 409
    code = "consent_kept"
    title = {"de": "Nachweis einer Einwilligung", "en": "Proof of a consent"}
    detail = {
        "de": "Dieser Anruf ist der Nachweis, was zur Zusendung von E-Mails gesagt wurde. Nehmen Sie zuerst die Antwort zurück "
        "(„consent“: null), wenn sie falsch ist.",
        "en": "This call is the proof of what was said about further e-mail. Take the answer back first (“consent”: null) if it "
        "is wrong.",
    }
