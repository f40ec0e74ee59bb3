"""The API in a process of its own on a database of its own, with people of several roles, for requests that nobody foresaw."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx

from app.core.db import Database
from app.identity import tokens
from app.identity.models import DeviceSession, User
from tests.conftest import ROOT, SECRET, migrate
from tests.factories import lead_body, make_team, make_user
from tests.running.support import free_port, until

ROLES = ("admin", "developer", "country_head", "ks", "cm", "mst")
DEVICES = 200
"""Per role: generated requests sign out, revoke and lock, and the next device goes on."""


@dataclass
class LiveApi:
    """A running API; `people` are the user's and the device session's id, by role."""

    url: str
    people: dict[str, list[tuple[UUID, UUID]]]
    process: subprocess.Popen[bytes]
    log: Path

    def client(self, role: str) -> httpx.Client:
        """A client signed in as somebody with the role."""
        headers = {"Authorization": f"Bearer {self.tokens(role)[0]}", "Accept-Language": "en"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30)

    def tokens(self, role: str, minutes: float = 1) -> list[str]:
        """Access tokens of the role's devices that are good for at least so long."""
        now = datetime.now(UTC) + timedelta(minutes=minutes) - tokens.ACCESS_LIFETIME + timedelta(minutes=5)
        return [tokens.issue(SECRET, user, device, now)[0] for user, device in self.people[role]]

    def defects(self) -> list[dict[str, Any]]:
        """What the API's log calls an error."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [line for line in lines if line.get("level") in ("error", "critical")]


@contextmanager
def live_api(database_url: str, redis_url: str, log: Path) -> Iterator[LiveApi]:
    """Starts the API on a new database of the given server, and fills it a little."""
    url = asyncio.run(_new_database(database_url))
    migrate(url)
    people = asyncio.run(_people(url))
    port = free_port()
    environment = os.environ | {
        "DATABASE_URL": url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": SECRET,
        "ENVIRONMENT": "test",
        "PORT": str(port),
        "REQUESTS_PER_MINUTE": "10000000",
        "SIGN_INS_PER_MINUTE": "100000",
        "LOG_LEVEL": "ERROR",
        "DATA_DIR": str(log.parent / "live-data"),
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "api"], cwd=ROOT, env=environment, stdout=output, stderr=output
        )
    api = LiveApi(f"http://127.0.0.1:{port}", people, process, log)
    try:
        until("the API is ready", lambda: _ready(api))
        _fill(api)
        yield api
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def _ready(api: LiveApi) -> bool:
    assert api.process.poll() is None, api.log.read_text()
    try:
        return httpx.get(f"{api.url}/readyz").status_code == 200
    except httpx.TransportError:
        return False


async def _new_database(server_url: str) -> str:
    name = f"live_{os.getpid()}_{free_port()}"
    connection = await asyncpg.connect(server_url, passfile="/dev/null")
    try:
        await connection.execute(f'CREATE DATABASE "{name}"')
    finally:
        await connection.close()
    return f"{server_url.rsplit('/', 1)[0]}/{name}"


async def _people(url: str) -> dict[str, list[tuple[UUID, UUID]]]:
    database = Database(url, pool=2)
    now = datetime.now(UTC)
    people: dict[str, list[tuple[UUID, UUID]]] = {}
    try:
        async with database.sessions() as session:
            team = await make_team(session)
            for role in ROLES:
                users: list[User] = [await make_user(session, role, teams=[team]) for _ in range(4)]
                devices = [
                    DeviceSession(
                        user_id=users[i % 4].id,
                        refresh_hash=b"-",
                        created_at=now,
                        last_used_at=now,
                        expires_at=now + timedelta(days=1),
                    )
                    for i in range(DEVICES)
                ]
                session.add_all(devices)
                await session.commit()
                people[role] = [(d.user_id, d.id) for d in devices]
    finally:
        await database.close()
    return people


def _fill(api: LiveApi) -> None:
    """Something of most kinds, so that lists are not empty and links lead somewhere."""
    for role in ("developer", "admin"):
        with api.client(role) as client:
            for _ in range(3):
                answer = client.post("/v1/leads", json=lead_body(api.people[role][0][0]))
                assert answer.status_code == 201, answer.text
