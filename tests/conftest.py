"""Fixtures: real PostgreSQL and Valkey per test process, migrated once; each test in a transaction that is rolled back."""

import asyncio
import gc
import os
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
import pytest_asyncio
from alembic import command
from alembic.config import Config
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, async_sessionmaker
from xdist.scheduler import LoadScopeScheduling

from app.core.clock import Clock
from app.core.context import Context, Services, open_context
from app.core.db import Database, Transaction
from app.core.embedded import EmbeddedServers
from app.core.principal import Principal, SystemPrincipal
from app.identity import tokens
from app.identity.models import DeviceSession, User
from app.main import create_app
from app.reindexing.rebuild import rebuild_if_outdated
from app.settings import Settings

ROOT = Path(__file__).parent.parent
SECRET = "a-secret-for-tests-only-a-secret-for-tests-only"


def pytest_configure(config: pytest.Config) -> None:
    os.environ.setdefault("ENVIRONMENT", "test")
    gc.disable()  # a fifth of the time to collect the tests


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    gc.enable()
    gc.freeze()


TOGETHER = (
    "tests/contract/test_fuzz.py",
    "tests/demo/",
    "tests/duplicate_scans/test_scan.py",
    "tests/files/test_store.py",
    "tests/identity/test_at_once.py",
    "tests/journeys/",
    "tests/running/",
)
"""Files whose tests share something that is dear to make, so that one test process makes it, and not each."""


class Scheduling(LoadScopeScheduling):
    """Each test goes to the next free process, those of a file of `TOGETHER` to one."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        if file.startswith("tests/workers/"):
            return "tests/workers/"  # they share their servers, and kill them
        return file if file.startswith(TOGETHER) else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return Scheduling(config, log)


def migrate(url: str) -> None:
    """Bring a database to the newest schema, its duplicate index included."""
    config = Config(ROOT / "alembic.ini")
    config.attributes["database_url"] = url
    command.upgrade(config, "head")
    asyncio.run(rebuild_if_outdated(url))


async def execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url, passfile="/dev/null")
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def new_database(server_url: str, name: str) -> str:
    """The address of a new database beside this one, migrated and empty: a copy of one that nobody is connected to."""
    beside = server_url.rpartition("/")[0]
    try:
        asyncio.run(execute(server_url, f"CREATE DATABASE {name} TEMPLATE migrated"))
    except asyncpg.InvalidCatalogNameError:
        asyncio.run(execute(server_url, "CREATE DATABASE migrated"))
        migrate(f"{beside}/migrated")
        asyncio.run(execute(server_url, f"CREATE DATABASE {name} TEMPLATE migrated"))
    return f"{beside}/{name}"


@pytest.fixture(scope="session")
def servers() -> Iterator[EmbeddedServers]:
    """PostgreSQL and Valkey of this test process, migrated."""
    with (
        tempfile.TemporaryDirectory(prefix="leadwerk-test-") as folder,
        EmbeddedServers(Path(folder) / "data", durable=False) as running,
    ):
        migrate(running.database_url)
        asyncio.run(execute(running.database_url, "CREATE DATABASE migrated TEMPLATE leadwerk"))
        yield running


@pytest.fixture(scope="session")
def settings(servers: EmbeddedServers) -> Settings:
    """The settings that the application under test runs with."""
    return Settings(
        _env_file=None,  # type: ignore[call-arg]  # pydantic-settings' own argument
        environment="test",
        database_url=servers.database_url,
        redis_url=servers.redis_url,
        data_dir=servers.data_dir,
        secret_key=SECRET,  # type: ignore[arg-type]  # pydantic makes a SecretStr of it
        requests_per_minute=100_000,
        log_level="ERROR",
    )


class OneConnection:
    """A reader and a session factory over one connection, so that a test sees its own rows and none stay."""

    def __init__(self) -> None:
        self.connection: AsyncConnection | None = None
        self.raw: asyncpg.Connection[asyncpg.Record] | None = None

    async def fetch(self, sql: str, *args: object) -> Sequence[asyncpg.Record]:
        assert self.raw is not None, "use the `api` or `ctx` fixture"
        rows: Sequence[asyncpg.Record] = await self.raw.fetch(sql, *args)
        return rows


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def database(settings: Settings) -> AsyncIterator[Database]:
    database = Database(settings.database_url or "", pool=4)
    yield database
    await database.close()


@pytest.fixture(scope="session")
def one_connection() -> OneConnection:
    return OneConnection()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def app(settings: Settings, database: Database, one_connection: OneConnection) -> AsyncIterator[FastAPI]:
    """The application, started once per test process."""
    app = create_app(settings, database=database, reader=one_connection, keep_principals=False)
    async with app.router.lifespan_context(app):
        yield app


@pytest_asyncio.fixture(loop_scope="session")
async def rollback(database: Database, one_connection: OneConnection) -> AsyncIterator[AsyncConnection]:
    """The connection of this test; everything on it is rolled back at the end."""
    async with database.engine.connect() as connection:
        await connection.execution_options(isolation_level="READ COMMITTED")
        transaction = await connection.begin()
        database.sessions = async_sessionmaker(
            bind=connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        )
        database.transaction = Transaction("", "", "")  # the sessions' own savepoints do
        one_connection.connection = connection
        raw = await connection.get_raw_connection()
        await connection.exec_driver_sql("SELECT 1")
        one_connection.raw = raw.driver_connection  # type: ignore[assignment]  # asyncpg's own connection
        yield connection
        one_connection.connection = one_connection.raw = None
        await transaction.rollback()


@pytest_asyncio.fixture(loop_scope="session")
async def session(rollback: AsyncConnection, database: Database) -> AsyncIterator[AsyncSession]:
    """A session on the test's connection, for factories and for looking at rows."""
    async with database.sessions() as session:
        yield session


@dataclass
class Api:
    """Clients of the application: `api.as_user(user)` is signed in, `api.anyone` is not."""

    app: FastAPI
    session: AsyncSession

    def client(self, **headers: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(
            transport=transport, base_url="http://test", headers={"Accept-Language": "en", **headers}
        )

    @property
    def anyone(self) -> httpx.AsyncClient:
        return self.client()

    async def as_user(self, user: User) -> httpx.AsyncClient:
        """A client signed in as this user."""
        return self.client(Authorization=f"Bearer {await sign_in(self.session, user.id)}")


async def sign_in(session: AsyncSession, user_id: UUID) -> str:
    """An access token with a device session behind it."""
    now = datetime.now(UTC)
    device = DeviceSession(
        user_id=user_id, refresh_hash=b"-", created_at=now, last_used_at=now, expires_at=now + timedelta(days=1)
    )
    session.add(device)
    await session.commit()
    return tokens.issue(SECRET, user_id, device.id, now)[0]


@pytest_asyncio.fixture(loop_scope="session")
async def api(app: FastAPI, session: AsyncSession) -> Api:
    return Api(app, session)


@dataclass
class Contexts:
    """Opens contexts as the application does, for tests of services and jobs."""

    services: Services

    @asynccontextmanager
    async def of(self, principal: Principal = SystemPrincipal("test"), **offset: Any) -> AsyncIterator[Context]:
        clock = Clock(self.services.settings.time_zone, int(timedelta(**offset).total_seconds()))
        services = Services(
            self.services.database, self.services.reader, clock, self.services.settings, self.services.authenticate
        )
        async with open_context(services, principal) as ctx:
            yield ctx


@pytest.fixture
def contexts(app: FastAPI, session: AsyncSession) -> Contexts:
    return Contexts(app.state.services)
