"""Reminders through real worker processes and servers that are killed: each is told, once (FUP-1)."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

import workers.jobs  # noqa: F401  (registers what reminders say)
from app.core.context import Context, open_context
from app.core.embedded import EmbeddedServers
from app.core.principal import UserPrincipal
from app.follow_ups import service as follow_ups
from app.follow_ups.schemas import Snooze
from app.reminders import sending
from app.reminders.sending import Due
from tests.workers.support import Installation
from tests.workers.test_crashes import GONE, Processes
from workers.reminding import Reminding

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.rule("FUP-1")]

PEOPLE = 20
CLEAR = "TRUNCATE reminders, follow_ups, notifications, outbox"
SEED = """
WITH people AS (
    INSERT INTO users (id, user_name, email, first_name, last_name)
    SELECT gen_random_uuid(), 'u' || n, 'u' || n || '@example.com', 'U', n::text FROM generate_series(1, $2::int) AS n
    ON CONFLICT DO NOTHING RETURNING id
), someone AS (
    SELECT id, row_number() OVER (ORDER BY id) AS n FROM (SELECT id FROM people UNION SELECT id FROM users WHERE user_name ~ '^u\\d')
), account AS (
    INSERT INTO accounts (id, name, assignee_id, manager_ids, team_ids, level, industry, legal_form, city, country)
    SELECT gen_random_uuid(), 'Kranz GmbH', id, '{}', '{}', 'B', 'Bau', 'GmbH', 'Linz', 'AT' FROM someone WHERE n = 1 RETURNING id
), made AS (
    INSERT INTO follow_ups (id, account_id, note, assignee_id, created_by, due_at)
    SELECT gen_random_uuid(), account.id, 'Nachfassen', someone.id, someone.id, now() + m * $3::interval
    FROM generate_series(1, $1::int) AS m JOIN someone ON someone.n = 1 + m % $2::int, account
    RETURNING id, assignee_id, due_at
)
INSERT INTO reminders (id, user_id, record_type, record_id, kind, due_at)
SELECT gen_random_uuid(), assignee_id, 'follow_up', id, 'follow_up_due', due_at FROM made
"""
TOLD = "SELECT record_id, count(*) AS times FROM notifications GROUP BY 1"
WAITING = "SELECT count(*) AS n FROM reminders WHERE sent_at IS NULL"


@pytest.fixture
def processes(own_servers: EmbeddedServers, tmp_path: Path) -> Iterator[Processes]:
    processes = Processes(own_servers, tmp_path)
    yield processes
    processes.close()


@pytest_asyncio.fixture(loop_scope="session")
async def cleared(installation: Installation) -> AsyncIterator[Installation]:
    await installation.sql(CLEAR)
    yield installation
    await installation.sql(CLEAR)


async def seed(installation: Installation, count: int, apart: timedelta = timedelta()) -> None:
    """So many reminders, due now or one after another."""
    await installation.sql(SEED, count, PEOPLE, apart)


async def times_told(installation: Installation) -> list[int]:
    return [row["times"] for row in await installation.sql(TOLD)]


async def until_told(installation: Installation, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while left := (await installation.sql(WAITING))[0]["n"]:
        assert time.monotonic() < deadline, left
        await asyncio.sleep(0.05)


async def disturb(what: str, processes: Processes, servers: EmbeddedServers) -> None:
    if what == "worker":
        processes.kill_one()
        processes.start()
        return
    server = servers._valkey if what == "valkey" else servers._postgres
    assert server is not None and server._process is not None
    server._process.kill()
    server._process.wait()
    await asyncio.sleep(0.3)
    await asyncio.to_thread(servers.restart_dead)


async def killed(
    installation: Installation, servers: EmbeddedServers, processes: Processes, disturbances: Sequence[str]
) -> None:
    """Two thousand fall due over some seconds, a quarter of them before any worker runs; things die meanwhile."""
    seconds = 1.2 * len(disturbances)
    await seed(installation, 1500, timedelta(seconds=seconds / 1500))
    await seed(installation, 500, timedelta(hours=-1))
    for _ in range(2):
        processes.start()
    for what in disturbances:
        await asyncio.sleep(random.uniform(0.4, 1.0))
        await disturb(what, processes, servers)
    for _ in range(200):
        try:
            await until_told(installation, 30)
            break
        except GONE:
            await asyncio.sleep(0.1)
    assert await times_told(installation) == [1] * 2000
    (mails,) = await installation.sql("SELECT count(*) AS n FROM outbox WHERE job = 'notifications.mail'")
    assert mails["n"] == 2000


async def test_each_is_told_once_whatever_is_killed(
    cleared: Installation, own_servers: EmbeddedServers, processes: Processes
) -> None:
    await killed(cleared, own_servers, processes, ("worker", "valkey", "postgres", "worker"))


@pytest.mark.slow
async def test_and_again_and_again(cleared: Installation, own_servers: EmbeddedServers, processes: Processes) -> None:
    for _ in range(5):
        await cleared.sql(CLEAR)
        chosen = random.choices(("worker", "worker", "valkey", "postgres"), k=6)
        await killed(cleared, own_servers, processes, chosen)
        while processes.running:
            processes.kill_one()


async def test_several_at_once_never_tell_the_same(cleared: Installation) -> None:
    await seed(cleared, 600)
    several = [Reminding(cleared.services(), at_once=40) for _ in range(4)]

    async def work(one: Reminding) -> None:
        while await one.send():
            pass

    await asyncio.gather(*map(work, several))
    await until_told(cleared, 1)
    assert await times_told(cleared) == [1] * 600
    (mails,) = await cleared.sql(
        "SELECT max(due_at) - min(due_at) AS over FROM outbox WHERE job = 'notifications.mail'"
    )
    assert mails["over"] > timedelta(seconds=30), (
        "they begin later, and a few a second, so that other jobs have their turn"
    )


async def test_a_worker_wakes_for_the_next_one(cleared: Installation) -> None:
    running = asyncio.create_task(Reminding(cleared.services()).run())
    await seed(cleared, 3, timedelta(seconds=0.4))
    await until_told(cleared, 5)
    running.cancel()
    (late,) = await cleared.sql("SELECT max(sent_at - due_at) AS late FROM reminders")
    assert late["late"] < timedelta(seconds=1)


async def test_put_off_at_the_very_moment_it_is_due(cleared: Installation) -> None:
    """Whichever comes first: nobody is told twice of one time, and the new time stands."""
    await seed(cleared, 60)
    rows = await cleared.sql("SELECT id, assignee_id FROM follow_ups")
    later = Snooze(in_days=3)

    async def put_off(row: Mapping[str, Any]) -> None:
        user = row["assignee_id"]
        who = UserPrincipal(user, "u", "U", uuid4(), frozenset({"follow_ups.write"}), ())
        await asyncio.sleep(random.uniform(0, 0.15))
        async with open_context(cleared.services(), who) as ctx:
            await follow_ups.snooze(ctx, row["id"], later)

    async def work(one: Reminding) -> None:
        while await one.send():
            pass

    several = [Reminding(cleared.services(), at_once=3) for _ in range(2)]
    await asyncio.gather(*(put_off(row) for row in rows), *map(work, several))
    assert set(await times_told(cleared)) <= {1}
    waiting = await cleared.sql("SELECT 1 FROM reminders WHERE sent_at IS NULL AND due_at > now() + interval '1 day'")
    assert len(waiting) == 60
    before = {row["record_id"] for row in await cleared.sql(TOLD)}
    await work(Reminding(cleared.services(days=4)))
    after = {row["record_id"]: row["times"] for row in await cleared.sql(TOLD)}
    assert after == {row["id"]: 1 + (row["id"] in before) for row in rows}


async def test_one_that_cannot_be_told_keeps_nobody_from_the_others(
    cleared: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    await seed(cleared, 12)
    (broken,) = await cleared.sql("SELECT id FROM reminders LIMIT 1")
    said = sending.SOURCES["follow_up"]

    async def some(ctx: Context, due: Sequence[Due]) -> dict[UUID, Mapping[str, Any]]:
        return {id_: {} if id_ == broken["id"] else data for id_, data in (await said(ctx, due)).items()}

    monkeypatch.setitem(sending.SOURCES, "follow_up", some)
    one = Reminding(cleared.services(), at_once=10)
    for _ in range(30):
        await one.send()
    assert await times_told(cleared) == [1] * 11
    (failed,) = await cleared.sql("SELECT id FROM reminders WHERE outcome = 'failed'")
    assert failed["id"] == broken["id"]
