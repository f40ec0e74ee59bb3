"""What stands in calendars (ID-8): series expanded, changed occurrences in their places."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from app.activities.service import LONGEST
from app.calendar.problems import TooManyEvents
from app.calendar.queries import IS_SHARED, TAKEN, events
from app.calendar.schemas import CalendarQuery
from app.core.clock import moment
from app.core.context import Context
from app.core.permissions import Permission
from app.core.problems import Invalid, NotFound
from app.meetings.times import When, pattern_of, when

MAX_SPAN = timedelta(days=100)
MAX_EVENTS = 5000
_TOO_LONG = {"de": "Höchstens {} Tage.", "en": "At most {} days."}
_BACKWARDS = {"de": "Das Ende liegt vor dem Anfang.", "en": "The end lies before the start."}


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A row of the calendar at one of its times; `at` is the occurrence's name in a series, and None for what is once."""

    row: Mapping[str, Any]
    at: datetime | None
    when: When


@dataclass(frozen=True, slots=True)
class Series:
    """What a row says about when its series is."""

    starts_at: datetime
    ends_at: datetime | None
    starts_on: date | None
    ends_on: date | None
    time_zone: str | None
    recurrence: str | None
    recurs_until: datetime | None


async def calendar(ctx: Context, query: CalendarQuery) -> list[dict[str, Any]]:
    """The events of the asker, or of somebody who shares their calendar with them, that touch the time asked for, by start.

    Raises Forbidden, NotFound (nobody's calendar that the asker may read), Invalid, TooManyEvents.
    """
    ctx.require(Permission.ACTIVITIES_READ)
    check_span(query.after, query.before, MAX_SPAN, "?to")
    owner = query.user_id or ctx.user.user_id
    if owner != ctx.user.user_id and ctx.reach != "all" and not await ctx.fetch(IS_SHARED, owner=owner):
        raise NotFound
    values = binds([owner], query.types, query.after, query.before)
    rows = await ctx.fetch(events(ctx.reach), **values, most=MAX_EVENTS + 1)
    taken = await changed_starts(ctx, rows)
    shown = []
    for found in expanded(rows, taken, query.after, query.before):
        shown.append(found)
        if len(shown) > MAX_EVENTS:
            raise TooManyEvents(limit=MAX_EVENTS)
    shown.sort(key=lambda o: (o.when.starts_at, o.row["id"]))
    return [_event(found) for found in shown]


def check_span(after: datetime, before: datetime, most: timedelta, pointer: str) -> None:
    """Raise Invalid when the time asked for is backwards or too long."""
    if before < after:
        raise Invalid([(pointer, "ends_before_start", _BACKWARDS)])
    if before - after > most:
        raise Invalid([(pointer, "too_long", {k: v.format(most.days) for k, v in _TOO_LONG.items()})])


def binds(users: Sequence[UUID], types: Sequence[str], after: datetime, before: datetime) -> dict[str, Any]:
    """What the statements about calendars are asked with."""
    return {"users": list(users), "types": list(types), "after": after, "before": before, "since": after - LONGEST}


async def changed_starts(ctx: Context, rows: Sequence[Any]) -> dict[UUID, set[datetime]]:
    """Of each series among the rows, the occurrences that became meetings of their own."""
    series = [row["id"] for row in rows if row["recurrence"] is not None]
    taken: dict[UUID, set[datetime]] = {id_: set() for id_ in series}
    if series:
        for row in await ctx.fetch(TAKEN, series=series):
            taken[row["series_id"]].add(row["occurrence_at"])
    return taken


def expanded(
    rows: Sequence[Any], taken: Mapping[UUID, set[datetime]], after: datetime, before: datetime
) -> Iterator[Occurrence]:
    """Each row at the times at which it takes place between the two, or reaches into them."""
    for row in rows:
        if row["recurrence"] is None:
            start = row["starts_at"] or row["due_at"]
            yield Occurrence(row, row["occurrence_at"], When(start, row["ends_at"], row["starts_on"], row["ends_on"]))
            continue
        series = Series(*(row[field.name] for field in fields(Series)))
        since = (
            after - (timedelta() if series.ends_at is None else series.ends_at - series.starts_at) - timedelta(days=1)
        )
        without = {*row["excluded_at"], *taken[row["id"]]}
        for at in pattern_of(series).between(since, before, without):
            found = when(series, at)
            if at >= after or (found.ends_at is not None and found.ends_at > after):
                yield Occurrence(row, at, found)


def _event(found: Occurrence) -> dict[str, Any]:
    row, when = found.row, found.when
    return {
        "activity_id": row["id"],
        "version": row["version"],
        "type": row["type"],
        "series_id": row["series_id"] if row["recurrence"] is None else row["id"],
        "occurrence_at": None if found.at is None else moment(found.at),
        "subject": row["subject"],
        "status": row["status"],
        "starts_at": moment(when.starts_at),
        "ends_at": None if when.ends_at is None else moment(when.ends_at),
        "all_day": when.starts_on is not None,
        "starts_on": when.starts_on,
        "ends_on": when.ends_on,
        "time_zone": row["time_zone"],
        "location": row["location"],
        **row["links"],
    }
