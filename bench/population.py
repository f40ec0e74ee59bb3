"""A population with known duplicates, of any size: `python -m bench.population FOLDER --records 1000000 --duplicates 0.3`.

Writes `records.csv` and `pairs.csv` as `bench.matching` reads them; the same seed gives the same files. As a library:

    for row in population(1_000_000, duplicates=0.3, seed=7): ...        # dicts with the columns of records.csv
    for values in map(bench.matching.values, population(…)): ...         # as the matcher takes them

Rows come one by one, in no order that tells anything, and memory does not grow with their number. Rows of one `entity` are
the same party. `--duplicates` is the share of records that write another one once more; with `--sources 2` (or sizes, as
`--sources 1000000,100000`) the share of the second source's records that are in the first one too, once.
"""

import argparse
import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from pathlib import Path
from random import Random

from bench.corruption import MIXTURE, PROFILES, Corruptor
from bench.population_draw import COLUMNS, VALUES, Inventor
from bench.population_places import Row, Weighted

_KINDS = ("company", "person", "mixed")
_SHORTHANDS = {
    "name": ("company_name", "first_name", "last_name"),
    "address": ("street", "postal_code", "city", "state", "country"),
}
_SHUFFLED = 20_000  # rows held back, so that a copy does not come beside its original
_UNCLEAN = 0.1  # of the first records were mistyped too


def fields_of(names: Sequence[str]) -> set[str]:
    """The columns that are meant: `name` and `address` are several."""
    found = {column for name in names for column in _SHORTHANDS.get(name, (name,))}
    if unknown := found - set(VALUES):
        raise ValueError(f"no such field: {', '.join(sorted(unknown))}")
    return found


def _parties(kind: str, inventor: Inventor, random: Random) -> Iterator[Row]:
    if kind == "company":
        yield from inventor.companies()
    elif kind == "person":
        yield from inventor.people()
    companies, people = inventor.companies(), inventor.people()
    while True:
        company = next(companies)
        yield company
        # Half of a mixed list are firms; of the people a third are known through one.
        yield inventor.employee(company) if random.random() < 1 / 3 else next(people)


def _copies(left: int, entities: int, random: Random) -> int:
    """How often a party is written once more, when so many copies are left for so many parties: mostly once."""
    mean = left / entities
    if mean > 1.35:
        return min(left, int(mean) + (random.random() < mean % 1))
    if random.random() >= mean / 1.35:
        return 0 if entities > 1 else left
    more = random.random()
    return min(left, 1 if more < 0.75 else 2 if more < 0.9 else 3) if entities > 1 else left


def _sizes(records: int, duplicates: float, sources: Sequence[int], random: Random) -> Iterator[str]:
    """For each party the sources that hold it, one letter for each record: "a", "aaa", "ab", "b"."""
    if sources:
        first, second = sources
        both = min(first, round(duplicates * second))
        left = {"ab": both, "a": first - both, "b": second - both}
        total = sum(left.values())
        while total:
            at = random.random() * total
            where = "ab" if at < left["ab"] else "a" if at < left["ab"] + left["a"] else "b"
            left[where] -= 1
            total -= 1
            yield where
    else:
        copies = min(records - 1, round(duplicates * records))
        entities = records - copies
        while entities:
            own = _copies(copies, entities, random)
            copies, entities = copies - own, entities - 1
            yield "a" * (1 + own)


def population(
    records: int,
    *,
    duplicates: float = 0.3,
    kind: str = "mixed",
    seed: int = 0,
    profile: str = "mixture",
    sources: Sequence[int] = (),
    fields: Sequence[str] = (),
    frequencies: Path | None = None,
    companies: Path | None = None,
) -> Iterator[Row]:
    """So many rows. Beside the columns of records.csv each has `entity`, the same for the same party, and `size`, how many
    records that party has. `sources` are the sizes of the two sources when linking (`records` is then their sum).
    """
    random = Random(f"{seed} {kind} {profile}")
    inventor = Inventor(random, frequencies, companies)
    corruptor = Corruptor(random, inventor)
    mixture = Weighted(random, MIXTURE)
    parties = _parties(kind, inventor, random)
    dropped = set(VALUES) - fields_of(fields) if fields else set()
    held: list[Row] = []
    number = 0
    for entity, where in enumerate(_sizes(records, duplicates, sources, random)):
        party = next(parties)
        for at, source in enumerate(where):
            row = inventor.with_gaps(party.copy())
            if at or random.random() < _UNCLEAN:
                how = mixture() if profile == "mixture" else profile
                row = corruptor.copy(row, how if at else "light")
            for column in dropped:
                row[column] = ""
            row.update(id=f"r{number}", source=source, entity=str(entity), size=str(len(where)))
            number += 1
            if len(held) < _SHUFFLED:
                held.append(row)
            else:
                out = int(random.random() * _SHUFFLED)
                yield held[out]
                held[out] = row
    random.shuffle(held)
    yield from held


def write(folder: Path, rows: Iterable[Row]) -> tuple[int, int]:
    """Write the set; says how many records and true pairs it has."""
    folder.mkdir(parents=True, exist_ok=True)
    open_clusters: dict[str, list[tuple[str, str]]] = {}
    records = pairs = 0
    with (
        (folder / "records.csv").open("w", encoding="utf-8", newline="") as records_file,
        (folder / "pairs.csv").open("w", encoding="utf-8", newline="") as pairs_file,
    ):
        record, pair = csv.writer(records_file, lineterminator="\n"), csv.writer(pairs_file, lineterminator="\n")
        record.writerow(COLUMNS)
        pair.writerow(("id_a", "id_b"))
        for row in rows:
            record.writerow([row[column] for column in COLUMNS])
            records += 1
            if row["size"] == "1":
                continue
            cluster = open_clusters.setdefault(row["entity"], [])
            cluster.append((row["source"], row["id"]))
            if len(cluster) == int(row["size"]):
                del open_clusters[row["entity"]]
                for (_, one), (_, two) in combinations(sorted(cluster), 2):
                    pair.writerow((one, two))
                    pairs += 1
    return records, pairs


def main() -> None:
    parser = argparse.ArgumentParser(description="A population with known duplicates")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--duplicates", type=float, default=0.3, help="share; see above")
    parser.add_argument("--kind", choices=_KINDS, default="mixed")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--profile", choices=("mixture", *PROFILES), default="mixture", help="how badly the copies are written"
    )
    parser.add_argument("--sources", default="1", help="2, or two sizes: 1000000,100000")
    parser.add_argument(
        "--fields", default="", help="only these, as name,address,phone,email,birth_date,other_id or single columns"
    )
    parser.add_argument("--frequencies", type=Path, help="folder with counted German given and last names")
    parser.add_argument(
        "--companies", type=Path, help="CSV of real companies (name, street, no, plz, city, state), used first"
    )
    arguments = parser.parse_args()
    sizes: tuple[int, ...] = ()
    if "," in arguments.sources:
        sizes = tuple(int(size) for size in arguments.sources.split(","))
    elif arguments.sources == "2":
        sizes = (arguments.records - arguments.records // 2, arguments.records // 2)
    rows = population(
        sum(sizes) or arguments.records,
        duplicates=arguments.duplicates,
        kind=arguments.kind,
        seed=arguments.seed,
        profile=arguments.profile,
        sources=sizes,
        fields=[name.strip() for name in arguments.fields.split(",") if name.strip()],
        frequencies=arguments.frequencies,
        companies=arguments.companies,
    )
    records, pairs = write(arguments.folder, rows)
    print(f"{records} records, {pairs} true pairs: {arguments.folder}")


if __name__ == "__main__":
    main()
