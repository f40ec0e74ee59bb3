"""Where a client of the feed stands: sealed, bound to its user, and of this course of the database only (SYNC-2)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import orjson

from app.core.context import Context
from app.core.paging import InvalidCursor, open_cursor, seal_cursor
from app.core.problems import Invalid
from app.sync.problems import SyncTokenExpired

KEPT_DAYS = 90
"""Days for which a client may stay away: so long does the feed know what was deleted."""
NIL = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Place:
    """What a client has been told.

    `kind` is the number of the kind of record that the first snapshot has come to, and `sub` the last of them; with None it is
    over, and all changes up to (`xid`, `id`, `sub`) are known. `at` is when all changes below `xid` had ended; `since` is the
    oldest day of visit reports that the client keeps.
    """

    epoch: str
    scope: str
    kind: int | None
    xid: int
    id: int
    sub: UUID
    at: datetime
    since: datetime


def digest(*parts: object) -> str:
    """A short name of these values: of an epoch, or of all that decides what the asker's set is."""
    return hashlib.blake2b(orjson.dumps(parts, default=str), digest_size=9).hexdigest()


def seal(ctx: Context, place: Place) -> str:
    """The place as the client keeps it."""
    plain = [place.epoch, place.scope, place.kind, place.xid, place.id, place.at.timestamp(), place.since.timestamp()]
    return seal_cursor(orjson.dumps(plain).decode(), place.sub, _binding(ctx), _key(ctx))


def unseal(ctx: Context, token: str, now: datetime) -> Place:
    """The place that a token holds. Raises SyncTokenExpired: forged, another user's, or too old."""
    try:
        plain, sub = open_cursor(token, _binding(ctx), _key(ctx))
        epoch, scope, kind, xid, id_, at, since = orjson.loads(plain)
    except (InvalidCursor, ValueError, TypeError):
        raise SyncTokenExpired(days=KEPT_DAYS) from None
    then = datetime.fromtimestamp(at, now.tzinfo)
    if now - then > timedelta(days=KEPT_DAYS):
        raise SyncTokenExpired(days=KEPT_DAYS)
    return Place(epoch, scope, kind, xid, id_, UUID(sub), then, datetime.fromtimestamp(since, now.tzinfo))


def types_of(asked: str | None, known: Sequence[str]) -> list[str]:
    """The kinds that a client asks for, in the feed's order; all without a word. Raises Invalid."""
    if asked is None:
        return list(known)
    named = set(asked.split(","))
    if unknown := named.difference(known):
        allowed = ", ".join(known)
        message = {"de": f"Erlaubt sind: {allowed}.", "en": f"Allowed are: {allowed}."}
        raise Invalid([("?types", "unknown_type", message) for _ in sorted(unknown)[:1]])
    return [name for name in known if name in named]


def _binding(ctx: Context) -> bytes:
    return b"sync " + ctx.user.user_id.bytes


def _key(ctx: Context) -> bytes:
    return ctx.settings.secret_key.get_secret_value().encode()
