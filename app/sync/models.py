"""What devices have pushed, and when the feed's cursors were counted anew (SYNC-2)."""

from sqlalchemy import Column, DateTime, LargeBinary, Table, Text, Uuid, text

from app.core.db import Base
from app.core.history import Xid8

operations = Table(
    "sync_operations",
    Base.metadata,
    Column("user_id", Uuid, primary_key=True),
    Column("op_id", Uuid, primary_key=True),
    Column("request_hash", LargeBinary, nullable=False),
    Column("status", Text, doc="`applied` or `merged`; none only while it is being done."),
    Column("record_type", Text, nullable=False),
    Column("record_id", Uuid, nullable=False, index=True),
    Column("device_id", Uuid, nullable=False),
    Column(
        "xid", Xid8, nullable=False, server_default=text("pg_current_xact_id()"), doc="The transaction that did it."
    ),
    Column("created_at", DateTime(timezone=True), nullable=False, index=True),
)
"""Operations that had an effect, in the transaction of the effect: the same one again has none."""

epochs = Table(
    "sync_epochs", Base.metadata, Column("id", Uuid, primary_key=True, server_default=text("gen_random_uuid()"))
)
"""One row. Whoever puts an older state of the database back in place renews it: all clients begin anew."""
