"""Principals are kept, but never older ones than what a process has been told."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
import pytest
from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import Reader
from app.identity import tokens
from app.identity.authentication import Authenticator
from tests.conftest import SECRET, Api, sign_in
from tests.factories import make_user
from tests.identity.support import bearing


class CountingReader:
    """Reads as the application does; may be told of a change while it reads."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.reads = 0
        self.tell: Authenticator | None = None

    async def fetch(self, sql: str, *args: object) -> Sequence[asyncpg.Record]:
        self.reads += 1
        rows = await self.reader.fetch(sql, *args)
        if self.tell is not None:
            self.tell.forget(str(rows[0]["id"]))
        return rows


def request(token: str) -> Request:
    return Request({"type": "http", "headers": [(b"authorization", f"Bearer {token}".encode())]})


async def kept_reader(api: Api) -> tuple[Authenticator, CountingReader]:
    services = api.app.state.services
    reader = CountingReader(services.reader)
    authenticator = Authenticator(services.settings, reader, services.clock, api.app.state.limiter)
    authenticator._listening = True
    return authenticator, reader


@pytest.mark.rule("ID-9")
async def test_what_was_read_while_it_changed_is_not_kept(api: Api, session: AsyncSession) -> None:
    token = await sign_in(session, (await make_user(session)).id)
    authenticator, reader = await kept_reader(api)
    reader.tell = authenticator
    for _ in range(2):
        await authenticator(request(token))
    assert reader.reads == 2
    reader.tell = None
    for _ in range(3):
        await authenticator(request(token))
    assert reader.reads == 3, "without a change it is read once"


async def test_only_the_user_who_changed_is_read_again(api: Api, session: AsyncSession) -> None:
    one, two = await make_user(session), await make_user(session)
    first, second = await sign_in(session, one.id), await sign_in(session, two.id)
    authenticator, reader = await kept_reader(api)
    for token in (first, second):
        await authenticator(request(token))
    authenticator.forget(str(one.id))
    for token in (first, second):
        await authenticator(request(token))
    assert reader.reads == 3
    authenticator.forget("*")
    await authenticator(request(second))
    assert reader.reads == 4


@pytest.mark.rule("ID-9")
async def test_tokens_that_are_not_good(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    good = await sign_in(session, user.id)
    access = tokens.read(SECRET, good)
    assert access is not None
    now = datetime.now(UTC)
    old = tokens.issue(SECRET, user.id, access.session_id, now - timedelta(minutes=16))[0]
    forged = tokens.issue("somebody else's key, long enough for HMAC", user.id, access.session_id, now)[0]
    other = await make_user(session)
    mixed = tokens.issue(SECRET, other.id, access.session_id, now)[0]
    unsigned = "eyJhbGciOiJub25lIn0." + good.split(".")[1] + "."

    async def status(token: str) -> int:
        answer: httpx.Response = await bearing(api, token).get("/v1/me")
        assert answer.status_code == 200 or answer.headers["WWW-Authenticate"] == "Bearer"
        return answer.status_code

    assert await status(good) == 200
    assert [await status(t) for t in (old, forged, mixed, unsigned, "x", "x" * 2001)] == [401] * 6
    basic = await api.client(Authorization="Basic ZXZhOng=").get("/v1/me")
    assert basic.status_code == 401
