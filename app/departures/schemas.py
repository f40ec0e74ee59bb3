"""Departures on the wire (ACC-6, LEAD-10)."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.accounts.schemas import TeamIds
from app.core.particulars import Email, Phone, PostalCode, VatId, Website
from app.core.types import Body, Country, Day, Key, Line, Link, Money, Prose, RecordRead
from app.leads.schemas import NOT_DUPLICATES

Left = Literal["left", "retired", "other"]


class NextCompany(Body):
    """The company that the person went to, which is no account yet."""

    name: Line
    street: Line | None = None
    postal_code: PostalCode | None = None
    city: Line | None = None
    state: Line | None = None
    country: Country | None = None
    phone: Phone | None = None
    email: Email | None = None
    website: Website | None = None
    vat_id: VatId | None = None


_OF_CONTACT = ("job_title", "team_ids")
_OF_LEAD = ("project_id", "status", "contacted_on", "expected_revenue", "not_duplicate_of")


class Next(Body):
    """Where the person went: an account, or a company that becomes a lead."""

    account_id: UUID | None = Field(default=None, description="The person is made anew there.")
    company: NextCompany | None = Field(
        default=None, description="It becomes a lead of the centre that answers for its postal code."
    )
    phone: Phone | None = Field(default=None, description="The person's, there.")
    email: Email | None = Field(default=None, description="The person's, there.")
    assignee_id: UUID | None = None
    source: Line | None = Field(default=None, description="Left out: the contact's.")
    job_title: Line | None = None
    team_ids: TeamIds | None = Field(default=None, description="Left out: the account's.")
    project_id: UUID | None = Field(default=None, description="The lead's project; the default one if none is named.")
    status: Key | None = None
    contacted_on: Day | None = None
    expected_revenue: Money | None = None
    description: Prose | None = None
    not_duplicate_of: list[UUID] = Field(default_factory=list, max_length=50, description=NOT_DUPLICATES)

    @model_validator(mode="after")
    def _one(self) -> "Next":
        if (self.account_id is None) == (self.company is None):
            german = "Nennen Sie entweder den Kunden oder die Firma."
            raise PydanticCustomError("account_or_company", "Name the account or the company.", {"de": german})
        foreign = _OF_LEAD if self.company is None else _OF_CONTACT
        if wrong := sorted(self.model_fields_set & set(foreign)):
            german = "Diese Angaben gehören nicht hierher: {names}."
            message = "These do not belong here: {names}."
            context = {"names": ", ".join(wrong), "de": german.format(names=", ".join(wrong))}
            raise PydanticCustomError("other_kind", message, context)
        return self


class DepartureCreate(Body):
    """A contact leaves. Everything happens in one transaction, once."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "relationship": "left",
                "left_on": "2026-10-31",
                "next": {
                    "company": {"name": "Berger Metallbau GmbH", "postal_code": "8020", "city": "Graz", "country": "AT"}
                },
            }
        }
    )

    relationship: Left
    left_on: Day | None = Field(default=None, description="Left out: today.")
    note: Annotated[Prose, Field(max_length=2000)] | None = None
    next: Next | None = Field(default=None, description="Left out: not known.")


class DepartureRead(RecordRead):
    """What happened when the contact left, and what was made of it."""

    contact_id: UUID
    relationship: Left
    left_on: str = Field(json_schema_extra={"format": "date"})
    note: str | None
    next_contact_id: UUID | None
    next_lead_id: UUID | None
    recorded_by: Link | None
