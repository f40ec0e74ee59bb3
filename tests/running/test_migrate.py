"""Data of an older version is brought up to date; data of a newer one is left alone."""

from pathlib import Path

import pytest
from alembic import command as alembic
from alembic.config import Config
from alembic.script import ScriptDirectory

from app.core.embedded import EmbeddedServers
from tests.running.support import ROOT, ask, command, environment, free_port

VERSION = "SELECT version_num FROM alembic_version"


@pytest.mark.slow
def test_older_data_is_migrated_and_newer_data_is_refused(tmp_path: Path) -> None:
    config = Config(ROOT / "alembic.ini")
    revisions = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    with EmbeddedServers(tmp_path / "given", durable=False) as given:
        env = environment(tmp_path, free_port(), DATABASE_URL=given.database_url, REDIS_URL=given.redis_url)
        config.attributes["database_url"] = given.database_url
        alembic.upgrade(config, revisions[-1])
        migrated = command("migrate", env=env)
        assert migrated.returncode == 0, migrated.stderr
        assert ask(given.database_url, VERSION) == revisions[0]

        ask(given.database_url, "UPDATE alembic_version SET version_num = 'from_the_future'")
        refused = command("migrate", env=env)
        assert refused.returncode == 1
        assert "newer version of Leadwerk" in refused.stderr
        assert "Traceback" not in refused.stderr
