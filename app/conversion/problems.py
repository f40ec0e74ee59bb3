"""What can go wrong with a conversion."""

from app.core.problems import Problem
from app.locks.schemas import ProtectionMatch


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
    members = {"matches": list[ProtectionMatch]}


class NotConverted(Problem):
    status = 409
    code = "not_converted"
    title = {"de": "Noch nicht konvertiert", "en": "Not converted yet"}
    detail = {
        "de": "Zuerst wird der Interessent konvertiert; dabei kann die Verkaufschance gleich angefordert werden.",
        "en": "Convert the lead first; the opportunity can be asked for in the same request.",
    }


class AlreadyRequested(Problem):
    status = 409
    code = "already_requested"
    title = {"de": "Schon angefordert", "en": "Requested already"}
    detail = {
        "de": "Die Verkaufschance zu diesem Interessenten ist bereits angefordert.",
        "en": "The opportunity of this lead has been asked for already.",
    }
