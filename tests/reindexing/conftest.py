"""A database of its own, for what has to be committed to be seen."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import Clock
from app.core.context import Context, Services, open_context
from app.core.db import Database
from app.core.embedded import EmbeddedServers
from app.core.principal import SystemPrincipal
from app.reindexing.command import verify_index
from app.settings import Settings
from tests.conftest import execute, new_database


@pytest.fixture
def scratch(servers: EmbeddedServers) -> Iterator[str]:
    """The address of a database of the test's own, migrated."""
    name = f"scratch_{uuid4().hex[:12]}"
    yield new_database(servers.database_url, name)
    asyncio.run(execute(servers.database_url, f"DROP DATABASE {name} WITH (FORCE)"))


@asynccontextmanager
async def committed(url: str) -> AsyncIterator[AsyncSession]:
    """A session whose rows are committed at once."""
    database = Database(url, pool=2)
    try:
        async with database.session() as session:
            yield session
    finally:
        await database.close()


async def value(url: str, sql: str) -> Any:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def with_context(url: str, use: Callable[[Context], Any]) -> Any:
    settings = Settings(_env_file=None, environment="test", database_url=url)
    database = Database(url, pool=2)
    await database.open()

    async def nobody(_: object) -> Any:
        raise AssertionError

    services = Services(database, database, Clock(settings.time_zone, 0), settings, nobody)
    try:
        async with open_context(services, SystemPrincipal("test")) as ctx:
            return await use(ctx)
    finally:
        await database.close()


async def agrees(url: str) -> bool:
    return (await verify_index(url, repair=False)).lines[-1] == "The index and the records agree."
