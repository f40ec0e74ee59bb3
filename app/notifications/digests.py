"""The digest: one mail a day with what its reader did not want to be mailed at once.

Each user who wants one has one job in the outbox, due at their next hour; it asks for its successor in its own transaction. So a
digest is sent once, also after an outage and whichever worker dies, and what is told while one is made goes into the next.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import DateTime, Integer, Uuid, bindparam, cast, func, select, update
from sqlalchemy.dialects.postgresql import JSONPATH

from app.core.context import Context
from app.core.statements import Statement
from app.core.visibility import unscoped
from app.identity.models import User
from app.notifications.models import Notification, NotificationSettings

DAILY_HOUR = 8
"""The hour of those who have chosen none."""
MOST = 200
"""Notifications in one mail; of more it says how many."""
_SATURDAY = 5
_WHY = "the product tells each user what is theirs"

_user_id = bindparam("user_id", type_=Uuid, required=True)
_READER = Statement(
    unscoped(
        select(
            *(User.email, User.locale, User.time_zone, User.active),
            *(NotificationSettings.user_id, NotificationSettings.kinds, NotificationSettings.digest_hour),
            NotificationSettings.digest_weekdays_only,
        )
        .join(NotificationSettings, NotificationSettings.user_id == User.id)
        .where(User.id == _user_id),
        reason=_WHY,
    )
)
_taken = (
    unscoped(
        update(Notification)
        .where(Notification.user_id == _user_id, Notification.mail == "digest", Notification.digested_at.is_(None))
        .values(digested_at=bindparam("now", type_=DateTime(timezone=True), required=True))
        .returning(Notification.id, Notification.texts, Notification.created_at, Notification.read_at),
        reason=_WHY,
    )
).cte("taken")
_TAKE = Statement(
    select(_taken.c.texts, func.count().over().label("total"))
    .where(_taken.c.read_at.is_(None))
    .order_by(_taken.c.created_at, _taken.c.id)
    .limit(bindparam("most", type_=Integer, required=True))
)
_WANTED = Statement(
    unscoped(
        select(
            *(NotificationSettings.user_id, NotificationSettings.kinds, NotificationSettings.digest_hour),
            *(NotificationSettings.digest_weekdays_only, User.time_zone),
        )
        .join(User, User.id == NotificationSettings.user_id)
        .where(
            User.active,
            func.jsonb_path_exists(NotificationSettings.kinds, cast('$.*.email ? (@ == "digest")', JSONPATH)),
        ),
        reason=_WHY,
    )
)
_WORDS = {
    "de": (
        "Leadwerk: {total} Benachrichtigungen",
        "Leadwerk: eine Benachrichtigung",
        "… und {more} weitere. Alle stehen in Leadwerk.",
        "Diese Übersicht kommt von Leadwerk. Wann und worüber, bestimmen Sie in Ihren Einstellungen.",
    ),
    "en": (
        "Leadwerk: {total} notifications",
        "Leadwerk: one notification",
        "… and {more} more. Leadwerk has them all.",
        "This digest comes from Leadwerk. When and about what is for you to choose in your settings.",
    ),
}


def next_time(now: datetime, time_zone: str, hour: int, *, weekdays_only: bool) -> datetime:
    """The next moment after `now` at which clocks there show this hour; where summer time leaves it out, an hour later.

    An hour that comes twice counts the first time.
    """
    zone = ZoneInfo(time_zone)
    day = now.astimezone(zone).date()
    while True:
        moment = datetime(day.year, day.month, day.day, hour, tzinfo=zone).astimezone(now.tzinfo)
        if moment > now and not (weekdays_only and day.weekday() >= _SATURDAY):
            return moment
        day += timedelta(days=1)


def has_digest(kinds: Mapping[str, Any]) -> bool:
    """Whether these settings have something wait for the digest."""
    return any(wish.get("email") == "digest" for wish in kinds.values())


def key_of(user_id: UUID) -> str:
    """The key of the user's digest job."""
    return f"digest:{user_id}"


async def ask_anew(ctx: Context, settings: NotificationSettings, time_zone: str) -> None:
    """Let the user's next digest come when the changed settings say so; a last one brings what is waiting."""
    await ctx.cancel(key_of(settings.user_id))
    _ask(ctx, settings.user_id, time_zone, settings.digest_hour, weekdays_only=settings.digest_weekdays_only)


async def ask_all(ctx: Context) -> None:
    """See to it that everybody who wants digests has a job for the next; one that stands there stays as it is."""
    for row in await ctx.run(_WANTED):
        _ask(ctx, row["user_id"], row["time_zone"], row["digest_hour"], weekdays_only=row["digest_weekdays_only"])


def _ask(ctx: Context, user_id: UUID, time_zone: str, hour: int, *, weekdays_only: bool) -> None:
    due_at = next_time(ctx.now, time_zone, hour, weekdays_only=weekdays_only)
    ctx.enqueue("notifications.digest", {"user_id": user_id}, due_at=due_at, key=key_of(user_id))


async def send(ctx: Context, user_id: UUID) -> None:
    """Mail a user what waits and is still unread, if there is something, and ask for the next digest."""
    readers = await ctx.run(_READER, user_id=user_id)
    if not readers or not readers[0]["active"]:
        return
    reader = readers[0]
    rows = await ctx.run(_TAKE, user_id=user_id, now=ctx.now, most=MOST)
    if rows:
        language = "en" if reader["locale"].startswith("en") else "de"
        subject, text = _mail([row["texts"][language] for row in rows], rows[0]["total"], language)
        ctx.enqueue("mail.send", {"to": reader["email"], "subject": subject, "text": text})
    if has_digest(reader["kinds"]):
        _ask(
            *(ctx, user_id, reader["time_zone"], reader["digest_hour"]),
            weekdays_only=reader["digest_weekdays_only"],
        )


def _mail(told: Sequence[Mapping[str, str]], total: int, language: str) -> tuple[str, str]:
    several, one, more, closing = _WORDS[language]
    parts = [f"{entry['title']}\n\n{entry['body']}".strip() for entry in told]
    if total > len(told):
        parts.append(more.format(more=total - len(told)))
    text = "\n\n\n".join(parts)
    return one if total == 1 else several.format(total=total), f"{text}\n\n-- \n{closing}"
