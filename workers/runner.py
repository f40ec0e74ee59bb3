"""Does one job of the outbox: its effect and its end in one transaction, so that a crash leaves neither or both."""

import asyncio
import re
import traceback
from datetime import datetime
from time import perf_counter

import structlog
from sqlalchemy import BigInteger, Boolean, DateTime, Text, bindparam, case, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import DBAPIError

from app.core import outbox
from app.core.context import Context, Services, open_context
from app.core.outbox import HANDLERS, MAX_ATTEMPTS, OPEN, PRIVATE, GiveUp, retry_delay
from app.core.principal import SystemPrincipal
from app.core.statements import Statement
from app.core.trace import TRACE
from workers.health import JOBS, SECONDS
from workers.relay import Jobs

log = structlog.get_logger()

JOB_SECONDS = 50
"""A job's time; longer work goes in steps. The relay may send it again meanwhile: who holds the advisory lock goes on."""

PARCEL_SECONDS = 10
"""After so long the rest of a parcel goes back, so that a slow job holds up only itself."""
NEVER_ENDED = "started, but came to no end: the process was stopped, or the job stops it"

_row = outbox.table
_id = bindparam("id", type_=BigInteger, required=True)
_now = bindparam("now", type_=DateTime(timezone=True), required=True)

_CLAIM = Statement(
    select(func.pg_try_advisory_xact_lock(func.hashtextextended(bindparam("name", type_=Text, required=True), 59)))
)
_FIND = Statement(
    select(_row.c.payload, _row.c.trace_id, _row.c.attempts).where(_row.c.id == _id, OPEN, _row.c.due_at <= _now)
)
_DONE = Statement(
    update(_row)
    .where(_row.c.id == _id, OPEN)
    .values(done_at=_now, payload=_row.c.payload.op("-")(bindparam("private", list(PRIVATE), type_=ARRAY(Text))))
    .returning(_row.c.id)
)
_attempt = _row.c.attempts + 1
_dead = bindparam("give_up", type_=Boolean, required=True) | (_attempt >= MAX_ATTEMPTS)
_FAILED = Statement(
    update(_row)
    .where(_row.c.id == _id, OPEN)
    .values(
        attempts=_attempt,
        error=bindparam("error", type_=Text, required=True),
        dispatched_at=None,
        due_at=bindparam("due_at", type_=DateTime(timezone=True), required=True),
        dead_at=case((_dead, _now), else_=None),
    )
    .returning(_row.c.dead_at)
)


_STARTED_AGAIN = Statement(
    update(_row)
    .where(_row.c.id == _id, OPEN)
    .values(
        attempts=_attempt,
        error=NEVER_ENDED,
        dead_at=case((_attempt >= MAX_ATTEMPTS, _now), else_=None),
    )
    .returning(_row.c.dead_at)
)
_PUT_BACK = Statement(
    update(_row)
    .where(_row.c.id == func.any(bindparam("ids", type_=ARRAY(BigInteger), required=True)), OPEN)
    .values(dispatched_at=None)
)


class Withdrawn(Exception):
    """The job was taken back while it ran: it must have no effect."""


async def run_jobs(services: Services, jobs: Jobs) -> None:
    """Do these jobs one after another, each in its own transaction; one that fails leaves the others alone."""
    started = perf_counter()
    for i, (id_, name, again) in enumerate(jobs):
        if perf_counter() - started > PARCEL_SECONDS:
            await _put_back(services, [id_ for id_, _, _ in jobs[i:]])
            return
        await run_job(services, id_, name, again=again)


async def run_job(services: Services, id_: int, name: str, *, again: bool = False) -> None:
    """Do a job, unless it is done, taken back, or being done elsewhere. A failure is noted, to be tried again later.

    Who holds the advisory lock does the job. The row itself stays unlocked meanwhile, so that a request which takes the job
    back never waits for it (and never in a circle with it); a job that finds its row gone at its end rolls back.
    `again` counts the start, so that a job which kills its process ends as a dead one.
    """
    token = TRACE.set("0" * 32)
    started = perf_counter()
    attempts = 0
    try:
        async with asyncio.timeout(JOB_SECONDS):
            if again and not await _may_start_again(services, id_, name):
                return
            async with open_context(services, SystemPrincipal(name)) as ctx:
                ctx.job_id = id_
                if not await _claim(ctx, id_):
                    return
                rows = await ctx.run(_FIND, id=id_, now=ctx.now)
                if not rows:
                    return
                TRACE.set(rows[0]["trace_id"])
                attempts = rows[0]["attempts"]
                await _do(ctx, name, rows[0]["payload"])
                if not await ctx.run(_DONE, id=id_, now=ctx.now):
                    raise Withdrawn
        JOBS.labels(name, "done").inc()
        SECONDS.labels(name).observe(perf_counter() - started)
    except Withdrawn:
        JOBS.labels(name, "withdrawn").inc()
    except Exception as error:  # noqa: BLE001  (whatever it is, the job has failed and the worker goes on)
        await _note_failure(services, id_, name, attempts + 1, error)
    finally:
        TRACE.reset(token)


async def _claim(ctx: Context, id_: int) -> bool:
    """Whether this transaction may do the job; nobody else can until it ends."""
    return bool((await ctx.run(_CLAIM, name=f"outbox:{id_}"))[0][0])


async def _may_start_again(services: Services, id_: int, name: str) -> bool:
    """Count the start in a transaction of its own, before anything can go wrong."""
    async with open_context(services, SystemPrincipal(name)) as ctx:
        rows = await ctx.run(_STARTED_AGAIN, id=id_, now=ctx.now) if await _claim(ctx, id_) else ()
    if rows and rows[0]["dead_at"] is not None:
        JOBS.labels(name, "dead").inc()
        log.error("job_dead", job=name, id=id_, error=NEVER_ENDED)
    return bool(rows) and rows[0]["dead_at"] is None


async def _put_back(services: Services, ids: list[int]) -> None:
    async with open_context(services, SystemPrincipal("relay")) as ctx:
        await ctx.run(_PUT_BACK, ids=ids)


async def _do(ctx: Context, name: str, payload: dict[str, object]) -> None:
    handler = HANDLERS.get(name)
    if handler is None:
        raise LookupError(f"no handler for {name}")
    await handler(ctx, payload)


async def _note_failure(services: Services, id_: int, name: str, attempt: int, error: Exception) -> None:
    """Put the job back with the reason. If even that fails, the relay sends the job again by and by."""
    reason = describe(error)
    try:
        async with open_context(services, SystemPrincipal(name)) as ctx:
            rows = await ctx.run(
                _FAILED,
                id=id_,
                error=reason,
                give_up=isinstance(error, GiveUp),
                due_at=ctx.now + retry_delay(attempt),
                now=ctx.now,
            )
    except Exception as second:  # noqa: BLE001  (the database is away)
        JOBS.labels(name, "failed").inc()
        log.warning("job_failed", job=name, id=id_, error=reason, not_noted=describe(second))
        return
    dead: datetime | None = rows[0][0] if rows else None
    JOBS.labels(name, "failed" if dead is None else "dead").inc()
    (log.warning if dead is None else log.error)(
        "job_failed" if dead is None else "job_dead", job=name, id=id_, attempt=attempt, error=reason, at=_place(error)
    )


_CREDENTIALS = re.compile(r"//[^/@\s]*@")


def describe(error: Exception) -> str:
    """The error in one bounded line, without statement parameters, details of rows, or passwords of addresses."""
    if isinstance(error, DBAPIError):
        cause = getattr(error.orig, "__cause__", None) or error.orig
        constraint = getattr(cause, "constraint_name", None)
        return f"{type(cause).__name__}{f' ({constraint})' if constraint else ''}"
    first = (str(error).splitlines() or [""])[0]
    line = f"{type(error).__name__}: {_CREDENTIALS.sub('//***@', first)}" if first else type(error).__name__
    return line.replace("\x00", "")[:300]


def _place(error: Exception) -> str:
    """The innermost line of our own code."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "site-packages" not in f.filename]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
