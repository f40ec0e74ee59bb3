"""Removing stored files and pictures that nobody needs any more."""

import asyncio
from collections.abc import Mapping
from typing import Any

from app.core import outbox
from app.core.context import Context
from app.core.objects import objects_of
from app.files import queries


@outbox.job("files.remove")
async def remove(ctx: Context, payload: Mapping[str, Any]) -> None:
    """Remove one file from the store, after the deletion of its attachment."""
    await objects_of(ctx.settings).remove(payload["object_key"])
    await ctx.run(queries.REMOVED, keys=[payload["object_key"]])


@outbox.job("files.sweep")
async def sweep(ctx: Context, _: Mapping[str, Any]) -> None:
    """Remove what uploads left that came to no end, and pictures that no record shows any more.

    Only what this installation has written down itself is touched: another one's files in the same store stay.
    """
    await ctx.run(queries.FORGET_UNUSED_PHOTOS)
    keys = [row["object_key"] for row in await ctx.run(queries.OVERDUE)]
    store = objects_of(ctx.settings)
    for at in range(0, len(keys), 10):
        some = keys[at : at + 10]
        await asyncio.gather(*(store.remove(key) for key in some))
        await ctx.run(queries.REMOVED, keys=some)
    if len(keys) == queries.AT_ONCE:
        ctx.enqueue("files.sweep", {})
