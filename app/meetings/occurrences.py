"""The occurrences of recurring meetings: listed, changed, held, left out; a series cut in two (ACT-1)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import DateTime, Uuid, bindparam, select

from app.activities import service as activities
from app.activities.access import require_change
from app.activities.models import Activity
from app.core.clock import moment
from app.core.context import Context
from app.core.db import new_id
from app.core.permissions import Permission
from app.core.problems import Invalid, NotFound
from app.core.records import is_visible
from app.core.statements import Statement, prepared
from app.core.visibility import scope, unscoped
from app.core.writing import already_created, assign, request_hash
from app.identity.references import FieldProblem, unknown_references
from app.meetings import invitations
from app.meetings.problems import NotRecurring, OccurrenceChanged
from app.meetings.rules import parse
from app.meetings.schemas import OccurrenceQuery, OccurrenceUpdate, SeriesSplit
from app.meetings.series import FOLLOWED, changed_occurrences, copy_contacts
from app.meetings.times import pattern_of, place, recur, settle, when

LONGEST = timedelta(days=400)
_LEFT = ("id", "occurrence_at", "participant_ids", "contact_ids")
_TOO_LONG = {"de": "Höchstens 400 Tage.", "en": "At most 400 days."}
_BACKWARDS = {"de": "Das Ende liegt vor dem Anfang.", "en": "The end lies before the start."}
_NO_OCCURRENCE = {"de": "Dann findet die Serie nicht statt.", "en": "The series does not take place then."}
_FIRST = {"de": "Davor hat die Serie keinen Termin.", "en": "The series has no occurrence before that."}

_TAKEN = Statement(
    unscoped(
        select(Activity.id).where(
            Activity.series_id == bindparam("series_id", type_=Uuid, required=True),
            Activity.occurrence_at == bindparam("at", type_=DateTime(timezone=True), required=True),
        ),
        reason="there is one at most, seen or not",
    )
)
_ALL_TAKEN = Statement(
    unscoped(
        select(Activity.occurrence_at).where(Activity.series_id == bindparam("series_id", type_=Uuid, required=True)),
        reason="who does not see a changed occurrence must not see it as it was, either",
    )
)


@prepared
def _changed(how_far: Any) -> Any:
    names = ("id", "occurrence_at", "status", "subject", "location", "starts_at", "ends_at", "starts_on", "ends_on")
    found = select(*(getattr(Activity, name) for name in names)).where(
        Activity.series_id == bindparam("series_id", type_=Uuid, required=True)
    )
    return scope(found, Activity, how_far)


async def listed(ctx: Context, series_id: UUID, query: OccurrenceQuery) -> list[dict[str, Any]]:
    """The series' occurrences that start between the two, in order. Raises Forbidden, NotFound, NotRecurring, Invalid."""
    ctx.require(Permission.ACTIVITIES_READ)
    if query.before < query.after:
        raise Invalid([("?to", "ends_before_start", _BACKWARDS)])
    if query.before - query.after > LONGEST:
        raise Invalid([("?to", "too_long", _TOO_LONG)])
    series = _recurring(await ctx.load(Activity, series_id, lock=False))
    taken = {row["occurrence_at"] for row in await ctx.run(_ALL_TAKEN, series_id=series_id)}
    items = [dict(row) for row in await ctx.fetch(_changed(ctx.reach), series_id=series_id)]
    found = [item for item in items if query.after <= item["starts_at"] < query.before]
    for at in pattern_of(series).between(query.after, query.before, {*series.excluded_at, *taken}):
        once = when(series, at)
        found.append(
            {"id": None, "occurrence_at": at, "status": series.status, "subject": series.subject}
            | {name: getattr(once, name) for name in ("starts_at", "ends_at", "starts_on", "ends_on")}
            | {"location": series.location}
        )
    found.sort(key=lambda item: (item["starts_at"], item["occurrence_at"]))
    return [_shown(item) for item in found]


def _shown(item: dict[str, Any]) -> dict[str, Any]:
    out = {name: moment(value) if isinstance(value, datetime) else value for name, value in item.items()}
    return {"activity_id": out.pop("id"), **out}


async def change(ctx: Context, series_id: UUID, body: OccurrenceUpdate) -> tuple[UUID, bool]:
    """Make a meeting of its own of one occurrence; returns its id and whether it is new.

    One that was left out takes place again. Raises Forbidden, NotFound, CalendarReadOnly, NotRecurring, OccurrenceChanged,
    Invalid, IdTaken.
    """
    ctx.require(Permission.ACTIVITIES_WRITE)
    asked = request_hash(body)
    if body.id is not None and await already_created(ctx, Activity, body.id, asked):
        return body.id, False
    series = await _changeable(ctx, series_id)
    await _require_occurrence(ctx, series, body.occurrence_at)
    occurrence = Activity(
        **{name: getattr(series, name) for name in FOLLOWED},
        id=body.id or new_id(),
        type="meeting",
        status="planned",
        customer=series.customer,
        series_id=series.id,
        occurrence_at=body.occurrence_at,
        created_by=ctx.user_id,
        request_hash=asked,
    )
    place(series, occurrence, body.occurrence_at)
    was = {name: getattr(occurrence, name) for name in Activity.__mapper__.columns.keys()}  # noqa: SIM118  (no mapping)
    assign(occurrence, body, leave=_LEFT)
    errors = await _settle(ctx, series, occurrence, body)
    if errors:
        raise Invalid(errors)
    series.excluded_at = [at for at in series.excluded_at if at != body.occurrence_at]
    contacts = body.contact_ids if "contact_ids" in body.model_fields_set else ()
    await activities.finish(ctx, occurrence, contacts, tell=occurrence.assignee_id != series.assignee_id)
    if "contact_ids" not in body.model_fields_set:
        await ctx.session.flush()
        await copy_contacts(ctx, series.id, [occurrence.id])
    await invitations.changed(ctx, occurrence, was)
    return occurrence.id, True


async def _settle(
    ctx: Context, series: Activity, occurrence: Activity, body: OccurrenceUpdate
) -> Sequence[FieldProblem]:
    """What follows from what was sent, and what is wrong. An occurrence that is moved stays as long as it was."""
    named = body.model_fields_set
    if "starts_at" in named and "ends_at" not in named:
        occurrence.ends_at = when(series, body.starts_at).ends_at
    if series.starts_on is not None and "starts_on" in named and "ends_on" not in named and series.ends_on is not None:
        occurrence.ends_on = body.starts_on + (series.ends_on - series.starts_on)
    times = named & {"starts_at", "ends_at", "starts_on", "ends_on"}
    errors = settle(occurrence, all_day=series.starts_on is not None, named=times)
    errors += activities.wrong_times(occurrence)
    users = [("/assignee_id", body.assignee_id)] if "assignee_id" in named else []
    if "participant_ids" in named:
        occurrence.participant_ids = list(dict.fromkeys(body.participant_ids))
        users += [(f"/participant_ids/{i}", id_) for i, id_ in enumerate(body.participant_ids)]
    errors += await unknown_references(ctx, users=users)
    if "contact_ids" in named:
        errors += await activities.unknown_contacts(ctx, body.contact_ids)
    return errors


async def leave_out(ctx: Context, series_id: UUID, at: datetime) -> None:
    """The occurrence does not take place; doing it again changes nothing.

    Raises Forbidden, NotFound (also when there is no such occurrence), CalendarReadOnly, NotRecurring, OccurrenceChanged.
    """
    ctx.require(Permission.ACTIVITIES_WRITE)
    series = await _changeable(ctx, series_id)
    if not pattern_of(series).has(at):
        raise NotFound
    if at in series.excluded_at:
        return
    await _refuse_taken(ctx, series, at)
    series.excluded_at = sorted({*series.excluded_at, at})
    if series.status == "planned" and at > ctx.now:
        await invitations.cancelled(ctx, series, at)


async def split(ctx: Context, series_id: UUID, body: SeriesSplit) -> tuple[UUID, bool]:
    """End the series before that occurrence, and let another one begin there that goes on as this one would have; returns its
    id and whether it is new. Raises Forbidden, NotFound, CalendarReadOnly, NotRecurring, Invalid, IdTaken.
    """
    ctx.require(Permission.ACTIVITIES_WRITE)
    asked = request_hash(body)
    if body.id is not None and await already_created(ctx, Activity, body.id, asked):
        return body.id, False
    series, cut = await _changeable(ctx, series_id), body.occurrence_at
    found = pattern_of(series)
    if not found.has(cut):
        raise Invalid([("/occurrence_at", "no_occurrence", _NO_OCCURRENCE)])
    before = found.number(cut)
    if before == 0:
        raise Invalid([("/occurrence_at", "first_occurrence", _FIRST)])
    rest = Activity(
        **{name: getattr(series, name) for name in FOLLOWED},
        id=body.id or new_id(),
        type="meeting",
        status=series.status,
        customer=series.customer,
        created_by=ctx.user_id,
        request_hash=asked,
        excluded_at=[at for at in series.excluded_at if at >= cut],
    )
    place(series, rest, cut)
    rule = parse(series.recurrence or "")
    rest.recurrence = str(rule if rule.count is None else replace(rule, count=rule.count - before))
    last = cut - timedelta(seconds=1)
    local = last.astimezone(ZoneInfo(series.time_zone or "UTC")).date()
    series.recurrence = str(replace(rule, count=None, until=last if series.starts_on is None else local))
    series.excluded_at = [at for at in series.excluded_at if at < cut]
    for one in (series, rest):
        if wrong := recur(one):
            raise Invalid(wrong)
    ctx.session.add(rest)
    ctx.held.add(rest.id)
    await ctx.session.flush()
    await copy_contacts(ctx, series.id, [rest.id])
    for occurrence in await changed_occurrences(ctx, series.id):
        if occurrence.occurrence_at is not None and occurrence.occurrence_at >= cut:
            occurrence.series_id = rest.id
    return rest.id, True


async def _changeable(ctx: Context, series_id: UUID) -> Activity:
    series = await ctx.load(Activity, series_id)
    await require_change(ctx, series)
    return _recurring(series)


def _recurring(activity: Activity) -> Activity:
    if activity.recurrence is None:
        raise NotRecurring
    return activity


async def _require_occurrence(ctx: Context, series: Activity, at: datetime) -> None:
    """Raise Invalid or OccurrenceChanged unless it is one that was not changed yet."""
    if not pattern_of(series).has(at):
        raise Invalid([("/occurrence_at", "no_occurrence", _NO_OCCURRENCE)])
    await _refuse_taken(ctx, series, at)


async def _refuse_taken(ctx: Context, series: Activity, at: datetime) -> None:
    for row in await ctx.run(_TAKEN, series_id=series.id, at=at):
        seen = await is_visible(ctx, "activity", row["id"])
        raise OccurrenceChanged(extra={"activity_id": row["id"] if seen else None})
