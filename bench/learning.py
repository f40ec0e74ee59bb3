"""Learns the matcher's weights: `python -m bench.learning FOLDER…` writes `app/matching/weights.json`.

After Fellegi and Sunter a finding is worth log2(m/u) bits. u, how often two different parties agree so, is counted from
random pairs. m, how often two records of one party do, is counted from the labelled pairs of a folder's half 0 (`--half`),
or, in a folder without pairs.csv, by expectation maximisation over the pairs that share a blocking key. Where a value's own
frequency counts (names, words, towns) a level is a shift that is added to the value's rarity. Addresses go by the chain
rule, as `app/matching/addresses.py` compares them: city given the postal code, street given the place, number given the
street. Folders weigh the same, however large.

A folder may instead hold counted names (`gecko_de_*.csv`) or a register of companies (`companies.csv`): of these only how
often each word occurs is kept. The result depends on the folders and their order alone.
"""

import argparse
import csv
import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import combinations
from math import fsum, log2
from pathlib import Path
from random import Random

from app.matching import Party, PartyValues, normalise
from app.matching.compare import compare
from app.matching.text import fold
from app.matching.weights import BITS
from bench.learning_assumed import ASSUMED, CEILINGS, FLOORS, GIVEN_THE_PLACE, GROUPS, SHIFTS
from bench.learning_words import CITIES, FIRST, LAST
from bench.matching import candidates, half_of, keys_of, read, values

TARGET = Path(__file__).parent.parent / "app/matching/weights.json"
_RANDOM_PAIRS = 120_000
_ENOUGH = 40  # pairs in which a field is known on both sides
_ENOUGH_AT_RANDOM = 300
_SMOOTH = 0.5
_ROUNDS = 6
_ODDS = -12.0  # of two records that share a key, before anything is compared
_RAREST = {"last_names": 13.0, "first_names": 12.0, "company_words": 13.0}
_LEAST = {"last_names": 5.5, "first_names": 4.0, "company_words": 4.0}

Counts = dict[str, float]
Findings = list[tuple[str, float]]


# ----- how often values occur


def _table(counts: Counter[str], total: float, kind: str, classes: dict[float, str]) -> dict[str, float]:
    """Bits by word, in steps of a half."""
    found = {
        word: min(_RAREST[kind], max(_LEAST[kind], round(-2 * log2(count / total)) / 2))
        for word, count in counts.items()
    }
    for bits, words in classes.items():
        for word in map(fold, words.split()):
            found[word] = min(bits, found.get(word, bits))
    return found


def _names(folder: Path, what: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    with (folder / f"gecko_de_{what}.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for word in fold(row[what]).replace("-", " ").split():
                counts[word] += int(row["count"])
    return counts


def _company_words(folder: Path) -> tuple[Counter[str], int]:
    counts: Counter[str] = Counter()
    total = 0
    with (folder / "companies.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            total += 1
            counts.update(set(normalise(PartyValues(kind="company", name=row["name"])).words))
    # What occurs once or twice is as good as unknown.
    return Counter({word: count for word, count in counts.items() if count > 2 and not word.isdigit()}), total


def _grouped(table: dict[str, float]) -> dict[str, str]:
    groups: dict[float, list[str]] = defaultdict(list)
    for word, bits in sorted(table.items()):
        groups[bits].append(word)
    return {str(bits): "|".join(groups[bits]) for bits in sorted(groups)}


# ----- how often findings occur


def _random_pairs(parties: list[Party], true: set[tuple[int, int]]) -> list[Findings]:
    """Findings about pairs of different parties of one kind."""
    chance = Random(1)
    kinds: dict[str, list[int]] = defaultdict(list)
    for at, party in enumerate(parties):
        kinds[party.kind].append(at)
    found: list[Findings] = []
    for of_kind in kinds.values():
        for _ in range(_RANDOM_PAIRS * len(of_kind) // len(parties)):
            one, two = chance.choice(of_kind), chance.choice(of_kind)
            if one != two and (min(one, two), max(one, two)) not in true:
                found.append(compare(parties[one], parties[two]).found)
    return found


def _neighbours(parties: list[Party], true: set[tuple[int, int]]) -> list[Findings]:
    """Findings about pairs of different parties with one postal code: what chance says about streets, given the place."""
    chance = Random(1)
    places: dict[tuple[str, str], list[int]] = defaultdict(list)
    for at, party in enumerate(parties):
        if party.postal and party.kind == "person":  # firms of one owner share an address on purpose
            places[party.kind, party.postal].append(at)
    found: list[Findings] = []
    for here in places.values():
        pairs = [pair for pair in combinations(here[:60], 2) if pair not in true]
        chance.shuffle(pairs)
        # No place counts for more than a few dozen: a shell firm's address is one place, too.
        found += (compare(parties[one], parties[two]).found for one, two in pairs[:30])
    return found


def _shares(pairs: Iterable[tuple[Findings, float]]) -> dict[str, tuple[Counts, float]]:
    """Per group of findings that exclude each other: the share of each, and in how many pairs there was one."""
    counts: dict[str, Counts] = {group: dict.fromkeys(codes, 0.0) for group, codes in GROUPS.items()}
    for findings, weight in pairs:
        present = {code for code, _ in findings}
        for group, codes in GROUPS.items():
            if hit := present.intersection(codes):
                if group == "city" and "postal_code_differs" in present:
                    continue
                counts[group][min(hit)] += weight
    shares: dict[str, tuple[Counts, float]] = {}
    for group, found in counts.items():
        total = fsum(found.values())
        smooth = _SMOOTH * len(found)
        shares[group] = ({code: (count + _SMOOTH) / (total + smooth) for code, count in found.items()}, total)
    return shares


def _maximised(pairs: list[Findings], u: dict[str, tuple[Counts, float]]) -> dict[str, tuple[Counts, float]]:
    """m without labels: start with the shipped weights, then count and weigh in turns."""
    bits = dict(BITS)
    odds = _ODDS
    shares: dict[str, tuple[Counts, float]] = {}
    for _ in range(_ROUNDS):
        weighed: list[tuple[Findings, float]] = []
        for findings in pairs:
            total = odds + fsum(weight - BITS.get(code, 0.0) + bits.get(code, 0.0) for code, weight in findings)
            weighed.append((findings, 1 / (1 + 2.0 ** -max(-50.0, min(50.0, total)))))
        shares = _shares(weighed)
        for group, (m, total) in shares.items():
            if total >= _ENOUGH:
                bits |= {code: _bits(group, code, m, u[group][0]) for code in m}
    return shares


def _bits(group: str, code: str, m: Counts, u: Counts) -> float:
    if code in SHIFTS:
        # Added to the value's rarity: what of −log2 u the value itself does not say.
        first = GROUPS[group][0]
        return log2(m[code]) - log2(max(1.0, u[code] / u[first]))
    return log2(m[code] / u[code])


class Folder:
    """What one folder of records says: shares among true pairs and among random ones."""

    def __init__(self, path: Path, half: int | None) -> None:
        rows, true = read(path)
        self.labelled = bool(true)
        if half is not None and true:
            rows, true = half_of(rows, true, half)
        at = {row["id"]: number for number, row in enumerate(rows)}
        parties = [normalise(values(row)) for row in rows]
        same = {(min(at[one], at[two]), max(at[one], at[two])) for one, two in true}
        self.u = _shares((findings, 1.0) for findings in _random_pairs(parties, same))
        here = _shares((findings, 1.0) for findings in _neighbours(parties, same))
        self.u |= {group: here[group] for group in GIVEN_THE_PLACE}
        if true:
            pairs = [compare(parties[one], parties[two]).found for one, two in sorted(same)]
            self.m = _shares((findings, 1.0) for findings in pairs)
        else:
            sources = [row["source"] for row in rows]
            pairs = [compare(parties[a], parties[b]).found for a, b in candidates(keys_of(parties), sources)]
            self.m = _maximised(pairs, self.u)


def levels(folders: list[Folder]) -> dict[str, float]:
    """Bits of each finding: of the mean of m over the mean of u, within the limits that learning_assumed.py gives."""
    bits = dict(ASSUMED)
    for group, codes in GROUPS.items():
        telling_m = [folder.m[group][0] for folder in folders if folder.m[group][1] >= _ENOUGH]
        telling_u = [folder.u[group][0] for folder in folders if folder.u[group][1] >= _ENOUGH_AT_RANDOM]
        if not telling_m or not telling_u:
            continue
        m = {code: fsum(share[code] for share in telling_m) / len(telling_m) for code in codes}
        u = {code: fsum(share[code] for share in telling_u) / len(telling_u) for code in codes}
        for code in codes:
            found = _bits(group, code, m, u)
            bits[code] = round(max(FLOORS.get(code, -9.0), min(CEILINGS.get(code, 15.0), found)), 2)
    return dict(sorted(bits.items()))


def main() -> None:
    parser = argparse.ArgumentParser(description="Learn the weights of the duplicate matcher")
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--half", type=int, choices=(0, 1), default=0, help="of the labelled clusters")
    parser.add_argument("--date", default=datetime.now(UTC).date().isoformat(), help="as it stands in the file")
    parser.add_argument("--target", type=Path, default=TARGET)
    arguments = parser.parse_args()
    for code, bits in ASSUMED.items():
        BITS.setdefault(code, bits)  # a finding that the shipped file does not know yet
    last: Counter[str] = Counter()
    first: Counter[str] = Counter()
    words: Counter[str] = Counter()
    companies = 0
    folders: list[Folder] = []
    for path in arguments.folders:
        if (path / "gecko_de_last_name.csv").exists():
            last += _names(path, "last_name")
            first += _names(path, "given_name")
        elif (path / "companies.csv").exists():
            counted, total = _company_words(path)
            words += counted
            companies += total
        else:
            folders.append(Folder(path, arguments.half))
    learned = {
        "about": {
            "what": "Weights of the duplicate matcher, in bits; written by bench/learning.py, see docs/matching.md",
            "method": "Fellegi-Sunter: u from random pairs, m from labelled pairs (half 0 of the clusters) or by EM; no record is kept",
            "date": arguments.date,
            "sources": [
                {"counts of": "German given and last names", "from": "gecko-data", "licence": "MIT"},
                {
                    "counts of": "words of company names",
                    "from": "OffeneRegister.de / OpenCorporates",
                    "licence": "CC BY 4.0",
                },
                {"counts of": "names and towns elsewhere", "from": "general knowledge, bench/learning_words.py"},
                {"levels from": [path.name for path in arguments.folders if (path / "records.csv").exists()]},
            ],
        },
        "levels": levels(folders),
        "company_words": _grouped(_table(words, companies, "company_words", {})),
        "last_names": _grouped(_table(last, last.total(), "last_names", LAST)),
        "first_names": _grouped(_table(first, first.total(), "first_names", FIRST)),
        "cities": _grouped(
            {city.strip(): bits for bits, names in CITIES.items() for city in " ".join(names.split()).split("|")}
        ),
    }
    arguments.target.write_text(json.dumps(learned, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
