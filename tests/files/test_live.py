"""Files through the real processes: two at once, a kill in the middle, who hangs up, and what the API's memory says (ACC-11)."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import psutil
import pytest
import pytest_asyncio

from app.core.clock import Clock
from app.core.context import Context, Services, open_context
from app.core.db import Database, new_id
from app.core.embedded import EmbeddedServers
from app.core.principal import SystemPrincipal
from app.files.jobs import sweep
from app.settings import Settings
from tests.conftest import sign_in
from tests.factories import make_account, make_user
from tests.files.support import PDF
from tests.live import Live, live

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.rule("ACC-11")]

COUNTS = "SELECT (SELECT count(*) FROM attachments), (SELECT count(*) FROM object_removals)"


@pytest.fixture
def running(servers: EmbeddedServers, tmp_path: Path) -> Iterator[Live]:
    with live(servers, tmp_path) as stack:
        yield stack


@pytest_asyncio.fixture(loop_scope="session")
async def account(running: Live) -> AsyncIterator[tuple[httpx.AsyncClient, UUID]]:
    """A client, and an account that they may change."""
    async with running.session() as session:
        user = await make_user(session)
        made = await make_account(session, user)
        token = await sign_in(session, user.id)
    async with httpx.AsyncClient(
        headers={"Authorization": f"Bearer {token}"}, timeout=30, limits=httpx.Limits(max_connections=100)
    ) as client:
        yield client, made.id


@asynccontextmanager
async def jobs(running: Live) -> AsyncIterator[Context]:
    """A context as the worker has it."""
    settings = Settings(_env_file=None, environment="test", data_dir=running.data_dir)  # type: ignore[call-arg]
    database = Database(running.database_url)
    await database.open()
    services = Services(database, database, Clock("Europe/Vienna"), settings, None)  # type: ignore[arg-type]
    async with open_context(services, SystemPrincipal("files.sweep")) as ctx:
        yield ctx
    await database.close()


def files_of(running: Live) -> list[Path]:
    return [path for path in (running.data_dir / "files").rglob("*") if path.is_file()]


async def until(running: Live, sql: str, *expected: Any) -> None:
    deadline = monotonic() + 20
    while tuple((await running.sql(sql))[0]) != expected:
        assert monotonic() < deadline, (sql, await running.sql(sql), expected)
        await asyncio.sleep(0.05)


async def two_uploads_at_once_with_one_id(running: Live, account: tuple[httpx.AsyncClient, UUID]) -> None:
    client, id_ = account
    url, asked = f"{running.url}/v1/accounts/{id_}/attachments", {"filename": "a.pdf", "id": str(new_id())}
    answers = await asyncio.gather(*(client.post(url, params=asked, content=PDF) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert (await running.sql("SELECT count(*) FROM attachments"))[0][0] == 1

    key = {"Idempotency-Key": str(uuid4())}
    answers = await asyncio.gather(
        *(client.post(url, params={"filename": "b.pdf"}, content=PDF, headers=key) for _ in range(6))
    )
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert (await running.sql("SELECT count(*) FROM attachments"))[0][0] == 2


async def who_hangs_up_leaves_nothing(running: Live, account: tuple[httpx.AsyncClient, UUID]) -> None:
    client, id_ = account
    before = (await running.sql(COUNTS))[0]
    host, port = running.url.removeprefix("http://").split(":")
    for _ in range(3):
        with socket.create_connection((host, int(port))) as wire:
            head = (
                f"POST /v1/accounts/{id_}/attachments?filename=a.pdf HTTP/1.1\r\nHost: x\r\n"
                f"Authorization: {client.headers['Authorization']}\r\nContent-Length: 1000000\r\n\r\n"
            )
            wire.sendall(head.encode() + b"x" * 500_000)
    assert (await client.get(f"{running.url}/v1/accounts/{id_}")).status_code == 200
    assert (await running.sql(COUNTS))[0] == before
    assert "unhandled" not in (running.data_dir / "processes.log").read_text()


async def many_uploads_at_once_hold_neither_connections_nor_memory(
    running: Live, account: tuple[httpx.AsyncClient, UUID]
) -> None:
    """Twenty-four slow uploads over eight connections to the database, 120 MB in all: others are served, and it does not add up."""
    client, id_ = account
    process = psutil.Process(running.processes[0].pid)
    at_rest, mark = process.memory_info().rss, 1024 * 1024
    reading, begun, going = asyncio.Event(), asyncio.Event(), 0

    async def slow() -> AsyncIterator[bytes]:
        nonlocal going
        yield os.urandom(mark)
        going += 1
        if going == 24:
            begun.set()
        await reading.wait()
        for _ in range(4):
            yield b"x" * mark

    async def send() -> httpx.Response:
        return await client.post(
            f"{running.url}/v1/accounts/{id_}/attachments", params={"filename": "a.bin"}, content=slow()
        )

    uploads = [asyncio.create_task(send()) for _ in range(24)]
    await asyncio.wait_for(begun.wait(), 20)
    served = await client.get(f"{running.url}/v1/accounts/{id_}")
    assert served.status_code == 200
    reading.set()
    most = 0
    while not all(upload.done() for upload in uploads):
        most = max(most, process.memory_info().rss)
        await asyncio.sleep(0.02)
    assert [upload.result().status_code for upload in uploads] == [201] * 24
    assert most - at_rest < 110 * mark
    assert (await running.sql("SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"))[0][
        0
    ] == 0


async def a_kill_between_object_and_row_leaves_nothing_for_ever(
    running: Live, account: tuple[httpx.AsyncClient, UUID]
) -> None:
    client, id_ = account
    rows, begun = (await running.sql(COUNTS))[0]
    files = len(files_of(running))
    holding = await asyncpg.connect(running.database_url)
    async with holding.transaction():
        await holding.execute("SELECT FROM accounts WHERE id = $1 FOR UPDATE", id_)
        upload = asyncio.create_task(
            client.post(f"{running.url}/v1/accounts/{id_}/attachments", params={"filename": "a.pdf"}, content=PDF)
        )
        await until(running, COUNTS, rows, begun + 1)
        while len(files_of(running)) == files:  # noqa: ASYNC110  (another process writes them)
            await asyncio.sleep(0.02)
        running.stop(running.processes[0], signal.SIGKILL)
        with pytest.raises(httpx.HTTPError):
            await upload
    await holding.close()
    assert tuple((await running.sql(COUNTS))[0]) == (rows, begun + 1) and len(files_of(running)) == files + 1

    await running.sql("UPDATE object_removals SET due_at = due_at - interval '25 hours'")
    async with jobs(running) as ctx:
        await sweep(ctx, {})
    assert tuple((await running.sql(COUNTS))[0]) == (rows, 0)
    left = (await running.sql("SELECT array_agg(object_key) FROM attachments"))[0][0] or []
    assert {str(path.relative_to(running.data_dir / "files")) for path in files_of(running)} == set(left)


async def test_files_through_the_real_processes(running: Live, account: tuple[httpx.AsyncClient, UUID]) -> None:
    await two_uploads_at_once_with_one_id(running, account)
    await who_hangs_up_leaves_nothing(running, account)
    await many_uploads_at_once_hold_neither_connections_nor_memory(running, account)
    await a_kill_between_object_and_row_leaves_nothing_for_ever(running, account)
