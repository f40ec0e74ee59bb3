"""What can go wrong with departures."""

from uuid import UUID

from app.core.problems import Problem

_MADE = {"next_contact_id": UUID | None, "next_lead_id": UUID | None}


class AlreadyLeft(Problem):
    """The contact has left already; what was made from that is named."""

    status = 409
    code = "already_left"
    title = {"de": "Schon ausgeschieden", "en": "Left already"}
    detail = {
        "de": "Dieser Kontakt hat den Kunden schon verlassen; was daraus wurde, steht in „next_contact_id“ und „next_lead_id“.",
        "en": "This contact has left already; “next_contact_id” and “next_lead_id” name what became of it.",
    }
    members = _MADE


class DepartureUsed(Problem):
    """A contact or lead was made from the departure: it is not taken back while that is there."""

    status = 409
    code = "departure_used"
    title = {"de": "Daraus wurde schon etwas", "en": "Something was made of it"}
    detail = {
        "de": "Aus diesem Abgang wurde schon ein Kontakt oder Interessent; löschen Sie zuerst diesen.",
        "en": "A contact or lead was made from this departure; delete that first.",
    }
    members = _MADE
