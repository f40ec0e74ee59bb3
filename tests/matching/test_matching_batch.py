"""Matching by the million says of every pair what the check says, whatever it is cut into."""

import subprocess
import sys
from collections import defaultdict
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncConnection

from app.matching import PartyValues, normalise
from app.matching import index as online
from app.matching.batch import RECORDS_A_PART, Plan, progress, stages, write_records
from app.matching.batch_clusters import read_lines
from app.matching.batch_join import (
    CROWD,
    ENOUGH,
    KEY_LIMIT,
    Integers,
    bucket_bounds,
    elected,
    in_buckets,
    votes_across,
    votes_within,
)
from app.matching.batch_tasks import Worker, matches
from app.matching.index import find, insert_sql, rows_of
from app.matching.verdict import judge
from bench.matching import values
from bench.population import population
from tests.conftest import ROOT, OneConnection

Pairs = set[tuple[int, int]]
keys_by_record = st.lists(st.sets(st.integers(-6, 6), max_size=6), min_size=2, max_size=40)


def test_what_the_check_does_not_read_to_the_end_the_batch_leaves_out() -> None:
    assert KEY_LIMIT == online.KEY_LIMIT


def columns(records: list[set[int]]) -> tuple[Integers, Integers]:
    rows = sorted((key, place) for place, keys in enumerate(records) for key in keys)
    return np.array([key for key, _ in rows], np.int64), np.array([place for _, place in rows], np.int64)


def pairs_of(votes: Integers) -> Pairs:
    found = elected(votes)
    return set(zip(found["one"].tolist(), found["other"].tolist(), strict=True))


@given(records=keys_by_record, parts=st.integers(1, 5), buckets=st.integers(1, 5))
@settings(max_examples=200, deadline=None)
def test_a_scan_compares_by_the_rule_in_whatever_pieces(records: list[set[int]], parts: int, buckets: int) -> None:
    holders: dict[int, list[int]] = defaultdict(list)
    for place, own in enumerate(records):
        for key in own:
            holders[key].append(place)
    votes: dict[tuple[int, int], float] = defaultdict(float)
    for some in holders.values():
        pairs = combinations(some, 2) if len(some) <= CROWD else pairwise(some)
        for pair in pairs:
            votes[pair] += 1 / (len(some) - 1)
    expected = {pair for pair, sum_ in votes.items() if sum_ >= ENOUGH - 1e-4}
    assert len(expected) <= sum(map(len, records)) / ENOUGH, "work is bounded by the number of keys"

    keys, places = columns(records)
    bounds = bucket_bounds(len(records), buckets)
    cuts = np.linspace(-7, 7, parts + 1)
    cut = []
    for low, high in pairwise(cuts):
        part = (keys > low) & (keys <= high)
        cut.append(in_buckets(votes_within(keys[part], places[part]), bounds))
    found: Pairs = set()
    for bucket in range(buckets):
        found |= pairs_of(np.concatenate([own[ends[bucket] : ends[bucket + 1]] for own, ends in cut]))
    assert found == expected


@given(stock=keys_by_record, file=keys_by_record)
@settings(max_examples=200, deadline=None)
def test_a_file_is_compared_by_the_rule(stock: list[set[int]], file: list[set[int]]) -> None:
    expected = set()
    for place, own in enumerate(file):
        for other, keys in enumerate(stock):
            sizes = [sum(key in one for one in stock) for key in own & keys]
            if sum(1 / size for size in sizes if size <= CROWD) >= ENOUGH - 1e-4:
                expected.add((place, other))
    own_keys, own_places = columns(file)
    assert pairs_of(votes_across(own_keys, own_places, *columns(stock))) == expected


def test_what_was_entered_fifty_times_is_found() -> None:
    keys, places = columns([{1, 2, 3, 4, 5} | ({100 + at} if at < 50 else set()) for at in range(50)] * 1)
    assert len(pairs_of(votes_within(keys, places))) == 0, "five keys of fifty are too little …"
    keys, places = columns([set(range(30)) for _ in range(50)])
    assert pairs_of(votes_within(keys, places)) == {(at, at + 1) for at in range(49)}, "… but not all that a record has"


async def stock_of(rollback: AsyncConnection, rows: list[dict[str, str]]) -> dict[int, PartyValues]:
    records = [(_kind(row), UUID(int=at), values(row)) for at, row in enumerate(rows, 1)]
    await rollback.execute(insert_sql(), rows_of(records))
    raw: Any = (await rollback.get_raw_connection()).driver_connection
    ids = {row["record_id"].int: row["id"] for row in await raw.fetch("SELECT id, record_id FROM party")}
    return {ids[own.int]: known for _, own, known in records}


def _kind(row: dict[str, str]) -> str:
    return "account" if row["kind"] == "company" else "contact"


async def run(plan: Plan, connection: Any) -> None:
    for stage in stages(plan):
        for task in stage:
            await Worker(plan, connection).do(*task)
    assert progress(plan)[0] == progress(plan)[1]


async def found_online(rollback: AsyncConnection, known: PartyValues, but: int | None = None) -> dict[int, float]:
    raw: Any = (await rollback.get_raw_connection()).driver_connection
    exclude = [UUID(int=but)] if but else []
    found = await find(rollback.execute, known, exclude=exclude)
    records = {one.record_id: one.match.score for one in found.found if one.match.verdict == "duplicate"}
    rows = await raw.fetch("SELECT id, record_id FROM party WHERE record_id = ANY($1::uuid[])", list(records))
    return {row["id"]: records[row["record_id"]] for row in rows}


@pytest.mark.rule("DUP-9")
@pytest.mark.asyncio(loop_scope="session")
async def test_a_scan_and_the_check_of_every_record_agree_pair_by_pair(
    rollback: AsyncConnection, one_connection: OneConnection, tmp_path: Path
) -> None:
    stock = await stock_of(rollback, list(population(2500, duplicates=0.3, seed=5)))
    plan = Plan(str(tmp_path), key_parts=7, buckets=5, places=max(stock) + 1, clusters=True)
    await run(plan, one_connection.raw)
    found = {(int(row["one"]), int(row["other"])): float(row["chance"]) for row in matches(plan)}
    parties = {id_: normalise(known) for id_, known in stock.items()}
    for (one, other), chance in found.items():
        said = judge(parties[one], parties[other])
        assert (chance, 2) == said[:2] == judge(parties[other], parties[one])[:2]
    checked: dict[tuple[int, int], float] = {}
    numbers = {id_: at for at, id_ in enumerate(sorted(stock), 1)}
    for id_, known in stock.items():
        for other, score in (await found_online(rollback, known, but=numbers[id_])).items():
            checked[min(id_, other), max(id_, other)] = score
    assert all(score == pytest.approx(found[pair], abs=1e-3) for pair, score in checked.items() if pair in found)
    missed = checked.keys() - found.keys()
    assert len(missed) <= 0.01 * len(checked), f"{len(missed)} of {len(checked)} share too little to be compared"
    clusters = read_lines(plan.file("clusters", 0), 0, len(stock))
    assert len(clusters) > 200 and all(cluster.members[0] in stock for cluster in clusters)


@pytest.mark.asyncio(loop_scope="session")
async def test_linking_a_file_and_checking_its_records_agree_pair_by_pair(
    rollback: AsyncConnection, one_connection: OneConnection, tmp_path: Path
) -> None:
    rows = list(population(3000, duplicates=0.5, seed=6, sources=(2200, 800)))
    stock = await stock_of(rollback, [row for row in rows if row["source"] == "a"])
    file = [values(row) for row in rows if row["source"] == "b"]
    count = write_records(tmp_path, file)
    plan = Plan(str(tmp_path), key_parts=5, buckets=-(-count // RECORDS_A_PART), places=count, records=count)
    await run(plan, one_connection.raw)
    found = {(int(row["one"]), int(row["other"])): float(row["chance"]) for row in matches(plan)}
    checked: dict[tuple[int, int], float] = {}
    for place, known in enumerate(file):
        for other, score in (await found_online(rollback, known)).items():
            checked[place, other] = score
    for (place, other), chance in found.items():
        assert (chance, 2) == judge(normalise(file[place]), normalise(stock[other]))[:2]
    missed = checked.keys() - found.keys()
    assert len(found) > 300 and len(missed) <= 0.01 * len(checked)


@pytest.mark.asyncio(loop_scope="session")
async def test_large_ids_only_some_kinds_and_what_was_deleted_meanwhile(
    rollback: AsyncConnection, one_connection: OneConnection, tmp_path: Path
) -> None:
    await rollback.exec_driver_sql("ALTER TABLE party ALTER COLUMN id RESTART WITH 9000000000")
    stock = await stock_of(rollback, list(population(600, duplicates=0.3, seed=8)))
    assert min(stock) >= 9_000_000_000
    plan = Plan(str(tmp_path), key_parts=3, buckets=4, places=0, ranked=True, types=("account",))
    first, votes, last = stages(plan)
    for task in (*first, *votes):
        await Worker(plan, one_connection.raw).do(*task)
    gone = min(stock)
    await rollback.exec_driver_sql(f"DELETE FROM party WHERE id = {gone}")
    for task in last:
        await Worker(plan, one_connection.raw).do(*task)
    found = matches(plan)
    assert len(found) > 20 and gone not in {*found["one"].tolist(), *found["other"].tolist()}
    assert all(stock[int(row["one"])].kind == stock[int(row["other"])].kind == "company" for row in found)


def test_only_the_pieces_load_numpy() -> None:
    """The API and the worker itself stay small."""
    code = "import sys, app.main, workers.jobs; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
