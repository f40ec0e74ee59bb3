"""Activities as clients read them: a union by `type`, so that each type shows its own fields."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, Strict, StringConstraints

from app.core.resource import Page
from app.core.types import NO_CONTROLS, Link, RecordRead, united

_MOMENT: Any = {"format": "date-time"}
_DAY: Any = {"format": "date"}
Direction = Literal["inbound", "outbound"]
QuestionKind = Literal["text", "yes_no", "choice", "number"]
_MOST = 10**15
AnswerValue = (
    Annotated[bool, Strict()]
    | Annotated[int, Strict(), Field(ge=-_MOST, le=_MOST)]
    | Annotated[float, Strict(), Field(ge=-_MOST, le=_MOST)]
    | Annotated[str, StringConstraints(strict=True, min_length=1, max_length=2000, pattern=NO_CONTROLS)]
)
"""A text, yes or no, an option's key, or a number."""


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


class Label(BaseModel):
    """A wording in both languages."""

    de: str
    en: str


class AnswerRead(BaseModel):
    """An answer to a key question, with the question as it was asked; `value_label` is the chosen option's."""

    question: str
    label: Label
    kind: QuestionKind
    value: AnswerValue
    value_label: Label | None


class CallConsent(BaseModel):
    """What was said about further e-mail at the call, of which address, and when."""

    answer: Literal["granted", "refused"]
    email: str
    at: str = Field(json_schema_extra=_MOMENT)


class FollowUpCall(Link):
    """The call that follows, and when it is planned."""

    starts_at: str = Field(json_schema_extra=_MOMENT)


class CallRead(_AppointmentRead):
    """A call, planned or held."""

    type: Literal["call"]
    direction: Direction
    call_type: str | None
    script_version_id: UUID | None
    answers: list[AnswerRead]
    consent: CallConsent | None
    follow_up: FollowUpCall | None = Field(description="The next call, unless it was cancelled.")


class MeetingRead(_AppointmentRead):
    """A meeting, planned or held."""

    type: Literal["meeting"]
    location: str | None
    all_day: bool
    starts_on: str | None = Field(
        json_schema_extra=_DAY,
        description="First and last day of an all-day meeting; `starts_at` and `ends_at` are then these days' ends in its time zone.",
    )
    ends_on: str | None = Field(json_schema_extra=_DAY)
    recurrence: str | None = Field(
        description="Of a series: its rule (RFC 5545), reckoned from `starts_at`. See `/v1/activities/{id}/occurrences`."
    )
    recurs_until: str | None = Field(
        json_schema_extra=_MOMENT, description="When the last occurrence of a series ends; null when it has none."
    )
    excluded_at: list[str] = Field(description="Starts of a series' occurrences that do not take place.")
    series_id: UUID | None = Field(description="The series that this is a changed occurrence of.")
    occurrence_at: str | None = Field(
        json_schema_extra=_MOMENT, description="When this occurrence would start by its series' rule."
    )


class EmailActivityRead(_ActivityRead):
    """An e-mail that was sent, received or archived."""

    type: Literal["email"]
    status: Literal["sent", "received", "archived"]
    sent_at: str = Field(json_schema_extra=_MOMENT)
    from_address: str | None
    to_addresses: list[str]
    cc_addresses: list[str]
    contacts: list[Link] = Field(description="Further contacts among sender and recipients.")


LeadOutcome = Literal["lead", "linked", "known", "taken", "possible", "incomplete", "not_allowed"]
CrossSellOutcome = Literal["opportunity", "task", "dismissed"]
ReviewReason = Literal["no_account", "no_contact", "follow_up_actions", "cross_sell", "unreviewed"]


class UnknownCustomerRead(BaseModel):
    """A customer who was not found, as the report describes them."""

    name: str
    street: str | None = None
    postal_code: str
    city: str
    country: str
    phone: str | None = None
    email: str | None = None
    contact_name: str | None = None
    note: str | None = None
    outcome: LeadOutcome = Field(
        description="`lead`: one was made. `linked`: there was one. Otherwise none was made: the customer is `known`, `taken` "
        "or `possible`(ly) taken, what the project asks for is `incomplete`, or its author is `not_allowed` to make leads."
    )


class FollowUpAction(BaseModel):
    """Something that is to follow of a visit; with neither task nor dismissal it is open."""

    id: UUID
    text: str
    due_on: str | None = Field(json_schema_extra=_DAY)
    task_id: UUID | None
    dismissed: bool
    reason: str | None


class Amendment(BaseModel):
    """What was added to a visit report."""

    id: UUID
    text: str
    visited_at: str | None = Field(json_schema_extra=_MOMENT, description="The visit was then …")
    visited_at_before: str | None = Field(json_schema_extra=_MOMENT, description="… and not then.")
    cross_sell: bool
    created_at: str = Field(json_schema_extra=_MOMENT)
    created_by: Link | None


class VisitReportRead(_ActivityRead):
    """What a technician reports of a visit."""

    type: Literal["visit_report"]
    status: Literal["submitted", "reviewed"]
    visited_at: str = Field(json_schema_extra=_MOMENT)
    time_zone: str
    unknown_customer: UnknownCustomerRead | None
    cross_sell: bool = Field(description="Whether a possible order was seen.")
    cross_sell_note: str | None
    cross_sell_outcome: CrossSellOutcome | None = Field(
        description="What the review made of it; an opportunity is the report's `opportunity`."
    )
    follow_up_actions: list[FollowUpAction]
    amendments: list[Amendment] = Field(description="What was added since, in order.")
    reviewed_at: str | None = Field(json_schema_extra=_MOMENT)
    reviewed_by: Link | None


READS = (CallRead, MeetingRead, TaskRead, NoteRead, EmailActivityRead, VisitReportRead)
ActivityRead = Annotated[
    CallRead | MeetingRead | TaskRead | NoteRead | EmailActivityRead | VisitReportRead, Field(discriminator="type")
]
"""One activity: see `type`."""


class ActivityPage(Page[ActivityRead]):
    """A page of activities."""


AnyActivity = united("AnyActivity", READS)
"""The fields of all types."""
