"""The list of poor data, and its numbers (ACC-15).

A stock of up to `LIVE_UP_TO` records is searched whenever somebody asks. In a larger one each finding that a record shows by
itself is read from an index of its own; the few that only a search through all finds come from the last search, and are shown
only as long as they are true. Numbers are those of the last search there.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import orjson
from fastapi import Request
from starlette.responses import Response

from app.core.clock import add_months, moment
from app.core.context import Context
from app.core.paging import InvalidCursor, open_cursor, seal_cursor
from app.core.permissions import Permission
from app.data_quality import queries
from app.data_quality.findings import FINDINGS, MESSAGES
from app.data_quality.fixes import fix
from app.data_quality.schemas import FindingCountQuery, FindingQuery
from app.duplicates.rights import READ

LIVE_UP_TO = 100_000
"""Accounts and contacts that are searched and counted as quickly as kept numbers are read."""
REFRESH_AFTER = timedelta(minutes=15)
"""Kept numbers older than this are made anew when somebody looks."""
_OF_NO_CENTRE = ("account_without_centre", "contact_without_account")
_FILTERS = ("assignee_id", "centre_id", "team_id")


async def page(ctx: Context, request: Request, query: FindingQuery) -> Response:
    """A page of findings on records that the asker sees, by record. Raises Forbidden, InvalidCursor."""
    chosen, filters, values = _asked(ctx, query)
    key = ctx.settings.secret_key.get_secret_value().encode()
    binding = orjson.dumps([request.url.path, chosen, sorted((f, sorted(map(str, v))) for f, v in filters.items())])
    if query.cursor is not None:
        type_, last = open_cursor(query.cursor, binding, key)
        try:
            values |= {"after_type": str(type_), "after_id": UUID(str(last))}
        except ValueError:
            raise InvalidCursor from None
    rows: Any = []
    if chosen:
        live = await is_small(ctx)
        statement = queries.page(
            ctx.reach, chosen, live=live, filters=tuple(sorted(filters)), after=query.cursor is not None
        )
        rows = await ctx.fetch(statement, **values, row_limit=query.limit + 1)
    more, rows = len(rows) > query.limit, rows[: query.limit]
    headers, cursor = {}, None
    if more:
        cursor = seal_cursor(rows[-1]["type"], rows[-1]["id"], binding, key)
        parameters = [(k, v) for k, v in request.query_params.multi_items() if k != "cursor"]
        headers["Link"] = f'<{request.url.path}?{urlencode([*parameters, ("cursor", cursor)])}>; rel="next"'
    items = [_item(row, ctx.language, ctx.settings.stale_after_months) for row in rows]
    answer = {"items": items, "next_cursor": cursor, "count": None}
    return Response(orjson.dumps(answer, default=str), 200, headers, "application/json")


async def counts(ctx: Context, query: FindingCountQuery) -> dict[str, Any]:
    """As `FindingCounts`. Raises Forbidden."""
    chosen, filters, values = _asked(ctx, query)
    as_of: datetime | None = ctx.now
    rows: Any = []
    if chosen and await is_small(ctx):
        rows = await ctx.fetch(queries.counts_now(ctx.reach, chosen, tuple(sorted(filters))), **values)
    elif chosen:
        types = [f"{FINDINGS[i].record_type}.{FINDINGS[i].type}" for i in chosen]
        rows = await ctx.fetch(queries.counts_kept(ctx.reach, tuple(sorted(filters))), **values, types=types)
        refreshed = await ctx.fetch(queries.AS_OF)
        as_of = refreshed[0]["as_of"] if refreshed else None
        if as_of is None or ctx.now - as_of > REFRESH_AFTER:
            ctx.enqueue("data_quality.refresh", {}, key="data_quality.refresh")
    items = [row for row in rows if not row["total"]]
    severities = {(finding.type, finding.record_type): finding.severity for finding in FINDINGS}
    return {
        "as_of": moment(as_of) if as_of else None,
        "types": [
            {
                "type": row["type"],
                "record_type": row["record_type"],
                "severity": severities[row["type"], row["record_type"]],
                "number": row["number"],
            }
            for row in rows
            if row["total"]
        ],
        "items": [
            {name: row[name] for name in ("type", "record_type", "centre_id", "team_id", "number")} for row in items
        ],
        **await _names(ctx, items),
    }


async def is_small(ctx: Context) -> bool:
    """Whether the stock is searched anew for each question."""
    (row,) = await ctx.fetch(queries.SIZE)
    return int(row["records"]) <= LIVE_UP_TO


def _asked(
    ctx: Context, query: FindingQuery | FindingCountQuery
) -> tuple[tuple[int, ...], dict[str, list[UUID]], dict[str, Any]]:
    """Which findings are asked for, of those that the asker may read; by which filters; and the statements' values."""
    ctx.require(Permission.DATA_QUALITY_READ)
    chosen = tuple(
        i
        for i, finding in enumerate(FINDINGS)
        if (not query.type or finding.type in query.type)
        and (not query.record_type or finding.record_type in query.record_type)
        and ctx.may(READ[finding.record_type])
        and not (query.centre_id and finding.type in _OF_NO_CENTRE)
    )
    filters = {name: list(values) for name in _FILTERS if (values := getattr(query, name))}
    return chosen, filters, {**{f"f_{name}": ids for name, ids in filters.items()}, **stale_values(ctx)}


def stale_values(ctx: Context) -> dict[str, Any]:
    """Since when nothing must have happened for a record to be stale."""
    day = add_months(ctx.today, -ctx.settings.stale_after_months)
    return {"stale_day": day, "stale_before": ctx.clock.start_of(day)}


async def _names(ctx: Context, items: list[Mapping[str, Any]]) -> dict[str, Any]:
    ids = {
        kind: sorted({row[f"{kind}_id"] for row in items if row[f"{kind}_id"] is not None})
        for kind in ("centre", "team")
    }
    rows = await ctx.fetch(queries.NAMES_OF, centres=ids["centre"], teams=ids["team"]) if items else []
    return {f"{kind}s": [{"id": row["id"], "name": row["name"]} for row in rows if row["kind"] == kind] for kind in ids}


def _item(row: Any, language: str, months: int) -> dict[str, Any]:
    detail = orjson.loads(row["detail"])
    severity = next(
        finding.severity
        for finding in FINDINGS
        if (finding.type, finding.record_type) == (row["type"], row["record_type"])
    )
    return {
        "type": row["type"],
        "severity": severity,
        "record": {"type": row["record_type"], "id": row["id"], "name": row["name"]},
        "centre": orjson.loads(row["centre"]) if row["centre_id"] else None,
        "team_ids": row["team_ids"],
        "assignee": {"id": row["assignee_id"], "name": row["assignee_name"]},
        "detail": detail,
        "message": MESSAGES[row["type"]][language].format(months=months),
        "fix": fix(row["type"], row["record_type"], row["id"], detail, language),
    }
