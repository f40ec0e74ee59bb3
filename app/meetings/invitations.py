"""Telling users about meetings that they take part in: invited, changed, cancelled; nobody about what is over."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.activities.models import Activity
from app.core.context import Context
from app.meetings.times import is_over
from app.notifications import notify
from app.notifications.texts import Kind

_SHOWN = ("subject", "starts_at", "ends_at", "starts_on", "ends_on", "location", "recurrence", "time_zone")
"""What must change for people to be told."""


async def invite(ctx: Context, meeting: Activity, user_ids: Iterable[UUID]) -> None:
    """Tell these users that they are to take part."""
    if meeting.status == "planned":
        await _tell(ctx, meeting, user_ids, "meeting_invited", meeting.starts_at)


async def changed(ctx: Context, meeting: Activity, was: Mapping[str, Any]) -> None:
    """Tell who takes part what a change means to them: an invitation, another time or place, the end of it."""
    new = [user for user in meeting.participant_ids if user not in was["participant_ids"]]
    if was["status"] == "planned" and meeting.status == "cancelled":
        await cancelled(ctx, meeting, meeting.starts_at)
    elif meeting.status == "planned":
        await invite(ctx, meeting, new)
        if any(getattr(meeting, name) != was[name] for name in _SHOWN):
            known = [user for user in meeting.participant_ids if user not in new]
            assignee = [] if meeting.assignee_id != was["assignee_id"] else [meeting.assignee_id]
            await _tell(ctx, meeting, [*known, *assignee], "meeting_changed", meeting.starts_at)


async def cancelled(
    ctx: Context, meeting: Activity, at: datetime | None, users: Iterable[UUID | None] | None = None
) -> None:
    """Tell who takes part, or these of them, that it does not take place; of a series: the occurrence then."""
    users = [*meeting.participant_ids, meeting.assignee_id] if users is None else users
    await _tell(ctx, meeting, users, "meeting_cancelled", at)


async def _tell(
    ctx: Context, meeting: Activity, user_ids: Iterable[UUID | None], kind: Kind, at: datetime | None
) -> None:
    if is_over(meeting, ctx.now) or at is None:
        return
    local = at.astimezone(ZoneInfo(meeting.time_zone or "UTC"))
    data = {
        "name": meeting.subject,
        "day": local.date(),
        "time": None if meeting.starts_on is not None else f"{local:%H:%M}",
        "location": meeting.location,
    }
    await notify(ctx, user_ids, kind, record_type="activity", record_id=meeting.id, data=data)
