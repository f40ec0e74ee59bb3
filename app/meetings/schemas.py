"""Meetings as clients send them."""

from typing import Literal

from pydantic import ConfigDict

from app.activities.schemas import ACCOUNT, Appointment, AppointmentUpdate
from app.core.types import Line, Moment


class MeetingCreate(Appointment):
    """A meeting that is planned, or was held. It need not be about a record."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "meeting",
                "subject": "Jahresgespräch",
                "starts_at": "2026-12-03T09:00:00+01:00",
                "ends_at": "2026-12-03T10:00:00+01:00",
                "location": "Kranz Bau GmbH, Linz",
                "account_id": ACCOUNT,
            }
        }
    )

    type: Literal["meeting"]
    status: Literal["planned", "held", "cancelled"] = "planned"
    starts_at: Moment
    location: Line | None = None


class MeetingUpdate(AppointmentUpdate):
    """What can change of a meeting."""

    location: Line | None = None
