"""Forgetting kept answers."""

from collections.abc import Mapping
from typing import Any

from app.core import outbox
from app.core.context import Context
from app.lookups import cache


@outbox.job("lookups.forget")
async def forget(ctx: Context, payload: Mapping[str, Any]) -> None:  # noqa: ARG001  (every job takes a payload)
    """Forget answers of directories whose time is over. Runs daily."""
    await cache.sweep(ctx)
