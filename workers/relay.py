"""The relay: hands due rows of the outbox to the workers' queue, and again those whose end did not come.

Any number of processes may run it: each takes other rows. Rows are marked as sent only if the queue has them, so that without
Redis they simply wait here. The product's clock says what is due; how long ago something was sent, the database's.
"""

import asyncio
from datetime import timedelta
from time import monotonic
from typing import Protocol

import structlog
from sqlalchemy import DateTime, Integer, Interval, bindparam, func, select, update

from app.core import outbox
from app.core.context import Services, open_context
from app.core.outbox import OPEN
from app.core.principal import SystemPrincipal
from app.core.statements import Statement

log = structlog.get_logger()

Jobs = list[tuple[int, str, bool]]
"""Row id, the job's name, and whether it was sent before without coming to an end."""

POLL_SECONDS = 0.2
SWEEP_SECONDS = 2.0
AT_ONCE = 500
STALE_AFTER = timedelta(seconds=20)
"""After so long without an end a job is sent again. Too early costs a look, since a job is done by one at a time and once."""
LONGEST_PAUSE = 5.0


class Queue(Protocol):
    """Where the relay puts jobs."""

    async def room(self) -> int:
        """How many jobs it should take now, so that what waits does so in the outbox."""
        ...

    async def put(self, jobs: Jobs) -> None:
        """Hand them over; raises when that is not certain."""
        ...


_row = outbox.table
_now = bindparam("now", type_=DateTime(timezone=True), required=True)
_limit = bindparam("limit", type_=Integer, required=True)

_waiting = (
    select(_row.c.id)
    .where(OPEN, _row.c.dispatched_at.is_(None), _row.c.due_at <= _now)
    .order_by(_row.c.due_at, _row.c.id)
    .limit(_limit)
    .with_for_update(skip_locked=True)
    .cte("waiting")
)
_SEND = Statement(
    update(_row).where(_row.c.id == _waiting.c.id).values(dispatched_at=func.now()).returning(_row.c.id, _row.c.job)
)
_lost = (
    select(_row.c.id)
    .where(
        OPEN,
        _row.c.dispatched_at < func.now() - bindparam("stale_after", type_=Interval, required=True),
        _row.c.due_at <= _now,
    )
    .order_by(_row.c.dispatched_at)
    .limit(_limit)
    .with_for_update(skip_locked=True)
    .cte("lost")
)
_SEND_AGAIN = Statement(
    update(_row).where(_row.c.id == _lost.c.id).values(dispatched_at=func.now()).returning(_row.c.id, _row.c.job)
)


class Relay:
    """One process's relay."""

    def __init__(self, services: Services, queue: Queue, *, stale_after: timedelta = STALE_AFTER) -> None:
        self._services = services
        self._queue = queue
        self._stale_after = stale_after
        self._swept = float("-inf")

    async def run(self) -> None:
        """Go on until cancelled, through outages of PostgreSQL and Redis."""
        pause = POLL_SECONDS
        while True:
            try:
                sent = await self.send_due()
                if monotonic() - self._swept > min(SWEEP_SECONDS, self._stale_after.total_seconds() / 2):
                    sent += await self.send_lost()
                    self._swept = monotonic()
                if pause > POLL_SECONDS:
                    log.info("relay_recovered")
                pause = POLL_SECONDS
                if sent < AT_ONCE:
                    await asyncio.sleep(pause)
            except Exception as error:  # noqa: BLE001  (whatever is away comes back)
                if pause == POLL_SECONDS:
                    log.warning("relay_interrupted", error=type(error).__name__)
                pause = min(pause * 2, LONGEST_PAUSE)
                await asyncio.sleep(pause)

    async def send_due(self) -> int:
        """Send what is due, as much as the queue has room for; returns how many."""
        return await self._send(_SEND, again=False)

    async def send_lost(self) -> int:
        """Send again what was sent a while ago and has not ended."""
        return await self._send(_SEND_AGAIN, again=True, stale_after=self._stale_after)

    async def _send(self, statement: Statement, *, again: bool, **values: object) -> int:
        room = min(await self._queue.room(), AT_ONCE)
        if room <= 0:
            return 0
        async with open_context(self._services, SystemPrincipal("relay")) as ctx:
            rows = await ctx.run(statement, now=ctx.now, limit=room, **values)
            jobs = sorted((row["id"], row["job"], again) for row in rows)
            if jobs:
                await self._queue.put(jobs)
        return len(jobs)
