"""A customer's second mailbox or phone finds them over HTTP, in checks and in whatever registers customers (ACC-9)."""

from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tests.conftest import Api
from tests.factories import make_user

pytestmark = pytest.mark.rule("DUP-1", "LOCK-1", "LOCK-3", "ACC-9")

ANY = {"If-Match": "*"}
ACCOUNT = {
    "name": "Müller Bau GmbH",
    "legal_form": "GmbH",
    "city": "Linz",
    "country": "AT",
    "level": "B",
    "industry": "construction",
}
MAILS = [{"address": "office@mueller-bau.at", "primary": True}, {"address": "rechnung@muebau.at", "kind": "billing"}]
SECOND = {"name": "Müller Bau", "email": "Rechnung@muebau.at"}


@pytest.fixture
async def people(api: Api, session: AsyncSession) -> tuple[httpx.AsyncClient, httpx.AsyncClient]:
    """Anna and Bert."""
    anna, bert = await make_user(session, first_name="Anna"), await make_user(session, first_name="Bert")
    return await api.as_user(anna), await api.as_user(bert)


async def made(client: httpx.AsyncClient, path: str, **body: Any) -> httpx.Response:
    answer = await client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    return answer


async def status(client: httpx.AsyncClient, **asked: str) -> str:
    return str((await client.post("/v1/protection-checks", json=asked)).json()["status"])


async def test_a_second_mailbox_shows_who_has_the_customer(
    people: tuple[httpx.AsyncClient, httpx.AsyncClient],
) -> None:
    anna, bert = people
    account = await made(anna, "/v1/accounts", **ACCOUNT, emails=MAILS)
    assert await status(bert, name="Müller Bau") == "possible", "one of many by its name alone"
    assert await status(bert, **SECOND) == "taken"
    assert await status(bert, email=SECOND["email"]) == "possible"
    elsewhere = {**ACCOUNT, "city": "Graz", "emails": [{"address": "bert@graz.at"}, {"address": SECOND["email"]}]}
    assert (await bert.post("/v1/accounts", json=elsewhere)).json()["code"] == "customer_taken", "among one's own"

    # A change of the list alone is followed.
    url = account.headers["Location"]
    fewer = await anna.patch(url, json={"emails": MAILS[:1]}, headers=ANY)
    assert fewer.status_code == 200 and fewer.json()["email"] == "office@mueller-bau.at"
    assert await status(bert, **SECOND) == "possible"
    phones = [{"number": "0732 1111"}, {"number": "0732 222222", "kind": "mobile"}]
    assert (await anna.patch(url, json={"phones": phones}, headers=ANY)).status_code == 200
    assert await status(bert, name="Müller Bau", phone="+43 732 222222") == "taken"


async def test_no_account_takes_another_ones_customer_in_by_its_lists(
    people: tuple[httpx.AsyncClient, httpx.AsyncClient],
) -> None:
    anna, bert = people
    account = (await made(anna, "/v1/accounts", **ACCOUNT, emails=MAILS)).json()["id"]
    like = {**ACCOUNT, "city": "Graz", "email": "bert@graz.at", "not_duplicate_of": [account]}
    url = (await made(bert, "/v1/accounts", **like)).headers["Location"]
    lists = {"emails": [{"address": "bert@graz.at"}, {"address": SECOND["email"]}]}
    assert (await bert.patch(url, json=lists, headers=ANY)).json()["code"] == "customer_taken"
    harmless = {"emails": [{"address": "bert@graz.at"}, {"address": "info@graz.at"}]}
    assert (await bert.patch(url, json=harmless, headers=ANY)).status_code == 200


async def test_a_contact_is_found_by_the_second_phone(
    people: tuple[httpx.AsyncClient, httpx.AsyncClient],
) -> None:
    anna, _ = people
    eva = {"first_name": "Eva", "last_name": "Müller", "email": "em@gmx.at", "country": "AT"}
    contact = await made(anna, "/v1/contacts", **eva, phones=[{"number": "0732 1111"}, {"number": "0660 1234567"}])
    asked = {
        "kind": "person",
        "first_name": "E.",
        "last_name": "Müller",
        "phone": "+43 660 1234567",
        "types": ["contact"],
    }

    async def found() -> list[str]:
        answer = (await anna.post("/v1/duplicate-checks", json=asked)).json()
        return [match["ref"] for match in answer["matches"]]

    assert await found() == [contact.json()["id"]]
    fewer = {"phones": [{"number": "0732 1111"}]}
    assert (await anna.patch(contact.headers["Location"], json=fewer, headers=ANY)).status_code == 200
    assert await found() == []


async def test_merged_accounts_are_found_by_the_mailboxes_of_both_until_it_is_undone(
    api: Api, session: AsyncSession
) -> None:
    ada = await api.as_user(await make_user(session, "admin"))
    winner = (await made(ada, "/v1/accounts", **ACCOUNT, email="office@mueller-bau.at")).json()
    loser = (await made(ada, "/v1/accounts", **{**ACCOUNT, "name": "Muebau"}, email=SECOND["email"])).json()

    async def found() -> dict[str, str]:
        answer = (await ada.post("/v1/duplicate-checks", json={**SECOND, "types": ["account"]})).json()
        return {match["ref"]: match["verdict"] for match in answer["matches"]}

    assert await found() == {winner["id"]: "possible", loser["id"]: "possible"}
    body = {
        "record_type": "account",
        "record_ids": [winner["id"], loser["id"]],
        "winner_id": winner["id"],
        "versions": {winner["id"]: winner["version"], loser["id"]: loser["version"]},
    }
    merge = await made(ada, "/v1/merges", **body)
    assert await found() == {winner["id"]: "duplicate"}
    undone = await ada.post(f"{merge.headers['Location']}/undo", json={})
    assert undone.status_code in (200, 204), undone.text
    assert await found() == {winner["id"]: "possible", loser["id"]: "possible"}
    assert (await session.execute(text("SELECT count(*) FROM party WHERE record_type = 'account'"))).scalar_one() == 2
