"""Time, asked for in one place, so that deadlines can be rehearsed."""

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Clock:
    """Now in UTC and today in the organisation's time zone, moved by `offset_seconds` in rehearsals."""

    time_zone: str
    offset_seconds: int = 0

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.offset_seconds)

    def really(self) -> datetime:
        """The real time, for forgetting: a rehearsal of what comes in months deletes nothing that is needed today."""
        return datetime.now(UTC)

    def today(self) -> date:
        return self.now().astimezone(ZoneInfo(self.time_zone)).date()

    def start_of(self, day: date) -> datetime:
        """The instant at which that day begins for the organisation, in UTC."""
        return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(self.time_zone)).astimezone(UTC)


def moment(at: datetime) -> str:
    """An instant in UTC as PostgreSQL writes it in JSON, without zeros at the end."""
    text = at.astimezone(UTC).replace(tzinfo=None).isoformat()
    return (text.rstrip("0").rstrip(".") if "." in text else text) + "+00:00"


def add_months(day: date, months: int) -> date:
    """The same day so many calendar months on, or the last day of that month: 31 August + 6 is 28 or 29 February."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
