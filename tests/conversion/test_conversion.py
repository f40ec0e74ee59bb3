"""Lead → customer over HTTP."""

from datetime import date
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import add_months
from app.identity.models import User
from tests.conftest import Api
from tests.factories import lead_body, make_user

NAME = "Rettenbacher Fördertechnik GmbH"
COMPLETION = {"level": "B", "industry": "mechanical_engineering"}


class Scene:
    """Anna has a lead; Karl is sales support; Bert is somebody else."""

    def __init__(self, users: dict[str, User], clients: dict[str, httpx.AsyncClient]) -> None:
        self.users, self.clients = users, clients
        self.anna, self.bert, self.karl = clients["anna"], clients["bert"], clients["karl"]
        self.lead: dict[str, Any] = {}

    @property
    def url(self) -> str:
        return f"/v1/leads/{self.lead['id']}/conversion"

    async def register(self, who: str = "anna", **values: Any) -> dict[str, Any]:
        body = lead_body(self.users[who].id, **({"name": NAME, "company": "Rettenbacher"} | values))
        answer = await self.clients[who].post("/v1/leads", json=body)
        assert answer.status_code == 201, answer.text
        self.lead = answer.json()
        return self.lead

    async def convert(self, who: str = "anna", **values: Any) -> httpx.Response:
        body = {"outcome": "create", "account": COMPLETION} | values
        return await self.clients[who].post(self.url, json=body)


@pytest.fixture
async def scene(api: Api, session: AsyncSession) -> Scene:
    users = {
        "anna": await make_user(session, first_name="Anna"),
        "bert": await make_user(session, first_name="Bert"),
        "karl": await make_user(session, "ks", first_name="Karl"),
        "clara": await make_user(session, "country_head", first_name="Clara"),
        "admin": await make_user(session, "admin", first_name="Ada"),
    }
    scene = Scene(users, {name: await api.as_user(user) for name, user in users.items()})
    await scene.register()
    return scene


async def count(session: AsyncSession, table: str) -> int:
    return int((await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())


@pytest.mark.rule("CONV-3")
async def test_all_master_data_that_lack_are_named_at_once(scene: Scene, session: AsyncSession) -> None:
    preview = (await scene.anna.get(scene.url)).json()
    assert [m["field"] for m in preview["missing"]] == ["level", "industry", "legal_form"]
    assert preview["missing"][2]["suggestion"] == "GmbH"
    assert preview["proposed_outcome"] == "create" and preview["conversion"] is None
    answer = await scene.convert(account={})
    assert answer.status_code == 422, answer.text
    assert {e["pointer"] for e in answer.json()["errors"]} == {"/account/level", "/account/industry"}
    assert await count(session, "accounts") == 0
    bad = await scene.convert(account={**COMPLETION, "email": "kein-at", "country": "XX"})
    assert bad.status_code == 422, bad.text
    login = await scene.convert(account={**COMPLETION, "password": "geheim"})
    assert login.status_code == 422


@pytest.mark.rule("CONV-1", "CONV-2", "LOCK-2", "ACC-1")
async def test_a_new_customer_with_activity_lock_and_message(scene: Scene, session: AsyncSession) -> None:
    answer = await scene.convert()
    assert answer.status_code == 201, answer.text
    conversion = answer.json()
    account = (await scene.anna.get(f"/v1/accounts/{conversion['account']['id']}")).json()
    assert account["name"] == NAME and account["legal_form"] == "GmbH" and account["city"] == "Linz"
    assert account["lead_id"] == scene.lead["id"] and account["source"] == "fair"
    assert account["description"] is None
    assert account["expected_revenue"] == {"amount": "12500.00", "currency": "EUR"}
    assert account["assignee"]["id"] == str(scene.users["anna"].id)

    lead = (await scene.bert.get(f"/v1/leads/{scene.lead['id']}")).json()
    assert lead["phase"] == "converted" and lead["status"] == "converted"
    assert lead["description"] == scene.lead["description"] and lead["name"] == NAME

    activity = (await scene.anna.get(f"/v1/activities/{conversion['activity_id']}")).json()
    assert activity["customer"]["name"] == NAME and activity["account"]["id"] == account["id"]

    (lock,) = (await scene.anna.get("/v1/lead-locks", params={"lead_id": lead["id"]})).json()["items"]
    assert lock["state"] == "active" and lock["account_id"] == account["id"]
    assert all(step["done"] for step in lock["steps"])
    starts = date.fromisoformat(lock["starts_on"])
    assert date.fromisoformat(lock["ends_on"]) == add_months(starts, 6)
    assert conversion["lock_ends_on"] == lock["ends_on"]

    check = await scene.bert.post("/v1/protection-checks", json={"name": "Rettenbacher Foerdertechnik", "city": "Linz"})
    assert check.json()["status"] == "taken"
    assert check.json()["matches"][0]["until"] == lock["ends_on"]


@pytest.mark.rule("CONV-1")
@pytest.mark.parametrize("ticked", [True, False])
async def test_notes_go_along_only_if_asked(scene: Scene, ticked: bool) -> None:
    conversion = (await scene.convert(transfer_notes=ticked)).json()
    account = (await scene.anna.get(f"/v1/accounts/{conversion['account']['id']}")).json()
    assert account["description"] == (scene.lead["description"] if ticked else None)


@pytest.mark.rule("CONV-4", "OPP-1", "MSG-1")
async def test_sales_support_makes_the_opportunity_in_one_request(scene: Scene, session: AsyncSession) -> None:
    conversion = (await scene.convert()).json()
    (message,) = (await scene.karl.get("/v1/messages", params={"unread": "true"})).json()["items"]
    assert message["id"] == conversion["message_id"] and message["kind"] == "opportunity_request"
    assert (message["request"]["amount"], message["request"]["currency"]) == ("12500.00", "EUR")
    made = await scene.karl.post("/v1/opportunities", json={"message_id": message["id"]})
    assert made.status_code == 201, made.text
    opportunity = made.json()
    assert opportunity["expected_revenue"] == {"amount": "12500.00", "currency": "EUR"}
    assert opportunity["assignee"]["id"] == str(scene.users["anna"].id)
    assert opportunity["probability"] == 10
    again = await scene.karl.post("/v1/opportunities", json={"message_id": message["id"]})
    assert again.status_code == 200 and again.json() == opportunity
    assert await count(session, "opportunities") == 1


@pytest.mark.rule("CONV-6")
async def test_once_however_often_it_is_sent(scene: Scene, session: AsyncSession) -> None:
    first = await scene.convert()
    again = await scene.convert()
    assert (first.status_code, again.status_code) == (201, 200) and again.json() == first.json()
    other = await scene.convert(transfer_notes=True)
    assert other.status_code == 409 and other.json()["code"] == "already_converted"
    assert other.json()["account_id"] == first.json()["account"]["id"]
    assert (await scene.convert("admin")).json()["code"] == "already_converted"
    for table in ("accounts", "conversions", "activities", "messages"):
        assert await count(session, table) == 1, table


@pytest.mark.rule("LEAD-6")
async def test_a_converted_lead_can_be_read_but_not_changed(scene: Scene) -> None:
    await scene.convert()
    url = f"/v1/leads/{scene.lead['id']}"
    tag = (await scene.anna.get(url)).headers["ETag"]
    changed = await scene.anna.patch(url, json={"city": "Wels"}, headers={"If-Match": tag})
    assert changed.status_code == 409 and changed.json()["code"] == "lead_closed"
    assert (await scene.anna.delete(url)).json()["code"] == "lead_closed"
    history = await scene.anna.get(f"{url}/history")
    assert history.status_code == 200 and len(history.json()["items"]) >= 2


async def test_others_may_not_convert(scene: Scene, session: AsyncSession) -> None:
    answer = await scene.convert("bert")
    assert answer.status_code == 403 and answer.json()["code"] == "not_your_lead"
    assert (await scene.convert("karl")).status_code == 403
    assert await count(session, "accounts") == 0


async def release(scene: Scene) -> None:
    """Anna's customer becomes free."""
    (lock,) = (await scene.anna.get("/v1/lead-locks", params={"holder_id": str(scene.users["anna"].id)})).json()[
        "items"
    ]
    assert (await scene.anna.post(f"/v1/lead-locks/{lock['id']}/release", json={"reason": "frei"})).status_code == 200


@pytest.mark.rule("CONV-2", "DUP-2")
async def test_known_customer_updated_with_the_chosen_fields(scene: Scene, session: AsyncSession) -> None:
    first = (await scene.convert()).json()
    await release(scene)
    await scene.register("bert", name="Rettenbacher Foerdertechnik GmbH", postal_code="4030")
    preview = (await scene.bert.get(scene.url)).json()
    assert preview["proposed_outcome"] == "update"
    (match,) = preview["matches"]
    assert match["ref"] == first["account"]["id"] and match["may_update"]
    refused = await scene.convert("bert")
    assert refused.status_code == 409 and refused.json()["code"] == "duplicate_account"
    answer = await scene.convert("bert", outcome="update", account_id=match["ref"], take=["postal_code"], account=None)
    assert answer.status_code == 201, answer.text
    assert answer.json()["applied"] == [{"field": "postal_code", "old": "4020", "new": "4030"}]
    account = (await scene.bert.get(f"/v1/accounts/{match['ref']}")).json()
    assert account["postal_code"] == "4030" and account["name"] == NAME
    assert account["assignee"]["id"] == str(scene.users["bert"].id)
    assert await count(session, "accounts") == 1


@pytest.mark.rule("CONV-2", "DUP-2")
async def test_known_customer_left_as_it_is(scene: Scene, session: AsyncSession) -> None:
    first = (await scene.convert()).json()
    await release(scene)
    await scene.register("bert", name="Rettenbacher Foerdertechnik GmbH", postal_code="4030")
    answer = await scene.convert("bert", outcome="keep", account_id=first["account"]["id"], account=None)
    assert answer.status_code == 201, answer.text
    account = (await scene.bert.get(f"/v1/accounts/{first['account']['id']}")).json()
    assert account["postal_code"] == "4020" and account["name"] == NAME
    activity = (await scene.bert.get(f"/v1/activities/{answer.json()['activity_id']}")).json()
    assert activity["customer"]["postal_code"] == "4020"
    assert await count(session, "accounts") == 1


async def test_a_stranger_customer_cannot_be_taken_by_id(scene: Scene) -> None:
    body = {
        "name": "Unbeteiligt Textil GmbH", "level": "C", "industry": "textile", "legal_form": "GmbH",
        "city": "Graz", "country": "AT",
    }  # fmt: skip
    stranger = (await scene.bert.post("/v1/accounts", json=body)).json()
    answer = await scene.convert(outcome="update", account_id=stranger["id"], take=["name"], account=None)
    assert answer.status_code == 404


async def test_the_outcomes_keep_to_their_fields(scene: Scene, session: AsyncSession) -> None:
    nobody = "01900000-0000-7000-8000-0000000000ff"
    assert (await scene.convert(outcome="create", account_id=nobody)).status_code == 422
    assert (await scene.convert(outcome="update", account=None)).status_code == 422
    assert (await scene.convert(outcome="keep", account_id=nobody, account=None)).status_code == 404
    assert (await scene.convert(opportunity={"stage_id": nobody})).json()["errors"][0]["code"] == "unknown_stage"
    assert await count(session, "accounts") == 0 and await count(session, "messages") == 0


async def test_a_person_becomes_a_contact(scene: Scene, session: AsyncSession) -> None:
    person = {"first_name": "Eva", "last_name": "Stadlbauer", "email": "eva.stadlbauer@example.com"}
    conversion = (await scene.convert(contact=person)).json()
    contact = (await scene.anna.get(f"/v1/contacts/{conversion['contact']['id']}")).json()
    assert contact["last_name"] == "Stadlbauer" and contact["account"]["id"] == conversion["account"]["id"]
    lacking = await scene.register("bert", name="Ganz Andere AG", company="Ganz Andere")
    assert lacking
    nameless = await scene.convert("bert", contact={"first_name": "Eva"})
    assert nameless.status_code == 422 and nameless.json()["errors"][0]["pointer"] == "/contact/last_name"


@pytest.mark.rule("LOCK-2", "CONV-4")
async def test_the_lock_waits_for_the_last_step(scene: Scene) -> None:
    early = await scene.anna.post(f"/v1/leads/{scene.lead['id']}/opportunity-request", json={})
    assert early.status_code == 409 and early.json()["code"] == "not_converted"
    conversion = (await scene.convert(request_opportunity=False)).json()
    assert conversion["message_id"] is None and conversion["lock_state"] == "pending"
    asked = await scene.anna.post(f"/v1/leads/{scene.lead['id']}/opportunity-request", json={})
    assert asked.status_code == 201, asked.text
    assert asked.json()["message_id"] and asked.json()["lock_state"] == "active"
    again = await scene.anna.post(f"/v1/leads/{scene.lead['id']}/opportunity-request", json={})
    assert again.status_code == 409 and again.json()["code"] == "already_requested"


@pytest.mark.rule("DUP-3")
async def test_a_conversion_shows_strangers_no_more_of_the_customer_than_the_name(scene: Scene) -> None:
    person = {"first_name": "Xaver", "last_name": "Geheimrat"}
    await scene.convert(account={**COMPLETION, "phone": "+43 732 123456"}, contact=person)
    assert (await scene.anna.get(scene.url)).json()["conversion"]["contact"]["name"] == "Xaver Geheimrat"
    shown = (await scene.bert.get(scene.url)).json()["conversion"]
    assert shown["account"]["name"] == NAME and shown["contact"] is None and shown["applied"] == []
