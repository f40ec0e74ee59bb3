"""When a meeting is: whole days or a time, once or again and again."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from app.activities.models import Activity
from app.identity.references import FieldProblem
from app.meetings.recurrence import Pattern, instant, pattern, validate
from app.meetings.rules import RuleError

MIDNIGHT = time()
_NEEDED = {"de": "Dieses Feld ist erforderlich.", "en": "This field is required."}
_ALL_DAY = {
    "de": "Bei ganztägigen Besprechungen gelten „starts_on“ und „ends_on“.",
    "en": "All-day meetings take “starts_on” and “ends_on”.",
}
_NOT_ALL_DAY = {
    "de": "Das gibt es nur bei ganztägigen Besprechungen („all_day“).",
    "en": "Only all-day meetings (“all_day”) have this.",
}
_BACKWARDS = {"de": "Das Ende liegt vor dem Anfang.", "en": "The end lies before the start."}


def settle(activity: Activity, *, all_day: bool, named: set[str]) -> list[FieldProblem]:
    """Derive what follows from the days or times that were set; `named` are the fields that somebody sent. Returns what is wrong."""
    if not all_day:
        activity.starts_on = activity.ends_on = None
        errors: list[FieldProblem] = []
        errors += [(f"/{name}", "not_all_day", _NOT_ALL_DAY) for name in ("starts_on", "ends_on") if name in named]
        if activity.starts_at is None:
            errors.append(("/starts_at", "missing", _NEEDED))
        return errors
    errors = [(f"/{name}", "all_day", _ALL_DAY) for name in ("starts_at", "ends_at") if name in named]
    if activity.starts_on is None:
        return [*errors, ("/starts_on", "missing", _NEEDED)]
    activity.ends_on = activity.ends_on or activity.starts_on
    if activity.ends_on < activity.starts_on:
        return [*errors, ("/ends_on", "ends_before_start", _BACKWARDS)]
    zone = ZoneInfo(activity.time_zone or "UTC")
    activity.starts_at = instant(activity.starts_on, MIDNIGHT, zone)
    activity.ends_at = instant(activity.ends_on + timedelta(days=1), MIDNIGHT, zone)
    return errors


def recur(activity: Activity) -> list[FieldProblem]:
    """Put the series' rule in its usual form and reckon when it ends; returns what is wrong."""
    activity.recurs_until = None
    if activity.recurrence is None or activity.starts_at is None:
        return []
    zone, all_day = activity.time_zone or "UTC", activity.starts_on is not None
    try:
        activity.recurrence = validate(activity.recurrence, activity.starts_at, zone, all_day=all_day)
    except RuleError as error:
        return [("/recurrence", error.code, error.texts)]
    last = pattern_of(activity).last()
    activity.recurs_until = None if last is None else when(activity, last).ends_at or last
    return []


class Recurring(Protocol):
    """A series: the activity, or a row with its times."""

    @property
    def starts_at(self) -> datetime | None: ...
    @property
    def ends_at(self) -> datetime | None: ...
    @property
    def starts_on(self) -> date | None: ...
    @property
    def ends_on(self) -> date | None: ...
    @property
    def time_zone(self) -> str | None: ...
    @property
    def recurrence(self) -> str | None: ...
    @property
    def recurs_until(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class When:
    """When one occurrence is."""

    starts_at: datetime
    ends_at: datetime | None
    starts_on: date | None = None
    ends_on: date | None = None


def pattern_of(series: Recurring) -> Pattern:
    """When the series' occurrences start. With its end known, a counted one need not be counted from the beginning."""
    assert series.recurrence is not None
    assert series.starts_at is not None
    found = pattern(series.recurrence, series.starts_at, series.time_zone or "UTC")
    if found.rule.count is None or series.recurs_until is None:
        return found
    until: date | datetime = series.recurs_until
    if series.starts_on is not None and series.ends_on is not None:
        days = series.ends_on - series.starts_on + timedelta(days=1)
        until = series.recurs_until.astimezone(found.zone).date() - days
    elif series.ends_at is not None:
        until = series.recurs_until - (series.ends_at - series.starts_at)
    return replace(found, rule=replace(found.rule, count=None, until=until))


def when(series: Recurring, at: datetime) -> When:
    """When the occurrence is that starts then: as long as the first, or as many days."""
    assert series.starts_at is not None
    if series.starts_on is not None and series.ends_on is not None:
        zone = ZoneInfo(series.time_zone or "UTC")
        first = at.astimezone(zone).date()
        last = first + (series.ends_on - series.starts_on)
        return When(at, instant(last + timedelta(days=1), MIDNIGHT, zone), first, last)
    return When(at, None if series.ends_at is None else at + (series.ends_at - series.starts_at))


def place(series: Activity, occurrence: Activity, at: datetime) -> None:
    """Let the occurrence take place then, as the series' rule has it."""
    is_at = when(series, at)
    occurrence.starts_at, occurrence.ends_at = is_at.starts_at, is_at.ends_at
    occurrence.starts_on, occurrence.ends_on = is_at.starts_on, is_at.ends_on


def is_over(activity: Activity, now: datetime) -> bool:
    """Whether it has ended; a series with its last occurrence."""
    if activity.recurrence is not None:
        return activity.recurs_until is not None and activity.recurs_until <= now
    end = activity.ends_at or activity.starts_at
    return end is not None and end <= now
