"""Accounts on the wire."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue

from app.accounts.classification import Status, Type
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
from app.core.particulars import Email, Phone, PostalCode, VatId, Website
from app.core.types import (
    Body,
    ClientId,
    Computed,
    Country,
    Day,
    FromErp,
    FromVisits,
    Key,
    Line,
    Link,
    Moment,
    Money,
    PhotoLink,
    Prose,
    RecordRead,
    not_settable,
)
from app.core.writing import absent
from app.custom_fields.schemas import CustomFilters, CustomSort
from app.custom_fields.values import CustomValues

Access = Literal["managers", "public_read", "public_write"]
Segment = Literal[
    "key_account_head_office",
    "key_account_branch",
    "supra_regional_head_office",
    "supra_regional_branch",
    "local",
]


def _each_once(ids: list[UUID]) -> list[UUID]:
    return list(dict.fromkeys(ids))


Ids = Annotated[list[UUID], Field(max_length=50), AfterValidator(_each_once)]
"""Ids of users or teams; one that is named twice counts once."""

VisitInterval = Annotated[int, Field(ge=1, le=730, strict=True)]
"""Days between visits of the automatic visit planning (ACC-8)."""

TeamIds = Annotated[Ids, Field(min_length=1)]
"""Ids of teams, at least one."""

EXAMPLE: dict[str, JsonValue] = {
    "name": "Müller Maschinenbau GmbH & Co. KG",
    "level": "B",
    "industry": "mechanical_engineering",
    "legal_form": "GmbH & Co. KG",
    "street": "Industriestraße 12",
    "postal_code": "4020",
    "city": "Linz",
    "state": "Oberösterreich",
    "country": "AT",
    "phone": "+43 732 123456",
    "email": "office@mueller-maschinenbau.example.com",
    "website": "www.mueller-maschinenbau.example.com",
    "expected_revenue": {"amount": "12500.00", "currency": "EUR"},
}


class AccountRead(RecordRead):
    """A customer. `type` and `status` are computed; `erp_id` comes from the ERP."""

    name: str
    assignee: Link
    manager_ids: list[UUID]
    team_ids: list[UUID]
    access: Access
    type: Type = Field(description="Computed from the revenue of the last five years.")
    status: Status = Field(description="Computed from the last order.")
    segment: Segment | None
    centre: Link | None = Field(description="The centre that leads the account.")
    parent: Link | None = Field(description="The account that this one belongs to, such as its head office.")
    vip: bool
    member_organisation_ids: list[UUID]
    partner_info: str | None
    terms_valid_from: str | None = Field(json_schema_extra={"format": "date"})
    terms_valid_until: str | None = Field(json_schema_extra={"format": "date"})
    visit_interval_days: int | None
    visit_priority: bool
    last_visit_on: str | None = Field(json_schema_extra={"format": "date"})
    last_order_on: str | None = Field(json_schema_extra={"format": "date"}, description="From the ERP.")
    level: str
    industry: str
    legal_form: str
    street: str | None
    postal_code: str | None
    city: str
    state: str | None
    country: str
    phone: str | None
    email: str | None
    website: str | None
    emails: list[EmailRead]
    phones: list[PhoneRead]
    addresses: list[AddressRead]
    web_addresses: list[WebAddressRead]
    contact_type: str | None = Field(description="The key of a contact type; null: not specified.")
    main_contact: Link | None = Field(description="Who decides there; one of the account's contacts.")
    vat_id: str | None
    description: str | None
    expected_revenue: Money | None
    source: str | None
    erp_id: str | None
    lead_id: UUID | None = Field(description="The lead that the account was made from.")
    custom: CustomValues
    photo: PhotoLink | None = Field(description="The picture; `PUT …/photo` sets it.")


class AccountCreate(Body):
    """A new account. Left out, the assignee is the asker, and the team is the asker's default team."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: ClientId | None = None
    name: Line
    assignee_id: UUID | None = None
    manager_ids: Ids | None = Field(
        default=None, description="Left out: the asker, where another one is the assignee. Each one is notified."
    )
    team_ids: TeamIds | None = Field(
        default=None,
        description="Those that its segment gives are added. Without a segment, the asker's default team.",
    )
    access: Access = "managers"
    segment: Segment | None = Field(
        default=None, description="Gives the account the teams of its centre, country or the head office."
    )
    centre_id: UUID | None = Field(
        default=None, description="Left out: the centre that answers for the postal code, if there is one."
    )
    parent_id: UUID | None = None
    vip: bool = Field(default=False, description="Needs the permission `accounts.set_vip`.")
    member_organisation_ids: Ids = Field(default_factory=list)
    partner_info: Prose | None = None
    terms_valid_from: Day | None = None
    terms_valid_until: Day | None = None
    visit_interval_days: VisitInterval | None = None
    visit_priority: bool = Field(default=False, description="Visit soon; the next visit report clears it.")
    level: Line
    industry: Line
    legal_form: Line
    street: Line | None = None
    postal_code: PostalCode | None = None
    city: Line
    state: Line | None = None
    country: Country
    phone: Phone | None = None
    email: Email | None = None
    website: Website | None = None
    emails: Emails = Field(default_factory=list)
    phones: Phones = Field(default_factory=list)
    addresses: Addresses = Field(default_factory=list)
    web_addresses: WebAddresses = Field(default_factory=list)
    contact_type: Key | None = None
    vat_id: VatId | None = None
    description: Prose | None = None
    expected_revenue: Money | None = None
    source: Line | None = None
    custom: CustomValues = Field(default_factory=dict)
    not_duplicate_of: Ids = Field(
        default_factory=list,
        description="`ref`s of matches that are other customers. Kept, like what `/v1/duplicate-dismissals` is told.",
    )
    type: Computed = not_settable()
    status: Computed = not_settable()
    erp_id: FromErp = not_settable()
    last_order_on: FromErp = not_settable()
    last_visit_on: FromVisits = not_settable()


Another = Annotated[
    bool,
    Query(description="Save and create another: the answer also holds what to start the next one with, in `next`."),
]


class AccountDefaults(BaseModel):
    """What the next account most likely has in common with the one just made; to be sent with what is entered."""

    assignee_id: UUID
    team_ids: list[UUID] | None = Field(description="Those that were added by hand, if any were.")
    access: Access
    segment: Segment | None
    centre_id: UUID | None
    parent_id: UUID | None
    level: str
    industry: str
    country: str
    source: str | None


class AccountCreated(AccountRead):
    """The account that was made; with `another=true`, also what to start the next one with."""

    next: AccountDefaults | None = Field(default=None, description="Only there when it was asked for.")


class AccountUpdate(Body):
    """What changes; a field left out stays, null empties it where that is allowed."""

    model_config = ConfigDict(json_schema_extra={"example": {"level": "A", "phone": "+43 732 654321"}})

    name: Line = absent()
    assignee_id: UUID = absent()
    manager_ids: Ids = absent()
    team_ids: TeamIds = absent()
    access: Access = absent()
    segment: Segment | None = None
    centre_id: UUID | None = None
    parent_id: UUID | None = None
    vip: bool = absent()
    member_organisation_ids: Ids = absent()
    partner_info: Prose | None = None
    terms_valid_from: Day | None = None
    terms_valid_until: Day | None = None
    visit_interval_days: VisitInterval | None = None
    visit_priority: bool = absent()
    level: Line = absent()
    industry: Line = absent()
    legal_form: Line = absent()
    street: Line | None = None
    postal_code: PostalCode | None = None
    city: Line = absent()
    state: Line | None = None
    country: Country = absent()
    phone: Phone | None = None
    email: Email | None = None
    website: Website | None = None
    emails: Emails = absent()
    phones: Phones = absent()
    addresses: Addresses = absent()
    web_addresses: WebAddresses = absent()
    contact_type: Key | None = None
    main_contact_id: UUID | None = Field(
        default=None, description="Who decides there: a contact of the account, be it their main one or a further one."
    )
    vat_id: VatId | None = None
    description: Prose | None = None
    expected_revenue: Money | None = None
    source: Line | None = None
    custom: CustomValues = absent()
    type: Computed = not_settable()
    status: Computed = not_settable()
    erp_id: FromErp = not_settable()
    last_order_on: FromErp = not_settable()
    last_visit_on: FromVisits = not_settable()


class AccountQuery(ReachQuery):
    """Filters of the list of accounts. Several values of one filter are joined by "or"."""

    id: list[UUID] = Field(
        default_factory=list, max_length=200, description="These records; the id of a merged one finds its winner."
    )
    q: Line | None = Field(default=None, description="Part of the name; case and umlauts do not matter.")
    assignee_id: list[UUID] = Field(default_factory=list, max_length=50)
    team_id: list[UUID] = Field(default_factory=list, max_length=50)
    access: list[Access] = Field(default_factory=list, max_length=3)
    manager_id: list[UUID] = Field(default_factory=list, max_length=50)
    type: list[Type] = Field(default_factory=list, max_length=3)
    status: list[Status] = Field(default_factory=list, max_length=3)
    segment: list[Segment] = Field(default_factory=list, max_length=5)
    centre_id: list[UUID] = Field(default_factory=list, max_length=50)
    parent_id: list[UUID] = Field(default_factory=list, max_length=50)
    vip: bool | None = None
    member_organisation_id: list[UUID] = Field(default_factory=list, max_length=50)
    visit_priority: bool | None = None
    erp_id: list[Line] = Field(default_factory=list, max_length=50)
    has_erp_id: bool | None = None
    last_order_after: Day | None = None
    last_order_before: Day | None = None
    last_visit_before: Day | None = Field(default=None, description="Never visited ones too.")
    terms_end_before: Day | None = Field(default=None, description="Terms agreements that end before this day.")
    level: list[Line] = Field(default_factory=list, max_length=20)
    industry: list[Line] = Field(default_factory=list, max_length=20)
    city: list[Line] = Field(default_factory=list, max_length=20)
    postal_code: list[PostalCode] = Field(default_factory=list, max_length=50)
    country: list[Country] = Field(default_factory=list, max_length=50)
    created_after: Moment | None = None
    created_before: Moment | None = None
    custom: CustomFilters = Field(default_factory=list)
    sort: (
        Literal[
            "name",
            "-name",
            "created_at",
            "-created_at",
            "last_order_on",
            "-last_order_on",
            "last_visit_on",
            "-last_visit_on",
        ]
        | CustomSort
    ) = Field(default="-created_at", description="An account without that date counts as before all others.")
