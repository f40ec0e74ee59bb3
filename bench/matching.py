"""How well and how fast the matcher finds known duplicates: `python -m bench.matching DATA_FOLDER`.

The folder holds `records.csv` (id, source, kind, company_name, first_name, last_name, street, postal_code, city, state,
country, phone, email, birth_date, …) and `pairs.csv` (id_a, id_b: every true pair). With more than one source, only pairs
across sources count, and `app/matching/linking.py` chooses among several partners (and 1 is added to the score of those).
Prints one JSON object:

f1, precision, recall     of the pairs that the product calls "duplicate", its boundary for merging
best_f1, best_threshold   the best that any threshold on the score reaches, with hindsight
at_possible               the same three figures when "possible" counts as found too
candidate_recall          share of the true pairs that share a blocking key and were compared
comparisons, seconds, records, pairs; key_mean; normalise_us and score_us per record and pair
unlinked                  with several sources: the first three figures before partners were chosen
contributions             with `--fields`: what f1 and best_f1 lose when the comparison is not told a field

`--half 0|1` keeps one half of the clusters (by a hash of the cluster's first id): tune on 0, report 1. Pairs are compared in
parts, on all cores when there are many, so that memory grows with the records and not with the pairs.
"""

import argparse
import csv
import json
import os
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import chain
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from app.matching import Party, PartyValues, blocking_keys, normalise
from app.matching.batch_join import KEY_LIMIT
from app.matching.linking import choose
from app.matching.verdict import bits_of, judge

_PART = 4_000_000  # pairs made at once
_WORTH_PROCESSES = 200_000
_SHOWN = 0.01  # scores below are not kept
_WHAT = {
    "name": ("name", "company"),
    "first_name": ("first_name",),
    "last_name": ("last_name",),
    "street": ("street",),
    "postal_code": ("postal_code",),
    "city": ("city",),
    "phone": ("phone",),
    "email": ("email", "website"),
    "birth_date": ("birth_date",),
}

Integers = NDArray[np.int64]
SCORED = np.dtype(
    [("one", np.int64), ("other", np.int64), ("score", np.float64), ("bits", np.float64), ("level", np.int8)]
)


def values(row: dict[str, str]) -> PartyValues:
    """A row of records.csv as the product sees it; the id number is left out."""
    return PartyValues(
        kind="company" if row["kind"] == "company" else "person",
        name=row["company_name"] if row["kind"] == "company" else None,
        company=None if row["kind"] == "company" else row["company_name"],
        **{
            field: row[field]
            for field in (
                "first_name", "last_name", "street", "postal_code", "city", "state", "country", "phone", "email", "birth_date",
            )
        },
    )  # fmt: skip


def read(folder: Path) -> tuple[list[dict[str, str]], set[tuple[str, str]]]:
    with (folder / "records.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if not (folder / "pairs.csv").exists():
        return rows, set()
    with (folder / "pairs.csv").open(encoding="utf-8", newline="") as file:
        pairs = {(row["id_a"], row["id_b"]) for row in csv.DictReader(file)}
    return rows, {(min(pair), max(pair)) for pair in pairs}


def half_of(
    rows: list[dict[str, str]], pairs: set[tuple[str, str]], half: int
) -> tuple[list[dict[str, str]], set[tuple[str, str]]]:
    """The records of one half of the clusters, and their pairs."""
    root: dict[str, str] = {row["id"]: row["id"] for row in rows}

    def find(one: str) -> str:
        while root[one] != one:
            root[one] = root[root[one]]
            one = root[one]
        return one

    for a, b in pairs:
        first, second = sorted((find(a), find(b)))
        root[second] = first
    kept = {one for one in root if crc32(find(one).encode()) % 2 == half}
    return [row for row in rows if row["id"] in kept], {pair for pair in pairs if pair[0] in kept}


def keys_of(parties: list[Party]) -> list[list[int]]:
    return [blocking_keys(party) for party in parties]


class Candidates:
    """Pairs of positions that share a key that is not too common, each once, in parts."""

    def __init__(self, keys: Sequence[Sequence[int]], sources: Sequence[str]) -> None:
        places = np.repeat(np.arange(len(keys)), [len(own) for own in keys])
        flat = np.fromiter(chain.from_iterable(keys), np.int64, len(places))
        order = np.lexsort((places, flat))
        flat, self._places = flat[order], places[order]
        starts = np.flatnonzero(np.concatenate(([True], flat[1:] != flat[:-1]))) if len(flat) else flat
        sizes = np.diff(np.append(starts, len(flat)))
        self._groups = [(size, starts[sizes == size]) for size in range(2, KEY_LIMIT + 1)]
        made = sum(len(begin) * size * (size - 1) // 2 for size, begin in self._groups)
        self.parts = 1 + made // _PART
        self.many = made > _WORTH_PROCESSES
        names = sorted(set(sources))
        self._sources = np.array([names.index(source) for source in sources], np.int16) if len(names) > 1 else None

    def part(self, number: int) -> tuple[Integers, Integers]:
        found: list[Integers] = [np.empty(0, np.int64)]
        for size, begin in self._groups:
            members = self._places[begin[:, None] + np.arange(size)]
            for at in range(size - 1):
                mine = members[:, at] % self.parts == number
                found.append((members[mine, at, None] << 32 | members[mine, at + 1 :]).ravel())
        pairs = np.unique(np.concatenate(found))
        one, other = pairs >> 32, pairs & 0xFFFFFFFF
        if self._sources is not None:
            across = self._sources[one] != self._sources[other]
            one, other = one[across], other[across]
        return one, other


def candidates(keys: Sequence[Sequence[int]], sources: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The pairs to compare, one by one."""
    found = Candidates(keys, sources)
    for part in range(found.parts):
        one, other = found.part(part)
        yield from zip(one.tolist(), other.tolist(), strict=True)


_shared: tuple[list[Party], Candidates] | None = None  # of a process that was forked to compare


def _compare_part(number: int) -> tuple[NDArray[Any], Integers]:
    """What is worth keeping of a part's comparisons, and all its pairs as one number each."""
    assert _shared is not None
    parties, found = _shared
    ones, others = found.part(number)
    kept: list[tuple[int, int, float, float, int]] = []
    for one, other in zip(ones.tolist(), others.tolist(), strict=True):
        chance, level, findings = judge(parties[one], parties[other])
        if chance >= _SHOWN:
            kept.append((one, other, chance, bits_of(findings) if level else 0.0, level))
    return np.array(kept, SCORED), ones << 32 | others


def compared(parties: list[Party], found: Candidates) -> Iterator[tuple[NDArray[Any], Integers]]:
    global _shared  # noqa: PLW0603  # the way to hand it to forked processes without copying
    _shared = parties, found
    if not found.many:
        yield from map(_compare_part, range(found.parts))
        return
    found.parts = max(found.parts, 4 * (os.cpu_count() or 1))
    with ProcessPoolExecutor(os.cpu_count(), get_context("fork")) as pool:
        yield from pool.map(_compare_part, range(found.parts))


def figures(hits: int, predicted: int, true: int) -> dict[str, float]:
    precision = hits / predicted if predicted else 1.0
    recall = hits / true if true else 1.0
    f1 = 2 * precision * recall / (precision + recall) if hits else 0.0
    return {"f1": round(f1, 4), "precision": round(precision, 4), "recall": round(recall, 4)}


def linked(scored: NDArray[Any], sources: list[str]) -> NDArray[Any]:
    """The same pairs, of which those that linking chose are level 2 and come first."""
    groups: dict[tuple[str, str], list[tuple[int, int, float, int, float]]] = defaultdict(list)
    for one, other, score, bits, level in scored.tolist():
        left, right = (one, other) if sources[one] < sources[other] else (other, one)
        groups[sources[left], sources[right]].append((left, right, bits, level, score))
    kept = {(min(pair), max(pair)) for group in groups.values() for pair in choose(group)}
    mask = np.array([(one, other) in kept for one, other, *_ in scored.tolist()], bool)
    chosen: NDArray[Any] = scored.copy()
    chosen["level"] = np.where(mask, 2, np.minimum(scored["level"], 1))
    chosen["score"] = np.where(mask, 1.0 + scored["score"], scored["score"])
    return chosen


def quality(scored: NDArray[Any], true: Integers) -> dict[str, Any]:
    """The figures of what was scored; `true` are the true pairs, as one number each."""
    right = np.isin(scored["one"] << 32 | scored["other"], true)
    count = len(true)
    order = np.argsort(-scored["score"], kind="stable")
    score = scored["score"][order]
    last = np.append(np.flatnonzero(score[1:] < score[:-1]), len(score) - 1) if len(score) else np.empty(0, np.int64)
    f1 = 2 * np.cumsum(right[order])[last] / (last + 1 + count) if len(last) else np.zeros(0)
    best = int(np.argmax(f1)) if len(f1) else -1
    sure, perhaps = scored["level"] == 2, scored["level"] >= 1
    return {
        **figures(int(right[sure].sum()), int(sure.sum()), count),
        "best_f1": round(float(f1[best]), 4) if best >= 0 else 0.0,
        "best_threshold": round(float(score[last[best]]), 4) if best >= 0 else 1.0,
        "at_possible": figures(int(right[perhaps].sum()), int(perhaps.sum()), count),
    }


def contributions(
    inputs: list[PartyValues], found: Candidates, true: Integers, whole: dict[str, Any]
) -> dict[str, Any]:
    """What is lost when the same pairs are compared without a field."""
    lost: dict[str, Any] = {}
    for field, without in _WHAT.items():
        if not any(getattr(one, name) for one in inputs for name in without):
            continue
        parties = [normalise(replace(one, **dict.fromkeys(without))) for one in inputs]
        less = quality(np.concatenate([part for part, _ in compared(parties, found)]), true)
        lost[field] = {figure: round(whole[figure] - less[figure], 4) for figure in ("f1", "best_f1")}
    return lost


def run(folder: Path, half: int | None = None, *, by_field: bool = False) -> dict[str, Any]:
    rows, pairs = read(folder)
    if half is not None:
        rows, pairs = half_of(rows, pairs, half)
    sources = [row["source"] for row in rows]
    at = {row["id"]: number for number, row in enumerate(rows)}
    true = np.array([min(at[a], at[b]) << 32 | max(at[a], at[b]) for a, b in pairs], np.int64)
    inputs = [values(row) for row in rows]
    del rows, at
    started = time.perf_counter()
    parties: list[Party] = [normalise(one) for one in inputs]
    keys = keys_of(parties)
    normalised = time.perf_counter()
    found = Candidates(keys, sources)
    key_mean = sum(map(len, keys)) / max(1, len(keys))
    del keys
    blocked = time.perf_counter()
    comparisons = reached = 0
    parts: list[NDArray[Any]] = []
    for part, made in compared(parties, found):
        parts.append(part)
        comparisons += len(made)
        reached += int(np.isin(made, true).sum())
    scored = np.concatenate(parts)
    several = len(set(sources)) > 1
    chosen = linked(scored, sources) if several else scored
    ended = time.perf_counter()
    whole = quality(chosen, true)
    answer: dict[str, Any] = {
        **whole,
        "candidate_recall": round(reached / len(true), 4) if len(true) else 1.0,
        "comparisons": comparisons,
        "seconds": round(ended - started, 2),
        "records": len(inputs),
        "pairs": len(true),
        "key_mean": round(key_mean, 1),
        "normalise_us": round(1e6 * (normalised - started) / max(1, len(inputs)), 1),
        "score_us": round(1e6 * (ended - blocked) / max(1, comparisons), 1),
    }
    if several:
        answer["unlinked"] = {name: quality(scored, true)[name] for name in ("f1", "precision", "recall")}
    if by_field:
        before = quality(scored, true)
        answer["contributions"] = contributions(inputs, found, true, before)
    return answer


def main() -> None:
    parser = argparse.ArgumentParser(description="F1 and speed of the duplicate matcher on labelled data")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--half", type=int, choices=(0, 1))
    parser.add_argument("--fields", action="store_true", help="also what each field contributes")
    arguments = parser.parse_args()
    print(json.dumps(run(arguments.folder, arguments.half, by_field=arguments.fields)))


if __name__ == "__main__":
    main()
