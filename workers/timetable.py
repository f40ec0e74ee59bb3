"""Jobs that come back each day. Each is a row of the outbox like any other, so an outage only delays it; its key lets any
number of processes ask for it and one have it.
"""

import asyncio
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import structlog

from app.core.clock import Clock
from app.core.context import Services, open_context
from app.core.principal import SystemPrincipal

log = structlog.get_logger()

DAILY: dict[str, time] = {
    "accounts.reclassify": time(0, 10),
    "background_jobs.tidy": time(3, 15),
    "data_quality.refresh": time(2, 30),
    "files.sweep": time(3, 20),
    "identity.tidy": time(3, 25),
    "lookups.forget": time(3, 30),
    "merges.forget": time(3, 35),
    "notifications.tidy": time(3, 40),
    "sync.forget": time(3, 40),
    "reminders.forget": time(3, 40),
}
"""Job name → the organisation's clock time."""
ASK_SECONDS = 600.0
ASK_AGAIN_SECONDS = 5.0


def next_time(clock: Clock, at: time) -> datetime:
    """The next moment, after now, at which the organisation's clocks show this time."""
    zone = ZoneInfo(clock.time_zone)
    now = clock.now()
    today = now.astimezone(zone).date()
    moments = (datetime.combine(today + timedelta(days=i), at, zone) for i in range(3))
    return next(moment.astimezone(now.tzinfo) for moment in moments if moment > now)


async def ask(services: Services) -> None:
    """See to it that each daily job stands in the outbox; one that does already stays as it is."""
    async with open_context(services, SystemPrincipal("timetable")) as ctx:
        for job, at in DAILY.items():
            ctx.enqueue(job, {}, due_at=next_time(services.clock, at), key=f"daily:{job}")


async def keep(services: Services) -> None:
    """Ask now and then, for as long as the worker runs."""
    while True:
        try:
            await ask(services)
            await asyncio.sleep(ASK_SECONDS)
        except Exception as error:  # noqa: BLE001  (the database comes back)
            log.warning("timetable_interrupted", error=type(error).__name__)
            await asyncio.sleep(ASK_AGAIN_SECONDS)
