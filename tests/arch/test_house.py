"""The house rules, held by tests: where things may stand, how long files may be, what every table has."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

import app.models
from app.core import visibility
from app.core.db import Base
from app.core.outbox import HANDLERS
from app.routers import ROUTERS
from tests.conftest import ROOT

PRODUCT = [*sorted((ROOT / "app").rglob("*.py")), *sorted((ROOT / "workers").rglob("*.py"))]
LONGEST = 400

UNLOGGED = {
    "alembic_version": "the schema's own",
    "account_calls": "when an account was last called, made of logged calls",
    "call_claims": "who is calling whom for half an hour",
    "call_deferrals": "whom not to call for some days",
    "call_list_favourites": "which lists somebody likes to see first",
    "calendar_addresses": "secrets that read a calendar, and when they were last used",
    "change_log": "the log itself",
    "contact_calls": "when a contact was last called, made of logged calls",
    "custom_values": "what lists find custom values by, made of logged records",
    "data_quality_candidates": "made anew from records by a search",
    "data_quality_counts": "likewise",
    "data_quality_refreshes": "when that was",
    "device_sessions": "changes with each sign-in; what was done with it is in the log",
    "duplicate_cluster_members": "what a scan found, made of logged records; what people say of it is logged as dismissals and merges",
    "duplicate_clusters": "likewise",
    "erp_events": "what the ERP is told, made of logged reports",
    "idempotency_keys": "kept answers",
    "index_state": "what the index of the duplicate check was built with",
    "jobs": "how far long work is; what it changes is logged",
    "lookup_answers": "kept answers of company directories",
    "merge_moves": "what a merge moved, each of it logged where it was moved",
    "message_recipients": "who has read what",
    "object_removals": "files that nobody needs any more",
    "notification_settings": "how somebody wants to be told",
    "notifications": "what somebody was told, and has read",
    "outbox": "jobs",
    "photos": "pictures; which one a record shows is logged with the record",
    "party": "the index of the duplicate check, made of logged records",
    "party_key": "likewise",
    "password_resets": "links that end by themselves",
    "protection_checks": "receipts: written once, never changed",
    "reminders": "when somebody is to be told; what of, and for when, is logged with the record",
    "record_redirects": "where merged records are, made of logged merges",
    "sync_epochs": "names the course of the database, for cursors",
    "sync_operations": "what devices have pushed, each of it logged where it was done",
}
"""Tables whose changes are not written into the change log, and why."""

UNOWNED = {
    "activity_contacts": "seen through their activity",
    "account_revenues": "seen through their account",
    "call_script_versions": "everybody who sees activities",
    "call_scripts": "likewise",
    "centre_areas": "everybody sees them",
    "centres": "everybody sees them",
    "contact_types": "everybody sees them",
    "conversions": "seen through their lead",
    "custom_fields": "everybody sees them",
    "departures": "seen through their contact",
    "device_sessions": "each service asks for its own user's",
    "duplicate_cluster_members": "seen through their cluster",
    "duplicate_scans": "a permission says who; what they found is owned",
    "member_organisations": "everybody sees them",
    "message_recipients": "seen through their message",
    "object_removals": "never shown",
    "password_resets": "never shown",
    "photos": "seen through their record",
    "pipelines": "everybody sees them",
    "project_statuses": "everybody sees them",
    "projects": "everybody sees them",
    "reminders": "never shown",
    "roles": "everybody sees them",
    "stages": "everybody sees them",
    "team_members": "everybody sees them",
    "teams": "everybody sees them",
    "user_roles": "everybody sees them",
    "users": "everybody sees them",
    "visit_report_amendments": "seen through their activity",
}
"""Mapped tables without the tripwire, and why."""


def named(file: Path) -> str:
    return str(file.relative_to(ROOT))


def calls(file: Path, attribute: str) -> Iterator[int]:
    """The lines that call a method of this name."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == attribute:
            yield node.lineno


def test_only_the_context_and_the_job_runners_commit() -> None:
    allowed = ("app/core/context.py", "workers/")
    found = [f"{named(f)}:{n}" for f in PRODUCT if not named(f).startswith(allowed) for n in calls(f, "commit")]
    assert not found


def test_features_raise_problems_not_http_exceptions() -> None:
    found = [named(f) for f in PRODUCT if "HTTPException" in f.read_text(encoding="utf-8")]
    assert found == ["app/core/failures.py"]


def test_nothing_opens_a_connection_of_its_own() -> None:
    allowed = {"app/core/db.py", "app/preflight.py"}
    words = re.compile(r"asyncpg\.connect|create_async_engine|create_engine|psycopg")
    found = {named(f) for f in PRODUCT if words.search(f.read_text(encoding="utf-8"))}
    assert found <= allowed


def test_unscoped_access_says_why() -> None:
    for file in PRODUCT:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "unscoped":
                (reason,) = [k.value for k in node.keywords if k.arg == "reason"]
                words = getattr(reason, "value", None)
                assert words is None or len(str(words).split()) >= 2, f"{named(file)}:{node.lineno}"


def test_files_are_short_enough_to_read() -> None:
    tests = sorted((ROOT / "tests").rglob("*.py"))
    lengths = {named(f): len(f.read_text(encoding="utf-8").splitlines()) for f in [*PRODUCT, *tests]}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_suppressions_carry_their_reason() -> None:
    suppression = re.compile(r"#\s*(?:noqa: [A-Z0-9, ]+|type: ignore\[[a-z, -]+\])(?P<reason>.*)$")
    bare = re.compile(r"#\s*(?:noqa(?!:)|type: ignore(?!\[))")
    for file in PRODUCT:
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            assert not bare.search(line), f"{named(file)}:{number}: say which rule"
            found = suppression.search(line)
            if found and "# ruff:" not in line:
                assert len(found["reason"].strip(" #()")) >= 3, f"{named(file)}:{number}: say why"


def test_every_module_says_what_it_is() -> None:
    for file in PRODUCT:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        assert not tree.body or ast.get_docstring(tree), named(file)


def test_every_model_is_owned_or_open_to_all() -> None:
    mapped = {mapper.class_.__table__.name: mapper.class_ for mapper in Base.registry.mappers}
    owned = {table.name for table in visibility.owned_tables()}
    for name, model in mapped.items():
        assert (name in owned) == hasattr(model, "visible_to"), f"{name}: @owned and visible_to go together"
        assert (name in owned) != (name in UNOWNED), f"{name}: owned, or on the list of those that are not"


def test_relationships_never_load_by_themselves() -> None:
    for mapper in Base.registry.mappers:
        for relationship in mapper.relationships:
            assert relationship.lazy == "raise", relationship


@pytest.mark.rule("LIST-4")
async def test_every_business_table_writes_the_change_log(session: AsyncSession) -> None:
    rows = await session.execute(
        text(
            "SELECT c.relname, bool_or(t.tgname = 'log_change' AND t.tgenabled = 'O') FROM pg_class c "
            "LEFT JOIN pg_trigger t ON t.tgrelid = c.oid JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition GROUP BY 1"
        )
    )
    logged = {name: bool(has) for name, has in rows}
    assert len(logged) > 20
    assert {name for name, has in logged.items() if not has} == set(UNLOGGED)


def test_ids_in_paths_match_by_their_form() -> None:
    """So that `/leads/board` is no lead whose id is "board", and answers 405 with its own methods."""
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            for field in route.dependant.path_params:
                if field.field_info.annotation is UUID:
                    assert f"{{{field.alias}:uuid}}" in route.path, f"{route.path}: write {{{field.alias}:uuid}}"


def test_every_job_is_known_to_the_worker() -> None:
    names = set()
    for file in PRODUCT:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "enqueue" and node.args:
                names |= {str(node.args[0].value)} if isinstance(node.args[0], ast.Constant) else set()
    import workers.jobs  # noqa: PLC0415  (registers)

    assert workers.jobs
    assert names <= set(HANDLERS)


def test_no_floor_leans_on_a_higher_one() -> None:
    """The contracts are in pyproject.toml."""
    result = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout
    assert app.models
