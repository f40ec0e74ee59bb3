"""Meetings as clients send them, and the occurrences of recurring ones as they read them."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.activities.schemas import ACCOUNT, Appointment, AppointmentUpdate
from app.core.types import Body, ClientId, Day, Line, Moment
from app.core.writing import absent
from app.meetings.rules import MAX_LENGTH

Recurrence = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_LENGTH, pattern=r"^[^\x00-\x1f\x7f]*$"),
    Field(
        description="A rule of RFC 5545, such as `FREQ=WEEKLY;BYDAY=TU;COUNT=10`; daily at most, without `BYHOUR` and finer. The "
        "start must be one of its occurrences. The local clock time is kept in the meeting's time zone.",
        examples=["FREQ=WEEKLY;BYDAY=TU;COUNT=10"],
    ),
]
_MOMENT: Any = {"format": "date-time"}


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
    starts_at: Moment | None = Field(default=None, description="Required, but for an all-day meeting.")
    location: Line | None = None
    all_day: bool = Field(
        default=False,
        description="Whole days: then `starts_on` and `ends_on` say when, and no `starts_at` or `ends_at`.",
    )
    starts_on: Day | None = None
    ends_on: Day | None = Field(default=None, description="The last day; the first, without one.")
    recurrence: Recurrence | None = None


class _MeetingUpdate(AppointmentUpdate):
    location: Line | None = None
    starts_on: Day = absent()
    ends_on: Day = absent()


class MeetingUpdate(_MeetingUpdate):
    """What can change of a meeting."""

    all_day: bool = absent()
    recurrence: Recurrence | None = Field(
        default=None,
        description="Null makes a single meeting of a series. Occurrences that were changed go over to the new rule's occurrence "
        "on the same day; those on days that it does not have become meetings of their own.",
    )


class OccurrenceUpdate(_MeetingUpdate):
    """What differs in one occurrence of a series; in all else it follows the series while it is planned."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"occurrence_at": "2026-12-08T09:00:00+01:00", "status": "held", "result": "Vertrag verlängert"}
        }
    )

    id: ClientId | None = None
    occurrence_at: Moment = Field(description="When it starts by the series' rule.")


class SeriesSplit(Body):
    """From which occurrence on there is to be a series of its own."""

    model_config = ConfigDict(json_schema_extra={"example": {"occurrence_at": "2026-12-08T09:00:00+01:00"}})

    id: ClientId | None = None
    occurrence_at: Moment = Field(description="When the first one of the new series starts; not the first of all.")


class OccurrenceRead(BaseModel):
    """One occurrence of a series: as the rule gives it, or as it was changed."""

    occurrence_at: str = Field(json_schema_extra=_MOMENT, description="When it starts by the rule: what names it.")
    activity_id: UUID | None = Field(description="The meeting that it became when it was changed, held or cancelled.")
    status: Literal["planned", "held", "cancelled"]
    subject: str
    location: str | None
    starts_at: str = Field(json_schema_extra=_MOMENT)
    ends_at: str | None = Field(json_schema_extra=_MOMENT)
    starts_on: str | None = Field(json_schema_extra={"format": "date"})
    ends_on: str | None = Field(json_schema_extra={"format": "date"})


class Occurrences(BaseModel):
    """A series' occurrences that start in the time asked for, in order."""

    items: list[OccurrenceRead]


class OccurrenceQuery(BaseModel):
    """Which time."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    after: Moment = Field(alias="from", description="The first moment.")
    before: Moment = Field(alias="to", description="The end, no longer included; at most 400 days later.")
