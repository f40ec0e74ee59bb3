"""The application with directories that are real servers on this machine."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from fastapi import FastAPI

from app.lookups.directories import Directories
from tests.lookups.server import Directory, answers, directory

VALID = {
    "isValid": True,
    "requestDate": "2026-10-08T08:30:02.124Z",
    "userError": "VALID",
    "name": "MÜLLER MASCHINENBAU GMBH",
    "address": "Industriestraße 12\nAT-4020 Linz",
    "requestIdentifier": "",
    "originalVatNumber": "U13585627",
    "vatNumber": "U13585627",
    "viesApproximate": {"name": "---", "street": "---", "matchName": 3},
}


def company(name: str = "Müller Maschinenbau GmbH", **values: Any) -> dict[str, Any]:
    """A company as North Data writes it."""
    return {
        "company": {
            "id": "57514825",
            "name": {"name": name, "legalForm": "GmbH"},
            "address": {
                "street": "Industriestraße 12",
                "postalCode": "4020",
                "city": "Linz",
                "country": "AT",
                "lat": 48.3,
                "lng": 14.3,
            },
            "register": {"city": "Linz", "id": "FN 123456a", "uniqueKey": "12203550103038"},
            "status": "active",
            "extras": [
                {
                    "sourceName": "Webseite",
                    "items": [
                        {"id": "phone", "value": "+43 732 123456"},
                        {"id": "email", "value": "office@mueller.example.com"},
                        {"id": "url", "value": "https://www.mueller.example.com"},
                        {"id": "vatId", "value": "ATU13585627"},
                    ],
                }
            ],
        }
        | values
    }


def results(*companies: dict[str, Any]) -> dict[str, Any]:
    return {"total": len(companies), "offset": 0, "results": list(companies)}


@pytest_asyncio.fixture(loop_scope="session")
async def vies() -> AsyncIterator[Directory]:
    async with directory(answers(VALID)) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def northdata() -> AsyncIterator[Directory]:
    async with directory(answers(results(company()))) as server:
        yield server


Start = Callable[..., Directories]


@pytest_asyncio.fixture(loop_scope="session")
async def start(app: FastAPI, vies: Directory, northdata: Directory) -> AsyncIterator[Start]:
    """Sets the application's directories up anew, as a start with these settings would."""
    before = app.state.directories
    made: list[Directories] = []

    def start(**settings: Any) -> Directories:
        values = {
            "lookup_providers": ("vies", "northdata"),
            "vies_url": vies.url,
            "northdata_url": northdata.url,
            "northdata_key": "a-key-that-costs-money",
            "lookup_seconds": 1.0,
        } | settings
        chosen = type(before._settings).model_validate(before._settings.model_dump() | values)
        app.state.directories = Directories(app.state.services, app.state.limiter, chosen)
        made.append(app.state.directories)
        return app.state.directories

    start()
    yield start
    app.state.directories = before
    for directories in made:
        await directories.close()


@pytest.fixture
def secret() -> str:
    return "a-key-that-costs-money"
