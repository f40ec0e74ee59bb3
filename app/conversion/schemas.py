"""Conversions on the wire."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue

from app.accounts.schemas import Access, Ids, Segment, TeamIds
from app.core.particulars import Email, Phone, PostalCode, VatId, Website
from app.core.types import Body, Country, Line, Link, Moment, Money, Prose
from app.custom_fields.values import CustomName, CustomValues
from app.leads.schemas import NOT_DUPLICATES, LeadRead
from app.locks.schemas import LeadLockRead, MatchReason

Outcome = Literal["create", "update", "keep"]
TakenField = Literal[
    "name",
    "street",
    "postal_code",
    "city",
    "state",
    "country",
    "phone",
    "email",
    "website",
    "vat_id",
    "expected_revenue",
    "source",
]

EXAMPLE: dict[str, JsonValue] = {
    "outcome": "create",
    "account": {"level": "B", "industry": "mechanical_engineering", "legal_form": "GmbH & Co. KG"},
    "transfer_notes": True,
    "opportunity": {"amount": {"amount": "12500.00", "currency": "EUR"}},
}


class AccountCompletion(Body):
    """Master data that the lead does not have (CONV-3), or that should be otherwise than on the lead."""

    name: Line | None = None
    assignee_id: UUID | None = None
    manager_ids: Ids | None = None
    team_ids: TeamIds | None = None
    access: Access | None = None
    segment: Segment | None = None
    centre_id: UUID | None = None
    level: Line | None = None
    industry: Line | None = None
    legal_form: Line | None = None
    street: Line | None = None
    postal_code: PostalCode | None = None
    city: Line | None = None
    state: Line | None = None
    country: Country | None = None
    phone: Phone | None = None
    email: Email | None = None
    website: Website | None = None
    vat_id: VatId | None = None
    description: Prose | None = None
    custom: CustomValues = Field(default_factory=dict)


class ContactCompletion(Body):
    """The person at the customer; left out, the lead's person if it names one."""

    salutation: Line | None = None
    title: Line | None = None
    first_name: Line | None = None
    last_name: Line | None = None
    job_title: Line | None = None
    phone: Phone | None = None
    email: Email | None = None
    custom: CustomValues = Field(default_factory=dict)


class FollowOn(Body):
    """The activity made on the customer; left out, a task to call them within a week."""

    type: Literal["task", "note", "call", "meeting"] = "task"
    subject: Line = "Nachfassen"
    description: Prose | None = None
    due_at: Moment | None = None
    assignee_id: UUID | None = None


class OpportunityRequest(Body):
    """What sales support is asked to make; left out, the lead's expected revenue in the pipeline's first stage."""

    model_config = ConfigDict(json_schema_extra={"example": {"amount": {"amount": "12500.00", "currency": "EUR"}}})

    stage_id: UUID | None = None
    amount: Money | None = None


class ConversionCreate(Body):
    """How the lead becomes a customer. Everything happens in one transaction, once."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    outcome: Outcome = Field(
        description="`create`: no duplicate, make a new customer; `update`: it is this customer, take the chosen fields; "
        "`keep`: it is this customer, leave it as it is."
    )
    account_id: UUID | None = Field(
        default=None, description="The customer, for `update` and `keep`: the match's `ref`."
    )
    take: Annotated[list[TakenField | CustomName], Field(max_length=220)] = Field(
        default_factory=list,
        description="For `update`: the fields whose lead values go into the customer. `custom.<key>` is a field of the "
        "customer's that one of the lead's is mapped to.",
    )
    account: AccountCompletion | None = None
    contact: ContactCompletion | None = None
    transfer_notes: bool = Field(
        default=False, description="The lead's description and notes go into the customer too."
    )
    activity: FollowOn | None = None
    request_opportunity: bool | None = Field(
        default=None, description="Ask sales support for the opportunity; left out, if the project's steps include it."
    )
    opportunity: OpportunityRequest | None = None
    not_duplicate_of: list[UUID] = Field(default_factory=list, max_length=50, description=NOT_DUPLICATES)


class AppliedField(Body):
    """A field of the customer that was set, with its value before."""

    field: str
    old: Any
    new: Any


class ConversionRead(Body):
    """What the lead became."""

    lead_id: UUID
    outcome: Outcome
    account: Link
    contact: Link | None
    activity_id: UUID
    message_id: UUID | None = Field(description="The message to sales support.")
    lock_id: UUID | None
    lock_state: str | None
    lock_ends_on: str | None = Field(json_schema_extra={"format": "date"})
    applied: list[AppliedField]
    converted_by: Link | None
    converted_at: str = Field(json_schema_extra={"format": "date-time"})


class SideBySide(Body):
    """One field as it stands at the customer and at the lead."""

    field: TakenField | CustomName
    existing: Any
    new: Any
    differs: bool


class ConversionMatch(Body):
    """A customer who may be the lead's; `fields` is empty where the asker may not see or change it."""

    ref: UUID
    account: Link | None
    verdict: Literal["duplicate", "possible"]
    score: float
    reasons: list[MatchReason]
    may_update: bool
    holder: Link | None
    fields: list[SideBySide]


class MissingField(Body):
    """Master data to be completed (CONV-3), with a suggestion where the lead's name gives one away."""

    field: str
    suggestion: str | None


class ConversionPreview(Body):
    """What to decide before converting; `conversion` is there when it has happened."""

    lead: LeadRead
    matches: list[ConversionMatch]
    missing: list[MissingField]
    proposed_outcome: Outcome
    opportunity_stage_id: UUID | None
    lock: LeadLockRead | None
    conversion: ConversionRead | None
