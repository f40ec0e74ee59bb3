"""Protection checks, lead locks and clearances on the wire."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from app.core.resource import ListQuery
from app.core.types import Body, Country, Day, Line, Link, Prose, RecordRead
from app.matching import PartyValues
from app.matching.index import CANDIDATES, CANDIDATES_OF_A_NAME, KEY_LIMIT

Verdict = Literal["duplicate", "possible"]
Status = Literal["free", "known", "yours", "cleared", "possible", "taken"]
Protection = Literal["pending", "active", "managed", "ended", "none"]
LockState = Literal["pending", "active", "expired", "released", "transferred"]
ClearanceState = Literal["requested", "granted", "shared", "refused"]
Reason = Annotated[Prose, StringConstraints(min_length=3, max_length=2000)]

TRUNCATED = (
    f"Something worth a look was left out, so a match may be missing: of what {KEY_LIMIT} records and more have in common (a very "
    f"frequent name, a town), the first {KEY_LIMIT} are read, and of all that were found so, the {CANDIDATES} that have the rarest "
    f"things in common are compared ({CANDIDATES_OF_A_NAME} where only a name is given). False when what was left out has too little "
    "in common to be the same. Say more, such as a town or a telephone number."
)
CHECK_EXAMPLE: dict[str, JsonValue] = {"name": "mueller maschinenbau", "postal_code": "4020", "city": "Linz"}


class CustomerQuery(Body):
    """A customer as people type it. At least a name, a phone number, an e-mail address, a website or a VAT id."""

    name: Line | None = None
    company: Line | None = None
    first_name: Line | None = None
    last_name: Line | None = None
    street: Line | None = None
    postal_code: Line | None = None
    city: Line | None = None
    country: Country | None = None
    phone: Line | None = None
    email: Line | None = None
    website: Line | None = None
    vat_id: Line | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "CustomerQuery":
        told = (self.name, self.company, self.last_name, self.phone, self.email, self.website, self.vat_id)
        if not any(told):
            fields = "name, company, last_name, phone, email, website, vat_id"
            german = {"de": f"Nennen Sie mindestens eine dieser Angaben: {fields}."}
            raise PydanticCustomError("too_little", f"Give at least one of {fields}.", german)
        return self

    def party_values(self) -> PartyValues:
        """The same for the matcher."""
        return PartyValues(**self.model_dump(include=set(CustomerQuery.model_fields)))


class ProtectionCheckCreate(CustomerQuery):
    """The question "is this customer taken?", for a project's customers (the default project if none is named)."""

    model_config = ConfigDict(json_schema_extra={"example": CHECK_EXAMPLE})

    project_id: UUID | None = None


class MatchReason(Body):
    """A field that speaks for or against."""

    field: str
    effect: Literal["for", "against"]
    code: str
    text: str


class PartyLink(Body):
    """A record by its kind and id."""

    type: Literal["lead", "account", "contact"]
    id: UUID


class ProtectionMatch(Body):
    """A customer who is, or may be, the one asked about.

    What the asker may not see shows only that it counts, who holds it and until when: `record`, `name` and place are null.
    """

    ref: UUID = Field(description="Names this match in `not_duplicate_of`.")
    record: PartyLink | None
    name: str | None
    postal_code: str | None
    city: str | None
    country: str | None
    score: float = Field(description="0 to 1.")
    verdict: Verdict
    reasons: list[MatchReason]
    protection: Protection = Field(
        description="`pending`: a lead whose steps are not all done; `active`: locked until `until`; `managed`: a customer "
        "with managers, without a lock; `ended`: the last lock is over; `none`: known, but nobody's."
    )
    yours: bool
    holder: Link | None
    until: date | None = Field(description="The first day on which the customer is free again.")
    lock_id: UUID | None
    account_id: UUID | None = Field(description="Names a managed customer in a request for clearance.")


class ProtectionAnswer(Body):
    """Whether the customer is taken."""

    status: Status = Field(
        description="`free`: nobody knows the customer; `known`: on record but nobody's; `yours`; `cleared`: another one's, "
        "but you were given clearance; `possible`: perhaps another one's, compare first; `taken`: another one's."
    )
    contact_allowed: bool
    matches: list[ProtectionMatch]
    ask: list[Link] = Field(description="Whom to ask: the heads of the customer's country.")
    truncated: bool = Field(description=TRUNCATED)


class ProtectionCheckRead(ProtectionAnswer):
    """The answer with its receipt: the id goes into the lead as `receipt_id`, as evidence of who checked what and when."""

    id: UUID
    version: int
    created_at: str = Field(json_schema_extra={"format": "date-time"})
    user: Link
    project_id: UUID
    query: CustomerQuery


class CheckListQuery(ListQuery):
    """Filters of one's own receipts."""

    sort: Literal["created_at", "-created_at"] = "-created_at"


class LeadLockRead(RecordRead):
    """A customer is taken by its holder."""

    customer_name: str
    country: str | None
    project_id: UUID
    lead_id: UUID | None
    account_id: UUID | None
    holder: Link
    state: LockState
    starts_on: date | None
    ends_on: date | None = Field(description="The first day on which the customer is free again.")
    ended_at: str | None = Field(json_schema_extra={"format": "date-time"})
    end_reason: str | None
    steps: list["LockStepRead"]


class LockStepRead(Body):
    """A step towards the active lock."""

    step: Literal["lead", "converted", "opportunity_requested"]
    done: bool
    done_at: str | None = Field(json_schema_extra={"format": "date-time"})


class LockListQuery(ListQuery):
    """Filters of the list of locks."""

    holder_id: list[UUID] = Field(default_factory=list, max_length=50)
    project_id: UUID | None = None
    lead_id: UUID | None = None
    account_id: UUID | None = None
    state: list[LockState] = Field(default_factory=list, max_length=5)
    country: Country | None = None
    ends_before: Day | None = None
    sort: Literal["created_at", "-created_at"] = "-created_at"


class LockRelease(Body):
    """Give a customer free before the time."""

    reason: Reason


class LockTransfer(Body):
    """Hand a lock to another developer."""

    holder_id: UUID
    reason: Reason


class LockExtension(Body):
    """Prolong an active lock by whole months."""

    months: int = Field(ge=1, le=24, strict=True)
    reason: Reason


class ClearanceRead(RecordRead):
    """A request to work on a customer whom another one holds, and its decision."""

    lock_id: UUID | None
    account_id: UUID | None
    customer_name: str | None = Field(description="Null for an asker who may not see the customer.")
    country: str | None
    requested_by: Link
    holder: Link
    reason: str
    state: ClearanceState
    decided_by: Link | None
    decided_at: str | None = Field(json_schema_extra={"format": "date-time"})
    decision_reason: str | None
    used_at: str | None = Field(json_schema_extra={"format": "date-time"})
    lead_id: UUID | None


class ClearanceCreate(Body):
    """Ask the head of the customer's country; `lock_id` or `account_id` as the match named it."""

    lock_id: UUID | None = None
    account_id: UUID | None = None
    reason: Reason

    @model_validator(mode="after")
    def _one_target(self) -> "ClearanceCreate":
        if (self.lock_id is None) == (self.account_id is None):
            raise ValueError("give either lock_id or account_id")
        return self


class ClearanceDecision(Body):
    """`grant`: the customer passes to the asker; `share`: both may work on it; `refuse`."""

    decision: Literal["grant", "share", "refuse"]
    reason: Reason


class ClearanceListQuery(ListQuery):
    """Filters of the list of clearances."""

    state: list[ClearanceState] = Field(default_factory=list, max_length=4)
    requested_by: UUID | None = None
    country: Country | None = None
    sort: Literal["created_at", "-created_at"] = "-created_at"
