"""Tells users of reminders as they fall due, in small batches at a steady pace.

Any number of processes may run it: each takes other rows. The product's clock says what is due.
"""

import asyncio
from datetime import datetime, timedelta
from time import monotonic
from uuid import UUID

import structlog

from app.core.context import Services, open_context
from app.core.principal import SystemPrincipal
from app.reminders import sending
from app.reminders.sending import Batch, CannotTell
from workers.health import REMINDED, REMINDER_SECONDS

log = structlog.get_logger()

AT_ONCE = 250
"""Reminders in one transaction: a tenth of a second, so that neither the delta feed nor a request waits for it."""
PER_SECOND = 2500
"""Of one process at most; and it rests half as long as a batch took, so that requests have their turn on a slow machine too."""
MAILS_PER_SECOND = 50
"""E-mails that fall due where many are told at once: else every other job of the outbox would wait behind a morning's mails."""
MAILS_LATER = timedelta(seconds=30)
"""After so long these begin, when the inboxes are filled; sending them takes the same process far longer than telling."""
POLL_SECONDS = 1.0
"""How late a reminder may be that was set for a moment ago."""
HELD_SECONDS = 0.1
"""How soon to look again at one that is due and that another process holds."""
LONGEST_PAUSE = 5.0


class Reminding:
    """One process's share."""

    def __init__(self, services: Services, *, at_once: int = AT_ONCE, per_second: int = PER_SECOND) -> None:
        self._services = services
        self._at_once = at_once
        self._per_second = per_second
        self._after: tuple[datetime, UUID] | None = None
        self._mailed = services.clock.now()
        self._singly = 0
        """Reminders still to be told one by one, since one of them cannot be."""

    async def run(self) -> None:
        """Go on until cancelled, through outages of PostgreSQL."""
        pause = 0.0
        while True:
            started = monotonic()
            try:
                more = await self.send()
                if pause:
                    log.info("reminding_recovered")
                pause = 0.0
                took = monotonic() - started
                await asyncio.sleep(
                    max(took / 2, self._at_once / self._per_second - took) if more else await self._until_next()
                )
            except Exception as error:  # noqa: BLE001  (whatever is away comes back)
                if not pause:
                    log.warning("reminding_interrupted", error=type(error).__name__)
                pause = min(max(pause * 2, 0.2), LONGEST_PAUSE)
                await asyncio.sleep(pause)

    async def send(self) -> bool:
        """Tell a batch; returns whether there may be more."""
        limit = 1 if self._singly else self._at_once
        mail_at = self._mail_at if self._after is not None else None
        try:
            async with open_context(self._services, SystemPrincipal("reminders")) as ctx:
                batch = await sending.send_due(ctx, limit=limit, after=self._after, mail_at=mail_at)
        except CannotTell as failure:
            await self._put_aside(failure)
            return True
        _count(batch, ctx.now)
        self._singly = max(0, self._singly - 1)
        more = len(batch.taken) == limit
        self._after = batch.last if more else None  # what another one held and let go stands before it
        return more

    def _mail_at(self) -> datetime:
        """When the next e-mail of many goes out."""
        first = self._services.clock.now() + MAILS_LATER
        self._mailed = max(first, self._mailed + timedelta(seconds=1 / MAILS_PER_SECOND))
        return self._mailed

    async def _put_aside(self, failure: CannotTell) -> None:
        """Go through the batch one by one; a single one that cannot be told is a defect, and given up."""
        if len(failure.taken) > 1:
            self._singly = len(failure.taken)
            return
        (due,) = failure.taken
        async with open_context(self._services, SystemPrincipal("reminders")) as ctx:
            await sending.give_up(ctx, due.id)
        self._singly = max(0, self._singly - 1)
        REMINDED.labels("failed").inc()
        log.error("reminder_failed", id=str(due.id), kind=due.kind, error=repr(failure.__cause__)[:200])

    async def _until_next(self) -> float:
        """How long to sleep: until the next one is due, and never longer than a poll."""
        async with open_context(self._services, SystemPrincipal("reminders")) as ctx:
            due_at = await sending.next_due(ctx)
        left = POLL_SECONDS if due_at is None else (due_at - self._services.clock.now()) / timedelta(seconds=1)
        return min(max(left, HELD_SECONDS), POLL_SECONDS)


def _count(batch: Batch, now: datetime) -> None:
    REMINDED.labels("told").inc(batch.told)
    REMINDED.labels("void").inc(len(batch.taken) - batch.told)
    for due in batch.taken:
        REMINDER_SECONDS.observe((now - due.due_at).total_seconds())
