"""Searching large stocks for poor data, each night and when somebody looks at old numbers."""

from collections.abc import Mapping
from typing import Any

from app.core import outbox
from app.core.context import Context
from app.data_quality import queries
from app.data_quality.findings import FINDINGS
from app.data_quality.service import is_small, stale_values


@outbox.job("data_quality.refresh")
async def refresh(ctx: Context, payload: Mapping[str, Any]) -> None:
    """Search and count one kind of finding, then ask for the next. A small stock needs none of it."""
    which = int(payload.get("which", 0))
    if which == 0 and await is_small(ctx):
        return
    values = stale_values(ctx)
    if FINDINGS[which].searched:
        await ctx.run(queries.forget_candidates(which), **values)
        await ctx.run(queries.find_candidates(which), **values)
    await ctx.run(queries.forget_counts(which))
    await ctx.run(queries.keep_counts(which), **values)
    if which + 1 < len(FINDINGS):
        ctx.enqueue("data_quality.refresh", {"which": which + 1}, key=f"data_quality.refresh:{which + 1}")
    else:
        await ctx.run(queries.REFRESHED, now=ctx.now)
