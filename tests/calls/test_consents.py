"""Consent to further e-mail, given or refused at a call (CALL-4)."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.activities.models import Activity
from app.core.visibility import unscoped
from tests.calls.support import ANY, log, now, pointers
from tests.conftest import Api
from tests.factories import make_account, make_contact, make_user

pytestmark = pytest.mark.rule("CALL-4")
ADDRESS = {"kind": "work", "consent": "unknown", "consent_at": None, "consent_by": None, "consent_source": None}
TWO = [
    {"address": "a.berger@kranz.at", "primary": True, **ADDRESS},
    {"address": "Anna@privat.at", "primary": False, **ADDRESS},
]


@pytest.mark.parametrize("whose", ["contact", "account"])
async def test_the_answer_stays_with_the_call_and_changes_the_address(
    api: Api, session: AsyncSession, whose: str
) -> None:
    user = await make_user(session)
    account = await make_account(session, user, emails=TWO)
    contact = await make_contact(session, user, account, emails=TWO)
    client = await api.as_user(user)
    about = {"contact_id": contact.id} if whose == "contact" else {"account_id": account.id}
    url = f"/v1/contacts/{contact.id}" if whose == "contact" else f"/v1/accounts/{account.id}"
    start = now(minutes=-30)
    call = await log(client, **about, starts_at=start, consent={"answer": "granted"})
    assert call["consent"] == {"answer": "granted", "email": "a.berger@kranz.at", "at": call["starts_at"]}
    second = await log(client, **about, consent={"answer": "refused", "email": "anna@PRIVAT.at"})
    assert second["consent"]["email"] == "Anna@privat.at"
    first, private = (await client.get(url)).json()["emails"]
    assert first["consent"] == "granted" and first["consent_by"] == str(user.id)
    assert datetime.fromisoformat(first["consent_at"]) == datetime.fromisoformat(start)
    assert first["consent_source"] == f"call:{call['id']}"
    assert private["consent"] == "refused" and private["consent_source"] == f"call:{second['id']}"
    refused = await log(client, **about, consent={"answer": "refused"})
    assert (await client.get(url)).json()["emails"][0]["consent"] == "refused", "they may change their mind"
    for path, count in ((url, 4), (f"/v1/activities/{refused['id']}", 1)):
        assert (await client.get(path)).json()["version"] == count


async def test_the_answer_given_last_counts_and_not_the_one_that_arrived_last(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    contact = await make_contact(session, user, await make_account(session, user), emails=TWO)
    client, url = await api.as_user(user), f"/v1/contacts/{contact.id}"

    async def state() -> tuple[str, str | None]:
        first = (await client.get(url)).json()["emails"][0]
        return first["consent"], first["consent_source"]

    newer = await log(client, contact_id=contact.id, starts_at=now(days=-1), consent={"answer": "refused"})
    older = await log(client, contact_id=contact.id, starts_at=now(days=-2), consent={"answer": "granted"})
    assert older["consent"]["answer"] == "granted"
    assert await state() == ("refused", f"call:{newer['id']}")
    moved = await client.patch(f"/v1/activities/{newer['id']}", json={"starts_at": now(days=-3)}, headers=ANY)
    assert moved.status_code == 200 and await state() == ("granted", f"call:{older['id']}"), "by the right time now"
    await client.patch(f"/v1/activities/{newer['id']}", json={"starts_at": now(days=-1)}, headers=ANY)
    assert await state() == ("refused", f"call:{newer['id']}")

    emails = (await client.get(url)).json()["emails"]
    emails[0] |= {"consent": "granted", "consent_at": None, "consent_by": None, "consent_source": "Formular"}
    assert (await client.patch(url, json={"emails": emails}, headers=ANY)).status_code == 200
    await log(client, contact_id=contact.id, starts_at=now(minutes=-5), consent={"answer": "refused"})
    assert await state() == ("granted", "Formular"), "that was entered after the call"


async def test_a_wrong_answer_is_taken_back(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    was = [
        TWO[0] | {"consent": "refused", "consent_at": "2026-01-01T09:00:00+00:00", "consent_source": "Brief"},
        TWO[1],
    ]
    contact = await make_contact(session, user, await make_account(session, user), emails=was)
    client, url = await api.as_user(user), f"/v1/contacts/{contact.id}"

    async def state(place: int = 0) -> tuple[str, str | None]:
        entry = (await client.get(url)).json()["emails"][place]
        return entry["consent"], entry["consent_source"]

    first = await log(client, contact_id=contact.id, starts_at=now(days=-2), consent={"answer": "granted"})
    second = await log(client, contact_id=contact.id, starts_at=now(days=-1), consent={"answer": "refused"})
    first_url, second_url = f"/v1/activities/{first['id']}", f"/v1/activities/{second['id']}"
    kept = await client.delete(second_url)
    assert (kept.status_code, kept.json()["code"]) == (409, "consent_kept")
    assert pointers(await client.patch(second_url, json={"status": "cancelled"}, headers=ANY)) == {
        "/status": "consent_kept"
    }
    changed = await client.patch(second_url, json={"consent": {"answer": "granted"}}, headers=ANY)
    assert changed.json()["consent"]["answer"] == "granted" and await state() == ("granted", f"call:{second['id']}")
    moved = await client.patch(
        second_url, json={"consent": {"answer": "refused", "email": "anna@privat.at"}}, headers=ANY
    )
    assert moved.json()["consent"]["email"] == "Anna@privat.at"
    assert await state() == ("granted", f"call:{first['id']}") and await state(1) == ("refused", f"call:{second['id']}")
    none = await client.patch(second_url, json={"consent": None, "status": "cancelled"}, headers=ANY)
    assert none.status_code == 200 and none.json()["consent"] is None
    assert await state(1) == ("unknown", None)
    assert (await client.patch(first_url, json={"consent": None}, headers=ANY)).status_code == 200
    assert await state() == ("refused", "Brief"), "what was said before any call"
    assert [(await client.delete(one)).status_code for one in (first_url, second_url)] == [204, 204]


async def test_wrong_answers_keep_nothing_at_all(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    account = await make_account(session, user, emails=[])
    contact, silent = await make_contact(session, user, account, emails=TWO), await make_contact(session, user, account)
    client = await api.as_user(user)

    async def wrong(**body: Any) -> dict[str, str]:
        sent = {"type": "call", "subject": "x", "contact_id": str(contact.id), "consent": {"answer": "granted"}} | body
        return pointers(await client.post("/v1/activities", json=sent | {"follow_up": {"in_days": 1}} | body))

    unknown = {"answer": "granted", "email": "other@kranz.at"}
    assert await wrong(consent=unknown) == {"/consent/email": "unknown_address"}
    assert await wrong(contact_id=str(silent.id)) == {"/consent": "no_address"}
    assert await wrong(contact_id=None, account_id=str(account.id)) == {"/consent": "no_address"}
    assert await wrong(status="planned", starts_at=now(days=1), follow_up=None) == {"/consent": "not_held"}
    assert await wrong(consent={"answer": "maybe"}) == {"/consent/answer": "literal_error"}
    assert await wrong(consent={}) == {"/consent/answer": "missing"}
    assert set(await wrong(consent={"answer": "granted", "email": "x\x00@y"})) == {"/consent/email"}
    count = select(func.count()).where(Activity.account_id == account.id)
    assert (await session.execute(unscoped(count, reason="the test looks at all"))).scalar_one() == 0
    assert (await client.get(f"/v1/contacts/{contact.id}")).json()["version"] == 1


async def test_who_may_call_may_keep_the_answer_but_only_of_whom_they_see(api: Api, session: AsyncSession) -> None:
    owner, caller = await make_user(session), await make_user(session)
    account = await make_account(session, owner)
    seen = await make_contact(session, owner, account, emails=TWO, access="public_read")
    client = await api.as_user(caller)
    assert (await client.patch(f"/v1/contacts/{seen.id}", json={"phone": "0664 1"}, headers=ANY)).status_code == 403
    call = await log(client, contact_id=seen.id, consent={"answer": "refused"})
    assert (await client.get(f"/v1/contacts/{seen.id}")).json()["emails"][0]["consent_by"] == str(caller.id)
    seen.access = "managers"
    await session.commit()
    url = f"/v1/activities/{call['id']}"
    hidden = await client.patch(url, json={"consent": {"answer": "granted"}}, headers=ANY)
    assert pointers(hidden) == {"/consent": "unknown_record"}
    assert (await client.patch(url, json={"starts_at": now(days=-1)}, headers=ANY)).status_code == 200


async def test_the_proof_is_not_forged_at_the_contact(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    contact = await make_contact(session, user, await make_account(session, user), emails=TWO)
    client, url = await api.as_user(user), f"/v1/contacts/{contact.id}"
    forged = [{"address": "a.berger@kranz.at", "consent": "granted", "consent_source": f"call:{contact.id}"}]
    refused = await client.patch(url, json={"emails": forged}, headers=ANY)
    assert pointers(refused) == {"/emails/0/consent_source": "read_only_computed"}
    call = await log(client, contact_id=contact.id, consent={"answer": "refused"})
    read = (await client.get(url)).json()["emails"]
    assert (await client.patch(url, json={"emails": read}, headers=ANY)).json()["emails"] == read
    read[0] |= {"consent": "granted"}
    changed = (await client.patch(url, json={"emails": read}, headers=ANY)).json()["emails"][0]
    assert (changed["consent"], changed["consent_source"]) == ("granted", None), "the call does not say so"
    assert call["consent"]["answer"] == "refused"
