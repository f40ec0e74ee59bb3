"""Calendars as iCalendar files (RFC 5545). Imported when the first one is written: it brings a library.

The library gives the time zones. Events are written here: it would take ten times as long, for every program that asks.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from icalendar import Timezone

_BUSY = "Beschäftigt"
_LONGEST_TEXT = 2000
_SPECIAL = re.compile(r"[\\;,]")


def write(name: str, details: str, rows: Sequence[Any], taken: Mapping[UUID, set[datetime]]) -> bytes:
    """The calendar file. A series has its rule; its changed occurrences follow it, those not shown are excluded from it.

    Times of series stand in their zone, so that programs keep the clock across summer time; all others in UTC.
    """
    series = {row["id"]: row for row in rows if row["recurrence"] is not None}
    single = [row for row in rows if row["recurrence"] is None]
    shown: dict[UUID, set[datetime]] = {id_: set() for id_ in series}
    for row in single:
        if row["series_id"] in series:
            shown[row["series_id"]].add(row["occurrence_at"])
    lines = [
        *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Leadwerk//Leadwerk//DE", "METHOD:PUBLISH"),
        f"X-WR-CALNAME:{_text(name)}",
        *("REFRESH-INTERVAL;VALUE=DURATION:PT1H", "X-PUBLISHED-TTL:PT1H"),
    ]
    years: dict[str, int] = {}
    for row in series.values():
        if row["starts_on"] is None and not _is_utc(row["time_zone"]):
            year = row["starts_at"].year
            years[row["time_zone"]] = min(year, years.get(row["time_zone"], year))
    for zone, year in sorted(years.items()):
        lines += _time_zone(zone, year, datetime.now(UTC).year)
    for row in series.values():
        left_out = sorted({*row["excluded_at"], *(taken[row["id"]] - shown[row["id"]])})
        own = [f"RRULE:{row['recurrence']}", *(_moment("EXDATE", row, at) for at in left_out)]
        lines += _event(row, row["id"], details, own)
    for row in single:
        of = series.get(row["series_id"])
        own = [] if of is None else [_moment("RECURRENCE-ID", of, row["occurrence_at"])]
        lines += _event(row, row["id"] if of is None else of["id"], details, own)
    lines += ["END:VCALENDAR", ""]
    return "\r\n".join(map(_folded, lines)).encode()


@lru_cache(maxsize=64)
def _time_zone(name: str, first: int, now: int) -> list[str]:
    """The zone's changes of the clock, from the first series' year until twenty years from now."""
    zone = Timezone.from_tzid(name, first_date=date(first, 1, 1), last_date=date(now + 20, 1, 1))
    unfolded: str = zone.to_ical().decode().replace("\r\n ", "")
    return unfolded.strip().split("\r\n")


def _event(row: Any, uid: UUID, details: str, own: Sequence[str]) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{uid}"
    yield f"DTSTAMP:{_utc(row['updated_at'])}"
    yield f"SEQUENCE:{row['version'] - 1}"
    if row["starts_on"] is not None:
        yield f"DTSTART;VALUE=DATE:{row['starts_on']:%Y%m%d}"
        yield f"DTEND;VALUE=DATE:{row['ends_on'] + timedelta(days=1):%Y%m%d}"
    else:
        yield _moment("DTSTART", row, row["starts_at"])
        if row["ends_at"] is not None:
            yield _moment("DTEND", row, row["ends_at"])
    yield from own
    yield "STATUS:CONFIRMED"
    yield "CLASS:PRIVATE"
    if details == "busy":
        yield f"SUMMARY:{_BUSY}"
    else:
        yield f"SUMMARY:{_text(' – '.join(filter(None, (row['subject'], row['account_name']))))}"
        if row["location"]:
            yield f"LOCATION:{_text(row['location'])}"
        if row["description"]:
            yield f"DESCRIPTION:{_text(row['description'][:_LONGEST_TEXT])}"
    yield "END:VEVENT"


def _moment(name: str, row: Any, at: datetime) -> str:
    """A property that says when: of a series, whose clock matters, in its zone; of an all-day series, the day."""
    zone = row["time_zone"]
    if row["starts_on"] is not None:
        return f"{name};VALUE=DATE:{at.astimezone(ZoneInfo(zone or 'UTC')):%Y%m%d}"
    if row["recurrence"] is None or _is_utc(zone):
        return f"{name}:{_utc(at)}"
    return f"{name};TZID={zone}:{at.astimezone(ZoneInfo(zone)):%Y%m%dT%H%M%S}"


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _is_utc(zone: str | None) -> bool:
    return zone is None or zone in ("UTC", "Etc/UTC", "Zulu", "Etc/Zulu")


def _text(text: str) -> str:
    """Escaped, as a value of type TEXT."""
    return "\\n".join(_SPECIAL.sub(r"\\\g<0>", text).splitlines())


def _folded(line: str) -> str:
    """In parts of at most 75 octets, no character torn."""
    if len(line) * 4 <= 75 or len(line.encode()) <= 75:
        return line
    parts, part, size = [], "", 0
    for character in line:
        octets = len(character.encode())
        if size + octets > 75:
            parts.append(part)
            part, size = " ", 1
        part, size = part + character, size + octets
    return "\r\n".join([*parts, part])
