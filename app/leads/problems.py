"""What can go wrong with leads."""

from app.core.problems import Problem


class LeadClosed(Problem):
    """Only an open lead can be changed, deleted or converted (LEAD-6)."""

    status = 409
    code = "lead_closed"
    title = {"de": "Interessent ist abgeschlossen", "en": "Lead is closed"}
    detail = {
        "de": "Der Interessent ist „{phase}“; nur offene lassen sich ändern oder löschen.",
        "en": "The lead is “{phase}”; only an open one can be changed or deleted.",
    }


class NotYourLead(Problem):
    status = 403
    code = "not_your_lead"
    title = {"de": "Nicht Ihr Interessent", "en": "Not your lead"}
    detail = {
        "de": "Ändern darf ihn nur, wer ihn bearbeitet, das Team oder der Country Head.",
        "en": "Only its assignee, their team or the country head may change it.",
    }
