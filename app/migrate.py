"""Brings a database to this version's schema, and its duplicate index to this version's keys."""

import asyncio
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError

from app.installation import CannotRun
from app.preflight import check_postgres
from app.reindexing.rebuild import rebuild_if_outdated

_CONFIGURATION = Path(__file__).resolve().parents[1] / "alembic.ini"


def migrate(database_url: str) -> None:
    """Upgrades to the newest revision, then builds the duplicate index anew where it is another version's.

    Raises CannotRun for a server too old, and for data of a newer Leadwerk.
    """
    check_postgres(database_url)
    config = Config(_CONFIGURATION)
    config.attributes["database_url"] = database_url
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        if "Can't locate revision" in str(error):
            raise CannotRun("This database was made by a newer version of Leadwerk; start that one instead.") from error
        raise
    try:
        asyncio.run(rebuild_if_outdated(database_url))
    except asyncpg.LockNotAvailableError as error:
        raise CannotRun(
            "Something holds the duplicate index, which has to be built anew. Start again later."
        ) from error
