"""Telling users: the one place where notifications are written, and where each user's settings are heeded (LEAD-12)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ARRAY, Boolean, DateTime, Integer, Text, Uuid, bindparam, case, column, func, or_, select
from sqlalchemy.dialects.postgresql import JSONB, insert

from app.core.context import Context
from app.core.db import new_id
from app.core.principal import UserPrincipal
from app.core.statements import Statement
from app.core.visibility import unscoped
from app.identity.models import User
from app.notifications import texts
from app.notifications.models import Notification, NotificationSettings

PRODUCT = "Leadwerk"
"""Who it was, when nobody in particular."""
AT_ONCE = 5000
"""Notifications in one statement."""


@dataclass(frozen=True, slots=True)
class Told:
    """One notification for one user. Those that share `data` (the very object) are rendered and sent to the database once."""

    user_id: UUID
    kind: texts.Kind
    record_type: str
    record_id: UUID
    data: Mapping[str, Any]
    key: str | None = None
    mail: bool = True


def _rows(**types: Any) -> Any:
    binds = (bindparam(name, type_=ARRAY(type_), required=True) for name, type_ in types.items())
    columns = (column(name, type_) for name, type_ in types.items())
    return func.unnest(*binds).table_valued(*columns).render_derived()


_what = _rows(
    no=Integer,
    kind=Text,
    record_type=Text,
    record_id=Uuid,
    data=Text,
    texts=Text,
    always_in_app=Boolean,
    always_mail=Boolean,
)
_whom = _rows(id=Uuid, user_id=Uuid, key=Text, what=Integer, mail=Boolean)
_wish = NotificationSettings.kinds[_what.c.kind]
_chosen = unscoped(
    select(
        _whom.c.id,
        _whom.c.user_id,
        _what.c.kind,
        _whom.c.key,
        _what.c.record_type,
        _what.c.record_id,
        _what.c.data.cast(JSONB).label("data"),
        _what.c.texts.cast(JSONB).label("texts"),
        bindparam("now", type_=DateTime(timezone=True), required=True).label("now"),
        or_(_what.c.always_in_app, func.coalesce(_wish["in_app"].astext.cast(Boolean), True)).label("in_app"),
        case(
            (~_whom.c.mail, "never"),
            (_what.c.always_mail, "at_once"),
            else_=func.coalesce(_wish["email"].astext, "at_once"),
        ).label("mail"),
    )
    .select_from(_whom)
    .join(_what, _what.c.no == _whom.c.what)
    .join(User, (User.id == _whom.c.user_id) & User.active)
    .outerjoin(NotificationSettings, NotificationSettings.user_id == _whom.c.user_id),
    reason="each user's own settings decide what they are told",
).subquery("chosen")
_INSERT = Statement(
    insert(Notification)
    .from_select(
        ["id", "user_id", "kind", "key", "record_type", "record_id", "data", "texts", "created_at", "in_app", "mail"],
        select(_chosen).where(or_(_chosen.c.in_app, _chosen.c.mail != "never")),
    )
    .on_conflict_do_nothing()
    .returning(Notification.id, Notification.mail)
)


async def notify_many(ctx: Context, told: Sequence[Told], *, mail_at: Callable[[], datetime] | None = None) -> None:
    """Tell all of these, each by their reader's settings: in the app, and by e-mail at once, with the digest or never.

    Part of the transaction, in a few statements for thousands. Nobody is told about their own act, nobody who is inactive,
    and nobody twice who has been told with the same `key`. `data` holds what the kind's text names (`texts.TABLE`); `by`, the
    name of who did it, is filled in. Dates stay dates, money is `{"amount", "currency"}`. Raises KeyError when something that
    the text names is missing. `mail_at` says of each e-mail in turn when it is due: now, without it.
    """
    others = [one for one in told if one.user_id != ctx.user_id]
    for start in range(0, len(others), AT_ONCE):
        await _write(ctx, others[start : start + AT_ONCE], mail_at)


async def _write(ctx: Context, told: Sequence[Told], mail_at: Callable[[], datetime] | None) -> None:
    by = ctx.principal.name if isinstance(ctx.principal, UserPrincipal) else PRODUCT
    numbers: dict[Any, int] = {}
    said: list[tuple[Any, ...]] = []
    whom: list[tuple[Any, ...]] = []
    for one in told:
        content = (one.kind, one.record_type, one.record_id, id(one.data))
        number = numbers.get(content)
        if number is None:
            number = numbers[content] = len(said)
            filled = {"by": by, **one.data}
            always = texts.ALWAYS.get(one.kind, ())
            said.append(
                (
                    *(number, one.kind, one.record_type, one.record_id),
                    orjson.dumps(filled, default=str).decode(),
                    orjson.dumps(texts.render(one.kind, filled)).decode(),
                    *("in_app" in always, "email" in always),
                )
            )
        whom.append((new_id(), one.user_id, one.key, number, one.mail))
    names = ("no", "kind", "record_type", "record_id", "data", "texts", "always_in_app", "always_mail")
    values = dict(zip(names, map(list, zip(*said, strict=True)), strict=True))
    values |= dict(zip(("id", "user_id", "key", "what", "mail"), map(list, zip(*whom, strict=True)), strict=True))
    for row in await ctx.run(_INSERT, now=ctx.now, **values):
        if row["mail"] == "at_once":
            ctx.enqueue("notifications.mail", {"notification_id": row["id"]}, due_at=mail_at() if mail_at else None)


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
    """Tell these users the same; `mail=False` sends them no e-mail, whatever their settings. See `notify_many`."""
    users = dict.fromkeys(user for user in user_ids if user is not None)
    await notify_many(ctx, [Told(user, kind, record_type, record_id, data, key, mail) for user in users])


async def notify_managers(
    ctx: Context, *, before: Iterable[UUID], after: Iterable[UUID], record_type: str, record_id: UUID, name: str
) -> None:
    """Tell those who have become managers of an account or contact (ID-5). At creation `before` is empty."""
    known = set(before)
    added = [user for user in after if user not in known]
    await notify(ctx, added, "manager_added", record_type=record_type, record_id=record_id, data={"name": name})
