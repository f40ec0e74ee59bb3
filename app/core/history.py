"""The change log: a trigger on every business table writes each change into it; the change history reads it (LIST-4)."""

from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Index, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import UserDefinedType

from app.core.db import Base


class Xid8(UserDefinedType[str]):
    """A transaction's number. Readers stop at `pg_snapshot_xmin`, so that a late commit is never passed over."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


table = Table(
    "change_log",
    Base.metadata,
    Column("id", BigInteger, primary_key=True),
    Column("at", DateTime(timezone=True), primary_key=True),
    Column("xid", Xid8, nullable=False),
    Column("actor", Text, nullable=False),
    Column("trace_id", Text, nullable=False),
    Column("record_type", Text, nullable=False),
    Column("record_id", Uuid, nullable=False),
    Column("operation", Text, nullable=False),
    Column("old", JSONB),
    Column("new", JSONB),
    Column("version", BigInteger, doc="The record's version after the change; that of a deleted one before it."),
    Index("ix_change_log_record_id_id", "record_id", "id"),
    Index("ix_change_log_xid_id", "xid", "id"),
)
