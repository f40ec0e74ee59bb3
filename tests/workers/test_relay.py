"""The relay and the queue: what is due goes out, in time, once, and again when its end does not come."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, time, timedelta

import pytest
import pytest_asyncio
from arq.connections import ArqRedis

import workers.jobs  # noqa: F401
from app.core.clock import Clock
from app.core.context import open_context
from app.core.principal import SystemPrincipal
from tests.workers.support import Installation
from workers import queue, timetable
from workers.queue import ArqQueue, ArqWorker, connect
from workers.relay import Jobs, Relay
from workers.runner import run_jobs

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Heap:
    """A queue that can be looked at."""

    def __init__(self, room: int = 1000) -> None:
        self.space = room
        self.jobs: Jobs = []
        self.broken = False

    async def room(self) -> int:
        return self.space - len(self.jobs)

    async def put(self, jobs: Jobs) -> None:
        if self.broken:
            raise ConnectionError
        self.jobs += jobs


def relay(installation: Installation, heap: Heap, **offset: float) -> Relay:
    return Relay(installation.services(**offset), heap, stale_after=timedelta(milliseconds=200))


@pytest_asyncio.fixture(loop_scope="session")
async def redis(installation: Installation) -> AsyncIterator[ArqRedis]:
    redis = connect(installation.settings.redis_url or "")
    await redis.flushall()
    yield redis
    await redis.aclose()


async def test_the_products_clock_says_what_is_due(installation: Installation) -> None:
    later = await installation.ask("test.trace", in_=timedelta(days=30), name="later")
    now = await installation.ask("test.trace", name="now")
    heap = Heap()
    assert await relay(installation, heap).send_due() == 1
    assert heap.jobs == [(now, "test.trace", False)]
    assert await relay(installation, heap, days=29).send_due() == 0
    assert await relay(installation, heap, days=31).send_due() == 1 and heap.jobs[-1][0] == later


async def test_only_as_much_as_there_is_room_the_longest_due_first(installation: Installation) -> None:
    ids = [await installation.ask("test.trace", in_=timedelta(seconds=-i)) for i in range(5)]
    heap = Heap(room=2)
    assert await relay(installation, heap).send_due() == 2
    assert {id_ for id_, *_ in heap.jobs} == set(ids[-2:])
    assert await relay(installation, heap).send_due() == 0


async def test_two_relays_take_different_rows(installation: Installation) -> None:
    for _ in range(60):
        await installation.ask("test.trace")
    heaps = [Heap(room=20), Heap(room=20), Heap(room=20)]
    await asyncio.gather(*(relay(installation, heap).send_due() for heap in heaps))
    taken = [id_ for heap in heaps for id_, *_ in heap.jobs]
    assert len(taken) == len(set(taken)) == 60


async def test_without_the_queue_rows_wait_unmarked(installation: Installation) -> None:
    id_ = await installation.ask("test.trace")
    heap = Heap()
    heap.broken = True
    with pytest.raises(ConnectionError):
        await relay(installation, heap).send_due()
    assert (await installation.row(id_))["dispatched_at"] is None
    heap.broken = False
    assert await relay(installation, heap).send_due() == 1


async def test_what_does_not_end_is_sent_again_and_new_rows_are_not_kept_waiting(installation: Installation) -> None:
    lost = await installation.ask("test.trace")
    heap = Heap()
    ours = relay(installation, heap)
    await ours.send_due()
    assert await ours.send_lost() == 0, "not yet"
    await asyncio.sleep(0.25)
    new = await installation.ask("test.trace")
    assert await ours.send_due() == 1 and heap.jobs[-1] == (new, "test.trace", False)
    assert await ours.send_lost() == 1 and heap.jobs[-1] == (lost, "test.trace", True)
    await installation.sql("UPDATE outbox SET done_at = now()")
    await asyncio.sleep(0.25)
    assert await ours.send_lost() == 0


async def test_parcels_are_small_while_there_is_little_to_do(installation: Installation, redis: ArqRedis) -> None:
    ours = ArqQueue(redis, at_once=4)
    assert await ours.room() == 4 * queue.PARCELS_WAITING * queue.LARGEST_PARCEL
    await ours.put([(i, "x", False) for i in range(3)])
    assert await redis.zcard(queue.QUEUE) == 3
    await ours.put([(i, "x", False) for i in range(100)])
    assert await redis.zcard(queue.QUEUE) == 7
    await ours.put([(i, "x", False) for i in range(16 * queue.LARGEST_PARCEL)])
    assert await ours.room() == 0


async def test_a_job_is_done_within_a_second(installation: Installation, redis: ArqRedis) -> None:
    services = installation.services()
    worker = ArqWorker(redis, lambda jobs: run_jobs(services, jobs), at_once=4)
    ours = Relay(services, ArqQueue(redis, at_once=4))
    tasks = [asyncio.create_task(worker.run()), asyncio.create_task(ours.run())]
    try:
        await asyncio.sleep(0.3)
        for i in range(3):
            started = asyncio.get_running_loop().time()
            await installation.ask("test.trace", name=str(i))
            while len(await installation.traces()) <= i:
                assert asyncio.get_running_loop().time() - started < 1
                await asyncio.sleep(0.01)
        await installation.ask("test.trace", name="last", seconds=0.5)
        await asyncio.sleep(0.45)
        await worker.finish(5)
        assert "last" in await installation.traces(), "what runs is finished"
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_daily_jobs_stand_in_the_outbox_once(installation: Installation) -> None:
    await asyncio.gather(*(timetable.ask(installation.services()) for _ in range(4)))
    rows = await installation.sql("SELECT job, due_at FROM outbox ORDER BY job")
    assert [row["job"] for row in rows] == sorted(timetable.DAILY)
    assert all(timedelta() < row["due_at"] - datetime.now(UTC) <= timedelta(hours=25) for row in rows)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-03-28T12:00:00", "2026-03-29T02:30:00+01:00"),  # the night the clocks go forward: 02:30 is skipped
        ("2026-10-24T12:00:00", "2026-10-25T02:30:00+02:00"),  # and back: the first of the two
        ("2026-07-01T00:29:30", "2026-07-01T02:30:00+02:00"),
        ("2026-07-01T00:30:05", "2026-07-02T02:30:00+02:00"),
    ],
)
async def test_the_clock_time_is_the_organisations(now: str, expected: str) -> None:
    offset = datetime.fromisoformat(f"{now}+00:00") - datetime.now(UTC)
    clock = Clock("Europe/Vienna", round(offset.total_seconds()))
    found = timetable.next_time(clock, time(2, 30))
    assert found == datetime.fromisoformat(expected).astimezone(UTC)


async def test_tidying_makes_partitions_and_forgets_old_work(installation: Installation) -> None:
    old = await installation.ask("test.trace")
    open_ = await installation.ask("test.trace")
    recent = await installation.ask("test.trace")
    await installation.sql("UPDATE outbox SET done_at = now() - interval '31 days' WHERE id = $1", old)
    await installation.sql("UPDATE outbox SET done_at = now() - interval '29 days' WHERE id = $1", recent)
    await installation.sql("UPDATE outbox SET created_at = now() - interval '90 days' WHERE id = $1", open_)
    await installation.sql("DROP TABLE IF EXISTS change_log_" + f"{datetime.now(UTC) + timedelta(days=62):%Y_%m}")
    await installation.sql(
        "INSERT INTO idempotency_keys SELECT gen_random_uuid(), 'k', '', 200, '{}', '', now() - d * interval '1 day'"
        " FROM unnest(ARRAY[29, 31]) d"
    )
    id_ = await installation.ask("background_jobs.tidy")
    await run_jobs(installation.services(), [(id_, "background_jobs.tidy", False)])
    assert {row["id"] for row in await installation.sql("SELECT id FROM outbox")} == {open_, recent, id_}
    assert (await installation.sql("SELECT count(*) FROM idempotency_keys"))[0][0] == 1
    months = await installation.sql("SELECT count(*) FROM pg_inherits WHERE inhparent = 'change_log'::regclass")
    assert months[0][0] >= 5


async def test_tidying_goes_on_when_there_is_much(installation: Installation) -> None:
    await installation.sql(
        "INSERT INTO outbox (job, payload, actor, trace_id, created_at, due_at, done_at)"
        " SELECT 'test.trace', '{}', '', '', now(), now(), now() - interval '40 days' FROM generate_series(1, 6000)"
    )
    async with open_context(installation.services(), SystemPrincipal("test")) as ctx:
        ctx.enqueue("background_jobs.tidy", {}, key="daily:background_jobs.tidy")
    for _ in range(2):
        (row,) = await installation.sql("SELECT id FROM outbox WHERE done_at IS NULL")
        await run_jobs(installation.services(), [(row["id"], "background_jobs.tidy", False)])
    assert (await installation.sql("SELECT count(*) FROM outbox"))[0][0] == 2


async def test_a_rehearsal_of_later_forgets_nothing_of_today(installation: Installation) -> None:
    done = await installation.ask("test.trace")
    await installation.sql("UPDATE outbox SET done_at = now()")
    id_ = await installation.ask("background_jobs.tidy")
    await run_jobs(installation.services(days=170), [(id_, "background_jobs.tidy", False)])
    assert (await installation.row(done))["done_at"]
    assert (await installation.row(id_))["done_at"]
