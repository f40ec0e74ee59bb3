"""Opportunities, their board, and the request that one is made from, on the wire."""

from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from app.accounts.schemas import TeamIds
from app.core.resource import ListQuery
from app.core.types import Body, ClientId, Computed, Day, Line, Link, Moment, Money, Prose, RecordRead, not_settable
from app.core.writing import absent
from app.custom_fields.schemas import CustomFilters, CustomSort
from app.custom_fields.values import CustomValues

Status = Literal["open", "won", "lost"]
Probability = Annotated[int, Field(ge=0, le=100, strict=True)]

MESSAGE_EXAMPLE: dict[str, JsonValue] = {"message_id": "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1d"}


class StageLink(BaseModel):
    """The stage that an opportunity is in."""

    id: UUID
    key: str
    label_de: str
    label_en: str


class OpportunityRead(RecordRead):
    """A chance of an order. `status` follows the stage; `probability` is the stage's unless somebody knows better."""

    name: str
    account: Link
    contact: Link | None
    lead_id: UUID | None
    pipeline_id: UUID
    stage: StageLink
    stage_entered_at: str = Field(json_schema_extra={"format": "date-time"})
    probability: int
    status: Status
    expected_revenue: Money = Field(description="Expected annual revenue.")
    close_on: str | None = Field(description="When the decision is expected.", json_schema_extra={"format": "date"})
    closed_at: str | None = Field(json_schema_extra={"format": "date-time"})
    close_reason: str | None
    assignee: Link
    team_ids: list[UUID]
    description: str | None
    message_id: UUID | None = Field(description="The request that it was made from.")
    custom: CustomValues


class OpportunityCreate(Body):
    """A new opportunity: either with `name`, `account_id` and `expected_revenue`, or from a request, with `message_id`.

    Without a stage it starts in the first one. Left out, the assignee is the asker and the teams are the account's. From a
    request, customer, person, lead and assignee are the request's; the other fields may override or add.
    """

    model_config = ConfigDict(json_schema_extra={"example": MESSAGE_EXAMPLE})

    id: ClientId | None = None
    message_id: UUID | None = Field(default=None, description="A message of the kind `opportunity_request`.")
    name: Line | None = Field(default=None, description="Left out with `message_id`: the customer's name.")
    account_id: UUID | None = None
    contact_id: UUID | None = None
    pipeline_id: UUID | None = None
    stage_id: UUID | None = None
    probability: Probability | None = None
    expected_revenue: Money | None = Field(default=None, description="Expected annual revenue.")
    close_on: Day | None = None
    close_reason: Line | None = Field(default=None, description="Required in a stage that is lost.")
    assignee_id: UUID | None = None
    team_ids: TeamIds | None = None
    description: Prose | None = None
    custom: CustomValues = Field(default_factory=dict)
    status: Computed = not_settable()


class OpportunityUpdate(Body):
    """What changes; a field left out stays. `stage_id` moves the card: probability and status follow."""

    model_config = ConfigDict(json_schema_extra={"example": {"stage_id": "01900000-0000-7000-8000-000000000103"}})

    name: Line = absent()
    contact_id: UUID | None = None
    stage_id: UUID = absent()
    probability: Probability = absent()
    expected_revenue: Money = absent()
    close_on: Day | None = None
    close_reason: Line | None = None
    assignee_id: UUID = absent()
    team_ids: TeamIds = absent()
    description: Prose | None = None
    custom: CustomValues = absent()
    status: Computed = not_settable()


class OpportunityRequest(BaseModel):
    """What a developer asks sales support to make, as the message keeps it (CONV-4)."""

    lead_id: UUID | None = None
    account_id: UUID
    contact_id: UUID | None = None
    stage_id: UUID | None = None
    amount: Decimal | None = Field(default=None, ge=0, max_digits=14, decimal_places=2)
    currency: str = "EUR"
    assignee_id: UUID | None = None


class OpportunityQuery(ListQuery):
    """Filters of the list of opportunities. Several values of one filter are joined by "or"."""

    q: Line | None = Field(default=None, description="Part of the name or of the account's name.")
    pipeline_id: list[UUID] = Field(default_factory=list, max_length=50)
    stage_id: list[UUID] = Field(default_factory=list, max_length=50)
    status: list[Status] = Field(default_factory=list, max_length=3)
    assignee_id: list[UUID] = Field(default_factory=list, max_length=50)
    team_id: list[UUID] = Field(default_factory=list, max_length=50)
    account_id: list[UUID] = Field(default_factory=list, max_length=50)
    contact_id: list[UUID] = Field(default_factory=list, max_length=50)
    lead_id: list[UUID] = Field(default_factory=list, max_length=50)
    message_id: list[UUID] = Field(default_factory=list, max_length=50)
    close_after: Day | None = Field(default=None, description="Expected to be decided on this day or later.")
    close_before: Day | None = Field(default=None, description="Expected to be decided before this day.")
    created_after: Moment | None = None
    created_before: Moment | None = None
    custom: CustomFilters = Field(default_factory=list)
    sort: (
        Literal["created_at", "-created_at", "close_on", "-close_on", "expected_revenue", "-expected_revenue"]
        | CustomSort
    ) = Field(default="-created_at", description="By `close_on`, what has none comes after all that have one.")


class OpportunityCard(BaseModel):
    """An opportunity as its card on the board shows it."""

    id: UUID
    version: int
    name: str
    account: Link
    assignee: Link
    expected_revenue: Money
    probability: int
    close_on: str | None = Field(json_schema_extra={"format": "date"})
    stage_entered_at: str = Field(json_schema_extra={"format": "date-time"})


class OpportunityColumn(BaseModel):
    """A stage with its cards: all are counted and summed, the newest are shown."""

    stage_id: UUID
    key: str
    label: str
    category: Status
    probability: int
    count: int
    sums: list[Money] = Field(description="Expected annual revenue of all cards, one sum per currency.")
    weighted_sums: list[Money] = Field(description="The same, each amount times its probability.")
    cards: list[OpportunityCard]
    next_cursor: str | None = Field(
        description="Goes on after these cards at `/v1/opportunities?stage_id=…`, with the board's `assignee_id` and `q`."
    )


class OpportunityBoard(BaseModel):
    """The board: a column per stage, in the pipeline's order."""

    pipeline_id: UUID
    columns: list[OpportunityColumn]


class OpportunityBoardQuery(Body):
    """What the board shows."""

    pipeline_id: UUID | None = Field(default=None, description="The default pipeline if none is named.")
    assignee_id: list[UUID] = Field(default_factory=list, max_length=50)
    q: Line | None = Field(default=None, description="Part of the name or of the account's name.")
    cards: int = Field(default=20, ge=1, le=100, description="Cards per column.")
