"""Private calendar addresses: made, renewed, taken back; and what any calendar program reads there (ID-8)."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Any

from sqlalchemy import DateTime, LargeBinary, Uuid, bindparam, delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from app.calendar.models import CalendarAddress
from app.calendar.queries import events
from app.calendar.schemas import Details
from app.calendar.service import binds, changed_starts
from app.core.clock import moment
from app.core.context import Context
from app.core.expressions import asker
from app.core.permissions import Permission
from app.core.problems import NotFound
from app.core.statements import Statement
from app.core.visibility import unscoped
from app.identity.standing import standing_of

LOOKS_BACK = timedelta(days=60)
LOOKS_AHEAD = timedelta(days=3650)
MAX_EVENTS = 3000
_FORM = b"1"
"""Part of every ETag; another one when the same events are written differently."""
_OWN = "the asker's own"
_FIND = Statement(
    unscoped(
        select(CalendarAddress.user_id, CalendarAddress.details, CalendarAddress.last_used_at).where(
            CalendarAddress.token_hash == bindparam("hash", type_=LargeBinary, required=True)
        ),
        reason="who knows the address reads the calendar",
    )
)
_MINE = Statement(
    unscoped(
        select(CalendarAddress.details, CalendarAddress.created_at, CalendarAddress.last_used_at).where(
            CalendarAddress.user_id == asker()
        ),
        reason=_OWN,
    )
)
_USED = Statement(
    unscoped(
        update(CalendarAddress)
        .where(CalendarAddress.user_id == bindparam("user", type_=Uuid, required=True))
        .where(
            or_(
                CalendarAddress.last_used_at.is_(None),
                CalendarAddress.last_used_at < bindparam("before", type_=DateTime(timezone=True), required=True),
            )
        )
        .values(last_used_at=bindparam("now", type_=DateTime(timezone=True), required=True)),
        reason="when it was last used, to within an hour",
    )
)


def hash_of(token: str) -> bytes:
    """What is kept of an address's secret."""
    return hashlib.sha256(token.encode()).digest()


async def shown(ctx: Context) -> dict[str, Any]:
    """What is known of the asker's address, without its secret. NotFound when there is none."""
    ctx.require(Permission.ACTIVITIES_READ)
    row = await ctx.fetch_one(_MINE)
    used: datetime | None = row["last_used_at"]
    return {
        "details": row["details"],
        "created_at": moment(row["created_at"]),
        "last_used_at": None if used is None else moment(used),
    }


async def make(ctx: Context, details: Details) -> dict[str, Any]:
    """Make the asker's address anew; an older one is dead at once. The secret is told this once."""
    ctx.require(Permission.ACTIVITIES_READ)
    token = token_urlsafe(32)
    values = {"token_hash": hash_of(token), "details": details, "created_at": ctx.now, "last_used_at": None}
    made = insert(CalendarAddress).values(user_id=ctx.user.user_id, **values)
    await ctx.session.execute(made.on_conflict_do_update(index_elements=["user_id"], set_=values))
    url = f"{ctx.settings.public_url.rstrip('/')}/v1/calendars/{token}.ics"
    return {"url": url, "details": details, "created_at": moment(ctx.now), "last_used_at": None}


async def remove(ctx: Context) -> None:
    """Take the asker's address back; without one, nothing happens."""
    await ctx.session.execute(
        unscoped(delete(CalendarAddress).where(CalendarAddress.user_id == ctx.user.user_id), reason=_OWN)
    )


class Feed:
    """What stands at an address: enough to tell whether it has changed, and to write it."""

    def __init__(self, name: str, details: Details, rows: Sequence[Any], taken: Mapping[Any, set[datetime]]) -> None:
        self.name, self.details, self.rows, self.taken = name, details, rows, taken

    @property
    def tag(self) -> str:
        """Its ETag."""
        whole = hashlib.sha256(_FORM + repr((self.name, self.details)).encode())
        for row in self.rows:
            whole.update(repr((row["id"], row["version"], row["account_name"])).encode())
        whole.update(repr(sorted((id_, sorted(times)) for id_, times in self.taken.items())).encode())
        return f'"{whole.hexdigest()[:32]}"'

    async def written(self) -> bytes:
        """The iCalendar file; written beside the requests of others, not before them."""
        from app.calendar.ics import write  # noqa: PLC0415  (brings a library that most processes never need)

        return await asyncio.to_thread(write, self.name, self.details, self.rows, self.taken)


async def feed(ctx: Context, token: str) -> Feed:
    """What stands at this address: the owner's meetings and planned calls, from 60 days ago on.

    NotFound when there is no such address, or its owner may not read activities any more.
    """
    ctx.begin()  # on the primary: an address that was taken back is dead at once
    row = await ctx.fetch_one(_FIND, hash=hash_of(token))
    standing = await standing_of(ctx, row["user_id"])
    if standing is None or not standing.active or Permission.ACTIVITIES_READ not in standing.principal.permissions:
        raise NotFound
    await ctx.run(_USED, user=row["user_id"], now=ctx.now, before=ctx.now - timedelta(hours=1))
    values = binds([row["user_id"]], ["call", "meeting"], ctx.now - LOOKS_BACK, ctx.now + LOOKS_AHEAD)
    rows = await ctx.fetch(events("owner"), **values, most=MAX_EVENTS)
    rows = [one for one in rows if one["type"] == "meeting" or one["status"] == "planned"]
    return Feed(standing.principal.name, row["details"], rows, await changed_starts(ctx, rows))
