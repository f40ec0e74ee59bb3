"""How well and how fast the matcher finds known duplicates: `python -m bench.matching DATA_FOLDER`.

The folder holds `records.csv` (id, source, kind, company_name, first_name, last_name, street, postal_code, city, state,
country, phone, email, birth_date, …) and `pairs.csv` (id_a, id_b: every true pair). With more than one source, only pairs
across sources count. Prints one JSON object:

f1, precision, recall     of the pairs that the product calls "duplicate", its boundary for merging
best_f1, best_threshold   the best that any threshold on the score reaches, with hindsight
at_possible               the same three figures when "possible" counts as found too
candidate_recall          share of the true pairs that share a blocking key and were compared
comparisons, seconds, records, pairs; key_mean; normalise_us and score_us per record and pair

`--half 0|1` keeps one half of the clusters (by a hash of the cluster's first id): tune on 0, report 1.
"""

import argparse
import csv
import json
import time
from collections import defaultdict
from pathlib import Path
from zlib import crc32

from app.matching import Party, PartyValues, blocking_keys, normalise, score

# A key that hits more records than this is cut, as the online look-up cuts it.
KEY_LIMIT = 100


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


def candidates(keys: list[list[int]], sources: list[str]) -> set[tuple[int, int]]:
    """Pairs of positions that share a key that is not too common."""
    holders: dict[int, list[int]] = defaultdict(list)
    for at, own in enumerate(keys):
        for key in own:
            holders[key].append(at)
    linking = len(set(sources)) > 1
    found: set[tuple[int, int]] = set()
    for group in holders.values():
        if 1 < len(group) <= KEY_LIMIT:
            for at, one in enumerate(group):
                for two in group[at + 1 :]:
                    if not linking or sources[one] != sources[two]:
                        found.add((one, two))
    return found


def figures(hits: int, predicted: int, true: int) -> dict[str, float]:
    precision = hits / predicted if predicted else 1.0
    recall = hits / true if true else 1.0
    f1 = 2 * precision * recall / (precision + recall) if hits else 0.0
    return {"f1": round(f1, 4), "precision": round(precision, 4), "recall": round(recall, 4)}


def run(folder: Path, half: int | None = None) -> dict[str, object]:
    rows, pairs = read(folder)
    if half is not None:
        rows, pairs = half_of(rows, pairs, half)
    inputs = [values(row) for row in rows]
    started = time.perf_counter()
    parties: list[Party] = [normalise(one) for one in inputs]
    keys = keys_of(parties)
    normalised = time.perf_counter()
    compared = candidates(keys, [row["source"] for row in rows])
    blocked = time.perf_counter()
    matches = [(one, two, score(parties[one], parties[two])) for one, two in compared]
    ended = time.perf_counter()

    ids = [row["id"] for row in rows]
    scored: list[tuple[float, bool]] = []
    counts = {"duplicate": [0, 0], "possible": [0, 0], "none": [0, 0]}
    reached = 0
    for one, two, match in matches:
        pair = (ids[one], ids[two]) if ids[one] < ids[two] else (ids[two], ids[one])
        true = pair in pairs
        reached += true
        counts[match.verdict][0] += true
        counts[match.verdict][1] += 1
        if match.score >= 0.01:
            scored.append((match.score, true))
    scored.sort(reverse=True)
    best, threshold, hits = 0.0, 1.0, 0
    for at, (value, true) in enumerate(scored):
        hits += true
        if at + 1 == len(scored) or scored[at + 1][0] < value:
            f1 = 2 * hits / (at + 1 + len(pairs))
            if f1 > best:
                best, threshold = f1, value
    sure, perhaps = counts["duplicate"], counts["possible"]
    return {
        **figures(sure[0], sure[1], len(pairs)),
        "best_f1": round(best, 4),
        "best_threshold": threshold,
        "at_possible": figures(sure[0] + perhaps[0], sure[1] + perhaps[1], len(pairs)),
        "candidate_recall": round(reached / len(pairs), 4) if pairs else 1.0,
        "comparisons": len(compared),
        "seconds": round(ended - started, 2),
        "records": len(rows),
        "pairs": len(pairs),
        "key_mean": round(sum(map(len, keys)) / max(1, len(keys)), 1),
        "normalise_us": round(1e6 * (normalised - started) / max(1, len(rows)), 1),
        "score_us": round(1e6 * (ended - blocked) / max(1, len(compared)), 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="F1 and speed of the duplicate matcher on labelled data")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--half", type=int, choices=(0, 1))
    arguments = parser.parse_args()
    print(json.dumps(run(arguments.folder, arguments.half)))


if __name__ == "__main__":
    main()
