"""Who calls whom: the next entry of a list for one person alone, and what becomes of it (CALL-5)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.activities.schemas import NoteCreate
from app.activities.service import begin, finish, note, zone_of
from app.call_lists import queries, statements
from app.call_lists.lists import CallList
from app.call_lists.problems import EntryClaimed
from app.call_lists.queries import Shape
from app.call_lists.schemas import CallAttempt, CallFilters, CallSnooze
from app.call_lists.service import bound, called, entries, require, shape_of
from app.core.clock import moment
from app.core.context import Context
from app.core.db import new_id
from app.core.permissions import Permission
from app.core.problems import Invalid, NotFound
from app.leads.access import may_change
from app.leads.models import Lead

CLAIMED_FOR = timedelta(minutes=30)
_LOOKED_AT = 200
"""Entries among which a free one is looked for: one company may have many."""
_RETRIES = 20
"""How often somebody else may be quicker before nothing is given."""
_LONGEST = timedelta(days=366)
_FUTURE = {"de": "Der Zeitpunkt muss in der Zukunft liegen.", "en": "The time must lie in the future."}
_TOO_LONG = {"de": "Höchstens ein Jahr ist möglich.", "en": "A year is the most."}
_RETRY = {"not_reached": 1, "wrong_number": 7}
_REACHED = {
    "de": "Wer erreicht wurde, ist nicht mehr auf der Liste.",
    "en": "Whoever was reached is no longer on the list.",
}
_SUBJECTS = {
    "reached": "Angerufen: erreicht",
    "not_reached": "Angerufen: nicht erreicht",
    "wrong_number": "Angerufen: falsche Nummer",
}


async def next_call(ctx: Context, name: str, asked: CallFilters) -> dict[str, Any]:
    """As `NextCall`: the asker's running claim, or a new one. Raises NotFound, Forbidden, Invalid."""
    of = called(name)
    require(ctx, of)
    shape = shape_of(ctx, of, asked, free=True)
    ctx.begin()
    await ctx.run(statements.QUEUE, key=f"{name} {ctx.user.user_id}")
    await ctx.plan_by_values()
    values = bound(ctx, of, asked)
    for row in await ctx.fetch(statements.RUNNING, list=name, now=ctx.now):
        if await _on_list(ctx, of, row["record_id"], values):
            return await _given(ctx, of, row["record_id"], row["expires_at"])
    await ctx.fetch(statements.END, list=name)
    expires_at = ctx.now + CLAIMED_FOR
    for _ in range(_RETRIES):
        found = await ctx.fetch(queries.candidate(shape), **values, row_limit=_LOOKED_AT)
        if not found:
            if not await ctx.fetch(queries.contended(shape), **values, row_limit=_LOOKED_AT):
                break
            continue
        claim = {"company_id": found[0]["company_id"], "entry_id": found[0]["entry_id"], "expires_at": expires_at}
        if await ctx.fetch(statements.CLAIM, **claim, list=name, now=ctx.now):
            return await _given(ctx, of, found[0]["entry_id"], expires_at)
    return {"entry": None, "expires_at": None, "script": None, "activities": []}


async def _given(ctx: Context, of: CallList, entry_id: UUID, expires_at: datetime) -> dict[str, Any]:
    entry = (await entries(ctx, of, [entry_id]))[0]
    script = None
    if entry["account"] is not None:
        for row in await ctx.fetch(queries.script(ctx.reach), account_id=entry["account"]["id"]):
            label = {"de": row["label_de"], "en": row["label_en"]}
            script = {"call_type": row["key"], "label": label, "script_version_id": row["id"]}
    activities = []
    if ctx.may(Permission.ACTIVITIES_READ):
        activities = [
            {**dict(row), "at": moment(row["at"])}
            for row in await ctx.fetch(queries.recent(of.record_type, ctx.reach), record_id=entry_id, now=ctx.now)
        ]
    return {"entry": entry, "expires_at": moment(expires_at), "script": script, "activities": activities}


async def _on_list(ctx: Context, of: CallList, entry_id: UUID, values: dict[str, Any]) -> Any:
    """The entry's company and whether somebody else is calling there; None when it is not on the list, or not seen."""
    shape = Shape(of.name, ctx.reach, of.default_sort)
    rows = await ctx.fetch(queries.one(shape), **values, entry_id=entry_id)
    return rows[0] if rows else None


async def _own_entry(ctx: Context, name: str, entry_id: UUID) -> CallList:
    """The list, with the entry in it. Raises NotFound, Forbidden, EntryClaimed."""
    of = called(name)
    require(ctx, of)
    ctx.begin()
    found = await _on_list(ctx, of, entry_id, bound(ctx, of, CallFilters(days=1)))
    if found is None:
        raise NotFound
    if found["claimed"]:
        raise EntryClaimed
    return of


async def _put_off(ctx: Context, of: CallList, entry_id: UUID, until: datetime, *, for_user_id: UUID | None) -> None:
    await ctx.fetch(statements.FORGET, now=ctx.now)
    await ctx.fetch(
        statements.PUT_OFF, id=new_id(), list=of.name, entry_id=entry_id, for_user_id=for_user_id, until=until
    )
    await ctx.fetch(statements.RELEASE, list=of.name, entry_id=entry_id)


async def skip(ctx: Context, name: str, entry_id: UUID) -> dict[str, Any]:
    """Not today, and not for the asker: others are given it. Raises NotFound, Forbidden, EntryClaimed."""
    of = await _own_entry(ctx, name, entry_id)
    tomorrow = (ctx.now.astimezone(ZoneInfo(zone_of(ctx))) + timedelta(days=1)).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    await _put_off(ctx, of, entry_id, tomorrow.astimezone(UTC), for_user_id=ctx.user.user_id)
    return (await entries(ctx, of, [entry_id]))[0]


async def snooze(ctx: Context, name: str, entry_id: UUID, body: CallSnooze) -> dict[str, Any]:
    """Nobody is given it until then. Raises NotFound, Forbidden, EntryClaimed, Invalid."""
    of = await _own_entry(ctx, name, entry_id)
    until = body.until or ctx.now + timedelta(days=body.in_days or 1)
    if until <= ctx.now:
        raise Invalid([("/until", "not_in_the_future", _FUTURE)])
    if until > ctx.now + _LONGEST:
        raise Invalid([("/until", "too_long", _TOO_LONG)])
    await _put_off(ctx, of, entry_id, until, for_user_id=None)
    return (await entries(ctx, of, [entry_id]))[0]


async def release(ctx: Context, name: str, entry_id: UUID) -> dict[str, Any]:
    """Others may be given it again. Raises NotFound, Forbidden, EntryClaimed."""
    of = await _own_entry(ctx, name, entry_id)
    await ctx.fetch(statements.RELEASE, list=of.name, entry_id=entry_id)
    return (await entries(ctx, of, [entry_id]))[0]


async def attempt(ctx: Context, lead_id: UUID, body: CallAttempt) -> dict[str, Any]:
    """A lead was called: a note says so, and what comes next follows from the outcome.

    Raises NotFound, Forbidden, NotYourLead, EntryClaimed, Invalid.
    """
    ctx.require(Permission.LEADS_UPDATE)
    if body.outcome == "reached" and body.retry_in_days is not None:
        raise Invalid([("/retry_in_days", "reached", _REACHED)])
    of = await _own_entry(ctx, "leads-never-contacted", lead_id)
    lead = await ctx.load(Lead, lead_id)
    may_change(ctx, lead)
    text = body.note or _SUBJECTS[body.outcome]
    written = NoteCreate(type="note", subject=_SUBJECTS[body.outcome], description=text, lead_id=lead_id)
    activity, errors = await begin(ctx, written, "note", None)
    if errors:
        raise Invalid(errors)
    note(ctx, activity, written)
    await finish(ctx, activity)
    until = None
    if body.outcome == "reached":
        lead.contacted_on = ctx.today
        await ctx.fetch(statements.RELEASE, list=of.name, entry_id=lead_id)
    else:
        until = ctx.now + timedelta(days=body.retry_in_days or _RETRY[body.outcome])
        await _put_off(ctx, of, lead_id, until, for_user_id=None)
    return {
        "outcome": body.outcome,
        "activity": {"id": activity.id, "name": activity.subject},
        "put_off_until": None if until is None else moment(until),
    }


async def mark(ctx: Context, name: str, *, favourite: bool) -> None:
    """Make the list a favourite of the asker's, or take it back. Raises NotFound, Forbidden."""
    require(ctx, called(name))
    ctx.begin()
    await ctx.fetch(statements.MARK if favourite else statements.UNMARK, list=name)
