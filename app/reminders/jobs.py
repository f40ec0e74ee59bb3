"""Forgetting reminders that were sent."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import DateTime, bindparam, delete, func, literal_column, select

from app.core import outbox
from app.core.context import Context
from app.core.statements import Statement
from app.reminders.models import Reminder

KEPT = timedelta(days=30)
AT_ONCE = 5000
"""Rows that one transaction deletes."""

_row: Any = literal_column("ctid")
_old = (
    select(_row)
    .select_from(Reminder)
    .where(Reminder.sent_at < bindparam("before", type_=DateTime(timezone=True), required=True))
    .limit(AT_ONCE)
)
_FORGET = Statement(delete(Reminder).where(_row == func.any(func.array(_old.scalar_subquery()))).returning(Reminder.id))


@outbox.job("reminders.forget")
async def forget(ctx: Context, payload: Mapping[str, Any]) -> None:  # noqa: ARG001  (every job takes a payload)
    """Forget reminders that were sent 30 days ago. Runs daily, and again at once while there are more."""
    if len(await ctx.run(_FORGET, before=ctx.clock.really() - KEPT)) >= AT_ONCE:
        ctx.enqueue("reminders.forget", {}, key="reminders.forget:more")
