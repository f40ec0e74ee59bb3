"""The worker process: relay, reminders, arq worker, timetable and heartbeat over one set of connections. `run()` is the way in."""

import asyncio
import contextlib
import signal
from datetime import timedelta

import structlog
import uvloop
from fastapi import Request
from prometheus_client import start_http_server

import workers.jobs  # noqa: F401  (registers every feature's jobs)
from app.core.clock import Clock
from app.core.context import Services
from app.core.db import Database
from app.core.principal import Principal
from app.core.problems import NotAuthenticated
from app.core.telemetry import configure_logging
from app.settings import Settings, get_settings
from workers import health, timetable
from workers.queue import ArqQueue, ArqWorker, connect
from workers.relay import STALE_AFTER, Relay
from workers.reminding import Reminding
from workers.runner import run_jobs

log = structlog.get_logger()

AT_ONCE = 8
"""Jobs that one process does at a time."""
FINISH_SECONDS = 20.0
"""How long running jobs may take to come to their end when the process is told to stop."""


def run(settings: Settings | None = None, *, stale_after: timedelta = STALE_AFTER) -> None:
    """Run a worker until SIGTERM or SIGINT; running jobs are finished first. Any number of processes may run."""
    uvloop.run(main(settings or get_settings(), stale_after=stale_after))


async def main(settings: Settings, *, stale_after: timedelta = STALE_AFTER) -> None:
    """See `run`. Starts while PostgreSQL or Redis is away, and waits for them."""
    configure_logging(settings.log_level)
    assert settings.database_url
    assert settings.redis_url
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    if settings.worker_metrics_port:
        start_http_server(settings.worker_metrics_port, settings.host)

    database = Database(settings.database_url, pool=max(settings.database_pool, AT_ONCE + 4))
    clock = Clock(settings.time_zone, settings.clock_offset_seconds)
    redis = connect(settings.redis_url)
    services = Services(database, database, clock, settings, _nobody)
    worker = ArqWorker(redis, lambda jobs: run_jobs(services, jobs), at_once=AT_ONCE)
    relay = Relay(services, ArqQueue(redis, at_once=AT_ONCE), stale_after=stale_after)
    log.info("worker_started")
    tasks = [
        asyncio.create_task(part)
        for part in (
            *(relay.run(), Reminding(services).run(), timetable.keep(services), health.beat(services, redis)),
            worker.run(),
        )
    ]
    watching = asyncio.create_task(_until(stopping))
    try:
        done, _ = await asyncio.wait([*tasks, watching], return_when=asyncio.FIRST_COMPLETED)
        for task in tasks[:-1]:
            task.cancel()
        await worker.finish(FINISH_SECONDS)
        for task in done - {watching}:
            task.result()  # raises: a part that ends by itself is a defect
    finally:
        await _end([*tasks, watching])
        with contextlib.suppress(Exception):
            await redis.aclose()
        await database.close()
        log.info("worker_stopped")


async def _nobody(_: Request) -> Principal:
    raise NotAuthenticated


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel until they have ended: a driver may turn a cancellation into an error, which a part then survives."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=0.5)


async def _until(event: asyncio.Event) -> None:
    await event.wait()
