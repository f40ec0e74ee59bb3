"""Call lists: reading them, and who calls whom (CALL-5)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import orjson
from fastapi import Request
from sqlalchemy import BigInteger, Date, DateTime, Integer, Uuid
from starlette.responses import Response

from app.call_lists import queries
from app.call_lists.lists import LISTS, CallList
from app.call_lists.queries import Shape, sorting
from app.call_lists.schemas import CallFilters, CallListQuery
from app.call_lists.statements import FAVOURITES
from app.core.clock import moment
from app.core.context import Context
from app.core.paging import InvalidCursor, open_cursor, seal_cursor
from app.core.permissions import Permission
from app.core.problems import Invalid, NotFound

_P = Permission
NEEDED: Mapping[str, tuple[Permission, ...]] = {
    "contact": (_P.ACTIVITIES_WRITE, _P.CONTACTS_READ),
    "lead": (_P.ACTIVITIES_WRITE, _P.LEADS_READ),
    "account": (_P.ACTIVITIES_WRITE, _P.ACCOUNTS_READ),
}
_FILTERS = ("centre_id", "team_id", "assignee_id", "type")


def called(name: str) -> CallList:
    """The list of that name. Raises NotFound."""
    if name not in LISTS:
        raise NotFound
    return LISTS[name]


def require(ctx: Context, of: CallList) -> None:
    """Raise Forbidden unless the asker logs calls and reads such records."""
    for permission in NEEDED[of.record_type]:
        ctx.require(permission)


async def overview(ctx: Context, *, count: bool) -> dict[str, Any]:
    """As `CallLists`. Raises Forbidden."""
    ctx.require(Permission.ACTIVITIES_WRITE)
    mine = {row["list"] for row in await ctx.fetch(FAVOURITES)}
    items = []
    for of in LISTS.values():
        if not all(ctx.may(permission) for permission in NEEDED[of.record_type]):
            continue
        number = None
        if count:
            shape = Shape(of.name, ctx.reach, of.default_sort)
            number = (await ctx.fetch(queries.count(shape), **bound(ctx, of, CallFilters())))[0]["count"]
        items.append(
            {
                "name": of.name,
                "label": of.label,
                "description": of.description,
                "record_type": of.record_type,
                "sorts": [*of.sorts, *(f"-{name}" for name in of.sorts)],
                "is_favourite": of.name in mine,
                "count": number,
            }
        )
    return {"items": sorted(items, key=lambda item: not item["is_favourite"])}


def bound(ctx: Context, of: CallList, asked: CallFilters) -> dict[str, Any]:
    """The values of a list's statements."""
    values: dict[str, Any] = {"now": ctx.now, "list": of.name}
    values["called_before"] = ctx.now - timedelta(days=asked.days)
    return values | {f"f_{name}": getattr(asked, name) for name in _FILTERS if getattr(asked, name)}


def shape_of(ctx: Context, of: CallList, asked: CallFilters, *, sort: str | None = None, free: bool = False) -> Shape:
    """What decides the list's statements. Raises Invalid."""
    filters = tuple(name for name in _FILTERS if getattr(asked, name))
    errors = []
    if sort is not None and sort.removeprefix("-") not in of.sorts:
        names = ", ".join(of.sorts)
        errors.append(
            ("?sort", "unknown_sort", {"de": f"Diese Liste kennt: {names}.", "en": f"This list knows: {names}."})
        )
    if of.record_type == "lead" and "type" in filters:
        text = {"de": "Interessenten haben keine Umsatzklasse.", "en": "Leads have no class of revenue."}
        errors.append(("?type", "not_of_leads", text))
    if errors:
        raise Invalid(errors)
    return Shape(of.name, ctx.reach, sort or of.default_sort, filters, free=free)


async def page(ctx: Context, request: Request, name: str, query: CallListQuery) -> Response:
    """A page of the list. Raises NotFound, Forbidden, Invalid, InvalidCursor."""
    of = called(name)
    require(ctx, of)
    shape = shape_of(ctx, of, query, sort=query.sort, free=query.free)
    key = ctx.settings.secret_key.get_secret_value().encode()
    asked = query.model_dump(exclude={"limit", "cursor"})
    binding = orjson.dumps([request.url.path, sorted(asked.items())], default=str)
    values = bound(ctx, of, query)
    if query.cursor is not None:
        place, _ = open_cursor(query.cursor, binding, key)
        values |= _after(place, sorting(shape))
        shape = Shape(**{**shape.__dict__, "after": True})
    await ctx.plan_by_values()
    rows = await ctx.fetch(queries.page(shape), **values, row_limit=query.limit + 1)
    more, rows = len(rows) > query.limit, rows[: query.limit]
    headers, cursor = {}, None
    if more:
        place = orjson.dumps([rows[-1][f"after_{n}"] for n in range(len(sorting(shape)))], default=str).decode()
        cursor = seal_cursor(place, "", binding, key)
        parameters = [(k, v) for k, v in request.query_params.multi_items() if k != "cursor"]
        headers["Link"] = f'<{request.url.path}?{urlencode([*parameters, ("cursor", cursor)])}>; rel="next"'
    items = await entries(ctx, of, [row["entry_id"] for row in rows])
    body = orjson.dumps({"items": items, "next_cursor": cursor}, default=str)
    return Response(body, 200, headers, "application/json")


def _after(place: Any, columns: Sequence[Any]) -> dict[str, Any]:
    try:
        values = orjson.loads(str(place))
        pairs = zip(values, columns, strict=True)
        return {f"after_{n}": _typed(value, column.type) for n, (value, column) in enumerate(pairs)}
    except (ValueError, TypeError, ArithmeticError):
        raise InvalidCursor from None


def _typed(value: Any, type_: Any) -> Any:
    if isinstance(type_, Uuid):
        return UUID(value)
    if isinstance(type_, DateTime):
        return datetime.fromisoformat(value)
    if isinstance(type_, Date):
        return date.fromisoformat(value)
    if isinstance(type_, BigInteger | Integer):
        return int(value)
    return value if isinstance(value, str) else Decimal(value)


async def entries(ctx: Context, of: CallList, ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """Chosen entries as `CallListEntry`, in this order."""
    if not ids:
        return []
    rows = await ctx.fetch(queries.details(of.name, ctx.reach), entry_ids=list(ids), now=ctx.now, list=of.name)
    shown = {row["entry_id"]: _entry(ctx, of, row) for row in rows}
    return [shown[id_] for id_ in ids if id_ in shown]


def _entry(ctx: Context, of: CallList, row: Any) -> dict[str, Any]:
    own = "lead" if of.record_type == "lead" else "contact"
    phones = [(entry, own) for entry in row["own_phones"] or ()]
    phones += [(entry, "account") for entry in row["company_phones"] or ()]
    seen: dict[str, dict[str, str]] = {}
    for entry, whose in phones:
        number = entry["number"]
        seen.setdefault(number, {"number": number, "kind": entry.get("kind") or "work", "of": whose})
    knows = ctx.may(Permission.USERS_READ) or row["claimer_id"] == ctx.user_id
    contact = _link(row["contact_id"], row["contact_name"])
    return {
        "id": row["entry_id"],
        "account": _link(row["account_id"], row["account_name"]),
        "contact": contact,
        "lead": _link(row["lead_id"], row["lead_name"]),
        "person": row["contact_name"] or None,
        "job_title": row["job_title"],
        "city": row["city"],
        "phones": list(seen.values()),
        "assignee": _link(row["assignee_id"], row["assignee_name"]),
        "last_call_at": _moment(row["last_held_at"]),
        "last_order_on": row["last_order_on"],
        "created_at": moment(row["created_at"]),
        "remaining": row["remaining"],
        "claimed_by": _link(row["claimer_id"], row["claimer_name"]) if knows else None,
        "claimed_until": _moment(row["expires_at"]),
        "put_off_until": _moment(row["put_off_until"]),
    }


def _link(id_: Any, name: Any) -> dict[str, Any] | None:
    return None if id_ is None else {"id": id_, "name": name}


def _moment(at: datetime | None) -> str | None:
    return None if at is None else moment(at)
