"""Call lists on the wire (CALL-5)."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from app.accounts.classification import Type
from app.activities.reads import Label
from app.activities.schemas import ActivityStatus, ActivityType
from app.core.resource import PageQuery
from app.core.types import Body, Link, Moment, Prose

ListName = Literal["contacts-never-called", "leads-never-contacted", "former-customers", "vip"]
CallListSort = Literal[
    "account",
    "-account",
    "contact",
    "-contact",
    "name",
    "-name",
    "created_at",
    "-created_at",
    "last_call",
    "-last_call",
    "last_order_on",
    "-last_order_on",
]
_MOMENT: Any = {"format": "date-time"}
_DAY: Any = {"format": "date"}
Days = Annotated[int, Field(ge=1, le=365, strict=True)]


class CallListRead(BaseModel):
    """A list, and what it holds."""

    name: ListName
    label: Label
    description: Label
    record_type: Literal["contact", "lead", "account"] = Field(description="What its entries are.")
    sorts: list[str] = Field(description="What it can be sorted by, the first unless something else is asked for.")
    is_favourite: bool
    count: int | None = Field(description="When it was asked for: how many entries the asker sees, 1,000 at most.")


class CallLists(BaseModel):
    """The lists that the asker may work with, their favourites first."""

    items: list[CallListRead]


class CallListsQuery(BaseModel):
    """Whether to count."""

    model_config = ConfigDict(extra="forbid")

    count: bool = Field(default=False, description="Also count the entries, up to 1,000 of each list.")


Ids = Annotated[list[UUID], Field(max_length=50)]


class CallFilters(Body):
    """Which entries of a list. Several values of one filter are joined by "or"."""

    centre_id: Ids = Field(default_factory=list, description="Customers of these centres; leads of their teams.")
    team_id: Ids = Field(default_factory=list)
    assignee_id: Ids = Field(default_factory=list)
    type: list[Type] = Field(
        default_factory=list,
        max_length=3,
        description="By revenue: `customer` had 1,000 a year, `small_customer` less.",
    )
    days: int = Field(
        default=60, ge=1, le=730, description="Former customers and VIPs without a call for so many days."
    )


class CallListQuery(PageQuery, CallFilters):
    """Filters and order of a list. Several values of one filter are joined by "or"."""

    free: bool = Field(default=False, description="Without those that others are calling or that are put off.")
    sort: CallListSort | None = Field(
        default=None, description="One column; which ones a list has, `GET /v1/call-lists` says."
    )


class CallPhone(BaseModel):
    """A number to call."""

    number: str
    kind: str
    of: Literal["contact", "account", "lead"]


class CallListEntry(BaseModel):
    """Somebody to call. `id` is that of the contact, lead or account, whichever the list is of."""

    id: UUID
    account: Link | None
    contact: Link | None = Field(
        description="Whom to call; for an account its decision maker, or the first of its people who may be called."
    )
    lead: Link | None
    person: str | None = Field(description="The contact's or lead's name.")
    job_title: str | None
    city: str | None
    phones: list[CallPhone] = Field(description="The person's own first.")
    assignee: Link | None
    last_call_at: str | None = Field(json_schema_extra=_MOMENT, description="The latest call that was held.")
    last_order_on: str | None = Field(json_schema_extra=_DAY)
    created_at: str = Field(json_schema_extra=_MOMENT)
    remaining: int | None = Field(
        description="Of contacts: how many of the same company are still on the list, this one included; 100 at most."
    )
    claimed_by: Link | None = Field(description="Who is calling this company just now.")
    claimed_until: str | None = Field(json_schema_extra=_MOMENT)
    put_off_until: str | None = Field(
        json_schema_extra=_MOMENT, description="Not before then, for everybody or the asker."
    )


class CallListPage(BaseModel):
    """A page of a list."""

    items: list[CallListEntry]
    next_cursor: str | None


class RecentActivity(BaseModel):
    """One of the last things that were done with whom is to be called."""

    id: UUID
    type: ActivityType
    status: ActivityStatus
    at: str = Field(json_schema_extra=_MOMENT)
    subject: str


class CallScriptHint(BaseModel):
    """The script that fits the account."""

    call_type: str
    label: Label
    script_version_id: UUID


class NextCall(BaseModel):
    """The entry that is the asker's to call, until `expires_at`; null when nobody is left."""

    entry: CallListEntry | None
    expires_at: str | None = Field(json_schema_extra=_MOMENT)
    script: CallScriptHint | None
    activities: list[RecentActivity] = Field(description="The last five that the asker sees.")


class NextCallBody(CallFilters):
    """Among which entries. A claim that still runs is given again, whatever is asked for."""

    model_config = ConfigDict(json_schema_extra={"example": {"days": 60}})


class CallSnooze(Body):
    """Until when nobody is given the entry."""

    model_config = ConfigDict(json_schema_extra={"example": {"in_days": 7}})

    until: Moment | None = None
    in_days: Days | None = Field(default=None, description="From now, at the same time of day.")

    @model_validator(mode="after")
    def _one(self) -> "CallSnooze":
        if (self.until is None) == (self.in_days is None):
            german = "Nennen Sie entweder einen Zeitpunkt oder eine Zahl von Tagen."
            raise PydanticCustomError("until_or_days", "Name a time or a number of days.", {"de": german})
        return self


class CallAttempt(Body):
    """What came of calling a lead. Calls are logged against customers only: this leaves a note on the lead."""

    model_config = ConfigDict(json_schema_extra={"example": {"outcome": "not_reached", "retry_in_days": 1}})

    outcome: Literal["reached", "not_reached", "wrong_number"]
    note: Annotated[Prose, StringConstraints(max_length=2000)] | None = None
    retry_in_days: Days | None = Field(
        default=None, description="Unless reached: 1 day if nobody answered, 7 days for a wrong number."
    )


class CallAttemptRead(BaseModel):
    """What was noted."""

    outcome: Literal["reached", "not_reached", "wrong_number"]
    activity: Link = Field(description="The note on the lead.")
    put_off_until: str | None = Field(json_schema_extra=_MOMENT)
