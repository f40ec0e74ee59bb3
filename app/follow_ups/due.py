"""When a follow-up is due, as people say it and as the clock knows it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from app.core.context import Context
from app.core.problems import Invalid
from app.core.working_days import add_working_days
from app.follow_ups.queries import place_of
from app.follow_ups.schemas import When
from app.identity.references import FieldProblem

DAY_BEGINS = time(8)
"""When people are reminded of what is due on a day, by their own clock."""
_FIELDS = ("due_on", "due_at", "in_days", "in_working_days")
_ONE = {
    "de": "Nennen Sie genau eines: due_on, due_at, in_days oder in_working_days.",
    "en": "Name exactly one of due_on, due_at, in_days and in_working_days.",
}


@dataclass(frozen=True, slots=True)
class Due:
    """A day, if it is one, and the moment of the reminder."""

    on: date | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Place:
    """Where the assignee's clock stands, and whose holidays they have."""

    time_zone: str
    country: str | None


def on_day(day: date, time_zone: str) -> Due:
    """Due on that day: the reminder comes when it begins there, in summer and in winter."""
    return Due(day, datetime.combine(day, DAY_BEGINS, ZoneInfo(time_zone)).astimezone(UTC))


def wrong(when: When) -> list[FieldProblem]:
    """What is wrong with how it is said."""
    named = [name for name in _FIELDS if getattr(when, name) is not None]
    return [] if len(named) == 1 else [(f"/{named[1]}" if named else "/due_on", "one_of", _ONE)]


async def due_of(ctx: Context, when: When, place: Place, record_type: str, record_id: UUID) -> Due:
    """What was asked for, for an assignee at that place. Raises Invalid."""
    if errors := wrong(when):
        raise Invalid(errors)
    if when.due_at is not None:
        return Due(None, when.due_at)
    today = ctx.now.astimezone(ZoneInfo(place.time_zone)).date()
    if when.in_days is not None:
        return on_day(today + timedelta(days=when.in_days), place.time_zone)
    if when.in_working_days is not None:
        country, state = await _calendar(ctx, place, record_type, record_id)
        return on_day(add_working_days(today, when.in_working_days, country, state), place.time_zone)
    assert when.due_on is not None
    return on_day(when.due_on, place.time_zone)


async def _calendar(ctx: Context, place: Place, record_type: str, record_id: UUID) -> tuple[str | None, str | None]:
    """The assignee's country, with the record's state where that lies in it: people have no state of their own."""
    rows = await ctx.fetch(place_of(record_type), id=record_id)
    country, state = rows[0] if rows else (None, None)
    if place.country is None:
        return country, state
    return place.country, state if country == place.country else None
