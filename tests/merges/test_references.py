"""Nothing that names a lead, account or contact is forgotten when it is merged: the catalogue is asked, not the code (DUP-4)."""

import re

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.merges.references import MOVES, STAYS
from app.merges.statements import TABLES

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.rule("DUP-4")]

KINDS = {table: kind for kind, table in TABLES.items()}
OTHERS = {
    # columns of ids that never are those of a lead, account or contact
    r"\w+\.id", r".*\.(user|holder|assignee|sender|role|team|centre|default_team|project|pipeline|stage|device)_id",
    r".*_by", r".*\.(team|rule_team|manager|member|member_organisation|recipient|participant)_ids",
    r".*\.(message|activity|opportunity|lock|receipt|merge|family|session|scan|cluster|photo|maps_to|follows|series|owner|script|script_version|source|op|thread|reply_to)_id",
}  # fmt: skip


async def test_every_foreign_key_to_a_merged_table_is_covered(session: AsyncSession) -> None:
    rows = await session.execute(
        text(
            "SELECT c.conrelid::regclass::text, a.attname, c.confrelid::regclass::text, array_length(c.conkey, 1) "
            "FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] "
            "WHERE c.contype = 'f' AND c.confrelid::regclass::text = ANY(:tables)"
        ),
        {"tables": list(KINDS)},
    )
    found = list(rows)
    assert len(found) >= 15
    for table, column, target, width in found:
        assert width == 1, f"{table}: a key of several columns"
        moved = {(r.table, r.column) for r in MOVES[KINDS[target]]}
        assert (table, column) in moved or f"{table}.{column}" in STAYS, (
            f"{table}.{column} names {target}: move it, or say why not"
        )


async def test_every_other_column_of_ids_is_covered_or_names_something_else(session: AsyncSession) -> None:
    rows = await session.execute(
        text(
            "SELECT table_name, column_name FROM information_schema.columns JOIN pg_class ON relname = table_name "
            "WHERE table_schema = 'public' AND NOT relispartition AND (udt_name IN ('uuid', '_uuid') "
            "OR column_name ~ '(^|_)(record|lead|account|contact|subject|target|ref)_ids?$')"
        )
    )
    known = {f"{r.table}.{r.column}" for references in MOVES.values() for r in references} | set(STAYS)
    unknown = [
        name
        for table, column in rows
        if (name := f"{table}.{column}") not in known and not any(re.fullmatch(other, name) for other in OTHERS)
    ]
    assert unknown == [], "does it name a lead, account or contact? Then it belongs into app/merges/references.py"


async def test_each_table_names_a_kind_in_one_column_only() -> None:
    for references in MOVES.values():
        tables = [reference.table for reference in references]
        assert len(tables) == len(set(tables))


async def test_every_moved_column_is_found_by_an_index(session: AsyncSession) -> None:
    for references in MOVES.values():
        for r in references:
            found = await session.execute(
                text(
                    "SELECT count(*) FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] "
                    "WHERE i.indrelid = CAST(:table AS regclass) AND a.attname = :column"
                ),
                {"table": r.table, "column": r.column},
            )
            assert found.scalar_one(), f"{r.table}.{r.column}"
