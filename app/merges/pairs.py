"""Rows that may not double when records become one: further accounts of contacts, revenues by year (ACC-2, ACC-5).

They are taken out before the merge and put back where the result has none yet; what was is kept for the undoing.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from app.core.context import Context
from app.core.db import new_id
from app.merges.statements import statement

Row = dict[str, Any]
Rows = Mapping[UUID, Mapping[str, Any]]

_TAKE = {
    "account": statement(
        "DELETE FROM account_contacts AS p USING contacts AS c WHERE c.id = p.contact_id AND (p.account_id = ANY(:ids) "
        "OR (p.account_id = :winner AND c.account_id = ANY(:ids))) RETURNING to_jsonb(p) AS row"
    ),
    "contact": statement(
        "DELETE FROM account_contacts AS p USING contacts AS w WHERE w.id = :winner AND (p.contact_id = ANY(:ids) "
        "OR (p.contact_id = w.id AND p.account_id = w.account_id)) RETURNING to_jsonb(p) AS row"
    ),
}
"""The pairs of the losers, and of the winner's own those that its new main account makes needless."""

_PUT = statement(
    "INSERT INTO account_contacts SELECT p.* FROM jsonb_array_elements(:rows) AS r(row) "
    "LEFT JOIN record_redirects AS a ON :back AND a.loser_id = CAST(r.row ->> 'account_id' AS uuid) "
    "LEFT JOIN record_redirects AS c ON :back AND c.loser_id = CAST(r.row ->> 'contact_id' AS uuid) "
    "CROSS JOIN LATERAL jsonb_populate_record(CAST(NULL AS account_contacts), r.row || jsonb_strip_nulls("
    "jsonb_build_object('account_id', a.winner_id, 'contact_id', c.winner_id))) AS p "
    "JOIN contacts AS k ON k.id = p.contact_id JOIN accounts AS o ON o.id = p.account_id "
    "WHERE k.account_id IS DISTINCT FROM p.account_id ON CONFLICT DO NOTHING RETURNING id"
)
"""Put pairs where they are wanted: not twice, not beside a main account, not to what is gone. `back`: merged ends are found."""

_MAINS = statement("SELECT id::text, account_id::text FROM contacts WHERE id = ANY(:ids)")
_TAKE_BY_ID = statement("DELETE FROM account_contacts WHERE id = ANY(:ids) RETURNING to_jsonb(account_contacts) AS row")

_REVENUES = statement("SELECT to_jsonb(r) AS row FROM account_revenues AS r WHERE account_id = ANY(:ids) ORDER BY year")
_GIVE = statement(
    "INSERT INTO account_revenues SELECT * FROM jsonb_populate_recordset(CAST(NULL AS account_revenues), :rows) "
    "ON CONFLICT DO NOTHING RETURNING account_id, year"
)
_TAKE_BACK = statement(
    "DELETE FROM account_revenues AS r USING jsonb_populate_recordset(CAST(NULL AS account_revenues), :rows) AS was "
    "WHERE r.account_id = :winner AND r = was"
)


async def move_pairs(
    ctx: Context, record_type: str, losers: Sequence[UUID], winner_id: UUID, rows: Rows
) -> list[dict[str, Any]]:
    """What the losers were at further accounts, the winner is; whose main account is lost stays there as a further contact.

    Returns what was done, plain enough for JSON, for `move_pairs_back`. To be called once the winner has its new values, and
    while the losers are there.
    """
    if record_type == "lead":
        return []
    taken = [row["row"] for row in await ctx.run(_TAKE[record_type], ids=list(losers), winner=winner_id)]
    taken.sort(key=lambda row: (row["created_at"], row["id"]))
    gone = {str(loser) for loser in losers}
    end = f"{record_type}_id"
    moved = [{**row, end: str(winner_id)} for row in taken if row[end] in gone]
    made: list[Row] = []
    if record_type == "contact":
        made = [_made(row, winner_id) for row in rows.values() if row["account_id"] and row["relationship"] == "active"]
    elif moved:
        # Whose main account goes into the winner is at home there.
        ids = [UUID(row["contact_id"]) for row in moved]
        home = {row["id"] for row in await ctx.run(_MAINS, ids=ids) if row["account_id"] in gone}
        moved = [row for row in moved if row["contact_id"] not in home]
    put: set[str] = set()
    for some in (moved, made):
        put |= {str(row["id"]) for row in (await ctx.run(_PUT, rows=some, back=False) if some else [])}
    return [
        *({"row": row, "moved": row["id"] in put} for row in taken),
        *({"row": row, "made": True} for row in made if row["id"] in put),
    ]


def _made(row: Mapping[str, Any], winner_id: UUID) -> Row:
    values = {"account_id": row["account_id"], "contact_id": str(winner_id), "job_title": row["job_title"]}
    times = {"version": 1, "created_at": row["updated_at"], "updated_at": row["updated_at"], "created_by": None}
    return {"id": str(new_id()), **values, "relation": "employee", **times, "request_hash": None}


async def move_pairs_back(ctx: Context, record_type: str, winner_id: UUID, done: Sequence[Mapping[str, Any]]) -> None:
    """Undo what `move_pairs` has returned. To be called when the losers are there again, with what hung on them.

    What was taken away since stays so; what was changed since keeps its values.
    """
    moved = [UUID(one["row"]["id"]) for one in done if one.get("moved") or one.get("made")]
    now = {row["row"]["id"]: row["row"] for row in (await ctx.run(_TAKE_BY_ID, ids=moved) if moved else [])}
    end = f"{record_type}_id"
    back: list[Row] = []
    for one in done:
        row: Row = one["row"]
        current = now.get(row["id"])
        if one.get("made"):
            if current is not None and any(current[name] != row[name] for name in ("job_title", "relation")):
                back.append(current)
        elif not one["moved"]:
            back.append(row)
        elif current is not None:
            back.append({**current, end: row[end]} if current[end] == str(winner_id) else current)
    if back:
        await ctx.run(_PUT, rows=back, back=True)


async def move_revenues(ctx: Context, losers: Sequence[UUID], winner_id: UUID) -> list[dict[str, Any]]:
    """The winner gets the losers' revenues of years for which it has none; theirs go with them."""
    rows: list[Row] = [row["row"] for row in await ctx.run(_REVENUES, ids=list(losers))]
    order = [str(loser) for loser in losers]
    rows.sort(key=lambda row: order.index(row["account_id"]))
    given = [{**row, "account_id": str(winner_id)} for row in rows]
    years = {row["year"] for row in (await ctx.run(_GIVE, rows=given) if given else [])}
    first = {row["year"]: row for row in reversed(rows)}
    return [{"row": row, "moved": row["year"] in years and first[row["year"]] is row} for row in rows]


async def move_revenues_back(ctx: Context, winner_id: UUID, done: Sequence[Mapping[str, Any]]) -> None:
    """Undo that: the losers have theirs again, the winner only what it had or was told since."""
    if not done:
        return
    moved = [{**one["row"], "account_id": str(winner_id)} for one in done if one["moved"]]
    await ctx.run(_TAKE_BACK, rows=moved, winner=winner_id)
    await ctx.run(_GIVE, rows=[one["row"] for one in done])
