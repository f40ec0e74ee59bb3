"""Everything about a record in one ordered list, and its historical summary (HIST-1)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, get_args
from urllib.parse import urlencode
from uuid import UUID

import orjson
from fastapi import Request
from starlette.responses import Response

from app.core.clock import moment
from app.core.context import Context
from app.core.paging import InvalidCursor, open_cursor, seal_cursor
from app.core.permissions import Permission
from app.core.problems import NotFound
from app.core.records import is_visible
from app.timeline import queries
from app.timeline.branches import ACTIVITIES, BELONGING, Shape
from app.timeline.schemas import RecordKind, SummaryKind, SummaryQuery, TimelineQuery

READ: dict[RecordKind, Permission] = {
    "lead": Permission.LEADS_READ,
    "account": Permission.ACCOUNTS_READ,
    "contact": Permission.CONTACTS_READ,
    "opportunity": Permission.OPPORTUNITIES_READ,
}
_OTHERS = ("follow_up", "message", "attachment", "milestone")
_EVER = datetime(1, 1, 1, tzinfo=UTC)
_SUMMARISED: tuple[str, ...] = get_args(SummaryKind)


async def timeline(
    ctx: Context, request: Request, record_type: RecordKind, record_id: UUID, query: TimelineQuery
) -> Response:
    """A page of the record's timeline. Raises Forbidden, NotFound, InvalidCursor."""
    await _seen(ctx, record_type, record_id)
    lower, upper = query.at_after, query.at_before
    if query.upcoming is True:
        lower = max(lower, ctx.now) if lower else ctx.now
    elif query.upcoming is False:
        upper = min(upper, ctx.now) if upper else ctx.now
    kinds = _allowed(ctx, query.kind or (*ACTIVITIES, *_OTHERS))
    shape = _shape(ctx, record_type, kinds, lower, upper)
    rows, cursor = await _page(ctx, request, query, shape, _values(shape, record_id, kinds, lower, upper))
    return _answer(request, cursor, {"items": [_item(row) for row in rows], "next_cursor": cursor})


async def summary(
    ctx: Context, request: Request, record_type: RecordKind, record_id: UUID, query: SummaryQuery
) -> Response:
    """A page of the record's historical summary. Raises Forbidden, NotFound, InvalidCursor."""
    ctx.require(Permission.ACTIVITIES_READ)
    await _seen(ctx, record_type, record_id)
    kinds = tuple(query.kind) or _SUMMARISED
    shape = _shape(ctx, record_type, kinds, query.at_after, query.at_before, summary=True)
    values = _values(shape, record_id, kinds, query.at_after, query.at_before)
    rows, cursor = await _page(ctx, request, query, shape, dict(values))
    header = counts = None
    if query.cursor is None:
        header = _header(await ctx.fetch(queries.header(record_type, ctx.reach), record=record_id, now=ctx.now))
    if query.count:
        counts = dict.fromkeys(kinds, 0)
        counts |= {row["kind"]: row["number"] for row in await ctx.fetch(queries.counts(shape), **values)}
    items = [_item(row, summary=True) for row in rows]
    return _answer(request, cursor, {"items": items, "next_cursor": cursor, "header": header, "counts": counts})


async def _seen(ctx: Context, record_type: RecordKind, record_id: UUID) -> None:
    ctx.require(READ[record_type])
    if not await is_visible(ctx, record_type, record_id):
        raise NotFound


def _allowed(ctx: Context, kinds: Sequence[str]) -> tuple[str, ...]:
    """Those of these kinds that the asker may read at all."""
    may = ctx.may(Permission.ACTIVITIES_READ)
    return tuple(kind for kind in dict.fromkeys(kinds) if may or kind not in (*ACTIVITIES, "follow_up"))


def _shape(
    ctx: Context,
    record_type: RecordKind,
    kinds: tuple[str, ...],
    lower: datetime | None,
    upper: datetime | None,
    *,
    summary: bool = False,
) -> Shape:
    activities = set(kinds).intersection(ACTIVITIES)
    some = bool(activities) and len(activities) < len(_SUMMARISED if summary else ACTIVITIES)
    sources = {kind for kind in kinds if kind not in ACTIVITIES} | ({"activity"} if activities else set())
    return Shape(
        record_type,
        ctx.reach,
        tuple(sorted(sources)),
        tuple(kind for kind in BELONGING[record_type] if ctx.may(READ[kind])),
        lower=lower is not None,
        upper=upper is not None,
        summary=summary,
        some=some,
    )


def _values(
    shape: Shape, record_id: UUID, kinds: Sequence[str], lower: datetime | None, upper: datetime | None
) -> dict[str, Any]:
    values: dict[str, Any] = {"record": record_id}
    if shape.some:
        values["kinds"] = [kind for kind in kinds if kind in ACTIVITIES]
    return values | ({"at_after": lower} if lower else {}) | ({"at_before": upper} if upper else {})


async def _page(
    ctx: Context,
    request: Request,
    query: TimelineQuery | SummaryQuery,
    shape: Shape,
    values: dict[str, Any],
) -> tuple[Sequence[Any], str | None]:
    """The rows of the page, and the cursor of the next one."""
    if not shape.sources:
        return [], None
    key = ctx.settings.secret_key.get_secret_value().encode()
    asked = query.model_dump(exclude={"limit", "cursor", "count"})
    binding = orjson.dumps([request.url.path, sorted(asked.items())], default=str)
    if query.cursor is not None:
        values |= _after(*open_cursor(query.cursor, binding, key))
        shape = replace(shape, after=True)
    values |= {"row_limit": query.limit + 1, "language": ctx.language}
    rows: list[Any] = []
    if "activity" in shape.sources:
        rows = list(await ctx.fetch(queries.own(shape), **values))
    values["floor"] = rows[-1]["at"] if len(rows) > query.limit else _EVER
    if shape.belonging or shape.record_type == "contact" or shape.sources != ("activity",):
        rows += await ctx.fetch(queries.others(shape), **values)
        rows.sort(key=lambda row: (row["at"], row["id"].bytes, row["kind"].encode()), reverse=True)
    if len(rows) <= query.limit:
        return rows, None
    last = rows[query.limit - 1]
    return rows[: query.limit], seal_cursor(last["at"].isoformat(), f"{last['id']} {last['kind']}", binding, key)


def _after(at: Any, place: Any) -> dict[str, Any]:
    try:
        id_, kind = str(place).split(" ")
        return {"after_at": datetime.fromisoformat(at), "after_id": UUID(id_), "after_kind": kind}
    except (TypeError, ValueError):
        raise InvalidCursor from None


def _answer(request: Request, cursor: str | None, body: dict[str, Any]) -> Response:
    headers = {}
    if cursor is not None:
        parameters = [(k, v) for k, v in request.query_params.multi_items() if k != "cursor"]
        headers["Link"] = f'<{request.url.path}?{urlencode([*parameters, ("cursor", cursor)])}>; rel="next"'
    return Response(orjson.dumps(body, default=str), 200, headers, "application/json")


def _item(row: Any, *, summary: bool = False) -> dict[str, Any]:
    """A row as the item of its kind."""
    source = row["source"]
    item = {
        "kind": source if source == "milestone" else row["kind"],
        "id": row["id"],
        "at": moment(row["at"]),
        "title": row["title"],
        "excerpt": None,
        "who": None if row["who_id"] is None else {"id": row["who_id"], "name": row["who_name"]},
        "record": None
        if row["record_id"] is None
        else {"type": row["record_type"], "id": row["record_id"], "name": row["record_name"]},
    }
    details: Sequence[Any] = row["details"] or ()
    match source:
        case "activity":
            excerpt, status, is_open, ends_at = details
            item["excerpt"] = excerpt
            if summary:
                return item | {"status": "not_held" if status == "cancelled" else status}
            return item | {"status": status, "is_open": is_open, "ends_at": ends_at}
        case "follow_up":
            return item | {"excerpt": details[0], "status": details[1]}
        case "message":
            return item | {"excerpt": details[0]}
        case "attachment":
            return item | {"content_type": details[0], "size": details[1]}
        case _:
            return item | {"event": row["kind"]}


def _header(rows: Sequence[Any]) -> dict[str, Any]:
    """As `SummaryHeader`."""
    header: dict[str, Any] = dict.fromkeys(("last_call", "last_meeting", "last_visit", "next_planned"))
    for row in rows:
        if row["number"] is not None:
            header[row["name"]] = row["number"]
        else:
            header[row["name"]] = {
                "id": row["id"],
                "kind": row["kind"],
                "at": moment(row["at"]),
                "title": row["title"],
            }
    return header
