"""Writing notifications, and marking them as read."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ARRAY, DateTime, Text, Uuid, bindparam, column, func, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert

from app.core.context import Context
from app.core.db import new_id
from app.core.expressions import asker
from app.core.principal import UserPrincipal
from app.core.problems import NotFound
from app.core.statements import Statement
from app.core.visibility import unscoped
from app.core.writing import require_match
from app.identity.models import User
from app.notifications import texts
from app.notifications.models import Notification
from app.notifications.queries import NOTIFICATION
from app.notifications.schemas import NotificationUpdate

PRODUCT = "Leadwerk"
"""Who it was, when nobody in particular."""

_recipients = (
    func.unnest(
        bindparam("ids", type_=ARRAY(Uuid), required=True), bindparam("user_ids", type_=ARRAY(Uuid), required=True)
    )
    .table_valued(column("id", Uuid), column("user_id", Uuid))
    .render_derived()
)
_INSERT = Statement(
    insert(Notification)
    .from_select(
        ["id", "user_id", "kind", "key", "record_type", "record_id", "data", "texts", "created_at"],
        select(
            _recipients.c.id,
            _recipients.c.user_id,
            bindparam("kind", type_=Text, required=True),
            bindparam("key", type_=Text, required=True),
            bindparam("record_type", type_=Text, required=True),
            bindparam("record_id", type_=Uuid, required=True),
            bindparam("data", type_=Text, required=True).cast(JSONB),
            bindparam("texts", type_=Text, required=True).cast(JSONB),
            bindparam("now", type_=DateTime(timezone=True), required=True),
        ).join(User, (User.id == _recipients.c.user_id) & User.active),
    )
    .on_conflict_do_nothing()
    .returning(Notification.id)
)


async def notify(
    ctx: Context,
    user_ids: Iterable[UUID | None],
    kind: texts.Kind,
    *,
    record_type: str,
    record_id: UUID,
    data: Mapping[str, Any],
    key: str | None = None,
    mail: bool = True,
) -> None:
    """Tell these users, in the app and (`mail`) by e-mail in their own language, as part of the transaction.

    Nobody is told about their own act, nobody who is inactive, and nobody twice who has been told with this `key`. `data`
    holds what the kind's text names (`texts.TABLE`); `by`, the name of who did it, is filled in. Dates stay dates, money is
    `{"amount", "currency"}`. Raises KeyError when something that the text names is missing.
    """
    wanted = list(dict.fromkeys(user for user in user_ids if user is not None and user != ctx.user_id))
    if not wanted:
        return
    by = ctx.principal.name if isinstance(ctx.principal, UserPrincipal) else PRODUCT
    filled = {"by": by, **data}
    rows = await ctx.run(
        _INSERT,
        ids=[new_id() for _ in wanted],
        user_ids=wanted,
        kind=kind,
        key=key,
        record_type=record_type,
        record_id=record_id,
        data=orjson.dumps(filled, default=str).decode(),
        texts=orjson.dumps(texts.render(kind, filled)).decode(),
        now=ctx.now,
    )
    if mail:
        for row in rows:
            ctx.enqueue("notifications.mail", {"notification_id": row["id"]})


async def notify_managers(
    ctx: Context, *, before: Iterable[UUID], after: Iterable[UUID], record_type: str, record_id: UUID, name: str
) -> None:
    """Tell those who have become managers of an account or contact (ID-5). At creation `before` is empty."""
    known = set(before)
    added = [user for user in after if user not in known]
    await notify(ctx, added, "manager_added", record_type=record_type, record_id=record_id, data={"name": name})


_COUNT_UNREAD = Statement(
    unscoped(
        select(func.count().label("count")).where(Notification.user_id == asker(), Notification.read_at.is_(None)),
        reason="the asker's own",
    )
)


async def count_unread(ctx: Context) -> int:
    """How many of the asker's notifications are unread."""
    return int((await ctx.fetch_one(_COUNT_UNREAD))["count"])


async def mark(ctx: Context, notification_id: UUID, patch: NotificationUpdate, if_match: str | None) -> None:
    """Mark the asker's notification as read or unread. Raises NotFound, PreconditionRequired, StaleVersion."""
    notification = await ctx.load(Notification, notification_id)
    if notification.user_id != ctx.user.user_id:
        raise NotFound
    await require_match(ctx, NOTIFICATION[ctx.language], notification, if_match)
    if patch.read != (notification.read_at is not None):
        notification.read_at = ctx.now if patch.read else None
        notification.version += 1


async def read_all(ctx: Context, until: datetime | None) -> None:
    """Mark the asker's unread notifications as read, those that came later than `until` excepted."""
    statement = update(Notification).where(
        Notification.user_id == ctx.user.user_id,
        Notification.read_at.is_(None),
        Notification.created_at <= (until or ctx.now),
    )
    await ctx.session.execute(
        unscoped(statement.values(read_at=ctx.now, version=Notification.version + 1), reason="the asker's own")
    )
