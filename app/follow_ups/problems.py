"""What can go wrong with follow-ups."""

from app.core.problems import Problem


class NotYourFollowUp(Problem):
    """Somebody who sees the record sees its follow-ups; they are for whoever has or made them to change."""

    status = 403
    code = "not_your_follow_up"
    title = {"de": "Nicht Ihre Wiedervorlage", "en": "Not your follow-up"}
    detail = {
        "de": "Nur wer die Wiedervorlage hat oder angelegt hat, kann sie ändern.",
        "en": "Only whoever has or made the follow-up can change it.",
    }


class FollowUpDone(Problem):
    """What is done is neither put off nor handed over; it can be opened again first."""

    status = 409
    code = "follow_up_done"
    title = {"de": "Schon erledigt", "en": "Done already"}
    detail = {
        "de": "Diese Wiedervorlage ist schon erledigt. Öffnen Sie sie zuerst wieder.",
        "en": "This follow-up is done already. Open it again first.",
    }
