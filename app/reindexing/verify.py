"""Proves that the duplicate index and the records agree, and mends what does not; on a live system, in bounded memory.

Records and their parties are read together, a batch in one statement and so at one moment; what each record ought to be in the
index is worked out anew, on all cores. The key table is compared by checksums of 256 parts of the keys' range, all at one
moment; of the parts that differ, each row is looked at. What was found is looked at once more, held, before it is mended: so
a change in between is no error, and none is lost. (A contact whose employer was renamed while somebody changed the contact may
still wait for the job that indexes it: it counts as stale.)
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy import ARRAY, BigInteger, Select, Text, Uuid, and_, bindparam, cast, exists, func, select

from app.core.statements import Statement, prepared
from app.core.visibility import unscoped
from app.indexing import STEP, IndexOutdated, Source, index_as_stored
from app.matching.bulk import BATCH, Connection, on_all_cores
from app.matching.index import delete_sql, party
from app.matching.keys import blocking_keys
from app.matching.normalise import normalise
from app.matching.record import PartyValues
from app.matching.version import INDEX_VERSION
from app.reindexing.sources import ALL_SOURCES

Kind = Literal["missing", "stale", "orphaned", "key_missing", "key_foreign"]
EXAMPLES = 20
_TRIES = 3
_PARTIES = 100_000
_DELETE = Statement(delete_sql())


@dataclass
class Report:
    """What was looked at, what was wrong (how many of each kind, and some of them by name), and how much of it still is."""

    records: int = 0
    keys: int = 0
    wrong: dict[Kind, int] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)
    left: int = 0

    def add(self, kind: Kind, names: Sequence[str]) -> None:
        """Count these, and remember the first few."""
        if names:
            self.wrong[kind] = self.wrong.get(kind, 0) + len(names)
            self.examples += [f"{kind} {name}" for name in names[: EXAMPLES - len(self.examples)]]


async def verify(connection: Connection, *, repair: bool, processes: int | None = None) -> Report:
    """Compare everything. Raises IndexOutdated when the index is another version's: it has to be rebuilt."""
    if await connection.fetchval("SELECT version FROM index_state") != INDEX_VERSION:
        raise IndexOutdated
    report = Report()
    mender = _Mender(connection, report) if repair else None
    await _compare_records(connection, report, mender, processes)
    await _find_orphans(connection, report, mender)
    await _compare_keys(connection, report, mender)
    if not repair:
        report.left = sum(report.wrong.values())
    return report


# --- records and parties ---------------------------------------------------------------------------------------------


@prepared
def _beside_their_parties(source: Source) -> Select[Any]:
    after = bindparam("after", type_=Uuid, required=True)
    own = and_(party.c.record_type == source.record_type, party.c.record_id == source.model.id)
    return (
        source.rows()
        .outerjoin(party, own)
        .add_columns(cast(party.c.dump, Text).label("dump"), party.c.hashes)
        .where(source.model.id > after)
        .order_by(source.model.id)
        .limit(BATCH)
    )


def differences(record_type: str, rows: Sequence[Sequence[Any]]) -> tuple[str, int, list[UUID], list[UUID]]:
    """Of records beside their parties: the type, how many, the ids of those without a party, and of those with a wrong one."""
    missing, stale = [], []
    for id_, *values, dump, keys in rows:
        if dump is None:
            missing.append(id_)
            continue
        own = normalise(PartyValues.of(values))
        if own.dump() != orjson.loads(dump) or blocking_keys(own) != keys:
            stale.append(id_)
    return record_type, len(rows), missing, stale


async def _batches(connection: Connection) -> AsyncIterator[tuple[str, list[tuple[Any, ...]]]]:
    for source in ALL_SOURCES:
        statement = _beside_their_parties(source)
        after = UUID(int=0)
        while rows := await connection.fetch(statement.sql, *statement.arguments({"after": after})):
            yield source.record_type, [tuple(row) for row in rows]
            after = rows[-1]["id"]


async def _compare_records(
    connection: Connection, report: Report, mender: "_Mender | None", processes: int | None
) -> None:
    async with aclosing(on_all_cores(differences, _batches(connection), processes=processes)) as results:
        async for record_type, number, missing, stale in results:
            report.records += number
            report.add("missing", [f"{record_type} {id_}" for id_ in missing])
            report.add("stale", [f"{record_type} {id_}" for id_ in stale])
            if mender:
                for some in _in_steps([*missing, *stale]):
                    await mender.records(record_type, some)


@prepared
def _orphans(source: Source) -> Select[Any]:
    first = bindparam("first", type_=BigInteger, required=True)
    there = select(source.model.id).where(source.model.id == party.c.record_id)
    if source.condition is not None:
        there = there.where(source.condition)
    statement = select(party.c.record_id).where(
        party.c.id >= first,
        party.c.id < first + _PARTIES,
        party.c.record_type == source.record_type,
        ~exists(there),
    )
    return unscoped(statement, reason="the index knows all records, whoever may see them")


async def _find_orphans(connection: Connection, report: Report, mender: "_Mender | None") -> None:
    last = await connection.fetchval("SELECT coalesce(max(id), 0) FROM party")
    for source in ALL_SOURCES:
        statement = _orphans(source)
        for first in range(0, last + 1, _PARTIES):
            rows = await connection.fetch(statement.sql, *statement.arguments({"first": first}))
            ids = [row["record_id"] for row in rows]
            report.add("orphaned", [f"{source.record_type} {id_}" for id_ in ids])
            if mender:
                for some in _in_steps(ids):
                    await mender.orphans(source, some)


# --- the key table ---------------------------------------------------------------------------------------------------

_CHECKSUMS = """
WITH held AS (
    SELECT key >> 56 AS part, count(*) AS number, bit_xor(hashint8extended(key, party_id)) AS checksum
    FROM party_key GROUP BY 1
), wanted AS (
    SELECT own.key >> 56 AS part, count(*) AS number, bit_xor(hashint8extended(own.key, party.id)) AS checksum
    FROM party CROSS JOIN unnest(party.keys) AS own(key) GROUP BY 1
)
SELECT part, coalesce(held.number, 0) AS number,
       held.number IS NOT DISTINCT FROM wanted.number AND held.checksum IS NOT DISTINCT FROM wanted.checksum AS equal
FROM held FULL JOIN wanted USING (part)
"""
_HELD = "SELECT key, party_id FROM party_key WHERE key >> 56 = ANY($1::bigint[])"
_WANTED = """
SELECT own.key, party.id FROM party CROSS JOIN unnest(party.keys) AS own(key) WHERE own.key >> 56 = ANY($1::bigint[])
"""
_PUT_KEYS = """
INSERT INTO party_key (key, party_id)
SELECT own.key, party.id FROM party CROSS JOIN unnest(party.keys) AS own(key) WHERE party.id = ANY($1::bigint[])
ORDER BY 1, 2 ON CONFLICT DO NOTHING
"""
_TAKE_KEYS = """
DELETE FROM party_key USING unnest($1::bigint[], $2::bigint[]) AS foreign_key(key, party_id)
WHERE party_key.key = foreign_key.key AND party_key.party_id = foreign_key.party_id
  AND NOT EXISTS (SELECT FROM party WHERE party.id = foreign_key.party_id AND foreign_key.key = ANY(party.keys))
"""


_LONGEST_LIST = 1_000_000
"""Wrong keys mended in one go; more of them are left: the index wants rebuilding."""


async def _compare_keys(connection: Connection, report: Report, mender: "_Mender | None") -> None:
    rows = await _with_memory(connection, _CHECKSUMS)
    report.keys = sum(row["number"] for row in rows)
    if not (parts := [row["part"] for row in rows if not row["equal"]]):
        return
    kinds: tuple[tuple[Kind, str], ...] = (
        ("key_missing", f"{_WANTED} EXCEPT {_HELD}"),
        ("key_foreign", f"{_HELD} EXCEPT {_WANTED}"),
    )
    for kind, statement in kinds:
        rows = await _with_memory(connection, f"{statement} LIMIT {_LONGEST_LIST + 1}", parts)
        found = [(row[0], row[1]) for row in rows[:_LONGEST_LIST]]
        report.left += len(rows) - len(found)
        report.add(kind, [f"{key} of party {party_id}" for key, party_id in found])
        if mender:
            for some in _in_steps(found):
                await mender.keys([key for key, _ in some], [party_id for _, party_id in some])


async def _with_memory(connection: Connection, statement: str, *arguments: Any) -> list[Any]:
    async with connection.transaction():
        await connection.execute("SET LOCAL work_mem = '128MB'")
        rows: list[Any] = await connection.fetch(statement, *arguments)
    return rows


# --- mending ---------------------------------------------------------------------------------------------------------


class _Mender:
    """Mends step by step, each in a transaction of its own; what three tries do not mend is left, and counted."""

    def __init__(self, connection: Connection, report: Report) -> None:
        self._connection = connection
        self._report = report

    async def records(self, record_type: str, ids: Sequence[UUID]) -> None:
        """Put them into the index as they are now; nothing for those that have gone meanwhile."""

        async def mend() -> None:
            await index_as_stored(self._run, record_type, ids)

        await self._try(mend, len(ids))

    async def orphans(self, source: Source, ids: Sequence[UUID]) -> None:
        """Take them out, unless their records have come meanwhile."""

        async def mend() -> None:
            await self._connection.execute(
                "SELECT FROM party WHERE record_type = $1 AND record_id = ANY($2::uuid[]) ORDER BY id FOR UPDATE",
                source.record_type,
                ids,
            )
            there = await self._run(_there(source), ids=list(ids))
            for id_ in set(ids) - {row["id"] for row in there}:
                await self._run(_DELETE, record_type=source.record_type, record_id=id_)

        await self._try(mend, len(ids))

    async def keys(self, keys: Sequence[int], parties: Sequence[int]) -> None:
        """Put in what the parties lack of their keys, take out what is nobody's."""

        async def mend() -> None:
            # Whoever changes a party's keys has changed its row before.
            await self._connection.execute(
                "SELECT FROM party WHERE id = ANY($1::bigint[]) ORDER BY id FOR UPDATE", parties
            )
            await self._connection.execute(_PUT_KEYS, parties)
            await self._connection.execute(_TAKE_KEYS, keys, parties)

        await self._try(mend, len(keys))

    async def _try(self, mend: Any, number: int) -> None:
        for _ in range(_TRIES):
            try:
                async with self._connection.transaction():
                    await mend()
            except (asyncpg.DeadlockDetectedError, asyncpg.LockNotAvailableError):
                continue
            return
        self._report.left += number

    async def _run(self, statement: Statement, **values: Any) -> Any:
        return await self._connection.fetch(statement.sql, *statement.arguments(values))


@prepared
def _there(source: Source) -> Select[Any]:
    statement = select(source.model.id).where(
        source.model.id == func.any(bindparam("ids", type_=ARRAY(Uuid), required=True))
    )
    if source.condition is not None:
        statement = statement.where(source.condition)
    return unscoped(statement, reason="whether they are there")


def _in_steps(found: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for at in range(0, len(found), STEP):
        yield found[at : at + STEP]
