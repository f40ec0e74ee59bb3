"""Brings a database to this version's schema."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError

from app.installation import CannotRun
from app.preflight import check_postgres

_CONFIGURATION = Path(__file__).resolve().parents[1] / "alembic.ini"


def migrate(database_url: str) -> None:
    """Upgrades to the newest revision. Raises CannotRun for a server too old, and for data of a newer Leadwerk."""
    check_postgres(database_url)
    config = Config(_CONFIGURATION)
    config.attributes["database_url"] = database_url
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        if "Can't locate revision" in str(error):
            raise CannotRun("This database was made by a newer version of Leadwerk; start that one instead.") from error
        raise
