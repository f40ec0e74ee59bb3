"""One job: effect and end together, once; failures are noted, retried, and in the end dead."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

import workers.jobs  # noqa: F401
from app.core import outbox
from app.core.trace import TRACE
from tests.workers.support import Installation
from workers import runner
from workers.runner import describe, run_job, run_jobs
from workers.timetable import DAILY

pytestmark = pytest.mark.asyncio(loop_scope="session")
APP = Path(__file__).parents[2] / "app"


async def test_a_job_takes_effect_once_and_forgets_what_is_private(installation: Installation) -> None:
    TRACE.set("ab" * 16)
    id_ = await installation.ask("test.trace", name="a", to="eva@example.com", text="geheim")
    TRACE.set("0" * 32)
    for _ in range(2):
        await run_job(installation.services(), id_, "test.trace")
    row = await installation.row(id_)
    assert row["done_at"] and row["attempts"] == 0 and row["payload"] == '{"name": "a"}'
    (left,) = await installation.sql("SELECT * FROM traces")
    assert left["actor"] == "system:test.trace" and left["trace_id"] == "ab" * 16


async def test_two_workers_at_once_do_a_job_once(installation: Installation) -> None:
    id_ = await installation.ask("test.trace", name="a", seconds=0.2)
    await asyncio.gather(*(run_job(installation.services(), id_, "test.trace", again=i > 1) for i in range(4)))
    assert await installation.traces() == ["a"]


async def test_what_is_not_due_is_not_done(installation: Installation) -> None:
    id_ = await installation.ask("test.trace", in_=timedelta(days=30), name="a")
    await run_job(installation.services(days=29), id_, "test.trace")
    assert await installation.traces() == []
    await run_job(installation.services(days=30, seconds=1), id_, "test.trace")
    assert await installation.traces() == ["a"]


async def test_a_failure_leaves_nothing_but_its_reason_and_is_tried_again_later(installation: Installation) -> None:
    id_ = await installation.ask("test.fail", name="a", why="smtp://me:secret@host refused\nmore " + "x" * 1000)
    await run_job(installation.services(), id_, "test.fail")
    row = await installation.row(id_)
    assert await installation.traces() == []
    assert row["attempts"] == 1 and row["done_at"] is None and row["dead_at"] is None and row["dispatched_at"] is None
    assert row["error"] == "RuntimeError: smtp://***@host refused"
    assert 4 < (row["due_at"] - row["created_at"]).total_seconds() < 7
    await run_job(installation.services(), id_, "test.fail")
    assert (await installation.row(id_))["attempts"] == 1, "it is not due yet"


async def test_a_job_that_keeps_failing_is_dead_after_some_hours(installation: Installation) -> None:
    id_ = await installation.ask("test.fail", name="a", why="no")
    for attempt in range(outbox.MAX_ATTEMPTS):
        assert (await installation.row(id_))["dead_at"] is None, attempt
        await run_job(installation.services(hours=attempt + 1), id_, "test.fail")
    row = await installation.row(id_)
    assert row["dead_at"] and row["attempts"] == outbox.MAX_ATTEMPTS and row["payload"] != "{}"
    total = sum((outbox.retry_delay(n) for n in range(1, outbox.MAX_ATTEMPTS)), timedelta())
    assert timedelta(hours=2) < total < timedelta(hours=4)


async def test_useless_and_unknown_jobs(installation: Installation) -> None:
    hopeless, unknown = await installation.ask("test.give_up"), await installation.ask("test.unknown")
    await run_jobs(installation.services(), [(hopeless, "test.give_up", False), (unknown, "test.unknown", False)])
    row = await installation.row(hopeless)
    assert row["dead_at"] and row["error"] == "GiveUp: no such mailbox"
    row = await installation.row(unknown)
    assert row["dead_at"] is None and "no handler" in row["error"], "another version may know it"


async def test_a_job_that_takes_too_long_fails(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "JOB_SECONDS", 0.1)
    id_ = await installation.ask("test.trace", name="a", seconds=5)
    await run_job(installation.services(), id_, "test.trace")
    assert (await installation.row(id_))["error"] == "TimeoutError" and await installation.traces() == []


async def test_a_job_taken_back_while_it_runs_has_no_effect_and_nobody_waits(installation: Installation) -> None:
    id_ = await installation.ask("test.trace", key="k", name="old", seconds=0.5)
    running = asyncio.create_task(run_job(installation.services(), id_, "test.trace"))
    await asyncio.sleep(0.2)
    async with asyncio.timeout(0.2), installation.context() as ctx:
        await ctx.cancel("k")
        ctx.enqueue("test.trace", {"name": "new"}, key="k")
    await running
    assert await installation.traces() == []
    new = (await installation.sql("SELECT id FROM outbox"))[0]["id"]
    await run_job(installation.services(), new, "test.trace")
    assert await installation.traces() == ["new"]


async def test_a_job_may_take_back_its_own_key_and_ask_for_the_next(installation: Installation) -> None:
    await installation.ask("test.again", key="k", name="a", times=3)
    for _ in range(4):
        for row in await installation.sql("SELECT id FROM outbox WHERE done_at IS NULL"):
            await run_job(installation.services(), row["id"], "test.again")
    assert await installation.traces() == ["a", "a", "a"]


async def test_a_job_that_kills_its_process_is_dead_in_the_end(installation: Installation) -> None:
    id_ = await installation.ask("test.trace", name="a", seconds=5)
    for start in range(1, outbox.MAX_ATTEMPTS + 1):
        killed = asyncio.create_task(run_job(installation.services(), id_, "test.trace", again=True))
        await asyncio.sleep(0.1)
        killed.cancel()
        await asyncio.gather(killed, return_exceptions=True)
        assert (await installation.row(id_))["attempts"] == start
    row = await installation.row(id_)
    assert row["dead_at"] and row["error"] == runner.NEVER_ENDED and await installation.traces() == []


async def test_a_slow_job_does_not_hold_up_the_rest_of_its_parcel(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "PARCEL_SECONDS", 0.1)
    slow, waiting = await installation.ask("test.trace", name="slow", seconds=0.2), await installation.ask("test.trace")
    await installation.sql("UPDATE outbox SET dispatched_at = now()")
    await run_jobs(installation.services(), [(slow, "test.trace", False), (waiting, "test.trace", False)])
    assert await installation.traces() == ["slow"]
    assert (await installation.row(waiting))["dispatched_at"] is None


async def test_a_database_error_is_named_without_the_row(installation: Installation) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011  (its kind is what is tested)
        async with installation.context() as ctx:
            await ctx.session.execute(
                outbox.table.insert().values(job="geheim", payload={"geheim": 1}, actor=None, trace_id="")
            )
    assert describe(caught.value) == "NotNullViolationError"


async def test_every_feature_with_jobs_is_known_to_the_worker() -> None:
    known = (APP.parent / "workers" / "jobs.py").read_text().split()
    assert [p for p in APP.glob("*/jobs.py") if f"app.{p.parent.name}.jobs" not in known] == []
    assert set(DAILY) <= set(outbox.HANDLERS)
