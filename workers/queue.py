"""arq, kept here: a queue in Redis, and the worker that takes from it.

arq carries row ids, nothing else; what is to be done and whether it is done stands in PostgreSQL. So nothing is lost if
Redis forgets, and nothing is done twice if it repeats.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from math import ceil
from time import time
from typing import Any
from uuid import uuid4

import orjson
import structlog
from arq.connections import ArqRedis
from arq.worker import Worker, func
from redis.exceptions import RedisError

from workers.relay import STALE_AFTER, Jobs

log = structlog.get_logger()

QUEUE = "leadwerk:jobs"
FUNCTION = "run"
EXPIRES_SECONDS = 7 * 24 * 3600
POLL_SECONDS = 0.1
LARGEST_PARCEL = 50
PARCELS_WAITING = 4
"""Parcels in the queue for each one that a worker can do at a time."""
MOST_PARCELS = 1000
PARCEL_SECONDS = 75
"""Longer than a parcel can take (`runner.PARCEL_SECONDS` and one job more)."""
LONGEST_PAUSE = 5.0


def connect(redis_url: str) -> ArqRedis:
    """A client with arq's commands, JSON inside; no call to it hangs."""
    redis: ArqRedis = ArqRedis.from_url(redis_url, socket_timeout=5, socket_connect_timeout=2)
    redis.job_serializer = orjson.dumps
    redis.job_deserializer = orjson.loads
    redis.default_queue_name = QUEUE
    return redis


class ArqQueue:
    """What the relay puts jobs into: parcels of rows, small while there is little to do, so that nobody waits in line."""

    def __init__(self, redis: ArqRedis, *, at_once: int) -> None:
        self._redis = redis
        self._at_once = at_once

    async def room(self) -> int:
        # Parcels of a while ago are left out: a killed worker's stand there until arq takes them up again.
        fresh = int((time() - STALE_AFTER.total_seconds()) * 1000)
        recent, all_ = await self._redis.zcount(QUEUE, fresh, "+inf"), await self._redis.zcard(QUEUE)
        return max(0, min(self._at_once * PARCELS_WAITING - int(recent), MOST_PARCELS - int(all_))) * LARGEST_PARCEL

    async def put(self, jobs: Jobs) -> None:
        size = min(LARGEST_PARCEL, ceil(len(jobs) / self._at_once))
        for start in range(0, len(jobs), size):
            parcel = jobs[start : start + size]
            # The id is new each time: arq would refuse one that it still remembers.
            await self._redis.enqueue_job(FUNCTION, *parcel, _job_id=uuid4().hex, _expires=EXPIRES_SECONDS)


class ArqWorker:
    """Takes parcels and hands them to `work`; starts over when Redis was away."""

    def __init__(self, redis: ArqRedis, work: Callable[[Jobs], Awaitable[None]], *, at_once: int) -> None:
        self._redis = redis
        self._at_once = at_once
        self._tasks: set[asyncio.Task[Any]] = set()
        self._arq: Worker | None = None

        async def run(ctx: dict[Any, Any], *parcel: Any, **_: Any) -> None:  # noqa: ARG001  (arq's signature)
            await work([(int(id_), str(name), bool(again)) for id_, name, again in parcel])

        self._function = func(run, name=FUNCTION, keep_result=0, timeout=PARCEL_SECONDS, max_tries=100)

    async def run(self) -> None:
        """Go on until cancelled."""
        pause = 0.2
        while True:
            self._arq = Worker(
                functions=[self._function],
                redis_pool=self._redis,
                queue_name=QUEUE,
                max_jobs=self._at_once,
                poll_delay=POLL_SECONDS,
                handle_signals=False,
                job_serializer=orjson.dumps,
                job_deserializer=orjson.loads,
                queue_read_limit=MOST_PARCELS,
                log_results=False,
            )
            started = asyncio.get_running_loop().time()
            try:
                await self._arq.async_run()
            except (RedisError, OSError, TimeoutError) as error:
                log.warning("queue_interrupted", error=type(error).__name__)
            self._tasks = {task for task in (*self._tasks, *self._arq.tasks.values()) if not task.done()}
            for task in self._tasks:
                task.add_done_callback(_look_at)
            pause = (
                0.2 if asyncio.get_running_loop().time() - started > LONGEST_PAUSE else min(pause * 2, LONGEST_PAUSE)
            )
            await asyncio.sleep(pause)

    async def finish(self, seconds: float) -> None:
        """Take nothing more, and let what runs come to its end; what takes longer is cancelled and done elsewhere."""
        if self._arq is not None:
            self._arq.allow_pick_jobs = False
            self._tasks |= set(self._arq.tasks.values())
        running = {task for task in self._tasks if not task.done()}
        if running:
            _, late = await asyncio.wait(running, timeout=seconds)
            for task in late:
                task.cancel()
            with contextlib.suppress(Exception):
                await asyncio.wait_for(asyncio.gather(*late, return_exceptions=True), 3)


def _look_at(task: asyncio.Task[Any]) -> None:
    """What arq could not tell Redis about a parcel matters to nobody."""
    if not task.cancelled():
        task.exception()
