"""A database of its own, for what has to be committed to be seen."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import Database
from app.core.embedded import EmbeddedServers
from tests.conftest import migrate


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def template(servers: EmbeddedServers) -> str:
    """The name of a migrated, empty database that nobody is connected to."""
    name = f"template_{uuid4().hex[:12]}"
    asyncio.run(_execute(servers.database_url, f"CREATE DATABASE {name}"))
    migrate(servers.database_url.rpartition("/")[0] + f"/{name}")
    return name


@pytest.fixture
def scratch(servers: EmbeddedServers, template: str) -> Iterator[str]:
    """The address of a database of the test's own, migrated."""
    name = f"scratch_{uuid4().hex[:12]}"
    asyncio.run(_execute(servers.database_url, f"CREATE DATABASE {name} TEMPLATE {template}"))
    yield servers.database_url.rpartition("/")[0] + f"/{name}"
    asyncio.run(_execute(servers.database_url, f"DROP DATABASE {name} WITH (FORCE)"))


@asynccontextmanager
async def committed(url: str) -> AsyncIterator[AsyncSession]:
    """A session whose rows are committed at once."""
    database = Database(url, pool=2)
    try:
        async with database.session() as session:
            yield session
    finally:
        await database.close()
