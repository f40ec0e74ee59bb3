"""How the worker does: metrics, a heartbeat in Redis that others can look at, and a line in the log now and then."""

import asyncio
import os
import socket
from time import monotonic

import orjson
import structlog
from prometheus_client import Counter, Gauge, Histogram
from redis.asyncio import Redis
from sqlalchemy import DateTime, bindparam, func, select

from app.core import outbox
from app.core.context import Services, open_context
from app.core.outbox import OPEN
from app.core.principal import SystemPrincipal
from app.core.statements import Statement
from app.reminders.models import Reminder

log = structlog.get_logger()

JOBS = Counter(
    "leadwerk_jobs_total", "Jobs by outcome: done, failed (tried again), dead, withdrawn.", ["job", "outcome"]
)
SECONDS = Histogram(
    "leadwerk_job_seconds",
    "Time from taking a job to its end on disk.",
    ["job"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50),
)
OLDEST = Gauge("leadwerk_outbox_oldest_due_seconds", "How long the oldest due job has been waiting.")
DEAD = Gauge("leadwerk_outbox_dead", "Jobs that wait for an administrator.")

REMINDED = Counter("leadwerk_reminders_total", "Reminders by outcome: told, void, failed.", ["outcome"])
REMINDER_SECONDS = Histogram(
    "leadwerk_reminder_seconds",
    "Time from a reminder's due time to its being told.",
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600, 86400),
)
OLDEST_REMINDER = Gauge("leadwerk_reminders_oldest_due_seconds", "How long the oldest due reminder has been waiting.")

BEAT_SECONDS = 5.0
LOG_SECONDS = 60.0
KEY = "leadwerk:worker:{name}"

_row = outbox.table
_STATE = Statement(
    select(
        select(func.min(_row.c.due_at))
        .where(OPEN, _row.c.due_at <= bindparam("now", type_=DateTime(timezone=True), required=True))
        .scalar_subquery()
        .label("oldest"),
        select(func.count()).where(_row.c.dead_at.is_not(None)).scalar_subquery().label("dead"),
        select(func.min(Reminder.due_at)).where(Reminder.sent_at.is_(None)).scalar_subquery().label("reminder"),
    )
)


async def beat(services: Services, redis: Redis) -> None:
    """Say every few seconds that this worker lives. What fails is left out; a worker lives without its heartbeat."""
    name = f"{socket.gethostname()}:{os.getpid()}"
    logged = monotonic()
    while True:
        try:
            state = await look(services)
            message = orjson.dumps({"at": services.clock.now(), **state})
            await redis.set(KEY.format(name=name), message, ex=int(BEAT_SECONDS * 6))
            if monotonic() - logged > LOG_SECONDS:
                logged = monotonic()
                log.info("worker", **state)
        except Exception as error:  # noqa: BLE001  (see above)
            log.warning("heartbeat_failed", error=type(error).__name__)
        await asyncio.sleep(BEAT_SECONDS)


async def look(services: Services) -> dict[str, float]:
    """How long the oldest due job and reminder wait, how many jobs are dead, and what this process has done."""
    async with open_context(services, SystemPrincipal("heartbeat")) as ctx:
        now = ctx.now
        row = (await ctx.run(_STATE, now=now))[0]
    oldest = (now - row["oldest"]).total_seconds() if row["oldest"] else 0.0
    reminder = max(0.0, (now - row["reminder"]).total_seconds()) if row["reminder"] else 0.0
    OLDEST.set(oldest)
    OLDEST_REMINDER.set(reminder)
    DEAD.set(row["dead"])
    outcomes = {"done": 0.0, "failed": 0.0, "dead": 0.0}
    for metric in JOBS.collect():
        for sample in metric.samples:
            if sample.name == "leadwerk_jobs_total" and sample.labels["outcome"] in outcomes:
                outcomes[sample.labels["outcome"]] += sample.value
    reminded = sum(s.value for m in REMINDED.collect() for s in m.samples if s.name == "leadwerk_reminders_total")
    return {
        "oldest_due_seconds": round(oldest, 1),
        "dead_jobs": row["dead"],
        **outcomes,
        "oldest_reminder_seconds": round(reminder, 1),
        "reminded": reminded,
    }
