"""Undoing when the world went on: what was named is gone, the tree grew, the columns are newer than the merge (DUP-8)."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Account
from app.accounts.reach import OF_ACCOUNTS, OF_CONTACTS, complete
from app.core.visibility import unscoped
from tests.conftest import Api
from tests.factories import make_account, make_contact, make_user
from tests.merges.support import merged

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.rule("DUP-8")]
ANY = {"If-Match": "*"}


async def parents(session: AsyncSession, *accounts: Account) -> dict[Account, UUID | None]:
    await session.commit()
    statement = select(Account.id, Account.parent_id).where(Account.id.in_([one.id for one in accounts]))
    rows = {row.id: row.parent_id for row in await session.execute(unscoped(statement, reason="the test looks"))}
    return {one: rows.get(one.id) for one in accounts}


async def undone(client: Any, merge: Any) -> list[dict[str, Any]]:
    answer = await client.post(f"/v1/merges/{merge.json()['id']}/undo")
    assert answer.status_code == 200, answer.text
    kept: list[dict[str, Any]] = answer.json()["kept"]
    return kept


def field(name: str, record: Any, reason: str = "gone") -> dict[str, Any]:
    return {"kind": "field", "field": name, "record_id": str(record.id), "reason": reason}


@pytest.mark.rule("ACC-14", "DUP-4")
async def test_what_stood_below_the_winner_does_not_come_above_it(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    client = await api.as_user(user)
    winner = await make_account(session, user)
    between = await make_account(session, user, parent_id=winner.id)
    loser = await make_account(session, user, parent_id=between.id)
    done = await asyncio.wait_for(merged(client, "account", [winner.id, loser.id]), 20)
    assert done.status_code == 201, done.text
    assert await parents(session, winner, between) == {winner: None, between: winner.id}
    assert await undone(client, done) == []
    assert await parents(session, winner, between, loser) == {winner: None, between: winner.id, loser: between.id}


@pytest.mark.rule("ACC-14", "DUP-4")
async def test_a_parent_chosen_from_below_the_winner_leaves_it_its_own(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    client = await api.as_user(user)
    top = await make_account(session, user)
    winner = await make_account(session, user, parent_id=top.id)
    between = await make_account(session, user, parent_id=winner.id)
    loser = await make_account(session, user, parent_id=between.id)
    done = await merged(client, "account", [winner.id, loser.id], fields={"parent_id": str(loser.id)})
    assert done.status_code == 201, done.text
    assert await parents(session, winner, between) == {winner: top.id, between: winner.id}


@pytest.mark.rule("ACC-14")
async def test_an_undo_closes_no_circle_of_parents(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    client = await api.as_user(user)
    above, parent = await make_account(session, user), await make_account(session, user)
    winner = await make_account(session, user, parent_id=above.id)
    loser = await make_account(session, user, parent_id=parent.id)
    child = await make_account(session, user, parent_id=loser.id)
    done = await merged(client, "account", [winner.id, loser.id])
    put = await client.patch(f"/v1/accounts/{parent.id}", json={"parent_id": str(child.id)}, headers=ANY)
    assert put.status_code == 200, put.text
    assert await undone(client, done) == [field("parent_id", loser, "changed")]
    assert await parents(session, parent, winner, loser, child) == {
        parent: child.id,
        winner: above.id,
        loser: None,
        child: loser.id,
    }


@pytest.mark.rule("ACC-14")
async def test_a_merge_and_whoever_gives_a_parent_go_one_after_the_other(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    client = await api.as_user(user)
    accounts = [await make_account(session, user) for _ in range(2)]
    held = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 0 AND objid = 4201004")
    assert (await session.execute(held)).scalar_one() == 0
    # What a request has taken stays taken here: the whole test is one transaction.
    assert (await merged(client, "account", [one.id for one in accounts])).status_code == 201
    assert (await session.execute(held)).scalar_one() == 1


@pytest.mark.rule("ACC-7", "ACC-9", "ACC-14")
async def test_what_is_gone_since_is_left_out_of_winner_and_loser(api: Api, session: AsyncSession) -> None:
    user, admin = await make_user(session), await api.as_user(await make_user(session, "admin"))
    client = await api.as_user(user)
    keys = ("wgone", "lgone", "stays")
    types = [await admin.post("/v1/contact-types", json={"key": key, "label_de": key, "label_en": key}) for key in keys]
    organisations = [
        (await admin.post("/v1/member-organisations", json={"name": f"Kammer {key}"})).json()["id"] for key in keys
    ]
    tops = [await make_account(session, user) for _ in keys]
    winner, loser, third = [
        await make_account(
            session, user, contact_type=key, parent_id=top.id, member_organisation_ids=[UUID(organisation)]
        )
        for key, top, organisation in zip(keys, tops, organisations, strict=True)
    ]
    chosen = dict.fromkeys(("contact_type", "parent_id"), str(third.id))
    done = await merged(client, "account", [winner.id, loser.id, third.id], fields=chosen)
    assert done.status_code == 201, done.text
    answer = await client.patch(f"/v1/accounts/{winner.id}", json={"member_organisation_ids": []}, headers=ANY)
    assert answer.status_code == 200, answer.text
    answers = [await admin.delete(f"/v1/contact-types/{made.json()['id']}") for made in types[:2]]
    answers += [await admin.delete(f"/v1/member-organisations/{id_}", headers=ANY) for id_ in organisations[:2]]
    answers += [await admin.delete(f"/v1/accounts/{one.id}") for one in tops[:2]]
    assert {one.status_code for one in answers} == {204}, [one.text for one in answers]
    kept = await undone(client, done)
    names = ("parent_id", "contact_type", "member_organisation_ids")
    wanted = [field(name, one) for name in names for one in (winner, loser)]
    assert len(kept) == len(wanted) and all(one in kept for one in wanted), kept
    for one, type_, top, organisation in (
        (winner, None, None, []),
        (loser, None, None, []),
        (third, "stays", str(tops[2].id), organisations[2:]),
    ):
        shown = (await client.get(f"/v1/accounts/{one.id}")).json()
        assert shown["contact_type"] == type_
        assert (shown["parent"] or {}).get("id") == top
        assert shown["member_organisation_ids"] == organisation


@pytest.mark.rule("ACC-9")
@pytest.mark.parametrize("kind", ["account", "contact"])
async def test_a_merge_older_than_the_lists_is_undone_with_them(api: Api, session: AsyncSession, kind: str) -> None:
    user = await make_user(session)
    client = await api.as_user(user)
    make: Any = make_account if kind == "account" else make_contact
    reach = {"email": "alt@firma.at", "phone": "0732 1234"}
    website = {"website": "https://alt.at"} if kind == "account" else {}
    place = {"street": "Hauptplatz 1", "city": "Linz", "country": "AT"}
    winner = await make(session, user, **{**place, "street": None})
    loser = await make(session, user, **reach, **website, **place)
    path = f"/v1/{kind}s"
    before = {one: (await client.get(f"{path}/{one.id}")).json() for one in (winner, loser)}
    done = await merged(client, kind, [winner.id, loser.id])
    assert done.status_code == 201, done.text
    assert (await client.get(f"{path}/{winner.id}")).json()["phone"] == reach["phone"]
    lists = "'{emails,phones,addresses,web_addresses,reach_keys}'::text[]"
    await session.execute(
        text(
            "UPDATE merges SET undo = undo || jsonb_build_object("
            f"'before', (undo -> 'before') - {lists}, 'after', (undo -> 'after') - {lists}, 'losers', "
            f"(SELECT jsonb_agg(l - {lists}) FROM jsonb_array_elements(undo -> 'losers') AS l)) WHERE id = :id"
        ),
        {"id": done.json()["id"]},
    )
    await session.commit()
    await session.refresh(winner)
    winner.emails = winner.phones = winner.addresses = winner.web_addresses = []
    complete(winner, OF_ACCOUNTS if kind == "account" else OF_CONTACTS)  # as the migration did
    await session.commit()
    new = {"address": "neu@firma.at", "kind": "work", "primary": False}
    listed = [{"address": reach["email"], "kind": "work", "primary": True}, new]
    patched = await client.patch(f"{path}/{winner.id}", json={"emails": listed}, headers=ANY)
    assert patched.status_code == 200, patched.text
    assert await undone(client, done) == []
    names = ("phone", "street", "city", "phones", "addresses", "web_addresses", *website)
    for one in (winner, loser):
        now = (await client.get(f"{path}/{one.id}")).json()
        assert {name: now[name] for name in names} == {name: before[one][name] for name in names}
        if one is loser:
            assert (now["email"], now["emails"]) == (reach["email"], before[one]["emails"])
        else:
            assert now["email"] == "neu@firma.at", "what came since is the primary one, now that the other one went"
            assert [(e["address"], e["primary"]) for e in now["emails"]] == [("neu@firma.at", True)]


@pytest.mark.rule("ACC-9", "DUP-4")
async def test_united_lists_are_no_longer_than_what_a_client_may_send(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    client = await api.as_user(user)

    def listed(who: str) -> dict[str, Any]:
        more = {"kind": "work", "consent": "unknown", "consent_at": None, "consent_by": None, "consent_source": None}
        entries = [{"address": f"{who}{n}@firma.at", "primary": n == 0, **more} for n in range(15)]
        return {"email": entries[0]["address"], "emails": entries}

    winner = await make_account(session, user, **listed("w"))
    loser = await make_account(session, user, **listed("l"))
    done = await merged(client, "account", [winner.id, loser.id], fields={"email": str(loser.id)})
    assert done.status_code == 201, done.text
    shown = (await client.get(f"/v1/accounts/{winner.id}")).json()
    there = [entry["address"] for entry in shown["emails"]]
    assert there == ["l0@firma.at", *(f"w{n}@firma.at" for n in range(15)), *(f"l{n}@firma.at" for n in range(1, 5))]
    again = await client.patch(f"/v1/accounts/{winner.id}", json={"emails": shown["emails"]}, headers=ANY)
    assert again.status_code == 200, again.text
    assert await undone(client, done) == []
    for one, who in ((winner, "w"), (loser, "l")):
        emails = (await client.get(f"/v1/accounts/{one.id}")).json()["emails"]
        assert {entry["address"] for entry in emails} == {f"{who}{n}@firma.at" for n in range(15)}
