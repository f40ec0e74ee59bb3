"""Visit reports through the real processes: two devices at once, a worker that is killed, real mail, the ERP's feed."""

import asyncio
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.core.embedded import EmbeddedServers
from tests.conftest import sign_in
from tests.factories import make_user
from tests.live import Live, live
from tests.visit_reports.scene import STRANGER, action, make_people, report_of

ACTIVITIES, EVENTS = "/v1/activities", "/v1/erp-events"


@pytest.mark.rule("VISIT-1", "VISIT-2", "VISIT-3", "VISIT-4")
def test_the_days_of_a_technician(servers: EmbeddedServers, tmp_path: Path) -> None:
    with live(servers, tmp_path, apis=1) as stack:
        asyncio.run(_days(stack))


async def _days(stack: Live) -> None:
    async with stack.session() as session:
        _, team, technician, reviewer, manager, account = await make_people(session)
        others = [technician, reviewer, await make_user(session, "adm", teams=[team])]
        erp = await make_user(session, "integration")
        clients = [_client(stack, await sign_in(session, user.id)) for user in (*others, erp)]
    try:
        mst, rm, adm, integration = clients
        shown = await _two_devices(stack, mst, account.id)
        await _mail_once(stack, manager.email)
        await _to_the_erp(integration, shown)
        await _two_technicians_and_a_stranger(stack, [mst, adm])
        await _two_reviewers([rm, adm], shown)
    finally:
        for client in clients:
            await client.aclose()


def _client(stack: Live, token: str) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}
    return httpx.AsyncClient(base_url=stack.url, headers=headers, timeout=30)


async def _two_devices(stack: Live, mst: httpx.AsyncClient, account_id: Any) -> dict[str, Any]:
    """The same report from several devices at the same moment: one of them makes it, the others find it."""
    body = report_of(account_id, cross_sell=True, follow_up_actions=[action()])
    answers = await asyncio.gather(*(mst.post(ACTIVITIES, json=body) for _ in range(6)))
    assert sorted(a.status_code for a in answers) == [200] * 5 + [201], [a.text for a in answers]
    assert len({a.content for a in answers}) == 1
    for table, number in (("activities", 1), ("erp_events", 1), ("notifications", 1), ("outbox", 1)):
        found = await stack.sql(f"SELECT count(*) FROM {table}")
        assert found[0][0] == number, table
    shown: dict[str, Any] = answers[0].json()
    return shown


async def _mail_once(stack: Live, address: str) -> None:
    """The worker is killed before the mail is out; the next one sends it, once."""
    killed = stack.start_worker()
    await asyncio.sleep(0.5)
    killed.send_signal(signal.SIGKILL)
    killed.wait(15)
    stack.processes.remove(killed)
    stack.start_worker()
    for _ in range(600):
        if stack.mailbox.to(address):
            break
        await asyncio.sleep(0.1)
    await asyncio.sleep(0.5)
    (mail,) = stack.mailbox.to(address)
    assert "Cross-Selling gefunden" in str(mail["Subject"])


async def _to_the_erp(integration: httpx.AsyncClient, shown: dict[str, Any]) -> None:
    (event,) = (await integration.get(EVENTS)).json()["items"]
    assert event["kind"] == "visit_report_submitted" and event["visit_report_id"] == shown["id"]
    assert event["account"]["id"] == shown["account"]["id"] and event["account"]["erp_id"]
    answers = [await integration.post(f"{EVENTS}/{event['id']}/acknowledge") for _ in range(2)]
    assert [a.status_code for a in answers] == [200, 200] and answers[0].json() == answers[1].json()
    assert (await integration.get(EVENTS)).json()["items"] == []


async def _two_technicians_and_a_stranger(stack: Live, clients: list[httpx.AsyncClient]) -> None:
    """Two people report the same unknown customer at the same moment: one lead, both reports on it."""
    bodies = [report_of(unknown_customer=STRANGER) for _ in clients]
    answers = await asyncio.gather(*(c.post(ACTIVITIES, json=b) for c, b in zip(clients, bodies, strict=True)))
    assert [a.status_code for a in answers] == [201, 201], [a.text for a in answers]
    assert sorted(a.json()["unknown_customer"]["outcome"] for a in answers) == ["lead", "linked"]
    assert len({a.json()["lead"]["id"] for a in answers}) == 1
    assert (await stack.sql("SELECT count(*) FROM leads"))[0][0] == 1


async def _two_reviewers(clients: list[httpx.AsyncClient], shown: dict[str, Any]) -> None:
    todo = shown["follow_up_actions"][0]["id"]
    body = {"actions": [{"id": todo, "task": {}}], "cross_sell": {"task": {}}, "accept_missing": ["contact"]}
    headers = {"If-Match": f'"{shown["version"]}"'}
    path = f"/v1/visit-reports/{shown['id']}/review"
    answers = await asyncio.gather(*(client.post(path, json=body, headers=headers) for client in clients))
    assert sorted(a.status_code for a in answers) == [200, 412], [a.text for a in answers]
    tasks = (await clients[0].get(ACTIVITIES, params={"type": "task", "count": "true"})).json()
    assert tasks["count"] == 2
