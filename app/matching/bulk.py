"""The index from nothing: parties in batches, normalised on all cores, written by COPY.

The rebuild and the benches use this same way. Memory is bounded by a few batches per process, whatever the stock.
"""

import asyncio
import os
import signal
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, aclosing, contextmanager
from multiprocessing import get_context
from struct import pack
from typing import Any, TypeVar

import orjson

from app.core.processes import die_with_parent
from app.matching.keys import blocking_keys
from app.matching.normalise import normalise
from app.matching.record import PartyValues

Connection = Any
"""asyncpg's, in whatever wrapping it comes."""
Row = Sequence[Any]
"""A record: its id, then what its `PartyValues` are made of, in their order."""
Batch = tuple[str, Sequence[Row]]
"""Records of one type."""
Result = TypeVar("Result")

BATCH = 4_000
"""Records read, normalised and written at once."""
_WORTH_PROCESSES = 2
"""Batches from which on other processes are worth their start."""
_SORT_MEMORY = "256MB"

# PostgreSQL's binary COPY: no character needs care, and nothing is parsed.
_HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"
_BIGINT = 20

_CONSTRAINTS = (
    ("party", "pk_party", "PRIMARY KEY (id)"),
    ("party", "uq_party_record_type_record_id", "UNIQUE (record_type, record_id)"),
    ("party_key", "pk_party_key", "PRIMARY KEY (key, party_id)"),
)


def encode(first_id: int, batch: Batch) -> bytes:
    """Rows of the table `party` for a binary COPY, without its head and end; ids count up from `first_id`."""
    record_type, rows = batch
    kind = record_type.encode()
    kind = pack(">i", len(kind)) + kind
    out: list[bytes] = []
    for id_, (record_id, *values) in enumerate(rows, first_id):
        party = normalise(PartyValues.of(values))
        dump = orjson.dumps(party.dump())
        keys = blocking_keys(party)
        number = len(keys)
        array = (
            pack(f">5i{'iq' * number}", 1, 0, _BIGINT, number, 1, *[part for key in keys for part in (8, key)])
            if keys
            else pack(">3i", 0, 0, _BIGINT)
        )
        out += (
            pack(">hiq", 5, 8, id_), kind, pack(">i", 16), record_id.bytes,
            pack(">i", len(dump) + 1), b"\x01", dump, pack(">i", len(array)), array,
        )  # fmt: skip
    return b"".join(out)


async def load(connection: Connection, batches: AsyncIterable[Batch], *, processes: int | None = None) -> int:
    """Fill the empty index with these records; returns how many. Call it in a transaction that has locked the tables.

    Constraints are taken off and made anew at the end, when all is there: one sort instead of a million searches.
    """
    for table, name, _ in _CONSTRAINTS:
        await connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    loaded = 0

    async def numbered() -> AsyncIterator[tuple[int, Batch]]:
        nonlocal loaded
        async for batch in batches:
            yield loaded + 1, batch
            loaded += len(batch[1])

    async with aclosing(on_all_cores(encode, numbered(), processes=processes)) as encoded:
        async for rows in encoded:
            await _copy(connection, rows)
    await connection.execute("SELECT setval(pg_get_serial_sequence('party', 'id'), $1, false)", loaded + 1)
    await connection.execute(f"SET LOCAL maintenance_work_mem = '{_SORT_MEMORY}'")
    await connection.execute(f"SET LOCAL work_mem = '{_SORT_MEMORY}'")
    # In the order of the keys: a key's holders then lie together, in the table as in its index.
    await connection.execute(
        "INSERT INTO party_key (key, party_id) SELECT key, id FROM party CROSS JOIN unnest(keys) AS own(key) ORDER BY 1, 2"
    )
    for table, name, constraint in _CONSTRAINTS:
        await connection.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {constraint}")
    return loaded


async def _copy(connection: Connection, rows: bytes) -> None:
    async def source() -> AsyncIterator[bytes]:
        yield _HEAD
        yield rows
        yield _END

    await connection.copy_to_table(
        "party", source=source(), columns=("id", "record_type", "record_id", "dump", "keys"), format="binary"
    )


async def on_all_cores(
    work: Callable[..., Result], tasks: AsyncIterable[tuple[Any, ...]], *, processes: int | None = None
) -> AsyncGenerator[Result, None]:
    """What `work` gives for each of the tasks' arguments, in their order, worked out in other processes: by default one for each
    core. The first few tasks are done here, since processes take half a second to start.
    """
    processes = os.cpu_count() or 1 if processes is None else processes
    here = _WORTH_PROCESSES
    waiting: deque[asyncio.Future[Result]] = deque()
    with ExitStack() as stack:
        pool: ProcessPoolExecutor | None = None
        async for task in tasks:
            if not processes or here:
                here = max(0, here - 1)
                yield work(*task)
                continue
            pool = pool or stack.enter_context(_pool(processes))
            waiting.append(asyncio.wrap_future(pool.submit(work, *task)))
            if len(waiting) > 2 * processes:
                yield await waiting.popleft()
        while waiting:
            yield await waiting.popleft()


@contextmanager
def _pool(processes: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that end with this one, however it ends."""
    pool = ProcessPoolExecutor(
        processes,
        mp_context=get_context("spawn"),
        initializer=die_with_parent,
        initargs=(signal.SIGKILL, os.getpid()),
    )
    try:
        yield pool
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
