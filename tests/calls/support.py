"""What tests of calls share."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

ANY = {"If-Match": "*"}


def now(**offset: float) -> str:
    """This moment, or one so far from it."""
    return (datetime.now(UTC) + timedelta(**offset)).isoformat()


async def log(client: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    """A call that was made; held unless something else is said."""
    ids = {name: str(value) if name.endswith("_id") else value for name, value in body.items()}
    answer = await client.post("/v1/activities", json={"type": "call", "subject": "Anruf", **ids})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def pointers(answer: httpx.Response) -> dict[str, str]:
    """What is wrong with a request, by its place."""
    assert answer.status_code == 422, answer.text
    return {error["pointer"]: error["code"] for error in answer.json()["errors"]}
