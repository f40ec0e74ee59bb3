"""Undoing a merge: the whole database is as it was, but for the history; what was entered since stays (DUP-8)."""

import random
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.activities.models import Activity
from app.core.db import new_id
from app.core.principal import SystemPrincipal
from app.identity.models import User
from app.indexing import ALL_TYPES
from app.leads.models import Lead
from app.locks.models import LeadLock
from app.merges.jobs import forget
from app.merges.loading import MODELS, reindex
from app.messages.models import Message
from app.projects.models import PROTECTION_PROJECT_ID
from tests.conftest import Api, Contexts
from tests.factories import make_account, make_contact, make_opportunity, make_user
from tests.merges.support import entangle, merged

pytestmark = pytest.mark.asyncio(loop_scope="session")

HISTORY = {"change_log", "outbox", "idempotency_keys", "merges", "merge_moves", "device_sessions", "party", "party_key"}
"""Tables that tell what happened, or are made of the others (looked at below)."""


async def picture(session: AsyncSession) -> dict[str, set[str]]:
    """Every row of every table, but for versions and times of change; and the duplicate index by record."""
    tables = await session.execute(
        text(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND NOT relispartition"
        )
    )
    seen: dict[str, set[str]] = {}
    for table in sorted(set(tables.scalars()) - HISTORY):
        rows = await session.execute(
            text(f"SELECT (to_jsonb(t) - '{{version,updated_at}}'::text[])::text FROM {table} t")
        )
        seen[table] = set(rows.scalars())
    seen["notifications"] = {row for row in seen["notifications"] if '"records_merged"' not in row}
    index = await session.execute(
        text(
            "SELECT record_id::text || dump::text || (SELECT array_agg(key ORDER BY key)::text FROM party_key "
            "WHERE party_id = party.id) FROM party"
        )
    )
    seen["party"] = set(index.scalars())
    return seen


def differing(before: dict[str, set[str]], after: dict[str, set[str]]) -> dict[str, tuple[set[str], set[str]]]:
    return {t: (before[t] - after[t], after[t] - before[t]) for t in before if before[t] != after[t]}


async def define_fields(session: AsyncSession) -> None:
    """Custom fields of all kinds of records; one of them is not used any more."""
    await session.execute(
        text(
            "INSERT INTO custom_fields (id, record_type, key, kind, label_de, label_en, position, retired_at) "
            "SELECT gen_random_uuid(), t, k, kind, k, k, 1, CASE k WHEN 'gone' THEN now() END "
            "FROM unnest(ARRAY['lead', 'account', 'contact']) AS t, (VALUES ('size', 'number'), ('levels', 'multi_choice'), "
            "('gone', 'text'), ('at', 'date')) AS f(k, kind) ON CONFLICT DO NOTHING"
        )
    )


async def populate(
    session: AsyncSession, contexts: Contexts, eva: User, chance: random.Random, kind: str
) -> list[UUID]:
    """Two to four records of the kind with whatever may hang on them; the first is to win."""

    def some(*values: Any) -> Any:
        return chance.choice([None, *values])

    def custom() -> dict[str, Any]:
        values = {
            "size": some(1, 2.5), "levels": some(["gold"], ["gold", "tin"]), "gone": some("alt"), "at": some("2026-03-02"),
        }  # fmt: skip
        return {key: value for key, value in values.items() if value is not None}

    await define_fields(session)
    accounts = [
        await make_account(
            session, eva, custom=custom(), name=chance.choice(["Huber Bau GmbH", "Hueber Bau"]), phone=some("+43 1 1", "+43 1 2"),
            description=some("eins", "zwei"), street=some("Hauptstraße 1"), postal_code=some("4020", "4600"),
            expected_revenue_amount=(amount := some(Decimal("10.00"))), expected_revenue_currency="EUR" if amount else None,
        )
        for _ in range(chance.randint(2, 4))
    ]  # fmt: skip
    leads = []
    for number in range(chance.randint(2, 4)):
        lead = Lead(
            project_id=PROTECTION_PROJECT_ID, status="new", visibility="all", name="Huber Bau", assignee_id=eva.id,
            city=some("Linz", "Wels"), phone=some("+43 1 1"), description=some("eins", "zwei"), created_by=eva.id,
            custom=custom(),
        )  # fmt: skip
        converted = number == 0 and chance.random() < 0.3
        if converted:
            lead.phase, lead.status, lead.converted_at = "converted", "converted", datetime.now(UTC)
            lead.account_id = accounts[0].id
        session.add(lead)
        await session.flush()
        # A converted winner has a lock: an open lead's may not come to stand on it.
        if converted or chance.random() < 0.5:
            session.add(
                LeadLock(
                    lead_id=lead.id, project_id=lead.project_id, holder_id=eva.id, visibility="all", customer_name=lead.name,
                    state="pending", created_at=datetime.now(UTC),
                )
            )  # fmt: skip
        leads.append(lead)
    contacts = [
        await make_contact(
            session, eva, chance.choice([None, *accounts]), custom=custom(), last_name="Huber", email=some("a@firma.at", "b@firma.at"),
            erp_id=f"K{uuid4()}" if chance.random() < 0.3 else None, lead_id=chance.choice([None, leads[0].id]),
        )
        for number in range(chance.randint(2, 4))
    ]  # fmt: skip
    everything = {"account": accounts, "lead": leads, "contact": contacts}
    await entangle(session, chance, accounts, contacts, leads)
    for _ in range(chance.randint(0, 8)):
        account, contact, lead = (
            chance.choice(accounts),
            chance.choice([None, *contacts]),
            chance.choice([None, *leads]),
        )
        what = chance.choice(["opportunity", "activity", "message", "dismissal"])
        if what == "opportunity":
            await make_opportunity(
                session, eva, account, contact_id=contact.id if contact else None, lead_id=lead.id if lead else None
            )
        elif what == "activity":
            session.add(
                Activity(
                    type="note", status="done", subject="Notiz",
                    account_id=account.id, contact_id=contact.id if contact else None,
                    lead_id=lead.id if lead else None, assignee_id=eva.id,
                )
            )  # fmt: skip
        elif what == "message":
            on, id_ = chance.choice(list(ALL_TYPES)), new_id()
            about = {"record_type": on, "record_id": chance.choice(everything[on]).id}
            session.add(Message(id=id_, thread_id=id_, kind="text", subject="Hallo", body="…", **about))
        else:
            one, two = (
                (on, chance.choice(everything[on]).id) for on in (chance.choice(ALL_TYPES), chance.choice(ALL_TYPES))
            )
            if one != two:
                first, second = sorted((one, two))
                await session.execute(
                    text(
                        "INSERT INTO duplicate_dismissals (id, first_type, first_id, second_type, second_id) "
                        "VALUES (gen_random_uuid(), :a, :b, :c, :d) ON CONFLICT DO NOTHING"
                    ),
                    {"a": first[0], "b": first[1], "c": second[0], "d": second[1]},
                )
    await session.commit()
    async with contexts.of(SystemPrincipal("test")) as ctx:
        for on, model in MODELS.items():
            for record in everything[on]:
                await reindex(ctx, await ctx.load(model, record.id))
    if kind == "contact":
        contacts.sort(key=lambda one: one.erp_id is None)
    return [record.id for record in everything[kind]]


@pytest.mark.rule("DUP-8")
@given(seed=st.integers(0, 1 << 32), kind=st.sampled_from(ALL_TYPES))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_merging_and_undoing_is_the_identity(
    api: Api, session: AsyncSession, contexts: Contexts, seed: int, kind: str
) -> None:
    chance = random.Random(seed)
    eva = await make_user(session, "developer", "rm")
    client = await api.as_user(eva)
    # The customers of the examples before are other people's, and would forbid the merge.
    await session.execute(text("DELETE FROM party_key"))
    await session.execute(text("DELETE FROM party"))
    ids = await populate(session, contexts, eva, chance, kind)
    before = await picture(session)
    await session.commit()
    done = []
    # Two into one, and that one, or its fellow, with a third: undone in the reverse order.
    for group in [ids[:2], ids[:1] + ids[2:]] if len(ids) > 2 and chance.random() < 0.5 else [ids]:
        answer = await merged(client, kind, group)
        assert answer.status_code == 201, answer.text
        done.append(answer.json())
    for loser in ids[1:]:
        gone = await client.get(f"/v1/{kind}s/{loser}")
        assert gone.status_code == 308 and gone.headers["Location"] == f"/v1/{kind}s/{ids[0]}"
    await session.commit()
    assert differing(before, await picture(session))
    for merge in reversed(done):
        undone = await client.post(f"/v1/merges/{merge['id']}/undo")
        assert undone.status_code == 200, undone.text
        assert undone.json()["kept"] == [] and undone.json()["state"] == "undone"
    await session.commit()
    assert differing(before, await picture(session)) == {}


@pytest.mark.rule("DUP-8")
async def test_what_was_entered_or_changed_since_stays_and_is_told(api: Api, session: AsyncSession) -> None:
    eva, max_ = await make_user(session), await make_user(session)
    a = await make_account(session, eva)
    b = await make_account(session, eva, phone="+43 1 1", description="zwei", team_ids=[max_.default_team_id])
    client = await api.as_user(eva)
    moved = await make_opportunity(session, eva, b)
    changed = await make_contact(session, eva, b)
    done = (await merged(client, "account", [a.id, b.id])).json()
    added = await make_opportunity(session, eva, a)
    got = await client.get(f"/v1/accounts/{a.id}")
    patch = {"phone": "+43 1 9", "manager_ids": [str(max_.id)]}
    assert (
        await client.patch(f"/v1/accounts/{a.id}", json=patch, headers={"If-Match": got.headers["ETag"]})
    ).status_code == 200
    contact = await client.get(f"/v1/contacts/{changed.id}")
    answer = await client.patch(
        f"/v1/contacts/{changed.id}", json={"account_id": None}, headers={"If-Match": contact.headers["ETag"]}
    )
    assert answer.status_code == 200, answer.text
    undone = await client.post(f"/v1/merges/{done['id']}/undo")
    assert undone.status_code == 200, undone.text
    assert undone.json()["kept"] == [
        {"kind": "field", "field": "phone", "record_id": str(a.id), "reason": "changed"},
        {"kind": "contacts", "field": None, "record_id": str(changed.id), "reason": "changed"},
    ]
    winner = (await client.get(f"/v1/accounts/{a.id}")).json()
    assert winner["phone"] == "+43 1 9" and winner["description"] is None
    assert winner["manager_ids"] == [str(max_.id)] and winner["team_ids"] == [str(eva.default_team_id)]
    loser = (await client.get(f"/v1/accounts/{b.id}")).json()
    assert loser["phone"] == "+43 1 1" and loser["version"] == 2
    for chance, owner in ((moved, b), (added, a)):
        assert (await client.get(f"/v1/opportunities/{chance.id}")).json()["account"]["id"] == str(owner.id)


@pytest.mark.rule("DUP-8")
async def test_who_left_the_winner_by_the_merge_comes_back_and_what_is_as_it_was_is_not_told(
    api: Api, session: AsyncSession
) -> None:
    eva, max_, ida = [await make_user(session) for _ in range(3)]
    a = await make_account(session, max_, manager_ids=[eva.id])
    b = await make_account(session, eva, phone="+43 1 1")
    client = await api.as_user(eva)
    done = (await merged(client, "account", [a.id, b.id], fields={"assignee_id": str(b.id)})).json()
    got = await client.get(f"/v1/accounts/{a.id}")
    assert got.json()["manager_ids"] == [str(max_.id)] and got.json()["assignee"]["id"] == str(eva.id)
    patch = {"manager_ids": [str(max_.id), str(ida.id)], "phone": None}
    answer = await client.patch(f"/v1/accounts/{a.id}", json=patch, headers={"If-Match": got.headers["ETag"]})
    assert answer.status_code == 200, answer.text
    undone = await client.post(f"/v1/merges/{done['id']}/undo")
    assert undone.status_code == 200 and undone.json()["kept"] == [], undone.text
    back = (await client.get(f"/v1/accounts/{a.id}")).json()
    assert back["assignee"]["id"] == str(max_.id) and back["phone"] is None
    assert set(back["manager_ids"]) == {str(eva.id), str(ida.id)}


@pytest.mark.rule("DUP-8")
async def test_merges_of_a_contact_and_of_its_account_are_undone_in_any_order_without_loss(
    api: Api, session: AsyncSession
) -> None:
    eva = await make_user(session)
    client = await api.as_user(eva)
    a, b, c = [await make_account(session, eva) for _ in range(3)]
    x, y = await make_contact(session, eva, b), await make_contact(session, eva, a)

    async def undone(merge: dict[str, Any]) -> Any:
        return await client.post(f"/v1/merges/{merge['id']}/undo")

    # First the contact's merge, though its account went twice since: it comes back with each step.
    people = (await merged(client, "contact", [y.id, x.id])).json()
    chain = [(await merged(client, "account", ids)).json() for ids in ([a.id, b.id], [c.id, a.id])]
    gone = {"kind": "field", "field": "account_id", "record_id": str(x.id), "reason": "gone"}
    assert (await undone(people)).json()["kept"] == [gone]
    for merge, now in ((None, c), (chain[1], a), (chain[0], b)):
        if merge is not None:
            assert (await undone(merge)).json()["kept"] == []
        assert (await client.get(f"/v1/contacts/{x.id}")).json()["account"]["id"] == str(now.id)
    # The account's merge came first: the contact's later one stands on it.
    firms = (await merged(client, "account", [a.id, b.id])).json()
    people = (await merged(client, "contact", [y.id, x.id])).json()
    refused = await undone(firms)
    assert refused.status_code == 409 and refused.json()["code"] == "later_merge"
    assert refused.json()["merge_id"] == people["id"]
    for merge in (people, firms):
        assert (await undone(merge)).json()["kept"] == []
    assert (await client.get(f"/v1/contacts/{x.id}")).json()["account"]["id"] == str(b.id)


@pytest.mark.rule("DUP-5")
async def test_a_task_for_the_erp_goes_with_the_undo_unless_somebody_has_touched_it(
    api: Api, session: AsyncSession
) -> None:
    eva = await make_user(session)
    client = await api.as_user(eva)
    a, b, c = [await make_contact(session, eva, erp_id=f"K-{number}") for number in range(3)]
    merges = [(await merged(client, "contact", ids)).json() for ids in ([a.id, b.id], [c.id, a.id])]
    for merge in reversed(merges):
        assert (await client.post(f"/v1/merges/{merge['id']}/undo")).json()["kept"] == []
    assert (await client.get("/v1/activities")).json()["items"] == []
    again = (await merged(client, "contact", [a.id, b.id])).json()
    (task,) = (await client.get("/v1/activities")).json()["items"]
    url = f"/v1/activities/{task['id']}"
    done = await client.patch(url, json={"status": "done"}, headers={"If-Match": f'"{task["version"]}"'})
    assert done.status_code == 200, done.text
    kept = (await client.post(f"/v1/merges/{again['id']}/undo")).json()["kept"]
    assert kept == [{"kind": "activities", "field": None, "record_id": task["id"], "reason": "changed"}]


@pytest.mark.rule("DUP-8")
async def test_an_undo_that_cannot_be_is_a_clear_conflict(api: Api, session: AsyncSession, contexts: Contexts) -> None:
    eva, ida = await make_user(session), await make_user(session)
    a, b, c, d = [await make_contact(session, eva) for _ in range(4)]
    client = await api.as_user(eva)
    first = (await merged(client, "contact", [b.id, a.id])).json()
    second = (await merged(client, "contact", [c.id, b.id])).json()
    assert (await client.get(f"/v1/contacts/{a.id}")).headers["Location"] == f"/v1/contacts/{c.id}"
    for record in (a, b):
        assert [i["id"] for i in (await client.get("/v1/merges", params={"record_id": str(record.id)})).json()["items"]]
    below = await client.post(f"/v1/merges/{first['id']}/undo")
    assert below.status_code == 409 and below.json()["code"] == "later_merge"
    assert below.json()["merge_id"] == second["id"]
    assert (await (await api.as_user(ida)).post(f"/v1/merges/{second['id']}/undo")).status_code == 404
    assert (await client.post(f"/v1/merges/{second['id']}/undo")).status_code == 200
    again = await client.post(f"/v1/merges/{second['id']}/undo")
    assert again.status_code == 409 and again.json()["code"] == "already_undone"
    assert (await client.get(f"/v1/contacts/{a.id}")).headers["Location"] == f"/v1/contacts/{b.id}"
    gone = (await merged(client, "contact", [c.id, d.id])).json()
    await session.execute(text("DELETE FROM contacts WHERE id = :id"), {"id": c.id})
    await session.execute(
        text("UPDATE merges SET created_at = created_at - interval '31 days' WHERE id = :id"), {"id": first["id"]}
    )
    await session.commit()
    assert (await client.post(f"/v1/merges/{gone['id']}/undo")).json()["code"] == "winner_gone"
    late = await client.post(f"/v1/merges/{first['id']}/undo")
    assert late.status_code == 409 and late.json()["code"] == "undo_too_late"
    async with contexts.of(SystemPrincipal("merges.forget")) as ctx:
        await forget(ctx, {})
    left = await session.execute(text("SELECT undo IS NULL, (SELECT count(*) FROM merge_moves WHERE merge_id = merges.id) "
                                      "FROM merges WHERE id = :id"), {"id": first["id"]})  # fmt: skip
    assert left.one() == (True, 0)
    assert not (await client.get(f"/v1/merges/{first['id']}")).json()["undoable"]
