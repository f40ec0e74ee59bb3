"""Many people ask for the next one at the same moment: real processes, real commits (CALL-5)."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.core.embedded import EmbeddedServers
from tests.conftest import sign_in
from tests.factories import make_account, make_contact, make_team, make_user
from tests.live import Live, live

CALLERS, COMPANIES = 16, 12
NEXT = "/v1/call-lists/contacts-never-called/next"


@pytest.mark.rule("CALL-5")
def test_each_gets_another_company(servers: EmbeddedServers, tmp_path: Path) -> None:
    with live(servers, tmp_path, apis=1) as stack:
        asyncio.run(_race(stack))


async def _race(stack: Live) -> None:
    async with stack.session() as session:
        team = await make_team(session)
        users = [await make_user(session, "rm", teams=[team]) for _ in range(CALLERS)]
        for number in range(COMPANIES):
            account = await make_account(session, users[0], team_ids=[team.id], name=f"Firma {number:02}")
            for _ in range(2):
                await make_contact(session, users[0], account, team_ids=[team.id])
        tokens = [await sign_in(session, user.id) for user in users]

    async def ask(client: httpx.AsyncClient, token: str) -> tuple[str, Any]:
        answer = await client.post(NEXT, json={}, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200, answer.text
        return token, answer.json()["entry"]

    async with httpx.AsyncClient(base_url=stack.url, timeout=30) as client:
        # Everybody twice, as with two tabs: they are given the same one again.
        got = await asyncio.gather(*(ask(client, token) for token in tokens * 2))
    mine: dict[str, set[str]] = {}
    for token, entry in got:
        if entry is not None:
            mine.setdefault(token, set()).add(entry["id"])
    assert all(len(entries) == 1 for entries in mine.values())
    companies = {token: entry["account"]["id"] for token, entry in got if entry is not None}
    assert len(companies) == len(set(companies.values())) == COMPANIES, "nobody twice, nobody left out"
