"""Two people change one contact at the same moment: real processes, real commits (ACC-5, ACC-6, ACC-9)."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.core.embedded import EmbeddedServers
from tests.conftest import sign_in
from tests.factories import make_account, make_contact, make_user
from tests.live import Live, live

ANY = {"If-Match": "*"}


@pytest.mark.rule("ACC-5", "ACC-6", "ACC-9")
def test_two_at_once(servers: EmbeddedServers, tmp_path: Path) -> None:
    with live(servers, tmp_path, apis=1) as stack:
        asyncio.run(_all(stack))


async def _all(stack: Live) -> None:
    async with stack.session() as session:
        user = await make_user(session)
        accounts = [await make_account(session, user) for _ in range(2)]
        contacts = [await make_contact(session, user, accounts[0]) for _ in range(6)]
        token = await sign_in(session, user.id)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=stack.url, headers=headers, timeout=30) as client:
        for contact in contacts[:2]:
            await _two_departures(client, contact.id, accounts[1].id)
        for contact in contacts[2:4]:
            await _two_primaries(client, contact.id)
        for contact in contacts[4:]:
            await _main_and_further(client, contact.id, accounts[1].id)
        for _ in range(6):
            await _two_parents(client, *(account.id for account in accounts))


async def _two_departures(client: httpx.AsyncClient, contact_id: Any, account_id: Any) -> None:
    body = {"relationship": "left", "next": {"account_id": str(account_id)}}
    url = f"/v1/contacts/{contact_id}/departure"
    answers = await asyncio.gather(*(client.post(url, json=body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    (made,) = {answer.json()["next_contact_id"] for answer in answers}
    found = await client.get("/v1/contacts", params={"account_id": str(account_id), "id": made})
    assert found.status_code == 200, found.text
    assert len(found.json()["items"]) == 1


async def _two_primaries(client: httpx.AsyncClient, contact_id: Any) -> None:
    def body(first: str) -> dict[str, Any]:
        return {"emails": [{"address": a, "primary": a == first} for a in ("a@example.com", "b@example.com")]}

    url = f"/v1/contacts/{contact_id}"
    both = [body("a@example.com"), body("b@example.com")]
    answers = await asyncio.gather(*(client.patch(url, json=one, headers={"If-Match": '"1"'}) for one in both))
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    plain = [{"email": "c@example.com"}, {"emails": [{"address": "d@example.com"}]}]
    assert {a.status_code for a in await asyncio.gather(*(client.patch(url, json=b, headers=ANY) for b in plain))} == {
        200
    }
    shown = (await client.get(url)).json()
    assert [e["address"] for e in shown["emails"] if e["primary"]] == [shown["email"]]


async def _main_and_further(client: httpx.AsyncClient, contact_id: Any, account_id: Any) -> None:
    """Whoever comes first, the contact is at the account once."""
    pair = {"account_id": str(account_id), "contact_id": str(contact_id)}
    further, main = await asyncio.gather(
        client.post("/v1/account-contacts", json=pair),
        client.patch(f"/v1/contacts/{contact_id}", json={"account_id": str(account_id)}, headers=ANY),
    )
    assert main.status_code == 200 and further.status_code in (201, 422), (main.text, further.text)
    listed = (await client.get("/v1/account-contacts", params={"contact_id": str(contact_id)})).json()["items"]
    assert str(account_id) not in [one["account"]["id"] for one in listed]


async def _two_parents(client: httpx.AsyncClient, one: Any, other: Any) -> None:
    """Each is to belong to the other: one does, and neither request stands in the other's way for ever."""
    answers = await asyncio.gather(
        *(
            client.patch(f"/v1/accounts/{child}", json={"parent_id": str(parent)}, headers=ANY)
            for child, parent in ((one, other), (other, one))
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 422], [answer.text for answer in answers]
    (refused,) = [answer.json()["errors"][0]["code"] for answer in answers if answer.status_code == 422]
    assert refused == "circle"
    for id_ in (one, other):
        assert (await client.patch(f"/v1/accounts/{id_}", json={"parent_id": None}, headers=ANY)).status_code == 200
