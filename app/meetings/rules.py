"""Recurrence rules as RFC 5545 writes them (section 3.3.10), as far as the calendars of people need them. Pure."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Literal

MAX_COUNT = 1000
MAX_INTERVAL = 1000
MAX_LENGTH = 300

Frequency = Literal["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_BY_DAY = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_UNTIL = re.compile(r"([0-9]{8})(T[0-9]{6}Z?)?")
_NUMBER = re.compile(r"[+-]?[0-9]{1,4}")
_LISTS = {
    # part: (greatest number, whether it may count from the end)
    "BYMONTH": (12, False),
    "BYWEEKNO": (53, True),
    "BYYEARDAY": (366, True),
    "BYMONTHDAY": (31, True),
    "BYSETPOS": (366, True),
}
Texts = dict[str, str]


class RuleError(ValueError):
    """The rule cannot be used: a stable code, and a sentence in German and English."""

    def __init__(self, code: str, de: str, en: str) -> None:
        super().__init__(code)
        self.code = code
        self.texts: Texts = {"de": de, "en": en}


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule, taken apart. `until` is a day in series of all-day meetings, an instant in others."""

    freq: Frequency
    interval: int = 1
    count: int | None = None
    until: date | datetime | None = None
    by_month: tuple[int, ...] = ()
    by_week_no: tuple[int, ...] = ()
    by_year_day: tuple[int, ...] = ()
    by_month_day: tuple[int, ...] = ()
    by_day: tuple[tuple[int, int], ...] = ()
    """Each as (weekday from Monday 0, which one of the month or year); 0 is each."""
    by_set_pos: tuple[int, ...] = ()
    week_start: int = 0

    def __str__(self) -> str:
        """The rule as RFC 5545 writes it, its parts in a fixed order."""
        parts = [f"FREQ={self.freq}"]
        if self.interval > 1:
            parts.append(f"INTERVAL={self.interval}")
        if self.count is not None:
            parts.append(f"COUNT={self.count}")
        if self.until is not None:
            parts.append(f"UNTIL={self.until:{'%Y%m%dT%H%M%SZ' if isinstance(self.until, datetime) else '%Y%m%d'}}")
        for name, values in (
            ("BYMONTH", self.by_month),
            ("BYWEEKNO", self.by_week_no),
            ("BYYEARDAY", self.by_year_day),
            ("BYMONTHDAY", self.by_month_day),
            ("BYDAY", [f"{nth or ''}{_WEEKDAYS[day]}" for day, nth in self.by_day]),
            ("BYSETPOS", self.by_set_pos),
        ):
            if values:
                parts.append(f"{name}={','.join(map(str, values))}")
        if self.week_start:
            parts.append(f"WKST={_WEEKDAYS[self.week_start]}")
        return ";".join(parts)


@lru_cache(maxsize=4096)
def parse(text: str) -> Rule:
    """The rule that the text says. Raises RuleError for what is malformed, too large, or finer than days."""
    if len(text) > MAX_LENGTH:
        raise RuleError("rule_too_long", f"Höchstens {MAX_LENGTH} Zeichen.", f"At most {MAX_LENGTH} characters.")
    parts: dict[str, str] = {}
    for part in text.upper().removeprefix("RRULE:").split(";"):
        name, equals, value = part.partition("=")
        if not equals or not value or name in parts:
            raise _malformed(part)
        parts[name] = value
    freq = parts.pop("FREQ", "")
    if freq in ("SECONDLY", "MINUTELY", "HOURLY"):
        raise RuleError(
            "rule_too_fine",
            "Eine Besprechung kann sich höchstens täglich wiederholen.",
            "A meeting can recur daily at most.",
        )
    if freq not in ("DAILY", "WEEKLY", "MONTHLY", "YEARLY"):
        raise _malformed(f"FREQ={freq}")
    rule = Rule(
        freq,  # type: ignore[arg-type]  # one of the four, as checked
        interval=_one(parts, "INTERVAL", MAX_INTERVAL) or 1,
        count=_one(parts, "COUNT", MAX_COUNT),
        until=_until(parts.pop("UNTIL", None)),
        by_month=_many(parts, "BYMONTH"),
        by_week_no=_many(parts, "BYWEEKNO"),
        by_year_day=_many(parts, "BYYEARDAY"),
        by_month_day=_many(parts, "BYMONTHDAY"),
        by_day=_days(parts.pop("BYDAY", None)),
        by_set_pos=_many(parts, "BYSETPOS"),
        week_start=_weekday(parts.pop("WKST", "MO")),
    )
    if parts:
        raise _malformed(next(iter(parts)))
    _check(rule)
    return rule


def _check(rule: Rule) -> None:
    """What RFC 5545 forbids, and the few things that programs reckon differently."""
    refused = {
        "COUNT;UNTIL": rule.count is not None and rule.until is not None,
        "BYWEEKNO": bool(rule.by_week_no) and (rule.freq != "YEARLY" or not rule.by_day),
        "BYYEARDAY": bool(rule.by_year_day) and rule.freq != "YEARLY",
        "BYMONTHDAY": bool(rule.by_month_day) and rule.freq == "WEEKLY",
        "BYDAY": any(nth for _, nth in rule.by_day)
        and (
            not all(nth for _, nth in rule.by_day)
            or rule.freq in ("DAILY", "WEEKLY")
            or bool(rule.by_week_no or rule.by_year_day or rule.by_month_day)
        ),
        "BYSETPOS": bool(rule.by_set_pos)
        and (
            rule.freq in ("DAILY", "WEEKLY")
            or not (rule.by_month or rule.by_week_no or rule.by_year_day or rule.by_month_day or rule.by_day)
        ),
    }
    for part, wrong in refused.items():
        if wrong:
            raise _malformed(part)


def _malformed(part: str) -> RuleError:
    part = part[:40]
    return RuleError(
        "rule_malformed",
        f"Keine Wiederholungsregel nach RFC 5545, oder eine, die es hier nicht gibt: „{part}“.",
        f"No recurrence rule of RFC 5545, or one that is not supported here: “{part}”.",
    )


def _one(parts: dict[str, str], name: str, most: int) -> int | None:
    value = parts.pop(name, None)
    if value is None:
        return None
    if not _NUMBER.fullmatch(value) or not 1 <= int(value) <= most:
        raise RuleError(
            "rule_out_of_range", f"{name} muss zwischen 1 und {most} liegen.", f"{name} must lie between 1 and {most}."
        )
    return int(value)


def _many(parts: dict[str, str], name: str) -> tuple[int, ...]:
    value = parts.pop(name, None)
    if value is None:
        return ()
    most, signed = _LISTS[name]
    numbers = []
    for text in value.split(","):
        if not _NUMBER.fullmatch(text) or not 1 <= abs(int(text)) <= most or (int(text) < 0 and not signed):
            raise _malformed(f"{name}={value}")
        numbers.append(int(text))
    return tuple(sorted(set(numbers)))


def _days(value: str | None) -> tuple[tuple[int, int], ...]:
    if value is None:
        return ()
    days = set()
    for text in value.split(","):
        match = _BY_DAY.fullmatch(text)
        nth = int(match[1] or 0) if match else 0
        if match is None or abs(nth) > 53 or (match[1] and not nth):
            raise _malformed(f"BYDAY={value}")
        days.add((_WEEKDAYS.index(match[2]), nth))
    return tuple(sorted(days))


def _weekday(value: str) -> int:
    if value not in _WEEKDAYS:
        raise _malformed(f"WKST={value}")
    return _WEEKDAYS.index(value)


def _until(value: str | None) -> date | datetime | None:
    if value is None:
        return None
    match = _UNTIL.fullmatch(value)
    try:
        if match is None:
            raise _malformed(f"UNTIL={value}")
        day = datetime.strptime(match[1], "%Y%m%d").replace(tzinfo=UTC)
        if not 1900 <= day.year < 2200:
            raise _malformed(f"UNTIL={value}")
        if match[2] is None:
            return day.date()
        at = datetime.strptime(value.removesuffix("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007  (local, when it says no Z)
    except ValueError:
        raise _malformed(f"UNTIL={value}") from None
    return at.replace(tzinfo=UTC) if value.endswith("Z") else at
