"""What is not a duplicate, remembered for the pair: keeping it, asking for it, moving it when records are merged (DUP-9).

A dismissal hides the pair from what is proposed: a record's duplicates, the preview of a conversion, scans. Under the lock it
counts for no more than `not_duplicate_of` does: a possible match is waved through, a duplicate never (LOCK-3).
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, Text, Uuid, and_, bindparam, column, func, select, union_all
from sqlalchemy.dialects.postgresql import insert

from app.core.context import Context
from app.core.db import new_id
from app.core.statements import Statement
from app.core.visibility import unscoped
from app.duplicates.models import DuplicateDismissal
from app.locks.protection import Standing
from app.matching.index import Found


class Ref(NamedTuple):
    """A record by its kind and id; they sort as the columns of a dismissal do."""

    type: str
    id: UUID


Pair = tuple[Ref, Ref]


def pair_of(one: Ref, two: Ref) -> Pair:
    """The pair in its order."""
    return (one, two) if one < two else (two, one)


_PAIR = (("first_type", Text), ("first_id", Uuid), ("second_type", Text), ("second_id", Uuid))


def _rows(*columns: tuple[str, Any]) -> Any:
    """What arrays, bound by these names with an s, say row by row."""
    arrays = (bindparam(f"{name}s", type_=ARRAY(kind), required=True) for name, kind in columns)
    rows = func.unnest(*arrays).table_valued(*(column(n, k) for n, k in columns), with_ordinality="place")
    return rows.render_derived()


_new = _rows(("id", Uuid), *_PAIR)
_INSERT = Statement(
    insert(DuplicateDismissal)
    .from_select(
        ["id", *(name for name, _ in _PAIR), "reason", "created_by", "created_at", "updated_at"],
        select(
            _new.c.id,
            *(_new.c[name] for name, _ in _PAIR),
            bindparam("reason", type_=Text, required=True),
            bindparam("created_by", type_=Uuid, required=True),
            bindparam("created_at", type_=DateTime(timezone=True), required=True),
            bindparam("created_at", type_=DateTime(timezone=True), required=True),
        ),
        include_defaults=False,
    )
    .on_conflict_do_nothing()
    .returning(DuplicateDismissal.id)
)
_named = _rows(*_PAIR)
_IDS = Statement(
    unscoped(
        select(DuplicateDismissal.id)
        .join(_named, and_(*(getattr(DuplicateDismissal, name) == _named.c[name] for name, _ in _PAIR)))
        .order_by(_named.c.place),
        reason="pairs that the asker has named and may dismiss",
    )
)
_own = bindparam("id", type_=Uuid, required=True)
_OTHERS = Statement(
    unscoped(
        union_all(
            select(DuplicateDismissal.second_type, DuplicateDismissal.second_id).where(
                DuplicateDismissal.first_id == _own
            ),
            select(DuplicateDismissal.first_type, DuplicateDismissal.first_id).where(
                DuplicateDismissal.second_id == _own
            ),
        ),
        reason="a pair is different, whoever asks",
    )
)


def _arrays(pairs: Sequence[Pair]) -> dict[str, Any]:
    return {
        "first_types": [first.type for first, _ in pairs],
        "first_ids": [first.id for first, _ in pairs],
        "second_types": [second.type for _, second in pairs],
        "second_ids": [second.id for _, second in pairs],
    }


async def remember(ctx: Context, pairs: Iterable[Pair], *, reason: str | None = None) -> int:
    """Dismiss the pairs, in one statement; returns how many are new. One that stands already stays as it is.

    Whether the asker may is for the caller to have found out.
    """
    wanted = sorted(set(pairs))
    if not wanted:
        return 0
    rows = await ctx.run(
        _INSERT,
        ids=[new_id() for _ in wanted],
        **_arrays(wanted),
        reason=reason,
        created_by=ctx.user_id,
        created_at=ctx.now,
    )
    return len(rows)


async def ids_of(ctx: Context, pairs: Sequence[Pair]) -> list[UUID]:
    """The dismissals of these pairs, in their order."""
    return [row["id"] for row in await ctx.run(_IDS, **_arrays(pairs))]


async def remember_named(ctx: Context, own: Ref, standings: Sequence[Standing], named: Sequence[UUID]) -> None:
    """Keep what a registering person has said: of the customers that they were shown as matches, these are others. With the
    match go the customer's further records that matched.

    That a duplicate is none may only say who could also change it: of another one's customer it is not kept.
    """
    hides_a_holder = ctx.reach != "all"
    pairs: list[Pair] = []
    for standing in (s for s in standings if s.record_id in named):
        matches: list[Standing | Found] = [standing, *standing.along]
        for one in matches:
            if not (hides_a_holder and standing.foreign and one.match.verdict == "duplicate"):
                pairs.append(pair_of(own, Ref(one.record_type, one.record_id)))
    await remember(ctx, pairs)


async def dismissed_with(ctx: Context, record_id: UUID) -> list[Ref]:
    """The records that are not the same as this one, because somebody has said so."""
    return [Ref(*row) for row in await ctx.fetch(_OTHERS, id=record_id)]
