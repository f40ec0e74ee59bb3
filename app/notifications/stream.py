"""The live stream of notifications: server-sent events, over any number of API processes.

One connection of each process listens (`LISTEN notifications`) and wakes the streams of those who are meant; each then looks by
itself. No stream holds a connection while it waits, and what is told while nobody listens is found at the next look.
"""

import asyncio
import signal
import threading
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from time import monotonic
from types import FrameType
from uuid import UUID
from weakref import WeakSet

import asyncpg
import structlog
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event

from app.core.clock import Clock
from app.core.db import Database, Reader
from app.core.paging import InvalidCursor
from app.core.principal import UserPrincipal
from app.core.problems import Language
from app.notifications.places import News, Place, news
from app.notifications.problems import TooManyStreams

log = structlog.get_logger()

HEARTBEAT_SECONDS = 15.0
RETRY_MILLISECONDS = 3000
MOST_OF_ONE_USER = 10
"""Streams of one user in one API process."""
READS_AT_ONCE = 4
"""Connections that all streams of a process use at a time: when everybody is told something, requests go on."""
LONGEST_ID = 8000
"""Characters of an event's id that come back in a header; a longer one (of hundreds of open transactions) is left out."""

_AWAY = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


class Streams:
    """The streams of one process."""

    def __init__(self, database: Database, reader: Reader, clock: Clock) -> None:
        self._database = database
        self._reader = reader
        self._clock = clock
        self._waiting: dict[UUID, WeakSet[asyncio.Event]] = defaultdict(WeakSet)
        self._reading = asyncio.Semaphore(READS_AT_ONCE)
        self._listening: asyncio.Task[None] | None = None
        self.ending = False

    # --- being woken -------------------------------------------------------------------------------------------------

    def wake(self, users: str) -> None:
        """Let the streams of these users look, ids separated by commas; `*` means everybody's."""
        if users == "*":
            woken = [event for events in self._waiting.values() for event in events]
        else:
            woken = [event for user in users.split(",") for event in self._waiting.get(UUID(user), ())]
        for event in woken:
            event.set()

    async def _listen(self) -> None:
        while True:
            try:
                async with self._database.listener() as connection:
                    for channel in ("notifications", "identity"):
                        await connection.add_listener(channel, lambda *args: self.wake(str(args[3])))
                    self.wake("*")
                    while not connection.is_closed():
                        await connection.fetchval("SELECT 1", timeout=5)
                        await asyncio.sleep(5)
            except _AWAY as error:
                log.warning("notification_listener_lost", error=type(error).__name__)
            await asyncio.sleep(1)

    def end(self) -> None:
        """End all streams: the process is about to stop."""
        self.ending = True
        self.wake("*")

    async def close(self) -> None:
        """End all streams and give the listener's connection back."""
        self.end()
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)

    @contextmanager
    def ended_by_signals(self) -> Iterator[None]:
        """While this runs, a signal that stops the server ends the streams first; it would wait for them otherwise."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

        def stop(number: int, frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(self.end)
            if callable(then := before[signal.Signals(number)]):
                then(number, frame)

        servers = [number for number, handler in before.items() if callable(handler)]
        for number in servers:
            signal.signal(number, stop)
        try:
            yield
        finally:
            for number in servers:
                if signal.getsignal(number) is stop:
                    signal.signal(number, before[number])

    # --- streams -----------------------------------------------------------------------------------------------------

    def join(self, user_id: UUID) -> asyncio.Event:
        """A new stream's bell. Raises TooManyStreams."""
        if len(self._waiting.get(user_id, ())) >= MOST_OF_ONE_USER:
            raise TooManyStreams(most=MOST_OF_ONE_USER, headers={"Retry-After": "60"})
        if self._listening is None or self._listening.done():
            self._listening = asyncio.create_task(self._listen())
        bell = asyncio.Event()
        self._waiting[user_id].add(bell)
        return bell

    def leave(self, user_id: UUID, bell: asyncio.Event) -> None:
        """The stream is over."""
        self._waiting[user_id].discard(bell)
        if not self._waiting[user_id]:
            del self._waiting[user_id]

    async def look(self, user: UserPrincipal, place: Place | None, language: Language) -> News | None:
        """What came after the place; None when the user is not signed in any more. Raises InvalidCursor."""
        async with self._reading:
            return await news(self._reader, user, place, language, now=self._clock.now())

    async def events(
        self,
        user: UserPrincipal,
        bell: asyncio.Event,
        first: News,
        language: Language,
        key: bytes,
        *,
        seconds: int | None,
    ) -> AsyncIterator[bytes]:
        """Server-sent events from `first` on, until the session ends, the process stops or the `seconds` are over.

        Each is made when the reader has taken the one before, so a slow reader costs no memory.
        """
        until = monotonic() + seconds if seconds is not None else None
        found: News | None = first
        unread = -1
        try:
            yield format_sse_event(retry=RETRY_MILLISECONDS)
            while found is not None:
                for told, place in found.told:
                    unread = found.unread
                    yield _event("notification", f'{{"notification":{told},"unread_count":{unread}}}', user, place, key)
                if unread != found.unread:
                    unread = found.unread
                    yield _event("unread_count", f'{{"unread_count":{unread}}}', user, found.place, key)
                place, more, found = found.place, found.more, None
                if not more:
                    rang = await self._rings(bell, until)
                    if self.ending or (until is not None and monotonic() >= until):
                        return
                    if not rang:
                        yield KEEPALIVE_COMMENT
                bell.clear()
                found = await self._look_again(user, place, unread, language)
        finally:
            self.leave(user.user_id, bell)

    async def _rings(self, bell: asyncio.Event, until: float | None) -> bool:
        wait = HEARTBEAT_SECONDS if until is None else min(HEARTBEAT_SECONDS, until - monotonic())
        try:
            async with asyncio.timeout(wait):
                await bell.wait()
        except TimeoutError:
            return False
        return True

    async def _look_again(self, user: UserPrincipal, place: Place, unread: int, language: Language) -> News | None:
        """An outage of the database ends no stream: a later look finds what came meanwhile."""
        try:
            return await self.look(user, place, language)
        except _AWAY as error:
            log.warning("notification_stream_waits", error=type(error).__name__)
            await asyncio.sleep(1)
            return News((), place, more=False, unread=unread)
        except InvalidCursor:  # another database has taken its place
            return None


def _event(name: str, data: str, user: UserPrincipal, place: Place, key: bytes) -> bytes:
    id_ = place.sealed(user.user_id, key)
    return format_sse_event(event=name, data_str=data, id=id_ if len(id_) <= LONGEST_ID else None)
