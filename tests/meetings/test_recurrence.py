"""When recurring meetings take place: the rules of RFC 5545, summer time, and rules that mean harm (ACT-1)."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from time import perf_counter
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from app.meetings.recurrence import Pattern, pattern, validate
from app.meetings.rules import RuleError, parse

VIENNA = "Europe/Vienna"
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def local(*parts: int, zone: str = VIENNA) -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo(zone))  # type: ignore[misc, arg-type]


def clocks(found: Pattern, number: int) -> list[str]:
    starts = islice(found.between(found.starts_at, local(2100, 1, 1)), number)
    return [at.astimezone(found.zone).strftime("%y-%m-%d %H:%M %Z") for at in starts]


@pytest.mark.rule("ACT-1")
@pytest.mark.parametrize(
    ("rule", "start", "expected"),
    [
        (
            "FREQ=WEEKLY;BYDAY=TU;COUNT=3",
            local(2026, 3, 17, 9),
            ["26-03-17 09:00 CET", "26-03-24 09:00 CET", "26-03-31 09:00 CEST"],
        ),
        (  # 02:30 does not exist on 29 March: half past three, as RFC 5545 reads such a time
            "FREQ=DAILY;COUNT=3",
            local(2026, 3, 28, 2, 30),
            ["26-03-28 02:30 CET", "26-03-29 03:30 CEST", "26-03-30 02:30 CEST"],
        ),
        (  # and is there twice on 25 October: the first
            "FREQ=DAILY;COUNT=3",
            local(2026, 10, 24, 2, 30),
            ["26-10-24 02:30 CEST", "26-10-25 02:30 CEST", "26-10-26 02:30 CET"],
        ),
        (
            "FREQ=MONTHLY;BYDAY=-1FR",
            local(2026, 1, 30, 15),
            ["26-01-30 15:00 CET", "26-02-27 15:00 CET", "26-03-27 15:00 CET"],
        ),
        (
            "FREQ=MONTHLY",
            local(2026, 1, 31, 8),
            ["26-01-31 08:00 CET", "26-03-31 08:00 CEST", "26-05-31 08:00 CEST"],
        ),
        (
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            local(2026, 1, 30, 8),
            ["26-01-30 08:00 CET", "26-02-27 08:00 CET", "26-03-31 08:00 CEST"],
        ),
        ("FREQ=YEARLY", local(2024, 2, 29, 8), ["24-02-29 08:00 CET", "28-02-29 08:00 CET", "32-02-29 08:00 CET"]),
        (
            "FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO",
            local(2026, 12, 28, 8),
            ["26-12-28 08:00 CET", "32-12-27 08:00 CET", "37-12-28 08:00 CET"],
        ),
        (
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU",
            local(2026, 6, 7, 8),
            ["26-06-07 08:00 CEST", "26-06-08 08:00 CEST", "26-06-21 08:00 CEST"],
        ),
    ],
)
def test_the_local_clock_time_is_kept(rule: str, start: datetime, expected: list[str]) -> None:
    assert clocks(pattern(validate(rule, start, VIENNA), start, VIENNA), 3) == expected


@pytest.mark.rule("ACT-1")
@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("FREQ=SECONDLY", "rule_too_fine"),
        ("FREQ=MINUTELY;COUNT=1000000", "rule_too_fine"),
        ("FREQ=HOURLY;INTERVAL=1", "rule_too_fine"),
        ("FREQ=DAILY;COUNT=1001", "rule_out_of_range"),
        ("FREQ=DAILY;COUNT=99999999999999999999", "rule_out_of_range"),
        ("FREQ=DAILY;INTERVAL=0", "rule_out_of_range"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20270101", "rule_malformed"),
        ("FREQ=DAILY;BYHOUR=1,2,3", "rule_malformed"),
        ("FREQ=DAILY;BYEASTER=1", "rule_malformed"),
        ("FREQ=DAILY;FREQ=WEEKLY", "rule_malformed"),
        ("FREQ=DAILY;UNTIL=20261399", "rule_malformed"),
        ("FREQ=DAILY;UNTIL=99991231T235959Z", "rule_malformed"),
        ("FREQ=MONTHLY;BYDAY=0MO", "rule_malformed"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "rule_malformed"),
        ("FREQ=MONTHLY;BYSETPOS=1", "rule_malformed"),
        ("FREQ=WEEKLY;BYDAY=1MO", "rule_malformed"),
        ("FREQ=MONTHLY;BYDAY=1MO,TU", "rule_malformed"),
        ("FREQ=YEARLY;BYWEEKNO=20", "rule_malformed"),
        ("FREQ=DAILY\r\nATTACH:x", "rule_malformed"),
        ("RRULE:RRULE:FREQ=DAILY", "rule_malformed"),
        ("", "rule_malformed"),
        ("FREQ=" + "A" * 10_000, "rule_too_long"),
        ("FREQ=DAILY;BYDAY=" + ",".join(["MO"] * 5000), "rule_too_long"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "start_not_in_rule"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "start_not_in_rule"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=1000", "start_not_in_rule"),
        ("FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6;BYDAY=MO;INTERVAL=1000", "start_not_in_rule"),
        ("FREQ=MONTHLY;BYDAY=5MO;BYMONTH=2;BYSETPOS=300", "start_not_in_rule"),
        ("FREQ=WEEKLY;BYDAY=MO", "start_not_in_rule"),
        ("FREQ=DAILY;UNTIL=20200101", "start_not_in_rule"),
    ],
)
def test_a_rule_that_is_wrong_or_means_harm_is_refused_at_once(rule: str, code: str) -> None:
    started = perf_counter()
    with pytest.raises(RuleError) as refused:
        validate(rule, local(2026, 2, 28, 9), VIENNA)
    assert refused.value.code == code
    assert perf_counter() - started < 1


@pytest.mark.rule("ACT-1")
@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;COUNT=1000",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=TH;UNTIL=21991231",
        "FREQ=DAILY;UNTIL=21991231",
        "FREQ=YEARLY;INTERVAL=1000;COUNT=1000",
        "FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=60;COUNT=1000",
    ],
)
def test_a_rule_that_is_allowed_costs_little(rule: str) -> None:
    start, started = local(2024, 2, 29, 9), perf_counter()
    found = pattern(validate(rule, start, VIENNA), start, VIENNA)
    assert found.last() is not None
    assert sum(1 for _ in found.between(local(2190, 1, 1), local(2190, 4, 1))) <= 100
    assert perf_counter() - started < 1


def test_the_rule_is_kept_in_one_form() -> None:
    start = local(2026, 3, 3, 9)
    tidy = validate("rrule:byday=tu,TU;count=10;interval=1;freq=weekly", start, VIENNA)
    assert tidy == "FREQ=WEEKLY;COUNT=10;BYDAY=TU"
    assert str(parse(tidy)) == tidy
    assert validate("FREQ=DAILY;UNTIL=20260701", start, VIENNA) == "FREQ=DAILY;UNTIL=20260701T215959Z"
    assert validate("FREQ=DAILY;UNTIL=20260701T090000", start, VIENNA) == "FREQ=DAILY;UNTIL=20260701T070000Z"
    midnight = local(2026, 3, 3)
    assert validate("FREQ=DAILY;UNTIL=20260701T215959Z", midnight, VIENNA, all_day=True) == "FREQ=DAILY;UNTIL=20260701"


_bounded = st.one_of(st.just(""), st.integers(1, 30).map(lambda n: f";COUNT={n}"), st.just(";UNTIL=20290101T000000Z"))
_month_days = st.lists(st.integers(-31, 31).filter(bool), min_size=1, max_size=4, unique=True)
_plain_days = st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=4, unique=True)
_nth_days = st.lists(
    st.tuples(st.integers(-5, 5).filter(bool), st.sampled_from(WEEKDAYS)).map(lambda d: f"{d[0]}{d[1]}"),
    min_size=1,
    max_size=3,
)


@st.composite
def _rules(draw: st.DrawFn) -> str:
    freq = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = [f"FREQ={freq}", f"INTERVAL={draw(st.integers(1, 5))}"]

    def some(name: str, values: st.SearchStrategy[list[object]] | st.SearchStrategy[list[str]]) -> bool:
        if draw(st.booleans()):
            parts.append(f"{name}={','.join(map(str, draw(values)))}")
            return True
        return False

    chosen = some("BYMONTH", st.lists(st.integers(1, 12), min_size=1, max_size=4, unique=True))  # type: ignore[arg-type]
    month_days = freq != "WEEKLY" and some("BYMONTHDAY", _month_days)  # type: ignore[arg-type]
    nth = freq in ("MONTHLY", "YEARLY") and not month_days and draw(st.booleans())
    chosen |= month_days | some("BYDAY", _nth_days if nth else _plain_days)  # type: ignore[arg-type]
    if freq == "YEARLY" and not chosen and some("BYYEARDAY", st.lists(st.integers(1, 366), min_size=1, max_size=5)):  # type: ignore[arg-type]
        chosen = True
    elif freq == "YEARLY" and not chosen and draw(st.booleans()):
        parts += [f"BYWEEKNO={draw(st.integers(-53, 53).filter(bool))}", f"BYDAY={','.join(draw(_plain_days))}"]
    if freq in ("MONTHLY", "YEARLY") and chosen:
        some("BYSETPOS", st.lists(st.integers(-5, 5).filter(bool), min_size=1, max_size=2, unique=True))  # type: ignore[arg-type]
    if draw(st.booleans()):
        parts.append(f"WKST={draw(st.sampled_from(WEEKDAYS))}")
    return ";".join(parts) + draw(_bounded)


@pytest.mark.rule("ACT-1")
@settings(max_examples=100, deadline=None)
@given(rule=_rules(), day=st.integers(0, 1500))
def test_it_finds_what_the_reference_implementation_finds(rule: str, day: int) -> None:
    start = datetime(2024, 1, 1, 9) + timedelta(days=day)  # noqa: DTZ001  (dateutil reckons in local times)
    plain = rule.replace("T000000Z", "T000000")
    with patch("datetime.MAXYEAR", 2039):  # it would look for what never comes until then
        expected = list(islice(rrulestr(plain, dtstart=start), 40))
    found = Pattern(parse(rule), start.replace(tzinfo=UTC), ZoneInfo("UTC"))
    assert [at.replace(tzinfo=None) for at in islice(found.between(found.starts_at, local(2040, 1, 1)), 40)] == [
        at for at in expected if at.year < 2040
    ]
    later = start.replace(tzinfo=UTC) + timedelta(days=500)
    window = [at.replace(tzinfo=None) for at in found.between(later, later + timedelta(days=60))]
    if len(expected) < 40 or expected[-1] > later.replace(tzinfo=None) + timedelta(days=60):
        low, high = later.replace(tzinfo=None), later.replace(tzinfo=None) + timedelta(days=60)
        assert window == [at for at in expected if low <= at < high]
