"""Visit reports as clients send them."""

from typing import Literal

from pydantic import ConfigDict, Field

from app.activities.schemas import ACCOUNT, Linked, NoteUpdate, Text
from app.core.types import Line, Moment
from app.identity.schemas import TimeZone


class VisitReportCreate(Linked):
    """A report of a visit, perhaps sent days later."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "visit_report",
                "subject": "Ölfiltration vorgestellt",
                "description": "Werkstattleiter hat Interesse.",
                "visited_at": "2026-11-20T10:30:00+01:00",
                "account_id": ACCOUNT,
            }
        }
    )

    type: Literal["visit_report"]
    subject: Line
    description: Text
    visited_at: Moment
    time_zone: TimeZone | None = Field(default=None, description="The asker's own, without one.")


class VisitReportUpdate(NoteUpdate):
    """What can change of a visit report."""
