"""The EU's service for VAT numbers (VIES), by its REST interface.

`GET …/ms/{member state}/vat/{number}` answers `{"isValid", "userError", "name", "address", …}`; what failed stands in `userError`
or, as `{"actionSucceed": false, "errorWrappers": [{"error": …}]}`, in an answer of its own. Where a member state does not tell
names and addresses (Germany, Spain) both are "---".
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal
from urllib.parse import quote

from stdnum.eu import vat
from stdnum.exceptions import ValidationError

from app.lookups.addresses import address_parts
from app.lookups.directory import (
    CompanyQuery,
    DirectoryFailed,
    Found,
    Question,
    Suggestion,
    account_fields,
    legal_form_of,
    text_of,
)
from app.lookups.transport import Transport
from app.matching import PartyValues, normalise

NAME = "vies"
_STATES = frozenset(code.upper() for code in vat.MEMBER_STATES) | {"EL"}
_BUSY = {
    "GLOBAL_MAX_CONCURRENT_REQ",
    "GLOBAL_MAX_CONCURRENT_REQ_TIME",
    "MS_MAX_CONCURRENT_REQ",
    "MS_MAX_CONCURRENT_REQ_TIME",
}
_DOWN = {"MS_UNAVAILABLE", "SERVICE_UNAVAILABLE", "SERVER_BUSY", "TIMEOUT"}
_BLOCKED = {"IP_BLOCKED", "VAT_BLOCKED"}
_BUSY_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class VatNumber:
    """A VAT id as it was typed: whose it is, and whether it can be one at all."""

    text: str
    state: Literal["well_formed", "malformed", "other_country"]

    @property
    def country(self) -> str:
        """The member state as VIES calls it: `EL` for Greece."""
        return self.text[:2]


def vat_number(query: CompanyQuery) -> VatNumber | None:
    """The query's VAT id, with the country's letters where they were left out; None when there is none."""
    if not query.vat_id:
        return None
    text = re.sub(r"[^A-Z0-9+*]", "", query.vat_id.upper())
    if not re.match(r"[A-Z]{2}", text) and query.country:
        prefix = "EL" if query.country == "GR" else query.country
        text = prefix + text
    if text[:2] == "GR":
        text = "EL" + text[2:]
    if text[:2] not in _STATES:
        known = re.fullmatch(r"[A-Z]{2}[A-Z0-9]{2,}", text)
        return VatNumber(text[:40], "other_country" if known else "malformed")
    try:
        return VatNumber(str(vat.validate(text)), "well_formed")
    except ValidationError:
        return VatNumber(text[:40], "malformed")


class Vies:
    """Companies by their VAT id."""

    name = NAME

    def __init__(self, transport: Transport, keep: timedelta) -> None:
        self.keep = keep
        self._transport = transport

    def question(self, query: CompanyQuery) -> Question | None:
        """Only of numbers that can be right: a mistyped one need not leave the house."""
        number = vat_number(query)
        if number is None or number.state != "well_formed":
            return None
        path = f"/ms/{number.country}/vat/{quote(number.text[2:], safe='')}"
        return Question(path, scope=number.country, subject=number.text)

    async def search(self, question: Question) -> Found:
        """Ask. Raises DirectoryFailed."""
        return await self._transport.ask(question, lambda answer: _read(answer, question.subject))


def _read(answer: Any, number: str) -> Found:
    if not isinstance(answer, dict):
        raise DirectoryFailed("bad_answer")
    error = _error(answer)
    if error in _BUSY:
        raise DirectoryFailed("busy", state="rate_limited", again=True)
    if error in _DOWN:
        raise DirectoryFailed("member_state_unavailable" if error == "MS_UNAVAILABLE" else "server_error", again=True)
    if error in _BLOCKED:
        raise DirectoryFailed("refused", after=_BUSY_SECONDS)
    if error == "INVALID_INPUT":
        return Found(vat_valid=False)
    valid = answer.get("isValid", answer.get("valid"))
    if error not in (None, "VALID", "INVALID") or not isinstance(valid, bool):
        raise DirectoryFailed("bad_answer")
    if not valid:
        return Found(vat_valid=False)
    company = _company(answer, number)
    return Found([company] if company else [], vat_valid=True)


def _error(answer: dict[str, Any]) -> str | None:
    wrappers = answer.get("errorWrappers")
    if isinstance(wrappers, list) and wrappers and isinstance(wrappers[0], dict):
        return str(wrappers[0].get("error"))[:60]
    error = answer.get("userError")
    return error.upper() if isinstance(error, str) and error else None


def _company(answer: dict[str, Any], number: str) -> Suggestion | None:
    country = {"EL": "GR", "XI": "GB"}.get(number[:2], number[:2])
    name = text_of(answer.get("name"))
    if name is None:
        return None
    told = answer.get("address")
    address = told if isinstance(told, str) else ""
    fields = account_fields(
        {
            "name": name,
            "legal_form": legal_form_of(normalise(PartyValues("company", name=name)).legal, country),
            "country": country,
            "vat_id": number,
            **address_parts(address, country),
        }
    )
    return Suggestion(fields, source_id=number, address=text_of(address.replace("\n", ", ").strip(" ,")))
