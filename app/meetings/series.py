"""A series and the occurrences that were changed: what these take over from it when it changes."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, insert, literal, select

from app.activities.models import Activity, ActivityContact
from app.core.context import Context
from app.core.visibility import unscoped
from app.meetings import invitations
from app.meetings.times import pattern_of, place
from app.reminders import forget

FOLLOWED = (
    *("subject", "description", "location", "assignee_id", "participant_ids", "time_zone"),
    *("account_id", "contact_id", "lead_id", "opportunity_id", "team_ids", "teams_follow"),
)
"""What an occurrence has from its series, until it is changed there."""
_DAY = timedelta(days=1)


async def changed_occurrences(ctx: Context, series_id: UUID) -> list[Activity]:
    """The series' occurrences that are meetings of their own, locked."""
    found = select(Activity).where(Activity.series_id == series_id).order_by(Activity.occurrence_at)
    found = unscoped(found.with_for_update(of=Activity), reason="they follow their series, whoever sees them")
    return list((await ctx.session.execute(found)).scalars())


async def follow(ctx: Context, series: Activity, was: Mapping[str, Any]) -> None:
    """After the series has changed: its occurrences take over what was not changed in them and, when it is at other times now,
    go over to the new occurrence on their day. One on a day without any becomes a meeting of its own.
    """
    common = [name for name in FOLLOWED if getattr(series, name) != was[name]]
    moved = any(getattr(series, name) != was[name] for name in ("starts_at", "ends_at", "time_zone", "recurrence"))
    ends = was["status"] == "planned" and series.status == "cancelled"
    if not common and not moved and not ends:
        return
    occurrences = await changed_occurrences(ctx, series.id)
    if moved:
        series.excluded_at = [new for at in series.excluded_at if (new := _same_day(series, was, at)) is not None]
    for occurrence in occurrences:
        planned = occurrence.status == "planned"
        if planned and ends:
            known = {*series.participant_ids, series.assignee_id}
            others = [user for user in (*occurrence.participant_ids, occurrence.assignee_id) if user not in known]
            await invitations.cancelled(ctx, occurrence, occurrence.starts_at, others)
            occurrence.status, planned = "cancelled", False
            await forget(ctx, "activity", occurrence.id)
        for name in common if planned else ():
            if getattr(occurrence, name) == was[name]:
                setattr(occurrence, name, getattr(series, name))
        if not moved or occurrence.occurrence_at is None:
            continue
        old, new = occurrence.occurrence_at, _same_day(series, was, occurrence.occurrence_at)
        if new is None:
            occurrence.series_id = occurrence.occurrence_at = None
            continue
        occurrence.occurrence_at = new
        if planned and occurrence.starts_at == old:
            place(series, occurrence, new)


def _same_day(series: Activity, was: Mapping[str, Any], at: datetime) -> datetime | None:
    """When the series takes place now on the day on which it took place then."""
    if series.recurrence is None:
        return None
    day = at.astimezone(ZoneInfo(was["time_zone"] or "UTC")).date()
    zone = ZoneInfo(series.time_zone or "UTC")
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    for start in pattern_of(series).between(midnight - _DAY, midnight + 2 * _DAY):
        if start.astimezone(zone).date() == day:
            return start
    return None


async def copy_contacts(ctx: Context, from_id: UUID, to_ids: Iterable[UUID]) -> None:
    """The contacts who take part in one meeting take part in the others, too."""
    for to_id in to_ids:
        rows = select(func.gen_random_uuid(), literal(to_id), ActivityContact.contact_id).where(
            ActivityContact.activity_id == from_id
        )
        await ctx.session.execute(insert(ActivityContact).from_select(["id", "activity_id", "contact_id"], rows))
