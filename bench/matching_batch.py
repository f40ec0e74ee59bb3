"""Matching by the million: `make bench-matching-batch`, or `python -m bench.matching_batch --help`.

An invented population (`bench.population`) is split at random into a stock, which the product's builder puts into the index
(once per size and version, kept in `bench/.cache`), and a file. Then the product's own batch runs: `link`, the file against
the stock, and `scan`, the stock against itself, clusters included. Prints one JSON object; for each of the two:

seconds            all told, from the file's text to the pairs (and clusters) found
cpu                seconds of work: what remains of the above on cores that nobody else uses, shared by as many as there are
phases             seconds of all processes together, and of them those of work; the rest is waiting for PostgreSQL or a core
megabytes          the most that the processes held together, parent included, shared pages counted in each
comparisons        pairs judged; records_per_second
candidate_recall   share of the true pairs that were compared
f1, precision, recall   of the pairs called "duplicate"; for `link` also when nobody keeps a partner beside a clearly better one
clusters           of a scan: how many, how many of them hold one party only, and the share of true pairs within one

`--kill` kills a process in the middle of each, goes on, and compares the outcome with that of an undisturbed run.
"""

import argparse
import asyncio
import hashlib
import json
import os
import shutil
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import astuple
from itertools import combinations
from pathlib import Path
from typing import Any
from uuid import UUID
from zlib import crc32

import numpy as np
import psutil

from app.core.db import long_work
from app.core.embedded import EmbeddedServers
from app.matching import PartyValues
from app.matching.batch import Crew, Plan, forget, plan_for, progress, write_records
from app.matching.batch_clusters import read_lines
from app.matching.batch_join import elected
from app.matching.batch_tasks import Worker, matches
from app.matching.bulk import BATCH, Batch, load
from app.matching.linking import link
from app.migrate import migrate
from app.reindexing.rebuild import settle
from bench.corruption import PROFILES
from bench.data import CACHE, ROOT, alone
from bench.matching import values
from bench.population import population

SEED = 11
DUPLICATES = 0.2
_LOOK_SECONDS = 0.1

Truth = dict[int, int]
"""Record to entity: party ids of the stock, or places in the file."""


def _rows(parties: int, records: int, profile: str) -> Iterator[tuple[bool, int, PartyValues]]:
    """Whether a row is of the file, its entity, its values."""
    left = {True: records, False: parties}
    for row in population(parties + records, duplicates=DUPLICATES, seed=SEED, profile=profile):
        filed = crc32(row["id"].encode()) % (parties + records) < records
        filed = filed if left[filed] else not filed
        left[filed] -= 1
        yield filed, int(row["entity"]), values(row)


async def _batches(parties: int, records: int, profile: str, kept: dict[str, list[Any]]) -> AsyncIterator[Batch]:
    waiting: dict[str, list[tuple[Any, ...]]] = {"account": [], "contact": []}
    for filed, entity, given in _rows(parties, records, profile):
        if filed:
            kept["file"].append((entity, astuple(given)))
            continue
        kept["stock"].append(entity)
        kind = "account" if given.kind == "company" else "contact"
        waiting[kind].append((UUID(int=len(kept["stock"])), *astuple(given)))
        if len(waiting[kind]) == BATCH:
            yield kind, waiting[kind]
            waiting[kind] = []
    for kind, rows in waiting.items():
        if rows:
            yield kind, rows


def _version() -> str:
    digest = hashlib.sha256()
    sources = [*(ROOT / "migrations").rglob("*.py"), *(ROOT / "app/matching").rglob("*.json")]
    for name in (
        "normalise",
        "keys",
        "record",
        "names",
        "legalforms",
        "places",
        "reach",
        "text",
        "vocabulary",
        "people",
    ):
        sources.append(ROOT / f"app/matching/{name}.py")
    for path in (*sorted(sources), *sorted((ROOT / "bench").glob("population*.py")), Path(__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def prepared(parties: int, records: int, profile: str, *, reuse: bool) -> Path:
    """The data folder with stock and file, made if it is not there yet."""
    stock = CACHE / f"batch-{parties}-{records}-{profile}-{_version()}"
    old = sorted(CACHE.glob(f"batch-{parties}-{records}-{profile}-*"))
    if reuse and old:
        return old[-1]
    if not (stock / "truth.json").exists():
        for folder in old:
            shutil.rmtree(folder)
        print(f"Building an index of {parties:,} parties …", file=sys.stderr)
        kept: dict[str, list[Any]] = {"file": [], "stock": []}
        with EmbeddedServers(stock, purpose="bench, loading") as servers:
            migrate(servers.database_url)
            asyncio.run(_build(servers.database_url, parties, records, profile, kept))
        (stock / "truth.json").write_text(json.dumps(kept))
    return stock


async def _build(url: str, parties: int, records: int, profile: str, kept: dict[str, list[Any]]) -> None:
    async with long_work(url) as connection:
        async with connection.transaction():
            await connection.execute("TRUNCATE party, party_key")
            await load(connection, _batches(parties, records, profile, kept))
        await settle(connection)
        await connection.execute("CHECKPOINT")


async def _warm(url: str) -> Truth:
    """Read the index once, so that no disk is measured; party id to its number in the stock."""
    async with long_work(url) as connection:
        await connection.execute("SELECT count(*), sum(party_id) FROM party_key")
        rows = await connection.fetch("SELECT id, record_id FROM party WHERE dump IS NOT NULL")
    return {row["id"]: row["record_id"].int - 1 for row in rows}


def _cpu() -> dict[str, float]:
    """Seconds of work so far: of this process, of those it has started and that have ended, and of PostgreSQL's."""
    own = os.times()
    servers = [one for one in psutil.Process().children() if one.name() == "postgres"]
    ended = [one.cpu_times() for one in servers]
    return {
        "bench": own.user + own.system,
        "processes": own.children_user + own.children_system,
        "postgres": sum(one.children_user + one.children_system for one in ended),
    }


class Memory:
    """The most that these processes held together."""

    def __init__(self) -> None:
        self.most = 0

    async def watch(self, crew: Crew) -> None:
        processes = [psutil.Process(pid) for pid in (os.getpid(), *crew.pids)]
        own = processes[0].memory_info().rss
        while True:
            with suppress(psutil.NoSuchProcess):
                # What the bench itself keeps, the truth above all, is no part of it.
                held = sum(one.memory_info().rss for one in processes) - own
                self.most = max(self.most, held)
            await asyncio.sleep(_LOOK_SECONDS)


async def _run(plan: Plan, url: str, memory: Memory, *, kill: bool) -> Crew:
    """Do the whole batch; the crew with its figures."""
    if kill:
        with suppress(RuntimeError):
            async with Crew(plan, url) as crew:
                work = asyncio.create_task(crew.work())
                while progress(plan)[0] < progress(plan)[1] // 2:  # noqa: ASYNC110  (pieces are files)
                    await asyncio.sleep(0.02)
                psutil.Process(crew.pids[0]).kill()
                await work
        print(f"Killed after {progress(plan)[0]} pieces; going on …", file=sys.stderr)
    async with Crew(plan, url) as crew:
        watch = asyncio.create_task(memory.watch(crew))
        assert await crew.work()
        watch.cancel()
    return crew


def _since(before: dict[str, float]) -> dict[str, float]:
    time.sleep(0.5)  # until PostgreSQL has noticed that they are gone
    return {name: value - before[name] for name, value in _cpu().items()}


def _figures(hits: int, predicted: int, true: int) -> dict[str, float]:
    precision, recall = hits / max(1, predicted), hits / max(1, true)
    f1 = 2 * precision * recall / max(1e-9, precision + recall)
    return {"f1": round(f1, 4), "precision": round(precision, 4), "recall": round(recall, 4)}


def _compared(plan: Plan) -> Iterator[tuple[int, int]]:
    """The pairs that were candidates."""
    worker = Worker(plan, None)  # type: ignore[arg-type]  # reads only files here
    for bucket in range(plan.buckets):
        votes = [worker._votes_of(part, bucket) for part in range(plan.key_parts)]  # noqa: SLF001
        pairs = elected(np.concatenate(votes))
        yield from zip(pairs["one"].tolist(), pairs["other"].tolist(), strict=True)


def _report(seconds: float, worked: dict[str, float], crew: Crew, memory: Memory, records: int) -> dict[str, Any]:
    return {
        "seconds": round(seconds, 2),
        "records_per_second": round(records / seconds),
        "cpu": {name: round(value, 1) for name, value in worked.items()},
        "phases": {phase: [round(value, 2), round(crew.cpu[phase], 2)] for phase, value in crew.seconds.items()},
        "megabytes": round(memory.most / 1e6),
        **crew.counts,
    }


async def _link(url: str, folder: Path, truth: dict[str, list[Any]], numbers: Truth, *, kill: bool) -> dict[str, Any]:
    records = [PartyValues(*given) for _, given in truth["file"]]
    memory = Memory()
    began, worked = time.perf_counter(), _cpu()
    count = await asyncio.to_thread(write_records, folder, records)
    plan = await plan_for(url, folder, records=count)
    crew = await _run(plan, url, memory, kill=kill)
    found = matches(plan)
    pairs = [(int(row["one"]), int(row["other"]), float(row["bits"])) for row in found]
    linked = link(pairs)
    seconds = time.perf_counter() - began
    worked = _since(worked)
    of_file, of_stock = [entity for entity, _ in truth["file"]], truth["stock"]
    holders: dict[int, int] = defaultdict(int)
    for entity in of_stock:
        holders[entity] += 1
    true = sum(holders[entity] for entity in of_file)

    def right(pair: Any) -> bool:
        return bool(of_file[pair[0]] == of_stock[numbers[pair[1]]])

    return {
        **_report(seconds, worked, crew, memory, count),
        "pairs": true,
        "candidate_recall": round(sum(map(right, _compared(plan))) / true, 4),
        **_figures(sum(map(right, pairs)), len(pairs), true),
        "linked": _figures(sum(map(right, linked)), len(linked), true),
        "digest": hashlib.sha256(np.sort(found, order=["one", "other"]).tobytes()).hexdigest()[:12],
    }


async def _scan(url: str, folder: Path, truth: dict[str, list[Any]], numbers: Truth, *, kill: bool) -> dict[str, Any]:
    memory = Memory()
    began, worked = time.perf_counter(), _cpu()
    plan = await plan_for(url, folder, clusters=True)
    crew = await _run(plan, url, memory, kill=kill)
    seconds = time.perf_counter() - began
    worked = _since(worked)
    found = matches(plan)
    entities = truth["stock"]
    sizes: dict[int, int] = defaultdict(int)
    for entity in entities:
        sizes[entity] += 1
    true = sum(size * (size - 1) // 2 for size in sizes.values())

    def right(pair: Any) -> bool:
        return bool(entities[numbers[pair[0]]] == entities[numbers[pair[1]]])

    clusters = read_lines(plan.file("clusters", 0), 0, len(entities))
    within = [[right(pair) for pair in combinations(cluster.members, 2)] for cluster in clusters]
    return {
        **_report(seconds, worked, crew, memory, len(entities)),
        "pairs": true,
        "candidate_recall": round(sum(map(right, _compared(plan))) / true, 4),
        **_figures(sum(right((row["one"], row["other"])) for row in found), len(found), true),
        "clusters": {
            "number": len(clusters),
            "pure": round(sum(map(all, within)) / max(1, len(within)), 4),
            "pairs_within": round(sum(map(sum, within)) / true, 4),
            "largest": max((len(cluster.members) for cluster in clusters), default=0),
        },
        "digest": hashlib.sha256(plan.file("clusters", 0).read_bytes()).hexdigest()[:12],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Linking a file and scanning the stock")
    parser.add_argument("--parties", type=int, default=1_000_000)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument(
        "--profile",
        default="light",
        choices=("mixture", *PROFILES),
        help="how badly copies are written; see bench/corruption.py",
    )
    parser.add_argument("--only", choices=("link", "scan"))
    parser.add_argument("--kill", action="store_true", help="kill a process in the middle and go on")
    parser.add_argument("--reuse", action="store_true", help="take the stock there is, of whatever version")
    arguments = parser.parse_args()
    with alone():
        stock = prepared(arguments.parties, arguments.records, arguments.profile, reuse=arguments.reuse)
        truth = json.loads((stock / "truth.json").read_text())
        out: dict[str, Any] = {
            "parties": arguments.parties,
            "records": arguments.records,
            "profile": arguments.profile,
            "cores": os.cpu_count(),
        }
        with EmbeddedServers(stock, purpose="bench") as servers:
            url = servers.database_url
            numbers = asyncio.run(_warm(url))
            for name, run in (("link", _link), ("scan", _scan)):
                if arguments.only in (None, name):
                    folder = CACHE / f"work-{name}"
                    out[name] = {"load": os.getloadavg()[0]}
                    for kill in (False, True)[: 1 + arguments.kill]:
                        forget(folder)
                        folder.mkdir(parents=True)
                        ran = asyncio.run(run(url, folder, truth, numbers, kill=kill))
                        if kill:
                            out[name]["same_after_a_kill"] = ran["digest"] == out[name]["digest"]
                        else:
                            out[name] |= ran
                    forget(folder)
    print(json.dumps(out, indent=1))


if __name__ == "__main__":
    main()
