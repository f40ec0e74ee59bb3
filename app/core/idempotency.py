"""Same answer twice: a POST's answer is stored under its Idempotency-Key, in the transaction that it answers for."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import Column, DateTime, Integer, LargeBinary, Table, Text, Uuid, bindparam, cast, func, insert, select
from sqlalchemy.dialects.postgresql import JSONB
from starlette.responses import Response

from app.core.db import Base
from app.core.problems import IdempotencyKeyReused, Problem, RequestInFlight
from app.core.statements import Statement

table = Table(
    "idempotency_keys",
    Base.metadata,
    Column("user_id", Uuid, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request_hash", LargeBinary, nullable=False),
    Column("status", Integer, nullable=False),
    Column("headers", JSONB, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, index=True),
)

KEPT_DAYS = 30


@dataclass(slots=True)
class Answer:
    """What was answered."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Claim:
    """One request's hold on its key."""

    user_id: UUID
    key: str
    request_hash: bytes
    now: datetime
    answer: Answer | None = None

    def stored_values(self) -> dict[str, Any]:
        """The row to keep."""
        assert self.answer is not None
        return {
            "user_id": self.user_id,
            "key": self.key,
            "request_hash": self.request_hash,
            "status": self.answer.status,
            "headers": self.answer.headers,
            "body": self.answer.body,
            "created_at": self.now,
        }


class Replayed(Problem):
    """Not an error: carries the stored answer past the route function."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer

    def response(self, **_: object) -> Response:
        headers = {**self.answer.headers, "Idempotent-Replayed": "true"}
        return Response(self.answer.body, self.answer.status, headers, "application/json" if self.answer.body else None)


_user = bindparam("user_id", type_=Uuid, required=True)
_key = bindparam("key", type_=Text, required=True)
_lock = select(
    func.pg_try_advisory_xact_lock(func.hashtextextended(cast(_user, Text) + _key, 77)).label("ours")
).subquery("lock")
_CLAIM = Statement(
    select(_lock.c.ours, table.c.request_hash, table.c.status, table.c.headers, table.c.body)
    .select_from(_lock)
    .join(table, (table.c.user_id == _user) & (table.c.key == _key), isouter=True)
)
_STORE = Statement(insert(table))


async def claim(run: Callable[..., Awaitable[Any]], wanted: Claim) -> None:
    """Take the key for this transaction, or raise: Replayed, RequestInFlight, IdempotencyKeyReused.

    A request that commits between this statement's snapshot and its lock is met by the primary key when the answer is
    stored: then too the client hears RequestInFlight, and nothing of the second request remains.
    """
    row = (await run(_CLAIM, user_id=wanted.user_id, key=wanted.key))[0]
    if row["status"] is None:
        if not row["ours"]:
            raise RequestInFlight(headers={"Retry-After": "1"})
        return
    if row["request_hash"] != wanted.request_hash:
        raise IdempotencyKeyReused
    raise Replayed(Answer(row["status"], row["headers"], row["body"]))


async def store(run: Callable[..., Awaitable[Any]], done: Claim) -> None:
    """Keep the answer. Raises RequestInFlight when the same request was answered at the very same time."""
    try:
        await run(_STORE, **done.stored_values())
    except asyncpg.UniqueViolationError as error:
        raise RequestInFlight(headers={"Retry-After": "1"}) from error
