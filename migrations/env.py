"""Runs migrations over asyncpg, one transaction each, with a lock timeout so that a waiting migration blocks nobody."""

import asyncio

from alembic import context
from sqlalchemy import Connection, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

import app.models  # noqa: F401  (fills the metadata)
from app.core.db import Base
from app.core.history import Xid8
from app.settings import get_settings


def url() -> str:
    """The database to migrate: handed over by the caller, or the installation's."""
    given = context.config.attributes.get("database_url") or get_settings().database_url
    if not given:
        raise SystemExit("DATABASE_URL is not set")
    return str(given).replace("postgresql://", "postgresql+asyncpg://", 1)


def migrate(connection: Connection) -> None:
    connection.execute(text("SELECT pg_advisory_lock(7230001)"))
    connection.execute(text("SET lock_timeout = '10s'"))
    connection.commit()
    connection.dialect.ischema_names["xid8"] = Xid8  # type: ignore[attr-defined]  # documented hook of the dialects
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        transaction_per_migration=True,
        include_name=lambda name, kind, _: not (kind == "table" and (name or "").startswith("change_log_")),
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
    connection.execute(text("SELECT pg_advisory_unlock(7230001)"))


async def main() -> None:
    engine = create_async_engine(url(), poolclass=pool.NullPool, connect_args={"passfile": "/dev/null"})
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
    await engine.dispose()


if context.is_offline_mode():
    raise SystemExit("offline migrations are not supported")
asyncio.run(main())
