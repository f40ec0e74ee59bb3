"""Brings a database to this version's schema."""

import asyncio
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError

from app.installation import CannotRun

_CONFIGURATION = Path(__file__).resolve().parents[1] / "alembic.ini"
_OLDEST = 15


def migrate(database_url: str) -> None:
    """Upgrades to the newest revision. Raises CannotRun for a server too old, and for data of a newer Leadwerk."""
    check_version(asyncio.run(_version(database_url)))
    config = Config(_CONFIGURATION)
    config.attributes["database_url"] = database_url
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        if "Can't locate revision" in str(error):
            raise CannotRun("This database was made by a newer version of Leadwerk; start that one instead.") from error
        raise


def check_version(major: int) -> None:
    """Raises CannotRun for a PostgreSQL that lacks what the schema uses."""
    if major < _OLDEST:
        raise CannotRun(f"DATABASE_URL leads to PostgreSQL {major}; Leadwerk needs {_OLDEST} or newer.")


async def _version(database_url: str) -> int:
    try:
        connection = await asyncpg.connect(database_url, timeout=10)
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise CannotRun(f"Cannot connect to PostgreSQL (DATABASE_URL): {error or type(error).__name__}") from error
    try:
        return connection.get_server_version().major
    finally:
        await connection.close()
