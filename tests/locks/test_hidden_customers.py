"""What the asker may not see is not revealed, but counts."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from tests.conftest import Api
from tests.factories import lead_body, make_user

ACCOUNT = {
    "name": "Zellinger Feinmechanik GmbH",
    "level": "A",
    "industry": "mechanical_engineering",
    "legal_form": "GmbH",
    "city": "Wels",
    "postal_code": "4600",
    "country": "AT",
    "phone": "+43 7242 998877",
}


@pytest.mark.rule("DUP-3", "LOCK-1")
async def test_a_hidden_customer_counts_and_shows_only_the_holder(api: Api, session: AsyncSession) -> None:
    anna, bert = await make_user(session, first_name="Anna"), await make_user(session, first_name="Bert")
    first, second = await api.as_user(anna), await api.as_user(bert)
    made = await first.post("/v1/accounts", json=ACCOUNT)
    assert made.status_code == 201, made.text
    assert (await second.get(made.headers["Location"])).status_code == 404

    answer = await second.post("/v1/protection-checks", json={"name": "Zellinger Feinmechanik", "city": "Wels"})
    body = answer.json()
    assert body["status"] == "taken" and not body["contact_allowed"]
    (match,) = body["matches"]
    assert match["holder"] == {"id": str(anna.id), "name": anna.name} and match["protection"] == "managed"
    assert match["record"] is None and match["name"] is None and match["city"] is None
    assert all(reason["effect"] == "for" for reason in match["reasons"])
    assert "998877" not in answer.text and "Feinmechanik GmbH" not in answer.text

    lead = lead_body(bert.id, name="Zellinger Feinmechanik", company="Zellinger", city="Wels", postal_code="4600")
    refused = await second.post("/v1/leads", json=lead)
    assert refused.status_code == 409 and refused.json()["code"] == "customer_taken"
    assert "Feinmechanik GmbH" not in refused.text

    asked = await second.post(
        "/v1/clearances", json={"account_id": match["account_id"], "reason": "Anfrage vom Kunden"}
    )
    assert asked.status_code == 201, asked.text
    assert asked.json()["customer_name"] is None
    duplicates = await second.post("/v1/duplicate-checks", json={"name": "Zellinger Feinmechanik", "city": "Wels"})
    assert duplicates.json()["verdict"] == "duplicate"
    assert duplicates.json()["matches"][0]["record"] is None

    own = await first.post("/v1/protection-checks", json={"name": "Zellinger Feinmechanik", "city": "Wels"})
    assert own.json()["status"] == "yours"
    assert own.json()["matches"][0]["name"] == ACCOUNT["name"]


@pytest.mark.rule("DUP-1")
async def test_a_check_ranks_and_gives_reasons_for_and_against(api: Api, session: AsyncSession) -> None:
    client = await api.as_user(await make_user(session))
    made = (await client.post("/v1/accounts", json=ACCOUNT)).json()
    check = {"name": "Zellinger Feinmechanik GmbH", "city": "Graz", "postal_code": "8010", "country": "AT"}
    (match,) = (await client.post("/v1/duplicate-checks", json=check)).json()["matches"]
    assert match["record"] == {"type": "account", "id": made["id"]}
    effects = {(reason["field"], reason["effect"]) for reason in match["reasons"]}
    assert ("name", "for") in effects and ("postal_code", "against") in effects
    german = await client.post("/v1/duplicate-checks", json=check, headers={"Accept-Language": "de"})
    assert any("Postleitzahl" in r["text"] for r in german.json()["matches"][0]["reasons"])
    doubled = await client.post("/v1/accounts", json=ACCOUNT)
    assert doubled.status_code == 409 and doubled.json()["code"] == "customer_yours"
    twin = (await client.post("/v1/accounts", json=ACCOUNT | {"not_duplicate_of": [made["id"]]})).json()
    (said,) = (await client.get("/v1/duplicate-dismissals", params={"record_id": twin["id"]})).json()["items"]
    assert (await client.get(f"/v1/accounts/{made['id']}/duplicates")).json()["matches"] == []
    await client.delete(f"/v1/duplicate-dismissals/{said['id']}")
    found = (await client.get(f"/v1/accounts/{made['id']}/duplicates")).json()
    assert found["verdict"] == "duplicate" and [m["ref"] for m in found["matches"]] == [twin["id"]]


async def test_a_check_needs_something_to_look_for(api: Api, session: AsyncSession) -> None:
    client = await api.as_user(await make_user(session))
    answer = await client.post("/v1/protection-checks", json={"city": "Linz"})
    assert answer.status_code == 422
    for name in ("x" * 201, "Müller\x00", ""):
        assert (await client.post("/v1/protection-checks", json={"name": name})).status_code == 422


@pytest.mark.rule("LOCK-1", "DUP-1")
@pytest.mark.parametrize(
    "query",
    [
        {"phone": "07242 998877", "country": "AT"},
        {"email": "Office@Zellinger-Feinmechanik.at"},
        {"website": "https://www.zellinger-feinmechanik.at/kontakt"},
        {"vat_id": "ATU 12345675"},
        {"phone": "+43 7242 998877", "name": "Ganz Anderer Name"},
    ],
)
async def test_a_number_or_address_alone_finds_the_customer(
    api: Api, session: AsyncSession, query: dict[str, str]
) -> None:
    anna, bert = await make_user(session, first_name="Anna"), await make_user(session, first_name="Bert")
    reach = {
        "email": "office@zellinger-feinmechanik.at",
        "website": "www.zellinger-feinmechanik.at",
        "vat_id": "ATU12345675",
    }
    made = await (await api.as_user(anna)).post("/v1/accounts", json=ACCOUNT | reach)
    assert made.status_code == 201, made.text
    answer = (await (await api.as_user(bert)).post("/v1/protection-checks", json=query)).json()
    assert answer["status"] in ("possible", "taken"), answer
    assert not answer["contact_allowed"] and answer["matches"][0]["holder"]["name"] == anna.name
