"""Answers of directories, kept for a while: what was paid for once need not be paid for again. Shared by all processes.

Only a hash of each question is kept. What is kept is public knowledge about companies, and goes when its time is over.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import (
    ARRAY,
    Column,
    DateTime,
    Index,
    LargeBinary,
    Table,
    Text,
    and_,
    bindparam,
    column,
    delete,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB, insert

from app.core.context import Context
from app.core.db import Base
from app.core.statements import Statement
from app.lookups.directory import Found, Suggestion

table = Table(
    "lookup_answers",
    Base.metadata,
    Column("directory", Text, primary_key=True),
    Column("question", LargeBinary, primary_key=True),
    Column("answer", JSONB, nullable=False),
    Column("fetched_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Index("ix_lookup_answers_expires_at", "expires_at"),
)

Kept = tuple[Found, datetime]
"""An answer, and when it was given."""

_NOW = bindparam("now", type_=DateTime(timezone=True), required=True)


def _pairs(*more: tuple[str, Any]) -> Any:
    columns = (("directory", Text), ("question", LargeBinary), *more)
    return (
        func.unnest(*(bindparam(f"{name}s", type_=ARRAY(kind), required=True) for name, kind in columns))
        .table_valued(*(column(name, kind) for name, kind in columns))
        .render_derived()
    )


_asked = _pairs()
_READ = Statement(
    select(table.c.directory, table.c.answer, table.c.fetched_at)
    .join(_asked, and_(table.c.directory == _asked.c.directory, table.c.question == _asked.c.question))
    .where(table.c.expires_at > _NOW)
)
_new = _pairs(("answer", Text), ("expiry", DateTime(timezone=True)))
_insert = insert(table).from_select(
    ["directory", "question", "answer", "fetched_at", "expires_at"],
    select(_new.c.directory, _new.c.question, _new.c.answer.cast(JSONB), _NOW, _new.c.expiry),
)
_STORE = Statement(
    _insert.on_conflict_do_update(
        index_elements=["directory", "question"],
        set_={name: _insert.excluded[name] for name in ("answer", "fetched_at", "expires_at")},
    )
)
_SWEEP = Statement(delete(table).where(table.c.expires_at <= _NOW))


async def read(ctx: Context, keys: Mapping[str, bytes]) -> dict[str, Kept]:
    """Answers that are still good, by directory."""
    if not keys:
        return {}
    rows = await ctx.fetch(_READ, directorys=list(keys), questions=list(keys.values()), now=ctx.now)
    return {row["directory"]: (_load(row["answer"]), row["fetched_at"]) for row in rows}


async def store(ctx: Context, answers: Sequence[tuple[str, bytes, Found, timedelta]]) -> None:
    """Keep answers (directory, question's key, answer, for how long), or renew them."""
    ordered = sorted(
        answers, key=lambda answer: answer[:2]
    )  # so that two processes never wait for each other in a circle
    await ctx.run(
        _STORE,
        directorys=[directory for directory, *_ in ordered],
        questions=[key for _, key, *_ in ordered],
        answers=[orjson.dumps(asdict(found)).decode() for _, _, found, _ in ordered],
        expirys=[ctx.now + keep for *_, keep in ordered],
        now=ctx.now,
    )


async def sweep(ctx: Context) -> None:
    """Forget answers whose time is over."""
    await ctx.run(_SWEEP, now=ctx.clock.really())


def _load(answer: Any) -> Found:
    plain = orjson.loads(answer) if isinstance(answer, str | bytes) else answer
    return Found([Suggestion(**suggestion) for suggestion in plain["suggestions"]], plain["vat_valid"])
