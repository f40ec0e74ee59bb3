"""Activities as clients read them: a union by `type`, so that each type shows its own fields."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from app.core.types import Link, RecordRead, united

_MOMENT: Any = {"format": "date-time"}
_DAY: Any = {"format": "date"}
Direction = Literal["inbound", "outbound"]


class Customer(BaseModel):
    """The customer's data as they stood when the activity was made."""

    name: str
    contact: str | None
    street: str | None
    postal_code: str | None
    city: str | None
    country: str | None
    phone: str | None
    email: str | None


class _ActivityRead(RecordRead):
    """What activities of every type show."""

    subject: str
    description: str | None
    is_open: bool = Field(description="Whether something is still to be done.")
    at: str = Field(
        json_schema_extra=_MOMENT, description="When it happens, or happened: what timelines are ordered by."
    )
    assignee: Link | None
    account: Link | None
    contact: Link | None
    lead: Link | None
    opportunity: Link | None
    follows: Link | None = Field(description="The activity that this one follows up.")
    team_ids: list[UUID]
    customer: Customer | None
    created_by: Link | None


class NoteRead(_ActivityRead):
    """A note."""

    type: Literal["note"]
    status: Literal["done"]


class TaskRead(_ActivityRead):
    """A task of its assignee."""

    type: Literal["task"]
    status: Literal["open", "done", "deferred", "cancelled"]
    due_at: str | None = Field(json_schema_extra=_MOMENT)
    done_at: str | None = Field(json_schema_extra=_MOMENT)
    remind_at: str | None = Field(json_schema_extra=_MOMENT)


class _AppointmentRead(_ActivityRead):
    """What calls and meetings show."""

    status: Literal["planned", "held", "cancelled"]
    starts_at: str = Field(json_schema_extra=_MOMENT)
    ends_at: str | None = Field(json_schema_extra=_MOMENT)
    time_zone: str = Field(description="Where the clock stands that says when: an IANA name.")
    result: str | None = Field(description="What came of it.")
    participants: list[Link] = Field(description="Users who take part besides the assignee.")
    contacts: list[Link] = Field(description="Contacts who take part besides the one that it is about.")
    remind_at: str | None = Field(json_schema_extra=_MOMENT)


class CallRead(_AppointmentRead):
    """A call, planned or held."""

    type: Literal["call"]
    direction: Direction


class MeetingRead(_AppointmentRead):
    """A meeting, planned or held."""

    type: Literal["meeting"]
    location: str | None


class EmailRead(_ActivityRead):
    """An e-mail that was sent, received or archived."""

    type: Literal["email"]
    status: Literal["sent", "received", "archived"]
    sent_at: str = Field(json_schema_extra=_MOMENT)
    from_address: str | None
    to_addresses: list[str]
    cc_addresses: list[str]
    contacts: list[Link] = Field(description="Further contacts among sender and recipients.")


class VisitReportRead(_ActivityRead):
    """What a technician reports of a visit."""

    type: Literal["visit_report"]
    status: Literal["submitted", "reviewed"]
    visited_at: str = Field(json_schema_extra=_MOMENT)
    time_zone: str


READS = (CallRead, MeetingRead, TaskRead, NoteRead, EmailRead, VisitReportRead)
ActivityRead = Annotated[
    CallRead | MeetingRead | TaskRead | NoteRead | EmailRead | VisitReportRead, Field(discriminator="type")
]
"""One activity: see `type`."""

AnyActivity = united("AnyActivity", READS)
"""The fields of all types."""
