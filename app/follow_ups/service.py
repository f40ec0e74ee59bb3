"""Follow-ups: making, changing, putting off, handing over and doing them (FUP-1)."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from types import SimpleNamespace
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Request
from sqlalchemy import literal, select, update
from starlette.responses import Response

from app.activities.service import UNKNOWN, records_of
from app.core.context import Context
from app.core.db import new_id
from app.core.permissions import Permission
from app.core.principal import UserPrincipal, may, reach
from app.core.problems import Invalid
from app.core.records import is_visible
from app.core.resource import Resource
from app.core.visibility import scope, unscoped
from app.core.writing import already_created, assign, request_hash, require_match
from app.follow_ups.due import Due, Place, due_of, on_day, wrong
from app.follow_ups.jobs import shortened
from app.follow_ups.models import FollowUp
from app.follow_ups.problems import FollowUpDone, NotYourFollowUp
from app.follow_ups.queries import COUNT, FOLLOW_UP
from app.follow_ups.records import KINDS
from app.follow_ups.schemas import (
    Followed,
    FollowUpCreate,
    FollowUpQuery,
    FollowUpsOf,
    FollowUpUpdate,
    HandOver,
    Snooze,
)
from app.identity.references import FieldProblem, unknown_references
from app.identity.standing import standing_of
from app.notifications import notify
from app.reminders import Wanted, follow, forget

_BLIND = {
    "de": "Diese Person sieht den Datensatz nicht.",
    "en": "This person does not see the record.",
}
_TWICE = {"de": "Entweder ein Tag oder ein Zeitpunkt.", "en": "Either a day or a moment."}


def resource(ctx: Context) -> Resource:
    """How the asker reads follow-ups."""
    return FOLLOW_UP["all" if ctx.reach == "all" else "member"]


async def page(ctx: Context, request: Request, query: FollowUpQuery) -> Response:
    """The list. Where neither a record nor people are named, it is the asker's own. Raises Forbidden, InvalidCursor."""
    ctx.require(Permission.ACTIVITIES_READ)
    asked = FollowUpsOf(**query.model_dump())
    if not (asked.assignee_id or asked.created_by or asked.record_id):
        asked.assignee_id = [ctx.user.user_id]
    today, tomorrow = _day(ctx)
    match asked.state:
        case "done":
            asked.is_done = True
        case None:
            pass
        case state:
            asked.is_open = True
            asked.state_before = {"due": tomorrow, "overdue": today}.get(state)
            asked.state_after = tomorrow if state == "coming" else None
    return await resource(ctx).page(ctx, request, asked)


async def count(ctx: Context) -> Mapping[str, int]:
    """How many of the asker's follow-ups are open, by when they are due."""
    ctx.require(Permission.ACTIVITIES_READ)
    today, tomorrow = _day(ctx)
    return dict(await ctx.fetch_one(COUNT, today=today, tomorrow=tomorrow))


async def create(ctx: Context, body: FollowUpCreate) -> tuple[UUID, bool]:
    """Make a follow-up; returns its id and whether it is new. Raises Forbidden, Invalid, IdTaken, ConvertFirst, LeadClosed."""
    ctx.require(Permission.FOLLOW_UPS_WRITE)
    asked = request_hash(body)
    if body.id is not None and await already_created(ctx, FollowUp, body.id, asked):
        return body.id, False
    errors = wrong(body) + await _about(ctx, body.record)
    if not errors:
        errors += await _cannot_have(ctx, body.assignee_id, body.record.type, body.record.id)
    if errors:
        raise Invalid(errors)
    assignee = body.assignee_id or ctx.user.user_id
    due = await due_of(ctx, body, await _place(ctx, assignee), body.record.type, body.record.id)
    follow_up = FollowUp(
        id=body.id or new_id(),
        note=body.note,
        assignee_id=assignee,
        due_on=due.on,
        due_at=due.at,
        status="open",
        snoozed=0,
        created_by=ctx.user_id,
        request_hash=asked,
        **{f"{body.record.type}_id": body.record.id},
    )
    ctx.session.add(follow_up)
    ctx.held.add(follow_up.id)
    await ctx.session.flush()
    await _remind(ctx, follow_up, None, None)
    await _tell_assignee(ctx, follow_up)
    return follow_up.id, True


async def change(ctx: Context, follow_up_id: UUID, patch: FollowUpUpdate, if_match: str | None) -> None:
    """Change a follow-up. Raises NotFound, Forbidden, NotYourFollowUp, PreconditionRequired, StaleVersion, Invalid."""
    follow_up = await _own(ctx, follow_up_id)
    await require_match(ctx, resource(ctx), follow_up, if_match)
    named = patch.model_fields_set
    if {"due_on", "due_at"} <= named:
        raise Invalid([("/due_at", "one_of", _TWICE)])
    before, due_at = _wanted(follow_up), follow_up.due_at
    assign(follow_up, patch, leave=("due_on", "due_at", "status"))
    if "due_on" in named:
        _set(follow_up, on_day(patch.due_on, (await _place(ctx, follow_up.assignee_id)).time_zone))
    elif "due_at" in named:
        _set(follow_up, Due(None, patch.due_at))
    if "status" in named:
        _mark(ctx, follow_up, patch.status)
    await _remind(ctx, follow_up, before, due_at)


async def done(ctx: Context, follow_up_id: UUID) -> None:
    """Mark a follow-up as done; again changes nothing. Raises NotFound, Forbidden, NotYourFollowUp."""
    follow_up = await _own(ctx, follow_up_id)
    before = _wanted(follow_up)
    _mark(ctx, follow_up, "done")
    await _remind(ctx, follow_up, before, follow_up.due_at)


async def snooze(ctx: Context, follow_up_id: UUID, body: Snooze) -> None:
    """Put a follow-up off: the assignee is reminded again then. Raises NotFound, Forbidden, NotYourFollowUp, FollowUpDone,
    Invalid.
    """
    follow_up = await _own(ctx, follow_up_id)
    if follow_up.status == "done":
        raise FollowUpDone
    before, due_at = _wanted(follow_up), follow_up.due_at
    place = await _place(ctx, follow_up.assignee_id)
    _set(follow_up, await due_of(ctx, body, place, *follow_up.about))
    follow_up.snoozed += 1
    await _remind(ctx, follow_up, before, due_at)


async def hand_over(ctx: Context, follow_up_id: UUID, body: HandOver) -> None:
    """Give a follow-up to somebody who sees its record; they are told at once. A day stays the day, by their clock.

    Raises NotFound, Forbidden, NotYourFollowUp, FollowUpDone, Invalid.
    """
    follow_up = await _own(ctx, follow_up_id)
    if follow_up.status == "done":
        raise FollowUpDone
    if follow_up.assignee_id == body.assignee_id:
        return
    if errors := await _cannot_have(ctx, body.assignee_id, *follow_up.about):
        raise Invalid(errors)
    before, due_at = _wanted(follow_up), follow_up.due_at
    follow_up.assignee_id = body.assignee_id
    if follow_up.due_on is not None:
        _set(follow_up, on_day(follow_up.due_on, (await _place(ctx, body.assignee_id)).time_zone))
        due_at = follow_up.due_at
    await _remind(ctx, follow_up, before, due_at)
    await _tell_assignee(ctx, follow_up)


async def remove(ctx: Context, follow_up_id: UUID) -> None:
    """Delete a follow-up. Raises NotFound, Forbidden, NotYourFollowUp."""
    await ctx.session.delete(await _own(ctx, follow_up_id))
    await forget(ctx, "follow_up", follow_up_id)


async def move_to_account(ctx: Context, lead_id: UUID, account_id: UUID) -> None:
    """The open follow-ups of a lead that is converted go on at its customer; what is done stays with the lead."""
    statement = (
        update(FollowUp)
        .where(FollowUp.lead_id == lead_id, FollowUp.status == "open")
        .values(lead_id=None, account_id=account_id)
    )
    await ctx.session.execute(unscoped(statement, reason="nothing is forgotten, whoever has it"))


async def _own(ctx: Context, follow_up_id: UUID) -> FollowUp:
    """The follow-up, locked, for who may change it: assignee and creator, and who sees everything."""
    follow_up = await ctx.load(FollowUp, follow_up_id)
    ctx.require(Permission.FOLLOW_UPS_WRITE)
    if ctx.user_id not in (follow_up.assignee_id, follow_up.created_by) and ctx.reach != "all":
        raise NotYourFollowUp
    return follow_up


async def _about(ctx: Context, on: Followed) -> list[FieldProblem]:
    """What is wrong with the record. Raises Forbidden, ConvertFirst (LEAD-2), LeadClosed."""
    ctx.require(KINDS[on.type].read)
    if on.type == "activity":
        return [] if await is_visible(ctx, on.type, on.id) else [("/record/id", "unknown_record", UNKNOWN)]
    links = dict.fromkeys(("account_id", "contact_id", "lead_id", "opportunity_id")) | {f"{on.type}_id": on.id}
    about = await records_of(ctx, SimpleNamespace(**links))
    return [("/record/id", code, message) for _, code, message in about.errors]


async def _cannot_have(ctx: Context, assignee_id: UUID | None, record_type: str, record_id: UUID) -> list[FieldProblem]:
    """Why this person cannot have a follow-up on the record: they are not there, or do not see it."""
    if assignee_id is None or assignee_id == ctx.user_id:
        return []
    standing = await standing_of(ctx, assignee_id)
    if standing is None or not standing.active:
        return await unknown_references(ctx, users=[("/assignee_id", assignee_id)])
    kind, person = KINDS[record_type], standing.principal
    found = select(literal(1)).where(kind.model.id == record_id)
    seen = scope(found, kind.model, reach(person), person)
    if may(person, kind.read) and (await ctx.session.execute(seen)).first() is not None:
        return []
    return [("/assignee_id", "cannot_see_record", _BLIND)]


async def _place(ctx: Context, user_id: UUID) -> Place:
    person = ctx.principal if isinstance(ctx.principal, UserPrincipal) and user_id == ctx.user_id else None
    if person is None:
        standing = await standing_of(ctx, user_id)
        assert standing is not None
        person = standing.principal
    return Place(person.time_zone, person.country)


def _day(ctx: Context) -> tuple[datetime, datetime]:
    """When the asker's today began, and when it ends."""
    zone = ZoneInfo(ctx.user.time_zone)
    today = ctx.now.astimezone(zone).date()
    first, last = (datetime.combine(today + timedelta(days=i), time(), zone).astimezone(UTC) for i in (0, 1))
    return first, last


def _set(follow_up: FollowUp, due: Due) -> None:
    follow_up.due_on, follow_up.due_at = due.on, due.at


def _mark(ctx: Context, follow_up: FollowUp, status: str) -> None:
    if follow_up.status != status:
        follow_up.status = status
        follow_up.done_at, follow_up.done_by = (ctx.now, ctx.user_id) if status == "done" else (None, None)


def _wanted(follow_up: FollowUp) -> Wanted | None:
    return Wanted(follow_up.assignee_id, follow_up.due_at) if follow_up.status == "open" else None


async def _remind(ctx: Context, follow_up: FollowUp, before: Wanted | None, due_at: datetime | None) -> None:
    after, newly = _wanted(follow_up), follow_up.due_at != due_at
    await follow(ctx, "follow_up", follow_up.id, "follow_up_due", before=before, after=after, newly=newly)


async def _tell_assignee(ctx: Context, follow_up: FollowUp) -> None:
    if follow_up.assignee_id == ctx.user_id:
        return
    record_type, record_id = follow_up.about
    kind = KINDS[record_type]
    name = unscoped(
        select(kind.name).where(kind.model.id == record_id), reason="asker and assignee both see the record"
    )
    place = await _place(ctx, follow_up.assignee_id)
    await notify(
        ctx,
        [follow_up.assignee_id],
        "follow_up_handed_over",
        record_type="follow_up",
        record_id=follow_up.id,
        data={
            "name": (await ctx.session.execute(name)).scalar_one(),
            "note": shortened(follow_up.note),
            "day": follow_up.due_on or follow_up.due_at.astimezone(ZoneInfo(place.time_zone)).date(),
        },
    )
