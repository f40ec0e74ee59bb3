"""Follow-ups on the wire."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from app.core.resource import ListQuery
from app.core.types import NO_CONTROLS, Body, ClientId, Day, Link, Moment, RecordRead
from app.core.writing import absent

FollowedType = Literal["lead", "account", "contact", "opportunity", "activity"]
Note = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=5000, pattern=NO_CONTROLS)]
_MOMENT: JsonDict = {"format": "date-time"}
_ACCOUNT: JsonDict = {"type": "account", "id": "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1d"}


class FollowedLink(BaseModel):
    """The record that a follow-up is on."""

    type: FollowedType
    id: UUID
    name: str | None = Field(description="Null for a record that you do not see, or no longer.")


class FollowUpRead(RecordRead):
    """A follow-up: a note on a record, with the time at which its assignee is reminded."""

    record: FollowedLink
    note: str
    due_on: str | None = Field(
        json_schema_extra={"format": "date"}, description="The day, where it is due on a day and not at a moment."
    )
    due_at: str = Field(
        json_schema_extra=_MOMENT,
        description="When the assignee is reminded: of a day, at 8:00 where they are.",
    )
    status: Literal["open", "done"]
    done_at: str | None = Field(json_schema_extra=_MOMENT)
    done_by: Link | None
    snoozed: int = Field(description="How often it was put off.")
    assignee: Link
    created_by: Link | None


class Followed(Body):
    """The record to follow up; you must see it."""

    type: FollowedType
    id: UUID


class When(Body):
    """When it is due: exactly one of these."""

    due_on: Day | None = Field(default=None, description="A day; the assignee is reminded at 8:00 where they are.")
    due_at: Moment | None = Field(default=None, description="A moment.")
    in_days: int | None = Field(default=None, ge=1, le=3660, description="So many days from today.")
    in_working_days: int | None = Field(
        default=None,
        ge=1,
        le=1000,
        description="So many working days from today, without the public holidays of the assignee's country, "
        "and of the record's state in it.",
    )


class FollowUpCreate(When):
    """A follow-up on a record that you see."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"record": _ACCOUNT, "note": "Nach der Messe nachfassen", "in_working_days": 5}}
    )

    id: ClientId | None = None
    record: Followed
    note: Note
    assignee_id: UUID | None = Field(default=None, description="Without one it is the asker's own.")


class FollowUpUpdate(Body):
    """What changes; a field left out stays. `snooze`, `done` and `hand-over` do the usual in one tap."""

    model_config = ConfigDict(json_schema_extra={"example": {"note": "Nach der Messe anrufen, vormittags"}})

    note: Note = absent()
    due_on: Day = absent()
    due_at: Moment = absent()
    status: Literal["open", "done"] = absent()


class Snooze(When):
    """Until when it is put off: exactly one of these."""

    model_config = ConfigDict(json_schema_extra={"example": {"in_days": 7}})


class HandOver(Body):
    """Who shall do it from now on."""

    model_config = ConfigDict(json_schema_extra={"example": {"assignee_id": "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1d"}})

    assignee_id: UUID


class FollowUpCounts(BaseModel):
    """How many of the asker's follow-ups are open."""

    model_config = ConfigDict(json_schema_extra={"example": {"due": 3, "overdue": 1, "coming": 12}})

    due: int = Field(description="Due today or on a day before.")
    overdue: int = Field(description="Those of them that were due on a day before.")
    coming: int = Field(description="Due on a later day.")


class FollowUpQuery(ListQuery):
    """Filters of the list. Where neither a record nor people are named, it is the asker's own."""

    state: Literal["due", "overdue", "coming", "open", "done"] | None = Field(
        default=None,
        description="`due` is open and due today or on a day before; `overdue` on a day before; `coming` on a later day. "
        "Days are those of the asker's time zone.",
    )
    assignee_id: list[UUID] = Field(default_factory=list, max_length=50)
    created_by: list[UUID] = Field(default_factory=list, max_length=50)
    record_type: FollowedType | None = None
    record_id: UUID | None = None
    due_after: Moment | None = None
    due_before: Moment | None = None
    sort: Literal["due_at", "-due_at"] = "due_at"


class FollowUpsOf(FollowUpQuery):
    """The list as it is asked for: what a state means is said in these."""

    is_open: bool | None = None
    is_done: bool | None = None
    state_after: Moment | None = None
    state_before: Moment | None = None
