"""Merging is no way around the lead lock: no lock comes to stand on another one's customer (LOCK-3)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from types import SimpleNamespace
from uuid import UUID

from app.accounts import reach
from app.core.context import Context
from app.indexing import SOURCES, find_matches
from app.locks.protection import HELD, Standing, standings_of
from app.matching import Party, normalise
from app.merges import statements
from app.merges.fields import Line, Row
from app.merges.rules import Records

_LISTS = (reach.EMAILS, reach.PHONES)


def party_of(record_type: str, row: Row) -> Party:
    """What the matcher makes of a record's row."""
    return normalise(SOURCES[record_type].values(SimpleNamespace(**row)))


def merged_party(records: Records, winner_id: UUID, lines: Iterable[Line]) -> Party:
    """What the matcher makes of the record that merging makes of them: with all their mailboxes and phones."""
    winner = records.rows[winner_id]
    values = {**winner, **{line.field: line.result for line in lines}}
    ordered = [winner, *(row for id_, row in records.rows.items() if id_ != winner_id)]
    united = {kind.name: reach.united(kind, ordered, values) for kind in _LISTS if kind.name in winner}
    return party_of(records.record_type, {**values, **united})


async def taken_by_others(ctx: Context, records: Records, winner_id: UUID, lines: Sequence[Line]) -> bool:
    """Whether a lock would come to stand on another one's customer. Beside whom it stood before, it may.

    Without a lock there is nothing to get around: an account whose last lock is over stays free, since the lock goes along.
    """
    held = {lock.record_id for lock in records.locks}
    if not held:
        return False
    result = merged_party(records, winner_id, lines)
    holders = {lock.holder_id for lock in records.locks}
    others = await _held_by_others(ctx, result, holders, list(records.rows))
    if not others:
        return False
    beside: set[UUID] = set()
    for id_ in held:
        matches = await find_matches(ctx, party_of(records.record_type, records.rows[id_]))
        beside |= {found.record_id for found in matches.found if found.match.verdict == "duplicate"}
    return any(standing.record_id not in beside for standing in others)


async def taken_since(
    ctx: Context, record_type: str, rows: Sequence[Row], holders: Mapping[UUID, set[UUID]], at: datetime
) -> bool:
    """Whether a record that is to come back with a lock, which `holders` names, is another one's customer since that time."""
    ids = [UUID(row["id"]) for row in rows]
    for row in rows:
        if mine := holders.get(UUID(row["id"])):
            others = await _held_by_others(ctx, party_of(record_type, row), mine, ids)
            found = [id_ for s in others for id_ in (s.lock_id or s.account_id,) if id_]
            if found and await ctx.run(statements.NEW_HOLDS, ids=found, since=at.isoformat()):
                return True
    return False


async def _held_by_others(
    ctx: Context, party: Party, holders: Collection[UUID], exclude: Sequence[UUID]
) -> list[Standing]:
    """The records that are this customer and that somebody else holds. What the asker has counts if they are one of the holders."""
    matches = await find_matches(ctx, party, exclude=exclude)
    if not matches.found:
        return []
    mine = ctx.user_id in holders
    return [
        standing
        for standing in await standings_of(ctx, matches, one_per_customer=False)
        if standing.match.verdict == "duplicate"
        and standing.protection in HELD
        and standing.holder_id not in holders
        and not (mine and (standing.yours or standing.cleared))
    ]
