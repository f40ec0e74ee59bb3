"""What identifies and reaches a person or company, checked alike on leads, accounts and contacts.

Everything is kept as it was entered, but for surrounding spaces; matching makes its own normal form.
"""

import re
from typing import Annotated
from urllib.parse import urlsplit

import email_validator
import phonenumbers
from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from app.core.types import Day, Format, Line

HOME = "AT"
"""Where a phone number without country code is taken to be, for the check whether it can be read at all."""

_HOST = re.compile(r"(?=.{4,253}$)([^\W_]([\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]{0,61}[^\W_]")


def _email(value: str) -> str:
    try:
        return email_validator.validate_email(value, check_deliverability=False).normalized
    except email_validator.EmailNotValidError:
        message = {"de": "Das ist keine E-Mail-Adresse."}
        raise PydanticCustomError("email_invalid", "This is not an e-mail address.", message) from None


def _phone(value: str) -> str:
    try:
        phonenumbers.parse(value, HOME)
    except phonenumbers.NumberParseException:
        message = {"de": "Das ist keine Telefonnummer."}
        raise PydanticCustomError("phone_invalid", "This is not a phone number.", message) from None
    return value


def _website(value: str) -> str:
    try:
        parts = urlsplit(value if "://" in value else f"https://{value}")
        sane = parts.scheme in ("http", "https") and "@" not in parts.netloc and (parts.port or 80) > 0
        sane = sane and _HOST.fullmatch(parts.hostname or "") is not None
    except ValueError:
        sane = False
    if not sane or " " in value:
        message = {"de": "Das ist keine Internetadresse, wie https://www.firma.at."}
        raise PydanticCustomError("website_invalid", "This is no web address like https://www.firma.at.", message)
    return value


def _upper(value: str) -> str:
    return re.sub(r"[\s./-]", "", value).upper()


def _vat(value: str) -> str:
    value = _upper(value)
    if re.fullmatch(r"[A-Z]{2}[A-Z0-9+*]{2,16}", value) is None:
        message = {"de": "Das ist keine UID-Nummer wie ATU12345678."}
        raise PydanticCustomError("vat_id_invalid", "This is no VAT id like ATU12345678.", message)
    return value


Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=3, max_length=254),
    AfterValidator(_email),
    Field(json_schema_extra={"format": "email"}),
]
"""An e-mail address; whether it can be delivered is not asked."""

Phone = Annotated[Line, StringConstraints(max_length=60), AfterValidator(_phone), Format("phone")]
"""A phone number as people write it, that a program can read."""

Website = Annotated[Line, AfterValidator(_website), Format("url")]
"""A web address, with or without `https://`."""

VatId = Annotated[Line, StringConstraints(max_length=40), AfterValidator(_vat), Format("vat_id")]
"""A VAT id with its country's letters; kept in capitals and without spaces."""

PostalCode = Annotated[Line, StringConstraints(max_length=20)]

DIGITS_ONLY = ("AT", "CH", "DE", "LI")
"""Countries whose postal codes are of digits alone."""


def plain_code(country: str, code: str) -> str:
    """A postal code as areas know it: capitals and digits; without the country's letter before it, as in `D-80331`."""
    bare = re.sub(r"[^A-Z0-9]", "", code.upper())
    return re.sub(r"^[A-Z]+", "", bare) if country in DIGITS_ONLY else bare


BirthDate = Day
"""A day of birth. That it is not in the future is checked against the organisation's clock by the feature."""
