"""The statements of merging and of undoing it: built from `MOVES`, one round trip each."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, Boolean, LargeBinary, Text, Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.elements import TextClause

from app.core.statements import Statement
from app.merges.references import MOVES, QUIET, Reference

TABLES = {"lead": "leads", "account": "accounts", "contact": "contacts"}

_TYPES: dict[str, Any] = {
    "winner": Uuid,
    "losers": ARRAY(Uuid),
    "ids": ARRAY(Uuid),
    "merge": Uuid,
    "named": Uuid,
    "row": Uuid,
    "columns": ARRAY(Text),
    "rows": JSONB,
    "values": JSONB,
    "fields": JSONB,
    "undo": JSONB,
    "back": Boolean,
    "by": Uuid,
    "hash": LargeBinary,
}


def statement(sql: str) -> Statement:
    """The SQL, compiled once; its values have the types of `_TYPES`, and are text otherwise."""
    clause: TextClause = text(sql)
    names = list(clause._bindparams)  # noqa: SLF001  (the only list of them)
    return Statement(
        clause.bindparams(*(bindparam(name, type_=_TYPES.get(name, Text), required=True) for name in names))
    )


def _only(reference: Reference, record_type: str, alias: str = "") -> str:
    """The condition that the row names a record of this type."""
    return f" AND {alias}{reference.type_column} = '{record_type}'" if reference.type_column else ""


def _others(reference: Reference, table: str) -> str:
    """The condition that the row is none of the merged ones, where they name their own kind: these are seen to by themselves."""
    same = f" AND {reference.key} <> :winner AND {reference.key} <> ALL(CAST(:losers AS uuid[]))"
    return same if reference.table == table else ""


QUEUE = statement(
    "SELECT bool_and(pg_try_advisory_xact_lock(hashtextextended(id::text, 42))) AS free, "
    "set_config('statement_timeout', '120s', true) "
    "FROM (SELECT id FROM unnest(CAST(:ids AS uuid[])) AS wanted(id) ORDER BY id) AS ordered"
)
"""Take the records for this merge; not free when another one has one of them. Nobody waits, so nobody waits in a circle.

A customer with 50,000 activities takes some seconds, so the statements that follow may take their time.
"""

NEWER = statement(
    "SELECT id, winner_id, loser_ids, winner_version FROM merges "
    "WHERE (winner_id = ANY(:ids) OR loser_ids && CAST(:ids AS uuid[])) AND state = 'done' ORDER BY created_at DESC"
)
"""Merges that these records won or lost, the latest first."""

LOCKS = statement(
    "SELECT id, lead_id, account_id, holder_id, state, ends_on FROM lead_locks WHERE state IN ('pending', 'active') "
    "AND (lead_id = ANY(CAST(:ids AS uuid[])) OR account_id = ANY(CAST(:ids AS uuid[])))"
)
"""The standing locks of leads or accounts."""

HOLD = statement(
    "WITH c AS (SELECT id FROM contacts WHERE account_id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR UPDATE), "
    "l AS (SELECT id FROM leads WHERE account_id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR UPDATE), "
    "k AS (SELECT id FROM lead_locks WHERE account_id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR UPDATE), "
    "p AS (SELECT id FROM account_contacts WHERE account_id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR UPDATE) "
    "SELECT (SELECT count(*) FROM c), (SELECT count(*) FROM l), (SELECT count(*) FROM k), (SELECT count(*) FROM p)"
)
"""Lock what others take before the account that it names; the account's own row comes after it here as well."""

NEW_HOLDS = statement(
    "SELECT id FROM lead_locks WHERE id = ANY(CAST(:ids AS uuid[])) AND created_at >= CAST(:since AS timestamptz) "
    "UNION ALL SELECT id FROM accounts WHERE id = ANY(CAST(:ids AS uuid[])) AND created_at >= CAST(:since AS timestamptz)"
)
"""Locks and accounts that came since."""

STANDS_ON = statement(
    "SELECT gone.merge_id AS id FROM merge_moves AS m JOIN record_redirects AS gone ON gone.loser_id = m.row_id "
    "WHERE m.merge_id = :merge AND m.table_name <> 'record_redirects' LIMIT 1"
)
"""A later merge in which a record went that this one moved."""

FOLLOW = statement(
    "WITH RECURSIVE went AS ("
    "SELECT g.merge_id, g.loser_id, w.winner_id FROM record_redirects AS g JOIN merges AS w ON w.id = g.merge_id "
    "WHERE g.loser_id = :named UNION ALL "
    "SELECT g.merge_id, g.loser_id, w.winner_id FROM went JOIN record_redirects AS g ON g.loser_id = went.winner_id "
    "JOIN merges AS w ON w.id = g.merge_id) "
    "INSERT INTO merge_moves (merge_id, table_name, row_id, loser_id) "
    "SELECT merge_id, :table, :row, loser_id FROM went ON CONFLICT DO NOTHING"
)
"""A record that names a loser's winner now goes back when that loser comes back, as if it had been moved with the others."""

NAME_LOCKS = statement(
    "UPDATE lead_locks AS k SET customer_name = l.name, country = l.country FROM leads AS l WHERE l.id = k.lead_id "
    "AND k.ended_at IS NULL AND l.id = ANY(CAST(:ids AS uuid[])) AND (k.customer_name, k.country) IS DISTINCT FROM (l.name, l.country)"
)
"""The standing locks of these leads are called what the leads are called now."""

HELD_AGAIN = statement(
    "SELECT m.loser_id, l.holder_id FROM merge_moves AS m JOIN lead_locks AS l ON l.id = m.row_id "
    "WHERE m.merge_id = :merge AND m.table_name = 'lead_locks' AND (l.ended_at IS NULL OR l.id = ANY(CAST(:ids AS uuid[])))"
)
"""Which losers will have a standing lock again, and whose; `ids` are the locks that stand again."""

LOCK_STATES = statement(
    "SELECT id, holder_id, ended_at IS NULL AS standing FROM lead_locks WHERE id = ANY(CAST(:ids AS uuid[])) FOR UPDATE"
)
"""Whose these locks are, and which of them stand."""

BREAK_CIRCLE = statement(
    "WITH RECURSIVE above AS (SELECT parent_id AS id FROM accounts WHERE id = :row "
    "UNION SELECT a.parent_id FROM above JOIN accounts AS a ON a.id = above.id) "
    "UPDATE accounts SET parent_id = NULL WHERE id = :row AND id IN (SELECT id FROM above) RETURNING id"
)
"""Take the account's parent from it where it stands above itself."""


@cache
def sub_records(record_type: str) -> Statement:
    """How many records of each kind hang on each of `ids`: rows of id, kind, count."""
    parts = [
        f"SELECT {r.column} AS id, '{r.table}' AS kind, count(*) AS count FROM {r.table} "
        f"WHERE {r.column} = ANY(CAST(:ids AS uuid[])){_only(r, record_type)} GROUP BY 1"
        for r in MOVES[record_type]
        if r.table not in QUIET
    ]
    return statement(" UNION ALL ".join(parts))


@cache
def merge(record_type: str) -> Statement:
    """Everything that hangs on the losers goes to the winner, the losers go, and what was is written down.

    Gives whether there were `contacts` among it. Rows are taken in the order of their ids, as every merge takes them.
    """
    table = TABLES[record_type]
    references = MOVES[record_type]
    moved = [
        f"moved_{r.table} AS (UPDATE {r.table} AS t SET {r.column} = :winner FROM ("
        f"SELECT {r.key} AS row_id, {r.column} AS loser_id FROM {r.table} "
        f"WHERE {r.column} = ANY(CAST(:losers AS uuid[])){_only(r, record_type)}{_others(r, table)} "
        f"ORDER BY {r.key} FOR UPDATE) AS o WHERE t.{r.key} = o.row_id RETURNING o.row_id, o.loser_id)"
        for r in references
    ]
    kept = " UNION ALL ".join(f"SELECT '{r.table}', row_id, loser_id FROM moved_{r.table}" for r in references)
    counts = ", ".join(
        f"'{r.table}', (SELECT nullif(count(*), 0) FROM moved_{r.table})" for r in references if r.table not in QUIET
    )
    erp_id = "NULL" if record_type == "lead" else "gone.erp_id"
    return statement(
        f"""
        WITH {", ".join(moved)},
        gone AS (DELETE FROM {table} WHERE id = ANY(CAST(:losers AS uuid[])) RETURNING {table}.*),
        noted AS (
            INSERT INTO merge_moves (merge_id, table_name, row_id, loser_id)
            SELECT :merge, was.* FROM ({kept}) AS was
        ), led AS (
            INSERT INTO record_redirects (loser_id, record_type, winner_id, merge_id, erp_id)
            SELECT gone.id, '{record_type}', :winner, :merge, {erp_id} FROM gone
        )
        INSERT INTO merges (id, record_type, winner_id, loser_ids, origin, fields, moved, winner_version, undo,
                            created_at, created_by, request_hash)
        SELECT :merge, '{record_type}', :winner, CAST(:losers AS uuid[]), :origin, :fields,
               jsonb_strip_nulls(jsonb_build_object({counts})),
               w.version,
               :undo || jsonb_build_object('after', coalesce((
                   SELECT jsonb_object_agg(key, value) FROM jsonb_each(to_jsonb(w)) WHERE key = ANY(CAST(:columns AS text[]))
               ), '{{}}')),
               CAST(:now AS timestamptz), :by, :hash
        FROM {table} AS w WHERE w.id = :winner
        RETURNING jsonb_exists(moved, 'contacts') AS contacts
        """
    )


@cache
def insert_rows(record_type: str, columns: tuple[str, ...]) -> Statement:
    """Put rows back as they were (`rows`, a JSON array), each a version on."""
    names = ", ".join(columns)
    values = ", ".join("version + 1" if name == "version" else name for name in columns)
    table = TABLES[record_type]
    return statement(
        f"INSERT INTO {table} ({names}) SELECT {values} FROM jsonb_populate_recordset(NULL::{table}, :rows)"
    )


@cache
def restore(record_type: str, columns: tuple[str, ...]) -> Statement:
    """Set the winner's columns to `values`, a JSON object; its version rises even when there are none."""
    table = TABLES[record_type]
    sets = ", ".join(["updated_at = clock_timestamp()", *(f"{name} = was.{name}" for name in columns)])
    return statement(
        f"UPDATE {table} AS w SET {sets} FROM jsonb_populate_record(NULL::{table}, :values) AS was WHERE w.id = :winner"
    )


@cache
def move_back(record_type: str) -> Statement:
    """What the merge moved and still names the winner names its loser again; gives what did not, and whether it is there."""
    references = MOVES[record_type]
    back = [
        f"back_{r.table} AS (UPDATE {r.table} AS t SET {r.column} = o.loser_id FROM ("
        f"SELECT s.{r.key} AS row_id, m.loser_id FROM {r.table} AS s JOIN merge_moves AS m ON m.row_id = s.{r.key} "
        f"WHERE m.merge_id = :merge AND m.table_name = '{r.table}' AND s.{r.column} = :winner{_only(r, record_type, 's.')} "
        f"ORDER BY s.{r.key} FOR UPDATE OF s) AS o WHERE t.{r.key} = o.row_id RETURNING o.row_id)"
        for r in references
    ]
    done = " UNION ALL ".join(f"SELECT '{r.table}' AS table_name, row_id FROM back_{r.table}" for r in references)
    there = " ".join(
        f"WHEN '{r.table}' THEN EXISTS (SELECT FROM {r.table} WHERE {r.key} = m.row_id)" for r in references
    )
    return statement(
        f"""
        WITH {", ".join(back)}, done AS ({done}),
        unled AS (DELETE FROM record_redirects WHERE merge_id = :merge)
        SELECT m.table_name, m.row_id, CASE m.table_name {there} END AS there
        FROM merge_moves AS m LEFT JOIN done ON done.table_name = m.table_name AND done.row_id = m.row_id
        WHERE m.merge_id = :merge AND done.row_id IS NULL
        ORDER BY 1, 2
        """
    )


@cache
def present(names: Sequence[str]) -> Statement:
    """Which of `ids` are there now, and where those lead that were merged."""
    parts = [f"SELECT id, id AS now FROM {name} WHERE id = ANY(CAST(:ids AS uuid[]))" for name in names]
    led = " OR ".join(f"EXISTS (SELECT FROM {name} WHERE id = winner_id)" for name in names if name in TABLES.values())
    parts.append(
        f"SELECT loser_id, winner_id FROM record_redirects WHERE loser_id = ANY(CAST(:ids AS uuid[])) AND ({led})"
    )
    return statement(" UNION ALL ".join(parts))
