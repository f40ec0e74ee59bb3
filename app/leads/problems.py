"""What can go wrong with leads and their conversion."""

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


class AlreadyConverted(Problem):
    """Somebody else has converted the lead, or it was converted in another way (CONV-6). `account_id` is the customer."""

    status = 409
    code = "already_converted"
    title = {"de": "Schon konvertiert", "en": "Already converted"}
    detail = {
        "de": "Dieser Interessent ist bereits Kunde; siehe „account_id“.",
        "en": "This lead is a customer already; see “account_id”.",
    }
    members = {"account_id": str}


class DuplicateAccount(Problem):
    """The customer exists: choose "update" or "keep", or name the matches in `not_duplicate_of`."""

    status = 409
    code = "duplicate_account"
    title = {"de": "Kunde besteht schon", "en": "Customer exists"}
    detail = {
        "de": "Es gibt diesen Kunden schon; siehe „matches“. Wählen Sie „update“ oder „keep“, oder nennen Sie die Treffer in "
        "„not_duplicate_of“.",
        "en": "This customer exists; see “matches”. Choose “update” or “keep”, or name the matches in “not_duplicate_of”.",
    }
    members = {"matches": list}
