"""What can go wrong with saying that records are different."""

from app.core.problems import Problem


class NotYoursToDismiss(Problem):
    """Of each pair, the asker must be allowed to change one record."""

    status = 403
    code = "not_yours_to_dismiss"
    title = {"de": "Nicht Ihre Datensätze", "en": "Not your records"}
    detail = {
        "de": "Dass zwei Datensätze verschieden sind, sagt, wer wenigstens einen davon ändern darf.",
        "en": "That two records are different is for those to say who may change at least one of them.",
    }


class HeldByAnother(Problem):
    """The two are the same by all that is known, and another one holds the customer: only who may change both says otherwise."""

    status = 403
    code = "held_by_another"
    title = {"de": "Kunde eines anderen", "en": "Another one's customer"}
    detail = {
        "de": "Nach allen Angaben ist das der Kunde eines anderen. Dass er es nicht ist, sagt nur, wer beide Datensätze ändern darf.",
        "en": "By all that is known this is another one's customer. Only who may change both records can say that it is not.",
    }
