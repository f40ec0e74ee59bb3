"""When colleagues are busy, and when all of them are free: for planning, without a word of what and with whom (ID-8)."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.activities.service import zone_of
from app.calendar.queries import BUSY
from app.calendar.schemas import FreeBusyAsk, Suggestion
from app.calendar.service import binds, changed_starts, check_span, expanded
from app.core.clock import moment
from app.core.context import Context
from app.core.permissions import Permission
from app.core.problems import Invalid
from app.identity.references import each, unknown_references
from app.meetings.recurrence import instant

MAX_SPAN = timedelta(days=31)
MAX_FREE = 100
Times = tuple[datetime, datetime]


async def free_busy(ctx: Context, ask: FreeBusyAsk) -> dict[str, Any]:
    """The users' busy times, overlapping ones put together, and with `suggest` the times in which all are free.

    Raises Forbidden, Invalid (also for unknown and inactive users).
    """
    ctx.require(Permission.ACTIVITIES_READ)
    check_span(ask.after, ask.before, MAX_SPAN, "/to")
    if errors := await unknown_references(ctx, users=each("/user_ids", ask.user_ids)):
        raise Invalid(errors)
    users = list(dict.fromkeys(ask.user_ids))
    rows = await ctx.fetch(BUSY, **binds(users, ["call", "meeting"], ask.after, ask.before))
    taken = await changed_starts(ctx, rows)
    busy: dict[UUID, list[Times]] = {user: [] for user in users}
    for found in expanded(rows, taken, ask.after, ask.before):
        start, end = max(found.when.starts_at, ask.after), min(found.when.ends_at or found.when.starts_at, ask.before)
        if start >= end:
            continue
        for user in {found.row["assignee_id"], *found.row["participant_ids"]} & busy.keys():
            busy[user].append((start, end))
    merged = {user: list(_merged(times)) for user, times in busy.items()}
    free = None
    if ask.suggest is not None:
        together = list(_merged([one for times in merged.values() for one in times]))
        zone = ZoneInfo(ask.suggest.time_zone or zone_of(ctx))
        free = list(_free(together, _working_hours(ask.suggest, zone, ask.after, ask.before), ask.suggest.minutes))
    return {
        "users": [{"user_id": user, "busy": _shown(times)} for user, times in merged.items()],
        "free": None if free is None else _shown(free[:MAX_FREE]),
    }


def _merged(times: Iterable[Times]) -> Iterator[Times]:
    """Without gaps and overlaps, in order."""
    current: Times | None = None
    for start, end in sorted(times):
        if current is not None and start <= current[1]:
            current = (current[0], max(current[1], end))
            continue
        if current is not None:
            yield current
        current = (start, end)
    if current is not None:
        yield current


def _working_hours(wanted: Suggestion, zone: ZoneInfo, after: datetime, before: datetime) -> Iterator[Times]:
    day, last = after.astimezone(zone).date(), before.astimezone(zone).date()
    while day <= last:
        if day.isoweekday() in wanted.weekdays:
            start = max(after, instant(day, wanted.day_starts.replace(tzinfo=None), zone))
            end = min(before, instant(day, wanted.day_ends.replace(tzinfo=None), zone))
            if start < end:
                yield start, end
        day += timedelta(days=1)


def _free(busy: Sequence[Times], hours: Iterable[Times], minutes: int) -> Iterator[Times]:
    """What is left of the hours, where it is long enough."""
    least = timedelta(minutes=minutes)
    for start, end in hours:
        for busy_from, busy_to in busy:
            if busy_to <= start or busy_from >= end:
                continue
            if busy_from - start >= least:
                yield start, busy_from
            start = busy_to
        if end - start >= least:
            yield start, end


def _shown(times: Iterable[Times]) -> list[dict[str, str]]:
    return [{"starts_at": moment(start), "ends_at": moment(end.astimezone(UTC))} for start, end in times]
