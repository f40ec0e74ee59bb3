"""Activities on the wire: a union by `type`, so that each kind has its own fields."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.core.resource import ListQuery
from app.core.types import Body, ClientId, Line, Link, Moment, Prose, RecordRead
from app.core.writing import absent

ActivityType = Literal["note", "task", "call", "meeting"]
ActivityStatus = Literal["open", "done", "cancelled"]
_ACCOUNT = "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1d"
Text = Annotated[Prose, StringConstraints(min_length=1)]


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


class ActivityRead(RecordRead):
    """A note or task, with the records that it is about."""

    type: str
    subject: str
    description: str | None
    status: ActivityStatus
    assignee: Link | None
    due_at: str | None = Field(json_schema_extra={"format": "date-time"})
    done_at: str | None = Field(json_schema_extra={"format": "date-time"})
    account: Link | None
    contact: Link | None
    lead: Link | None
    opportunity: Link | None
    team_ids: list[UUID]
    customer: Customer | None
    created_by: Link | None


class _Linked(Body):
    """What an activity is about: at least one record, which the asker sees."""

    id: ClientId | None = None
    account_id: UUID | None = None
    contact_id: UUID | None = Field(default=None, description="Its account is linked with it.")
    lead_id: UUID | None = None
    opportunity_id: UUID | None = Field(default=None, description="Its account is linked with it.")


class NoteCreate(_Linked):
    """A note. Without a subject it gets its first words."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"type": "note", "description": "Ruft am Montag zurück.", "account_id": _ACCOUNT}}
    )

    type: Literal["note"]
    subject: Line | None = None
    description: Text


class TaskCreate(_Linked):
    """A task; without an assignee it is the asker's own. The assignee is notified."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "task",
                "subject": "Angebot besprechen",
                "due_at": "2026-12-01T09:00:00+01:00",
                "account_id": _ACCOUNT,
            }
        }
    )

    type: Literal["task"]
    subject: Line
    description: Prose | None = None
    due_at: Moment | None = None
    assignee_id: UUID | None = None


class ActivityUpdate(Body):
    """What changes; a field left out stays. Status, assignee and due date are a task's."""

    model_config = ConfigDict(json_schema_extra={"example": {"status": "done"}})

    subject: Line = absent()
    description: Prose | None = None
    status: ActivityStatus = absent()
    due_at: Moment | None = None
    assignee_id: UUID = absent()


class ActivityQuery(ListQuery):
    """Filters of the list of activities. Several values of one filter are joined by "or"."""

    q: Line | None = Field(default=None, description="Part of the subject; case and umlauts do not matter.")
    type: list[ActivityType] = Field(default_factory=list, max_length=5)
    status: list[ActivityStatus] = Field(default_factory=list, max_length=3)
    assignee_id: list[UUID] = Field(default_factory=list, max_length=50)
    created_by: list[UUID] = Field(default_factory=list, max_length=50)
    account_id: list[UUID] = Field(default_factory=list, max_length=50)
    contact_id: list[UUID] = Field(default_factory=list, max_length=50)
    lead_id: list[UUID] = Field(default_factory=list, max_length=50)
    opportunity_id: list[UUID] = Field(default_factory=list, max_length=50)
    due_after: Moment | None = None
    due_before: Moment | None = None
    created_after: Moment | None = None
    created_before: Moment | None = None
    sort: Literal["created_at", "-created_at", "due_at", "-due_at"] = Field(
        default="-created_at", description="By `due_at`, what has no due date comes after all that have one."
    )
