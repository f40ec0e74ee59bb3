"""My day over HTTP: what waits for each role, in one request and few statements (F, chapter 1.3)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from tests.conftest import Api, OneConnection
from tests.factories import make_account, make_team, make_user

OF_ROLE = {
    "mst": {"meetings", "tasks", "follow_ups", "own_visit_reports"},
    "rm": {"meetings", "tasks", "calls", "follow_ups", "leads", "visit_reports", "former_customers", "locks"},
    "cm": {"meetings", "tasks", "calls", "follow_ups", "visit_reports", "cross_sell"},
    "ks": {"meetings", "tasks", "calls", "follow_ups", "opportunities", "opportunity_requests"},
    "country_head": {"meetings", "tasks", "calls", "leads", "locks", "opportunities", "clearances"},
}


def sections(day: dict[str, Any]) -> dict[str, list[str]]:
    return {section["key"]: [item["id"] for item in section["items"]] for section in day["sections"]}


@pytest.mark.rule("TASK-1")
async def test_each_role_has_its_own_day(api: Api, session: AsyncSession) -> None:
    for role, expected in OF_ROLE.items():
        client = await api.as_user(await make_user(session, role))
        answer = await client.get("/v1/me/day")
        assert answer.status_code == 200, answer.text
        assert expected <= set(sections(answer.json())), role
        for section in answer.json()["sections"]:
            assert section["count"] == 0 and section["items"] == []
            assert (await client.get(section["path"])).status_code == 200, section["path"]
    german = await client.get("/v1/me/day", headers={"Accept-Language": "de"})
    assert german.headers["Content-Language"] == "de" and german.json()["sections"][0]["label"] == "Besprechungen"


@pytest.mark.rule("TASK-1")
async def test_what_waits_is_there_and_what_is_not_mine_is_not(
    api: Api, session: AsyncSession, one_connection: OneConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = await make_team(session)
    user, mate = await make_user(session, "rm", teams=[team]), await make_user(session, "rm", teams=[team])
    account = await make_account(session, user, team_ids=[team.id], name="Kranz GmbH")
    client = await api.as_user(user)
    now = datetime.now(UTC)

    async def make(**body: Any) -> str:
        answer = await client.post("/v1/activities", json={"account_id": str(account.id), "subject": "x", **body})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    overdue = await make(type="call", status="planned", starts_at=(now - timedelta(days=90)).isoformat())
    today = await make(type="call", status="planned", starts_at=now.isoformat())
    await make(type="call", status="planned", starts_at=(now + timedelta(days=3)).isoformat())
    await make(type="call", starts_at=now.isoformat())
    await make(type="call", status="planned", starts_at=now.isoformat(), assignee_id=str(mate.id))
    some_day = await make(type="task")
    late = await make(type="task", due_at=(now - timedelta(days=1)).isoformat())
    await make(type="task", due_at=(now + timedelta(days=3)).isoformat())
    taking_part = await make(
        type="meeting", starts_at=now.isoformat(), assignee_id=str(mate.id), participant_ids=[str(user.id)]
    )
    begun = now - timedelta(days=14)
    weekly = await make(type="meeting", starts_at=begun.isoformat(), recurrence="FREQ=WEEKLY;COUNT=30", time_zone="UTC")
    await make(
        type="meeting",
        starts_at=(begun + timedelta(days=1)).isoformat(),
        recurrence="FREQ=WEEKLY;COUNT=30",
        time_zone="UTC",
    )
    unclosed = await make(type="meeting", starts_at=begun.isoformat())
    asked: list[str] = []
    fetch = one_connection.fetch

    async def counting(sql: str, *args: object) -> Any:
        asked.append(sql)
        return await fetch(sql, *args)

    monkeypatch.setattr(one_connection, "fetch", counting)
    answer = await client.get("/v1/me/day")
    assert len([sql for sql in asked if "device_sessions" not in sql]) < 10
    found = sections(answer.json())
    assert found["calls"] == [overdue, today]
    assert found["tasks"] == [late, some_day]
    assert found["meetings"][0] == unclosed, "what is overdue comes first"
    assert sorted(found["meetings"][1:]) == sorted([taking_part, weekly]), "a series is there on its days only"
    item = next(s for s in answer.json()["sections"] if s["key"] == "calls")["items"][0]
    assert item["account"] == {"id": str(account.id), "name": "Kranz GmbH"} and item["type"] == "activity"
    for _ in range(12):
        await make(type="task")
    tasks = next(s for s in (await client.get("/v1/me/day")).json()["sections"] if s["key"] == "tasks")
    assert tasks["count"] == 14 and len(tasks["items"]) == 10
