"""What clients send about activities, and ask of their list."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from app.core.particulars import Email
from app.core.resource import ListQuery
from app.core.types import Body, ClientId, Line, Moment, Prose
from app.core.writing import absent
from app.identity.schemas import TimeZone

ActivityType = Literal["call", "meeting", "task", "note", "email", "visit_report"]
ActivityStatus = Literal[
    "planned", "held", "cancelled", "open", "done", "deferred", "sent", "received", "archived", "submitted", "reviewed"
]
ACCOUNT = "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1d"
CONTACT = "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1e"
Text = Annotated[Prose, StringConstraints(min_length=1)]
People = Annotated[list[UUID], Field(max_length=100)]


class Linked(Body):
    """What an activity is about: records that the asker sees."""

    id: ClientId | None = None
    account_id: UUID | None = None
    contact_id: UUID | None = Field(default=None, description="Its account is linked with it.")
    lead_id: UUID | None = None
    opportunity_id: UUID | None = Field(default=None, description="Its account is linked with it.")


class Assigned(Linked):
    """What somebody does."""

    subject: Line
    description: Prose | None = None
    assignee_id: UUID | None = Field(default=None, description="Without one it is the asker's own.")


class NoteCreate(Linked):
    """A note. Without a subject it gets its first words."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"type": "note", "description": "Ruft am Montag zurück.", "account_id": ACCOUNT}}
    )

    type: Literal["note"]
    subject: Line | None = None
    description: Text


class TaskCreate(Assigned):
    """A task; without an assignee it is the asker's own. The assignee is notified."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "task",
                "subject": "Angebot besprechen",
                "due_at": "2026-12-01T09:00:00+01:00",
                "account_id": ACCOUNT,
            }
        }
    )

    type: Literal["task"]
    due_at: Moment | None = None
    remind_at: Moment | None = Field(default=None, description="When the assignee is reminded.")


class EmailCreate(Linked):
    """An e-mail to keep with the customer."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "email",
                "status": "received",
                "subject": "Anfrage Hydraulikschläuche",
                "description": "Guten Tag, bitte senden Sie uns ein Angebot …",
                "sent_at": "2026-11-20T14:05:00+01:00",
                "from_address": "a.berger@kranz-bau.at",
                "to_addresses": ["service@example.com"],
                "account_id": ACCOUNT,
                "contact_id": CONTACT,
            }
        }
    )

    type: Literal["email"]
    status: Literal["sent", "received", "archived"] = "archived"
    subject: Line
    description: Prose | None = None
    sent_at: Moment | None = Field(default=None, description="Now, without one.")
    from_address: Email | None = None
    to_addresses: list[Email] = Field(default_factory=list, max_length=100)
    cc_addresses: list[Email] = Field(default_factory=list, max_length=100)
    contact_ids: People = Field(default_factory=list, description="Further contacts among sender and recipients.")


class Appointment(Assigned):
    """What calls and meetings have in common."""

    ends_at: Moment | None = None
    time_zone: TimeZone | None = Field(default=None, description="The asker's own, without one.")
    result: Prose | None = Field(default=None, description="What came of it.")
    participant_ids: People = Field(default_factory=list, description="Users who take part besides the assignee.")
    contact_ids: People = Field(
        default_factory=list, description="Contacts who take part besides the one that it is about."
    )
    remind_at: Moment | None = Field(default=None, description="When the assignee is reminded.")


class NoteUpdate(Body):
    """What can change of a note."""

    subject: Line = absent()
    description: Prose | None = None


class TaskUpdate(NoteUpdate):
    """What can change of a task."""

    status: Literal["open", "done", "deferred", "cancelled"] = absent()
    due_at: Moment | None = None
    remind_at: Moment | None = None
    assignee_id: UUID = absent()


class EmailUpdate(NoteUpdate):
    """What can change of an e-mail: its text stays as it was sent."""


class AppointmentUpdate(NoteUpdate):
    """What can change of a call or meeting."""

    status: Literal["planned", "held", "cancelled"] = absent()
    assignee_id: UUID = absent()
    starts_at: Moment = absent()
    ends_at: Moment | None = None
    time_zone: TimeZone = absent()
    result: Prose | None = None
    participant_ids: People = absent()
    contact_ids: People = absent()
    remind_at: Moment | None = None


class ActivityQuery(ListQuery):
    """Filters of the list of activities. Several values of one filter are joined by "or"."""

    q: Line | None = Field(default=None, description="Part of the subject; case and umlauts do not matter.")
    type: list[ActivityType] = Field(default_factory=list, max_length=6)
    status: list[ActivityStatus] = Field(default_factory=list, max_length=11)
    open: bool | None = Field(default=None, description="Whether something is still to be done.")
    overdue: bool | None = Field(
        default=None, description="Whether it is still to be done although its time has passed."
    )
    assignee_id: list[UUID] = Field(default_factory=list, max_length=50)
    participant_id: UUID | None = None
    created_by: list[UUID] = Field(default_factory=list, max_length=50)
    account_id: list[UUID] = Field(default_factory=list, max_length=50)
    contact_id: list[UUID] = Field(default_factory=list, max_length=50)
    has_contact: bool | None = Field(
        default=None, description="`false` finds calls that lack the person who was called."
    )
    lead_id: list[UUID] = Field(default_factory=list, max_length=50)
    opportunity_id: list[UUID] = Field(default_factory=list, max_length=50)
    series_id: UUID | None = Field(default=None, description="Changed occurrences of a recurring meeting.")
    due_after: Moment | None = None
    due_before: Moment | None = None
    at_after: Moment | None = None
    at_before: Moment | None = None
    created_after: Moment | None = None
    created_before: Moment | None = None
    sort: Literal["at", "-at", "due_at", "-due_at", "created_at", "-created_at"] = Field(
        default="-at",
        description="By `due_at`, calls and meetings go by their start; what has neither comes after all that have one.",
    )
