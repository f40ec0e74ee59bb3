"""The duplicate check against a large stock: `make bench-matching-online PARTIES=1000000`, or `python -m bench.matching_online --help`.

An invented population (`bench.population`) is put into the product's index by the product's builder, once per size and
version of matcher and schema, and kept in `bench/.cache`. Then the product's own check is measured as a request runs it:
normalise, keys, one statement, judge. Prints one JSON object:

cold                  after a start of PostgreSQL with nothing of the index in memory
warm, at_once         one after the other; eight at the same time
undisturbed           warm, of five runs of each check the fastest: other work on the machine does not count
processor             mean processor time of a warm check, in the product's process and in PostgreSQL
recall                of corrupted copies of records in the stock, with all fields and with the name alone: found at all,
                      found as "duplicate", and among the candidates that were compared
fresh                 parties that the stock does not have: share that is called "duplicate", or "possible"
hostile               each with its time
candidates, truncated how many were compared, and in which share of the checks something was cut

All times in milliseconds. "possible" counts as found.
"""

import argparse
import asyncio
import contextlib
import ctypes
import hashlib
import json
import os
import random
import shutil
import sys
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import astuple, dataclass, field
from pathlib import Path
from statistics import mean, quantiles
from typing import Any
from uuid import UUID

import psutil  # type: ignore[import-untyped]  # ships no types

from app.core.clock import Clock
from app.core.context import Services, open_context
from app.core.db import Database, long_work
from app.core.embedded import EmbeddedServers
from app.core.principal import SystemPrincipal
from app.core.statements import Statement
from app.indexing import find_matches
from app.matching import PartyValues, blocking_keys, normalise
from app.matching.bulk import BATCH, Batch, load
from app.matching.index import candidates_sql, compared_of
from app.matching.version import INDEX_VERSION
from app.migrate import migrate
from app.reindexing.rebuild import settle
from app.settings import Settings
from bench.data import CACHE, ROOT, alone
from bench.matching import values
from bench.population import population

_CANDIDATES = Statement(candidates_sql())
SEED = 7
QUERIES = 4_000
"""Half of them are copies of parties in the stock."""

HOSTILE = {
    "Müller GmbH Berlin": PartyValues(name="Müller GmbH Berlin"),
    "Müller GmbH, Berlin": PartyValues(name="Müller GmbH", city="Berlin"),
    "Bau": PartyValues(name="Bau"),
    "one letter": PartyValues(name="B"),
    "500 characters": PartyValues(name=("Bau Holding Müller Schmidt Verwaltung " * 14)[:500]),
    "500 characters everywhere": PartyValues(None, *[("Müller Bau 12 " * 36)[:500]] * 14),
    "most common surname": PartyValues(kind="person", last_name="Müller"),
    "most common full name": PartyValues(kind="person", first_name="Thomas", last_name="Müller"),
    "most common full name and town": PartyValues(
        kind="person", first_name="Thomas", last_name="Müller", city="Berlin"
    ),
    "a town": PartyValues(city="Berlin", postal_code="10115", country="DE"),
    "nothing": PartyValues(),
}


@dataclass
class Queries:
    """What is asked; of copies also the record in the stock."""

    copies: list[tuple[PartyValues, UUID]] = field(default_factory=list)
    fresh: list[PartyValues] = field(default_factory=list)

    def names_alone(self, kind: str) -> list[tuple[PartyValues, UUID]]:
        """The copies of that kind, with nothing but their names."""
        out = []
        for known, id_ in self.copies:
            if known.kind == kind and (known.name or known.last_name):
                bare = PartyValues(
                    kind=known.kind, name=known.name, first_name=known.first_name, last_name=known.last_name
                )
                out.append((bare, id_))
        return out


def _rows(parties: int) -> Any:
    return population(parties + QUERIES, duplicates=0.5, seed=SEED, sources=(parties, QUERIES))


def _split(parties: int, queries: Queries) -> Any:
    """Yields (id, values) for the stock, fills `queries` with the rest."""
    entities: dict[str, UUID] = {}
    waiting: dict[str, PartyValues] = {}
    number = 0
    for row in _rows(parties):
        given = values(row)
        twice = row["size"] != "1"
        if row["source"] == "a":
            number += 1
            id_ = UUID(int=number)
            if twice:
                if row["entity"] in waiting:
                    queries.copies.append((waiting.pop(row["entity"]), id_))
                else:
                    entities[row["entity"]] = id_
            yield id_, given
        elif not twice:
            queries.fresh.append(given)
        elif row["entity"] in entities:
            queries.copies.append((given, entities.pop(row["entity"])))
        else:
            waiting[row["entity"]] = given
    assert not waiting and not entities


async def _batches(parties: int, queries: Queries) -> AsyncIterator[Batch]:
    rows: list[tuple[Any, ...]] = []
    for id_, given in _split(parties, queries):
        rows.append((id_, *astuple(given)))
        if len(rows) == BATCH:
            yield "account", rows
            rows = []
    if rows:
        yield "account", rows


def _version() -> str:
    digest = hashlib.sha256()
    sources = [
        *(ROOT / "migrations").rglob("*.py"),
        *(ROOT / "app/matching").rglob("*.py"),
        *(ROOT / "app/matching").rglob("*.json"),
    ]
    for path in (
        *sorted(sources),
        *sorted((ROOT / "bench").glob("population*.py")),
        ROOT / "bench/corruption.py",
        Path(__file__),
    ):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def prepared(parties: int, version: str | None) -> tuple[Path, Queries, dict[str, Any]]:
    """The data folder with the index, built if it is not there yet; the queries; and how the building went."""
    stock = CACHE / f"online-{parties}-{version or _version()}"
    kept = stock / "queries.json"
    if not kept.exists():
        for old in CACHE.glob(f"online-{parties}-*"):
            shutil.rmtree(old)
        print(f"Building an index of {parties:,} parties …", file=sys.stderr)
        queries = Queries()
        with EmbeddedServers(stock, purpose="bench, loading") as servers:
            migrate(servers.database_url)
            built = asyncio.run(_build(servers.database_url, parties, queries))
        kept.write_text(
            json.dumps(
                {
                    "copies": [[astuple(given), str(id_)] for given, id_ in queries.copies],
                    "fresh": [astuple(given) for given in queries.fresh],
                    "built": built,
                }
            )
        )
    found = json.loads(kept.read_text())
    queries = Queries(
        [(PartyValues(*given), UUID(id_)) for given, id_ in found["copies"]], [PartyValues(*g) for g in found["fresh"]]
    )
    return stock, queries, found["built"]


async def _build(url: str, parties: int, queries: Queries) -> dict[str, Any]:
    async with long_work(url) as connection:
        began = time.perf_counter()
        async with connection.transaction():
            await connection.execute("TRUNCATE party, party_key")
            await load(connection, _batches(parties, queries))
        loaded = time.perf_counter()
        await settle(connection)
        settled = time.perf_counter()
        await connection.execute("CHECKPOINT")
        sizes = await connection.fetch(
            "SELECT relname, pg_relation_size(oid) AS bytes FROM pg_class WHERE relname ~ 'party' AND relkind IN ('r', 'i')"
        )
        keys = await connection.fetchval("SELECT avg(cardinality(keys))::float FROM party")
    return {
        "seconds": round(loaded - began, 1),
        "vacuum_seconds": round(settled - loaded, 1),
        "keys_per_party": round(keys, 1),
        "megabytes": {row["relname"]: round(row["bytes"] / 1e6) for row in sizes if row["bytes"] > 1e6},
    }


def forget(folder: Path) -> None:
    """Have the system drop what it keeps of these files in memory, as far as it lets us."""
    libc = ctypes.CDLL(None, use_errno=True)
    for path in folder.rglob("*"):
        if path.is_file():
            file = os.open(path, os.O_RDONLY)
            libc.posix_fadvise(file, ctypes.c_long(0), ctypes.c_long(0), 4)
            os.close(file)


def times(seconds: Sequence[float]) -> dict[str, float]:
    """p50, p95, p99 and the longest."""
    cuts = quantiles(seconds, n=100, method="inclusive")
    return {
        "p50": round(1000 * cuts[49], 2),
        "p95": round(1000 * cuts[94], 2),
        "p99": round(1000 * cuts[98], 2),
        "max": round(1000 * max(seconds), 2),
    }


class Asker:
    """Asks as a request does: a context of its own for each check."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def check(self, given: PartyValues) -> tuple[float, Any]:
        """How long it took, and what was found."""
        async with open_context(self._services, SystemPrincipal("bench")) as ctx:
            began = time.perf_counter()
            found = await find_matches(ctx, given)
            return time.perf_counter() - began, found

    async def candidates(self, given: PartyValues) -> list[UUID]:
        """What is compared."""
        async with open_context(self._services, SystemPrincipal("bench")) as ctx:
            own = normalise(given)
            wanted = compared_of(own)
            rows = await ctx.fetch(_CANDIDATES, keys=blocking_keys(own), telling=[], compared=wanted)
            return [row["record_id"] for row in rows[:wanted] if row["record_id"] is not None]


async def _fastest(asker: Asker, given: PartyValues) -> float:
    return min([(await asker.check(given))[0] for _ in range(5)])


def _processor(postmaster: int) -> float:
    """Seconds that all of PostgreSQL has used so far."""
    process = psutil.Process(postmaster)
    used = 0.0
    for one in (process, *process.children()):
        with contextlib.suppress(psutil.NoSuchProcess):
            used += sum(one.cpu_times()[:2])
    return used + sum(process.cpu_times()[2:4])


async def _measure(url: str, queries: Queries, *, cold: int, postmaster: int) -> dict[str, Any]:
    settings = Settings(_env_file=None, environment="test", database_url=url)  # type: ignore[call-arg]
    database = Database(url, pool=10)
    await database.open()

    async def nobody(_: object) -> Any:
        raise AssertionError

    asker = Asker(Services(database, database, Clock(settings.time_zone, 0), settings, nobody))
    out: dict[str, Any] = {}
    chance = random.Random(1)
    mixed = [given for given, _ in queries.copies] + queries.fresh
    chance.shuffle(mixed)
    out["cold"] = times([(await asker.check(given))[0] for given in mixed[:cold]])
    some = mixed[500:1500]
    for given in some:
        await asker.check(given)
    before, spent = _processor(postmaster), time.process_time()
    out["warm"] = times([(await asker.check(given))[0] for given in some])
    out["processor"] = {
        "product": round(1000 * (time.process_time() - spent) / len(some), 2),
        "postgresql": round(1000 * (_processor(postmaster) - before) / len(some), 2),
    }
    out["undisturbed"] = times([await _fastest(asker, given) for given in some])

    out["recall"] = {}
    sets = {
        "full record": queries.copies,
        "company name alone": queries.names_alone("company"),
        "person name alone": queries.names_alone("person"),
    }
    for name, asked in sets.items():
        took, recall, sure, compared, cut, several = [], 0, 0, 0, 0, []
        for given, id_ in asked[:1500]:
            seconds, matches = await asker.check(given)
            took.append(seconds)
            verdict = next((one.match.verdict for one in matches.found if one.record_id == id_), None)
            recall += verdict is not None
            sure += verdict == "duplicate"
            cut += matches.truncated
            among = await asker.candidates(given)
            several.append(len(among))
            compared += id_ in among
        number = len(took)
        out["recall"][name] = {
            "found": round(recall / number, 4),
            "as duplicate": round(sure / number, 4),
            "compared": round(compared / number, 4),
            "truncated": round(cut / number, 4),
            "candidates": {"mean": round(mean(several), 1), "most": max(several)},
            "queries": number,
            **times(took),
            "undisturbed": times([await _fastest(asker, given) for given, _ in asked[:300]]),
        }
    fresh = [(await asker.check(given))[1] for given in queries.fresh]
    out["fresh"] = {
        "duplicate": round(sum(any(o.match.verdict == "duplicate" for o in m.found) for m in fresh) / len(fresh), 4),
        "possible": round(sum(bool(m.found) for m in fresh) / len(fresh), 4),
        "truncated": round(sum(m.truncated for m in fresh) / len(fresh), 4),
        "queries": len(fresh),
    }
    out["hostile"] = {}
    for name, given in HOSTILE.items():
        asked_often = [await asker.check(given) for _ in range(20)]
        matches = asked_often[-1][1]
        out["hostile"][name] = {
            "first": round(1000 * asked_often[0][0], 2),
            "fastest": round(1000 * min(seconds for seconds, _ in asked_often), 2),
            "p50": times([seconds for seconds, _ in asked_often])["p50"],
            "keys": len(blocking_keys(normalise(given))),
            "found": len(matches.found),
            "truncated": matches.truncated,
        }
    out["at_once"] = await _at_once(asker, mixed[:2000])
    await database.close()
    return out


async def _at_once(asker: Asker, given: list[PartyValues], connections: int = 8) -> dict[str, float]:
    remaining = iter(given)
    took: list[float] = []

    async def one() -> None:
        for values_ in remaining:
            took.append((await asker.check(values_))[0])

    began = time.perf_counter()
    await asyncio.gather(*[one() for _ in range(connections)])
    return {"checks_per_second": round(len(took) / (time.perf_counter() - began)), **times(took)}


def main() -> None:
    parser = argparse.ArgumentParser(description="The duplicate check against a large stock")
    parser.add_argument("--parties", type=int, default=1_000_000)
    parser.add_argument("--cold", type=int, default=300, help="checks after the cold start")
    parser.add_argument("--version", help="use (or make) the stock of this name, whatever the code is now")
    arguments = parser.parse_args()
    with alone():
        stock, queries, built = prepared(arguments.parties, arguments.version)
        forget(stock / "postgres")
        load_before = os.getloadavg()[0]
        with EmbeddedServers(stock, purpose="bench") as servers:
            postmaster = int((stock / "postgres/postmaster.pid").read_text().splitlines()[0])
            measured = asyncio.run(_measure(servers.database_url, queries, cold=arguments.cold, postmaster=postmaster))
    print(
        json.dumps(
            {
                "parties": arguments.parties,
                "index_version": INDEX_VERSION,
                "built": built,
                "machine": {"cores": os.cpu_count(), "load_before": round(load_before, 2)},
                **measured,
            },
            indent=2,
            ensure_ascii=False,
        )
    )


if __name__ == "__main__":
    main()
