"""What every company directory is to the product: one interface, whoever is behind it (ACC-12)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

import orjson
from pydantic import TypeAdapter, ValidationError

from app.core.particulars import Email, Phone, PostalCode, VatId, Website
from app.core.types import Country, Line
from app.matching import PartyValues

MOST = 10
"""Suggestions taken of one directory's answer."""

Status = Literal["active", "liquidation", "terminated"]

FIELDS: Mapping[str, TypeAdapter[Any]] = {
    "name": TypeAdapter(Line),
    "legal_form": TypeAdapter(Line),
    "street": TypeAdapter(Line),
    "postal_code": TypeAdapter(PostalCode),
    "city": TypeAdapter(Line),
    "state": TypeAdapter(Line),
    "country": TypeAdapter(Country),
    "phone": TypeAdapter(Phone),
    "email": TypeAdapter(Email),
    "website": TypeAdapter(Website),
    "vat_id": TypeAdapter(VatId),
}
"""Fields of an account that a directory may suggest, each as an account takes it."""

_LEGAL_FORMS = {
    "ag": "AG", "eg": "eG", "ek": "e.K.", "ev": "e.V.", "gbr": "GbR", "gmbh": "GmbH", "gmbh kg": "GmbH & Co. KG", "kg": "KG",
    "kgaa": "KGaA", "ag kg": "AG & Co. KG", "ohg": "OHG", "partg": "PartG", "se": "SE", "ug": "UG (haftungsbeschränkt)",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CompanyQuery:
    """What is known of the company so far. At least one of name, VAT id and register number."""

    name: str | None = None
    country: str | None = None
    city: str | None = None
    postal_code: str | None = None
    vat_id: str | None = None
    register_number: str | None = None

    def values(self) -> PartyValues:
        """The same for the matcher."""
        return PartyValues(
            "company",
            name=self.name,
            country=self.country,
            city=self.city,
            postal_code=self.postal_code,
            vat_id=self.vat_id,
        )


@dataclass(frozen=True, slots=True)
class Question:
    """One request to a directory: path and parameters below its address, and what a breaker counts together."""

    path: str
    parameters: tuple[tuple[str, str], ...] = ()
    scope: str = ""
    subject: str = ""
    """What was asked for, where the answer needs to know; part of the question's key."""

    def key(self) -> bytes:
        """Names the question in the cache, without telling what was asked."""
        return sha256(orjson.dumps([self.path, self.parameters, self.subject])).digest()


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A company as a directory knows it. `fields` are those of an account, each valid; nothing of it is stored unasked."""

    fields: dict[str, str]
    source_id: str | None = None
    source_url: str | None = None
    status: Status | None = None
    register_number: str | None = None
    register_court: str | None = None
    address: str | None = None
    """The whole address as the directory writes it, where it gives no parts."""

    def values(self) -> PartyValues:
        """The same for the matcher."""
        values: dict[str, Any] = {name: value for name, value in self.fields.items() if name != "legal_form"}
        return PartyValues("company", **values)


@dataclass(frozen=True, slots=True)
class Found:
    """A directory's answer. `vat_valid`: whether the VAT id asked for is one; None where that was not answered."""

    suggestions: list[Suggestion] = field(default_factory=list)
    vat_valid: bool | None = None

    @property
    def something(self) -> bool:
        """Whether it is worth keeping for long."""
        return bool(self.suggestions) or bool(self.vat_valid)


class DirectoryFailed(Exception):
    """No answer. `state` is told to the client, `reason` is a short code, `again` says that another try may help at once."""

    def __init__(
        self,
        reason: str,
        *,
        state: Literal["unavailable", "rate_limited"] = "unavailable",
        again: bool = False,
        after: float | None = None,
        ours: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.state = state
        self.again = again
        self.after = after
        """Seconds that the directory has asked us to wait."""
        self.ours = ours
        """The question was at fault: says nothing about the directory's health."""


class CompanyDirectory(Protocol):
    """A directory of companies. Exchangeable: the rest of the product knows only this."""

    name: str
    keep: timedelta
    """How long an answer is as good as a new one."""

    def question(self, query: CompanyQuery) -> Question | None:
        """What the directory would be asked; None when the query says nothing that it can search by."""
        ...

    async def search(self, question: Question) -> Found:
        """Ask. Raises DirectoryFailed."""
        ...


def account_fields(values: Mapping[str, object]) -> dict[str, str]:
    """Those of the values that an account would take, on one line each; whatever it would refuse is left out."""
    fields: dict[str, str] = {}
    for name, adapter in FIELDS.items():
        value = values.get(name)
        if not isinstance(value, str) or not value.strip(" -\n\r\t") or len(value) > 1000:
            continue
        try:
            fields[name] = str(adapter.validate_python(" ".join(value.split())))
        except ValidationError:
            continue
    return fields


def legal_form_of(forms: str, country: str | None) -> str | None:
    """How a legal form that the matcher has found in a name is written there; None for one that it could take for another."""
    if forms == "ohg" and country == "AT":
        return "OG"
    if forms == "ek" and country == "AT":
        return "e.U."
    return _LEGAL_FORMS.get(forms)


def text_of(value: object, most: int = 200) -> str | None:
    """A directory's text on one line, cut; None for anything else or nothing."""
    if not isinstance(value, str):
        return None
    line = " ".join("".join(c if c.isprintable() else " " for c in value[:2000]).split())[:most].strip()
    return line if line.strip("-") else None


def link_of(value: object, host: str) -> str | None:
    """An https address on that host, or below it; None for any other."""
    if not isinstance(value, str) or len(value) > 500 or not value.isprintable():
        return None
    try:
        parts = urlsplit(value)
        there = parts.hostname or ""
    except ValueError:
        return None
    return value if parts.scheme == "https" and (there == host or there.endswith(f".{host}")) else None
