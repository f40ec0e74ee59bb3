"""The delta feed: what a client is told, and that nothing is lost (SYNC-2)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from app.contacts.models import AccountContact
from app.settings import Settings
from app.sync import tokens
from tests.factories import make_account, make_contact, make_team
from tests.sync.conftest import World

pytestmark = pytest.mark.rule("SYNC-2")


async def test_a_snapshot_then_what_has_changed(world: World) -> None:
    centre, team = await world.centre()
    eva, tom = await world.manager(team), await world.technician(team)
    accounts = [await make_account(world.session, eva, centre_id=centre.id, team_ids=[team.id]) for _ in range(5)]
    people = [await make_contact(world.session, eva, one, team_ids=[team.id]) for one in accounts]
    elsewhere = await make_account(world.session, eva, team_ids=[team.id])
    device = await world.device(tom, limit="3")
    await device.sync()
    assert device.ids("account") == {one.id for one in accounts}
    assert device.ids("contact") == {one.id for one in people}
    single = await device.client.get(f"/v1/accounts/{accounts[0].id}")
    assert device.held["account", str(accounts[0].id)] == single.json()

    assert await device.sync() == []
    await world.sql("UPDATE accounts SET description = 'neu' WHERE id = any($1)", [accounts[0].id, elsewhere.id])
    await device.sync()
    assert [(one["op"], one["id"], one["version"]) for one in device.changes] == [("upsert", str(accounts[0].id), 2)]


async def test_everything_of_the_technician_and_nothing_else(world: World) -> None:
    centre, team = await world.centre()
    eva, tom = await world.manager(team), await world.technician(team)
    mine, seen = {"centre_id": centre.id, "team_ids": [team.id]}, {"team_ids": [team.id]}
    account = await make_account(world.session, eva, **mine)
    hidden = await make_account(world.session, eva, centre_id=centre.id)
    other = await make_account(world.session, eva, **seen)
    there = await make_contact(world.session, eva, account, **seen)
    further = await make_contact(world.session, eva, other, **seen)
    await make_contact(world.session, eva, other, **seen)
    await make_contact(world.session, eva, account)
    await make_contact(world.session, eva, hidden, **seen)
    alone = await make_contact(world.session, tom)
    world.session.add(AccountContact(account_id=account.id, contact_id=further.id, relation="owner"))
    task = await world.activity("task", tom, eva, account)
    await world.activity("task", tom, eva, account, status="done")
    await world.activity("task", eva, tom, account)
    report = await world.activity("visit_report", tom, tom, account)
    await world.activity("visit_report", tom, tom, account, starts_at=datetime.now(UTC) - timedelta(days=100))
    await world.activity("visit_report", eva, eva, account)
    device = await world.device(tom)
    await device.sync()
    assert device.ids("account") == {account.id}
    assert device.ids("contact") == {there.id, further.id, alone.id}
    assert device.ids("activity") == {task.id, report.id}
    assert device.ids("lead") == set()


async def test_without_a_centre_those_of_the_team(world: World) -> None:
    team = await make_team(world.session)
    eva, tom = await world.manager(team), await world.technician(team)
    ours = await make_account(world.session, eva, team_ids=[team.id])
    own = await make_account(world.session, tom)
    await make_account(world.session, eva, access="public_read")
    device = await world.device(tom)
    await device.sync()
    assert device.ids("account") == {ours.id, own.id}


async def test_a_late_commit_is_not_passed_over(world: World) -> None:
    centre, team = await world.centre()
    eva, tom = await world.manager(team), await world.technician(team)
    early, late = [await make_account(world.session, eva, centre_id=centre.id, team_ids=[team.id]) for _ in range(2)]
    device = await world.device(tom)
    slow, quick = [await asyncpg.connect(world.url) for _ in range(2)]
    change = "UPDATE accounts SET description = 'x' WHERE id = $1"
    try:
        transaction = slow.transaction()
        await transaction.start()
        await slow.execute(change, early.id)
        device.quiet = None
        await device.sync()  # the snapshot begins while an older transaction is open
        await quick.execute(change, late.id)
        await device.sync()
        assert not device.told(late.id), "it waits for the older one"
        await transaction.commit()
    finally:
        await slow.close()
        await quick.close()
    device.quiet = world.quiet
    await device.sync()
    assert [id_ for id_ in (early.id, late.id) if device.told(id_) == [("upsert", None)]] == [early.id, late.id]
    assert all(one["description"] == "x" for (type_, _), one in device.held.items() if type_ == "account")


async def test_what_changes_during_the_snapshot_comes_after_it(world: World) -> None:
    centre, team = await world.centre()
    eva, tom = await world.manager(team), await world.technician(team)
    accounts = [await make_account(world.session, eva, centre_id=centre.id, team_ids=[team.id]) for _ in range(4)]
    device = await world.device(tom, limit="2", types="account")
    await device.page()
    first = {one.id for one in accounts} & device.ids("account")
    await world.sql("UPDATE accounts SET team_ids = '{}' WHERE id = any($1)", list(first))
    new = await make_account(world.session, eva, centre_id=centre.id, team_ids=[team.id], id=UUID(int=7))
    await device.sync()
    assert device.ids("account") == {one.id for one in accounts} - first | {new.id}


async def test_pages_of_changes_lose_nothing_between_them(world: World) -> None:
    centre, team = await world.centre()
    eva, tom = await world.manager(team), await world.technician(team)
    accounts = [await make_account(world.session, eva, centre_id=centre.id, team_ids=[team.id]) for _ in range(4)]
    people = [await make_contact(world.session, eva, accounts[0], team_ids=[team.id]) for _ in range(3)]
    device = await world.device(tom)
    for limit in (1, 2, 3):
        device.query = {}
        await device.sync()
        device.query = {"limit": str(limit)}
        for one in accounts:
            await world.sql("UPDATE accounts SET description = $2, access = $3 WHERE id = $1", one.id, *ACCESS[limit])
        await device.sync()
        told = {one["id"]: one["data"] for one in device.changes}
        assert [told[str(one.id)]["description"] for one in accounts] == [ACCESS[limit][0]] * 4
        everybody = [one.id for one in accounts] + [one.id for one in people]
        assert told.keys() == {str(id_) for id_ in everybody}, "contacts are looked at with their account"


ACCESS = {1: ("eins", "public_read"), 2: ("zwei", "managers"), 3: ("drei", "public_write")}


async def test_lost_access_and_left_set(world: World) -> None:
    centre, team = await world.centre()
    away, _ = await world.centre()
    eva, tom = await world.manager(team), await world.technician(team)
    mine = {"centre_id": centre.id, "team_ids": [team.id]}
    closed, moved, both = [await make_account(world.session, eva, **mine) for _ in range(3)]
    people = [await make_contact(world.session, eva, one, team_ids=[team.id]) for one in (closed, moved, both)]
    task = await world.activity("task", tom, eva, closed, team_ids=[team.id])
    device = await world.device(tom)
    await device.sync()
    await world.sql("UPDATE accounts SET team_ids = '{}' WHERE id = $1", closed.id)
    await world.sql("UPDATE accounts SET centre_id = $2 WHERE id = $1", moved.id, away.id)
    await world.sql("UPDATE accounts SET centre_id = $2 WHERE id = $1", both.id, away.id)
    await world.sql("UPDATE accounts SET team_ids = '{}' WHERE id = $1", both.id)
    await world.sql("UPDATE activities SET status = 'done' WHERE id = $1", task.id)
    await device.sync()
    assert device.held == {}
    assert device.told(closed.id) == [("remove", "lost_access")]
    assert device.told(moved.id) == [("remove", "left_set")]
    assert device.told(both.id) == [("remove", "lost_access")]
    assert device.told(task.id) == [("remove", "left_set")]
    assert [device.told(one.id) for one in people] == [[("remove", "left_set")]] * 3, "they go with their account"
    assert all(one["data"] is None and one["version"] is None for one in device.changes)
    await world.sql("UPDATE accounts SET centre_id = $2 WHERE id = $1", moved.id, centre.id)
    await device.sync()
    assert device.ids("account") == {moved.id}
    assert device.ids("contact") == {people[1].id}, "and come back with it"


async def test_what_was_told_ahead_is_taken_back(world: World) -> None:
    """A record is told as it is, which may be newer than the client's place. If it is gone by the next time, the client hears it,
    although at its place the record was not yet the asker's.
    """
    centre, team = await world.centre()
    eva, tom = await world.manager(team), await world.technician(team)
    account = await make_account(world.session, eva, centre_id=centre.id)
    device = await world.device(tom)
    await device.sync()
    await world.sql("UPDATE accounts SET description = 'x' WHERE id = $1", account.id)
    slow = await asyncpg.connect(world.url)
    try:
        async with slow.transaction():
            await slow.execute("SELECT pg_current_xact_id()")  # holds the horizon
            device.quiet = None
            await world.sql("UPDATE accounts SET team_ids = $2 WHERE id = $1", account.id, [team.id])
            await device.sync()
            assert device.ids("account") == {account.id}
            await world.sql("UPDATE accounts SET team_ids = '{}' WHERE id = $1", account.id)
    finally:
        await slow.close()
    device.quiet = world.quiet
    await device.sync()
    assert device.told(account.id) == [("remove", "lost_access")]
    assert device.held == {}


async def test_never_a_word_of_what_was_never_seen(world: World) -> None:
    centre, team = await world.centre()
    away, theirs = await world.centre()
    eva, tom, ida = await world.manager(team), await world.technician(team), await world.technician(theirs)
    mine = {"centre_id": centre.id, "team_ids": [team.id]}
    account = await make_account(world.session, eva, **mine)
    contact = await make_contact(world.session, eva, account, team_ids=[team.id])
    here, there = await world.device(tom), await world.device(ida)
    await here.sync()
    await there.sync()
    task = await world.activity("task", tom, eva, account, team_ids=[team.id])
    await world.sql("UPDATE accounts SET description = 'geheim' WHERE id = $1", account.id)
    await world.sql("UPDATE accounts SET team_ids = '{}' WHERE id = $1", account.id)
    await world.sql("DELETE FROM activities WHERE id = $1", task.id)
    await world.sql("DELETE FROM contacts WHERE id = $1", contact.id)
    await world.sql("DELETE FROM accounts WHERE id = $1", account.id)
    hidden = await make_account(world.session, eva, centre_id=away.id)
    await world.sql("UPDATE accounts SET description = 'geheim' WHERE id = $1", hidden.id)
    await world.sql("DELETE FROM accounts WHERE id = $1", hidden.id)
    assert await there.sync() == []
    await here.sync()
    assert {(one["id"], one["op"], one.get("reason")) for one in here.changes} == {
        (str(id_), "remove", "deleted") for id_ in (account.id, contact.id, task.id)
    }
    stolen = await there.client.get("/v1/sync", params={"token": here.token or ""})
    assert (stolen.status_code, stolen.json()["code"]) == (410, "sync_token_expired")


async def test_a_change_of_teams_or_permissions_begins_anew(world: World) -> None:
    centre, team = await world.centre()
    other, further = await world.centre()
    eva, tom = await world.manager(team), await world.technician(team)
    account = await make_account(world.session, eva, centre_id=centre.id, team_ids=[team.id])
    second = await make_account(world.session, eva, centre_id=other.id, team_ids=[further.id])
    device = await world.device(tom)
    await device.sync()
    await world.join(further, tom)
    assert (await device.page())["reset"] is True
    await device.sync()
    assert device.ids("account") == {account.id, second.id}
    await world.sql("DELETE FROM team_members WHERE user_id = $1 AND team_id = $2", tom.id, team.id)
    assert (await device.page())["reset"] is True
    await device.sync()
    assert device.ids("account") == {second.id}
    await world.sql(
        "INSERT INTO roles (id, key, label_de, label_en, permissions) VALUES ($1, $2, 'x', 'x', '{leads.read}')",
        role := uuid4(),
        f"r{role.hex[:8]}",
    )
    await world.sql("UPDATE user_roles SET role_id = $2 WHERE user_id = $1", tom.id, role)
    assert (await device.page())["reset"] is True
    assert device.held == {}
    refused = await device.client.get("/v1/sync", params={"types": "account,contact"})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


async def test_merges_and_their_undoing(world: World) -> None:
    centre, team = await world.centre()
    eva, tom = await world.manager(team), await world.technician(team)
    winner, loser = [await make_account(world.session, eva, centre_id=centre.id, team_ids=[team.id]) for _ in range(2)]
    contact = await make_contact(world.session, eva, loser, team_ids=[team.id])
    device, desk = await world.device(tom), await world.client(eva)
    await device.sync()
    ids = [str(winner.id), str(loser.id)]
    body = {"record_type": "account", "record_ids": ids, "winner_id": ids[0], "versions": dict.fromkeys(ids, 1)}
    merge = await desk.post("/v1/merges", json=body)
    assert merge.status_code == 201, merge.text
    await device.sync()
    (gone,) = [one for one in device.changes if one["id"] == ids[1]]
    assert (gone["op"], gone["winner_id"], gone["data"]) == ("merged", ids[0], None)
    assert device.held["contact", str(contact.id)]["account"]["id"] == ids[0]
    undone = await desk.post(f"/v1/merges/{merge.json()['id']}/undo")
    assert undone.status_code == 200, undone.text
    await device.sync()
    assert device.ids("account") == {winner.id, loser.id}
    assert device.held["account", ids[1]] == (await desk.get(f"/v1/accounts/{ids[1]}")).json()
    assert device.held["contact", str(contact.id)]["account"]["id"] == ids[1]


async def test_a_merge_into_what_is_hidden_is_a_deletion(world: World) -> None:
    centre, team = await world.centre()
    eva, tom = await world.manager(team), await world.technician(team)
    winner = await make_account(world.session, eva)
    loser = await make_account(world.session, eva, centre_id=centre.id, team_ids=[team.id])
    device = await world.device(tom)
    await device.sync()
    await world.sql("DELETE FROM accounts WHERE id = $1", loser.id)
    await world.sql(
        "INSERT INTO record_redirects (loser_id, record_type, winner_id, merge_id) VALUES ($1, 'account', $2, $3)",
        *(loser.id, winner.id, uuid4()),
    )
    await device.sync()
    assert device.told(loser.id) == [("remove", "deleted")]
    assert str(winner.id) not in str(device.changes)


async def test_old_foreign_and_restored_tokens_are_gone(world: World, settings: Settings) -> None:
    _, team = await world.centre()
    tom = await world.technician(team)
    device = await world.device(tom)
    await device.sync()

    async def code(token: str | None) -> tuple[int, str | None]:
        answer = await device.client.get("/v1/sync", params={"token": token or ""})
        return answer.status_code, answer.json().get("code")

    gone = (410, "sync_token_expired")
    assert (await code(device.token))[0] == 200
    assert await code("Zm9yZ2Vk") == gone
    ctx: Any = SimpleNamespace(user=SimpleNamespace(user_id=tom.id), settings=settings)
    now = datetime.now(UTC)
    place = tokens.unseal(ctx, device.token or "", now)
    assert await code(tokens.seal(ctx, replace(place, at=now - timedelta(days=89)))) == (200, None)
    assert await code(tokens.seal(ctx, replace(place, at=now - timedelta(days=91)))) == gone
    ahead = int((await world.sql("SELECT pg_snapshot_xmax(pg_current_snapshot())::text"))[0][0]) + 1000
    assert await code(tokens.seal(ctx, replace(place, xid=ahead))) == gone, "the files were put back"
    await world.sql("UPDATE sync_epochs SET id = gen_random_uuid()")
    assert await code(device.token) == gone


async def test_old_reports_leave(world: World, settings: Settings) -> None:
    _, team = await world.centre()
    tom = await world.technician(team)
    report = await world.activity("visit_report", tom, tom, starts_at=datetime.now(UTC) - timedelta(days=92))
    device = await world.device(tom)
    await device.sync()
    assert device.ids("activity") == set()
    ctx: Any = SimpleNamespace(user=SimpleNamespace(user_id=tom.id), settings=settings)
    place = tokens.unseal(ctx, device.token or "", datetime.now(UTC))
    device.token = tokens.seal(ctx, replace(place, since=place.since - timedelta(days=5)))
    await device.sync()
    assert device.told(report.id) == [("remove", "left_set")]
    assert await device.sync() == []


async def test_pages_are_compressed_for_who_takes_it(world: World) -> None:
    centre, team = await world.centre()
    eva, tom = await world.manager(team), await world.technician(team)
    await make_account(world.session, eva, centre_id=centre.id, team_ids=[team.id])
    client = await world.client(tom)
    packed = await client.get("/v1/sync", headers={"Accept-Encoding": "gzip"})
    plain = await client.get("/v1/sync", headers={"Accept-Encoding": "gzip;q=0, identity"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert packed.json()["changes"] == plain.json()["changes"]


async def test_only_the_kinds_that_are_asked_for(world: World) -> None:
    centre, team = await world.centre()
    eva, tom = await world.manager(team), await world.technician(team)
    account = await make_account(world.session, eva, centre_id=centre.id, team_ids=[team.id])
    await make_contact(world.session, eva, account, team_ids=[team.id])
    device = await world.device(tom, types="contact")
    await device.sync()
    assert {type_ for type_, _ in device.held} == {"contact"}
    device.query = {"types": "account"}
    assert (await device.page())["reset"] is True
    assert {type_ for type_, _ in device.held} == {"account"}
    unknown = await device.client.get("/v1/sync", params={"types": "account,opportunity"})
    assert unknown.json()["errors"][0]["pointer"] == "?types"


async def test_only_the_fields_that_are_asked_for(world: World) -> None:
    centre, team = await world.centre()
    eva, tom = await world.manager(team), await world.technician(team)
    account = await make_account(world.session, eva, centre_id=centre.id, team_ids=[team.id])
    device = await world.device(tom, types="account", account_fields="name,city")
    await device.sync()
    lean = {"name": account.name, "city": "Linz"}
    assert [(one["id"], one["version"], one["data"]) for one in device.changes] == [(str(account.id), 1, lean)]
    device.query = {"types": "account", "account_fields": "name"}
    assert (await device.page())["reset"] is True
    wrong = await device.client.get("/v1/sync", params={"contact_fields": "name"})
    assert wrong.json()["errors"][0]["pointer"] == "?contact_fields"
