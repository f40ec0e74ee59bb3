"""Merges that overlap at the same instant: one wins, nobody deadlocks, nothing is orphaned (DUP-4, DUP-8)."""

import asyncio
import itertools
import random
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.core.embedded import EmbeddedServers
from app.identity.models import User
from tests.conftest import sign_in
from tests.factories import make_account, make_contact, make_opportunity, make_user
from tests.live import Live, live

ROUNDS = 25
ORPHANS = """
    SELECT (SELECT count(*) FROM opportunities o WHERE NOT EXISTS (SELECT FROM accounts WHERE id = o.account_id)
                OR o.contact_id IS NULL OR NOT EXISTS (SELECT FROM contacts WHERE id = o.contact_id)),
           (SELECT count(*) FROM record_redirects r WHERE NOT EXISTS (
                SELECT FROM accounts WHERE id = r.winner_id UNION ALL SELECT FROM contacts WHERE id = r.winner_id)),
           (SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()),
           (SELECT count(*) FROM merges), (SELECT count(*) FROM record_redirects)
"""


@pytest.mark.rule("DUP-4")
def test_overlapping_merges(servers: EmbeddedServers, tmp_path: Path) -> None:
    with live(servers, tmp_path, apis=2) as stack:
        asyncio.run(_race(stack))


async def _race(stack: Live) -> None:
    async with stack.session() as session:
        eva = await make_user(session)
        token = await sign_in(session, eva.id)
    clients = [
        httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30) for url in stack.urls
    ]
    chance = random.Random(1)
    won = 0
    for _ in range(ROUNDS):
        bodies = await _overlapping(stack, eva)
        chance.shuffle(bodies)
        answers = await asyncio.gather(
            *(clients[number % 2].post("/v1/merges", json=body) for number, body in enumerate(bodies))
        )
        statuses = Counter(answer.status_code for answer in answers)
        assert set(statuses) <= {201, 409, 412}, [a.text[:300] for a in answers]
        # A contact that has just been moved with its account is another than was previewed.
        stale = [body["record_type"] for body, answer in zip(bodies, answers, strict=True) if answer.status_code == 412]
        assert set(stale) <= {"contact"}
        # One of two of a kind wins, and of the two kinds at least one: they overlap, too.
        assert 1 <= statuses[201] <= 2, statuses
        refusals = {answer.json()["code"] for answer in answers if answer.status_code == 409}
        assert refusals <= {"merge_in_progress", "merged_meanwhile"}, refusals
        won += statuses[201]
    (row,) = await stack.sql(ORPHANS)
    assert tuple(row) == (0, 0, 0, won, won)
    for client in clients:
        await client.aclose()


async def _overlapping(stack: Live, eva: User) -> list[dict[str, Any]]:
    """Three accounts and three contacts of theirs, every two of a kind to be merged."""
    async with stack.session() as session:
        accounts = [await make_account(session, eva) for _ in range(3)]
        contacts = [await make_contact(session, eva, account) for account in accounts]
        for account, contact in itertools.product(accounts, contacts):
            await make_opportunity(session, eva, account, contact_id=contact.id)
    return [
        {
            "record_type": kind,
            "record_ids": [str(one.id), str(two.id)],
            "winner_id": str(one.id),
            "versions": {str(one.id): 1, str(two.id): 1},
        }
        for kind, records in (("account", accounts), ("contact", contacts))
        for one, two in itertools.permutations(records, 2)
    ]
