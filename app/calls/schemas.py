"""Calls as clients send them."""

from typing import Literal

from pydantic import ConfigDict, Field

from app.activities.reads import Direction
from app.activities.schemas import ACCOUNT, CONTACT, Appointment, AppointmentUpdate
from app.core.types import Moment
from app.core.writing import absent


class CallCreate(Appointment):
    """A call that was held, in or out, or one that is planned."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "call",
                "status": "held",
                "subject": "Erstgespräch",
                "starts_at": "2026-11-20T10:30:00+01:00",
                "result": "Interesse an Wartungsvertrag.",
                "account_id": ACCOUNT,
                "contact_id": CONTACT,
            }
        }
    )

    type: Literal["call"]
    status: Literal["planned", "held", "cancelled"] = "held"
    direction: Direction = "outbound"
    starts_at: Moment | None = Field(default=None, description="Now, without one. A planned call needs it.")


class CallUpdate(AppointmentUpdate):
    """What can change of a call."""

    direction: Direction = absent()
