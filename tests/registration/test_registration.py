"""Registering a lead in the protection project."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tests.conftest import Api
from tests.factories import lead_body, make_user


@pytest.mark.rule("LEAD-1")
async def test_all_that_lacks_is_named_at_once(api: Api, session: AsyncSession) -> None:
    client = await api.as_user(await make_user(session))
    answer = await client.post("/v1/leads", json={"name": "Müller GmbH"})
    assert answer.status_code == 422
    assert {e["pointer"] for e in answer.json()["errors"]} == {
        *("/status", "/source", "/assignee_id", "/company", "/city", "/state", "/country", "/postal_code"),
        *("/contacted_on", "/description", "/expected_revenue"),
    }


@pytest.mark.rule("LEAD-2")
async def test_a_protected_lead_holds_only_what_a_check_needs(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    client = await api.as_user(user)
    answer = await client.post("/v1/leads", json=lead_body(user.id, phone="+43 732 1234", salutation="Frau"))
    assert answer.status_code == 422
    assert {(e["pointer"], e["code"]) for e in answer.json()["errors"]} == {
        ("/phone", "convert_first"),
        ("/salutation", "convert_first"),
    }


@pytest.mark.rule("LOCK-2", "LEAD-1")
async def test_a_lead_takes_a_pending_lock(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    client = await api.as_user(user)
    answer = await client.post("/v1/leads", json=lead_body(user.id))
    assert answer.status_code == 201, answer.text
    lead = answer.json()
    assert lead["assignee"] == {"id": str(user.id), "name": user.name}
    assert lead["expected_revenue"] == {"amount": "12500.00", "currency": "EUR"}
    (lock,) = (await client.get("/v1/lead-locks", params={"lead_id": lead["id"]})).json()["items"]
    assert lock["state"] == "pending"
    assert [(s["step"], s["done"]) for s in lock["steps"]] == [
        ("lead", True),
        ("converted", False),
        ("opportunity_requested", False),
    ]


SPELLINGS = [
    "mueller maschinenbau",
    "Müller Maschinenbau GmbH & Co KG",
    "Maschinenbau Mueller",
    "MÜLLER-MASCHINENBAU GmbH",
    "Müler Maschinenbau",
]


@pytest.mark.rule("LOCK-1", "LOCK-3")
@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_another_ones_customer_is_taken_however_it_is_spelt(
    api: Api, session: AsyncSession, spelling: str
) -> None:
    anna, bert = await make_user(session, first_name="Anna"), await make_user(session, first_name="Bert")
    first = await api.as_user(anna)
    name = "Müller Maschinenbau GmbH & Co. KG"
    created = await first.post("/v1/leads", json=lead_body(anna.id, name=name, company="Müller Maschinenbau"))
    assert created.status_code == 201, created.text

    second = await api.as_user(bert)
    check = await second.post("/v1/protection-checks", json={"name": spelling, "city": "Linz", "postal_code": "4020"})
    assert check.status_code == 201, check.text
    answer = check.json()
    assert answer["status"] == "taken", answer
    assert answer["contact_allowed"] is False
    (match,) = answer["matches"]
    assert match["holder"] == {"id": str(anna.id), "name": anna.name}
    assert match["record"] == {"type": "lead", "id": created.json()["id"]}
    assert match["protection"] == "pending" and match["until"] is None
    assert any(reason["field"] == "name" and reason["effect"] == "for" for reason in match["reasons"])

    refused = await second.post("/v1/leads", json=lead_body(bert.id, name=spelling, company=spelling))
    assert refused.status_code == 409, refused.text
    assert refused.json()["code"] == "customer_taken"
    assert refused.json()["matches"][0]["holder"]["name"] == anna.name
    left = await session.scalar(text("SELECT count(*) FROM leads"))
    assert left == 1


@pytest.mark.rule("LOCK-1")
async def test_nobody_has_an_unknown_customer(api: Api, session: AsyncSession) -> None:
    client = await api.as_user(await make_user(session))
    answer = (await client.post("/v1/protection-checks", json={"name": "Zwirnfabrik Oberhuber"})).json()
    assert answer["status"] == "free" and answer["contact_allowed"] and answer["matches"] == []
    again = await client.get(f"/v1/protection-checks/{answer['id']}")
    assert again.json() == answer


@pytest.mark.rule("LEAD-6")
async def test_only_who_has_it_changes_a_lead(api: Api, session: AsyncSession) -> None:
    anna, bert = await make_user(session), await make_user(session)
    created = await (await api.as_user(anna)).post("/v1/leads", json=lead_body(anna.id))
    url, tag = created.headers["Location"], created.headers["ETag"]
    other = await api.as_user(bert)
    assert (await other.get(url)).status_code == 200
    refused = await other.patch(url, json={"status": "contacted"}, headers={"If-Match": tag})
    assert refused.status_code == 403 and refused.json()["code"] == "not_your_lead"
    changed = await (await api.as_user(anna)).patch(url, json={"status": "contacted"}, headers={"If-Match": tag})
    assert changed.status_code == 200 and changed.json()["status"] == "contacted"


@pytest.mark.rule("LEAD-8")
async def test_the_board_counts_and_searches(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    client = await api.as_user(user)
    for i in range(3):
        body = lead_body(user.id, status="new" if i else "contacted")
        assert (await client.post("/v1/leads", json=body)).status_code == 201
    board = (await client.get("/v1/leads/board", params={"cards": 1})).json()
    assert [(c["status"], c["count"], len(c["cards"])) for c in board["columns"]] == [
        ("new", 2, 1),
        ("contacted", 1, 1),
        ("qualified", 0, 0),
        ("converted", 0, 0),
        ("discarded", 0, 0),
    ]
    found = (await client.get("/v1/leads/board", params={"q": "KRANZBICHLER"})).json()
    assert sum(c["count"] for c in found["columns"]) == 3


async def test_umlauts_are_found_in_every_spelling(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    client = await api.as_user(user)
    made = await client.post("/v1/leads", json=lead_body(user.id, name="Müller Öfen GmbH", company="Müller Öfen"))
    assert made.status_code == 201
    for q in ("müller", "mueller", "MULLER", "oefen", "Öfen"):
        assert len((await client.get("/v1/leads", params={"q": q})).json()["items"]) == 1, q


@pytest.mark.rule("LOCK-3")
async def test_an_account_does_not_slip_past_another_ones_lock(api: Api, session: AsyncSession) -> None:
    anna, bert = await make_user(session, first_name="Anna"), await make_user(session, first_name="Bert")
    first, second = await api.as_user(anna), await api.as_user(bert)
    name = "Müller Maschinenbau GmbH & Co. KG"
    await first.post("/v1/leads", json=lead_body(anna.id, name=name, company="Müller Maschinenbau"))
    account = {
        "name": "Mueller Maschinenbau", "level": "A", "industry": "x", "legal_form": "GmbH", "city": "Linz",
        "postal_code": "4020", "country": "AT",
    }  # fmt: skip
    refused = await second.post("/v1/accounts", json=account)
    assert refused.status_code == 409 and refused.json()["code"] == "customer_taken"
    own = await first.post("/v1/accounts", json=account)
    assert own.status_code == 409 and own.json()["code"] == "customer_yours"
    partner = await api.as_user(await make_user(session, "integration"))
    assert (await partner.post("/v1/accounts", json=account)).status_code == 201
