"""The commercial registers of Germany, Austria, Switzerland and others, by North Data's Data API.

`GET …/search/v1/universal?query=…` with the key in `X-Api-Key` answers `{"results": [{"company": {"name": {"name", "legalForm"},
"address": {…}, "register": {"city", "id", "uniqueKey"}, "status", "extras": [{"items": [{"id", "value"}]}]}}]}`.
Every company in an answer is billed, so only a few are asked for.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, get_args

from app.lookups.directory import (
    MOST,
    CompanyQuery,
    DirectoryFailed,
    Found,
    Question,
    Status,
    Suggestion,
    account_fields,
    link_of,
    text_of,
)
from app.lookups.transport import Transport

NAME = "northdata"
_EXTRAS = {"phone": "phone", "email": "email", "url": "website", "vatId": "vat_id"}


class NorthData:
    """Companies by name and town, or by register number."""

    name = NAME

    def __init__(self, transport: Transport, keep: timedelta) -> None:
        self.keep = keep
        self._transport = transport

    def question(self, query: CompanyQuery) -> Question | None:
        """By name where there is one: a register number alone is not unique in Germany."""
        if query.name:
            wanted = f"{query.name}, {query.city}" if query.city else query.name
        elif query.register_number:
            wanted = query.register_number
            if query.city and "," not in wanted:
                wanted = f"Amtsgericht {query.city}, {wanted}" if query.country == "DE" else wanted
        else:
            return None
        parameters = [("query", wanted), ("domain", "company"), ("status", "active|liquidation")]
        if query.country:
            parameters.append(("countries", query.country))
        parameters += [("limit", str(MOST)), ("extras", "true"), ("language", "de")]
        return Question("/search/v1/universal", tuple(parameters))

    async def search(self, question: Question) -> Found:
        """Ask. Raises DirectoryFailed."""
        return await self._transport.ask(question, _read)


def _read(answer: Any) -> Found:
    results = answer.get("results", []) if isinstance(answer, dict) and "error" not in answer else None
    if not isinstance(results, list):
        raise DirectoryFailed("bad_answer")
    found = (_company(result.get("company")) for result in results[:MOST] if isinstance(result, dict))
    return Found([company for company in found if company is not None])


def _company(company: Any) -> Suggestion | None:
    name, address, register = (_part(company, part) for part in ("name", "address", "register"))
    fields = account_fields(
        {
            "name": name.get("name"),
            "legal_form": name.get("legalForm"),
            "street": address.get("street"),
            "postal_code": address.get("postalCode"),
            "city": address.get("city"),
            "country": address.get("country"),
            **dict(_extras(company)),
        }
    )
    if "name" not in fields:
        return None
    status = company.get("status")
    return Suggestion(
        fields,
        source_id=text_of(register.get("uniqueKey"), 100),
        source_url=link_of(company.get("northDataUrl"), "northdata.com"),
        status=status if status in get_args(Status) else None,
        register_number=text_of(register.get("id"), 60),
        register_court=text_of(register.get("city"), 100),
    )


def _part(company: Any, name: str) -> dict[str, Any]:
    part = company.get(name) if isinstance(company, dict) else None
    return part if isinstance(part, dict) else {}


def _extras(company: Any) -> Iterator[tuple[str, object]]:
    """What third parties add, as fields of an account; the first that is told of each counts."""
    seen: set[str] = set()
    extras = company.get("extras") if isinstance(company, dict) else None
    for group in extras[:20] if isinstance(extras, list) else ():
        items = group.get("items") if isinstance(group, dict) else None
        for item in items[:50] if isinstance(items, list) else ():
            name = _EXTRAS.get(str(item.get("id"))) if isinstance(item, dict) else None
            if name is not None and name not in seen:
                seen.add(name)
                yield name, item.get("value")
