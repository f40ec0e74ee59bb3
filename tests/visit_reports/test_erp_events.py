"""Who may follow events for the ERP (VISIT-3); what they say is shown by the real processes."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import new_id
from tests.conftest import Api
from tests.factories import make_user
from tests.visit_reports.scene import make_scene, report_of, sent
from tests.visit_reports.test_submit import events

pytestmark = pytest.mark.rule("VISIT-3")


async def test_only_who_connects_the_erp_reads_and_acknowledges(api: Api, session: AsyncSession) -> None:
    scene = await make_scene(api, session)
    await sent(scene.mst, report_of(scene.account.id))
    (event,) = await events(session)
    path = f"/v1/erp-events/{event.id}/acknowledge"
    for client in (scene.mst, scene.rm):
        assert (await client.get("/v1/erp-events")).status_code == 403
        assert (await client.post(path)).status_code == 403
    integration = await api.as_user(await make_user(session, "integration"))
    assert (await integration.get("/v1/erp-events")).status_code == 200
    assert (await integration.post(f"/v1/erp-events/{new_id()}/acknowledge")).status_code == 404
    first, again = [await integration.post(path) for _ in range(2)]
    assert first.status_code == 200 and first.json()["acknowledged_at"] is not None
    assert again.json() == first.json()


async def test_an_account_that_the_erp_does_not_know_waits(api: Api, session: AsyncSession) -> None:
    scene = await make_scene(api, session, erp_id=None)
    await sent(scene.mst, report_of(scene.account.id))
    (event,) = await events(session)
    assert event.acknowledged_at is None and event.account_id == scene.account.id
