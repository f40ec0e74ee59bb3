"""The duplicate index as use cases see it: keep a record in it, queue on a customer, look for matches.

Everything that makes or changes a lead, contact or account goes through here, in its own transaction.
"""

from collections.abc import Iterable, Sequence
from typing import Any, cast
from uuid import UUID

import orjson
from sqlalchemy import ARRAY, BigInteger, bindparam, column, func, select

from app.core.context import Context
from app.core.statements import Statement
from app.matching import Party, PartyValues, blocking_keys, normalise
from app.matching.index import Matches, candidates_sql, delete_sql, insert_sql, upsert_sql, upsert_values, weigh

_CANDIDATES = Statement(candidates_sql())
_FILTERED = Statement(candidates_sql(filtered=True))
_UPSERT = Statement(upsert_sql())
_DELETE = Statement(delete_sql())
_INSERT_NEW = Statement(insert_sql())
_AS_ARRAY = str.maketrans("[]", "{}")

_keys = (
    func.unnest(bindparam("keys", type_=ARRAY(BigInteger), required=True))
    .table_valued(column("key", BigInteger))
    .render_derived()
)
_QUEUE = Statement(select(func.count(func.pg_advisory_xact_lock(_keys.c.key))))

ALL_TYPES = ("lead", "account", "contact")


async def index_record(ctx: Context, record_type: str, record_id: UUID, values: PartyValues | Party) -> None:
    """Put a record into the index, or replace it there."""
    await ctx.run(_UPSERT, **upsert_values(record_type, record_id, values))


async def index_new(ctx: Context, records: Sequence[tuple[str, UUID, PartyValues | Party]]) -> None:
    """Put many new records (type, id, values) into the index, in one statement. None of them may be there yet."""
    rows = [upsert_values(*record) for record in records]
    await ctx.run(
        _INSERT_NEW,
        types=[row["record_type"] for row in rows],
        ids=[row["record_id"] for row in rows],
        dumps=[orjson.dumps(row["dump"]).decode() for row in rows],
        keys=[orjson.dumps(row["keys"]).decode().translate(_AS_ARRAY) for row in rows],
    )


async def remove_record(ctx: Context, record_type: str, record_id: UUID) -> None:
    """Take a record out of the index."""
    await ctx.run(_DELETE, record_type=record_type, record_id=record_id)


async def queue_on(ctx: Context, *parties: Party) -> None:
    """Wait until nobody else registers these customers, under whatever spelling, and hold the place until commit (LOCK-6).

    Two spellings that would match share a blocking key. The keys are sorted and taken in that order by everybody, so
    nobody waits in a circle. What is read afterwards is read in a new snapshot and sees what the one before has made.
    """
    await ctx.run(_QUEUE, keys=sorted({key for party in parties for key in blocking_keys(party)}))


async def find_matches(
    ctx: Context, values: PartyValues | Party, *, types: Sequence[str] = ALL_TYPES, exclude: Sequence[UUID] = ()
) -> Matches:
    """The records that are, or may be, the one described; of all records, visible to the asker or not (DUP-3)."""
    party = values if isinstance(values, Party) else normalise(values)
    keys = blocking_keys(party)
    if not keys:
        return Matches((), truncated=False)
    if tuple(types) == ALL_TYPES and not exclude:
        rows = await ctx.fetch(_CANDIDATES, keys=keys)
    else:
        rows = await ctx.fetch(_FILTERED, keys=keys, types=list(types), exclude=list(exclude))
    return weigh(party, cast(Iterable[Sequence[Any]], rows))
