"""Ways around another one's lock, each of which is closed."""

from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.models import User
from tests.conftest import Api
from tests.factories import lead_body, make_user

NAME = {"name": "Müller Maschinenbau GmbH & Co. KG", "company": "Müller Maschinenbau"}
COMPLETION = {"level": "B", "industry": "mechanical_engineering"}
ACCOUNT = {"name": NAME["name"], "legal_form": "GmbH & Co. KG", "city": "Linz", "country": "AT", **COMPLETION}


class Cast:
    """Anna, Bert and Carl are developers; Clara heads Austria, Ada is the administrator."""

    def __init__(self, people: dict[str, User], clients: dict[str, httpx.AsyncClient]) -> None:
        self.people, self.clients = people, clients

    async def registers(self, who: str, **values: Any) -> httpx.Response:
        body = lead_body(self.people[who].id, **(NAME | values))
        return await self.clients[who].post("/v1/leads", json=body)

    async def lock_of(self, lead: httpx.Response) -> str:
        assert lead.status_code == 201, lead.text
        answer = await self.clients["ada"].get("/v1/lead-locks", params={"lead_id": lead.json()["id"]})
        return str(answer.json()["items"][0]["id"])

    async def cleared(self, who: str, decision: str, **target: str) -> dict[str, Any]:
        asked = await self.clients[who].post("/v1/clearances", json={**target, "reason": "Kenne den Einkäufer"})
        assert asked.status_code == 201, asked.text
        url = f"/v1/clearances/{asked.json()['id']}/decision"
        decided = await self.clients["clara"].post(url, json={"decision": decision, "reason": "In Ordnung"})
        assert decided.status_code == 200, decided.text
        return dict(decided.json())

    async def convert(self, who: str, lead: httpx.Response, **values: Any) -> httpx.Response:
        return await self.clients[who].post(f"/v1/leads/{lead.json()['id']}/conversion", json=values)

    async def check(self, who: str) -> str:
        answer = await self.clients[who].post("/v1/protection-checks", json={"name": NAME["name"], "city": "Linz"})
        return str(answer.json()["status"])


@pytest.fixture
async def cast(api: Api, session: AsyncSession) -> Cast:
    people = {
        "anna": await make_user(session, first_name="Anna"),
        "bert": await make_user(session, first_name="Bert"),
        "carl": await make_user(session, first_name="Carl"),
        "clara": await make_user(session, "country_head", first_name="Clara"),
        "ada": await make_user(session, "admin", first_name="Ada"),
    }
    return Cast(people, {name: await api.as_user(user) for name, user in people.items()})


async def open_project(cast: Cast) -> str:
    """A project without locks, open to everybody."""
    body = {
        "key": "open_book",
        "name": "Offen",
        "required_fields": ["name"],
        "lock_enabled": False,
        "visibility": "all",
    }
    made = await cast.clients["ada"].post("/v1/projects", json=body)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


@pytest.mark.rule("DUP-3", "LIST-4")
async def test_a_clearances_history_does_not_name_a_hidden_customer(cast: Cast) -> None:
    made = await cast.clients["anna"].post("/v1/accounts", json=ACCOUNT)
    clearance = await cast.cleared("bert", "refuse", account_id=made.json()["id"])
    shown = await cast.clients["bert"].get(f"/v1/clearances/{clearance['id']}/history")
    assert shown.status_code == 200 and "Maschinenbau" not in shown.text, shown.text


@pytest.mark.rule("LOCK-3", "LOCK-4")
async def test_a_clearance_for_a_lock_that_is_over_opens_no_later_one(cast: Cast) -> None:
    lock = await cast.lock_of(await cast.registers("anna"))
    await cast.cleared("bert", "grant", lock_id=lock)
    await cast.clients["anna"].post(f"/v1/lead-locks/{lock}/release", json={"reason": "Kein Bedarf"})
    assert (await cast.registers("carl")).status_code == 201
    assert await cast.check("bert") == "taken"
    assert (await cast.registers("bert")).json()["code"] == "customer_taken"


@pytest.mark.rule("LOCK-3")
async def test_a_lead_in_a_project_without_locks_gives_no_right_to_the_customer(cast: Cast) -> None:
    project = await open_project(cast)
    assert (await cast.registers("anna")).status_code == 201
    lead = await cast.clients["bert"].post(
        "/v1/leads",
        json={
            "project_id": project,
            "assignee_id": str(cast.people["bert"].id),
            **NAME,
            "city": "Linz",
            "country": "AT",
        },
    )
    assert lead.status_code == 201, lead.text
    assert await cast.check("bert") == "taken"
    made = await cast.clients["bert"].post("/v1/accounts", json=ACCOUNT)
    assert made.json()["code"] == "customer_taken", made.text
    converted = await cast.convert(
        "bert", lead, outcome="create", account={**COMPLETION, "legal_form": "GmbH & Co. KG"}
    )
    assert converted.json()["code"] == "customer_taken", converted.text


@pytest.mark.rule("LOCK-3")
async def test_a_lead_whose_lock_is_over_is_not_converted_past_the_next_one(cast: Cast) -> None:
    lead = await cast.registers("anna")
    lock = await cast.lock_of(lead)
    await cast.clients["anna"].post(f"/v1/lead-locks/{lock}/release", json={"reason": "Kein Bedarf"})
    assert (await cast.registers("bert")).status_code == 201
    converted = await cast.convert("anna", lead, outcome="create", account=COMPLETION)
    assert converted.json()["code"] == "customer_taken", converted.text


@pytest.mark.rule("LOCK-3")
async def test_a_lead_cannot_become_another_ones_customer(cast: Cast) -> None:
    made = await cast.clients["anna"].post("/v1/accounts", json={**ACCOUNT, "access": "public_read"})
    assert made.status_code == 201, made.text
    lead = await cast.registers("bert", name="Ganz Anders GmbH", company="Ganz Anders", city="Graz", postal_code="8010")
    converted = await cast.convert("bert", lead, outcome="keep", account_id=made.json()["id"])
    assert converted.json()["code"] == "customer_taken", converted.text
    assert await cast.check("anna") == "yours"


@pytest.mark.rule("LOCK-4", "CONV-2")
async def test_a_granted_customer_of_managers_is_converted(cast: Cast) -> None:
    made = await cast.clients["anna"].post("/v1/accounts", json=ACCOUNT)
    await cast.cleared("bert", "grant", account_id=made.json()["id"])
    lead = await cast.registers("bert")
    assert lead.status_code == 201, lead.text
    converted = await cast.convert("bert", lead, outcome="keep", account_id=made.json()["id"])
    assert converted.status_code == 201, converted.text
    assert (await cast.clients["bert"].get(made.headers["Location"])).json()["assignee"]["name"] == cast.people[
        "bert"
    ].name


@pytest.mark.rule("LOCK-4")
async def test_who_shares_a_customer_may_go_on_working(cast: Cast) -> None:
    first = await cast.registers("anna")
    await cast.cleared("bert", "share", lock_id=await cast.lock_of(first))
    second = await cast.registers("bert")
    for who, lead in (("anna", first), ("bert", second)):
        changed = await cast.clients[who].patch(
            f"/v1/leads/{lead.json()['id']}", json={"postal_code": "4021"}, headers={"If-Match": "*"}
        )
        assert changed.status_code == 200, changed.text
    made = await cast.convert("anna", first, outcome="create", account=COMPLETION)
    assert made.status_code == 201, made.text
    twice = await cast.convert("bert", second, outcome="create", account=COMPLETION)
    assert twice.json()["code"] == "duplicate_account", twice.text
    same = await cast.convert("bert", second, outcome="keep", account_id=made.json()["account"]["id"])
    assert same.status_code == 201, same.text
    account = (await cast.clients["anna"].get(f"/v1/accounts/{made.json()['account']['id']}")).json()
    assert account["assignee"]["name"] == cast.people["anna"].name


async def test_a_colleague_of_the_team_sees_what_a_conversion_would_bring(
    cast: Cast, session: AsyncSession, api: Api
) -> None:
    body = {"key": "teamwork", "name": "Team", "required_fields": ["name"], "lock_enabled": True, "visibility": "team"}
    project = (await cast.clients["ada"].post("/v1/projects", json=body)).json()["id"]
    lead = await cast.clients["bert"].post(
        "/v1/leads", json={"project_id": project, **NAME, "city": "Linz", "country": "AT"}
    )
    assert lead.status_code == 201, lead.text
    await session.execute(
        text("INSERT INTO team_members (team_id, user_id) VALUES (:t, :u)"),
        {"t": cast.people["bert"].default_team_id, "u": cast.people["anna"].id},
    )
    await session.commit()
    anna = await api.as_user(cast.people["anna"])
    assert (await anna.get(f"/v1/leads/{lead.json()['id']}")).status_code == 200
    shown = await anna.get(f"/v1/leads/{lead.json()['id']}/conversion")
    assert shown.status_code == 200, shown.text


@pytest.mark.rule("LOCK-3")
async def test_an_account_is_not_renamed_into_another_ones_customer(cast: Cast) -> None:
    assert (await cast.registers("anna")).status_code == 201
    made = await cast.clients["bert"].post("/v1/accounts", json={**ACCOUNT, "name": "Ganz Anders GmbH"})
    assert made.status_code == 201, made.text
    renamed = await cast.clients["bert"].patch(
        made.headers["Location"], json={"name": NAME["name"]}, headers={"If-Match": "*"}
    )
    assert renamed.json()["code"] == "customer_taken", renamed.text
    moved = await cast.clients["bert"].patch(made.headers["Location"], json={"city": "Graz"}, headers={"If-Match": "*"})
    assert moved.status_code == 200, moved.text


@pytest.mark.rule("LOCK-2", "LOCK-5")
async def test_a_lock_whose_time_is_over_binds_nobody_though_the_worker_is_away(
    cast: Cast, session: AsyncSession
) -> None:
    lock = await cast.lock_of(await cast.registers("anna"))
    over = "UPDATE lead_locks SET state = 'active', starts_on = current_date - 200, ends_on = current_date - 2"
    await session.execute(text(f"{over} WHERE id = :id"), {"id": lock})
    await session.commit()
    assert await cast.check("bert") == "known"
    longer = {"months": 3, "reason": "Zu spät"}
    late = await cast.clients["clara"].post(f"/v1/lead-locks/{lock}/extension", json=longer)
    assert late.json()["code"] == "lock_not_live", late.text
    assert (await cast.registers("bert")).status_code == 201


@pytest.mark.rule("LOCK-2")
async def test_a_contact_in_the_future_makes_no_longer_lock(cast: Cast) -> None:
    rules = {"required_fields": ["name"], "lock_enabled": True, "lock_steps": ["lead"], "lock_starts": "contacted_on"}
    body = {"key": "early_bird", "name": "Früh", "visibility": "all", **rules}
    project = (await cast.clients["ada"].post("/v1/projects", json=body)).json()["id"]
    lead = await cast.registers("bert", project_id=project, contacted_on="2150-01-01")
    lock = (await cast.clients["bert"].get(f"/v1/lead-locks/{await cast.lock_of(lead)}")).json()
    assert lock["starts_on"] < "2100"


@pytest.mark.rule("LOCK-3")
async def test_a_mixture_of_ones_own_customer_and_another_ones_is_taken(cast: Cast) -> None:
    assert (await cast.registers("anna")).status_code == 201
    own = {"phone": "+43 732 998877", "website": "https://ganz-anders.at", "vat_id": "ATU12345675"}
    made = await cast.clients["bert"].post("/v1/accounts", json={**ACCOUNT, **own, "name": "Ganz Anders GmbH"})
    assert made.status_code == 201, made.text
    mixed = await cast.clients["bert"].post("/v1/accounts", json={**ACCOUNT, **own})
    assert mixed.json()["code"] == "customer_taken", mixed.text


@pytest.mark.rule("LOCK-4")
async def test_nobody_grants_their_own_request(cast: Cast) -> None:
    lock = await cast.lock_of(await cast.registers("anna"))
    asked = await cast.clients["clara"].post("/v1/clearances", json={"lock_id": lock, "reason": "Kenne den Einkäufer"})
    decision = {"decision": "grant", "reason": "In Ordnung"}
    url = f"/v1/clearances/{asked.json()['id']}/decision"
    assert (await cast.clients["clara"].post(url, json=decision)).status_code == 403
    assert (await cast.clients["ada"].post(url, json=decision)).status_code == 200


@pytest.mark.rule("LOCK-5", "LEAD-6")
async def test_a_head_manages_the_leads_of_their_country_only(cast: Cast, api: Api, session: AsyncSession) -> None:
    lead = await cast.registers("anna")
    dora = await api.as_user(await make_user(session, "country_head", first_name="Dora", country="DE"))
    headers = {"If-Match": lead.headers["ETag"]}
    refused = await dora.patch(lead.headers["Location"], json={"status": "discarded"}, headers=headers)
    assert refused.status_code == 403 and refused.json()["code"] == "not_your_lead"
    assert (await dora.delete(lead.headers["Location"])).status_code == 403
    changed = await cast.clients["clara"].patch(lead.headers["Location"], json={"status": "contacted"}, headers=headers)
    assert changed.status_code == 200, changed.text


@pytest.mark.rule("LOCK-4", "CONV-2")
async def test_who_shares_a_customer_manages_the_account_too(cast: Cast) -> None:
    first = await cast.registers("anna")
    made = await cast.convert("anna", first, outcome="create", account=COMPLETION)
    await cast.cleared("bert", "share", lock_id=await cast.lock_of(first))
    second = await cast.registers("bert")
    assert second.status_code == 201, second.text
    account_id = made.json()["account"]["id"]
    kept = await cast.convert("bert", second, outcome="keep", account_id=account_id)
    assert kept.status_code == 201, kept.text
    for who in ("anna", "bert"):
        account = await cast.clients[who].get(f"/v1/accounts/{account_id}")
        assert account.status_code == 200 and account.json()["assignee"]["id"] == str(cast.people["anna"].id)


@pytest.mark.rule("LOCK-4")
async def test_asking_for_an_account_with_a_lock_asks_for_the_lock(cast: Cast) -> None:
    first = await cast.registers("anna")
    made = await cast.convert("anna", first, outcome="create", account=COMPLETION)
    clearance = await cast.cleared("bert", "grant", account_id=made.json()["account"]["id"])
    assert clearance["lock_id"] == await cast.lock_of(first) and clearance["account_id"] is None
    assert (await cast.registers("bert")).status_code == 201
    assert await cast.check("anna") == "taken"
