"""Builds the duplicate index anew from the records, when it was built by another version of the matcher.

One transaction, which holds the index for itself from its first statement to its end. So nobody sees half an index; a rebuild
that is cut off leaves the old one and its version, and the next start begins again. Whoever writes a record meanwhile waits
(and is told 503 when it takes too long). A process of another version that is still running finds, in the same statement as
each look-up and each write, that the version is not its own, and answers 503 too: it writes no key that nobody looks for.
"""

from typing import cast

import structlog

from app.core.db import long_work
from app.matching.bulk import Connection, load
from app.matching.version import INDEX_VERSION
from app.reindexing.sources import all_records

log = structlog.get_logger()

_ONE_AT_A_TIME = 7230002


async def rebuild_if_outdated(url: str) -> bool:
    """Bring the index of this database to this version's keys; returns whether there was anything to do."""
    async with long_work(url) as connection:
        if await _version(connection) == INDEX_VERSION:
            return False
        await connection.execute("SET lock_timeout = 0")
        await connection.execute("SELECT pg_advisory_lock($1)", _ONE_AT_A_TIME)
        await connection.execute("SET lock_timeout = '60s'")
        if await _version(connection) == INDEX_VERSION:
            return False  # another process has just done it
        number = await rebuild(connection)
        await settle(connection)
        if number:
            log.info("index_rebuilt", parties=number, version=INDEX_VERSION)
        return True


async def rebuild(connection: Connection, *, processes: int | None = None) -> int:
    """Build the index anew; returns the number of parties."""
    async with connection.transaction():
        # Who writes the index has locked a record first, and waits here; reading records needs none of their locks.
        await connection.execute("LOCK TABLE party, party_key, index_state IN ACCESS EXCLUSIVE MODE")
        await connection.execute("TRUNCATE party, party_key, index_state")
        number = await load(connection, all_records(connection), processes=processes)
        await connection.execute("INSERT INTO index_state (id, version) VALUES (1, $1)", INDEX_VERSION)
    return number


async def settle(connection: Connection) -> None:
    """What PostgreSQL would do by itself within some minutes: statistics, and the map that spares look-ups the table."""
    await connection.execute("VACUUM (ANALYZE) party, party_key")


async def _version(connection: Connection) -> int | None:
    return cast(int | None, await connection.fetchval("SELECT version FROM index_state"))
