"""The delta feed: what a client is told, and that nothing is lost (SYNC-2)."""

import pytest

from tests.factories import make_account, make_contact
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
