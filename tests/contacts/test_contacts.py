"""Contacts over HTTP: the people of customers."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.activities.models import Activity
from app.core.visibility import unscoped
from app.matching import Party
from app.matching.index import party
from app.notifications.models import Notification
from tests.conftest import Api
from tests.factories import make_account, make_contact, make_team, make_user

BODY = {"salutation": "Frau", "first_name": "Eva", "last_name": "Müller", "email": "eva.mueller@example.com"}


async def indexed(session: AsyncSession, contact_id: Any) -> Party | None:
    """The contact as the duplicate index holds it."""
    statement = select(party.c.dump).where(party.c.record_type == "contact", party.c.record_id == contact_id)
    dump = (await session.execute(statement)).scalar_one_or_none()
    return Party.load(dump) if dump else None


async def test_a_contact_needs_a_last_name_and_takes_its_account_s_teams(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    team = await make_team(session)
    account = await make_account(session, user, team_ids=[team.id])
    client = await api.as_user(user)
    lacking = await client.post("/v1/contacts", json={"first_name": "Eva"})
    assert lacking.status_code == 422
    assert [(e["pointer"], e["code"]) for e in lacking.json()["errors"]] == [("/last_name", "missing")]
    made = await client.post("/v1/contacts", json=BODY | {"account_id": str(account.id)})
    assert made.status_code == 201, made.text
    assert made.json()["account"] == {"id": str(account.id), "name": account.name}
    assert made.json()["team_ids"] == [str(team.id)]
    assert made.json()["assignee"]["id"] == str(user.id)
    alone = await client.post("/v1/contacts", json=BODY)
    assert alone.json()["account"] is None and alone.json()["team_ids"] == [str(user.default_team_id)]


async def test_the_account_must_be_one_that_the_asker_sees(api: Api, session: AsyncSession) -> None:
    owner, other = await make_user(session), await make_user(session)
    account = await make_account(session, owner)
    client = await api.as_user(other)
    for account_id in (str(account.id), "019abcde-0000-7000-8000-000000000bad"):
        made = await client.post("/v1/contacts", json=BODY | {"account_id": account_id})
        assert made.status_code == 422
        assert [e["code"] for e in made.json()["errors"]] == ["unknown_account"]
    contact = await make_contact(session, other)
    moved = await client.patch(
        f"/v1/contacts/{contact.id}", json={"account_id": str(account.id)}, headers={"If-Match": "*"}
    )
    assert moved.status_code == 422


async def test_bad_values_are_told_together(api: Api, session: AsyncSession) -> None:
    client = await api.as_user(await make_user(session))
    tomorrow = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    nobody = "019abcde-0000-7000-8000-000000000bad"
    answer = await client.post(
        "/v1/contacts", json=BODY | {"birth_date": tomorrow, "account_id": nobody, "assignee_id": nobody}
    )
    assert {e["pointer"] for e in answer.json()["errors"]} == {"/birth_date", "/account_id", "/assignee_id"}
    answer = await client.post("/v1/contacts", json=BODY | {"birth_date": "0001-01-01", "industry": "Bau"})
    assert {e["pointer"] for e in answer.json()["errors"]} == {"/birth_date", "/industry"}


@pytest.mark.rule("ID-5")
async def test_access_decides_who_sees_and_who_changes(api: Api, session: AsyncSession) -> None:
    owner, manager, stranger = [await make_user(session) for _ in range(3)]
    contact = await make_contact(session, owner)
    url = f"/v1/contacts/{contact.id}"
    mine, theirs, not_theirs = [await api.as_user(u) for u in (owner, manager, stranger)]
    assert (await theirs.get(url)).status_code == 404
    added = await mine.patch(url, json={"manager_ids": [str(manager.id)]}, headers={"If-Match": '"1"'})
    assert added.status_code == 200, added.text
    kinds = select(Notification.kind, Notification.data["name"].astext).where(Notification.user_id == manager.id)
    told = (await session.execute(unscoped(kinds, reason="the test looks at every inbox"))).all()
    assert [tuple(row) for row in told] == [("manager_added", f"Max {contact.last_name}")]
    assert (await theirs.patch(url, json={"job_title": "CEO"}, headers={"If-Match": "*"})).status_code == 200
    assert (await not_theirs.get(url)).status_code == 404
    assert (await not_theirs.patch(url, json={}, headers={"If-Match": "*"})).status_code == 404
    await mine.patch(url, json={"access": "public_read"}, headers={"If-Match": "*"})
    assert (await not_theirs.get(url)).status_code == 200
    refused = await not_theirs.patch(url, json={"job_title": "x"}, headers={"If-Match": "*"})
    assert refused.status_code == 403 and refused.json()["code"] == "not_a_manager"


@pytest.mark.rule("DUP-1")
async def test_the_duplicate_index_knows_the_person_and_their_employer(api: Api, session: AsyncSession) -> None:
    user = await make_user(session, "admin")
    account = await make_account(session, user, name="Kranz Maschinenbau GmbH")
    other = await make_account(session, user, name="Berger Spedition AG")
    client = await api.as_user(user)
    made = await client.post("/v1/contacts", json=BODY | {"account_id": str(account.id)})
    id_, url = made.json()["id"], made.headers["Location"]
    first = await indexed(session, id_)
    assert first is not None and first.last and "kranz" in " ".join(first.words + first.short)
    moved = await client.patch(url, json={"account_id": str(other.id)}, headers={"If-Match": '"1"'})
    assert moved.status_code == 200, moved.text
    second = await indexed(session, id_)
    assert second is not None and second != first

    renamed = await client.patch(
        f"/v1/accounts/{other.id}", json={"name": "Zimmermann Logistik AG"}, headers={"If-Match": "*"}
    )
    assert renamed.status_code == 200
    third = await indexed(session, id_)
    assert third is not None and third != second

    assert (await client.delete(url)).status_code == 204
    assert await indexed(session, id_) is None


async def test_a_deleted_contact_leaves_what_hung_on_it_with_the_account(api: Api, session: AsyncSession) -> None:
    user = await make_user(session, "rm")
    account = await make_account(session, user)
    contact, alone = await make_contact(session, user, account), await make_contact(session, user)
    note = Activity(type="note", status="done", subject="x", account_id=account.id, contact_id=contact.id)
    session.add_all([note, Activity(type="note", status="done", subject="y", contact_id=alone.id)])
    await session.commit()
    client = await api.as_user(user)
    assert (await client.delete(f"/v1/contacts/{contact.id}")).status_code == 204
    await session.refresh(note)
    assert note.contact_id is None and note.account_id == account.id and note.version == 2
    refused = await client.delete(f"/v1/contacts/{alone.id}")
    assert refused.status_code == 409 and refused.json()["used_by"] == "activities"
    developer = await api.as_user(await make_user(session))
    assert (await developer.delete(f"/v1/contacts/{alone.id}")).status_code == 403


async def test_lists_find_a_person_by_either_order_of_the_name(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    account = await make_account(session, user)
    eva = await make_contact(session, user, account, first_name="Eva", last_name="Müller", email="Eva@Example.com")
    jo = await make_contact(session, user, first_name=None, last_name="Özdemir", city="Graz")
    await make_contact(session, await make_user(session), last_name="Unsichtbar")
    client = await api.as_user(user)

    async def found(**params: Any) -> list[UUID]:
        answer = await client.get("/v1/contacts", params={"sort": "name", **params})
        assert answer.status_code == 200, answer.text
        return [UUID(item["id"]) for item in answer.json()["items"]]

    assert await found() == [eva.id, jo.id]
    assert await found(q="eva mul") == [eva.id] == await found(q="MULLER eva")
    assert await found(q="ozdem") == [jo.id]
    assert await found(has_account="false") == [jo.id]
    assert await found(has_account="true") == [eva.id] == await found(account_id=str(account.id))
    assert await found(email="eva@example.com") == [eva.id]
    assert await found(city="GRAZ") == [jo.id]


async def test_whoever_sees_a_person_learns_the_employer_s_name_and_nothing_more(
    api: Api, session: AsyncSession
) -> None:
    owner = await make_user(session)
    account = await make_account(session, owner)
    contact = await make_contact(session, owner, account, access="public_read")
    client = await api.as_user(await make_user(session))
    seen = await client.get(f"/v1/contacts/{contact.id}")
    assert seen.json()["account"] == {"id": str(account.id), "name": account.name}
    assert (await client.get(f"/v1/accounts/{account.id}")).status_code == 404


@pytest.mark.rule("ACC-13")
async def test_the_next_colleague_starts_where_the_last_one_was(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    account = await make_account(session, user)
    client = await api.as_user(user)
    body = {"last_name": "Eder", "account_id": str(account.id), "source": "fair"}
    made = await client.post("/v1/contacts?another=true", json=body)
    assert made.status_code == 201, made.text
    following = made.json()["next"]
    assert (
        following["account_id"] == str(account.id) and following["source"] == "fair" and following["team_ids"] is None
    )
    again = await client.post("/v1/contacts?another=true", json=following | {"last_name": "Fink"})
    assert again.status_code == 201 and again.json()["next"] == following
    assert "next" not in (await client.post("/v1/contacts", json={"last_name": "Gruber"})).json()
