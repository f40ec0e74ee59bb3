"""The document under test as the code makes it now, and the API under test in a process of its own."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from app import contract
from app.core.embedded import EmbeddedServers
from app.main import create_app
from tests.contract.live import LiveApi, live_api


@pytest.fixture(scope="session")
def document() -> dict[str, Any]:
    made: dict[str, Any] = json.loads(contract.render(create_app()))
    return made


@pytest.fixture(scope="session")
def live(servers: EmbeddedServers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveApi]:
    """The API in a process of its own, with a database of its own."""
    with live_api(servers, tmp_path_factory.mktemp("live")) as running:
        yield running
