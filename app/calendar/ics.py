"""Calendars as iCalendar files (RFC 5545). Imported when the first one is written: it brings a library."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, vRecur

_BUSY = "Beschäftigt"
_LONGEST_TEXT = 2000


def write(name: str, details: str, rows: Sequence[Any], taken: Mapping[UUID, set[datetime]]) -> bytes:
    """The calendar file. A series has its rule; its changed occurrences follow it, those not shown are excluded from it.

    Times of series stand in their zone, so that programs keep the clock across summer time; all others in UTC.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//Leadwerk//Leadwerk//DE")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    series = {row["id"]: row for row in rows if row["recurrence"] is not None}
    single = [row for row in rows if row["recurrence"] is None]
    shown: dict[UUID, set[datetime]] = {id_: set() for id_ in series}
    for row in single:
        if row["series_id"] in series:
            shown[row["series_id"]].add(row["occurrence_at"])
    first: dict[str, date] = {}
    for row in series.values():
        if row["starts_on"] is None and not _is_utc(row["time_zone"]):
            day = row["starts_at"].date()
            first[row["time_zone"]] = min(day, first.get(row["time_zone"], day))
    for zone, day in sorted(first.items()):
        calendar.add_component(_time_zone(zone, day.year, datetime.now(UTC).year))
    for row in series.values():
        event = _event(row, details)
        event.add("rrule", vRecur.from_ical(row["recurrence"]))
        for at in sorted({*row["excluded_at"], *(taken[row["id"]] - shown[row["id"]])}):
            event.add("exdate", _named(row, at))
        calendar.add_component(event)
    for row in single:
        event = _event(row, details)
        if (of := series.get(row["series_id"])) is not None:
            event["uid"] = str(of["id"])
            event.add("recurrence-id", _named(of, row["occurrence_at"]))
        calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written


@lru_cache(maxsize=64)
def _time_zone(name: str, first: int, now: int) -> Timezone:
    """The zone's changes of the clock, from the first series' year until twenty years from now."""
    return Timezone.from_tzid(name, first_date=date(first, 1, 1), last_date=date(now + 20, 1, 1))


def _event(row: Mapping[str, Any], details: str) -> Event:
    event = Event()
    event.add("uid", str(row["id"]))
    event.add("dtstamp", row["updated_at"].astimezone(UTC).replace(microsecond=0))
    event.add("sequence", row["version"] - 1)
    if row["starts_on"] is not None:
        event.add("dtstart", row["starts_on"])
        event.add("dtend", row["ends_on"] + timedelta(days=1))
    else:
        event.add("dtstart", _time(row, row["starts_at"]))
        if row["ends_at"] is not None:
            event.add("dtend", _time(row, row["ends_at"]))
    event.add("status", "CONFIRMED")
    event.add("class", "PRIVATE")
    if details == "busy":
        event.add("summary", _BUSY)
        return event
    event.add("summary", " – ".join(filter(None, (row["subject"], row["account_name"]))))
    if row["location"]:
        event.add("location", row["location"])
    if row["description"]:
        event.add("description", row["description"][:_LONGEST_TEXT])
    return event


def _time(row: Mapping[str, Any], at: datetime) -> datetime:
    """As the file says it: series, whose clock matters, in their zone."""
    if row["recurrence"] is None or _is_utc(row["time_zone"]):
        return at.astimezone(UTC).replace(microsecond=0)
    return at.astimezone(ZoneInfo(row["time_zone"])).replace(microsecond=0)


def _named(series: Mapping[str, Any], at: datetime) -> date | datetime:
    """An occurrence as its series knows it."""
    if series["starts_on"] is not None:
        return at.astimezone(ZoneInfo(series["time_zone"] or "UTC")).date()
    return _time(series, at)


def _is_utc(zone: str | None) -> bool:
    return zone is None or zone in ("UTC", "Etc/UTC", "Zulu", "Etc/Zulu")
