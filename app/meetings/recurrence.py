"""When recurring meetings take place, by rules of RFC 5545. Pure.

A rule is reckoned in days, from the day of the series' start on; the local clock time is kept, also across summer time. A time
that a day does not have, since the clocks went forward over it, is as much later as the clock was moved; of a time that a day
has twice, the first counts. Rules are reckoned here and not by a library because they come from outside: whatever a rule says,
a walk over it ends with the days asked for, at the latest in 2199.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from app.meetings.rules import Rule, RuleError, parse

LAST_DAY = date(2199, 12, 31)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A rule with the start that it is reckoned from. Starts are instants in UTC."""

    rule: Rule
    starts_at: datetime
    zone: ZoneInfo

    def between(self, after: datetime, before: datetime, excluded: Collection[datetime] = ()) -> Iterator[datetime]:
        """The starts that are not before `after` and before `before`, in order."""
        first, last = (moment.astimezone(self.zone).date() for moment in (after, before))
        for at in self._starts(first - timedelta(days=1), min(last, LAST_DAY)):
            if at >= before:
                return
            if at >= after and at not in excluded:
                yield at

    def has(self, at: datetime) -> bool:
        """Whether an occurrence starts just then."""
        return next(self.between(at, at + timedelta(microseconds=1)), None) is not None

    def last(self) -> datetime | None:
        """The start of the last one; none where the series does not end."""
        if self.rule.count is None and self.rule.until is None:
            return None
        first = self._first_day()
        end = self.rule.until.date() if isinstance(self.rule.until, datetime) else self.rule.until
        for since in (first,) if end is None else (max(first, end - timedelta(days=400)), first):
            if starts := list(self._starts(since)):
                return starts[-1]
        return None

    def number(self, at: datetime) -> int:
        """How many occurrences start before that instant."""
        return sum(1 for _ in takewhile(lambda start: start < at, self._starts(self._first_day())))

    def _first_day(self) -> date:
        return self.starts_at.astimezone(self.zone).date()

    def _starts(self, first: date, last: date = LAST_DAY) -> Iterator[datetime]:
        """The starts on these days, but not before the series' own; a counted rule is reckoned from the beginning."""
        rule, day_one = self.rule, self._first_day()
        clock = self.starts_at.astimezone(self.zone).time()
        until = rule.until
        days = _walk(rule, day_one, day_one if rule.count is not None else max(first, day_one), last)
        for number, day in enumerate(days):
            if rule.count is not None and number >= rule.count:
                return
            if day < first:
                continue
            at = self.starts_at if day == day_one else instant(day, clock, self.zone)
            if until is not None and (at > until if isinstance(until, datetime) else day > until):
                return
            yield at


def instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """The instant at which the clocks of that zone show this."""
    return datetime.combine(day, clock.replace(fold=0), zone).astimezone(UTC)


def pattern(rule: str, starts_at: datetime, zone: str) -> Pattern:
    """The series as it is stored. Raises RuleError."""
    return Pattern(parse(rule), starts_at.astimezone(UTC), ZoneInfo(zone))


def validate(text: str, starts_at: datetime, zone: str, *, all_day: bool = False) -> str:
    """The rule in its usual form. Raises RuleError, also when the start is none of its occurrences: programs differ about such
    a series, and a rule that never matches is refused by it.
    """
    rule, place = parse(text), ZoneInfo(zone)
    until = rule.until
    if isinstance(until, datetime):
        local = until if until.tzinfo is None else until.astimezone(place)
        until = local.date() if all_day else local.replace(tzinfo=place).astimezone(UTC)
    elif until is not None and not all_day:
        until = instant(until, time(23, 59, 59), place)
    found = Pattern(replace(rule, until=until), starts_at.astimezone(UTC), place)
    if not found.has(found.starts_at):
        raise RuleError(
            "start_not_in_rule",
            "Der Beginn ist keiner der Termine, die diese Regel ergibt.",
            "The start is none of the occurrences that this rule gives.",
        )
    return str(found.rule)


# --- days -------------------------------------------------------------------------------------------------------------


def _walk(rule: Rule, day_one: date, first: date, last: date) -> Iterator[date]:
    """The days from `first` to `last` that the rule matches, in order; period by period, so that the walk always ends."""
    step, days_of, distance = _PERIODS[rule.freq]
    number = max(0, distance(day_one, first, rule) // rule.interval * rule.interval)
    while True:
        period = step(day_one, number, rule)
        if period is None or period > last:
            return
        days = days_of(rule, day_one, period)
        if rule.by_set_pos:
            chosen = {pos - 1 if pos > 0 else len(days) + pos for pos in rule.by_set_pos}
            days = [day for i, day in enumerate(days) if i in chosen]
        for day in days:
            if day > last:
                return
            if day >= first:
                yield day
        number += rule.interval


def _day_step(day_one: date, number: int, _: Rule) -> date | None:
    return day_one + timedelta(days=number) if number <= (LAST_DAY - day_one).days else None


def _week_step(day_one: date, number: int, rule: Rule) -> date | None:
    monday = _week(day_one, rule)
    return monday + timedelta(weeks=number) if number <= (LAST_DAY - monday).days // 7 else None


def _month_step(day_one: date, number: int, _: Rule) -> date | None:
    year, month = divmod(day_one.year * 12 + day_one.month - 1 + number, 12)
    return date(year, month + 1, 1) if year <= LAST_DAY.year else None


def _year_step(day_one: date, number: int, _: Rule) -> date | None:
    return date(day_one.year + number, 1, 1) if day_one.year + number <= LAST_DAY.year else None


def _days_of_day(rule: Rule, _: date, day: date) -> list[date]:
    fits = (
        (not rule.by_month or day.month in rule.by_month)
        and (not rule.by_month_day or _is_month_day(rule, day))
        and (not rule.by_day or any(day.weekday() == weekday for weekday, _ in rule.by_day))
    )
    return [day] if fits else []


def _days_of_week(rule: Rule, day_one: date, week: date) -> list[date]:
    weekdays = {weekday for weekday, _ in rule.by_day} or {day_one.weekday()}
    days = sorted(week + timedelta(days=(weekday - rule.week_start) % 7) for weekday in weekdays)
    return [day for day in days if not rule.by_month or day.month in rule.by_month]


def _days_of_month(rule: Rule, day_one: date, month: date) -> list[date]:
    if rule.by_month and month.month not in rule.by_month:
        return []
    if rule.by_day and not rule.by_month_day:
        return _weekdays_in(rule, month, _length(month))
    numbers = rule.by_month_day or (day_one.day,)
    weekdays = {weekday for weekday, _ in rule.by_day}
    return [day for day in _month_days(numbers, month) if not weekdays or day.weekday() in weekdays]


def _days_of_year(rule: Rule, day_one: date, year: date) -> list[date]:
    months = [year.replace(month=month) for month in rule.by_month or range(1, 13)]
    if not (rule.by_week_no or rule.by_year_day or rule.by_month_day or rule.by_day):
        months = months if rule.by_month else [year.replace(month=day_one.month)]
        return [day for month in months for day in _month_days((day_one.day,), month)]
    length = 366 if _length(year.replace(month=2)) == 29 else 365
    if rule.by_year_day:
        numbers = {number if number > 0 else length + 1 + number for number in rule.by_year_day}
        days = sorted(year + timedelta(days=number - 1) for number in numbers if 1 <= number <= length)
    elif rule.by_month_day:
        days = [day for month in months for day in _month_days(rule.by_month_day, month)]
    elif any(nth for _, nth in rule.by_day):
        if rule.by_month:
            return [day for month in months for day in _weekdays_in(rule, month, _length(month))]
        return _weekdays_in(rule, year, length)
    else:
        days = [month + timedelta(days=i) for month in months for i in range(_length(month))]
    plain = {weekday for weekday, nth in rule.by_day if not nth}
    return [
        day
        for day in days
        if (not rule.by_month or day.month in rule.by_month)
        and (not rule.by_month_day or _is_month_day(rule, day))
        and (not rule.by_day or day.weekday() in plain)
        and (not rule.by_week_no or _is_week(rule, day))
    ]


def _weekdays_in(rule: Rule, first: date, length: int) -> list[date]:
    """The weekdays of the rule in a month or year: each, or the nth from its beginning or end."""
    found: set[int] = set()
    for weekday, nth in rule.by_day:
        offset = (weekday - first.weekday()) % 7
        all_ = range(offset, length, 7)
        if not nth:
            found.update(all_)
        elif abs(nth) <= len(all_):
            found.add(all_[nth - 1 if nth > 0 else nth])
    return [first + timedelta(days=i) for i in sorted(found)]


def _month_days(numbers: Collection[int], month: date) -> list[date]:
    length = _length(month)
    days = {number if number > 0 else length + 1 + number for number in numbers}
    return [month.replace(day=day) for day in sorted(days) if 1 <= day <= length]


def _is_month_day(rule: Rule, day: date) -> bool:
    return day.day in rule.by_month_day or day.day - _length(day) - 1 in rule.by_month_day


def _is_week(rule: Rule, day: date) -> bool:
    """Whether the day is in one of the weeks; the first week of a year is the first that has four of its days."""
    middle = _week(day, rule) + timedelta(days=3)
    number = (middle.timetuple().tm_yday - 1) // 7 + 1
    last = (_week(date(middle.year, 12, 28), rule) + timedelta(days=3)).timetuple().tm_yday
    return number in rule.by_week_no or number - ((last - 1) // 7 + 1) - 1 in rule.by_week_no


def _week(day: date, rule: Rule) -> date:
    return day - timedelta(days=(day.weekday() - rule.week_start) % 7)


def _length(month: date) -> int:
    following = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return (following - month.replace(day=1)).days


_Step = Callable[[date, int, Rule], date | None]
_PERIODS: dict[str, tuple[_Step, Callable[[Rule, date, date], list[date]], Callable[[date, date, Rule], int]]] = {
    # how the period with a number begins, which of its days match, and the number of the period that a day is in
    "DAILY": (_day_step, _days_of_day, lambda one, day, _: (day - one).days),
    "WEEKLY": (_week_step, _days_of_week, lambda one, day, rule: (_week(day, rule) - _week(one, rule)).days // 7),
    "MONTHLY": (
        _month_step,
        _days_of_month,
        lambda one, day, _: (day.year - one.year) * 12 + day.month - one.month,
    ),
    "YEARLY": (_year_step, _days_of_year, lambda one, day, _: day.year - one.year),
}
