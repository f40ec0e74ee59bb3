"""A scan from the request to its clusters, with real processes on a database of its own: once, whatever dies meanwhile (DUP-9)."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncSession

import workers.jobs  # noqa: F401  (registers the handlers)
from app.accounts.models import Account
from app.accounts.parties import values_of
from app.core.clock import Clock
from app.core.context import Context, Services, open_context
from app.core.db import Database
from app.core.embedded import EmbeddedServers
from app.core.principal import SystemPrincipal, UserPrincipal
from app.duplicate_scans import jobs as steps
from app.duplicate_scans import service
from app.duplicate_scans.problems import ScanRunning
from app.duplicate_scans.schemas import ScanCreate
from app.duplicates.dismissals import Ref, pair_of, remember
from app.identity.models import User
from app.indexing import index_record
from app.jobs import service as jobs
from app.settings import Settings
from tests.conftest import SECRET
from tests.factories import make_account, make_user
from tests.forking import Forked, worker_with_test_jobs
from tests.live import live
from workers.runner import run_job

pytestmark = pytest.mark.asyncio(loop_scope="session")

TWINS = 30
"""Customers that are there twice."""


class Stock:
    """A database with customers, some of them there twice, and short ways to scan it."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings = settings
        self.database = database
        self.services = Services(database, database, Clock("Europe/Vienna"), settings, None)  # type: ignore[arg-type]
        self.user: User
        self.twins: list[tuple[Account, Account]] = []

    def system(self) -> Any:
        return open_context(self.services, SystemPrincipal("test"))

    async def fill(self) -> None:
        async with self.database.sessions() as session:
            connection: Any = await session.connection(execution_options={"isolation_level": "READ COMMITTED"})
            assert connection
            self.user = await make_user(session, "admin")
            for number in range(TWINS):
                self.twins.append((await self._account(session, number), await self._account(session, number)))
            for number in range(TWINS, 3 * TWINS):
                await self._account(session, number)

    async def _account(self, session: AsyncSession, number: int) -> Account:
        word = "".join(
            "bcdfghklmnprst"[int(digit)] + "aeiouaeiou"[int(digit)] for digit in f"{number * 7919 % 99991:05d}"
        )
        account = await make_account(
            session,
            self.user,
            name=f"{word.title()} Maschinenbau GmbH",
            postal_code=f"4{number:03d}",
            city=f"Ort {word}",
        )
        async with self.system() as ctx:
            await index_record(ctx, "account", account.id, values_of(account))
        return account

    async def start(self, **options: Any) -> UUID:
        principal = UserPrincipal(
            self.user.id, "eva", "Eva", self.user.id, frozenset({"duplicates.scan", "records.read_all"}), ()
        )
        async with open_context(self.services, principal) as ctx:
            return await service.start(ctx, ScanCreate(**options))

    async def step(self) -> bool:
        """Do the next step, as the worker does; whether there was one."""
        rows = await self.sql("SELECT id FROM outbox WHERE job = 'duplicate_scans.step' AND done_at IS NULL")
        for row in rows:
            await run_job(self.services, row["id"], "duplicate_scans.step")
        return bool(rows)

    async def finish(self) -> None:
        for _ in range(30):
            if not await self.step():
                return
        raise AssertionError(await self.sql("SELECT * FROM outbox"))

    async def sql(self, statement: str, *args: Any) -> list[asyncpg.Record]:
        return list(await self.database.fetch(statement, *args))

    async def clusters(self, scan_id: UUID) -> list[frozenset[UUID]]:
        rows = await self.sql(
            "SELECT array_agg(record_id) AS ids FROM duplicate_clusters c JOIN duplicate_cluster_members m "
            "ON m.cluster_id = c.id WHERE scan_id = $1 AND NOT related GROUP BY c.id, rank ORDER BY rank",
            scan_id,
        )
        return [frozenset(row["ids"]) for row in rows]

    async def job(self, scan_id: UUID) -> asyncpg.Record:
        return (await self.sql("SELECT * FROM jobs WHERE id = $1", scan_id))[0]


@pytest.fixture(scope="module")
def place(servers: EmbeddedServers, tmp_path_factory: pytest.TempPathFactory) -> Any:
    with live(servers, tmp_path_factory.mktemp("scans"), apis=0) as stack:
        yield stack


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def filled(place: Any) -> AsyncIterator[Stock]:
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]  # pydantic-settings' own argument
        environment="test",
        database_url=place.database_url,
        redis_url=place.redis_url,
        data_dir=place.data_dir,
        secret_key=SECRET,  # type: ignore[arg-type]  # pydantic makes a SecretStr of it
    )
    database = Database(settings.database_url or "", pool=6)
    await database.open()
    await database.fetch("SELECT 1")
    stock = Stock(settings, database)
    await stock.fill()
    yield stock
    await database.close()


@pytest_asyncio.fixture(loop_scope="session")
async def stock(filled: Stock, place: Any) -> AsyncIterator[Stock]:
    yield filled
    await place.sql("DELETE FROM outbox")
    await place.sql("DELETE FROM duplicate_dismissals")
    await place.sql("DELETE FROM duplicate_scans")
    await place.sql("DELETE FROM jobs")


def expected(stock: Stock) -> set[frozenset[UUID]]:
    return {frozenset((one.id, two.id)) for one, two in stock.twins}


@pytest.mark.rule("DUP-9")
async def test_a_scan_finds_the_customers_that_are_there_twice_and_says_how_far_it_is(stock: Stock) -> None:
    scan_id = await stock.start()
    assert (await stock.job(scan_id))["state"] == "queued"
    assert await stock.step()
    job = await stock.job(scan_id)
    assert job["state"] == "running" and 0 < job["done"] < job["total"]
    await stock.finish()
    job = await stock.job(scan_id)
    assert job["state"] == "done" and job["done"] == job["total"] and job["finished_at"]
    found = await stock.clusters(scan_id)
    assert set(found) == expected(stock) and len(found) == TWINS
    (scan,) = await stock.sql("SELECT * FROM duplicate_scans WHERE id = $1", scan_id)
    assert scan["clusters"] == TWINS and scan["compared"] >= TWINS and scan["scanned_at"]
    assert not steps.folder_of(_ctx(stock), scan_id).exists(), "nothing of the customers stays in files"


def _ctx(stock: Stock) -> Context:
    return Context(
        database=stock.database, reader=stock.database, principal=SystemPrincipal("test"), clock=stock.services.clock,
        settings=stock.settings, language="de",
    )  # fmt: skip


@pytest.mark.rule("DUP-9")
async def test_a_newer_scan_takes_the_place_of_an_older_one_and_leaves_out_dismissed_pairs(stock: Stock) -> None:
    first = await stock.start()
    await stock.finish()
    (one, two) = stock.twins[0]
    async with stock.system() as ctx:
        await remember(ctx, [pair_of(Ref("account", one.id), Ref("account", two.id))])
    second = await stock.start(record_types=["account"])
    await stock.finish()
    assert await stock.clusters(first) == []
    assert set(await stock.clusters(second)) == expected(stock) - {frozenset((one.id, two.id))}


@pytest.mark.rule("DUP-9")
async def test_records_of_other_kinds_are_not_scanned_when_not_asked_for(stock: Stock) -> None:
    scan_id = await stock.start(record_types=["contact"])
    await stock.finish()
    assert await stock.clusters(scan_id) == [] and (await stock.job(scan_id))["state"] == "done"


@pytest.mark.rule("DUP-9")
async def test_one_scan_at_a_time_also_when_two_ask_at_once(stock: Stock) -> None:
    answers = await asyncio.gather(*(stock.start() for _ in range(4)), return_exceptions=True)
    (begun,) = [answer for answer in answers if isinstance(answer, UUID)]
    refused = [answer for answer in answers if isinstance(answer, ScanRunning)]
    assert len(refused) == 3 and all(problem.extra == {"scan_id": begun} for problem in refused)
    await stock.finish()
    assert await stock.start() != begun


@pytest.mark.rule("DUP-9")
async def test_a_scan_whose_step_was_given_up_bars_no_further_one(stock: Stock, place: Any) -> None:
    scan_id = await stock.start()
    await place.sql("UPDATE outbox SET dead_at = now()")
    again = await stock.start()
    job = await stock.job(scan_id)
    assert again != scan_id and job["state"] == "failed" and job["problem"]["code"] == "given_up"


@pytest.mark.rule("DUP-9")
async def test_a_cancelled_scan_stops_and_leaves_nothing(stock: Stock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "STEP_SECONDS", 0.0)
    scan_id = await stock.start()
    await stock.step()
    async with open_context(stock.services, SystemPrincipal("test")) as ctx:
        await jobs.cancel(ctx, scan_id)
    await stock.finish()
    assert (await stock.job(scan_id))["state"] == "cancelled"
    assert await stock.clusters(scan_id) == [] and not steps.folder_of(_ctx(stock), scan_id).exists()


@pytest.mark.rule("DUP-9")
async def test_steps_that_stop_early_go_on_where_they_were(stock: Stock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "STEP_SECONDS", 0.0)
    monkeypatch.setattr(steps, "CLUSTERS_A_STEP", 7)
    scan_id = await stock.start()
    await stock.step()
    monkeypatch.setattr(steps, "STEP_SECONDS", 8.0)
    await stock.finish()
    found = await stock.clusters(scan_id)
    assert set(found) == expected(stock) and len(found) == TWINS


@pytest.mark.rule("DUP-9")
async def test_a_worker_killed_in_the_middle_leaves_the_same_clusters_exactly_once(stock: Stock, place: Any) -> None:
    scan_id = await stock.start()
    folder = steps.folder_of(_ctx(stock), scan_id)
    folder.mkdir(parents=True)
    last = (await stock.sql("SELECT max(id) AS last FROM party"))[0]["last"]
    plan = {"folder": str(folder), "key_parts": 150, "buckets": 150, "places": last + 1, "ranked": False}
    built = (await stock.sql("SELECT built_at::text FROM index_state"))[0]["built_at"]
    plan |= {"records": None, "level": 2, "types": ["account", "contact", "lead"], "clusters": True, "built": built}
    (folder / "plan.json").write_text(json.dumps(plan))
    kills = 0
    worker = _worker(place)
    try:
        for kind, least in (("votes", 5), ("votes", 100), ("matches", 20)):
            for _ in range(6000):
                if len(list(folder.glob(f"{kind}-*.npy"))) >= least:
                    break
                await asyncio.sleep(0.005)
            if folder.exists():
                worker.kill()
                worker.wait()
                kills += 1
                worker = _worker(place)
        for _ in range(600):
            if (await stock.job(scan_id))["state"] == "done":
                break
            await asyncio.sleep(0.1)
    finally:
        worker.terminate()
        worker.wait(30)
    assert kills == 3 and (await stock.job(scan_id))["state"] == "done"
    found = await stock.clusters(scan_id)
    assert set(found) == expected(stock) and len(found) == TWINS
    (scan,) = await stock.sql("SELECT clusters FROM duplicate_scans WHERE id = $1", scan_id)
    assert scan["clusters"] == TWINS and not folder.exists()


def _worker(place: Any) -> Forked:
    return Forked(worker_with_test_jobs, environment=place.environment, log=place.data_dir / "worker.log")
