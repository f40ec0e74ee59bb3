"""Contacts on the wire."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.accounts.reach_filters import ReachQuery
from app.accounts.reach_schemas import (
    Addresses,
    AddressRead,
    EmailRead,
    Emails,
    PhoneRead,
    Phones,
    WebAddresses,
    WebAddressRead,
)
from app.accounts.schemas import Access, Ids, TeamIds
from app.core.particulars import BirthDate, Email, Phone, PostalCode
from app.core.types import (
    Body,
    ClientId,
    Computed,
    Country,
    Day,
    FromDeparture,
    FromErp,
    Inherited,
    Key,
    Line,
    Link,
    Moment,
    PhotoLink,
    Prose,
    RecordRead,
    not_settable,
)
from app.core.writing import absent
from app.custom_fields.schemas import CustomFilters, CustomSort
from app.custom_fields.values import CustomValues

Relationship = Literal["active", "left", "retired", "other"]


class ContactRead(RecordRead):
    """A person, with their account. `erp_id` comes from the ERP."""

    account: Link | None = Field(description="The main account; further ones are in `/v1/account-contacts`.")
    industry: str | None = Field(description="The account's.")
    salutation: str | None
    title: str | None
    first_name: str | None
    last_name: str
    job_title: str | None
    assignee: Link
    manager_ids: list[UUID]
    team_ids: list[UUID]
    teams_follow: bool = Field(description="Whether the teams are the account's, and change with them.")
    access: Access
    street: str | None
    postal_code: str | None
    city: str | None
    state: str | None
    country: str | None
    phone: str | None
    email: str | None
    emails: list[EmailRead]
    phones: list[PhoneRead]
    addresses: list[AddressRead]
    web_addresses: list[WebAddressRead]
    contact_type: str | None = Field(description="The key of a contact type; null: not specified.")
    relationship: Relationship = Field(description="Whether the person is still there; a departure changes it.")
    do_not_contact: bool
    left_on: str | None = Field(json_schema_extra={"format": "date"})
    previous_contact_id: UUID | None = Field(description="The same person at the account that they left.")
    next_contact_id: UUID | None = Field(description="The same person at the account that they went to.")
    next_lead_id: UUID | None = Field(description="The lead that was made of where they went.")
    birth_date: str | None = Field(json_schema_extra={"format": "date"})
    description: str | None
    source: str | None
    erp_id: str | None
    lead_id: UUID | None = Field(description="The lead that the contact was made from.")
    custom: CustomValues
    photo: PhotoLink | None = Field(description="The picture; `PUT …/photo` sets it.")


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
    emails: Emails = Field(default_factory=list)
    phones: Phones = Field(default_factory=list)
    addresses: Addresses = Field(default_factory=list)
    web_addresses: WebAddresses = Field(default_factory=list)
    contact_type: Key | None = None
    do_not_contact: Annotated[bool, Field(strict=True)] = False
    birth_date: BirthDate | None = None
    description: Prose | None = None
    source: Line | None = None
    custom: CustomValues = Field(default_factory=dict)
    erp_id: FromErp = not_settable()
    industry: Inherited = not_settable()
    relationship: FromDeparture = not_settable()
    left_on: Computed = not_settable()
    teams_follow: Computed = not_settable()
    next_contact_id: Computed = not_settable()
    next_lead_id: Computed = not_settable()
    previous_contact_id: Computed = not_settable()


class ContactDefaults(BaseModel):
    """What the next contact most likely has in common with the one just made; to be sent with what is entered."""

    account_id: UUID | None
    assignee_id: UUID
    team_ids: list[UUID] | None = Field(description="Null where they are the account's.")
    access: Access
    contact_type: str | None
    country: str | None
    source: str | None


class ContactCreated(ContactRead):
    """The contact that was made; with `another=true`, also what to start the next one with."""

    next: ContactDefaults | None = Field(default=None, description="Only there when it was asked for.")


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
    team_ids: TeamIds | None = Field(default=None, description="null: the account's, now and later.")
    access: Access = absent()
    street: Line | None = None
    postal_code: PostalCode | None = None
    city: Line | None = None
    state: Line | None = None
    country: Country | None = None
    phone: Phone | None = None
    email: Email | None = None
    emails: Emails = absent()
    phones: Phones = absent()
    addresses: Addresses = absent()
    web_addresses: WebAddresses = absent()
    contact_type: Key | None = None
    do_not_contact: Annotated[bool, Field(strict=True)] = absent()
    birth_date: BirthDate | None = None
    description: Prose | None = None
    source: Line | None = None
    custom: CustomValues = absent()
    erp_id: FromErp = not_settable()
    industry: Inherited = not_settable()
    relationship: FromDeparture = not_settable()
    left_on: Computed = not_settable()
    teams_follow: Computed = not_settable()
    next_contact_id: Computed = not_settable()
    next_lead_id: Computed = not_settable()
    previous_contact_id: Computed = not_settable()


class ContactQuery(ReachQuery):
    """Filters of the list of contacts. Several values of one filter are joined by "or"."""

    id: list[UUID] = Field(
        default_factory=list, max_length=200, description="These records; the id of a merged one finds its winner."
    )
    q: Line | None = Field(
        default=None,
        description="Part of the name, either order of first and last name; case and umlauts do not matter.",
    )
    account_id: list[UUID] = Field(
        default_factory=list, max_length=50, description="Their main account, or a further one."
    )
    has_account: bool | None = None
    assignee_id: list[UUID] = Field(default_factory=list, max_length=50)
    team_id: list[UUID] = Field(default_factory=list, max_length=50)
    access: list[Access] = Field(default_factory=list, max_length=3)
    relationship: list[Relationship] = Field(default_factory=list, max_length=4)
    do_not_contact: bool | None = None
    industry: list[Line] = Field(default_factory=list, max_length=20, description="The account's.")
    centre_id: list[UUID] = Field(default_factory=list, max_length=50, description="The account's.")
    manager_id: list[UUID] = Field(default_factory=list, max_length=50)
    erp_id: list[Line] = Field(default_factory=list, max_length=50)
    has_erp_id: bool | None = None
    birth_month: list[Annotated[int, Field(ge=1, le=12)]] = Field(default_factory=list, max_length=12)
    left_after: Day | None = None
    city: list[Line] = Field(default_factory=list, max_length=20)
    postal_code: list[PostalCode] = Field(default_factory=list, max_length=50)
    country: list[Country] = Field(default_factory=list, max_length=50)
    created_after: Moment | None = None
    created_before: Moment | None = None
    custom: CustomFilters = Field(default_factory=list)
    sort: Literal["name", "-name", "created_at", "-created_at"] | CustomSort = "-created_at"
