"""Saying "not a duplicate" is no way around another one's lock."""

from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.models import User
from tests.conftest import Api
from tests.factories import lead_body, make_user

TAKEN = {"name": "Müller Maschinenbau GmbH & Co. KG", "company": "Müller Maschinenbau"}
HARMLESS = {"name": "Ganz Anders GmbH", "company": "Ganz Anders", "city": "Graz", "postal_code": "8010"}
PLACE = {"city": "Linz", "postal_code": "4020"}
COMPLETION = {"level": "B", "industry": "mechanical_engineering", "legal_form": "GmbH"}
ANY = {"If-Match": "*"}
OPEN = {"key": "open_book", "name": "Offen", "required_fields": ["name"], "visibility": "all"}


class Cast:
    """Anna has the customer, Bert wants them; Ada is the administrator."""

    def __init__(self, people: dict[str, User], clients: dict[str, httpx.AsyncClient]) -> None:
        self.people, self.clients = people, clients

    async def lead(self, who: str, **values: Any) -> str:
        made = await self.clients[who].post("/v1/leads", json=lead_body(self.people[who].id, **values))
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    async def account(self, who: str, **values: Any) -> str:
        body = {**COMPLETION, "name": TAKEN["name"], "city": "Linz", "country": "AT", **values}
        made = await self.clients[who].post("/v1/accounts", json=body)
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    async def dismiss(self, who: str, *records: tuple[str, str]) -> httpx.Response:
        named = [{"type": kind, "id": id_} if kind else {"id": id_} for kind, id_ in records]
        return await self.clients[who].post("/v1/duplicate-dismissals", json={"records": named})

    async def rename(self, who: str, kind: str, id_: str, **values: Any) -> str:
        """The code of the refusal; "done" when there was none."""
        answer = await self.clients[who].patch(f"/v1/{kind}/{id_}", json=values, headers=ANY)
        return "done" if answer.is_success else str(answer.json()["code"])


@pytest.fixture
async def cast(api: Api, session: AsyncSession) -> Cast:
    people = {
        "anna": await make_user(session, first_name="Anna"),
        "bert": await make_user(session, first_name="Bert"),
        "ada": await make_user(session, "admin", first_name="Ada"),
    }
    return Cast(people, {name: await api.as_user(user) for name, user in people.items()})


@pytest.mark.rule("LOCK-3", "DUP-9")
@pytest.mark.parametrize("who", ["bert", "anna", "ada"])
async def test_dismissed_while_harmless_a_lead_is_not_renamed_into_the_customer(cast: Cast, who: str) -> None:
    taken, own = await cast.lead("anna", **TAKEN), await cast.lead("bert", **HARMLESS)
    assert (await cast.dismiss(who, ("lead", own), ("lead", taken))).status_code == 201
    assert await cast.rename("bert", "leads", own, **TAKEN, **PLACE) == "customer_taken"
    assert await cast.rename("bert", "leads", own, **TAKEN, **PLACE, not_duplicate_of=[taken]) == "customer_taken"


@pytest.mark.rule("LOCK-3", "DUP-9")
async def test_dismissed_while_harmless_an_account_is_not_renamed_into_the_customer(cast: Cast) -> None:
    taken = await cast.lead("anna", **TAKEN)
    own = await cast.account("bert", name=HARMLESS["name"])
    assert (await cast.dismiss("bert", ("account", own), ("lead", taken))).status_code == 201
    assert await cast.rename("bert", "accounts", own, name=TAKEN["name"]) == "customer_taken"


@pytest.mark.rule("LOCK-3", "DUP-9")
async def test_a_lead_without_a_lock_is_not_converted_past_a_dismissed_customer(cast: Cast) -> None:
    taken = await cast.lead("anna", **TAKEN)
    project = (await cast.clients["ada"].post("/v1/projects", json=OPEN)).json()["id"]
    body = {"project_id": project, **HARMLESS, "country": "AT"}
    own = str((await cast.clients["bert"].post("/v1/leads", json=body)).json()["id"])
    assert (await cast.dismiss("bert", ("lead", own), ("lead", taken))).status_code == 201
    assert await cast.rename("bert", "leads", own, **TAKEN, **PLACE) == "done"
    url = f"/v1/leads/{own}/conversion"
    refused = await cast.clients["bert"].post(url, json={"outcome": "create", "account": COMPLETION})
    assert refused.json()["code"] == "customer_taken", refused.text


@pytest.mark.rule("LOCK-3", "DUP-9")
async def test_that_another_ones_customer_is_none_says_only_who_may_change_both(cast: Cast) -> None:
    taken = await cast.lead("anna", **TAKEN)
    project = (await cast.clients["ada"].post("/v1/projects", json=OPEN)).json()["id"]
    body = {"project_id": project, **TAKEN, **PLACE, "country": "AT", "not_duplicate_of": [taken]}
    own = str((await cast.clients["bert"].post("/v1/leads", json=body)).json()["id"])
    seen = (await cast.clients["anna"].get(f"/v1/leads/{taken}/duplicates")).json()
    assert own in [match["ref"] for match in seen["matches"]], "Anna must go on seeing who is after her customer"
    refused = await cast.dismiss("bert", ("lead", own), ("lead", taken))
    assert refused.status_code == 403 and refused.json()["code"] == "held_by_another", refused.text
    refused = await cast.dismiss("bert", ("lead", own), ("", taken))
    assert refused.status_code == 403 and refused.json()["code"] == "held_by_another", refused.text
    assert (await cast.dismiss("ada", ("lead", own), ("lead", taken))).status_code == 201


@pytest.mark.rule("LOCK-3", "DUP-3", "DUP-9")
async def test_a_hidden_customer_is_not_dismissed_by_its_ref(cast: Cast) -> None:
    taken = await cast.account("anna")
    check = {"name": TAKEN["name"], "city": "Linz"}
    matches = (await cast.clients["bert"].post("/v1/protection-checks", json=check)).json()["matches"]
    assert [(match["ref"], match["record"]) for match in matches] == [(taken, None)]
    body = lead_body(cast.people["bert"].id, **TAKEN, not_duplicate_of=[taken])
    refused = await cast.clients["bert"].post("/v1/leads", json=body)
    assert refused.json()["code"] == "customer_taken", refused.text
    own = await cast.lead("bert", **HARMLESS, not_duplicate_of=[taken])
    listed = await cast.clients["bert"].get("/v1/duplicate-dismissals")
    assert listed.json()["items"] == [], "what was no match is not remembered"
    assert (await cast.dismiss("bert", ("lead", own), ("", taken))).status_code == 404
    assert await cast.rename("bert", "leads", own, **TAKEN, **PLACE, not_duplicate_of=[taken]) == "customer_taken"


@pytest.mark.rule("LOCK-3", "DUP-9")
async def test_a_possible_match_stops_a_rename_until_somebody_with_a_right_to_has_dismissed_it(cast: Cast) -> None:
    taken = await cast.lead("anna", name="Zellinger Feinmechanik GmbH", company="Zellinger Feinmechanik")
    own = await cast.lead("bert", **HARMLESS)
    like = {"name": "Zellinger GmbH", "company": "Zellinger", **PLACE}
    assert await cast.rename("bert", "leads", own, **like) == "possibly_taken"
    dismissed = await cast.dismiss("anna", ("lead", own), ("lead", taken))
    assert dismissed.status_code == 201, dismissed.text
    assert await cast.rename("bert", "leads", own, **like) == "done"
    assert await cast.rename("bert", "leads", own, name="Zellinger Feinmechanik GmbH") == "customer_taken"


@pytest.mark.rule("LOCK-3", "LOCK-6")
@pytest.mark.parametrize("kind", ["leads", "accounts", "contacts"])
async def test_a_record_does_not_take_the_id_of_another_ones_customer(
    cast: Cast, session: AsyncSession, kind: str
) -> None:
    """Matches are named, and left out, by their ids: two records with one id would hide each other."""
    of_anna = {"leads": ("accounts", await cast.account("anna"))}
    taken = of_anna.get(kind, ("leads", ""))[1] or await cast.lead("anna", **HARMLESS)
    bert = cast.people["bert"]
    body: dict[str, Any] = {
        "leads": lead_body(bert.id, **HARMLESS),
        "accounts": {**COMPLETION, "name": "Noch Anders GmbH", "city": "Wien", "country": "AT"},
        "contacts": {"last_name": "Anders"},
    }[kind]
    refused = await cast.clients["bert"].post(f"/v1/{kind}", json={**body, "id": taken})
    assert refused.status_code == 409 and refused.json()["code"] == "id_taken", refused.text
    twice = text("SELECT count(*) FROM party WHERE record_id = :id")
    assert (await session.execute(twice, {"id": taken})).scalar_one() == 1
