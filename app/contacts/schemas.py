"""Contacts on the wire."""

from typing import Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from app.accounts.schemas import Access, Ids, TeamIds
from app.core.particulars import BirthDate, Email, Phone, PostalCode
from app.core.resource import ListQuery
from app.core.types import Body, ClientId, Country, FromErp, Line, Link, Moment, Prose, RecordRead, not_settable
from app.core.writing import absent
from app.custom_fields.schemas import CustomFilters, CustomSort
from app.custom_fields.values import CustomValues


class ContactRead(RecordRead):
    """A person, with their account. `erp_id` comes from the ERP."""

    account: Link | None
    salutation: str | None
    title: str | None
    first_name: str | None
    last_name: str
    job_title: str | None
    assignee: Link
    manager_ids: list[UUID]
    team_ids: list[UUID]
    access: Access
    street: str | None
    postal_code: str | None
    city: str | None
    state: str | None
    country: str | None
    phone: str | None
    email: str | None
    birth_date: str | None = Field(json_schema_extra={"format": "date"})
    description: str | None
    source: str | None
    erp_id: str | None
    lead_id: UUID | None = Field(description="The lead that the contact was made from.")
    custom: CustomValues


class ContactCreate(Body):
    """A new contact. Left out, the assignee is the asker, and the teams are the account's, or else the asker's default team."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "salutation": "Frau",
                "first_name": "Eva",
                "last_name": "Muster",
                "job_title": "Leiterin Einkauf",
                "phone": "+43 732 123456-12",
                "email": "eva.muster@mueller-maschinenbau.example.com",
            }
        }
    )

    id: ClientId | None = None
    account_id: UUID | None = None
    salutation: Line | None = None
    title: Line | None = None
    first_name: Line | None = None
    last_name: Line
    job_title: Line | None = None
    assignee_id: UUID | None = None
    manager_ids: Ids | None = Field(
        default=None, description="Left out: the asker, where another one is the assignee. Each one is notified."
    )
    team_ids: TeamIds | None = None
    access: Access = "managers"
    street: Line | None = None
    postal_code: PostalCode | None = None
    city: Line | None = None
    state: Line | None = None
    country: Country | None = None
    phone: Phone | None = None
    email: Email | None = None
    birth_date: BirthDate | None = None
    description: Prose | None = None
    source: Line | None = None
    custom: CustomValues = Field(default_factory=dict)
    erp_id: FromErp = not_settable()


class ContactUpdate(Body):
    """What changes; a field left out stays, null empties it where that is allowed."""

    model_config = ConfigDict(json_schema_extra={"example": {"job_title": "Geschäftsführerin"}})

    account_id: UUID | None = None
    salutation: Line | None = None
    title: Line | None = None
    first_name: Line | None = None
    last_name: Line = absent()
    job_title: Line | None = None
    assignee_id: UUID = absent()
    manager_ids: Ids = absent()
    team_ids: TeamIds = absent()
    access: Access = absent()
    street: Line | None = None
    postal_code: PostalCode | None = None
    city: Line | None = None
    state: Line | None = None
    country: Country | None = None
    phone: Phone | None = None
    email: Email | None = None
    birth_date: BirthDate | None = None
    description: Prose | None = None
    source: Line | None = None
    custom: CustomValues = absent()
    erp_id: FromErp = not_settable()


class ContactQuery(ListQuery):
    """Filters of the list of contacts. Several values of one filter are joined by "or"."""

    id: list[UUID] = Field(
        default_factory=list, max_length=200, description="These records; the id of a merged one finds its winner."
    )
    q: Line | None = Field(
        default=None,
        description="Part of the name, either order of first and last name; case and umlauts do not matter.",
    )
    account_id: list[UUID] = Field(default_factory=list, max_length=50)
    has_account: bool | None = None
    assignee_id: list[UUID] = Field(default_factory=list, max_length=50)
    team_id: list[UUID] = Field(default_factory=list, max_length=50)
    access: list[Access] = Field(default_factory=list, max_length=3)
    email: list[Line] = Field(default_factory=list, max_length=20)
    city: list[Line] = Field(default_factory=list, max_length=20)
    postal_code: list[PostalCode] = Field(default_factory=list, max_length=50)
    country: list[Country] = Field(default_factory=list, max_length=50)
    created_after: Moment | None = None
    created_before: Moment | None = None
    custom: CustomFilters = Field(default_factory=list)
    sort: Literal["name", "-name", "created_at", "-created_at"] | CustomSort = "-created_at"
