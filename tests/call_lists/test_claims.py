"""The next one: given to one person alone, and nobody else of that company to anybody else (CALL-5)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.call_lists.models import claims
from tests.conftest import Api
from tests.factories import make_account, make_contact, make_team, make_user

NEVER = "/v1/call-lists/contacts-never-called"


async def stock(session: AsyncSession, *people: int) -> tuple[Any, Any, list[list[Any]]]:
    """Two callers of one team, and accounts with so many people each."""
    team = await make_team(session)
    users = [await make_user(session, "rm", teams=[team]) for _ in range(2)]
    accounts = []
    for number, count in enumerate(people):
        account = await make_account(session, users[0], name=f"Firma {number}", team_ids=[team.id])
        seen = {"team_ids": [team.id]}
        accounts.append(
            [await make_contact(session, users[0], account, last_name=f"P{n}", **seen) for n in range(count)]
        )
    return users[0], users[1], accounts


@pytest.mark.rule("CALL-5")
async def test_two_people_never_get_the_same_company(api: Api, session: AsyncSession) -> None:
    first, second, (big, small) = await stock(session, 2, 1)
    one, two = await api.as_user(first), await api.as_user(second)
    got = (await one.post(f"{NEVER}/next", json={})).json()
    assert got["entry"]["id"] == str(big[0].id)
    assert got["entry"]["remaining"] == 2
    assert got["script"]["call_type"]
    left = datetime.fromisoformat(got["expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=29) < left <= timedelta(minutes=30)
    # The same claim again, whatever is asked for; the other one gets another company.
    assert (await one.post(f"{NEVER}/next", json={"days": 9})).json()["entry"]["id"] == str(big[0].id)
    assert (await two.post(f"{NEVER}/next", json={})).json()["entry"]["id"] == str(small[0].id)
    listed = (await two.get(NEVER)).json()["items"]
    assert [entry["claimed_by"]["id"] for entry in listed] == [str(first.id), str(first.id), str(second.id)]
    assert [entry["id"] for entry in (await two.get(NEVER, params={"free": "true"})).json()["items"]] == [
        str(small[0].id)
    ]
    third = await make_user(session, "rm")
    assert (await (await api.as_user(third)).post(f"{NEVER}/next", json={})).json()["entry"] is None
    # What somebody else is calling is theirs.
    for verb, body in (("skip", None), ("snooze", {"in_days": 1}), ("release", None)):
        taken = await two.post(f"{NEVER}/entries/{big[1].id}/{verb}", json=body)
        assert (taken.status_code, taken.json()["code"]) == (409, "entry_claimed")
        assert first.last_name not in taken.text


@pytest.mark.rule("CALL-5")
async def test_a_held_call_ends_the_claim_and_the_company_goes_on(api: Api, session: AsyncSession) -> None:
    first, second, (big, _) = await stock(session, 2, 1)
    one, two = await api.as_user(first), await api.as_user(second)
    await one.post(f"{NEVER}/next", json={})
    call = {"type": "call", "status": "held", "contact_id": str(big[0].id), "account_id": str(big[0].account_id)}
    call |= {"subject": "Erstanruf", "starts_at": (datetime.now(UTC) - timedelta(minutes=5)).isoformat()}
    assert (await one.post("/v1/activities", json=call)).status_code == 201
    assert (await one.post(f"{NEVER}/next", json={})).json()["entry"]["id"] == str(big[1].id)
    assert (await one.post(f"{NEVER}/entries/{big[0].id}/skip")).status_code == 404, "no longer on the list"
    # By time, too.
    await session.execute(update(claims).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    await session.commit()
    assert (await two.post(f"{NEVER}/next", json={})).json()["entry"]["id"] == str(big[1].id)


@pytest.mark.rule("CALL-5")
async def test_skipping_is_for_oneself_and_snoozing_for_everybody(api: Api, session: AsyncSession) -> None:
    first, second, (((a,), (b,), (c,))) = await stock(session, 1, 1, 1)
    one, two = await api.as_user(first), await api.as_user(second)
    assert (await one.post(f"{NEVER}/next", json={})).json()["entry"]["id"] == str(a.id)
    skipped = await one.post(f"{NEVER}/entries/{a.id}/skip")
    assert skipped.status_code == 200, skipped.text
    assert skipped.json()["put_off_until"] is not None
    assert skipped.json()["claimed_by"] is None
    assert (await one.post(f"{NEVER}/next", json={})).json()["entry"]["id"] == str(b.id)
    assert (await two.post(f"{NEVER}/next", json={})).json()["entry"]["id"] == str(a.id), "the other one is given it"
    snoozed = await one.post(f"{NEVER}/entries/{b.id}/snooze", json={"in_days": 7})
    assert snoozed.status_code == 200
    await two.post(f"{NEVER}/entries/{a.id}/release")
    assert (await two.post(f"{NEVER}/entries/{a.id}/skip")).status_code == 200
    assert (await two.post(f"{NEVER}/next", json={})).json()["entry"]["id"] == str(c.id), "b is put off for all"
    assert len((await two.get(NEVER)).json()["items"]) == 3, "they stay on the list"
    for wrong in (
        {},
        {"in_days": 400},
        {"in_days": 1, "until": "2026-12-01T08:00:00Z"},
        {"until": "2020-01-01T08:00:00Z"},
    ):
        assert (await one.post(f"{NEVER}/entries/{b.id}/snooze", json=wrong)).status_code == 422


@pytest.mark.rule("CALL-5")
async def test_nobody_is_given_whom_they_do_not_see(api: Api, session: AsyncSession) -> None:
    _, _, ((hidden,),) = await stock(session, 1)
    stranger = await api.as_user(await make_user(session, "rm"))
    assert (await stranger.post(f"{NEVER}/next", json={})).json()["entry"] is None
    for verb, body in (("skip", None), ("snooze", {"in_days": 1}), ("release", None)):
        assert (await stranger.post(f"{NEVER}/entries/{hidden.id}/{verb}", json=body)).status_code == 404
    technician = await api.as_user(await make_user(session, "mst"))
    assert (await technician.post(f"{NEVER}/next", json={})).status_code == 403
    assert (await technician.post(f"{NEVER}/entries/{hidden.id}/skip")).status_code == 403


@pytest.mark.rule("CALL-5")
async def test_an_old_call_ends_nobody_else_s_claim(api: Api, session: AsyncSession) -> None:
    first, second, (big,) = await stock(session, 2)
    one, two = await api.as_user(first), await api.as_user(second)
    await one.post(f"{NEVER}/next", json={})
    call = {"type": "call", "subject": "Alt", "account_id": str(big[0].account_id)}
    old = (datetime.now(UTC) - timedelta(days=9)).isoformat()
    assert (await two.post("/v1/activities", json=call | {"starts_at": old})).status_code == 201
    assert (await two.post(f"{NEVER}/next", json={})).json()["entry"] is None
    assert (await one.post("/v1/activities", json=call)).status_code == 201
    assert (await two.post(f"{NEVER}/next", json={})).json()["entry"] is not None, "the company was called"
