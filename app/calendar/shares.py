"""Sharing one's calendar with others, for reading or also for writing (ID-8)."""

from uuid import UUID

from app.calendar.problems import NotYourCalendar
from app.calendar.queries import CALENDAR_SHARE
from app.calendar.schemas import CalendarShareCreate, CalendarShareUpdate, Mode
from app.core.context import Context
from app.core.db import new_id
from app.core.permissions import Permission
from app.core.problems import Invalid, NotFound
from app.core.writing import already_created, request_hash, require_match
from app.identity.models import CalendarShare
from app.identity.references import unknown_references
from app.notifications import notify
from app.notifications.texts import Kind

_SELF = {"de": "Das sind Sie selbst.", "en": "That is you."}


async def create(ctx: Context, body: CalendarShareCreate) -> tuple[UUID, bool]:
    """Share the asker's calendar; returns the share's id and whether it is new. The other one is told.

    Raises Forbidden, Invalid, IdTaken, Conflict (shared with them already).
    """
    ctx.require(Permission.ACTIVITIES_READ)
    asked = request_hash(body)
    if body.id is not None and await already_created(ctx, CalendarShare, body.id, asked):
        return body.id, False
    if body.user_id == ctx.user.user_id:
        raise Invalid([("/user_id", "yourself", _SELF)])
    if errors := await unknown_references(ctx, users=[("/user_id", body.user_id)]):
        raise Invalid(errors)
    share = CalendarShare(
        id=body.id or new_id(),
        owner_id=ctx.user.user_id,
        user_id=body.user_id,
        mode=body.mode,
        created_by=ctx.user_id,
        request_hash=asked,
    )
    ctx.session.add(share)
    await ctx.session.flush()
    await _tell(ctx, share, body.mode)
    return share.id, True


async def update(ctx: Context, share_id: UUID, patch: CalendarShareUpdate, if_match: str | None) -> None:
    """Change how far it is shared; the other one is told. Raises NotFound, NotYourCalendar, StaleVersion."""
    share = await _load(ctx, share_id)
    if share.owner_id != ctx.user.user_id:
        raise NotYourCalendar
    await require_match(ctx, CALENDAR_SHARE, share, if_match)
    if share.mode != patch.mode:
        share.mode = patch.mode
        await ctx.session.flush()
        await _tell(ctx, share, patch.mode)


async def remove(ctx: Context, share_id: UUID) -> None:
    """End it: its owner takes it back, or the other one does without. Raises NotFound."""
    await ctx.session.delete(await _load(ctx, share_id))


async def _load(ctx: Context, share_id: UUID) -> CalendarShare:
    """The share, if the asker is one of the two, whatever else they may see."""
    share = await ctx.load(CalendarShare, share_id)
    if ctx.user.user_id not in (share.owner_id, share.user_id):
        raise NotFound
    return share


async def _tell(ctx: Context, share: CalendarShare, mode: Mode) -> None:
    kind: Kind = "calendar_shared"
    await notify(ctx, [share.user_id], kind, record_type="calendar_share", record_id=share.id, data={"mode": mode})
