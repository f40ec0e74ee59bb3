"""The mapped base, the common columns, and the one object that holds connections."""

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy import ARRAY, BigInteger, Date, DateTime, LargeBinary, MetaData, Numeric, Text, Uuid, event, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from uuid_utils.compat import uuid7

CONNECTION_SETTINGS = {
    "application_name": "leadwerk",
    "timezone": "UTC",
    "statement_timeout": "15s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "30s",
    "jit": "off",
}
"""Long transactions stall the delta feed, so every connection bounds its own."""


_TRANSACTION_SETTINGS = {**CONNECTION_SETTINGS, "plan_cache_mode": "force_generic_plan"}
"""Use cases look records up by ids and keys: one plan serves all values, and planning costs more than running. Lists, whose
best plan depends on the values, read elsewhere."""


def new_id() -> UUID:
    """A new UUIDv7: ordered by time, so that an index on it stays dense."""
    return uuid7()


class Base(DeclarativeBase):
    """Every table's metadata, with constraint names that migrations can rely on."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        str: Text,
        int: BigInteger,
        bytes: LargeBinary,
        datetime: DateTime(timezone=True),
        date: Date,
        Decimal: Numeric(14, 2),
        UUID: Uuid,
        dict[str, Any]: JSONB,
        list[str]: ARRAY(Text),
        list[UUID]: ARRAY(Uuid),
    }


class Record:
    """Columns that every business record has. `version` and `updated_at` are raised by a trigger on each update."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    version: Mapped[int] = mapped_column(server_default=text("1"), server_onupdate=text("version"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), server_onupdate=func.now())
    created_by: Mapped[UUID | None]
    request_hash: Mapped[bytes | None]
    """Hash of the creating request when the client chose the id: the same request again finds the record."""

    __mapper_args__ = {"eager_defaults": False}


class Reader(Protocol):
    """Runs one compiled read and returns its rows."""

    async def fetch(self, sql: str, *args: object) -> Sequence[asyncpg.Record]: ...


class _ReadConnection(asyncpg.Connection):
    """A connection that never carries state from one request to the next, so that giving it back needs no round trip."""

    def get_reset_query(self) -> str:
        return ""


async def _read_json(connection: Any) -> None:
    """Values of JSON columns arrive as objects, as they do on the engine's connections."""
    for name in ("json", "jsonb"):
        await connection.set_type_codec(
            name, schema="pg_catalog", encoder=lambda text: text, decoder=orjson.loads, format="text"
        )


class _Primary:
    """Single reads on the engine's connections, when those of the read pool lead to a replica."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def fetch(self, sql: str, *args: object) -> Sequence[asyncpg.Record]:
        async with self._engine.connect() as connection:
            raw: Any = (await connection.get_raw_connection()).driver_connection
            rows: Sequence[asyncpg.Record] = await raw.fetch(sql, *args)
            return rows


def _refuse_closed(connection: Any, _: Any, __: Any) -> None:
    """A connection whose server has gone serves nobody again; the pool makes a new one, and of the others likewise."""
    if connection.driver_connection.is_closed():
        raise InvalidatePoolError


def _end_if_open(connection: Any, record: Any) -> None:
    """A connection that comes back inside a transaction (its user was cut off) must not serve the next one."""
    if connection is not None and connection.driver_connection.is_in_transaction():
        record.invalidate()


@dataclass(frozen=True, slots=True)
class Transaction:
    """How a context starts and ends its transaction. Tests empty it: their sessions use savepoints."""

    begin: str = "BEGIN; "
    commit: str = "COMMIT"
    rollback: str = "ROLLBACK"


class Database:
    """The connections of one process: an engine for transactions and a pool for single reads (a replica, if one is set)."""

    def __init__(self, url: str, *, read_url: str | None = None, pool: int = 10) -> None:
        self.url = url
        self._read_url = read_url or url
        self._pool_size = pool
        self.transaction = Transaction()
        self.engine: AsyncEngine = create_async_engine(
            url.replace("postgresql://", "postgresql+asyncpg://", 1),
            isolation_level="AUTOCOMMIT",  # contexts begin and commit by themselves, with fewer round trips
            pool_size=pool,
            max_overflow=0,
            pool_timeout=10,
            pool_pre_ping=False,
            pool_recycle=1800,
            connect_args={"server_settings": _TRANSACTION_SETTINGS, "passfile": "/dev/null", "timeout": 5},
        )
        event.listen(self.engine.sync_engine, "checkout", _refuse_closed)
        event.listen(self.engine.sync_engine, "checkin", _end_if_open)
        self.sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        self._read_pool: asyncpg.Pool[asyncpg.Record] | None = None

    async def open(self) -> None:
        """Open the read pool. The engine connects at first use."""
        self._read_pool = await asyncpg.create_pool(
            self._read_url,
            min_size=1,
            max_size=self._pool_size,
            connection_class=_ReadConnection,
            server_settings={**CONNECTION_SETTINGS, "default_transaction_read_only": "on"},
            init=_read_json,
            passfile="/dev/null",
            timeout=5,
            command_timeout=20,
        )

    async def close(self) -> None:
        """Give all connections back to the server."""
        if self._read_pool is not None:
            await self._read_pool.close()
        await self.engine.dispose()

    async def fetch(self, sql: str, *args: object) -> Sequence[asyncpg.Record]:
        """One read outside any transaction."""
        assert self._read_pool is not None, "Database.open() has not run"
        async with self._read_pool.acquire() as connection:
            rows: Sequence[asyncpg.Record] = await connection.fetch(sql, *args)
            return rows

    @property
    def primary(self) -> Reader:
        """Reads that must never be a moment old: who is signed in, and what they may do."""
        return self if self._read_url == self.url else _Primary(self.engine)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """A session that is rolled back unless its user commits it."""
        async with self.sessions() as session:
            yield session

    @asynccontextmanager
    async def bulk_reader(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection of its own that only reads, in the order of indexes where there is one: for batches."""
        reading = {"default_transaction_read_only": "on", "enable_seqscan": "off", "enable_sort": "off"}
        connection = await asyncpg.connect(
            self._read_url, passfile="/dev/null", timeout=5, server_settings={**CONNECTION_SETTINGS, **reading}
        )
        try:
            yield connection
        finally:
            await connection.close(timeout=2)

    @asynccontextmanager
    async def listener(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection of its own, for LISTEN."""
        connection = await asyncpg.connect(self.url, passfile="/dev/null", timeout=5)
        try:
            yield connection
        finally:
            await connection.close(timeout=2)


@asynccontextmanager
async def long_work(url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection of its own, outside any request, for work that takes minutes. It waits for no lock longer than one."""
    settings = {"application_name": "leadwerk", "timezone": "UTC", "lock_timeout": "60s", "jit": "off"}
    connection = await asyncpg.connect(url, passfile="/dev/null", timeout=5, server_settings=settings)
    try:
        yield connection
    finally:
        await connection.close(timeout=2)


def random_token(bytes_: int = 32) -> str:
    """An unguessable URL-safe token."""
    return secrets.token_urlsafe(bytes_)
