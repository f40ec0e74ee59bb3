"""When follow-ups are due: days by the assignee's clock, presets in days and working days (FUP-1)."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.working_days import add_working_days, is_working_day
from app.follow_ups.due import Place, due_of, on_day
from app.follow_ups.schemas import When
from tests.conftest import Contexts
from tests.factories import make_account, make_user

pytestmark = pytest.mark.rule("FUP-1")


def test_a_day_begins_at_eight_in_summer_and_in_winter() -> None:
    assert on_day(date(2027, 3, 27), "Europe/Vienna").at == datetime(2027, 3, 27, 7, tzinfo=UTC)
    assert on_day(date(2027, 3, 28), "Europe/Vienna").at == datetime(2027, 3, 28, 6, tzinfo=UTC)
    assert on_day(date(2027, 10, 31), "Europe/Vienna").at == datetime(2027, 10, 31, 7, tzinfo=UTC)
    assert on_day(date(2027, 7, 1), "America/New_York").at == datetime(2027, 7, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "count", "country", "state", "expected"),
    [
        ("2026-11-20", 1, "AT", None, "2026-11-23"),  # a weekend
        ("2026-12-23", 3, "AT", None, "2026-12-29"),  # Christmas, Saint Stephen's Day on a Saturday
        ("2026-06-03", 1, "DE", "Bayern", "2026-06-05"),  # Corpus Christi
        ("2026-06-03", 1, "DE", "Hamburg", "2026-06-04"),
        ("2026-06-03", 1, "AT", "OÖ", "2026-06-05"),
        ("2026-07-31", 1, "CH", "ZH", "2026-08-03"),  # the National Day is a Saturday
        ("2027-03-25", 1, "CH", "Tessin", "2027-03-26"),  # Good Friday, worked in Ticino
        ("2027-03-25", 1, "CH", "Zürich", "2027-03-30"),
        ("2026-12-23", 3, None, None, "2026-12-28"),
        ("2026-12-23", 3, "ZZ", "Nirgends", "2026-12-28"),
        ("2026-11-21", 0, "AT", None, "2026-11-21"),
    ],
)
def test_working_days_know_holidays(day: str, count: int, country: str, state: str, expected: str) -> None:
    assert add_working_days(date.fromisoformat(day), count, country, state) == date.fromisoformat(expected)


def test_over_years_and_against_a_plain_count() -> None:
    day = add_working_days(date(2026, 1, 1), 500, "AT")
    worked = sum(
        is_working_day(date.fromordinal(n), "AT") for n in range(date(2026, 1, 2).toordinal(), day.toordinal() + 1)
    )
    assert worked == 500 and is_working_day(day, "AT")


@pytest.mark.asyncio(loop_scope="session")
async def test_presets_count_from_the_assignee_s_day_and_by_their_holidays(
    session: AsyncSession, contexts: Contexts
) -> None:
    user = await make_user(session)
    bavarian = await make_account(session, user, country="DE", state="Bayern")
    async with contexts.of() as ctx:
        ctx.now = datetime(2026, 6, 3, 22, 30, tzinfo=UTC)  # 00:30 of the 4th, Corpus Christi, in Vienna
        places = (("Europe/Vienna", "AT"), ("America/New_York", "US"), ("Europe/Berlin", "DE"), ("Europe/London", None))
        found = [
            (await due_of(ctx, When(in_working_days=1), Place(*place), "account", bavarian.id)).on for place in places
        ]
        assert found == [date(2026, 6, 5), date(2026, 6, 4), date(2026, 6, 5), date(2026, 6, 5)]
        ctx.now = datetime(2026, 6, 3, 9, tzinfo=UTC)
        found = [
            (await due_of(ctx, When(in_working_days=1), Place("Europe/Berlin", c), "account", bavarian.id)).on
            for c in ("DE", "CH", None)
        ]
        assert found == [date(2026, 6, 5), date(2026, 6, 4), date(2026, 6, 5)], "the state counts in its own country"
        week = await due_of(ctx, When(in_days=7), Place("Europe/Vienna", "AT"), "account", bavarian.id)
        assert (week.on, week.at) == (date(2026, 6, 10), datetime(2026, 6, 10, 6, tzinfo=UTC))
