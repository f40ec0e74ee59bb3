"""The API in a process of its own on a database of its own, with people of several roles, for requests that nobody foresaw."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from app.core.embedded import EmbeddedServers
from app.identity import tokens
from app.identity.models import DeviceSession
from tests.conftest import SECRET
from tests.factories import lead_body, make_account, make_contact, make_opportunity, make_request, make_team, make_user
from tests.live import Live, live

ROLES = ("admin", "developer", "country_head", "ks", "cm", "mst")
DEVICES = 200
"""Per role: generated requests sign out and revoke, and the next device goes on."""


@dataclass
class LiveApi:
    """A running API; `people` are the user's and the device session's id, by role."""

    live: Live
    people: dict[str, list[tuple[UUID, UUID]]]

    @property
    def url(self) -> str:
        return self.live.url

    def client(self, role: str) -> httpx.Client:
        """A client signed in as somebody with the role."""
        headers = {"Authorization": f"Bearer {self.tokens(role)[0]}", "Accept-Language": "en"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30)

    def tokens(self, role: str, minutes: float = 1) -> list[str]:
        """Access tokens of the role's devices that are good for at least so long."""
        issued = datetime.now(UTC) + timedelta(minutes=minutes) - tokens.ACCESS_LIFETIME + timedelta(minutes=5)
        return [tokens.issue(SECRET, user, device, issued)[0] for user, device in self.people[role]]

    def defects(self) -> list[dict[str, Any]]:
        """What the API's log calls an error."""
        text = (self.live.data_dir / "processes.log").read_text(errors="replace")
        lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
        return [line for line in lines if line.get("level") in ("error", "critical")]


@contextmanager
def live_api(servers: EmbeddedServers, folder: Path) -> Iterator[LiveApi]:
    """Starts the API on a new database, and fills it a little, so that lists are not empty and links lead somewhere."""
    with live(servers, folder) as running:
        api = LiveApi(running, asyncio.run(_people(running)))
        with api.client("admin") as client:
            for role in ("developer", "country_head", "developer"):
                answer = client.post("/v1/leads", json=lead_body(api.people[role][0][0]))
                assert answer.status_code == 201, answer.text
        yield api


async def _people(running: Live) -> dict[str, list[tuple[UUID, UUID]]]:
    now = datetime.now(UTC)
    people: dict[str, list[tuple[UUID, UUID]]] = {}
    async with running.session() as session:
        team = await make_team(session)
        for role in ROLES:
            users = [await make_user(session, role, teams=[team]) for _ in range(4)]
            account = await make_account(session, users[0])
            await make_contact(session, users[0], account)
            await make_opportunity(session, users[0], account)
            await make_request(session, users[1], account, users[0])
            times = {"created_at": now, "last_used_at": now, "expires_at": now + timedelta(days=1)}
            devices = [DeviceSession(user_id=users[i % 4].id, refresh_hash=b"-", **times) for i in range(DEVICES)]
            session.add_all(devices)
            await session.commit()
            people[role] = [(device.user_id, device.id) for device in devices]
    return people
