"""Calendars on the wire: their events, who shares them, private addresses, free and busy times."""

import re
from datetime import time
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from app.core.resource import ListQuery
from app.core.types import Body, ClientId, Link, Moment, RecordRead
from app.identity.schemas import TimeZone

_MOMENT: Any = {"format": "date-time"}
_DAY: Any = {"format": "date"}
Mode = Literal["read", "write"]
EventType = Literal["call", "meeting", "task"]
From = Annotated[Moment, Field(alias="from", description="The first moment.")]


class CalendarEvent(BaseModel):
    """A call, a meeting or an occurrence of one, or a task when it is due."""

    activity_id: UUID = Field(description="The activity; of an occurrence that was not changed, its series.")
    version: int
    type: EventType
    series_id: UUID | None = Field(description="The series of an occurrence.")
    occurrence_at: str | None = Field(json_schema_extra=_MOMENT, description="What names the occurrence in its series.")
    subject: str
    status: Literal["planned", "held", "open"]
    starts_at: str = Field(json_schema_extra=_MOMENT, description="Of a task: when it is due.")
    ends_at: str | None = Field(json_schema_extra=_MOMENT)
    all_day: bool
    starts_on: str | None = Field(json_schema_extra=_DAY)
    ends_on: str | None = Field(json_schema_extra=_DAY)
    time_zone: str | None
    location: str | None
    assignee: Link | None
    account: Link | None
    contact: Link | None
    lead: Link | None
    opportunity: Link | None


class Calendar(BaseModel):
    """What stands in a user's calendar, by start."""

    items: list[CalendarEvent]


class CalendarQuery(BaseModel):
    """Whose calendar, and which time."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    after: From
    before: Moment = Field(alias="to", description="The end, no longer included; at most 100 days later.")
    user_id: UUID | None = Field(default=None, description="Left out: the asker. Others share theirs with the asker.")
    types: list[EventType] = Field(
        default=["call", "meeting"], max_length=3, description="Left out: calls and meetings, no tasks."
    )


# --- shares -----------------------------------------------------------------------------------------------------------


class CalendarShareRead(RecordRead):
    """A user lets another one read their calendar, or also write in it."""

    owner: Link
    user: Link
    mode: Mode


class CalendarShareCreate(Body):
    """With whom the asker shares their calendar."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"user_id": "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1d", "mode": "read"}}
    )

    id: ClientId | None = None
    user_id: UUID
    mode: Mode = Field(
        default="read",
        description="`write`: the other one may also change, move and cancel the calls and meetings, as far as their roles "
        "allow to change any.",
    )


class CalendarShareUpdate(Body):
    """What can change of it."""

    model_config = ConfigDict(json_schema_extra={"example": {"mode": "write"}})

    mode: Mode


class CalendarShareQuery(ListQuery):
    """Filters of the list of shares that the asker gave and was given."""

    owner_id: UUID | None = Field(default=None, description="The asker's own id: those given.")
    user_id: UUID | None = Field(default=None, description="The asker's own id: those received.")
    sort: Literal["-created_at", "created_at"] = "-created_at"


# --- private address --------------------------------------------------------------------------------------------------

Details = Literal["full", "busy"]


class CalendarAddressRead(BaseModel):
    """The private address of the asker's calendar. Its secret was shown when it was made, and never again."""

    details: Details
    created_at: str = Field(json_schema_extra=_MOMENT)
    last_used_at: str | None = Field(json_schema_extra=_MOMENT, description="To within an hour.")


class CalendarAddressMade(CalendarAddressRead):
    """The new address. Whoever knows it reads the calendar; it is not shown again."""

    url: str = Field(json_schema_extra={"format": "uri"})


class CalendarAddressCreate(Body):
    """What is to be read there."""

    model_config = ConfigDict(json_schema_extra={"example": {"details": "full"}})

    details: Details = Field(
        default="full", description="`busy` says only when, and nothing of what, where and with whom."
    )


# --- free and busy ----------------------------------------------------------------------------------------------------


_CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"


def _written(value: object) -> object:
    """pydantic also reads numbers as times, counted in seconds, and times with a zone."""
    if isinstance(value, time) or (isinstance(value, str) and re.fullmatch(_CLOCK, value)):
        return value
    german = {"de": "Erwartet wird eine Uhrzeit wie 08:00."}
    raise PydanticCustomError("time_parsing", "Input should be a time such as 08:00", german)


ClockTime = Annotated[time, BeforeValidator(_written), WithJsonSchema({"type": "string", "pattern": _CLOCK})]


def _clock(hour: int) -> Any:
    return Field(default=time(hour), description="By the clock in `time_zone`.", examples=[f"{hour:02}:00"])


class Suggestion(Body):
    """Which times would do."""

    minutes: int = Field(ge=5, le=1440, description="How long all must be free.")
    day_starts: ClockTime = _clock(8)
    day_ends: ClockTime = _clock(17)
    weekdays: list[Annotated[int, Field(ge=1, le=7)]] = Field(
        default=[1, 2, 3, 4, 5], min_length=1, max_length=7, description="1 is Monday."
    )
    time_zone: TimeZone | None = Field(default=None, description="The asker's own, without one.")


class FreeBusyAsk(Body):
    """Whose time, and from when to when."""

    model_config = ConfigDict(
        populate_by_name=True,
        json_schema_extra={
            "example": {
                "user_ids": ["0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1d"],
                "from": "2026-12-01T00:00:00+01:00",
                "to": "2026-12-05T00:00:00+01:00",
                "suggest": {"minutes": 60},
            }
        },
    )

    user_ids: list[UUID] = Field(min_length=1, max_length=20)
    after: From
    before: Moment = Field(alias="to", description="The end, no longer included; at most 31 days later.")
    suggest: Suggestion | None = None


class Interval(BaseModel):
    """A time from its first moment to its end."""

    starts_at: str = Field(json_schema_extra=_MOMENT)
    ends_at: str = Field(json_schema_extra=_MOMENT)


class BusyUser(BaseModel):
    """When one user is busy; neither with what nor with whom."""

    user_id: UUID
    busy: list[Interval]


class FreeBusy(BaseModel):
    """When these users are busy, and when all of them are free."""

    users: list[BusyUser]
    free: list[Interval] | None = Field(
        description="With `suggest`: times long enough in which all are free; at most 100."
    )
