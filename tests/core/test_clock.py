"""Calendar months, and instants on the wire."""

from datetime import UTC, date, datetime

import pytest

from app.core.clock import Clock, add_months, moment


@pytest.mark.rule("LOCK-2")
@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2026-08-31", 6, "2027-02-28"),
        ("2027-08-31", 6, "2028-02-29"),
        ("2026-11-22", 6, "2027-05-22"),
        ("2026-12-31", 2, "2027-02-28"),
        ("2026-01-31", 1, "2026-02-28"),
        ("2026-10-31", 60, "2031-10-31"),
    ],
)
def test_so_many_calendar_months_on(start: str, months: int, end: str) -> None:
    assert add_months(date.fromisoformat(start), months) == date.fromisoformat(end)


def test_a_day_begins_in_the_organisations_time_zone() -> None:
    clock = Clock("Europe/Vienna")
    assert clock.start_of(date(2026, 7, 1)) == datetime(2026, 6, 30, 22, tzinfo=UTC)
    assert clock.start_of(date(2026, 12, 1)) == datetime(2026, 11, 30, 23, tzinfo=UTC)


def test_instants_are_written_as_postgresql_writes_them() -> None:
    at = datetime(2026, 11, 22, 13, 5, 9, 120_000, tzinfo=UTC)
    assert moment(at) == "2026-11-22T13:05:09.12+00:00"
    assert moment(at.replace(microsecond=0)) == "2026-11-22T13:05:09+00:00"
