"""No job is lost: a job is a row here, written in the transaction of the change that asks for it.

The relay (`workers/relay.py`) hands due rows to arq; the worker runs the job and marks it done in the job's own transaction.
A job that waits for a date is the same row with a later `due_at`. Jobs are idempotent. A job that keeps failing becomes dead
and waits for an administrator.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    bindparam,
    column,
    delete,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, insert

from app.core.db import Base
from app.core.statements import Statement

table = Table(
    "outbox",
    Base.metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("job", Text, nullable=False),
    Column("payload", JSONB, nullable=False),
    Column("key", Text),
    Column("actor", Text, nullable=False),
    Column("trace_id", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("dispatched_at", DateTime(timezone=True)),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("error", Text),
    Column("done_at", DateTime(timezone=True)),
    Column("dead_at", DateTime(timezone=True)),
)
OPEN = table.c.done_at.is_(None) & table.c.dead_at.is_(None)
Index("ix_outbox_waiting", table.c.due_at, table.c.id, postgresql_where=OPEN & table.c.dispatched_at.is_(None))
Index("ix_outbox_dispatched", table.c.dispatched_at, postgresql_where=OPEN & table.c.dispatched_at.is_not(None))
Index("uq_outbox_open_key", table.c.key, unique=True, postgresql_where=OPEN & table.c.key.is_not(None))
Index("ix_outbox_done", table.c.done_at, postgresql_where=table.c.done_at.is_not(None))
Index("ix_outbox_dead", table.c.dead_at, postgresql_where=table.c.dead_at.is_not(None))

MAX_ATTEMPTS = 8
"""Failures, or starts that came to no end, after which a job is dead."""
PRIVATE = ("to", "subject", "text", "token")
"""Keys of a payload that nobody is shown, and that are forgotten once the job is done."""


class GiveUp(Exception):
    """Raised by a handler: trying again is useless, the job is dead at once. Its text is shown to administrators."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job asked for but not yet written."""

    job: str
    payload: dict[str, Any]
    due_at: datetime
    key: str | None


Handler = Callable[[Any, Mapping[str, Any]], Awaitable[None]]
"""Takes the job's Context, which is a floor above, and the payload."""
HANDLERS: dict[str, Handler] = {}


def job(name: str) -> Callable[[Handler], Handler]:
    """Decorator: the function that does the jobs of this name, in a transaction of its own, perhaps more than once."""

    def register(handler: Handler) -> Handler:
        assert name not in HANDLERS, name
        HANDLERS[name] = handler
        return handler

    return register


_rows = (
    func.unnest(
        bindparam("job", type_=ARRAY(Text), required=True),
        bindparam("payload", type_=ARRAY(Text), required=True),
        bindparam("due_at", type_=ARRAY(DateTime(timezone=True)), required=True),
        bindparam("key", type_=ARRAY(Text), required=True),
    )
    .table_valued(column("j", Text), column("p", Text), column("d", DateTime(timezone=True)), column("k", Text))
    .render_derived()
)
INSERT = Statement(
    insert(table)
    .from_select(
        ["job", "payload", "due_at", "key", "actor", "trace_id", "created_at"],
        select(
            _rows.c.j,
            _rows.c.p.cast(JSONB),
            _rows.c.d,
            _rows.c.k,
            bindparam("actor", type_=Text, required=True),
            bindparam("trace", type_=Text, required=True),
            bindparam("now", type_=DateTime(timezone=True), required=True),
        ),
    )
    .on_conflict_do_nothing()
)
CANCEL = Statement(
    delete(table).where(
        table.c.key == func.any(bindparam("keys", type_=ARRAY(Text), required=True)),
        table.c.id != bindparam("own", type_=BigInteger, required=True),
        OPEN,
    )
)


def insert_values(jobs: Sequence[Job], actor: str, trace: str, now: datetime) -> dict[str, Any]:
    """The arguments of INSERT for these jobs."""
    return {
        "job": [j.job for j in jobs],
        "payload": [orjson.dumps(j.payload, default=str).decode() for j in jobs],
        "due_at": [j.due_at for j in jobs],
        "key": [j.key for j in jobs],
        "actor": actor,
        "trace": trace,
        "now": now,
    }


def retry_delay(attempt: int) -> timedelta:
    """How long to wait before the next try: 5 s, 20 s, 80 s … at most an hour."""
    return timedelta(seconds=min(5 * 4 ** (attempt - 1), 3600))
