"""E-mails, phones, addresses and web addresses of accounts and contacts on the wire (ACC-9)."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from app.core.particulars import Email, Phone, PostalCode, Website
from app.core.types import Body, Country, Line, Moment

EmailKind = Literal["work", "private", "billing", "other"]
PhoneKind = Literal["work", "mobile", "private", "fax", "other"]
AddressKind = Literal["work", "billing", "delivery", "private", "other"]
WebKind = Literal["website", "linkedin", "xing", "facebook", "instagram", "other"]
Consent = Literal["unknown", "granted", "refused"]

MOST = 20
_PRIMARY = "The one that counts; left out everywhere, the first one. Two are refused."
_ECHO = "Filled in by the server; may be sent back as it was read."


class EmailBody(Body):
    """An e-mail address with the consent to write to it."""

    address: Email
    kind: EmailKind = "work"
    primary: bool = Field(default=False, strict=True, description=_PRIMARY)
    consent: Consent | None = Field(default=None, description="Left out, it stays as it is for this address.")
    consent_source: Line | None = Field(
        default=None, description="Where the consent is from, such as a form or a call."
    )
    consent_at: Moment | None = Field(default=None, description=_ECHO)
    consent_by: UUID | None = Field(default=None, description=_ECHO)


class PhoneBody(Body):
    """A phone number, kept as it is written."""

    number: Phone
    e164: Line | None = Field(default=None, description=_ECHO)
    kind: PhoneKind = "work"
    primary: bool = Field(default=False, strict=True, description=_PRIMARY)


class AddressBody(Body):
    """A postal address: at least one of its parts."""

    street: Line | None = None
    postal_code: PostalCode | None = None
    city: Line | None = None
    state: Line | None = Field(default=None, description="By ISO 3166-2 code, name or usual short form.")
    country: Country | None = None
    kind: AddressKind = "work"
    primary: bool = Field(default=False, strict=True, description=_PRIMARY)


class WebAddressBody(Body):
    """A web site, or a page in a social network."""

    url: Website
    kind: WebKind = "website"
    primary: bool = Field(default=False, strict=True, description=_PRIMARY)


Emails = Annotated[list[EmailBody], Field(max_length=MOST, description="`email` is the primary one.")]
Phones = Annotated[list[PhoneBody], Field(max_length=MOST, description="`phone` is the primary one.")]
Addresses = Annotated[
    list[AddressBody], Field(max_length=MOST, description="`street` to `country` are those of the primary one.")
]
WebAddresses = Annotated[list[WebAddressBody], Field(max_length=MOST)]


class EmailRead(BaseModel):
    """An e-mail address; who has entered the consent, and when."""

    address: str
    kind: EmailKind
    primary: bool
    consent: Consent
    consent_at: str | None = Field(json_schema_extra={"format": "date-time"})
    consent_by: UUID | None
    consent_source: str | None


class PhoneRead(BaseModel):
    """A phone number as it was entered, and in E.164 where it can be one."""

    number: str
    e164: str | None
    kind: PhoneKind
    primary: bool


class AddressRead(BaseModel):
    """A postal address."""

    street: str | None
    postal_code: str | None
    city: str | None
    state: str | None
    country: str | None
    kind: AddressKind
    primary: bool


class WebAddressRead(BaseModel):
    """A web site, or a page in a social network."""

    url: str
    kind: WebKind
    primary: bool
