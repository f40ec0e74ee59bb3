"""What is not a duplicate, remembered for the pair: keeping it, asking for it, moving it when records are merged (DUP-9).

A dismissal hides the pair from what is proposed: a record's duplicates, the preview of a conversion, scans. Under the lock it
counts for no more than `not_duplicate_of` does: a possible match is waved through, a duplicate never (LOCK-3).
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, Text, Uuid, bindparam, column, func, select, union_all
from sqlalchemy.dialects.postgresql import insert

from app.core.context import Context
from app.core.db import new_id
from app.core.statements import Statement
from app.core.visibility import unscoped
from app.duplicates.models import DuplicateDismissal
from app.locks.protection import Standing


class Ref(NamedTuple):
    """A record by its kind and id; they sort as the columns of a dismissal do."""

    type: str
    id: UUID


Pair = tuple[Ref, Ref]


def pair_of(one: Ref, two: Ref) -> Pair:
    """The pair in its order."""
    return (one, two) if one < two else (two, one)


_given = (
    func.unnest(
        *(
            bindparam(name, type_=ARRAY(kind), required=True)
            for name, kind in (
                ("ids", Uuid),
                ("first_types", Text),
                ("first_ids", Uuid),
                ("second_types", Text),
                ("second_ids", Uuid),
            )
        )
    )
    .table_valued(
        column("id", Uuid),
        column("first_type", Text),
        column("first_id", Uuid),
        column("second_type", Text),
        column("second_id", Uuid),
    )
    .render_derived()
)
_INSERT = Statement(
    insert(DuplicateDismissal)
    .from_select(
        ["id", "first_type", "first_id", "second_type", "second_id", "reason", "created_by", "created_at"],
        select(
            *_given.c,
            bindparam("reason", type_=Text, required=True),
            bindparam("created_by", type_=Uuid, required=True),
            bindparam("created_at", type_=DateTime(timezone=True), required=True),
        ),
        include_defaults=False,
    )
    .on_conflict_do_nothing()
    .returning(DuplicateDismissal.id)
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
        first_types=[first.type for first, _ in wanted],
        first_ids=[first.id for first, _ in wanted],
        second_types=[second.type for _, second in wanted],
        second_ids=[second.id for _, second in wanted],
        reason=reason,
        created_by=ctx.user_id,
        created_at=ctx.now,
    )
    return len(rows)


async def remember_named(ctx: Context, own: Ref, standings: Sequence[Standing], named: Sequence[UUID]) -> None:
    """Keep what a registering person has said: of the matches that they were shown, these are others.

    That a duplicate is none may only say who could also change it: of another one's customer it is not kept.
    """
    said = [s for s in standings if s.record_id in named and not (s.foreign and s.match.verdict == "duplicate")]
    await remember(ctx, [pair_of(own, Ref(s.record_type, s.record_id)) for s in said])


async def dismissed_with(ctx: Context, record_id: UUID) -> list[Ref]:
    """The records that are not the same as this one, because somebody has said so."""
    return [Ref(*row) for row in await ctx.fetch(_OTHERS, id=record_id)]
