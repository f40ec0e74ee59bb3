"""An installation of its own for the workers' tests, whose rows are really committed, and jobs that leave traces."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import asyncpg
from fastapi import Request
from sqlalchemy import text

from app.core import outbox
from app.core.clock import Clock
from app.core.context import Context, Services, open_context
from app.core.db import Database
from app.core.embedded import EmbeddedServers
from app.core.principal import Principal, SystemPrincipal
from app.core.problems import NotAuthenticated
from app.core.trace import trace_id
from app.settings import Settings

TRACES = "CREATE TABLE IF NOT EXISTS traces (name text NOT NULL, trace_id text NOT NULL, actor text NOT NULL)"


async def leave_trace(ctx: Context, name: str) -> None:
    await ctx.session.execute(
        text("INSERT INTO traces VALUES (:name, :trace, current_setting('leadwerk.actor'))"),
        {"name": name, "trace": trace_id()},
    )


@outbox.job("test.trace")
async def trace(ctx: Context, payload: Mapping[str, Any]) -> None:
    """Has an effect that can be counted, perhaps slowly."""
    await leave_trace(ctx, payload["name"])
    await asyncio.sleep(payload.get("seconds", 0))


@outbox.job("test.fail")
async def fail(ctx: Context, payload: Mapping[str, Any]) -> None:
    """Has an effect, then fails."""
    await leave_trace(ctx, payload["name"])
    raise RuntimeError(payload["why"])


@outbox.job("test.give_up")
async def give_up(ctx: Context, payload: Mapping[str, Any]) -> None:
    raise outbox.GiveUp("no such mailbox")


@outbox.job("test.again")
async def again(ctx: Context, payload: Mapping[str, Any]) -> None:
    """Takes back jobs of its own key, as a service that knows nothing of jobs does, and asks for the next of that key."""
    await leave_trace(ctx, payload["name"])
    await ctx.cancel("k")
    if payload["times"] > 1:
        ctx.enqueue("test.again", {**payload, "times": payload["times"] - 1}, key="k")


def settings_for(servers: EmbeddedServers, **more: Any) -> Settings:
    return Settings(
        _env_file=None,  # type: ignore[call-arg]  # pydantic-settings' own argument
        environment="test",
        database_url=servers.database_url,
        redis_url=servers.redis_url,
        log_level="ERROR",
        **more,
    )


async def _nobody(_: Request) -> Principal:
    raise NotAuthenticated


@dataclass
class Installation:
    """Database and services, and short ways to ask for jobs and to look at them."""

    settings: Settings
    database: Database
    _connection: "asyncpg.Connection[asyncpg.Record] | None" = None
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    def services(self, **offset: float) -> Services:
        clock = Clock(self.settings.time_zone, int(timedelta(**offset).total_seconds()))
        return Services(self.database, self.database, clock, self.settings, _nobody)

    @asynccontextmanager
    async def context(self) -> AsyncIterator[Context]:
        async with open_context(self.services(), SystemPrincipal("test")) as ctx:
            yield ctx

    async def ask(self, job: str, key: str | None = None, in_: timedelta = timedelta(), **payload: Any) -> int:
        """Put a job into the outbox; its row id."""
        async with self.context() as ctx:
            ctx.enqueue(job, payload, due_at=ctx.now + in_, key=key)
        return int((await self.sql("SELECT max(id) FROM outbox"))[0][0])

    async def sql(self, statement: str, *args: Any) -> list[asyncpg.Record]:
        async with self._one_at_a_time:
            if self._connection is None or self._connection.is_closed():
                self._connection = await asyncpg.connect(self.settings.database_url, passfile="/dev/null")
            return await self._connection.fetch(statement, *args)

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()
        await self.database.close()

    async def row(self, id_: int) -> asyncpg.Record:
        return (await self.sql("SELECT * FROM outbox WHERE id = $1", id_))[0]

    async def traces(self) -> list[str]:
        return [row["name"] for row in await self.sql("SELECT name FROM traces ORDER BY name")]

    async def clear(self) -> None:
        await self.sql(TRACES)
        await self.sql("TRUNCATE traces")
        await self.sql("DELETE FROM outbox")
