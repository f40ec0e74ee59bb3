"""Real worker processes, killed at random moments, with the servers behind them: no job is lost, each takes effect once."""

import asyncio
import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import orjson
import pytest
import redis
from sqlalchemy.exc import SQLAlchemyError

from app.core.embedded import EmbeddedServers
from tests.forking import Forked, worker_with_test_jobs
from tests.workers.support import Installation

pytestmark = pytest.mark.asyncio(loop_scope="session")
ROOT = Path(__file__).parents[2]
JOBS = 150
GONE = (OSError, SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


class Processes:
    """Worker processes over one installation."""

    def __init__(self, servers: EmbeddedServers, folder: Path) -> None:
        self._environment = {
            **os.environ,
            "ENVIRONMENT": "test",
            "DATABASE_URL": servers.database_url,
            "REDIS_URL": servers.redis_url,
            "DATA_DIR": str(folder),
            "LOG_LEVEL": "WARNING",
        }
        self._log = folder / "workers.log"
        self.running: list[Forked] = []

    def start(self) -> Forked:
        process = Forked(worker_with_test_jobs, environment=self._environment, log=self._log)
        self.running.append(process)
        return process

    def kill_one(self) -> None:
        process = self.running.pop(random.randrange(len(self.running)))
        process.kill()
        process.wait()

    def close(self) -> None:
        for process in self.running:
            process.kill()
            process.wait()


@pytest.fixture
def processes(own_servers: EmbeddedServers, tmp_path: Path) -> Iterator[Processes]:
    processes = Processes(own_servers, tmp_path)
    yield processes
    processes.close()


async def until_done(installation: Installation, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while await installation.sql("SELECT 1 FROM outbox WHERE done_at IS NULL AND job LIKE 'test.%' LIMIT 1"):
        open_ = await installation.sql(
            "SELECT job, payload, attempts, error, dispatched_at, dead_at FROM outbox WHERE done_at IS NULL LIMIT 5"
        )
        assert time.monotonic() < deadline, open_
        await asyncio.sleep(0.1)


async def produce(installation: Installation) -> None:
    """Ask for jobs, each once; what happened to an answer that did not come is looked up."""
    deadline = time.monotonic() + 30
    for number in range(JOBS):
        name = f"{number:03}"
        payload = {"name": name, "seconds": 0.2 if number % 10 == 0 else 0}
        while True:
            try:
                if await installation.sql("SELECT 1 FROM outbox WHERE key = $1", name):
                    break
                await installation.ask("test.trace", key=name, **payload)
            except GONE:
                if time.monotonic() > deadline:
                    raise
            await asyncio.sleep(0.01)


async def test_nothing_is_lost_and_nothing_happens_twice(
    installation: Installation, own_servers: EmbeddedServers, processes: Processes
) -> None:
    for _ in range(2):
        processes.start()
    producer = asyncio.create_task(produce(installation))
    disturbances = ["worker", "valkey", "worker", "postgres", "worker"]
    for what in disturbances:
        await asyncio.sleep(random.uniform(0.6, 1.4))
        if what == "worker":
            processes.kill_one()
            processes.start()
        else:
            server = own_servers._valkey if what == "valkey" else own_servers._postgres
            assert server is not None and server._process is not None
            server._process.kill()
            server._process.wait()
            await asyncio.sleep(0.3)
            await asyncio.to_thread(own_servers.restart_dead)
    await producer
    await until_done(installation, 20)
    beats: list[dict[str, int]] = []
    with redis.Redis.from_url(own_servers.redis_url) as client:
        for _ in range(100):  # the last worker may have been started a moment ago
            beats = [orjson.loads(client.get(key) or b"null") for key in client.scan_iter("leadwerk:worker:*")]
            if beats and all(beats):
                break
            await asyncio.sleep(0.1)
    assert beats
    assert all(beat["dead_jobs"] == 0 for beat in beats)
    assert await installation.traces() == [f"{number:03}" for number in range(JOBS)]
    (dead,) = await installation.sql("SELECT count(*) FROM outbox WHERE dead_at IS NOT NULL")
    assert dead[0] == 0


async def test_a_worker_told_to_stop_finishes_what_it_does(installation: Installation, processes: Processes) -> None:
    process = processes.start()
    await installation.ask("test.trace", name="a", seconds=1)
    while not await installation.sql("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' LIMIT 1"):
        assert process.poll() is None
        await asyncio.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(process.wait, 10) == 0
    assert await installation.traces() == ["a"]
    assert await installation.sql("SELECT 1 FROM outbox WHERE job = 'test.trace' AND done_at IS NOT NULL")
