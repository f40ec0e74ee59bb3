"""Accounts on the wire."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, JsonValue

from app.core.particulars import Email, Phone, PostalCode, VatId, Website
from app.core.resource import ListQuery
from app.core.types import (
    Body,
    ClientId,
    Computed,
    Country,
    FromErp,
    Line,
    Link,
    Moment,
    Money,
    Prose,
    RecordRead,
    not_settable,
)
from app.core.writing import absent

Access = Literal["managers", "public_read", "public_write"]


def _each_once(ids: list[UUID]) -> list[UUID]:
    return list(dict.fromkeys(ids))


Ids = Annotated[list[UUID], Field(max_length=50), AfterValidator(_each_once)]
"""Ids of users or teams; one that is named twice counts once."""

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
    type: str
    status: str
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
    vat_id: str | None
    description: str | None
    expected_revenue: Money | None
    source: str | None
    erp_id: str | None
    lead_id: UUID | None = Field(description="The lead that the account was made from.")


class AccountCreate(Body):
    """A new account. Left out, the assignee is the asker, and the team is the asker's default team."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: ClientId | None = None
    name: Line
    assignee_id: UUID | None = None
    manager_ids: Ids | None = Field(
        default=None, description="Left out: the asker, where another one is the assignee. Each one is notified."
    )
    team_ids: TeamIds | None = None
    access: Access = "managers"
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
    vat_id: VatId | None = None
    description: Prose | None = None
    expected_revenue: Money | None = None
    source: Line | None = None
    not_duplicate_of: Ids = Field(
        default_factory=list,
        description="`ref`s of matches that are other customers. Kept, like what `/v1/duplicate-dismissals` is told.",
    )
    type: Computed = not_settable()
    status: Computed = not_settable()
    erp_id: FromErp = not_settable()


class AccountUpdate(Body):
    """What changes; a field left out stays, null empties it where that is allowed."""

    model_config = ConfigDict(json_schema_extra={"example": {"level": "A", "phone": "+43 732 654321"}})

    name: Line = absent()
    assignee_id: UUID = absent()
    manager_ids: Ids = absent()
    team_ids: TeamIds = absent()
    access: Access = absent()
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
    vat_id: VatId | None = None
    description: Prose | None = None
    expected_revenue: Money | None = None
    source: Line | None = None
    type: Computed = not_settable()
    status: Computed = not_settable()
    erp_id: FromErp = not_settable()


class AccountQuery(ListQuery):
    """Filters of the list of accounts. Several values of one filter are joined by "or"."""

    id: list[UUID] = Field(
        default_factory=list, max_length=200, description="These records; the id of a merged one finds its winner."
    )
    q: Line | None = Field(default=None, description="Part of the name; case and umlauts do not matter.")
    assignee_id: list[UUID] = Field(default_factory=list, max_length=50)
    team_id: list[UUID] = Field(default_factory=list, max_length=50)
    access: list[Access] = Field(default_factory=list, max_length=3)
    type: list[Line] = Field(default_factory=list, max_length=20)
    status: list[Line] = Field(default_factory=list, max_length=20)
    level: list[Line] = Field(default_factory=list, max_length=20)
    industry: list[Line] = Field(default_factory=list, max_length=20)
    city: list[Line] = Field(default_factory=list, max_length=20)
    postal_code: list[PostalCode] = Field(default_factory=list, max_length=50)
    country: list[Country] = Field(default_factory=list, max_length=50)
    created_after: Moment | None = None
    created_before: Moment | None = None
    sort: Literal["name", "-name", "created_at", "-created_at"] = "-created_at"
