"""PostgreSQL and Valkey of the workers' tests alone: they are killed here, and what is committed stays."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from app.core.db import Database
from app.core.embedded import EmbeddedServers
from tests.conftest import migrate
from tests.workers.support import Installation, settings_for


@pytest.fixture(scope="package")
def own_servers() -> Iterator[EmbeddedServers]:
    folder = tempfile.TemporaryDirectory(prefix="leadwerk-worker-")
    with folder as name, EmbeddedServers(Path(name) / "data") as running:
        migrate(running.database_url)
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def installation(own_servers: EmbeddedServers, tmp_path: Path) -> AsyncIterator[Installation]:
    settings = settings_for(own_servers, data_dir=tmp_path)
    database = Database(settings.database_url or "", pool=12)
    installation = Installation(settings, database)
    await installation.clear()
    yield installation
    await installation.close()
