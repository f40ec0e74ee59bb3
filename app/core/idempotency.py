"""Same answer twice: a POST's answer is stored under its Idempotency-Key, in the transaction that it answers for."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, DateTime, Integer, LargeBinary, Table, Text, Uuid, bindparam, func, insert, select
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


_CLAIM = Statement(
    select(
        func.pg_try_advisory_xact_lock(
            func.hashtextextended(bindparam("user_id", type_=Text) + bindparam("key", type_=Text), 77)
        )
    )
)
_FIND = Statement(
    select(table.c.request_hash, table.c.status, table.c.headers, table.c.body).where(
        table.c.user_id == bindparam("user_id", type_=Uuid, required=True),
        table.c.key == bindparam("key", type_=Text, required=True),
    )
)
STORE = Statement(insert(table))


async def claim(run: Callable[..., Awaitable[Any]], wanted: Claim) -> None:
    """Take the key for this transaction, or raise: Replayed, RequestInFlight, IdempotencyKeyReused.

    The lock comes first and the look second, each in its own snapshot, so that the answer of a request that has just
    committed is seen.
    """
    if not (await run(_CLAIM, user_id=str(wanted.user_id), key=wanted.key))[0][0]:
        raise RequestInFlight(headers={"Retry-After": "1"})
    rows = await run(_FIND, user_id=wanted.user_id, key=wanted.key)
    if rows:
        row = rows[0]
        if row["request_hash"] != wanted.request_hash:
            raise IdempotencyKeyReused
        raise Replayed(Answer(row["status"], row["headers"], row["body"]))
