"""Mails about notifications."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, select

from app.core import outbox
from app.core.context import Context
from app.core.statements import Statement
from app.core.visibility import unscoped
from app.identity.models import User
from app.mail import send
from app.notifications.models import Notification

_FIND = Statement(
    unscoped(
        select(Notification.texts, User.email, User.locale)
        .join(User, User.id == Notification.user_id)
        .where(Notification.id == bindparam("id", type_=Uuid, required=True), User.active),
        reason="the product tells each user what is theirs",
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
