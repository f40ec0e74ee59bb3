"""Asking for another one's customer, and the country head's decision."""

from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.models import User
from tests.conftest import Api
from tests.factories import lead_body, make_user

NAME = {"name": "Müller Maschinenbau GmbH & Co. KG", "company": "Müller Maschinenbau"}
AGAIN = {"name": "mueller maschinenbau", "company": "Mueller Masch.bau"}


class Cast:
    """Anna holds the customer; Bert wants it; Clara heads Austria, Dora Germany."""

    def __init__(self, people: dict[str, User], clients: dict[str, httpx.AsyncClient]) -> None:
        self.people, self.clients = people, clients
        self.lock_id = ""

    async def bert_registers(self) -> httpx.Response:
        return await self.clients["bert"].post("/v1/leads", json=lead_body(self.people["bert"].id, **AGAIN))

    async def bert_asks(self) -> httpx.Response:
        body = {"lock_id": self.lock_id, "reason": "Kenne den Einkäufer seit Jahren"}
        return await self.clients["bert"].post("/v1/clearances", json=body)

    async def decide(self, who: str, clearance: dict[str, Any], decision: str) -> httpx.Response:
        body = {"decision": decision, "reason": "Nach Rücksprache"}
        return await self.clients[who].post(f"/v1/clearances/{clearance['id']}/decision", json=body)


@pytest.fixture
async def cast(api: Api, session: AsyncSession) -> Cast:
    people = {
        "anna": await make_user(session, first_name="Anna"),
        "bert": await make_user(session, first_name="Bert"),
        "clara": await make_user(session, "country_head", first_name="Clara", country="AT"),
        "dora": await make_user(session, "country_head", first_name="Dora", country="DE"),
    }
    cast = Cast(people, {name: await api.as_user(user) for name, user in people.items()})
    created = await cast.clients["anna"].post("/v1/leads", json=lead_body(people["anna"].id, **NAME))
    assert created.status_code == 201, created.text
    refused = await cast.bert_registers()
    assert refused.status_code == 409
    assert [head["name"] for head in refused.json()["ask"]] == [people["clara"].name]
    cast.lock_id = refused.json()["matches"][0]["lock_id"]
    return cast


async def told(session: AsyncSession, user: User) -> list[str]:
    rows = await session.execute(
        text("SELECT kind FROM notifications WHERE user_id = :u ORDER BY created_at, id"), {"u": user.id}
    )
    return list(rows.scalars())


@pytest.mark.rule("LOCK-4")
async def test_granted_the_customer_passes_to_the_asker(cast: Cast, session: AsyncSession) -> None:
    clearance = await cast.bert_asks()
    assert clearance.status_code == 201, clearance.text
    assert "clearance_requested" in await told(session, cast.people["clara"])
    assert (await cast.bert_registers()).status_code == 409
    decided = await cast.decide("clara", clearance.json(), "grant")
    assert decided.json()["state"] == "granted"
    assert "clearance_decided" in await told(session, cast.people["anna"])
    assert "clearance_decided" in await told(session, cast.people["bert"])

    check = await cast.clients["bert"].post("/v1/protection-checks", json={"name": AGAIN["name"], "city": "Linz"})
    assert check.json()["status"] == "cleared" and check.json()["contact_allowed"]
    made = await cast.bert_registers()
    assert made.status_code == 201, made.text
    locks = (await cast.clients["anna"].get("/v1/lead-locks")).json()["items"]
    assert {(lock["holder"]["name"], lock["state"]) for lock in locks} == {
        (cast.people["anna"].name, "transferred"),
        (cast.people["bert"].name, "pending"),
    }
    used = (await cast.clients["bert"].get(f"/v1/clearances/{clearance.json()['id']}")).json()
    assert used["used_at"] and used["lead_id"] == made.json()["id"]
    assert (await cast.bert_registers()).json()["code"] == "customer_yours"


@pytest.mark.rule("LOCK-4")
async def test_shared_both_hold_the_customer(cast: Cast) -> None:
    clearance = (await cast.bert_asks()).json()
    await cast.decide("clara", clearance, "share")
    assert (await cast.bert_registers()).status_code == 201
    locks = (await cast.clients["anna"].get("/v1/lead-locks", params={"state": "pending"})).json()["items"]
    assert {lock["holder"]["name"] for lock in locks} == {cast.people["anna"].name, cast.people["bert"].name}
    for name in ("anna", "bert"):
        check = await cast.clients[name].post("/v1/protection-checks", json={"name": NAME["name"], "city": "Linz"})
        assert check.json()["status"] == "yours", check.json()


@pytest.mark.rule("LOCK-4")
async def test_refused_it_stays_taken(cast: Cast) -> None:
    clearance = (await cast.bert_asks()).json()
    assert (await cast.decide("clara", clearance, "refuse")).json()["decision_reason"] == "Nach Rücksprache"
    assert (await cast.bert_registers()).json()["code"] == "customer_taken"
    assert (await cast.bert_asks()).status_code == 201


@pytest.mark.rule("LOCK-4")
async def test_only_the_head_of_that_country_decides_and_once(cast: Cast) -> None:
    clearance = (await cast.bert_asks()).json()
    assert (await cast.bert_asks()).json()["code"] == "clearance_open"
    assert (await cast.decide("anna", clearance, "grant")).status_code == 403
    assert (await cast.decide("bert", clearance, "grant")).status_code == 403
    assert (await cast.decide("dora", clearance, "grant")).status_code == 404
    assert (await cast.decide("clara", clearance, "share")).status_code == 200
    assert (await cast.decide("clara", clearance, "refuse")).json()["code"] == "clearance_decided"


@pytest.mark.rule("LOCK-4", "LIST-4")
async def test_all_is_in_the_history(cast: Cast, session: AsyncSession) -> None:
    clearance = (await cast.bert_asks()).json()
    await cast.decide("clara", clearance, "grant")
    rows = await session.execute(
        text("SELECT operation, actor, new FROM change_log WHERE record_id = :id ORDER BY id"), {"id": clearance["id"]}
    )
    (made, _, made_new), (_, by, decided) = rows.all()
    assert made == "insert" and made_new["reason"].startswith("Kenne")
    assert by == str(cast.people["clara"].id) and decided["state"] == "granted"


@pytest.mark.rule("LOCK-5")
async def test_released_the_customer_is_free_for_the_next(cast: Cast, session: AsyncSession) -> None:
    url = f"/v1/lead-locks/{cast.lock_id}/release"
    assert (await cast.clients["bert"].post(url, json={"reason": "will ich"})).json()["code"] == "not_the_holder"
    assert (await cast.clients["dora"].post(url, json={"reason": "falsches Land"})).status_code == 403
    released = await cast.clients["anna"].post(url, json={"reason": "Kein Bedarf"})
    assert released.json()["state"] == "released" and released.json()["end_reason"] == "Kein Bedarf"
    assert "lock_released" in await told(session, cast.people["clara"])
    check = await cast.clients["bert"].post("/v1/protection-checks", json={"name": AGAIN["name"], "city": "Linz"})
    assert check.json()["status"] == "known" and check.json()["matches"][0]["protection"] == "ended"
    assert (await cast.bert_registers()).status_code == 201
    assert (await cast.clients["anna"].post(url, json={"reason": "noch einmal"})).json()["code"] == "lock_not_live"


@pytest.mark.rule("LOCK-5", "LEAD-12")
async def test_transferred_lead_and_lock_change_hands(cast: Cast, session: AsyncSession) -> None:
    body = {"holder_id": str(cast.people["bert"].id), "reason": "Gebietswechsel"}
    moved = await cast.clients["clara"].post(f"/v1/lead-locks/{cast.lock_id}/transfer", json=body)
    assert moved.status_code == 200, moved.text
    assert moved.json()["holder"]["name"] == cast.people["bert"].name
    lead = (await cast.clients["bert"].get(f"/v1/leads/{moved.json()['lead_id']}")).json()
    assert lead["assignee"]["name"] == cast.people["bert"].name
    assert "lock_transferred" in await told(session, cast.people["anna"])
    assert "lock_transferred" in await told(session, cast.people["bert"])


@pytest.mark.rule("LOCK-5")
async def test_a_pending_lock_cannot_be_extended(cast: Cast) -> None:
    body = {"months": 3, "reason": "Verhandlung läuft"}
    url = f"/v1/lead-locks/{cast.lock_id}/extension"
    assert (await cast.clients["anna"].post(url, json=body)).status_code == 403
    assert (await cast.clients["clara"].post(url, json=body)).json()["code"] == "lock_not_active"


@pytest.mark.rule("LOCK-5")
async def test_transferred_to_developers_only_and_the_account_goes_along(
    cast: Cast, api: Api, session: AsyncSession
) -> None:
    technician = await make_user(session, "mst")
    url = f"/v1/lead-locks/{cast.lock_id}/transfer"
    refused = await cast.clients["anna"].post(url, json={"holder_id": str(technician.id), "reason": "Urlaub"})
    assert refused.status_code == 422 and refused.json()["errors"][0]["code"] == "may_not_convert"
    lead_id = (await cast.clients["anna"].get(f"/v1/lead-locks/{cast.lock_id}")).json()["lead_id"]
    command = {"outcome": "create", "account": {"level": "A", "industry": "x"}}
    conversion = await cast.clients["anna"].post(f"/v1/leads/{lead_id}/conversion", json=command)
    assert conversion.status_code == 201, conversion.text
    moved = await cast.clients["anna"].post(url, json={"holder_id": str(cast.people["bert"].id), "reason": "Urlaub"})
    assert moved.status_code == 200, moved.text
    account = await cast.clients["bert"].get(f"/v1/accounts/{conversion.json()['account']['id']}")
    assert account.status_code == 200 and account.json()["assignee"]["id"] == str(cast.people["bert"].id)
