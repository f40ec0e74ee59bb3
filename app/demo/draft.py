"""What the demo is going to write, and the small tools that all its parts use to draw it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, TypeVar
from uuid import UUID

import orjson

from app.core.clock import Clock
from app.core.context import Context
from app.demo.companies import Company, Inventor
from app.demo.staff import Staff
from app.identity.models import User
from app.indexing import index_new
from app.locks.models import LeadLock
from app.locks.service import schedule
from app.matching import PartyValues
from app.notifications import texts
from app.notifications.models import Notification
from app.notifications.telling import PRODUCT

R = TypeVar("R")

SEED = 20260801
COUNTRIES = ("AT", "DE", "CH")
_SHARES = (53, 42, 5)


class Draft:
    """Everything is drawn first and written afterwards; all of it with one random generator, so that it is repeatable.

    What only an earlier day can have made is dated back; nothing is dated later than yesterday, so that nothing lies in the
    future, whatever the time of day.
    """

    def __init__(self, clock: Clock, staff: Staff, inventor: Inventor, random: Random) -> None:
        self.random = random
        self.inventor = inventor
        self.staff = staff
        self.today = clock.today()
        self.start_of = clock.start_of
        self._rows: dict[type[Any], list[Any]] = {}
        self._parties: list[tuple[str, UUID, PartyValues]] = []
        self._in_force: list[LeadLock] = []

    # --- drawing -----------------------------------------------------------------------------------------------------

    def country(self) -> str:
        """One of the three, as often as they have customers."""
        return self.random.choices(COUNTRIES, _SHARES)[0]

    def company(self, country: str | None = None) -> Company:
        """A company that nobody has yet."""
        return self.inventor.company(country or self.country())

    def chance(self, share: float) -> bool:
        """True in that share of cases."""
        return self.random.random() < share

    def amount(self) -> int:
        """A year's revenue."""
        return 500 * round(self.random.triangular(4, 120, 20))

    def day(self, earliest: int, latest: int) -> date:
        """A working day so many to so many days ago."""
        return working_day(self.today - timedelta(days=self.random.randint(latest, earliest)))

    def during(self, day: date) -> datetime:
        """A moment in the office hours of that day."""
        return self.start_of(day) + timedelta(hours=8, seconds=self.random.randrange(9 * 3600))

    def later(self, moment: datetime, days: int) -> datetime:
        """In office hours up to so many days after that moment, but not after yesterday; or a little after it."""
        soon = moment + timedelta(minutes=20)
        left = min(days, (self.today - moment.date()).days - 1)
        if left < 1:
            return soon
        return max(soon, self.during(working_day(moment.date() + timedelta(days=self.random.randint(1, left)))))

    # --- collecting --------------------------------------------------------------------------------------------------

    def add(self, record: R) -> R:
        """Have the record written."""
        self._rows.setdefault(type(record), []).append(record)
        return record

    def know(self, record_type: str, record_id: UUID, values: PartyValues) -> None:
        """Have the record put into the duplicate index."""
        self._parties.append((record_type, record_id, values))

    def in_force(self, lock: LeadLock) -> None:
        """Have the notices and the end of an active lock put on the timetable."""
        self._in_force.append(lock)

    def all(self, model: type[R]) -> list[R]:
        """The records of a kind that are there so far."""
        return self._rows.get(model, [])

    def tell(
        self,
        users: Sequence[UUID],
        kind: texts.Kind,
        record: tuple[str, UUID],
        at: datetime,
        *,
        data: Mapping[str, Any],
        by: User | None = None,
        key: str | None = None,
    ) -> None:
        """Have these users told, as `notify` tells them, but on an earlier day; older ones are mostly read."""
        filled = {"by": f"{by.first_name} {by.last_name}" if by else PRODUCT, **data}
        age = (self.start_of(self.today) - at).days
        for user_id in dict.fromkeys(users):
            if by is not None and user_id == by.id:
                continue
            self.add(
                Notification(
                    user_id=user_id,
                    kind=kind,
                    key=key,
                    record_type=record[0],
                    record_id=record[1],
                    data=plain_json(filled),
                    texts=texts.render(kind, filled),
                    created_at=at,
                    read_at=self.later(at, 3) if self.chance(min(0.95, age / 10)) else None,
                )
            )

    # --- writing -----------------------------------------------------------------------------------------------------

    async def write(self, ctx: Context, order: Sequence[type[Any]]) -> dict[str, int]:
        """Write all of it; `order` names every kind of record after those that it refers to. Returns how many of each."""
        assert set(order) == self._rows.keys()
        for model in order:
            ctx.session.add_all(self._rows[model])
            await ctx.session.flush()
        await index_new(ctx, self._parties)
        for lock in self._in_force:
            schedule(ctx, lock)
        return {model.__tablename__: len(self._rows[model]) for model in order}


def working_day(day: date) -> date:
    """That day or, of a weekend, the Friday before."""
    return day - timedelta(days=max(0, day.weekday() - 4))


def plain_json(value: Any) -> Any:
    """The value as JSON gives it back."""
    return orjson.loads(orjson.dumps(value, default=str))
