"""What merging does in the background."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, update

from app.core import outbox
from app.core.context import Context
from app.core.visibility import unscoped
from app.merges.models import Merge, moves
from app.merges.queries import UNDO_TIME


@outbox.job("merges.forget")
async def forget(ctx: Context, _: Mapping[str, Any]) -> None:
    """Once a merge can't be undone any more, what the undoing would need is not kept either."""
    old = Merge.created_at < ctx.now - UNDO_TIME
    reason = "the product's own timetable"
    over = update(Merge).where(Merge.undo.is_not(None), old).values(undo=None).returning(Merge.id)
    ids = (await ctx.session.execute(unscoped(over, reason=reason))).scalars().all()
    if ids:
        await ctx.session.execute(delete(moves).where(moves.c.merge_id.in_(ids)))
