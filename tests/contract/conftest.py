"""The document under test, as the code makes it now."""

import json
from typing import Any

import pytest

from app import contract
from app.main import create_app


@pytest.fixture(scope="session")
def document() -> dict[str, Any]:
    made: dict[str, Any] = json.loads(contract.render(create_app()))
    return made
