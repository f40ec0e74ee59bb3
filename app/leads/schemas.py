"""Leads on the wire."""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue

from app.core.resource import ListQuery
from app.core.types import Body, ClientId, Country, Day, Key, Line, Link, Moment, Money, Prose, RecordRead
from app.core.writing import absent
from app.custom_fields.schemas import CustomFilters, CustomSort
from app.custom_fields.values import CustomValues

NOT_DUPLICATES = "`ref`s of matches that are other customers. Kept, like what `/v1/duplicate-dismissals` is told."

Phase = Literal["open", "converted", "discarded"]

EXAMPLE: dict[str, JsonValue] = {
    "status": "new",
    "source": "fair",
    "assignee_id": "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1d",
    "name": "Müller Maschinenbau GmbH & Co. KG",
    "company": "Müller Maschinenbau",
    "city": "Linz",
    "state": "Oberösterreich",
    "country": "AT",
    "postal_code": "4020",
    "contacted_on": "2026-11-20",
    "description": "Interesse an der Flatrate für drei Standorte",
    "expected_revenue": {"amount": "12500.00", "currency": "EUR"},
}


class LeadFields(Body):
    """What can be known of a lead. Which of it a lead must have, and may have, its project says."""

    source: Line | None = None
    source_detail: Line | None = None
    assignee_id: UUID | None = None
    company: Line | None = None
    salutation: Line | None = None
    title: Line | None = None
    first_name: Line | None = None
    last_name: Line | None = None
    birth_date: Day | None = None
    street: Line | None = None
    postal_code: Line | None = None
    city: Line | None = None
    state: Line | None = Field(default=None, description="Federal state or canton.")
    country: Country | None = None
    phone: Line | None = None
    email: Line | None = None
    website: Line | None = None
    vat_id: Line | None = None
    contacted_on: Day | None = None
    description: Prose | None = None
    expected_revenue: Money | None = Field(default=None, description="Expected net annual revenue.")


class LeadCreate(LeadFields):
    """A new lead. All required fields that lack are named in one answer."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: ClientId | None = None
    project_id: UUID | None = Field(default=None, description="The default project if none is named.")
    status: Key | None = None
    name: Line | None = Field(default=None, description="The company's legal wording, or the person's name.")
    custom: CustomValues = Field(default_factory=dict)
    receipt_id: UUID | None = Field(default=None, description="The protection check that was made before.")
    not_duplicate_of: list[UUID] = Field(default_factory=list, max_length=50, description=NOT_DUPLICATES)


class LeadUpdate(LeadFields):
    """What changes; a field left out stays, null empties it."""

    model_config = ConfigDict(json_schema_extra={"example": {"status": "contacted", "contacted_on": "2026-11-23"}})

    status: Key = absent()
    name: Line = absent()
    custom: CustomValues = absent()
    not_duplicate_of: list[UUID] = Field(default_factory=list, max_length=50, description=NOT_DUPLICATES)


class LeadRead(RecordRead):
    """A lead."""

    project_id: UUID
    status: str
    phase: Phase
    source: str | None
    source_detail: str | None
    assignee: Link | None
    name: str
    company: str | None
    salutation: str | None
    title: str | None
    first_name: str | None
    last_name: str | None
    birth_date: date | None
    street: str | None
    postal_code: str | None
    city: str | None
    state: str | None
    country: str | None
    phone: str | None
    email: str | None
    website: str | None
    vat_id: str | None
    contacted_on: date | None
    description: str | None
    expected_revenue: Money | None
    receipt_id: UUID | None
    converted_at: str | None = Field(json_schema_extra={"format": "date-time"})
    account_id: UUID | None
    contact_id: UUID | None
    opportunity_requested_at: str | None = Field(json_schema_extra={"format": "date-time"})
    created_by: UUID | None
    custom: CustomValues


class LeadQuery(ListQuery):
    """Filters of the list of leads. Converted ones are in it unless `converted=false`."""

    id: list[UUID] = Field(
        default_factory=list, max_length=200, description="These records; the id of a merged one finds its winner."
    )
    project_id: UUID | None = None
    status: list[Key] = Field(default_factory=list, max_length=30)
    phase: list[Phase] = Field(default_factory=list, max_length=3)
    converted: bool | None = Field(default=None, description="Only converted ones, or only those that are not.")
    assignee_id: list[UUID] = Field(default_factory=list, max_length=50)
    country: Country | None = None
    postal_code: Line | None = None
    city: Line | None = None
    source: list[Line] = Field(default_factory=list, max_length=30)
    contacted_from: Day | None = None
    contacted_to: Day | None = None
    created_after: Moment | None = None
    created_before: Moment | None = None
    q: Line | None = Field(default=None, description="Part of name, company or city; case and umlauts do not matter.")
    custom: CustomFilters = Field(default_factory=list)
    sort: Literal["created_at", "-created_at", "name", "-name"] | CustomSort = "-created_at"


class LeadCard(Body):
    """A lead as its card on the board shows it."""

    id: UUID
    version: int
    name: str
    city: str | None
    postal_code: str | None
    assignee: Link | None
    phase: Phase
    expected_revenue: Money | None
    contacted_on: date | None


class LeadColumn(Body):
    """A status with its cards: all are counted, the newest are shown."""

    status: str
    label: str
    category: str
    color: str | None
    count: int
    cards: list[LeadCard]


class LeadBoard(Body):
    """The board: columns in the project's order, converted leads among them (LEAD-8)."""

    project_id: UUID
    columns: list[LeadColumn]


class BoardQuery(Body):
    """What the board shows."""

    project_id: UUID | None = None
    assignee_id: UUID | None = None
    q: Line | None = None
    cards: int = Field(default=20, ge=1, le=100, description="Cards per column.")
