"""Merging and undoing a merge are no way around the lead lock (LOCK-3, LOCK-6)."""

from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.models import User
from tests.conftest import Api
from tests.factories import lead_body, make_user
from tests.merges.support import codes, merged, previewed

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.rule("LOCK-3")]

NAME = {"name": "Zwickl Anlagenbau GmbH", "company": "Zwickl Anlagenbau"}


async def registered(client: httpx.AsyncClient, holder: User, **values: Any) -> str:
    answer = await client.post("/v1/leads", json=lead_body(holder.id, **values))
    assert answer.status_code == 201, answer.text
    id_: str = answer.json()["id"]
    return id_


async def lock_of(client: httpx.AsyncClient, lead_id: str) -> dict[str, Any]:
    """The lead's standing lock."""
    locks = (await client.get("/v1/lead-locks", params={"lead_id": lead_id})).json()["items"]
    (lock,) = [one for one in locks if one["state"] == "pending"]
    found: dict[str, Any] = lock
    return found


async def release(client: httpx.AsyncClient, lead_id: str) -> None:
    url = f"/v1/lead-locks/{(await lock_of(client, lead_id))['id']}/release"
    assert (await client.post(url, json={"reason": "Kein Interesse mehr"})).status_code == 200


async def check(client: httpx.AsyncClient) -> str:
    answer = await client.post("/v1/protection-checks", json={"name": NAME["name"], "city": "Linz", "country": "AT"})
    status: str = answer.json()["status"]
    return status


async def test_a_lock_does_not_move_onto_another_ones_customer(api: Api, session: AsyncSession) -> None:
    eva, max_ = await make_user(session), await make_user(session)
    client, other = await api.as_user(eva), await api.as_user(max_)
    once = await registered(client, eva, **NAME)
    await release(client, once)
    await registered(other, max_, **NAME)
    own = await registered(client, eva)
    assert await check(client) == "taken"
    for ids, fields in (([once, own], {}), ([own, once], {"name": once, "company": once})):
        shown = await previewed(client, "lead", ids, winner_id=ids[0], fields=fields)
        assert [one["code"] for one in shown["forbidden"]] == ["customer_taken"]
        refused = await merged(client, "lead", ids, fields=fields)
        assert refused.status_code == 409 and codes(refused) == {"customer_taken"}, refused.text
    assert await check(client) == "taken"
    # Under its own name the lock stands where it stood.
    assert (await merged(client, "lead", [own, once])).status_code == 201


@pytest.mark.rule("LEAD-6")
async def test_who_holds_the_lock_is_the_assignee_of_what_is_left(api: Api, session: AsyncSession) -> None:
    eva, max_ = await make_user(session), await make_user(session)
    client, other = await api.as_user(eva), await api.as_user(max_)
    theirs = await registered(other, max_)
    await release(other, theirs)
    await session.execute(
        text("UPDATE leads SET team_ids = team_ids || :team WHERE id = :id"),
        {"team": [eva.default_team_id], "id": UUID(theirs)},
    )
    await session.commit()
    own = await registered(client, eva)
    refused = await merged(client, "lead", [own, theirs], fields={"assignee_id": theirs})
    assert refused.status_code == 409 and codes(refused) == {"holder_stays"}, refused.text
    done = await merged(client, "lead", [theirs, own])
    assert done.status_code == 201, done.text
    left = (await client.get(f"/v1/leads/{theirs}")).json()
    lock = await lock_of(client, theirs)
    assert left["assignee"]["id"] == str(eva.id) == lock["holder"]["id"]
    assert lock["customer_name"] == left["name"]
    assert (await client.post(f"/v1/merges/{done.json()['id']}/undo")).json()["kept"] == []
    assert (await client.get(f"/v1/leads/{theirs}")).json()["assignee"]["id"] == str(max_.id)
    assert (await lock_of(client, own))["customer_name"] == (await client.get(f"/v1/leads/{own}")).json()["name"]


async def test_a_lock_that_was_handed_on_does_not_come_back_by_an_undo(api: Api, session: AsyncSession) -> None:
    eva, max_ = await make_user(session), await make_user(session)
    client = await api.as_user(eva)
    leads = [await registered(client, eva), await registered(client, eva)]
    done = await merged(client, "lead", leads)
    lock = await lock_of(client, leads[0])
    body = {"holder_id": str(max_.id), "reason": "Gebietswechsel"}
    assert (await client.post(f"/v1/lead-locks/{lock['id']}/transfer", json=body)).status_code == 200
    undone = await client.post(f"/v1/merges/{done.json()['id']}/undo")
    assert undone.status_code == 200, undone.text
    assert "lead_locks" in [one["kind"] for one in undone.json()["kept"]]
    standing = await session.execute(text("SELECT holder_id FROM lead_locks WHERE ended_at IS NULL"))
    assert standing.scalars().all() == [max_.id]


@pytest.mark.rule("DUP-8")
async def test_a_customer_that_somebody_registered_since_is_not_taken_back_by_an_undo(
    api: Api, session: AsyncSession
) -> None:
    eva, max_ = await make_user(session), await make_user(session)
    client, other = await api.as_user(eva), await api.as_user(max_)
    leads = [await registered(client, eva), await registered(client, eva, **NAME)]
    done = await merged(client, "lead", leads)
    since = await registered(other, max_, **NAME)
    refused = await client.post(f"/v1/merges/{done.json()['id']}/undo")
    assert refused.status_code == 409 and refused.json()["code"] == "taken_since", refused.text
    await release(other, since)
    assert (await client.post(f"/v1/merges/{done.json()['id']}/undo")).status_code == 200


async def test_a_lock_does_not_go_to_a_converted_lead_where_it_would_never_end(api: Api, session: AsyncSession) -> None:
    eva = await make_user(session)
    client = await api.as_user(eva)
    converted, open_ = await registered(client, eva), await registered(client, eva)
    await release(client, converted)
    await session.execute(
        text("UPDATE leads SET phase = 'converted', status = 'converted', converted_at = now() WHERE id = :id"),
        {"id": UUID(converted)},
    )
    await session.commit()
    refused = await merged(client, "lead", [converted, open_])
    assert refused.status_code == 409 and codes(refused) == {"convert_it_too"}, refused.text
    await release(client, open_)
    assert (await merged(client, "lead", [converted, open_])).status_code == 201
