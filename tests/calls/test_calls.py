"""Calls over HTTP: whom they are with, when they are held (CALL-1)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.contacts.models import AccountContact
from tests.activities.test_activities import make_lead
from tests.calls.support import ANY, log, now, pointers
from tests.conftest import Api
from tests.factories import make_account, make_contact, make_opportunity, make_team, make_user

pytestmark = pytest.mark.rule("CALL-1")


async def test_a_contact_s_call_is_linked_with_their_account_and_teams(api: Api, session: AsyncSession) -> None:
    team = await make_team(session)
    user = await make_user(session)
    account = await make_account(session, user, team_ids=[team.id])
    contact = await make_contact(session, user, account, team_ids=[team.id], teams_follow=True)
    client = await api.as_user(user)
    call = await log(client, contact_id=contact.id, direction="inbound")
    assert (call["account"]["id"], call["contact"]["id"]) == (str(account.id), str(contact.id))
    assert (call["status"], call["direction"], call["team_ids"]) == ("held", "inbound", [str(team.id)])
    assert call["follow_up"] is call["consent"] is call["call_type"] is None and call["answers"] == []
    mate = await api.as_user(await make_user(session, teams=[team]))
    assert (await mate.get(f"/v1/activities/{call['id']}")).status_code == 200
    opportunity = await make_opportunity(session, user, account)
    assert (await log(client, opportunity_id=opportunity.id))["account"]["id"] == str(account.id)


async def test_a_contact_is_called_for_one_of_their_further_accounts(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    main, further, strange = [await make_account(session, user) for _ in range(3)]
    contact = await make_contact(session, user, main, teams_follow=True)
    session.add(AccountContact(account_id=further.id, contact_id=contact.id, relation="owner"))
    await session.commit()
    client = await api.as_user(user)
    for account in (main, further):
        call = await log(client, contact_id=contact.id, account_id=account.id)
        assert call["account"]["id"] == str(account.id)
    assert (await log(client, contact_id=contact.id))["account"]["id"] == str(main.id)
    body = {"type": "call", "subject": "x", "contact_id": str(contact.id), "account_id": str(strange.id)}
    refused = await client.post("/v1/activities", json=body)
    assert pointers(refused) == {"/contact_id": "of_another_account"}


async def test_an_account_alone_can_be_called_until_the_person_is_known(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    account, other = await make_account(session, user), await make_account(session, user)
    contact, stranger = await make_contact(session, user, account), await make_contact(session, user, other)
    client = await api.as_user(user)
    alone, known = await log(client, account_id=account.id), await log(client, contact_id=contact.id)
    url = f"/v1/activities/{alone['id']}"

    async def lacking() -> list[str]:
        params = {"type": "call", "has_contact": "false"}
        return [call["id"] for call in (await client.get("/v1/activities", params=params)).json()["items"]]

    assert await lacking() == [alone["id"]]
    refused = await client.patch(url, json={"contact_id": str(stranger.id)}, headers=ANY)
    assert pointers(refused) == {"/contact_id": "of_another_account"}
    hidden = await make_contact(session, await make_user(session), account)
    refused = await client.patch(url, json={"contact_id": str(hidden.id)}, headers=ANY)
    assert pointers(refused) == {"/contact_id": "unknown_record"}
    found = await client.patch(url, json={"contact_id": str(contact.id)}, headers=ANY)
    assert found.json()["contact"]["id"] == str(contact.id), found.text
    assert await lacking() == []
    note = {"type": "note", "description": "x", "account_id": str(account.id)}
    made = await client.post("/v1/activities", json=note)
    of_note = await client.patch(made.headers["Location"], json={"contact_id": str(contact.id)}, headers=ANY)
    assert pointers(of_note) == {"/contact_id": "not_of_this_type"}
    assert known["contact"]["id"] == str(contact.id)


async def test_no_lead_takes_calls(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    client = await api.as_user(user)
    for lean in (True, False):
        lead = await make_lead(session, user, lean=lean)
        for status in ("held", "planned"):
            body = {"type": "call", "subject": "x", "lead_id": str(lead.id), "status": status, "starts_at": now()}
            refused = await client.post("/v1/activities", json=body)
            assert (refused.status_code, refused.json()["code"]) == (409, "convert_first")


async def test_a_held_call_does_not_lie_in_the_future(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    account = await make_account(session, user)
    client = await api.as_user(user)
    body = {"type": "call", "subject": "x", "account_id": str(account.id)}
    refused = await client.post("/v1/activities", json=body | {"starts_at": now(minutes=10)})
    assert pointers(refused) == {"/starts_at": "in_the_future"}
    assert (await log(client, account_id=account.id, starts_at=now(minutes=2)))["status"] == "held", "clocks differ"
    assert pointers(await client.post("/v1/activities", json=body | {"status": "planned"})) == {"/starts_at": "missing"}
    overdue = await log(client, account_id=account.id, status="planned", starts_at=now(days=-3))
    assert overdue["is_open"]
    url = f"/v1/activities/{overdue['id']}"
    refused = await client.patch(url, json={"status": "held", "starts_at": now(days=1)}, headers=ANY)
    assert pointers(refused) == {"/starts_at": "in_the_future"}
    held = await client.patch(url, json={"status": "held", "starts_at": now(days=-2)}, headers=ANY)
    assert held.status_code == 200 and not held.json()["is_open"]
    refused = await client.patch(url, json={"starts_at": now(days=1)}, headers=ANY)
    assert pointers(refused) == {"/starts_at": "in_the_future"}


@pytest.mark.parametrize("planned", [timedelta(days=1), timedelta(days=-20)])
async def test_a_call_completed_without_a_time_was_held_now(
    api: Api, session: AsyncSession, planned: timedelta
) -> None:
    user = await make_user(session)
    account = await make_account(session, user)
    client = await api.as_user(user)
    start = datetime.now(UTC) + planned
    times = {"starts_at": start.isoformat(), "ends_at": (start + timedelta(minutes=20)).isoformat()}
    call = await log(client, account_id=account.id, status="planned", **times)
    url = f"/v1/activities/{call['id']}"
    held = (await client.patch(url, json={"status": "held"}, headers=ANY)).json()
    begun, ended = (datetime.fromisoformat(held[name]) for name in ("starts_at", "ends_at"))
    assert abs(datetime.now(UTC) - begun) < timedelta(minutes=1) and ended - begun == timedelta(minutes=20)
    again = (await client.patch(url, json={"status": "held", "result": "x"}, headers=ANY)).json()
    assert again["starts_at"] == held["starts_at"]
    for status in ("planned", "cancelled", "held"):
        changed = await client.patch(url, json={"status": status}, headers=ANY)
        assert changed.status_code == 200 and changed.json()["status"] == status, "a slip is corrected"


@pytest.mark.parametrize(
    ("flags", "code"), [({"do_not_contact": True}, "do_not_contact"), ({"relationship": "left"}, "contact_left")]
)
async def test_who_is_not_to_be_called_is_not_planned_to_be(
    api: Api, session: AsyncSession, flags: dict[str, Any], code: str
) -> None:
    user = await make_user(session)
    account = await make_account(session, user)
    contact = await make_contact(session, user, account, **flags)
    client = await api.as_user(user)
    planned = {"type": "call", "subject": "x", "status": "planned", "starts_at": now(days=1)}
    refused = await client.post("/v1/activities", json=planned | {"contact_id": str(contact.id)})
    assert pointers(refused) == {"/contact_id": code}
    held = await log(client, contact_id=contact.id)
    url = f"/v1/activities/{held['id']}"
    assert pointers(await client.patch(url, json={"status": "planned"}, headers=ANY)) == {"/status": code}
    alone = await log(client, account_id=account.id, status="planned", starts_at=now(days=1))
    refused = await client.patch(f"/v1/activities/{alone['id']}", json={"contact_id": str(contact.id)}, headers=ANY)
    assert pointers(refused) == {"/contact_id": code}
    rings = await log(client, contact_id=contact.id, status="planned", direction="inbound", starts_at=now(days=1))
    assert rings["status"] == "planned", "they may call"
