"""The live stream over two API processes, and digests by workers that are killed. One stack for all of them."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import Request

from app.core.clock import Clock
from app.core.context import Context, Services, open_context
from app.core.db import Database
from app.core.embedded import EmbeddedServers
from app.core.principal import Principal, SystemPrincipal
from app.core.problems import NotAuthenticated
from app.identity.models import User
from app.notifications import Told, notify, notify_many
from tests import forking
from tests.conftest import sign_in
from tests.factories import make_user
from tests.live import Live, live
from tests.workers.support import settings_for

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture(scope="module")
def stack(servers: EmbeddedServers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live(servers, tmp_path_factory.mktemp("stream"), apis=2) as stack:
        yield stack


@asynccontextmanager
async def context(stack: Live) -> AsyncIterator[Context]:
    async def nobody(_: Request) -> Principal:
        raise NotAuthenticated

    database = Database(stack.database_url, pool=2)
    settings = settings_for(stack, data_dir=stack.data_dir)  # type: ignore[arg-type]  # it has both addresses too
    try:
        services = Services(database, database, Clock(settings.time_zone), settings, nobody)
        async with open_context(services, SystemPrincipal("test")) as ctx:
            yield ctx
    finally:
        await database.close()


async def tell(stack: Live, user: User, *names: str) -> None:
    async with context(stack) as ctx:
        for name in names:
            await notify(ctx, [user.id], "lead_assigned", record_type="lead", record_id=uuid4(), data={"name": name})


@dataclass
class Listener:
    """A client of the stream: what has arrived, and the id of the last event."""

    answer: httpx.Response
    lines: AsyncIterator[str]
    last_id: str = ""
    comments: int = 0
    counts: list[int] = field(default_factory=list)

    async def event(self, seconds: float = 10) -> tuple[str, dict[str, Any]] | None:
        """The next event; None when the stream has ended."""
        name, data = "", ""
        async with asyncio.timeout(seconds):
            async for line in self.lines:
                key, _, value = line.partition(": ")
                match key:
                    case "event":
                        name = value
                    case "data":
                        data = value
                    case "id":
                        self.last_id = value
                    case "" if value:
                        self.comments += 1
                    case "" if name:
                        self.counts.append(json.loads(data)["unread_count"])
                        return name, json.loads(data)
        return None

    async def names(self, number: int) -> list[str]:
        """The names in so many notifications."""
        found: list[str] = []
        while len(found) < number:
            event = await self.event()
            assert event is not None
            if event[0] == "notification":
                found.append(event[1]["notification"]["data"]["name"])
        return found


@asynccontextmanager
async def listening(url: str, token: str, **headers: str) -> AsyncIterator[Listener]:
    given = {"Authorization": f"Bearer {token}", "Accept-Language": "en", **headers}
    async with (
        httpx.AsyncClient(base_url=url, headers=given, timeout=30) as client,
        client.stream("GET", "/v1/notifications/stream") as answer,
    ):
        if answer.status_code != 200:
            await answer.aread()
        yield Listener(answer, answer.aiter_lines())


async def somebody(stack: Live, **values: Any) -> tuple[User, str]:
    async with stack.session() as session:
        user = await make_user(session, **values)
        return user, await sign_in(session, user.id)


@pytest.mark.rule("LEAD-12")
async def test_a_stream_brings_what_is_told_and_goes_on_elsewhere_where_it_was_cut(stack: Live) -> None:
    user, token = await somebody(stack)
    other, _ = await somebody(stack)
    async with listening(stack.urls[0], token) as one, listening(stack.urls[1], token) as two:
        assert one.answer.headers["content-type"].startswith("text/event-stream")
        assert one.answer.headers["content-language"] == "en"
        for listener in (one, two):
            assert await listener.event() == ("unread_count", {"unread_count": 0})
        await tell(stack, other, "nobody else's")
        await tell(stack, user, "a")
        event = await one.event()
        assert event is not None
        assert event[0] == "notification" and event[1]["unread_count"] == 1
        assert event[1]["notification"]["title"] == "New lead for you: a"
        assert await two.names(1) == ["a"]
        known = one.last_id
    await tell(stack, user, "b", "c", "d")
    async with listening(stack.urls[1], token, **{"Last-Event-ID": known}) as again:
        assert await again.names(2) == ["b", "c"]
        known = again.last_id  # in the middle of what came at once
    await tell(stack, user, "e")
    async with httpx.AsyncClient(base_url=stack.urls[0], headers={"Authorization": f"Bearer {token}"}) as client:
        rest = await client.get("/v1/notifications/stream", params={"last_event_id": known, "max_seconds": 0})
        names = [
            json.loads(line[6:])["notification"]["data"]["name"] for line in rest.text.splitlines() if "data: " in line
        ]
        assert names == ["d", "e"]
        for forged in ("AAAA", known[:-2] + "AA"):
            answer = await client.get("/v1/notifications/stream", headers={"Last-Event-ID": forged})
            assert answer.status_code == 422 and answer.json()["code"] == "invalid_cursor"
        bad = await client.get("/v1/notifications/stream", headers={"Last-Event-ID": "not an id"})
        assert bad.status_code == 422
    async with stack.session() as session:
        theirs = await sign_in(session, other.id)
    async with listening(stack.urls[0], theirs, **{"Last-Event-ID": known}) as stolen:
        assert stolen.answer.status_code == 422


async def test_what_is_committed_late_comes_late_but_comes_and_nothing_comes_twice(stack: Live) -> None:
    user, token = await somebody(stack)
    async with listening(stack.urls[0], token) as stream:
        await stream.event()
        async with context(stack) as slow:  # begins first, ends last
            await notify(slow, [user.id], "lead_assigned", record_type="lead", record_id=uuid4(), data={"name": "late"})
            await tell(stack, user, "early")
            assert await stream.names(1) == ["early"]
            known = stream.last_id
        assert await stream.names(1) == ["late"]
    async with listening(stack.urls[1], token, **{"Last-Event-ID": known}) as again:
        assert await again.names(1) == ["late"]
        await tell(stack, user, "next")
        assert await again.names(1) == ["next"]


async def test_a_stream_ends_with_its_session_and_reading_changes_the_count(stack: Live) -> None:
    user, token = await somebody(stack)
    async with stack.session() as session:
        another = await sign_in(session, user.id)
    async with (
        listening(stack.urls[0], token) as stream,
        httpx.AsyncClient(base_url=stack.urls[1], headers={"Authorization": f"Bearer {another}"}) as client,
    ):
        await stream.event()
        await tell(stack, user, "a")
        await stream.names(1)
        await client.post("/v1/notifications/read-all", json={})
        assert await stream.event() == ("unread_count", {"unread_count": 0})
        await stack.sql(
            "UPDATE device_sessions SET revoked_at = now() WHERE user_id = $1 AND id::text = $2",
            user.id,
            json.loads(_payload(token))["sid"],
        )
        assert await stream.event(3) is None
        assert (await client.get("/v1/notifications/unread-count")).status_code == 200


def _payload(token: str) -> bytes:
    import base64  # noqa: PLC0415

    part = token.split(".")[1]
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


async def test_one_user_has_so_many_streams_and_many_told_wake_everybody_once(stack: Live) -> None:
    user, token = await somebody(stack)
    async with stack.session() as session:
        crowd = [await make_user(session) for _ in range(3)]
    heard: list[str] = []
    connection = await _listener(stack, heard)
    async with (
        httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=30) as client,
        _many(client, stack.urls[0], 10) as streams,
    ):
        assert {answer.status_code for answer in streams} == {200}
        refused = await client.get(f"{stack.urls[0]}/v1/notifications/stream")
        assert refused.status_code == 429 and refused.headers["Retry-After"]
        data = {"name": "x"}
        async with context(stack) as ctx:
            await notify_many(
                ctx, [Told(one.id, "lead_assigned", "lead", uuid4(), data, mail=False) for one in crowd * 700]
            )
        await asyncio.sleep(0.1)
        assert len(heard) <= 2, "a message for each statement"
        listener = Listener(streams[0], streams[0].aiter_lines())
        await listener.event()
        await tell(stack, user, "a")
        assert await listener.names(1) == ["a"]
    await connection.close()
    for _ in range(50):  # those who have gone make room
        answer = await httpx_get(f"{stack.urls[0]}/v1/notifications/stream?max_seconds=0", token)
        if answer.status_code == 200:
            break
        await asyncio.sleep(0.05)
    assert answer.status_code == 200


async def _listener(stack: Live, heard: list[str]) -> Any:
    import asyncpg  # noqa: PLC0415

    connection = await asyncpg.connect(stack.database_url)
    await connection.add_listener("notifications", lambda *args: heard.append(args[3]))
    return connection


async def httpx_get(url: str, token: str) -> httpx.Response:
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as client:
        return await client.get(url)


@asynccontextmanager
async def _many(client: httpx.AsyncClient, url: str, number: int) -> AsyncIterator[list[httpx.Response]]:
    requests = [client.build_request("GET", f"{url}/v1/notifications/stream") for _ in range(number)]
    answers = [await client.send(request, stream=True) for request in requests]
    try:
        yield answers
    finally:
        for answer in answers:
            await answer.aclose()


@pytest.mark.rule("FUP-1")
@pytest.mark.rule("LEAD-12")
async def test_a_digest_is_sent_once_whichever_worker_dies(stack: Live) -> None:
    user, token = await somebody(stack, locale="en", time_zone="America/New_York")
    headers = {"Authorization": f"Bearer {token}", "If-Match": '"0"'}
    async with httpx.AsyncClient(base_url=stack.urls[0], headers=headers) as client:
        wish = {"kinds": {"lead_assigned": {"email": "digest"}}}
        assert (await client.patch("/v1/me/notification-settings", json=wish)).status_code == 200
    await tell(stack, user, "Huber", "Maier")
    days_on = {"CLOCK_OFFSET_SECONDS": "90000"}
    blocker = await _transaction(stack, "SELECT 1 FROM notifications WHERE user_id = $1 FOR UPDATE", user.id)
    quick = stack._start(forking.worker_with_test_jobs, **days_on)
    await _until(stack, "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%digested_at%'")
    quick.kill()
    quick.wait()
    stack.processes.remove(quick)
    await blocker.close()
    assert stack.mailbox.to(user.email) == []
    workers = [stack._start(forking.worker_with_test_jobs, **days_on) for _ in range(2)]
    sent = "SELECT 1 FROM outbox WHERE job = 'mail.send' AND done_at IS NOT NULL"
    await _until(stack, sent)
    (message,) = stack.mailbox.to(user.email)
    assert message["Subject"] == "Leadwerk: 2 notifications"
    text = message.get_content()
    assert "New lead for you: Huber" in text and "New lead for you: Maier" in text
    ((due_at,),) = await stack.sql("SELECT due_at FROM outbox WHERE key = $1 AND done_at IS NULL", f"digest:{user.id}")
    assert due_at > datetime.now(UTC) + timedelta(days=1)
    for worker in workers:
        stack.stop(worker)


async def _transaction(stack: Live, statement: str, *args: object) -> Any:
    import asyncpg  # noqa: PLC0415

    connection = await asyncpg.connect(stack.database_url)
    await connection.execute("BEGIN")
    await connection.fetch(statement, *args)
    return connection


async def _until(stack: Live, statement: str, *args: UUID) -> None:
    for _ in range(100):
        if await stack.sql(statement, *args):
            return
        await asyncio.sleep(0.3)
    raise AssertionError(statement)


async def test_a_server_that_is_told_to_stop_ends_its_streams_first(stack: Live) -> None:
    _, token = await somebody(stack)
    async with listening(stack.urls[1], token) as stream:
        await stream.event()
        process = stack.processes[1]
        process.terminate()
        assert await stream.event(5) is None
        await asyncio.to_thread(process.wait, 5)
        stack.processes.remove(process)
