"""Changes that stand in other tables than the record's own are told with it (SYNC-2)."""

from uuid import uuid4

import orjson
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.permissions import Permission
from app.core.principal import UserPrincipal
from app.sync import feed
from app.sync.schemas import SyncQuery
from tests.conftest import Contexts
from tests.factories import make_account, make_contact, make_user
from tests.sync.conftest import World

pytestmark = pytest.mark.rule("SYNC-2")


@pytest.mark.rule("VISIT-1")
async def test_an_amendment_is_told_with_its_report(world: World) -> None:
    _, team = await world.centre()
    tom = await world.technician(team)
    report = await world.activity("visit_report", tom, tom, team_ids=[team.id])
    device = await world.device(tom)
    await device.sync()
    amended = await device.client.post(f"/v1/activities/{report.id}/amendments", json={"text": "Er heißt Berger."})
    assert amended.status_code == 201, amended.text
    await device.sync()
    assert device.held["activity", str(report.id)] == amended.json()


@pytest.mark.rule("ACC-3")
async def test_contacts_follow_the_industry_of_their_account(world: World) -> None:
    centre, team = await world.centre()
    eva, tom = await world.manager(team), await world.technician(team)
    account = await make_account(world.session, eva, centre_id=centre.id, team_ids=[team.id])
    person = await make_contact(world.session, eva, account, team_ids=[team.id])
    device = await world.device(tom)
    await device.sync()
    await world.sql("UPDATE accounts SET industry = 'Bau' WHERE id = $1", account.id)
    await device.sync()
    assert device.told(person.id) == [("upsert", None)]
    assert device.held["contact", str(person.id)]["industry"] == "Bau"


async def test_only_the_feed_itself_is_read_without_sorting(contexts: Contexts, session: AsyncSession) -> None:
    user = await make_user(session, "rm")
    may = frozenset({Permission.ACCOUNTS_READ})
    async with contexts.of(UserPrincipal(user.id, user.user_name, user.name, uuid4(), may, ())) as ctx:
        token = None
        for _ in range(2):
            page = orjson.loads(await feed.read(ctx, SyncQuery(token=token)))
            token = page["next_token"]
        assert page["reset"] is False
        assert (await ctx.session.execute(text("SHOW enable_sort"))).scalar_one() == "on"
