"""Sales support turns a developer's message into the opportunity, in one request (CONV-4)."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.embedded import EmbeddedServers
from app.core.visibility import unscoped
from app.notifications.models import Notification
from app.opportunities.models import Opportunity
from tests.conftest import Api, sign_in
from tests.factories import make_account, make_contact, make_request, make_team, make_user, stage_id
from tests.live import Live, live


async def count(session: AsyncSession) -> int:
    """How many opportunities there are."""
    statement = unscoped(select(func.count()).select_from(Opportunity), reason="the test counts all")
    return (await session.execute(statement)).scalar_one()


@pytest.mark.rule("CONV-4")
@pytest.mark.rule("LEAD-12")
async def test_one_request_makes_the_developer_s_opportunity(api: Api, session: AsyncSession) -> None:
    developer, ks = await make_user(session), await make_user(session, "ks")
    team = await make_team(session)
    account = await make_account(session, developer, team_ids=[team.id])
    contact = await make_contact(session, developer, account)
    message = await make_request(session, developer, account, ks, contact_id=str(contact.id))
    client = await api.as_user(ks)
    assert (await client.get(f"/v1/accounts/{account.id}")).status_code == 404, "the customer is not ks's to see"

    made = await client.post("/v1/opportunities", json={"message_id": str(message.id)})
    assert made.status_code == 201, made.text
    opportunity = made.json()
    assert opportunity["name"] == account.name and opportunity["account"]["id"] == str(account.id)
    assert opportunity["contact"]["id"] == str(contact.id)
    assert opportunity["assignee"]["id"] == str(developer.id) and opportunity["team_ids"] == [str(team.id)]
    assert opportunity["stage"]["key"] == "needs" and opportunity["probability"] == 25
    assert opportunity["expected_revenue"] == {"amount": "12500.00", "currency": "EUR"}
    assert opportunity["message_id"] == str(message.id)
    assert (await (await api.as_user(developer)).get(made.headers["Location"])).status_code == 200
    kinds = select(Notification.kind).where(Notification.user_id == developer.id)
    assert list((await session.execute(unscoped(kinds, reason="the test looks"))).scalars()) == ["opportunity_assigned"]


@pytest.mark.rule("CONV-4")
async def test_a_request_becomes_one_opportunity_only(api: Api, session: AsyncSession) -> None:
    developer, ks, other = await make_user(session), await make_user(session, "ks"), await make_user(session, "ks")
    message = await make_request(session, developer, await make_account(session, developer), ks, other)
    body = {"message_id": str(message.id)}
    client = await api.as_user(ks)
    first = await client.post("/v1/opportunities", json=body)
    again = await client.post("/v1/opportunities", json=body | {"name": "Anders"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    late = await (await api.as_user(other)).post("/v1/opportunities", json=body)
    assert late.status_code == 409 and late.json()["code"] == "already_created"
    assert late.json()["opportunity_id"] == first.json()["id"]
    assert await count(session) == 1


async def test_amount_stage_and_name_may_be_overridden_the_rest_is_the_request_s(
    api: Api, session: AsyncSession
) -> None:
    developer, ks = await make_user(session), await make_user(session, "ks")
    account = await make_account(session, developer)
    message = await make_request(session, developer, account, ks)
    client = await api.as_user(ks)
    foreign = {"account_id": str(account.id), "assignee_id": str(ks.id)}
    refused = await client.post("/v1/opportunities", json={"message_id": str(message.id)} | foreign)
    assert refused.status_code == 422
    assert {e["pointer"]: e["code"] for e in refused.json()["errors"]} == dict.fromkeys(
        ["/account_id", "/assignee_id"], "set_by_request"
    )
    made = await client.post(
        "/v1/opportunities",
        json={
            "message_id": str(message.id),
            "name": "Flatrate 24 Monate",
            "stage_id": str(stage_id(3)),
            "probability": 55,
            "expected_revenue": {"amount": "99.90", "currency": "CHF"},
            "close_on": "2027-01-31",
        },
    )
    assert made.status_code == 201, made.text
    opportunity = made.json()
    assert (opportunity["name"], opportunity["stage"]["key"]) == ("Flatrate 24 Monate", "offer")
    assert opportunity["expected_revenue"] == {"amount": "99.90", "currency": "CHF"}
    assert opportunity["probability"] == 55


async def test_what_is_no_request_or_not_theirs_makes_nothing(api: Api, session: AsyncSession) -> None:
    developer, ks = await make_user(session), await make_user(session, "ks")
    account = await make_account(session, developer)
    hidden = await make_request(session, developer, account)
    chat = await make_request(session, developer, account, ks)
    chat.kind = "text"
    broken = await make_request(session, developer, account, ks, account_id=None)
    lacking = await make_request(session, developer, account, ks, amount=None)
    gone = await make_request(session, developer, account, ks, account_id="019abcde-0000-7000-8000-000000000bad")
    await session.commit()
    client = await api.as_user(ks)

    async def answer(message_id: Any) -> tuple[int, str, str | None]:
        got = await client.post("/v1/opportunities", json={"message_id": str(message_id)})
        body = got.json()
        return got.status_code, body["code"], next((e["code"] for e in body["errors"]), None)

    assert await answer(hidden.id) == (422, "invalid", "unknown_message")
    assert await answer("019abcde-0000-7000-8000-000000000bad") == (422, "invalid", "unknown_message")
    assert await answer(chat.id) == (422, "invalid", "not_a_request")
    assert await answer(broken.id) == (422, "invalid", "not_a_request")
    assert await answer(lacking.id) == (422, "invalid", "missing")
    assert await answer(gone.id) == (409, "customer_gone", None)
    refused = await (await api.as_user(developer)).post("/v1/opportunities", json={"message_id": str(lacking.id)})
    assert refused.status_code == 403, "developers ask, sales support makes"
    assert await count(session) == 0


async def test_a_deleted_contact_or_stage_does_not_stand_in_the_way(api: Api, session: AsyncSession) -> None:
    developer, ks = await make_user(session), await make_user(session, "ks")
    gone = "019abcde-0000-7000-8000-000000000bad"
    message = await make_request(
        session, developer, await make_account(session, developer), ks, contact_id=gone, stage_id=gone
    )
    made = await (await api.as_user(ks)).post("/v1/opportunities", json={"message_id": str(message.id)})
    assert made.status_code == 201, made.text
    assert made.json()["contact"] is None and made.json()["stage"]["key"] == "contact"


@pytest.mark.rule("CONV-4")
def test_several_who_take_up_one_request_at_once_make_one_opportunity(servers: EmbeddedServers, tmp_path: Path) -> None:
    with live(servers, tmp_path) as stack:
        asyncio.run(_race(stack))


async def _race(stack: Live) -> None:
    async with stack.session() as session:
        developer = await make_user(session)
        crowd = [await make_user(session, "ks") for _ in range(6)]
        account = await make_account(session, developer)
        messages = [await make_request(session, developer, account, *crowd) for _ in range(10)]
        tokens = [await sign_in(session, user.id) for user in crowd]
    clients = [
        httpx.AsyncClient(base_url=stack.url, headers={"Authorization": f"Bearer {token}"}, timeout=30)
        for token in tokens
    ]
    for message in messages:
        body = {"message_id": str(message.id)}
        answers = await asyncio.gather(*(client.post("/v1/opportunities", json=body) for client in clients))
        statuses = Counter(answer.status_code for answer in answers)
        assert statuses == {201: 1, 409: len(crowd) - 1}, [answer.text[:200] for answer in answers]
    (row,) = await stack.sql("SELECT count(*) AS made, count(DISTINCT message_id) AS requests FROM opportunities")
    assert (row["made"], row["requests"]) == (len(messages), len(messages))
    for client in clients:
        await client.aclose()


async def test_the_database_itself_holds_it_to_one(session: AsyncSession) -> None:
    unique = text(
        "SELECT indexdef FROM pg_indexes WHERE tablename = 'opportunities' AND indexdef LIKE '%(message_id)%'"
    )
    assert "UNIQUE" in (await session.execute(unique)).scalar_one()
