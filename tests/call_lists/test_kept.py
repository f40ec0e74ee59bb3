"""When somebody was last called is kept by triggers: whatever happens, it is what a plain query says (CALL-5)."""

import random
from typing import Any

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.activities.models import Activity, ActivityContact
from app.contacts.models import Contact
from app.core.visibility import unscoped
from tests.conftest import Api
from tests.factories import make_account, make_contact, make_user
from tests.timeline.test_timeline import NOON, make_activity

DIFFERENT = """
SELECT 'contact', k.contact_id FROM contact_calls k FULL JOIN contacts c ON c.id = k.contact_id
WHERE (k.account_id, k.callable, k.last_held_at) IS DISTINCT FROM (
    c.account_id, c.relationship = 'active' AND NOT c.do_not_contact,
    (SELECT max(a.at) FROM activities a WHERE a.type = 'call' AND a.status = 'held' AND (a.contact_id = c.id
        OR EXISTS (SELECT FROM activity_contacts p WHERE p.activity_id = a.id AND p.contact_id = c.id))))
UNION ALL
SELECT 'account', k.account_id FROM account_calls k FULL JOIN accounts c ON c.id = k.account_id
WHERE (k.account_id, k.last_held_at) IS DISTINCT FROM (c.id,
    (SELECT max(a.at) FROM activities a WHERE a.type = 'call' AND a.status = 'held' AND a.account_id = c.id))
"""


async def differences(session: AsyncSession) -> list[Any]:
    """Whose stored state is not what it should be."""
    return list((await session.execute(text(DIFFERENT))).all())


@pytest.mark.rule("CALL-5")
@pytest.mark.parametrize("seed", [1, 2])
async def test_what_is_kept_is_what_a_plain_query_says(session: AsyncSession, seed: int) -> None:
    chance = random.Random(seed)
    user = await make_user(session, "rm")
    accounts = [await make_account(session, user) for _ in range(3)]
    people = [await make_contact(session, user, chance.choice(accounts)) for _ in range(6)]
    calls: list[Any] = []

    async def run(statement: Any) -> None:
        plain = statement.execution_options(synchronize_session=False)
        await session.execute(unscoped(plain, reason="a test's own records"))

    for _ in range(60):
        person, account = chance.choice(people), chance.choice(accounts)
        call = chance.choice(calls) if calls else None
        match chance.randrange(9):
            case 0 | 1:
                status = chance.choice(["held", "held", "planned"])
                at = NOON.replace(hour=chance.randrange(24), minute=chance.randrange(60))
                about = {"contact_id": person.id, "account_id": account.id}
                calls.append((await make_activity(session, user, "call", status=status, at=at, **about)).id)
            case 2 if call:
                await run(
                    update(Activity).where(Activity.id == call).values(status=chance.choice(["held", "cancelled"]))
                )
            case 3 if call:
                await run(update(Activity).where(Activity.id == call).values(contact_id=person.id))
            case 4 if call:
                session.add(ActivityContact(activity_id=call, contact_id=person.id))
                await session.flush()
            case 5:
                of = select(Activity.id).where(Activity.account_id == account.id).scalar_subquery()
                await run(delete(ActivityContact).where(ActivityContact.activity_id.in_(of)))
            case 6 if call:
                calls.remove(call)
                await run(delete(Activity).where(Activity.id == call))
            case 7:
                values = {"do_not_contact": chance.random() < 0.5, "account_id": account.id}
                await run(update(Contact).where(Contact.id == person.id).values(values))
            case _:  # many at once, as a merge moves them
                old = update(Activity).where(Activity.account_id == account.id)
                await run(old.values(account_id=chance.choice(accounts).id, starts_at=NOON))
        assert await differences(session) == []
    assert calls


@pytest.mark.rule("CALL-5")
async def test_merging_and_its_undoing_keep_it_right(api: Api, session: AsyncSession) -> None:
    admin = await make_user(session, "admin")
    client = await api.as_user(admin)
    accounts = [await make_account(session, admin) for _ in range(2)]
    winner, loser = [await make_contact(session, admin, account) for account in accounts]
    await make_activity(session, admin, "call", contact_id=loser.id, account_id=accounts[1].id)
    for kind, records in (("contact", (winner, loser)), ("account", accounts)):
        ids = [str(record.id) for record in records]
        versions = {id_: (await client.get(f"/v1/{kind}s/{id_}")).json()["version"] for id_ in ids}
        body = {"record_type": kind, "record_ids": ids, "winner_id": ids[0], "versions": versions}
        merged = await client.post("/v1/merges", json=body)
        assert merged.status_code == 201, merged.text
        assert await differences(session) == []
        kept = text(f"SELECT last_held_at FROM {kind}_calls WHERE {kind}_id = :id")
        assert (await session.execute(kept, {"id": records[0].id})).scalar_one() == NOON
        undone = await client.post(f"/v1/merges/{merged.json()['id']}/undo", json={})
        assert undone.status_code == 200, undone.text
        assert await differences(session) == []
        assert (await session.execute(kept, {"id": records[0].id})).scalar_one() is None
    departed = await client.post(f"/v1/contacts/{winner.id}/departure", json={"relationship": "left"})
    assert departed.status_code == 201, departed.text
    assert await differences(session) == []
