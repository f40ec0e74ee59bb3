"""Where a live stream stands, and what comes after it.

Notifications become visible in the order of their commits, which is the order of no column. So a place is what PostgreSQL calls
a snapshot: the transactions that had ended when the reader looked. What comes next is whatever a newer snapshot sees and the old
one does not: a late commit is never passed over, nothing comes twice, and a long transaction elsewhere holds up nobody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import chain
from uuid import UUID

from sqlalchemy import Boolean, DateTime, Integer, Text, Uuid, and_, bindparam, cast, exists, func, select, true
from sqlalchemy.types import UserDefinedType

from app.core.db import Reader
from app.core.paging import InvalidCursor, open_cursor, seal_cursor
from app.core.principal import UserPrincipal
from app.core.problems import Language
from app.core.statements import Statement
from app.core.visibility import unscoped
from app.identity.models import DeviceSession, User
from app.notifications.models import Notification
from app.notifications.queries import NOTIFICATION

AT_ONCE = 100
_FIRST = UUID(int=0)
_BINDING = b"notifications/stream:"


class _Snapshot(UserDefinedType[str]):
    """Which transactions had ended at a moment."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "pg_snapshot"


@dataclass(frozen=True, slots=True)
class Place:
    """Everything that `seen` sees has been told; of what `upto` sees besides, that with an id up to `last`."""

    seen: str
    upto: str | None = None
    last: UUID = _FIRST

    def sealed(self, user_id: UUID, key: bytes) -> str:
        """As clients keep it: opaque, signed, and of use to this user only."""
        return seal_cursor(f"{self.seen} {self.upto or ''}", self.last, _BINDING + user_id.bytes, key)


def open_place(sealed: str, user_id: UUID, key: bytes) -> Place:
    """The place that a client was given. Raises InvalidCursor."""
    value, last = open_cursor(sealed, _BINDING + user_id.bytes, key)
    seen, _, upto = value.partition(" ")
    return Place(seen, upto or None, UUID(last))


@dataclass(frozen=True, slots=True)
class News:
    """What came after a place: notifications as JSON, each with the place after it; the place after all, and whether there may be
    more already; how many are unread.
    """

    told: Sequence[tuple[str, Place]]
    place: Place
    more: bool
    unread: int


def _snapshot(name: str) -> object:
    return cast(bindparam(name, type_=Text, required=True), _Snapshot)


@cache
def _after(language: Language) -> Statement:
    """One row at least, with how things are; each notification after the place is one more, or that same one."""
    user = bindparam("user", type_=Uuid, required=True)
    current = func.pg_current_snapshot(type_=_Snapshot)
    seen = func.coalesce(_snapshot("seen"), current)
    upto = func.coalesce(_snapshot("upto"), current)
    columns = NOTIFICATION[language].columns
    json = func.json_build_object(*chain.from_iterable(columns.items()))
    told = (
        select(Notification.id, cast(json, Text).label("json"))
        .where(
            Notification.user_id == user,
            Notification.in_app,
            Notification.xid >= func.pg_snapshot_xmin(seen),
            ~func.pg_visible_in_snapshot(Notification.xid, seen, type_=Boolean),
            func.pg_visible_in_snapshot(Notification.xid, upto, type_=Boolean),
            Notification.id > bindparam("last", type_=Uuid, required=True),
        )
        .order_by(Notification.id)
        .limit(bindparam("most", type_=Integer, required=True))
        .lateral("told")
    )
    signed_in = exists().where(
        DeviceSession.id == bindparam("session", type_=Uuid, required=True),
        DeviceSession.user_id == User.id,
        DeviceSession.revoked_at.is_(None),
        DeviceSession.expires_at > bindparam("now", type_=DateTime(timezone=True), required=True),
        User.id == user,
        User.active,
    )
    unread = select(func.count()).where(
        and_(Notification.user_id == user, Notification.in_app, Notification.read_at.is_(None))
    )
    state = select(
        cast(current, Text).label("current"),
        (func.pg_snapshot_xmax(seen) > func.pg_snapshot_xmax(current)).label("foreign"),
        signed_in.label("signed_in"),
        unread.scalar_subquery().label("unread"),
    ).subquery("state")
    statement = select(state, told.c.id, told.c.json).select_from(state.outerjoin(told, true())).order_by(told.c.id)
    return Statement(unscoped(statement, reason="the asker's own"))


async def news(
    reader: Reader, user: UserPrincipal, place: Place | None, language: Language, *, now: datetime
) -> News | None:
    """What this user was told after the place (after now, without one); None when they are not signed in any more.

    Raises InvalidCursor for a place of another database.
    """
    statement = _after(language)
    start = place or Place("")
    values = {
        "user": user.user_id,
        "session": user.session_id,
        "now": now,
        "seen": start.seen or None,
        "upto": start.upto,
        "last": start.last,
        "most": AT_ONCE + 1,
    }
    rows = await reader.fetch(statement.sql, *statement.arguments(values))
    state = rows[0]
    if not state["signed_in"]:
        return None
    if state["foreign"]:
        raise InvalidCursor
    seen, upto = start.seen or state["current"], start.upto or state["current"]
    found = [row for row in rows if row["id"] is not None]
    told = [(row["json"], Place(seen, upto, row["id"])) for row in found[:AT_ONCE]]
    if len(found) > AT_ONCE:
        return News(told, told[-1][1], more=True, unread=state["unread"])
    if told:
        told[-1] = (told[-1][0], Place(upto))
    return News(told, Place(upto), more=start.upto is not None, unread=state["unread"])
