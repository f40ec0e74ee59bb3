"""Whose people contacts are: main and further accounts, decision makers, teams that follow (ACC-3, ACC-5, ID-4)."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.contacts.models import AccountContact
from app.core.visibility import unscoped
from tests.conftest import Api, OneConnection
from tests.factories import make_account, make_contact, make_team, make_user

ANY = {"If-Match": "*"}


def codes(answer: Any) -> dict[str, str]:
    assert answer.status_code == 422, answer.text
    return {error["pointer"]: error["code"] for error in answer.json()["errors"]}


async def pairs(session: AsyncSession, contact_id: UUID) -> list[tuple[UUID, str | None, str]]:
    statement = select(AccountContact.account_id, AccountContact.job_title, AccountContact.relation)
    rows = await session.execute(
        unscoped(statement.where(AccountContact.contact_id == contact_id), reason="the test looks")
    )
    return sorted((row[0], row[1], row[2]) for row in rows)


@pytest.mark.rule("ACC-5")
async def test_a_contact_has_further_accounts(api: Api, session: AsyncSession) -> None:
    user, stranger = await make_user(session), await make_user(session)
    main, further = await make_account(session, user), await make_account(session, user, name="Holding AG")
    hidden = await make_account(session, stranger)
    contact = await make_contact(session, user, main)
    client = await api.as_user(user)
    body = {"account_id": str(further.id), "contact_id": str(contact.id), "relation": "owner", "job_title": "Inhaber"}
    made = await client.post("/v1/account-contacts", json=body)
    assert made.status_code == 201, made.text
    assert made.json()["account"] == {"id": str(further.id), "name": "Holding AG"}
    assert made.json()["contact"]["name"] == f"Max {contact.last_name}"
    assert (await client.post("/v1/account-contacts", json=body)).status_code == 409
    assert codes(await client.post("/v1/account-contacts", json=body | {"account_id": str(main.id)})) == {
        "/account_id": "main_account"
    }
    assert codes(await client.post("/v1/account-contacts", json=body | {"account_id": str(hidden.id)})) == {
        "/account_id": "unknown_account"
    }
    for account in (main, further):
        found = await client.get("/v1/contacts", params={"account_id": str(account.id)})
        assert [one["id"] for one in found.json()["items"]] == [str(contact.id)]
    listed = await client.get("/v1/account-contacts", params={"contact_id": str(contact.id), "count": "true"})
    assert listed.json()["count"] == 1
    url = made.headers["Location"]
    assert (await client.patch(url, json={"relation": "board"}, headers=ANY)).json()["relation"] == "board"
    assert (await client.delete(url)).status_code == 204
    assert (await client.get(url)).status_code == 404


@pytest.mark.rule("ACC-5")
async def test_a_pair_is_seen_by_who_sees_both_ends_and_changed_by_who_may_change_the_contact(
    api: Api, session: AsyncSession
) -> None:
    user, reader, half = [await make_user(session) for _ in range(3)]
    account = await make_account(session, user, manager_ids=[reader.id])
    contact = await make_contact(session, user, access="public_read")
    client = await api.as_user(user)
    body = {"account_id": str(account.id), "contact_id": str(contact.id)}
    url = (await client.post("/v1/account-contacts", json=body)).headers["Location"]
    sees, not_both = await api.as_user(reader), await api.as_user(half)
    assert (await sees.get(url)).status_code == 200
    assert (await sees.patch(url, json={"relation": "agent"}, headers=ANY)).status_code == 403
    assert (await sees.delete(url)).status_code == 403
    assert (await sees.post("/v1/account-contacts", json=body)).status_code == 403
    assert (await not_both.get(url)).status_code == 404
    assert (await not_both.get("/v1/account-contacts")).json()["items"] == []
    technician = await api.as_user(await make_user(session, "mst"))
    assert (await technician.post("/v1/account-contacts", json=body)).status_code == 403


@pytest.mark.rule("ACC-5")
async def test_main_and_further_account_change_places_in_one_patch(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    main, further, third = [await make_account(session, user) for _ in range(3)]
    contact = await make_contact(session, user, main, job_title="Leiterin Einkauf")
    client = await api.as_user(user)
    pair = {"account_id": str(further.id), "contact_id": str(contact.id), "relation": "owner", "job_title": "Inhaberin"}
    await client.post("/v1/account-contacts", json=pair)
    decides = await client.patch(f"/v1/accounts/{main.id}", json={"main_contact_id": str(contact.id)}, headers=ANY)
    assert decides.json()["main_contact"] == {"id": str(contact.id), "name": f"Max {contact.last_name}"}

    url = f"/v1/contacts/{contact.id}"
    swapped = (await client.patch(url, json={"account_id": str(further.id)}, headers=ANY)).json()
    assert swapped["account"]["id"] == str(further.id) and swapped["job_title"] == "Inhaberin"
    assert await pairs(session, contact.id) == [(main.id, "Leiterin Einkauf", "employee")]
    assert (await client.get(f"/v1/accounts/{main.id}")).json()["main_contact"], "still one of its contacts"

    gone = (await client.patch(url, json={"account_id": str(third.id)}, headers=ANY)).json()
    assert gone["account"]["id"] == str(third.id)
    assert await pairs(session, contact.id) == [(main.id, "Leiterin Einkauf", "employee")]
    alone = (await client.patch(url, json={"account_id": None}, headers=ANY)).json()
    assert alone["account"] is None
    back = (await client.patch(url, json={"account_id": str(main.id)}, headers=ANY)).json()
    assert back["account"]["id"] == str(main.id) and await pairs(session, contact.id) == []


@pytest.mark.rule("ACC-5")
async def test_who_decides_is_one_of_the_account_s_contacts_and_no_longer_than_that(
    api: Api, session: AsyncSession
) -> None:
    user = await make_user(session)
    account, other = await make_account(session, user), await make_account(session, user)
    mine, further, foreign = [await make_contact(session, user, a) for a in (account, other, other)]
    client = await api.as_user(user)
    url = f"/v1/accounts/{account.id}"

    async def decider(contact: Any) -> Any:
        return await client.patch(url, json={"main_contact_id": contact and str(contact.id)}, headers=ANY)

    assert codes(await decider(foreign)) == {"/main_contact_id": "not_a_contact_of_it"}
    pair = {"account_id": str(account.id), "contact_id": str(further.id)}
    pair_url = (await client.post("/v1/account-contacts", json=pair)).headers["Location"]
    assert (await decider(further)).json()["main_contact"]["id"] == str(further.id)
    assert (await client.delete(pair_url)).status_code == 204
    assert (await client.get(url)).json()["main_contact"] is None
    assert (await decider(mine)).status_code == 200
    await client.patch(f"/v1/contacts/{mine.id}", json={"account_id": str(other.id)}, headers=ANY)
    assert (await client.get(url)).json()["main_contact"] is None
    hidden = await make_contact(session, await make_user(session), account)
    assert codes(await decider(hidden)) == {"/main_contact_id": "not_a_contact_of_it"}


@pytest.mark.rule("ACC-3")
async def test_the_industry_follows_the_account_and_is_not_set(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    account = await make_account(session, user, industry="Bau")
    other = await make_account(session, user, industry="Handel")
    client = await api.as_user(user)
    body = {"last_name": "Muster", "account_id": str(account.id)}
    assert codes(await client.post("/v1/contacts", json=body | {"industry": "Bau"})) == {
        "/industry": "read_only_inherited"
    }
    made = await client.post("/v1/contacts", json=body)
    url, id_ = made.headers["Location"], made.json()["id"]
    assert made.json()["industry"] == "Bau"
    assert codes(await client.patch(url, json={"industry": None}, headers=ANY)) == {"/industry": "read_only_inherited"}
    await client.patch(f"/v1/accounts/{account.id}", json={"industry": "Tiefbau"}, headers=ANY)
    assert (await client.get(url)).json()["industry"] == "Tiefbau"
    found = await client.get("/v1/contacts", params={"industry": "Tiefbau"})
    assert [one["id"] for one in found.json()["items"]] == [id_]
    assert (await client.patch(url, json={"account_id": str(other.id)}, headers=ANY)).json()["industry"] == "Handel"
    assert (await client.patch(url, json={"account_id": None}, headers=ANY)).json()["industry"] is None


@pytest.mark.rule("ID-4")
async def test_teams_follow_the_account_until_they_are_named(api: Api, session: AsyncSession) -> None:
    first, second, own = [await make_team(session) for _ in range(3)]
    user = await make_user(session, teams=[first, second, own])
    one = await make_account(session, user, team_ids=[first.id])
    two = await make_account(session, user, team_ids=[second.id])
    client = await api.as_user(user)
    made = await client.post("/v1/contacts", json={"last_name": "Muster", "account_id": str(one.id)})
    url = made.headers["Location"]

    async def patched(**body: Any) -> tuple[list[str], bool]:
        answer = await client.patch(url, json=body, headers=ANY)
        assert answer.status_code == 200, answer.text
        return answer.json()["team_ids"], answer.json()["teams_follow"]

    assert (made.json()["team_ids"], made.json()["teams_follow"]) == ([str(first.id)], True)
    assert await patched(account_id=str(two.id)) == ([str(second.id)], True)
    assert await patched(team_ids=[str(own.id)]) == ([str(own.id)], False)
    assert await patched(account_id=str(one.id)) == ([str(own.id)], False)
    assert await patched(team_ids=None) == ([str(first.id)], True)
    assert await patched(account_id=None) == ([str(first.id)], False)
    assert codes(await client.patch(url, json={"team_ids": None}, headers=ANY)) == {"/team_ids": "no_account"}
    assert codes(await client.patch(url, json={"teams_follow": True}, headers=ANY)) == {
        "/teams_follow": "read_only_computed"
    }


@pytest.mark.rule("ID-5")
async def test_moving_a_contact_that_follows_is_for_its_people(api: Api, session: AsyncSession) -> None:
    owner = await make_user(session)
    account = await make_account(session, owner)
    theirs = await make_account(session, owner, access="public_read")
    contact = await make_contact(session, owner, account, access="public_write", teams_follow=True)
    client = await api.as_user(await make_user(session))
    url = f"/v1/contacts/{contact.id}"
    assert (await client.patch(url, json={"job_title": "CEO"}, headers=ANY)).status_code == 200
    moved = await client.patch(url, json={"account_id": str(theirs.id)}, headers=ANY)
    assert moved.status_code == 403 and moved.json()["code"] == "not_a_manager"


async def test_lists_of_contacts_have_the_filters_that_people_ask_for(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    account = await make_account(session, user)
    eva = await make_contact(session, user, account, birth_date=None, erp_id="E1", email="eva@example.com")
    jo = await make_contact(session, user, do_not_contact=True, relationship="retired", manager_ids=[user.id])
    client = await api.as_user(user)
    for params, expected in (
        ({"relationship": "retired"}, jo),
        ({"relationship": "active"}, eva),
        ({"do_not_contact": "true"}, jo),
        ({"has_email": "true"}, eva),
        ({"has_email": "false"}, jo),
        ({"erp_id": "E1"}, eva),
        ({"has_erp_id": "false"}, jo),
        ({"manager_id": str(user.id)}, jo),
    ):
        found = await client.get("/v1/contacts", params=params)
        assert [one["id"] for one in found.json()["items"]] == [str(expected.id)], params
    assert (await client.get("/v1/contacts", params={"birth_month": 3})).json()["items"] == []
    born = await client.patch(f"/v1/contacts/{eva.id}", json={"birth_date": "1980-03-14"}, headers=ANY)
    assert born.status_code == 200
    found = await client.get("/v1/contacts", params={"birth_month": 3})
    assert found.status_code == 200, found.text
    assert [one["id"] for one in found.json()["items"]] == [str(eva.id)]
    assert (await client.get("/v1/contacts", params={"birth_month": 13})).status_code == 422


async def test_reading_and_listing_contacts_is_one_statement_each(
    api: Api, session: AsyncSession, one_connection: OneConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = await make_user(session)
    main, further = await make_account(session, user), await make_account(session, user)
    for _ in range(3):
        contact = await make_contact(session, user, main)
        session.add(AccountContact(account_id=further.id, contact_id=contact.id, relation="owner"))
    await session.commit()
    client = await api.as_user(user)
    seen: list[str] = []
    fetch = one_connection.fetch

    async def noted(sql: str, *arguments: object) -> Any:
        seen.append(sql)
        return await fetch(sql, *arguments)

    monkeypatch.setattr(one_connection, "fetch", noted)
    for path in (
        f"contacts/{contact.id}",
        f"contacts?account_id={further.id}",
        f"account-contacts?account_id={further.id}",
    ):
        seen.clear()
        assert (await client.get(f"/v1/{path}")).status_code == 200
        assert len([sql for sql in seen if "contacts" in sql]) == 1, path
