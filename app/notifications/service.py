"""Counting notifications, and marking them as read."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, bindparam, func, select, update

from app.core.context import Context
from app.core.expressions import asker
from app.core.problems import NotFound
from app.core.statements import Statement
from app.core.visibility import unscoped
from app.core.writing import require_match
from app.notifications.models import Notification
from app.notifications.queries import NOTIFICATION
from app.notifications.schemas import NotificationUpdate

_COUNT_UNREAD = Statement(
    unscoped(
        select(func.count().label("count")).where(
            Notification.user_id == asker(), Notification.in_app, Notification.read_at.is_(None)
        ),
        reason="the asker's own",
    )
)


async def count_unread(ctx: Context) -> int:
    """How many of the asker's notifications are unread."""
    return int((await ctx.fetch_one(_COUNT_UNREAD))["count"])


async def mark(ctx: Context, notification_id: UUID, patch: NotificationUpdate, if_match: str | None) -> None:
    """Mark the asker's notification as read or unread. Raises NotFound, PreconditionRequired, StaleVersion."""
    notification = await ctx.load(Notification, notification_id)
    if notification.user_id != ctx.user.user_id or not notification.in_app:
        raise NotFound
    await require_match(ctx, NOTIFICATION[ctx.language], notification, if_match)
    if patch.read != (notification.read_at is not None):
        notification.read_at = ctx.now if patch.read else None
        notification.version += 1


_now = bindparam("now", type_=DateTime(timezone=True), required=True)
_READ_ALL = Statement(
    unscoped(
        update(Notification)
        .where(
            Notification.user_id == asker(),
            Notification.in_app,
            Notification.read_at.is_(None),
            Notification.created_at <= bindparam("until", type_=DateTime(timezone=True), required=True),
        )
        .values(read_at=_now, version=Notification.version + 1),
        reason="the asker's own",
    )
)


async def read_all(ctx: Context, until: datetime | None) -> None:
    """Mark the asker's unread notifications as read, those that came later than `until` excepted."""
    ctx.begin()
    await ctx.fetch(_READ_ALL, until=until or ctx.now, now=ctx.now)
