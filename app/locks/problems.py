"""What can go wrong with locks and clearances."""

from app.core.problems import Problem
from app.core.types import Link
from app.locks.schemas import ProtectionMatch

_MEMBERS = {"matches": list[ProtectionMatch], "ask": list[Link]}


class CustomerTaken(Problem):
    """Another one holds the customer (LOCK-3). `matches` says who and until when, `ask` whom to ask for clearance."""

    status = 409
    code = "customer_taken"
    title = {"de": "Kunde ist vergeben", "en": "Customer is taken"}
    detail = {
        "de": "Diesen Kunden bearbeitet {holder}. Bitte nicht kontaktieren; eine Freigabe erteilt der Country Head.",
        "en": "{holder} is working with this customer. Please do not contact them; the country head can clear you.",
    }
    members = _MEMBERS


class CustomerYours(Problem):
    """The asker has this customer already, as a lead or account."""

    status = 409
    code = "customer_yours"
    title = {"de": "Kunde ist schon Ihrer", "en": "Customer is yours already"}
    detail = {
        "de": "Sie haben diesen Kunden bereits angelegt; siehe „matches“.",
        "en": "You have registered this customer already; see “matches”.",
    }
    members = _MEMBERS


class PossiblyTaken(Problem):
    """Perhaps another one's customer: to be compared first. Then name the others in `not_duplicate_of`."""

    status = 409
    code = "possibly_taken"
    title = {"de": "Kunde ist möglicherweise vergeben", "en": "Customer may be taken"}
    detail = {
        "de": "Bitte vergleichen Sie die Treffer. Ist es ein anderer Kunde, nennen Sie sie in „not_duplicate_of“.",
        "en": "Please compare the matches. If this is another customer, name them in “not_duplicate_of”.",
    }
    members = _MEMBERS


class LockNotLive(Problem):
    status = 409
    code = "lock_not_live"
    title = {"de": "Sperre besteht nicht mehr", "en": "Lock is over"}
    detail = {"de": "Diese Sperre ist bereits beendet.", "en": "This lock has ended already."}


class LockNotActive(Problem):
    status = 409
    code = "lock_not_active"
    title = {"de": "Sperre ist nicht aktiv", "en": "Lock is not active"}
    detail = {
        "de": "Verlängern lässt sich nur eine aktive Sperre; hier fehlen noch Schritte.",
        "en": "Only an active lock can be extended; here steps are still to be done.",
    }


class NotTheHolder(Problem):
    status = 403
    code = "not_the_holder"
    title = {"de": "Nicht Ihre Sperre", "en": "Not your lock"}
    detail = {
        "de": "Das darf nur, wer den Kunden hat, oder der Country Head des Landes.",
        "en": "Only the holder or the head of that country may do this.",
    }


class ClearanceDecided(Problem):
    status = 409
    code = "clearance_decided"
    title = {"de": "Freigabe ist entschieden", "en": "Clearance is decided"}
    detail = {
        "de": "Über diese Anfrage wurde schon entschieden.",
        "en": "This request has been decided already.",
    }


class ClearanceOpen(Problem):
    status = 409
    code = "clearance_open"
    title = {"de": "Anfrage besteht schon", "en": "Already requested"}
    detail = {
        "de": "Für diesen Kunden läuft schon eine Anfrage von Ihnen, oder sie wurde gewährt.",
        "en": "You have an open or granted request for this customer already.",
    }


class NothingToClear(Problem):
    status = 409
    code = "nothing_to_clear"
    title = {"de": "Keine Freigabe nötig", "en": "No clearance needed"}
    detail = {
        "de": "Diesen Kunden hält niemand sonst; eine Freigabe ist nicht nötig.",
        "en": "Nobody else holds this customer; no clearance is needed.",
    }
