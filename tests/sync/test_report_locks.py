"""Whoever changes a report locks its account first, as a merge does: nobody waits in a circle (VISIT-3, VISIT-4)."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.factories import make_account, make_contact
from tests.sync.conftest import World

ANY = {"If-Match": "*"}


async def _waits(world: World) -> None:
    """Wait until somebody waits for a row."""
    waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    for _ in range(500):
        if await world.sql(waiting):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody waits")


@pytest.mark.rule("VISIT-3", "VISIT-4")
async def test_a_report_waits_for_its_account_and_not_the_reverse(world: World) -> None:
    _, team = await world.centre()
    eva = await world.manager(team)
    client = await world.client(eva)
    account = await make_account(world.session, eva, team_ids=[team.id])
    person = await make_contact(world.session, eva, account, team_ids=[team.id])
    seen: dict[str, Any] = {"team_ids": [team.id]}
    amended, linked = [await world.activity("visit_report", eva, eva, one, **seen) for one in (account, None)]
    reviewed, met = [await world.activity("visit_report", eva, eva, **seen) for _ in range(2)]
    earlier = (datetime.now(UTC) - timedelta(days=2)).isoformat()
    to, with_ = {"account_id": str(account.id)}, {"contact_id": str(person.id)}
    at = "/v1/activities/{}"
    requests: list[tuple[UUID, str, str, dict[str, Any]]] = [
        (amended.id, "POST", at + "/amendments", {"text": "Es war vorgestern.", "visited_at": earlier}),
        (linked.id, "PATCH", at, to),
        (met.id, "PATCH", at, with_),
        (reviewed.id, "POST", "/v1/visit-reports/{}/review", to),
    ]
    merge = await asyncpg.connect(world.url)
    try:
        for report_id, method, path, body in requests:
            transaction = merge.transaction()
            await transaction.start()
            await merge.execute("SELECT 1 FROM accounts WHERE id = $1 FOR UPDATE", account.id)
            request = asyncio.create_task(client.request(method, path.format(report_id), json=body, headers=ANY))
            await _waits(world)
            await merge.execute("SELECT 1 FROM activities WHERE id = $1 FOR UPDATE NOWAIT", report_id)
            await transaction.commit()
            answer = await request
            assert answer.status_code in (200, 201), answer.text
    finally:
        await merge.close()
