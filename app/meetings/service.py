"""Meetings: single and recurring, all-day, in any time zone (ACT-1)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import inspect, select

from app.activities import service as activities
from app.activities.models import Activity
from app.core.context import Context
from app.core.visibility import unscoped
from app.identity.references import FieldProblem
from app.meetings import invitations, series
from app.meetings.schemas import MeetingCreate, MeetingUpdate
from app.meetings.times import is_over, recur, settle
from app.reminders import forget

_TIMES = ("starts_at", "ends_at", "time_zone", "starts_on", "ends_on", "recurrence")
_OCCURRENCE = {
    "de": "Das ist ein Termin einer Serie; nur diese wiederholt sich.",
    "en": "This is an occurrence of a series; only that one recurs.",
}
_NOT_OVER = {
    "de": "Die Serie läuft noch. Abgehalten werden ihre einzelnen Termine.",
    "en": "The series still goes on. It is its occurrences that are held.",
}


async def make(ctx: Context, activity: Activity, body: MeetingCreate) -> list[FieldProblem]:
    """Fill a meeting and invite who takes part; returns what is wrong."""
    errors = await activities.appointment(ctx, activity, body)
    activity.status, activity.location = body.status, body.location
    activity.starts_at, activity.starts_on, activity.ends_on = body.starts_at, body.starts_on, body.ends_on
    activity.recurrence = body.recurrence
    sent = {name for name in body.model_fields_set if getattr(body, name) is not None}
    errors += settle(activity, all_day=body.all_day, named=sent)
    errors += activities.wrong_times(activity)
    if not errors:
        errors += recur(activity)
        errors += _held_before_its_end(ctx, activity)
    if not errors:
        await invitations.invite(ctx, activity, activity.participant_ids)
    return errors


async def change(ctx: Context, activity: Activity, patch: MeetingUpdate) -> list[FieldProblem]:
    """After a patch's fields were set: what follows from them, and what is wrong. Tells who takes part."""
    was = values_before(activity)
    named = patch.model_fields_set
    all_day = patch.all_day if "all_day" in named else was["starts_on"] is not None
    if not all_day and was["starts_on"] is not None:
        activity.starts_at = activity.starts_at if "starts_at" in named else None
        activity.ends_at = activity.ends_at if "ends_at" in named else None
    errors = settle(activity, all_day=all_day, named=named & {"starts_at", "ends_at", "starts_on", "ends_on"})
    errors += activities.wrong_times(activity)
    if activity.series_id is not None and activity.recurrence is not None:
        errors.append(("/recurrence", "occurrence_of_a_series", _OCCURRENCE))
    if not errors:
        errors += recur(activity) if any(getattr(activity, name) != was[name] for name in _TIMES) else []
        errors += _held_before_its_end(ctx, activity)
    if errors:
        return errors  # before anything is written that the database would refuse
    errors = await activities.change_appointment(ctx, activity, patch)
    if not errors:
        if was["recurrence"] is not None:
            await series.follow(ctx, activity, was)
        await invitations.changed(ctx, activity, was)
    return errors


async def hold(ctx: Context, activity_id: UUID) -> None:
    """Before an occurrence is locked to be deleted: lock its series, which a change of it takes first."""
    of = select(Activity.series_id).where(Activity.id == activity_id).scalar_subquery()
    found = select(Activity.id).where(Activity.id == of).with_for_update(of=Activity)
    await ctx.session.execute(unscoped(found, reason="nobody waits in a circle"))


async def removed(ctx: Context, activity: Activity) -> None:
    """Before a meeting is deleted: who takes part is told, and its series does not bring it back."""
    if activity.status == "planned":
        await invitations.cancelled(ctx, activity, activity.starts_at)
    if activity.recurrence is not None:
        for occurrence in await series.changed_occurrences(ctx, activity.id):
            if occurrence.status == "held":
                occurrence.series_id = occurrence.occurrence_at = None
            else:
                await forget(ctx, "activity", occurrence.id)
        await ctx.session.flush()  # what was held stays when the database removes the others
    if activity.series_id is not None and activity.occurrence_at is not None:
        found = select(Activity).where(Activity.id == activity.series_id).with_for_update(of=Activity)
        found = unscoped(found, reason="who deletes an occurrence takes it out of its series")
        owner = (await ctx.session.execute(found)).scalar_one()
        owner.excluded_at = sorted({*owner.excluded_at, activity.occurrence_at})


def values_before(activity: Activity) -> Mapping[str, Any]:
    """The columns as they are in the database."""
    state = inspect(activity)
    return {**{name: getattr(activity, name) for name in state.mapper.column_attrs.keys()}, **state.committed_state}  # noqa: SIM118  (no mapping: its members are attributes)


def _held_before_its_end(ctx: Context, activity: Activity) -> list[FieldProblem]:
    if activity.recurrence is not None and activity.status == "held" and not is_over(activity, ctx.now):
        return [("/status", "series_goes_on", _NOT_OVER)]
    return []
