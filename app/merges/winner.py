"""What the winner of a merge becomes: its columns after the comparison, its lists, its place among accounts (DUP-4)."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.accounts import reach
from app.accounts.models import Account
from app.accounts.reach_schemas import MOST
from app.contacts.models import Contact
from app.core.context import Context
from app.core.visibility import unscoped
from app.merges.fields import CUSTOM, FILLED, LATEST, UNITED, Line, columns_of, united
from app.merges.loading import Loaded

_LISTS: dict[Any, tuple[reach.Reach, ...]] = {Account: reach.OF_ACCOUNTS, Contact: reach.OF_CONTACTS}


def set_columns(winner: Any, loaded: Loaded, lines: list[Line]) -> set[str]:
    """Give the winner its new values; the names of the columns that changed."""
    changed: set[str] = set()

    def put(column: str, value: Any) -> None:
        if getattr(winner, column) != value:
            setattr(winner, column, value)
            changed.add(column)

    assignees = [getattr(loaded.objects[id_], "assignee_id", None) for id_ in loaded.records.rows]
    put("custom", custom(winner, lines))
    for line in lines:
        if line.field.startswith(CUSTOM):
            continue
        if line.source == "all":
            put(line.field, line.result)
        elif line.source != winner.id:
            for column in columns_of(line.field):
                value = getattr(loaded.objects[line.source], column)
                put(column, value if column != "parent_id" or value not in loaded.records.rows else None)
    rows = loaded.records.rows
    for column in UNITED:
        if column in rows[winner.id]:
            people = united(winner.id, rows, column)
            if column == "manager_ids":
                # Whose customer it was goes on managing it: nobody loses sight of it.
                people = [p for p in dict.fromkeys([*people, *assignees]) if p not in (None, winner.assignee_id)]
            put(column, people)
    for column in LATEST:
        if column in rows[winner.id]:
            put(column, max((d for o in loaded.objects.values() if (d := getattr(o, column))), default=None))
    for column in FILLED:
        if column in rows[winner.id] and getattr(winner, column) in (None, *rows):
            others = (getattr(o, column) for o in loaded.objects.values())
            put(column, next((value for value in others if value is not None and value not in rows), None))
    ordered = [rows[winner.id], *(row for id_, row in rows.items() if id_ != winner.id)]
    for kind in _LISTS.get(type(winner), ()):
        entries = reach.united(kind, ordered, reach.columns(winner, (kind, reach.ADDRESSES)))
        if len(entries) > MOST:
            # As many as a client may send back: the primary one, then the winner's own. The losers keep theirs for the undo.
            entries = sorted(entries, key=lambda entry: not entry["primary"])[:MOST]
        put(kind.name, entries)
    if "teams_follow" in rows[winner.id] and changed & {"team_ids", "account_id"}:
        put("teams_follow", False)
    return changed


def custom(winner: Any, lines: list[Line]) -> dict[str, Any]:
    """The installation's own fields as the comparison leaves them."""
    values = dict(winner.custom)
    for line in lines:
        if line.field.startswith(CUSTOM) and line.source != winner.id:
            values[line.field.removeprefix(CUSTOM)] = line.result
    return {key: value for key, value in values.items() if value is not None}


async def place_in_tree(ctx: Context, winner: Account, losers: list[UUID], own: UUID | None) -> set[str]:
    """Keep the winner out of a circle: where one of those that it replaces stood above it, it takes that one's place; below
    itself it cannot stand, and stays under its `own` parent, that before the merge.

    To be called with the hierarchy held. Returns the names of the columns that changed.
    """
    was = parent = winner.parent_id
    tried: set[UUID] = set()
    with ctx.session.no_autoflush:  # the tree as it is, without what the winner is to become
        while parent is not None:
            if parent in tried:
                parent = None
                break
            tried.add(parent)
            above = await _line(ctx, parent)
            if winner.id in above:
                parent = own
            elif replaced := [id_ for id_ in above if id_ in losers]:
                parent = above[replaced[-1]]
            else:
                break
    if parent == was:
        return set()
    winner.parent_id = parent
    return {"parent_id"}


async def _line(ctx: Context, id_: UUID) -> dict[UUID, UUID | None]:
    """The account and those above it, nearest first, each with its parent. Ends even where they form a circle."""
    line = select(Account.id, Account.parent_id).where(Account.id == id_).cte(recursive=True)
    line = line.union(select(Account.id, Account.parent_id).join(line, Account.id == line.c.parent_id))
    rows = await ctx.session.execute(unscoped(select(line), reason="a circle is one, whoever sees it"))
    parents: dict[UUID, UUID | None] = {row.id: row.parent_id for row in rows}
    above: dict[UUID, UUID | None] = {}
    at: UUID | None = id_
    while at is not None and at in parents and at not in above:
        above[at] = parents[at]
        at = parents[at]
    return above
