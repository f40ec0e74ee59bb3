"""One matcher: the same two records are the same to each other, whoever asks, on whichever path, in whichever order."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.matching import PartyValues, blocking_keys, normalise, score
from tests.conftest import ROOT, Api, OneConnection
from tests.duplicates import matcher_paths as paths
from tests.duplicates.matcher_paths import COMPLETION, LOCKED, OF_A_COMPANY, OF_ANY_KIND, OPEN, Scene
from tests.factories import make_user

pytestmark = pytest.mark.rule("DUP-1", "DUP-9", "LOCK-1")

# --- companies: through the API --------------------------------------------------------------------------------------

OWNERS = ("Zellinger", "Müller", "Mueller", "MUELLER", "Strößner", "Stroessner", "Huber & Söhne", "Zelinger")
TRADES = ("Maschinenbau", "Masch.bau", "Feinmechanik", "Bau", "", "Holz-Handel", "Holzhandel")
FORMS = ("GmbH", "Ges.m.b.H.", "GmbH & Co. KG", "AG", "", "e.U.")
TOWNS = (("Linz", "4020"), ("Linz/Donau", "4030"), ("Wels", "4600"), ("Graz", "8010"))
BESIDE = {
    "street": ("Industriezeile 12", "Industriezeile 12a", "Hauptstr. 3", "Hauptstraße 3"),
    "phone": ("+43 732 998877", "0732 998877", "+43 7242 112233"),
    "email": ("office@zellinger.at", "Office@zellinger.at", "info@gmx.at"),
    "website": ("https://www.zellinger.at", "https://mueller-bau.at"),
    "vat_id": ("ATU12345675",),
}


@st.composite
def companies(draw: st.DrawFn) -> dict[str, str]:
    """A company as somebody types it; of so few words that two of them are often the same, or nearly."""
    words = [draw(st.sampled_from(pool)) for pool in (OWNERS, TRADES, FORMS)]
    if draw(st.booleans()):
        words[:2] = words[1::-1]
    city, postal_code = draw(st.sampled_from(TOWNS))
    values = {"name": " ".join(filter(None, words)), "city": city, "country": "AT", "postal_code": postal_code}
    for field, pool in BESIDE.items():
        if draw(st.integers(0, 2)) == 0:
            values[field] = draw(st.sampled_from(pool))
    return values


LINZ = {"city": "Linz", "postal_code": "4020", "country": "AT"}
SAME = {"name": "Zellinger Feinmechanik GmbH", **LINZ}
LIKE = {"name": "Zellinger GmbH", **LINZ}
OTHER = {"name": "Huber & Söhne Holzhandel AG", **LINZ}


@pytest.fixture
async def scene(
    api: Api, session: AsyncSession, rollback: AsyncConnection, one_connection: OneConnection, tmp_path: Path
) -> Scene:
    ada = await api.as_user(await make_user(session, "admin"))
    projects = [(await ada.post("/v1/projects", json=body)).json()["id"] for body in (OPEN, LOCKED)]
    anna, bert = [await api.as_user(await make_user(session, "developer")) for _ in range(2)]
    assert one_connection.raw is not None
    return Scene(rollback, one_connection.raw, anna, bert, ada, *projects, tmp_path)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stock=companies(), asked=companies())
@example(stock=SAME, asked={**SAME, "name": "ZELLINGER Feinmechanik"})
@example(stock=SAME, asked=LIKE)
@example(stock=SAME, asked=OTHER)
async def test_every_path_gives_the_same_verdict(scene: Scene, stock: dict[str, str], asked: dict[str, str]) -> None:
    await _same_on_every_path(scene, stock, asked)


@pytest.mark.slow
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stock=companies(), asked=companies())
async def test_every_path_gives_the_same_verdict_of_many(
    scene: Scene, stock: dict[str, str], asked: dict[str, str]
) -> None:
    await _same_on_every_path(scene, stock, asked)


async def _same_on_every_path(scene: Scene, stock: dict[str, str], asked: dict[str, str]) -> None:
    for kind, through in ((None, OF_ANY_KIND), ("company", OF_A_COMPANY)):
        async with scene.undone():
            made = await scene.anna.post("/v1/accounts", json={**COMPLETION, **stock})
            assert made.status_code == 201, made.text
            scene.stock = made.json()["id"]
            verdict, points = await paths.duplicate_check(scene, asked, kind)
            for path in through:
                async with scene.undone():
                    told, told_points = await path(scene, asked)
                assert verdict in told.split(" or "), (path.__name__, stock, asked)
                assert told_points in (None, points), (path.__name__, stock, asked)
            if kind is None:
                bare = score(normalise(PartyValues(kind="company", **stock)), normalise(PartyValues(**asked)))
                if points is None:  # no key leads from the one to the other
                    assert bare.verdict != "duplicate"
                else:
                    assert (bare.verdict, points) == (verdict, bare.score)


@pytest.mark.parametrize(("asked", "verdict"), [(SAME, "duplicate"), (LIKE, "possible"), (OTHER, "none")])
async def test_the_examples_are_of_all_three_verdicts(scene: Scene, asked: dict[str, str], verdict: str) -> None:
    scene.stock = (await scene.anna.post("/v1/accounts", json={**COMPLETION, **SAME})).json()["id"]
    assert (await paths.duplicate_check(scene, asked))[0] == verdict


# --- people: contacts, and whom a conversion takes for one ----------------------------------------------------------


@st.composite
def people(draw: st.DrawFn) -> dict[str, str]:
    values = {
        "first_name": draw(st.sampled_from(("Kunigunde", "Kuni", "Hans-Peter", "H.-P."))),
        "last_name": draw(st.sampled_from(("Zellinger", "Zellinger-Huber", "Müller", "Mueller"))),
    }
    for field, pool in {
        "phone": BESIDE["phone"],
        "email": BESIDE["email"],
        "birth_date": ("1980-12-31", "1981-01-01"),
    }.items():
        if draw(st.booleans()):
            values[field] = draw(st.sampled_from(pool))
    return values


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stock=people(), asked=people())
@example(stock={"first_name": "Eva", "last_name": "Müller", "email": "em@zellinger.at"},
         asked={"first_name": "Eva", "last_name": "Mueller", "email": "em@zellinger.at"})  # fmt: skip
async def test_a_person_is_the_same_on_every_path(scene: Scene, stock: dict[str, str], asked: dict[str, str]) -> None:
    """Check, saved contact (both ways), and the person whom a conversion finds at the customer."""
    bert = scene.bert
    async with scene.undone():
        account = (await bert.post("/v1/accounts", json={**COMPLETION, **SAME})).json()["id"]
        known = (await bert.post("/v1/contacts", json={**stock, "account_id": account})).json()["id"]
        body = {**asked, "kind": "person", "company": SAME["name"], "types": ["contact"]}
        checked = (await bert.post("/v1/duplicate-checks", json=body)).json()["matches"]
        verdict = checked[0]["verdict"] if checked else "none"
        async with scene.undone():
            second = (await bert.post("/v1/contacts", json={**asked, "account_id": account})).json()["id"]
            for one, other in ((known, second), (second, known)):
                found = (await bert.get(f"/v1/contacts/{one}/duplicates")).json()["matches"]
                shown = [(m["verdict"], m["score"]) for m in found if m["ref"] == other]
                assert shown == [(m["verdict"], m["score"]) for m in checked], (stock, asked)
        async with scene.undone():
            lead = await scene.open_lead({**paths.HARMLESS, **asked})
            keep = {"outcome": "keep", "account_id": account}
            made = await bert.post(f"/v1/leads/{lead}/conversion", json=keep)
            assert made.status_code == 201, made.text
            assert (made.json()["contact"]["id"] == known) == (verdict == "duplicate"), (stock, asked)


# --- what holds of the verdict itself --------------------------------------------------------------------------------

_PAIRS = st.tuples(companies(), companies())


@settings(max_examples=100, deadline=None)
@given(_PAIRS, st.sampled_from([None, "company"]), st.data())
def test_a_field_that_both_lack_changes_nothing(
    pair: tuple[dict[str, str], dict[str, str]], kind: Any, data: st.DataObject
) -> None:
    one, two = (PartyValues(kind=kind, **values) for values in pair)
    before = score(normalise(one), normalise(two))
    for field in (f.name for f in fields(PartyValues) if f.name != "kind"):
        if getattr(one, field) is None and getattr(two, field) is None:
            unknown = [data.draw(st.sampled_from([None, "", " ", "-"])) for _ in range(2)]
            again = [normalise(replace(who, **{field: what})) for who, what in zip((one, two), unknown, strict=True)]
            assert score(*again) == before, field
            assert score(*reversed(again)) == before, field


_IN_A_PROCESS = """
import json, sys
from app.matching import PartyValues, blocking_keys, normalise, score
told = []
for one, two in json.load(sys.stdin):
    a, b = normalise(PartyValues(**one)), normalise(PartyValues(**two))
    told.append([a.dump(), blocking_keys(a), score(a, b), score(b, a)])
print(json.dumps(told))
"""


def test_every_process_says_the_same() -> None:
    names = [f"{owner} {trade} {form}".strip() for owner in OWNERS for trade in TRADES[:3] for form in FORMS[:2]]
    records = [
        {"name": name, "city": TOWNS[i % 4][0], "postal_code": TOWNS[i % 4][1], "phone": BESIDE["phone"][i % 3]}
        for i, name in enumerate(names)
    ]
    pairs = [(one, records[(i * 7 + 1) % len(records)]) for i, one in enumerate(records)]
    told = set()
    for seed in ("0", "1", "4711"):
        env = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, "-c", _IN_A_PROCESS], input=json.dumps(pairs), env=env, cwd=ROOT,
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        told.add(done.stdout)
    assert len(told) == 1
    for (one, two), (dump, keys, there, back) in zip(pairs, json.loads(told.pop()), strict=True):
        a, b = normalise(PartyValues(**one)), normalise(PartyValues(**two))
        assert (a.dump(), blocking_keys(a)) == (dump, keys)
        assert json.loads(json.dumps(score(a, b))) == there == back


# --- and nobody goes past it -----------------------------------------------------------------------------------------

ASKS = {"find_matches", "examine", "judge", "score", "compare", "weigh", "find", "candidates_sql", "match_of"}
"""What gives or leads to a verdict, in `app.matching`, `app.indexing` and `app.locks.protection`."""

KNOWN: dict[str, str] = {
    # who asks: the path above that goes there, or why there is none
    "app/duplicates/service.py of_values find_matches": "duplicate_check",
    "app/departures/service.py _register examine": "lead_creation",
    "app/visit_reports/customers.py _outcome examine": "an unknown customer of a visit; tests/visit_reports",
    "app/lookups/service.py confidence score": "an outside record beside what was asked; tests/lookups",
    "app/duplicates/service.py of_record find_matches": "saved_lead",
    "app/duplicates/dismissal_service.py _named find_matches": "dismissal",
    "app/duplicates/dismissal_service.py _refuse_held score": "dismissal",
    "app/locks/checks.py check examine": "protection_check",
    "app/locks/protection.py examine find_matches": "protection_check",
    "app/locks/protection.py _side_by_side score": "between two that both match; tests/locks/test_ways_around.py",
    "app/registration/service.py create examine": "lead_creation",
    "app/registration/service.py update examine": "named_at_change",
    "app/registration/service.py _examine_again examine": "lead_rename",
    "app/registration/service.py _examine_again find_matches": "whom it matched before; tests/locks/test_ways_around.py",
    "app/registration/account_service.py create examine": "account_creation",
    "app/registration/account_service.py update examine": "account_rename",
    "app/registration/account_service.py update find_matches": "whom it matched before; tests/locks/test_ways_around.py",
    "app/conversion/customer.py candidates examine": "conversion_preview",
    "app/conversion/customer.py examine_lead examine": "conversion",
    "app/conversion/customer.py make find_matches": "what is named there; tests/duplicates/test_dismissals.py",
    "app/conversion/customer.py _refuse_duplicates find_matches": "own_account_at_conversion",
    "app/conversion/customer.py _refuse_held examine": "tests/locks/test_ways_around.py",
    "app/conversion/customer.py _known_person find_matches": "test_a_person_is_the_same_on_every_path",
    "app/merges/protection.py _held_by_others find_matches": "tests/merges/test_protection.py",
    "app/merges/protection.py taken_by_others find_matches": "tests/merges/test_protection.py",
    "app/indexing.py find_matches find": "all of them",
    "app/matching/index.py weigh judge": "all of them",
    "app/matching/index.py weigh match_of": "all of them",
    "app/matching/index.py find weigh": "all of them",
    "app/matching/index.py find candidates_sql": "all of them",
    "app/matching/verdict.py judge compare": "all of them",
    "app/matching/verdict.py score judge": "all of them",
    "app/matching/verdict.py score match_of": "all of them",
    "app/matching/batch_tasks.py _judged judge": "scan",
    "app/matching/batch_clusters.py __call__ judge": "pairs of a cluster that share no key",
    "app/duplicate_scans/service.py _pairs score": "the reasons beside a cluster's pairs; tests/duplicate_scans",
    "app/demo/companies.py enter judge": "made-up data",
    "app/demo/checks.py found_taken score": "made-up data",
}
_SOURCES = ("app.matching", "app.indexing", "app.locks.protection")


def askers(file: Path) -> Iterator[str]:
    """Who in this file calls what of `ASKS`, however it was imported."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    name = str(file.relative_to(ROOT))
    module = name.removesuffix(".py").replace("/", ".")
    imported = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(_SOURCES)
        for alias in node.names
        if alias.name in ASKS
    }
    modules = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
        if f"{getattr(node, 'module', None) or ''}.{alias.name}".strip(".").startswith(_SOURCES)
    }
    if module.startswith(_SOURCES):
        imported |= {n.name: n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}

    def walk(node: ast.AST, inside: str) -> Iterator[str]:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inside = node.name
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and imported.get(node.func.id) in ASKS:
                yield f"{name} {inside} {imported[node.func.id]}"
            whose = ast.unparse(node.func.value) if isinstance(node.func, ast.Attribute) else None
            if whose in modules and getattr(node.func, "attr", "") in ASKS:
                yield f"{name} {inside} {getattr(node.func, 'attr', '')}"
        for child in ast.iter_child_nodes(node):
            yield from walk(child, inside)

    yield from walk(tree, "<module>")


def test_every_path_to_the_matcher_is_known() -> None:
    """A new one is written down here, with the path that shows it to give the same verdict as the others."""
    found = {asker for part in ("app", "workers") for file in (ROOT / part).rglob("*.py") for asker in askers(file)}
    assert found - KNOWN.keys() == set(), "say how these are tested"
    gone = {asker for asker in KNOWN.keys() - found if (ROOT / asker.split()[0]).exists()}
    assert not gone, "these are no more"
    gone_through = {path.__name__ for path in (*OF_ANY_KIND, *OF_A_COMPANY, paths.duplicate_check)}
    named = {shown for shown in KNOWN.values() if shown.isidentifier() and not shown.startswith("test_")}
    assert named <= gone_through


def test_nobody_asks_past_the_matcher() -> None:
    """Neither the index's tables nor the comparison itself are read elsewhere."""
    allowed = ("app/matching/", "app/indexing.py", "app/reindexing/")
    for file in (ROOT / "app").rglob("*.py"):
        name = str(file.relative_to(ROOT))
        if not name.startswith(allowed):
            content = file.read_text(encoding="utf-8")
            assert "party_key" not in content and "app.matching.compare" not in content, name
