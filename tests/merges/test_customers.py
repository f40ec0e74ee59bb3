"""What merging does with lists, further accounts, decision makers, parents, revenues and departures, and its undo (DUP-4, DUP-8)."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Account, AccountRevenue
from app.contacts.models import AccountContact, Contact
from app.core.visibility import unscoped
from tests.conftest import Api
from tests.factories import make_account, make_contact, make_user
from tests.merges.support import merged

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.rule("DUP-4")]
ANY = {"If-Match": "*"}


async def value(session: AsyncSession, column: Any, id_: UUID) -> Any:
    await session.commit()
    model = column.class_
    return (
        await session.execute(unscoped(select(column).where(model.id == id_), reason="the test looks"))
    ).scalar_one()


async def pairs(session: AsyncSession, end: Any, id_: UUID) -> set[tuple[UUID, UUID, str | None]]:
    statement = select(AccountContact.account_id, AccountContact.contact_id, AccountContact.job_title).where(end == id_)
    rows = await session.execute(unscoped(statement, reason="the test looks"))
    return {(row[0], row[1], row[2]) for row in rows}


@pytest.mark.rule("DUP-8", "ACC-9")
async def test_lists_are_united_and_what_came_since_stays_when_it_is_undone(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    one = await make_contact(session, user, last_name="Huber", email="a@example.com")
    two = await make_contact(session, user, last_name="Huber", email="b@example.com", phone="+43 732 1234")
    client = await api.as_user(user)
    refused = [{"address": "b@example.com"}, {"address": "A@example.com", "consent": "refused"}]
    await client.patch(f"/v1/contacts/{two.id}", json={"emails": refused}, headers=ANY)
    done = await merged(client, "contact", [one.id, two.id])
    assert done.status_code == 201, done.text
    url = f"/v1/contacts/{one.id}"
    shown = (await client.get(url)).json()
    assert [(e["address"], e["primary"], e["consent"]) for e in shown["emails"]] == [
        ("a@example.com", True, "refused"),
        ("b@example.com", False, "unknown"),
    ]
    assert shown["email"] == "a@example.com" and [p["e164"] for p in shown["phones"]] == ["+437321234"]
    more = [*shown["emails"], {"address": "c@example.com"}]
    assert (await client.patch(url, json={"emails": more}, headers=ANY)).status_code == 200
    undone = await client.post(f"/v1/merges/{done.json()['id']}/undo")
    assert undone.status_code == 200 and undone.json()["kept"] == [], undone.text
    shown = (await client.get(url)).json()
    assert [(e["address"], e["primary"], e["consent"]) for e in shown["emails"]] == [
        ("a@example.com", True, "unknown"),
        ("c@example.com", False, "unknown"),
    ]
    assert shown["phone"] is None and shown["phones"] == []


@pytest.mark.rule("DUP-8", "ACC-5")
async def test_merged_contacts_keep_all_their_accounts(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    first, second, third = [await make_account(session, user) for _ in range(3)]
    one = await make_contact(session, user, first, last_name="Huber")
    two = await make_contact(session, user, second, last_name="Huber", job_title="Prokurist")
    session.add_all(
        AccountContact(account_id=a.id, contact_id=c.id, relation="owner", job_title=title)
        for a, c, title in ((third, one, "eins"), (third, two, "zwei"), (first, two, "drei"))
    )
    second.main_contact_id = two.id
    await session.commit()
    before = await pairs(session, AccountContact.contact_id, one.id) | await pairs(
        session, AccountContact.contact_id, two.id
    )
    client = await api.as_user(user)
    done = await merged(client, "contact", [one.id, two.id])
    assert done.status_code == 201, done.text
    assert await pairs(session, AccountContact.contact_id, one.id) == {
        (third.id, one.id, "eins"),
        (second.id, one.id, "Prokurist"),
    }
    assert await value(session, Account.main_contact_id, second.id) == one.id, "still one of its contacts"
    undone = await client.post(f"/v1/merges/{done.json()['id']}/undo")
    assert undone.status_code == 200, undone.text
    after = await pairs(session, AccountContact.contact_id, one.id) | await pairs(
        session, AccountContact.contact_id, two.id
    )
    assert after == before
    assert await value(session, Account.main_contact_id, second.id) == two.id


@pytest.mark.rule("DUP-8", "ACC-5")
async def test_merged_accounts_have_each_contact_once(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    winner, loser, other = [await make_account(session, user, name="Huber Bau GmbH") for _ in range(3)]
    at_winner, at_loser = [await make_contact(session, user, account) for account in (winner, loser)]
    elsewhere = await make_contact(session, user, other)
    session.add_all(
        AccountContact(account_id=a.id, contact_id=c.id, relation="owner", job_title=title)
        for a, c, title in (
            (loser, at_winner, "eins"),
            (winner, at_loser, "zwei"),
            (loser, elsewhere, "drei"),
            (winner, elsewhere, "vier"),
        )
    )
    loser.main_contact_id = at_loser.id
    await session.commit()
    before = await pairs(session, AccountContact.account_id, winner.id) | await pairs(
        session, AccountContact.account_id, loser.id
    )
    client = await api.as_user(user)
    done = await merged(client, "account", [winner.id, loser.id])
    assert done.status_code == 201, done.text
    assert await pairs(session, AccountContact.account_id, winner.id) == {(winner.id, elsewhere.id, "vier")}
    assert await value(session, Account.main_contact_id, winner.id) == at_loser.id
    (pair,) = (await client.get("/v1/account-contacts")).json()["items"]
    assert (await client.delete(f"/v1/account-contacts/{pair['id']}")).status_code == 204
    undone = await client.post(f"/v1/merges/{done.json()['id']}/undo")
    assert undone.status_code == 200, undone.text
    after = await pairs(session, AccountContact.account_id, winner.id) | await pairs(
        session, AccountContact.account_id, loser.id
    )
    assert after == before - {(winner.id, elsewhere.id, "vier")}, "what was taken away since stays so"


@pytest.mark.rule("DUP-8", "ACC-14")
async def test_the_winner_takes_the_place_of_whom_it_replaces(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    top = await make_account(session, user)
    loser = await make_account(session, user, parent_id=top.id)
    between = await make_account(session, user, parent_id=loser.id)
    winner = await make_account(session, user, parent_id=between.id)
    child = await make_account(session, user, parent_id=loser.id)
    client = await api.as_user(user)
    done = await merged(client, "account", [winner.id, loser.id])
    assert done.status_code == 201, done.text
    parents = {one: await value(session, Account.parent_id, one.id) for one in (winner, between, child)}
    assert parents == {winner: top.id, between: winner.id, child: winner.id}, "no circle"
    undone = await client.post(f"/v1/merges/{done.json()['id']}/undo")
    assert undone.status_code == 200, undone.text
    parents = {one: await value(session, Account.parent_id, one.id) for one in (winner, between, child, loser)}
    assert parents == {winner: between.id, between: loser.id, child: loser.id, loser: top.id}


@pytest.mark.rule("DUP-8", "ACC-2")
async def test_the_winner_gets_the_revenues_of_years_for_which_it_has_none(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    winner, loser, third = [await make_account(session, user) for _ in range(3)]
    given = ((winner, 2024, 1), (loser, 2024, 2), (loser, 2025, 3), (third, 2025, 4), (third, 2026, 5))
    session.add_all(AccountRevenue(account_id=a.id, year=y, amount=Decimal(n), currency="EUR") for a, y, n in given)
    await session.commit()

    async def revenues() -> set[tuple[UUID, int, int]]:
        rows = await session.execute(select(AccountRevenue.account_id, AccountRevenue.year, AccountRevenue.amount))
        return {(a, y, int(n)) for a, y, n in rows if a in (winner.id, loser.id, third.id)}

    client = await api.as_user(user)
    done = await merged(client, "account", [winner.id, loser.id, third.id])
    assert done.status_code == 201, done.text
    assert await revenues() == {(winner.id, 2024, 1), (winner.id, 2025, 3), (winner.id, 2026, 5)}
    assert (await client.post(f"/v1/merges/{done.json()['id']}/undo")).status_code == 200
    assert await revenues() == {(a.id, y, n) for a, y, n in given}


@pytest.mark.rule("DUP-8", "ACC-6")
async def test_who_must_not_be_contacted_stays_so_and_a_departure_goes_along(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    account = await make_account(session, user)
    left = await make_contact(session, user, last_name="Huber")
    client = await api.as_user(user)
    answer = await client.post(
        f"/v1/contacts/{left.id}/departure", json={"relationship": "left", "next": {"account_id": str(account.id)}}
    )
    new = UUID(answer.json()["next_contact_id"])
    done = await merged(client, "contact", [new, left.id])
    assert done.status_code == 201, done.text
    shown = (await client.get(f"/v1/contacts/{new}")).json()
    assert (shown["relationship"], shown["do_not_contact"], shown["previous_contact_id"]) == ("active", True, None)
    assert (await client.get(f"/v1/contacts/{new}/departure")).status_code == 404
    assert (await client.post(f"/v1/merges/{done.json()['id']}/undo")).status_code == 200
    assert await value(session, Contact.previous_contact_id, new) == left.id
    assert (await client.get(f"/v1/contacts/{left.id}/departure")).json()["next_contact_id"] == str(new)
