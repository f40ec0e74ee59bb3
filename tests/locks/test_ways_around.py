"""Ways around another one's lock, each of which is closed."""

from typing import Any

import httpx
import pytest
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
