"""Undoing a merge: everything back where it was, what was entered since stays (DUP-8)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from app.accounts import reach
from app.accounts.models import MemberOrganisation
from app.accounts.relations import hold_hierarchy
from app.activities.models import Activity
from app.contact_types.models import ContactType
from app.core.context import Context
from app.core.permissions import Permission
from app.core.visibility import unscoped
from app.duplicates.merging import move_dismissals_back
from app.indexing import queue_on
from app.locks.models import LeadLock
from app.locks.service import schedule
from app.merges import statements
from app.merges.fields import CUSTOM, UNITED, Row
from app.merges.loading import MODELS, WRITE, queue, reindex, require_write
from app.merges.models import Merge
from app.merges.pairs import move_pairs_back, move_revenues_back
from app.merges.problems import AlreadyUndone, LaterMerge, TakenSince, UndoTooLate, WinnerGone
from app.merges.protection import party_of, taken_since
from app.merges.queries import UNDO_TIME
from app.merges.references import QUIET

_NAMED = {
    "account_id": "accounts",
    "contact_id": "contacts",
    "parent_id": "accounts",
    "main_contact_id": "contacts",
    "previous_contact_id": "contacts",
    "lead_id": "leads",
    "photo_id": "photos",
    "receipt_id": "protection_checks",
    "centre_id": "centres",
}
"""Columns of merged records that name others, which may be gone meanwhile."""

_LISTS = {"account": reach.OF_ACCOUNTS, "contact": reach.OF_CONTACTS}

Kept = dict[str, Any]


async def undo(ctx: Context, merge_id: UUID) -> None:
    """Undo the merge. What changed since is kept and reported in the merge's `kept`.

    Raises Forbidden, NotFound, NotAManager, NotYourLead, AlreadyUndone, UndoTooLate, LaterMerge, WinnerGone, TakenSince,
    MergeInProgress.
    """
    ctx.require(Permission.RECORDS_MERGE)
    merge = await ctx.load(Merge, merge_id)
    ctx.require(WRITE[merge.record_type])
    if merge.origin == "erp":
        ctx.require(Permission.ERP_FOLLOW)
    if merge.state == "undone":
        raise AlreadyUndone
    until = merge.created_at + UNDO_TIME
    if ctx.now > until or merge.undo is None:
        raise UndoTooLate(until=until.date().isoformat(), extra={"until": until})
    ids = [merge.winner_id, *merge.loser_ids]
    await queue(ctx, ids)
    for row in await ctx.run(statements.NEWER, ids=ids):
        if row["id"] == merge.id:
            break
        raise LaterMerge(extra={"merge_id": row["id"]})
    completed = _complete_losers(merge)
    parties = [party_of(merge.record_type, row) for row in merge.undo["losers"]]
    if merge.record_type == "account":
        await hold_hierarchy(ctx)
        await queue_on(ctx, *parties)
        await ctx.run(statements.HOLD, ids=ids)
    for row in await ctx.run(statements.STANDS_ON, merge=merge.id):
        raise LaterMerge(extra={"merge_id": row["id"]})
    winner, now = await _winner(ctx, merge)
    require_write(ctx, winner)
    if merge.record_type == "lead":
        await queue_on(ctx, *parties)
    revived = await _revived(ctx, merge.undo["effects"])
    await _require_free(ctx, merge, revived)
    _complete_winner(merge, now, completed)
    kept = await _leave_out_gone(ctx, merge, now)
    await _insert_losers(ctx, merge)
    kept += await _restore_winner(ctx, merge, now)
    for row in await ctx.run(statements.move_back(merge.record_type), merge=merge.id, winner=merge.winner_id):
        if row["table_name"] not in QUIET:
            reason = "changed" if row["there"] else "deleted"
            kept.append({"kind": row["table_name"], "field": None, "record_id": str(row["row_id"]), "reason": reason})
    if merge.record_type == "account":
        kept += await _break_circles(ctx, merge)
    kept += await _undo_effects(ctx, merge.undo["effects"], revived)
    await move_pairs_back(ctx, merge.record_type, merge.winner_id, merge.undo.get("pairs", ()))
    if merge.record_type == "account":
        await move_revenues_back(ctx, merge.winner_id, merge.undo.get("revenues", ()))
    if merge.record_type == "lead":
        await ctx.run(statements.NAME_LOCKS, ids=ids)
    dismissals = merge.undo["dismissals"]
    await move_dismissals_back(ctx, merge.record_type, merge.loser_ids, merge.winner_id, dismissals)
    await _index(ctx, merge)
    if merge.record_type == "account":
        for id_ in (merge.winner_id, *merge.loser_ids):
            ctx.enqueue("team_following.follow", {"account_id": id_})
            ctx.enqueue("accounts.teams_by_rule", {"account_id": id_})
            ctx.enqueue("accounts.reclassify", {"account_id": id_})
    merge.state, merge.undone_at, merge.undone_by = "undone", ctx.now, ctx.user_id
    merge.kept, merge.undo = kept, None


async def _winner(ctx: Context, merge: Merge) -> tuple[Any, Mapping[str, Any]]:
    model: Any = MODELS[merge.record_type]
    statement = (
        select(model, func.to_jsonb(model.__table__.table_valued()))
        .where(model.id == merge.winner_id)
        .with_for_update(of=model)
        .execution_options(populate_existing=True)
    )
    found = (await ctx.session.execute(unscoped(statement, reason="whoever sees the merge sees its winner"))).first()
    if found is None:
        raise WinnerGone
    return found[0], found[1]


async def _revived(ctx: Context, effects: list[Mapping[str, Any]]) -> set[str]:
    """The locks that the merge ended and that are to stand again: those in whose place one still stands, of the same holder."""
    ended = {effect["id"]: effect["for"] for effect in effects if effect["kind"] == "lock_ended"}
    if not ended:
        return set()
    ids = [UUID(one) for pair in ended.items() for one in pair]
    rows = {str(row["id"]): row for row in await ctx.run(statements.LOCK_STATES, ids=ids)}
    return {
        id_
        for id_, other in ended.items()
        if id_ in rows
        and other in rows
        and rows[other]["standing"]
        and rows[other]["holder_id"] == rows[id_]["holder_id"]
    }


async def _require_free(ctx: Context, merge: Merge, revived: set[str]) -> None:
    """Raise TakenSince when a loser would come back with a lock on a customer that somebody else holds by now (LOCK-3)."""
    assert merge.undo is not None
    if merge.record_type == "contact":
        return
    ids = [UUID(one) for one in revived]
    holders: dict[UUID, set[UUID]] = {}
    for row in await ctx.run(statements.HELD_AGAIN, merge=merge.id, ids=ids):
        holders.setdefault(row["loser_id"], set()).add(row["holder_id"])
    if await taken_since(ctx, merge.record_type, merge.undo["losers"], holders, merge.created_at):
        raise TakenSince


def _complete_losers(merge: Merge) -> list[reach.Reach]:
    """Give rows that were kept before these lists were the lists of their plain fields; which lists that were (ACC-9)."""
    assert merge.undo is not None
    rows: list[dict[str, Any]] = merge.undo["losers"]
    lacking = [kind for kind in _LISTS.get(merge.record_type, ()) if kind.name not in rows[0]]
    for row in rows:
        row |= {kind.name: kind.of(row) for kind in lacking}
    return lacking


def _complete_winner(merge: Merge, now: Mapping[str, Any], lacking: list[reach.Reach]) -> None:
    """What the merge changed of the winner's plain fields, as changes of its lists."""
    assert merge.undo is not None
    before, after = merge.undo["before"], merge.undo["after"]
    for kind in lacking:
        if before.keys() & {*kind.flat}:
            for values in (before, after):
                values[kind.name] = kind.of({**now, **values, kind.name: None})


async def _leave_out_gone(ctx: Context, merge: Merge, now: Mapping[str, Any]) -> list[Kept]:
    """What the losers, or the winner before, named and is gone comes back as nothing, or as what it was merged into."""
    assert merge.undo is not None
    rows: list[dict[str, Any]] = merge.undo["losers"]
    before, after = merge.undo["before"], merge.undo["after"]
    own = {**{c: v for c, v in before.items() if c in UNITED or now.get(c) == after[c]}, "id": str(merge.winner_id)}
    kept: list[Kept] = []

    def gone(row: Row, column: str) -> None:
        kept.append({"kind": "field", "field": column, "record_id": row["id"], "reason": "gone"})

    named = {UUID(row[column]) for row in (*rows, own) for column in _NAMED if row.get(column)}
    if named:
        found = await ctx.run(statements.present(tuple(dict.fromkeys(_NAMED.values()))), ids=list(named))
        there = {str(row["id"]): str(row["now"]) for row in found} | {row["id"]: row["id"] for row in rows}
        for row in (*rows, own):
            for column in _NAMED:
                if row.get(column) and there.get(row[column]) != row[column]:
                    if row[column] in there:
                        went, table = UUID(row[column]), statements.TABLES[merge.record_type]
                        await ctx.run(statements.FOLLOW, named=went, row=UUID(row["id"]), table=table)
                    row[column] = there.get(row[column])
                    gone(row, column)
    if types := {row["contact_type"] for row in (*rows, own) if row.get("contact_type")}:
        known = await _known(ctx, ContactType.key, types)
        for row in (*rows, own):
            if row.get("contact_type") not in (None, *known):
                row["contact_type"] = None
                gone(row, "contact_type")
    column = "member_organisation_ids"
    if organisations := {one for row in (*rows, own) for one in row.get(column) or ()}:
        known = {str(id_) for id_ in await _known(ctx, MemberOrganisation.id, {UUID(one) for one in organisations})}
        for row in (*rows, own):
            if not known.issuperset(row.get(column) or ()):
                row[column] = [one for one in row[column] if one in known]
                gone(row, column)
    before |= {column: own[column] for column in own.keys() & before.keys()}
    return kept


async def _known(ctx: Context, key: Any, wanted: set[Any]) -> set[Any]:
    """Which of them are there, and stay until commit."""
    return set((await ctx.session.execute(select(key).where(key.in_(wanted)).with_for_update(read=True))).scalars())


async def _insert_losers(ctx: Context, merge: Merge) -> None:
    """The losers' rows as they were; columns that are newer than the merge have their defaults."""
    assert merge.undo is not None
    rows: list[dict[str, Any]] = merge.undo["losers"]
    table = MODELS[merge.record_type].__table__
    columns = tuple(c.name for c in table.columns if c.computed is None and c.name in rows[0])
    await ctx.run(statements.insert_rows(merge.record_type, columns), rows=rows)


async def _restore_winner(ctx: Context, merge: Merge, now: Mapping[str, Any]) -> list[Kept]:
    """The winner's columns as they were before, unless they have changed since."""
    assert merge.undo is not None
    before, after = merge.undo["before"], merge.undo["after"]
    values: dict[str, Any] = {}
    kept: list[Kept] = []
    lists = [kind for kind in _LISTS.get(merge.record_type, ()) if kind.name in before]
    for column, was in before.items():
        if column not in now:
            continue
        if column in reach.LISTS and now[column] != after[column]:
            continue
        if now[column] == after[column]:
            values[column] = was
        elif column in UNITED:
            # Whoever came since stays, whoever came by the merge goes, whoever left by it comes back.
            brought, gone = set(after[column]) - set(was), [one for one in was if one not in after[column]]
            values[column] = list(dict.fromkeys([*(one for one in now[column] if one not in brought), *gone]))
        elif column == "custom":
            values[column], changed = _restored(was, after[column], now[column])
            record = str(merge.winner_id)
            kept += [
                {"kind": "field", "field": f"{CUSTOM}{key}", "record_id": record, "reason": "changed"}
                for key in changed
            ]
        elif now[column] != was:
            name = column.removesuffix("_amount").removesuffix("_currency")
            kept.append({"kind": "field", "field": name, "record_id": str(merge.winner_id), "reason": "changed"})
    for kind in lists:
        if kind.name not in values:
            plain = {**now, **values}
            entries = reach.restored(kind, before[kind.name], after[kind.name], now[kind.name], plain)
            first = kind.first(entries)
            if first is not None and not any(entry["primary"] for entry in entries):
                # The primary one came by the merge and goes; of those that came since, one takes its place.
                first["primary"] = True
                values |= {name: first[part] for name, part in zip(kind.flat, kind.parts, strict=True)}
            values[kind.name] = entries
    await ctx.run(statements.restore(merge.record_type, tuple(sorted(values))), winner=merge.winner_id, values=values)
    return [one for at, one in enumerate(kept) if one not in kept[:at]]


def _restored(was: Row, after: Row, now: Row) -> tuple[dict[str, Any], list[str]]:
    """The installation's own fields as they were, but for those that have changed since; and the keys of these."""
    values = dict(now)
    changed = []
    for key in sorted({*was, *after}):
        if now.get(key) != after.get(key):
            if now.get(key) != was.get(key):
                changed.append(key)
        elif key in was:
            values[key] = was[key]
        else:
            values.pop(key, None)
    return values, changed


async def _break_circles(ctx: Context, merge: Merge) -> list[Kept]:
    """Who stands above itself, for what was put below it since, comes back without its parent (ACC-14)."""
    kept: list[Kept] = []
    for id_ in (*merge.loser_ids, merge.winner_id):
        for row in await ctx.run(statements.BREAK_CIRCLE, row=id_):
            kept.append({"kind": "field", "field": "parent_id", "record_id": str(row["id"]), "reason": "changed"})
    return kept


async def _undo_effects(ctx: Context, effects: list[Mapping[str, Any]], revived: set[str]) -> list[Kept]:
    """Locks that the merge ended stand again, if they are among `revived`; tasks that it made go, if nobody has touched them."""
    kept: list[Kept] = []
    for effect in effects:
        id_ = UUID(effect["id"])
        if effect["kind"] == "lock_ended":
            locks = select(LeadLock).where(LeadLock.id == id_).with_for_update()
            lock = (
                await ctx.session.execute(unscoped(locks, reason="the merge's own doing is undone"))
            ).scalar_one_or_none()
            if lock is not None and effect["id"] in revived:
                lock.state, lock.ended_at, lock.end_reason = effect["state"], None, None
                if lock.state == "active":
                    schedule(ctx, lock)
                continue
            kind = "lead_locks"
        else:
            tasks = select(Activity).where(Activity.id == id_).with_for_update()
            task = (
                await ctx.session.execute(unscoped(tasks, reason="the merge's own doing is undone"))
            ).scalar_one_or_none()
            if task is None:
                continue
            if all(str(getattr(task, name)) == was for name, was in effect["was"].items()):
                await ctx.session.delete(task)
                continue
            kind = "activities"
        kept.append({"kind": kind, "field": None, "record_id": str(id_), "reason": "changed"})
    await ctx.session.flush()
    return kept


async def _index(ctx: Context, merge: Merge) -> None:
    """The winner and the losers in the duplicate index, as they are again."""
    model: Any = MODELS[merge.record_type]
    statement = select(model).where(model.id.in_([merge.winner_id, *merge.loser_ids]))
    statement = statement.execution_options(populate_existing=True)
    found = await ctx.session.execute(unscoped(statement, reason="the index knows every record"))
    for record in found.scalars():
        await reindex(ctx, record)
