"""Mails about notifications, and forgetting old ones."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Uuid, bindparam, delete, or_, select

from app.core import outbox
from app.core.context import Context
from app.core.statements import Statement
from app.core.visibility import unscoped
from app.identity.models import User
from app.mail import send
from app.notifications import digests
from app.notifications.models import Notification

_FIND = Statement(
    unscoped(
        select(Notification.texts, User.email, User.locale)
        .join(User, User.id == Notification.user_id)
        .where(Notification.id == bindparam("id", type_=Uuid, required=True), User.active),
        reason="the product tells each user what is theirs",
    )
)
READ_KEPT = timedelta(days=90)
KEPT = timedelta(days=365)
SWEPT_AT_ONCE = 20_000

# Ids are ordered by time, so the primary key finds what is old.
_old = unscoped(
    select(Notification.id)
    .where(
        Notification.id < bindparam("read_before", type_=Uuid, required=True),
        or_(
            Notification.read_at.is_not(None),
            ~Notification.in_app,
            Notification.id < bindparam("before", type_=Uuid, required=True),
        ),
    )
    .limit(bindparam("most", type_=Integer, required=True)),
    reason="the product forgets",
).subquery()
_SWEEP = Statement(
    unscoped(
        delete(Notification).where(Notification.id.in_(select(_old.c.id))).returning(Notification.id),
        reason="the product forgets",
    )
)
_CLOSING = {"de": "Diese Nachricht kommt von Leadwerk.", "en": "This message comes from Leadwerk."}


@outbox.job("notifications.mail")
async def mail(ctx: Context, payload: Mapping[str, Any]) -> None:
    """Send the notification in its reader's language, to the address that they have now."""
    rows = await ctx.run(_FIND, id=UUID(payload["notification_id"]))
    if not rows:
        return
    row = rows[0]
    language = "en" if row["locale"].startswith("en") else "de"
    told = row["texts"][language]
    await send(
        ctx.settings,
        to=row["email"],
        subject=told["title"],
        text=f"{told['body']}\n\n-- \n{_CLOSING[language]}",
        message_id=f"notification-{payload['notification_id']}",
    )


@outbox.job("notifications.digest")
async def digest(ctx: Context, payload: Mapping[str, Any]) -> None:
    """Send a user their digest."""
    await digests.send(ctx, UUID(payload["user_id"]))


@outbox.job("notifications.tidy")
async def tidy(ctx: Context, payload: Mapping[str, Any]) -> None:  # noqa: ARG001  (every job takes a payload)
    """Forget notifications read or only mailed that are 90 days old, and all that are a year old. Runs daily.

    Also asks for digests whose job has died.
    """
    really = ctx.clock.really()
    rows = await ctx.run(
        _SWEEP, read_before=_first_id(really - READ_KEPT), before=_first_id(really - KEPT), most=SWEPT_AT_ONCE
    )
    if len(rows) == SWEPT_AT_ONCE:
        ctx.enqueue("notifications.tidy", {})
    await digests.ask_all(ctx)


def _first_id(moment: datetime) -> UUID:
    """What comes before every UUIDv7 made from this moment on."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)
