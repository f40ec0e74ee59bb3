"""Daily tidying: the change log gets its next months, and what was kept long enough goes."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, DateTime, Integer, Table, bindparam, delete, func, literal_column, select

from app.core import idempotency, outbox
from app.core.context import Context
from app.core.statements import Statement

KEPT = timedelta(days=30)
AT_ONCE = 5000
"""Rows of each kind that one transaction deletes, so that none is long."""
MONTHS_AHEAD = 3

_PARTITIONS = Statement(select(func.ensure_change_log_partitions(MONTHS_AHEAD)))


def _sweep(table: Table, old: ColumnElement[bool]) -> Statement:
    row: ColumnElement[Any] = literal_column("ctid")
    some = select(row).select_from(table).where(old).limit(bindparam("limit", type_=Integer, required=True))
    return Statement(delete(table).where(row == func.any(func.array(some.scalar_subquery()))).returning(row))


_before = bindparam("before", type_=DateTime(timezone=True), required=True)
_SWEEPS = (
    _sweep(outbox.table, outbox.table.c.done_at < _before),
    _sweep(idempotency.table, idempotency.table.c.created_at < _before),
)


@outbox.job("background_jobs.tidy")
async def tidy(ctx: Context, payload: Mapping[str, Any]) -> None:
    """Make the change log's partitions; delete jobs done and idempotency keys of 30 days ago.

    Goes on in another transaction, at once, when there was more than one transaction should delete.
    """
    if not payload.get("more"):
        await ctx.run(_PARTITIONS)
    swept = [len(await ctx.run(sweep, before=ctx.clock.really() - KEPT, limit=AT_ONCE)) for sweep in _SWEEPS]
    if max(swept) >= AT_ONCE:
        ctx.enqueue("background_jobs.tidy", {"more": True}, key="background_jobs.tidy:more")
