"""Administrators see what failed, and run it again."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import outbox
from tests.conftest import Api
from tests.factories import make_user

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def a_job(session: AsyncSession, **values: Any) -> int:
    now = datetime.now(UTC)
    made = {"job": "mail.send", "payload": {}, "actor": "system:test", "trace_id": "ab" * 16, "created_at": now}
    statement = insert(outbox.table).values(made | {"due_at": now} | values).returning(outbox.table.c.id)
    id_ = (await session.execute(statement)).scalar_one()
    await session.commit()
    return id_


async def test_what_was_given_up_is_shown_without_secrets_and_run_again(api: Api, session: AsyncSession) -> None:
    now = datetime.now(UTC)
    private = {"to": "eva@example.com", "text": "https://…#token=geheim", "subject": "s", "reset_id": "r"}
    dead = await a_job(session, dead_at=now, attempts=8, error="MailRefused: 550 no", payload=private)
    waiting = await a_job(session, due_at=now + timedelta(days=180), job="locks.expire", key="lock:1:end")
    done = await a_job(session, done_at=now)
    admin = await api.as_user(await make_user(session, "admin"))
    (shown,) = (await admin.get("/v1/background-jobs")).json()["items"]
    assert shown["id"] == dead and shown["state"] == "dead" and shown["error"] == "MailRefused: 550 no"
    assert shown["payload"] == {"reset_id": "r"} and shown["asked_by"] == "system:test"
    for state, id_ in (("open", waiting), ("done", done)):
        (item,) = (await admin.get("/v1/background-jobs", params={"state": state})).json()["items"]
        assert (item["id"], item["state"]) == (id_, state)
    assert (await admin.get("/v1/background-jobs", params={"state": "open", "job": "mail.send"})).json()["items"] == []

    again = await admin.post(f"/v1/background-jobs/{dead}/replays")
    assert again.status_code == 202, again.text
    assert (
        again.json()["state"] == "open" and again.json()["attempts"] == 0 and again.json()["due_at"] >= shown["due_at"]
    )
    for id_ in (dead, waiting, done):
        refused = await admin.post(f"/v1/background-jobs/{id_}/replays")
        assert refused.status_code == 409 and refused.json()["code"] == "job_not_dead"


async def test_a_job_asked_for_again_is_not_doubled(api: Api, session: AsyncSession) -> None:
    dead = await a_job(session, dead_at=datetime.now(UTC), key="k")
    twin = await a_job(session, key="k")
    admin = await api.as_user(await make_user(session, "admin"))
    refused = await admin.post(f"/v1/background-jobs/{dead}/replays")
    assert refused.status_code == 409 and refused.json()["code"] == "job_asked_for_again"
    await session.execute(update(outbox.table).where(outbox.table.c.id == twin).values(done_at=datetime.now(UTC)))
    await session.commit()
    assert (await admin.post(f"/v1/background-jobs/{dead}/replays")).status_code == 202


async def test_pages_follow_each_other(api: Api, session: AsyncSession) -> None:
    made = [await a_job(session, dead_at=datetime.now(UTC)) for _ in range(5)]
    admin = await api.as_user(await make_user(session, "admin"))
    found: list[int] = []
    url = "/v1/background-jobs?limit=2&state=dead"
    while url:
        page = await admin.get(url)
        found += [item["id"] for item in page.json()["items"]]
        url = page.headers.get("Link", "<>").split("<")[1].split(">")[0]
    assert found == made[::-1]
    cursor = (await admin.get("/v1/background-jobs", params={"limit": 2})).json()["next_cursor"]
    other = await admin.get("/v1/background-jobs", params={"state": "done", "cursor": cursor})
    assert other.status_code == 422


async def test_only_for_administrators_and_only_what_exists(api: Api, session: AsyncSession) -> None:
    job = await a_job(session, dead_at=datetime.now(UTC))
    user = await api.as_user(await make_user(session, "country_head"))
    for answer in (
        await user.get("/v1/background-jobs"),
        await user.get(f"/v1/background-jobs/{job}"),
        await user.post(f"/v1/background-jobs/{job}/replays"),
    ):
        assert answer.status_code == 403
    admin = await api.as_user(await make_user(session, "admin"))
    assert (await admin.get(f"/v1/background-jobs/{job}")).json()["id"] == job
    assert (await admin.get(f"/v1/background-jobs/{job + 1}")).status_code == 404
    assert (await admin.post(f"/v1/background-jobs/{job + 1}/replays")).status_code == 404
    for wrong in ("0", "x", "9" * 30, "-1"):
        assert (await admin.get(f"/v1/background-jobs/{wrong}")).status_code in (404, 422), wrong


@pytest.mark.rule("LIST-4")
async def test_a_month_that_began_without_its_partition_stops_no_later_one(session: AsyncSession) -> None:
    columns = "at, xid, actor, trace_id, record_type, record_id, operation"
    values = "now() + interval '5 months', pg_current_xact_id(), 'a', 't', 'leads', gen_random_uuid(), 'insert'"
    await session.execute(text(f"INSERT INTO change_log ({columns}) VALUES ({values})"))
    made = await session.execute(text("SELECT ensure_change_log_partitions(7)"))
    assert made.scalar_one() == 3
