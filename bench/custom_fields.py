"""Custom fields at their limit: 200 fields, 1,000,000 accounts, lists filtered and sorted by them; what a change costs.

`python -m bench.custom_fields [--accounts 1000000]` in a database of its own, which is removed at the end. The figures are in
docs/decisions/0009-custom-fields.md.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from alembic import command
from alembic.config import Config
from starlette.requests import Request

from app.accounts.queries import ACCOUNT
from app.accounts.schemas import AccountQuery
from app.core.clock import Clock
from app.core.context import Context
from app.core.db import CONNECTION_SETTINGS, Database
from app.core.embedded import EmbeddedServers
from app.core.principal import UserPrincipal
from app.settings import Settings

SETUP = """
INSERT INTO users (id, user_name, email, first_name, last_name, password_hash)
SELECT md5('u' || n)::uuid, 'u' || n, 'u' || n || '@x', 'U', n::text, '' FROM generate_series(1, 1000) n;
INSERT INTO teams (id, name, kind) SELECT md5('t' || n)::uuid, 't' || n, 'centre_local' FROM generate_series(1, 200) n;
INSERT INTO custom_fields (id, record_type, key, kind, label_de, label_en, position, choices)
SELECT gen_random_uuid(), 'account', 'f' || n, (ARRAY['choice','number','date','text','money','boolean','choice','number','date',
       'multi_choice'])[1 + n % 10], 'x', 'x', n,
       CASE WHEN n % 10 IN (0, 6, 9) THEN (SELECT jsonb_agg(jsonb_build_object('key', 'c' || i, 'label_de', 'x', 'label_en', 'x',
            'active', true)) FROM generate_series(0, 4) i) ELSE '[]' END
  FROM generate_series(0, 199) n;
ALTER TABLE accounts DISABLE TRIGGER USER;
"""
VALUE = """
CASE f.kind WHEN 'choice' THEN to_jsonb('c' || floor(random() ^ 2 * 5)::int)
            WHEN 'number' THEN to_jsonb(round((random() * 100000)::numeric, 1))
            WHEN 'date' THEN to_jsonb((DATE '2015-01-01' + (random() * 4000)::int)::text)
            WHEN 'text' THEN to_jsonb('Wert ' || (random() * 20000)::int)
            WHEN 'money' THEN jsonb_build_object('amount', (random() * 100000)::numeric(12, 2)::text, 'currency', 'EUR')
            WHEN 'boolean' THEN to_jsonb(random() < 0.3)
            ELSE jsonb_build_array('c' || floor(random() * 2)::int, 'c' || (2 + floor(random() * 3)::int)) END
"""
# Four fields that most accounts have, and four or five of the other 196: some eight values each.
ACCOUNTS = f"""
INSERT INTO accounts (id, name, assignee_id, manager_ids, team_ids, level, industry, legal_form, city, country, created_at, custom)
SELECT gen_random_uuid(), 'Firma ' || n, md5('u' || (1 + n % 1000))::uuid, '{{}}',
       ARRAY[md5('t' || (1 + floor(random() * 200)::int))::uuid], 'B', 'x', 'GmbH', 'Linz', 'AT',
       TIMESTAMPTZ '2020-01-01' + make_interval(secs => n * 100),
       (SELECT jsonb_object_agg(f.key, {VALUE}) FROM fields f
         WHERE (f.n < 4 AND random() < 0.8) OR f.n = ANY(picked.ns))
  FROM generate_series($1::int, $2::int) n
 CROSS JOIN LATERAL (SELECT ARRAY(SELECT 4 + floor(random() * 196)::int FROM generate_series(1, 5 + n * 0)) AS ns) AS picked
"""
VALUES = """
INSERT INTO custom_values (field, record_id, key, number)
SELECT f.no, a.id,
       CASE f.kind WHEN 'text' THEN left(sort_key(e.value #>> '{}'), 200) WHEN 'choice' THEN e.value #>> '{}' END,
       CASE f.kind WHEN 'number' THEN (e.value #>> '{}')::numeric WHEN 'money' THEN (e.value ->> 'amount')::numeric
                   WHEN 'date' THEN ((e.value #>> '{}')::date - DATE '2000-01-01')::numeric
                   WHEN 'boolean' THEN (e.value #>> '{}')::boolean::int::numeric END
  FROM accounts a CROSS JOIN jsonb_each(a.custom) e JOIN custom_fields f ON f.record_type = 'account' AND f.key = e.key
 WHERE f.kind <> 'multi_choice'
UNION ALL
SELECT f.no, a.id, i, NULL FROM accounts a CROSS JOIN jsonb_each(a.custom) e
  JOIN custom_fields f ON f.record_type = 'account' AND f.key = e.key CROSS JOIN jsonb_array_elements_text(
       CASE f.kind WHEN 'multi_choice' THEN e.value ELSE '[]' END) i WHERE f.kind = 'multi_choice'
"""
INDEXES = ("ix_custom_values_key", "ix_custom_values_number", "ix_custom_values_record_id")
# f0, f3: most accounts have them (choice, text); f1: likewise (number); f10, f11, f13: one in forty has them.
LISTS: dict[str, dict[str, Any]] = {
    "choice, 64 % of 80 %": {"custom": ["f0:eq:c0"]},
    "choice, one in 250": {"custom": ["f10:eq:c4"]},
    "two choices and a range": {"custom": ["f0:eq:c1", "f10:eq:c0", "f1:gte:50000"]},
    "number, a range of 1 %": {"custom": ["f1:gte:1000", "f1:lte:2000"]},
    "number, a range of 50 %": {"custom": ["f1:gte:50000"]},
    "text, equal": {"custom": ["f3:eq:wert 777"]},
    "text, beginning": {"custom": ["f3:starts:wert 77"]},
    "not a choice": {"custom": ["f0:ne:c0"]},
    "without value": {"custom": ["f0:empty"]},
    "sorted by number": {"sort": "-custom.f1"},
    "sorted by number that few have": {"sort": "custom.f11"},
    "sorted by text, filtered by choice": {"sort": "custom.f3", "custom": ["f0:eq:c1"]},
    "as before all that (created_at)": {},
}


class Recorder:
    """A reader that remembers what it was asked."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.asked: list[tuple[str, tuple[Any, ...]]] = []

    async def fetch(self, sql: str, *args: object) -> Sequence[asyncpg.Record]:
        self.asked.append((sql, args))
        return await self._database.fetch(sql, *args)


def request() -> Request:
    return Request({"type": "http", "path": "/v1/accounts", "query_string": b"", "headers": [], "method": "GET"})


def context(database: Database, reader: Any, settings: Settings, teams: int | None) -> Context:
    ids = [UUID(hex=_md5(f"t{n}")) for n in range(1, (teams or 0) + 1)]
    principal = UserPrincipal(
        UUID(hex=_md5("u1")),
        "u1",
        "U 1",
        UUID(int=1),
        frozenset({"records.read_all"} if teams is None else ()),
        tuple(ids),
    )
    return Context(
        database=database,
        reader=reader,
        principal=principal,
        clock=Clock("Europe/Vienna"),
        settings=settings,
        language="de",
    )


def _md5(text: str) -> str:
    import hashlib  # noqa: PLC0415

    return hashlib.md5(text.encode()).hexdigest()


async def fill(connection: asyncpg.Connection, accounts: int) -> None:
    await connection.execute(SETUP)
    await connection.execute("DROP INDEX ix_accounts_sort_name")  # not asked here, and slow to load
    await connection.execute(
        "CREATE TEMP TABLE fields AS SELECT substr(key, 2)::int AS n, key, kind FROM custom_fields; ANALYZE fields"
    )
    began = time.monotonic()
    for first in range(1, accounts + 1, 50_000):
        await connection.execute(ACCOUNTS, first, min(first + 49_999, accounts), timeout=600)
    print(f"accounts loaded in {time.monotonic() - began:.0f} s", flush=True)
    definitions = {name: await connection.fetchval("SELECT pg_get_indexdef($1::regclass)", name) for name in INDEXES}
    for name in INDEXES:
        await connection.execute(f"DROP INDEX {name}")
    began = time.monotonic()
    await connection.execute(VALUES, timeout=1200)
    for definition in definitions.values():
        await connection.execute(definition, timeout=600)
    await connection.execute("ALTER TABLE accounts ENABLE TRIGGER USER")
    print(f"values and their indexes in {time.monotonic() - began:.0f} s", flush=True)
    await connection.execute("VACUUM ANALYZE accounts", timeout=600)
    await connection.execute("VACUUM ANALYZE custom_values", timeout=600)
    for row in await connection.fetch(
        "SELECT relname, pg_size_pretty(pg_relation_size(oid)) AS size, reltuples::bigint FROM pg_class "
        "WHERE relname ~ 'custom_values' OR relname IN ('accounts', 'accounts_pkey', 'pk_accounts')"
    ):
        print(" ", *row)


async def lists(database: Database, settings: Settings, plans: Path) -> None:
    """Each list for an administrator, and for members of 3 and of 40 teams of 200: first page, and one far behind."""
    written = []
    for name, asked in LISTS.items():
        for who, teams in (("all", None), ("40 teams", 40), ("3 teams", 3)):
            figures = []
            for deep in (False, True):
                reader = Recorder(database)
                ctx = context(database, reader, settings, teams)
                query = AccountQuery(**asked, limit=50)
                if deep:
                    for _ in range(40):
                        page = orjson.loads(
                            (await ACCOUNT.page(ctx, request(), query.model_copy(update={"limit": 200}))).body
                        )
                        if page["next_cursor"] is None:
                            break
                        query = query.model_copy(update={"cursor": page["next_cursor"]})
                times = []
                for _ in range(12):
                    reader.asked.clear()
                    began = time.monotonic()
                    await ACCOUNT.page(ctx, request(), query)
                    times.append((time.monotonic() - began) * 1000)
                figures.append(f"{statistics.median(times[:4]):.1f} → {statistics.median(times[-4:]):.1f}")
                sql, args = reader.asked[-1]
                rows = await database.fetch(f"EXPLAIN (ANALYZE, BUFFERS) {sql}", *args)
                written += [f"=== {name} · {who} · {'deep' if deep else 'first'}", *(row[0] for row in rows), ""]
            print(f"{name} | {who} | first {figures[0]} ms | page 41 {figures[1]} ms", flush=True)
            _keep(plans, written)


def _keep(plans: Path, written: list[str]) -> None:
    plans.write_text("\n".join(written))


async def counts(database: Database, settings: Settings) -> None:
    for custom in (["f0:eq:c0"], ["f10:eq:c4"], ["f1:gte:1000", "f1:lte:2000"]):
        for who, teams in (("all", None), ("3 teams", 3)):
            ctx = context(database, database, settings, teams)
            began = time.monotonic()
            answer = await ACCOUNT.page(ctx, request(), AccountQuery(custom=custom, count=True, limit=1))
            count = orjson.loads(answer.body)["count"]
            print(f"count {custom} | {who} | {count} in {(time.monotonic() - began) * 1000:.0f} ms", flush=True)


async def changes(connection: asyncpg.Connection) -> None:
    """One account at a time: with the trigger, without it, and a change that leaves custom values alone."""
    ids = [row["id"] for row in await connection.fetch("SELECT id FROM accounts ORDER BY random() LIMIT 3000")]
    await connection.execute("SET synchronous_commit = off; SET plan_cache_mode = force_generic_plan")
    one = "UPDATE accounts SET custom = custom || jsonb_build_object('f1', round(random() * 1000)) WHERE id = $1"
    plain = "UPDATE accounts SET level = CASE level WHEN 'A' THEN 'B' ELSE 'A' END WHERE id = $1"
    six = "UPDATE accounts SET custom = custom || jsonb_build_object('f1', random() * 1000, 'f0', 'c1', 'f3', 'x' || random(), 'f10', "
    six += "'c' || (random() * 4)::int, 'f13', 'y' || random(), 'f11', random() * 1000) WHERE id = $1"

    async def cost(label: str, sql: str) -> None:
        for part in (ids[:500], ids):
            times = []
            for id_ in part:
                began = time.perf_counter()
                await connection.execute(sql, id_)
                times.append((time.perf_counter() - began) * 1e6)
        print(f"{label}: {statistics.median(times):.0f} µs", flush=True)

    await cost("change of level", plain)
    await cost("one custom value", one)
    await cost("six custom values", six)
    plan = await connection.fetch(f"EXPLAIN (ANALYZE, BUFFERS) {one}", ids[0])
    print("\n".join(row[0] for row in plan if "Trigger" in row[0] or "Execution" in row[0]))
    await connection.execute("ALTER TABLE accounts DISABLE TRIGGER custom_values_changed")
    await cost("one custom value, without the trigger", one)
    await cost("six custom values, without the trigger", six)
    await connection.execute("ALTER TABLE accounts ENABLE TRIGGER custom_values_changed")


async def others(connection: asyncpg.Connection) -> None:
    """What else was tried: one GIN index on the column; a partial index of each field, on a tenth of the accounts."""
    for kind in ("jsonb_ops", "jsonb_path_ops"):
        began = time.monotonic()
        await connection.execute(f"CREATE INDEX tried ON accounts USING gin (custom {kind})", timeout=900)
        size = await connection.fetchval("SELECT pg_size_pretty(pg_relation_size('tried'))")
        print(f"GIN {kind}: {size} in {time.monotonic() - began:.0f} s", flush=True)
        if kind == "jsonb_path_ops":
            await connection.execute("ANALYZE accounts")
            for value in ('{"f10": "c4"}', '{"f0": "c0"}'):
                plan = await connection.fetch(
                    "EXPLAIN (ANALYZE, BUFFERS) SELECT id FROM accounts WHERE custom @> $1::jsonb "
                    "ORDER BY created_at DESC, id DESC LIMIT 51",
                    value,
                )
                print("\n".join(row[0] for row in plan), flush=True)
            ids = [row["id"] for row in await connection.fetch("SELECT id FROM accounts ORDER BY random() LIMIT 1500")]
            for label, sql in (
                ("level", "UPDATE accounts SET level = 'C' WHERE id = $1"),
                (
                    "custom",
                    "UPDATE accounts SET custom = custom || jsonb_build_object('f1', round(random() * 1000)) WHERE id = $1",
                ),
            ):
                times = []
                for id_ in ids:
                    began = time.perf_counter()
                    await connection.execute(sql, id_)
                    times.append((time.perf_counter() - began) * 1e6)
                print(f"GIN, change of {label}: {statistics.median(times):.0f} µs", flush=True)
        await connection.execute("DROP INDEX tried")
    await connection.execute(
        "CREATE TABLE tenth AS SELECT * FROM accounts LIMIT 100000; ALTER TABLE tenth ADD PRIMARY KEY (id)"
    )

    async def tenth(label: str) -> None:
        ids = [row["id"] for row in await connection.fetch("SELECT id FROM tenth ORDER BY random() LIMIT 1000")]
        times = []
        for id_ in ids:
            began = time.perf_counter()
            await connection.execute("UPDATE tenth SET level = 'D' WHERE id = $1", id_)
            times.append((time.perf_counter() - began) * 1e6)
        await connection.execute("SET plan_cache_mode = force_custom_plan")
        plan = await connection.fetch(
            "EXPLAIN (ANALYZE) SELECT id FROM tenth WHERE custom ? 'f11' ORDER BY (custom ->> 'f11')::numeric, id LIMIT 51"
        )
        print(
            f"{label}: change of level {statistics.median(times):.0f} µs;",
            *(r[0] for r in plan if "Time" in r[0]),
            flush=True,
        )

    await tenth("no index of a field")
    began = time.monotonic()
    for row in await connection.fetch("SELECT key, kind FROM custom_fields WHERE record_type = 'account'"):
        key, kind = row
        value = f"(custom ->> '{key}')" + ("::numeric" if kind == "number" else "")
        await connection.execute(f"CREATE INDEX tenth_{key} ON tenth (({value}), id) WHERE custom ? '{key}'")
    size = await connection.fetchval("SELECT pg_size_pretty(pg_indexes_size('tenth'))")
    print(f"200 partial indexes on a tenth: {size} in {time.monotonic() - began:.0f} s")
    await tenth("200 partial indexes")


async def main(url: str, accounts: int, plans: Path) -> None:
    settings = Settings(
        _env_file=None, environment="test", database_url=url, secret_key="x" * 50, data_dir=plans.parent
    )
    connection = await asyncpg.connect(
        url, server_settings={k: v for k, v in CONNECTION_SETTINGS.items() if "timeout" not in k}
    )
    await fill(connection, accounts)
    database = Database(url, pool=2)
    await database.open()
    try:
        await lists(database, settings, plans)
        await counts(database, settings)
        await changes(connection)
        await others(connection)
    finally:
        await database.close()
        await connection.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--plans", type=Path, default=Path(tempfile.gettempdir()) / "custom_fields_plans.txt")
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="leadwerk-bench-") as folder,
        EmbeddedServers(Path(folder) / "data", durable=True) as servers,
    ):
        config = Config(Path(__file__).parent.parent / "alembic.ini")
        config.attributes["database_url"] = servers.database_url
        command.upgrade(config, "head")
        asyncio.run(main(servers.database_url, given.accounts, given.plans))
