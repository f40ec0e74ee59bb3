"""Forgetting operations that no device will send again."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, DateTime, Integer, bindparam, delete, func, literal_column, select

from app.core import outbox
from app.core.context import Context
from app.core.statements import Statement
from app.sync.models import operations

KEPT = timedelta(days=30)
"""How long a device may wait before it sends an operation again."""
AT_ONCE = 5000

_row: ColumnElement[Any] = literal_column("ctid")
_old = (
    select(_row)
    .select_from(operations)
    .where(operations.c.created_at < bindparam("before", type_=DateTime(timezone=True), required=True))
    .limit(bindparam("limit", type_=Integer, required=True))
)
_SWEEP = Statement(delete(operations).where(_row == func.any(func.array(_old.scalar_subquery()))).returning(_row))


@outbox.job("sync.forget")
async def forget(ctx: Context, payload: Mapping[str, Any]) -> None:  # noqa: ARG001  (a handler's signature)
    """Delete operations of 30 days ago; goes on at once while there are more."""
    if len(await ctx.run(_SWEEP, before=ctx.clock.really() - KEPT, limit=AT_ONCE)) >= AT_ONCE:
        ctx.enqueue("sync.forget", {}, key="sync.forget:more")
