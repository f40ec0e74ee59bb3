"""The index is built anew when another version built it: whole or not at all, and nobody else writes meanwhile."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic import command as alembic
from alembic.config import Config

from app.core.db import long_work
from app.indexing import IndexOutdated, find_matches, index_new, index_record
from app.matching import PartyValues, bulk
from app.matching.version import INDEX_VERSION
from app.reindexing import rebuild as rebuilding
from app.reindexing.rebuild import rebuild, rebuild_if_outdated
from tests.conftest import ROOT
from tests.factories import make_account, make_contact, make_user
from tests.reindexing.conftest import agrees, committed, value, with_context
from tests.running.support import command, environment, free_port

KRANZ = PartyValues(kind="company", name="Kranz Maschinenbau GmbH", city="Linz", country="AT")
ODD = 'Zwie"se\\le\t\r\nHolz\x7fbau „Ulm“ 🎄 GmbH'


async def stock(url: str) -> None:
    """Some accounts and contacts that are not in the index, as after a change of version."""
    async with committed(url) as session:
        user = await make_user(session)
        for number in range(10):
            account = await make_account(session, user, name=f"{ODD} {number}" if number % 2 else KRANZ.name)
            await make_contact(session, user, account)


async def outdate(url: str) -> None:
    await value(url, "UPDATE index_state SET version = 0")


def test_another_version_is_rebuilt_once(scratch: str) -> None:
    async def story() -> None:
        await stock(scratch)
        assert not await rebuild_if_outdated(scratch)
        assert await value(scratch, "SELECT count(*) FROM party") == 0
        await outdate(scratch)
        assert await rebuild_if_outdated(scratch)
        assert await value(scratch, "SELECT version FROM index_state") == INDEX_VERSION
        assert await value(scratch, "SELECT count(*) FROM party") == 20
        assert await agrees(scratch)
        assert not await rebuild_if_outdated(scratch)
        found = await with_context(scratch, lambda ctx: find_matches(ctx, KRANZ))
        assert {one.match.verdict for one in found.found} == {"duplicate", "possible"}

    asyncio.run(story())


def test_what_comes_after_a_rebuild_fits_in(scratch: str) -> None:
    async def story() -> None:
        await stock(scratch)
        await outdate(scratch)
        await rebuild_if_outdated(scratch)
        id_ = await value(scratch, "SELECT id FROM accounts LIMIT 1")
        await with_context(scratch, lambda ctx: index_record(ctx, "account", id_, KRANZ))
        new = await value(scratch, "SELECT gen_random_uuid()")
        await with_context(scratch, lambda ctx: index_new(ctx, [("lead", new, KRANZ)]))
        assert await value(scratch, "SELECT max(id) FROM party") > 20
        constraints = "SELECT count(*) FROM pg_constraint WHERE conrelid IN ('party'::regclass, 'party_key'::regclass)"
        assert await value(scratch, f"{constraints} AND contype IN ('p', 'u')") == 3

    asyncio.run(story())


def test_cut_off_in_the_middle_it_changes_nothing_and_begins_again(
    scratch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        await stock(scratch)
        await outdate(scratch)
        await rebuild_if_outdated(scratch)
        await outdate(scratch)
        before = await value(scratch, "SELECT sum(party_id) FROM party_key")
        copies = 0
        whole = bulk._copy

        async def killed(connection: Any, rows: bytes) -> None:
            nonlocal copies
            await whole(connection, rows)
            copies += 1
            await value(scratch, f"SELECT pg_terminate_backend({await connection.fetchval('SELECT pg_backend_pid()')})")

        monkeypatch.setattr(bulk, "_copy", killed)
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionError)):
            await rebuild_if_outdated(scratch)
        assert copies
        assert await value(scratch, "SELECT version FROM index_state") == 0
        assert await value(scratch, "SELECT sum(party_id) FROM party_key") == before
        monkeypatch.undo()
        assert await rebuild_if_outdated(scratch)
        assert await agrees(scratch)

    asyncio.run(story())


def test_a_process_of_another_version_neither_writes_nor_answers(scratch: str) -> None:
    async def story() -> None:
        await stock(scratch)
        await outdate(scratch)
        id_ = await value(scratch, "SELECT id FROM accounts LIMIT 1")
        for use in (
            lambda ctx: index_record(ctx, "account", id_, KRANZ),
            lambda ctx: index_new(ctx, [("account", id_, KRANZ)]),
            lambda ctx: find_matches(ctx, KRANZ),
            lambda ctx: find_matches(ctx, KRANZ, exclude=[id_]),
        ):
            with pytest.raises(IndexOutdated):
                await with_context(scratch, use)
        assert await value(scratch, "SELECT count(*) FROM party") == 0
        await value(scratch, "DELETE FROM index_state")
        with pytest.raises(IndexOutdated):
            await with_context(scratch, lambda ctx: find_matches(ctx, KRANZ))

    asyncio.run(story())


def test_who_writes_meanwhile_waits_and_is_in_the_new_index(scratch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        await stock(scratch)
        reading, go_on = asyncio.Event(), asyncio.Event()
        records = rebuilding.all_records

        async def slowly(connection: Any) -> AsyncIterator[Any]:
            reading.set()
            await go_on.wait()
            async for batch in records(connection):
                yield batch

        monkeypatch.setattr(rebuilding, "all_records", slowly)
        new = await value(scratch, "SELECT gen_random_uuid()")
        async with long_work(scratch) as connection:
            rebuilt = asyncio.create_task(rebuild(connection))
            await reading.wait()
            written = asyncio.create_task(with_context(scratch, lambda ctx: index_new(ctx, [("lead", new, KRANZ)])))
            await asyncio.sleep(0.4)
            assert not written.done()
            go_on.set()
            assert await rebuilt == 20
            await written
        assert await value(scratch, f"SELECT cardinality(keys) FROM party WHERE record_id = '{new}'") > 3
        assert await value(scratch, "SELECT count(*) FROM party") == 21

    asyncio.run(story())


def test_many_records_are_worked_out_in_other_processes(scratch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small batches, so that the second core is used although there is little to do."""

    async def story() -> None:
        await stock(scratch)
        monkeypatch.setattr(rebuilding, "all_records", lambda connection: records(connection, size=2))
        await outdate(scratch)
        assert await rebuild_if_outdated(scratch)
        assert await value(scratch, "SELECT count(*) FROM party") == 20
        monkeypatch.undo()
        assert await agrees(scratch)

    records = rebuilding.all_records
    asyncio.run(story())


def test_filled_tables_of_the_version_before_are_brought_up(servers: Any, scratch: str, tmp_path: Path) -> None:
    """Parties that an older version wrote, without index_state: the migration keeps them, the rebuild replaces them."""
    config = Config(ROOT / "alembic.ini")
    config.attributes["database_url"] = scratch
    asyncio.run(stock(scratch))
    alembic.downgrade(config, "0004")
    insert = "INSERT INTO party (record_type, record_id, dump, keys) SELECT 'account', id, '[0]', '{1,2}' FROM accounts"
    asyncio.run(value(scratch, insert))
    asyncio.run(value(scratch, "INSERT INTO party_key SELECT unnest(keys), id FROM party"))
    alembic.upgrade(config, "0005")
    assert asyncio.run(value(scratch, "SELECT count(*) FROM party")) == 10
    alembic.upgrade(config, "head")

    env = environment(tmp_path, free_port(), DATABASE_URL=scratch, REDIS_URL=servers.redis_url)
    began = time.monotonic()
    migrated = command("migrate", env=env)
    assert migrated.returncode == 0, migrated.stderr
    assert time.monotonic() - began < 30
    assert asyncio.run(agrees(scratch))

    clean = command("verify-index", "--check", env=env)
    assert clean.returncode == 0 and "agree" in clean.stdout, clean.stderr
    asyncio.run(value(scratch, "DELETE FROM party_key WHERE party_id = 3"))
    seen = command("verify-index", "--check", env=env)
    assert seen.returncode == 1 and "keys are missing" in seen.stdout, seen.stderr
    mended = command("verify-index", env=env)
    assert mended.returncode == 0 and "All of it is mended." in mended.stdout, mended.stderr
    assert asyncio.run(agrees(scratch))
