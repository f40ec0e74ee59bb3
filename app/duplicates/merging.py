"""Dismissals when records are merged, and when that is undone (DUP-8, DUP-9)."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Text, Uuid, and_, bindparam, cast, delete, func, literal_column, or_, select, text
from sqlalchemy.dialects.postgresql import JSONB

from app.core.context import Context
from app.core.redirects import table as redirects
from app.core.statements import Statement
from app.core.visibility import unscoped
from app.duplicates.dismissals import Pair, Ref, pair_of
from app.duplicates.models import MODELS, DuplicateDismissal

_Row = dict[str, Any]
_row = cast(func.to_jsonb(literal_column("duplicate_dismissals")), JSONB).label("row")
_ids = bindparam("ids", type_=ARRAY(Uuid), required=True)
_kind = bindparam("kind", type_=Text, required=True)
_of_a_loser = or_(
    and_(DuplicateDismissal.first_type == _kind, DuplicateDismissal.first_id == func.any(_ids)),
    and_(DuplicateDismissal.second_type == _kind, DuplicateDismissal.second_id == func.any(_ids)),
)
_EVERY_ONE = "a merge takes all that hangs on its records, whoever sees it"
_TAKE_OF = Statement(unscoped(delete(DuplicateDismissal).where(_of_a_loser).returning(_row), reason=_EVERY_ONE))
_TAKE = Statement(
    unscoped(
        delete(DuplicateDismissal).where(DuplicateDismissal.id == func.any(_ids)).returning(_row), reason=_EVERY_ONE
    )
)
_PUT = Statement(
    text(
        "INSERT INTO duplicate_dismissals "
        "SELECT * FROM jsonb_populate_recordset(CAST(NULL AS duplicate_dismissals), :rows) "
        "ON CONFLICT DO NOTHING RETURNING id"
    ).bindparams(bindparam("rows", type_=JSONB, required=True))
)


async def move_dismissals(
    ctx: Context, record_type: str, loser_ids: Sequence[UUID], winner_id: UUID
) -> list[dict[str, Any]]:
    """What the losers differ from, the winner does from now on; that they differ from the winner or each other is void.

    Returns what was done, plain enough for JSON, for `move_dismissals_back`. To be called while the losers are there: with
    them go dismissals that still name them.
    """
    taken = [row["row"] for row in await ctx.run(_TAKE_OF, kind=record_type, ids=list(loser_ids))]
    taken.sort(key=lambda row: (row["created_at"], row["id"]))
    winner = dict.fromkeys((Ref(record_type, loser) for loser in loser_ids), Ref(record_type, winner_id))
    moved = [_with(row, one, two) for row in taken for one, two in [_renamed(row, winner)] if one != two]
    put = {row["id"] for row in await ctx.run(_PUT, rows=moved)} if moved else set()
    return [{"row": row, "moved": UUID(row["id"]) in put} for row in taken]


async def move_dismissals_back(
    ctx: Context,
    record_type: str,
    loser_ids: Sequence[UUID],
    winner_id: UUID,
    done: Sequence[Mapping[str, Any]],
) -> None:
    """Undo what `move_dismissals` has returned, each as it was. To be called when the losers are there again.

    One that was withdrawn since stays so. Where the other record was merged elsewhere since, the dismissal is of that winner.
    """
    losers = {Ref(record_type, loser) for loser in loser_ids}
    ids = [UUID(one["row"]["id"]) for one in done if one["moved"]]
    now = {row["row"]["id"]: row["row"] for row in (await ctx.run(_TAKE, ids=ids) if ids else [])}
    back: list[_Row] = []
    for one in done:
        row: _Row = one["row"]
        if not one["moved"]:
            back.append(row)
        elif row["id"] in now:
            (loser,) = [side for side in _sides(row) if side in losers]
            back.append(_with(row, *_renamed(now[row["id"]], {Ref(record_type, winner_id): loser})))
    now_at = await _whereabouts(ctx, {side for row in back for side in _sides(row)})
    pairs = [(row, *_renamed(row, now_at)) for row in back if now_at.keys() >= set(_sides(row))]
    if rows := [_with(row, one, two) for row, one, two in pairs if one != two]:
        await ctx.run(_PUT, rows=rows)


def _sides(row: _Row) -> Pair:
    return Ref(row["first_type"], UUID(row["first_id"])), Ref(row["second_type"], UUID(row["second_id"]))


def _renamed(row: _Row, names: Mapping[Ref, Ref]) -> Pair:
    first, second = _sides(row)
    return names.get(first, first), names.get(second, second)


def _with(row: _Row, one: Ref, two: Ref) -> _Row:
    """The row as of another pair."""
    first, second = pair_of(one, two)
    pair = {"first_type": first.type, "first_id": str(first.id), "second_type": second.type}
    return {**row, **pair, "second_id": str(second.id)}


async def _whereabouts(ctx: Context, refs: set[Ref]) -> dict[Ref, Ref]:
    """Where the records are now: there, or merged into another one; those that are gone are left out."""
    found: dict[Ref, Ref] = {}
    for kind, model in MODELS.items():
        if ids := [ref.id for ref in refs if ref.type == kind]:
            there = unscoped(select(model.id).where(model.id.in_(ids)), reason="asked only whether it is there")
            found |= {Ref(kind, id_): Ref(kind, id_) for id_ in (await ctx.session.execute(there)).scalars()}
    if missing := refs - found.keys():
        merged = select(redirects).where(redirects.c.loser_id.in_([ref.id for ref in missing]))
        for row in await ctx.session.execute(merged):
            found[Ref(row.record_type, row.loser_id)] = Ref(row.record_type, row.winner_id)
    return found
