"""Long work that somebody has asked for: who sees it, how it ends, and that a cancelled one stays cancelled."""

from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.principal import UserPrincipal
from app.identity.models import User
from app.jobs import service
from tests.conftest import Api, Contexts
from tests.factories import make_user

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def make_job(contexts: Contexts, user: User) -> UUID:
    principal = UserPrincipal(user.id, user.user_name, user.name, user.id, frozenset(), ())
    async with contexts.of(principal) as ctx:
        return await service.start(ctx, "duplicate_scan", result="/v1/duplicate-scans/{id}")


async def test_a_job_is_its_asker_s_and_the_administrators(api: Api, session: AsyncSession, contexts: Contexts) -> None:
    eva, max_, admin = [await make_user(session, role) for role in ("developer", "developer", "admin")]
    id_ = await make_job(contexts, eva)
    path = f"/v1/jobs/{id_}"
    shown = (await (await api.as_user(eva)).get(path)).json()
    assert shown["state"] == "queued" and shown["progress"] == {"done": 0, "total": None}
    assert shown["result_url"] == f"/v1/duplicate-scans/{id_}" and shown["created_by"] == str(eva.id)
    assert (await (await api.as_user(admin)).get(path)).status_code == 200
    stranger = await api.as_user(max_)
    assert (await stranger.get(path)).status_code == 404
    assert (await stranger.delete(path)).status_code == 404
    assert (await stranger.get("/v1/jobs")).json()["items"] == []
    listed = (await (await api.as_user(eva)).get("/v1/jobs", params={"state": "queued"})).json()["items"]
    assert [job["id"] for job in listed] == [str(id_)]


async def test_it_tells_how_far_it_is_and_how_it_ended(api: Api, session: AsyncSession, contexts: Contexts) -> None:
    user = await make_user(session, "developer")
    client = await api.as_user(user)
    done, failed = await make_job(contexts, user), await make_job(contexts, user)
    async with contexts.of() as ctx:
        assert await service.going_on(ctx, done) and await service.report(ctx, done, 3, 8)
    shown = (await client.get(f"/v1/jobs/{done}")).json()
    assert shown["state"] == "running" and shown["progress"] == {"done": 3, "total": 8} and shown["version"] > 1
    problem = {"code": "given_up", "detail": {"de": "Gescheitert.", "en": "Failed."}}
    async with contexts.of() as ctx:
        assert await service.end(ctx, done) and await service.end(ctx, failed, problem=problem)
    shown = (await client.get(f"/v1/jobs/{done}")).json()
    assert shown["state"] == "done" and shown["progress"] == {"done": 8, "total": 8} and shown["finished_at"]
    shown = (await client.get(f"/v1/jobs/{failed}")).json()
    assert shown["state"] == "failed" and shown["problem"] == problem
    items = (await client.get("/v1/notifications", params={"kind": "job_done"})).json()["items"]
    assert {(item["title"], item["record"]["id"]) for item in items} == {
        ("Duplicate scan: done", str(done)),
        ("Duplicate scan: failed", str(failed)),
    }


async def test_a_cancelled_job_is_over_for_its_steps_and_cannot_be_cancelled_again(
    api: Api, session: AsyncSession, contexts: Contexts
) -> None:
    user = await make_user(session, "developer")
    client = await api.as_user(user)
    id_ = await make_job(contexts, user)
    assert (await client.delete(f"/v1/jobs/{id_}")).status_code == 204
    again = await client.delete(f"/v1/jobs/{id_}")
    assert again.status_code == 409 and again.json()["code"] == "job_over"
    async with contexts.of() as ctx:
        assert not await service.going_on(ctx, id_)
        assert not await service.report(ctx, id_, 1, 2) and not await service.end(ctx, id_)
        assert await service.running(ctx, "duplicate_scan") == []
    assert (await client.get(f"/v1/jobs/{id_}")).json()["state"] == "cancelled"
