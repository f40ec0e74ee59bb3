"""All records as the matcher reads them, in batches: what the rebuild writes and the check compares."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Uuid, bindparam

from app.accounts.parties import ACCOUNT
from app.contacts.parties import CONTACT
from app.core.statements import Statement, prepared
from app.indexing import Source
from app.leads.parties import LEAD
from app.matching.bulk import BATCH, Batch, Connection

ALL_SOURCES = (LEAD, ACCOUNT, CONTACT)


@prepared
def _next(source: Source) -> Any:
    after = bindparam("after", type_=Uuid, required=True)
    number = bindparam("number", type_=BigInteger, required=True)
    return source.rows().where(source.model.id > after).order_by(source.model.id).limit(number)


async def all_records(connection: Connection, *, size: int = BATCH) -> AsyncIterator[Batch]:
    """Every record that belongs into the index, by type and id, in batches."""
    for source in ALL_SOURCES:
        statement: Statement = _next(source)
        after = UUID(int=0)
        while rows := await connection.fetch(statement.sql, *statement.arguments({"after": after, "number": size})):
            yield source.record_type, [tuple(row) for row in rows]
            after = rows[-1]["id"]
