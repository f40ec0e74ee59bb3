"""The pieces of a batch, each done by one process and kept in one file: what is there need not be done again.

`python -m app.matching.batch_tasks` is such a process: it takes pieces from its standard input, one JSON object a line, and
ends with it. `batch.py` runs several of them. Nothing here writes to the database.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import asyncpg
import numpy as np
import orjson
from numpy.typing import NDArray

from app.core.db import Database
from app.core.processes import die_with_parent
from app.matching.batch import RECORDS_A_PART, Plan, record_file
from app.matching.batch_clusters import as_lines, clusters_in
from app.matching.batch_join import (
    Integers,
    bucket_bounds,
    elected,
    in_buckets,
    votes_across,
    votes_within,
)
from app.matching.keys import blocking_keys
from app.matching.normalise import normalise
from app.matching.record import Party, PartyValues
from app.matching.verdict import bits_of, judge

MATCHES = np.dtype(
    [("one", np.int64), ("other", np.int64), ("chance", np.float64), ("bits", np.float64), ("level", np.int8)]
)
"""`one` is a record's place in the file or, in a scan, the smaller party id; `other` is a party id."""

_ROW = np.dtype([("fields", ">i2"), ("n", ">i4"), ("key", ">i8"), ("m", ">i4"), ("place", ">i8")])
_HEADER, _TRAILER = 19, 2
_OWN = np.dtype([("key", np.int64), ("place", np.int64)])
_KEYS = "SELECT key, party_id FROM party_key WHERE key BETWEEN $1 AND $2 ORDER BY key, party_id"
_PARTIES = "SELECT id, dump::text FROM party WHERE id = ANY($1::bigint[])"
_PARTIES_OF_TYPES = _PARTIES + " AND record_type = ANY($2::text[])"


class Worker:
    """Does pieces of one batch over one connection."""

    def __init__(self, plan: Plan, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._plan = plan
        self._connection = connection
        self._known: Integers | None = None
        self.seconds: dict[str, float] = {}
        """By phase; of it `cpu` was work of this process, the rest waiting for PostgreSQL or for a core."""
        self.cpu: dict[str, float] = {}
        self.counts: dict[str, int] = {}

    async def do(self, kind: str, number: int) -> None:
        """One piece, unless it is there."""
        if not self._plan.file(kind, number).exists():
            await getattr(self, f"_{kind}")(number)

    # --- the pieces --------------------------------------------------------------------------------------------------

    async def _ids(self, number: int) -> None:
        """The ids of all parties, in order."""
        rows = await self._connection.fetch("SELECT id FROM party ORDER BY id")
        _save(self._plan.file("ids", number), np.array([row["id"] for row in rows], np.int64))

    async def _own(self, part: int) -> None:
        """Normal forms and keys of a part of the file."""
        with self._timed("normalise"):
            rows: list[tuple[int, int]] = []
            dumps = []
            lines = record_file(Path(self._plan.folder), part).read_bytes().splitlines()
            for place, line in enumerate(lines, part * RECORDS_A_PART):
                party = normalise(PartyValues(**orjson.loads(line)))
                dumps.append(orjson.dumps(party.dump()))
                rows += [(key, place) for key in blocking_keys(party)]
            own = np.array(rows, _OWN)
            own.sort(order="key")
            _write(self._dumps_of(part), b"\n".join(dumps))
            _save(self._plan.file("own", part), own)

    async def _votes(self, part: int) -> None:
        """The votes of a range of keys."""
        plan = self._plan
        low, high = (min(int(at * 2**64 // plan.key_parts) - 2**63, 2**63 - 1) for at in (part, part + 1))
        with self._timed("read_keys"):
            received = bytearray()

            async def take(data: bytes) -> None:
                received.extend(data)

            last = part + 1 == plan.key_parts
            await self._connection.copy_from_query(_KEYS, low, high if last else high - 1, output=take, format="binary")
        with self._timed("pair"):
            rows = np.frombuffer(received, _ROW, (len(received) - _HEADER - _TRAILER) // _ROW.itemsize, _HEADER)
            keys, places = self._placed(rows["key"].astype(np.int64), rows["place"].astype(np.int64))
            self._count("keys", len(keys))
            if plan.records is None:
                votes = votes_within(keys, places)
            else:
                own = self._own_keys(low, None if last else high)
                votes = votes_across(own["key"], own["place"], keys, places)
            votes, ends = in_buckets(votes, self._bounds())
            self._count("votes", len(votes))
            _save(plan.file("votes", part), np.concatenate((ends, votes)))

    async def _matches(self, bucket: int) -> None:
        """The pairs of a range of records, judged."""
        with self._timed("add_up"):
            pairs = elected(np.concatenate([self._votes_of(part, bucket) for part in range(self._plan.key_parts)]))
            one, other = pairs["one"], self._ids_at(pairs["other"])
            if self._plan.records is None:
                one = self._ids_at(one)
        with self._timed("read_parties"):
            wanted = np.unique(np.concatenate((one, other)) if self._plan.records is None else other)
            parties = await self._parties(wanted.tolist())
        with self._timed("judge"):
            stored = _Loader(parties)
            own = stored if self._plan.records is None else _Loader(self._own_parties(bucket))
            found = self._judged(zip(one.tolist(), other.tolist(), strict=True), own, stored)
            self._count("matches", len(found))
            _save(self._plan.file("matches", bucket), np.array(found, MATCHES))

    async def _clusters(self, number: int) -> None:
        """The clusters of all matches."""
        with self._timed("cluster"):
            apart = Path(self._plan.folder) / "apart.json"
            pairs = [tuple(pair) for pair in orjson.loads(apart.read_bytes())] if apart.exists() else []
            clusters = await clusters_in(self._connection, matches(self._plan), pairs)
            self._count("clusters", len(clusters))
            _write(self._plan.file("clusters", number), as_lines(clusters))

    # --- what they are made of ---------------------------------------------------------------------------------------

    def _judged(self, pairs: Iterator[tuple[int, int]], own: "_Loader", stored: "_Loader") -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = []
        compared = 0
        for one, other in pairs:
            a, b = own.get(one), stored.get(other)
            if a is None or b is None:
                continue  # deleted meanwhile, or of another type
            chance, level, findings = judge(a, b)
            compared += 1
            if level >= self._plan.level:
                found.append((one, other, chance, bits_of(findings), level))
        self._count("comparisons", compared)
        return found

    def _bounds(self) -> Integers:
        if self._plan.records is None:
            places = len(self._all_ids()) if self._plan.ranked else self._plan.places
            return bucket_bounds(places, self._plan.buckets)
        return np.append(np.arange(self._plan.buckets) * RECORDS_A_PART, self._plan.places)

    def _votes_of(self, part: int, bucket: int) -> Integers:
        kept = np.load(self._plan.file("votes", part), mmap_mode="r")
        skip = self._plan.buckets + 1
        return np.array(kept[skip + kept[bucket] : skip + kept[bucket + 1]])

    def _own_keys(self, low: int, high: int | None) -> NDArray[Any]:
        found = []
        for part in range(self._plan.buckets):
            own = np.load(self._plan.file("own", part), mmap_mode="r")
            begin = np.searchsorted(own["key"], low)
            found.append(np.array(own[begin : len(own) if high is None else np.searchsorted(own["key"], high)]))
        return np.concatenate(found)

    async def _parties(self, ids: Sequence[int]) -> dict[int, str]:
        if not self._plan.types:
            return dict(map(tuple, await self._connection.fetch(_PARTIES, ids)))
        return dict(map(tuple, await self._connection.fetch(_PARTIES_OF_TYPES, ids, list(self._plan.types))))

    def _own_parties(self, bucket: int) -> dict[int, bytes]:
        lines = self._dumps_of(bucket).read_bytes().splitlines()
        return dict(enumerate(lines, bucket * RECORDS_A_PART))

    def _dumps_of(self, part: int) -> Path:
        return Path(self._plan.folder) / f"own-{part:05d}.dumps"

    def _placed(self, keys: Integers, ids: Integers) -> tuple[Integers, Integers]:
        """Keys with the places of their records; a record that came after the plan was made is left out."""
        if self._plan.ranked:
            known = self._all_ids()
            places = np.minimum(np.searchsorted(known, ids), len(known) - 1)
            there = known[places] == ids
        elif self._plan.records is None:
            places, there = ids, ids < self._plan.places
        else:
            return keys, ids
        return (keys, places) if there.all() else (keys[there], places[there])

    def _ids_at(self, places: Integers) -> Integers:
        return self._all_ids()[places] if self._plan.ranked else places

    def _all_ids(self) -> Integers:
        if self._known is None:
            self._known = np.load(self._plan.file("ids", 0), mmap_mode="r")
        return self._known

    def _count(self, what: str, number: int) -> None:
        self.counts[what] = self.counts.get(what, 0) + number

    @contextmanager
    def _timed(self, phase: str) -> Iterator[None]:
        started, worked = perf_counter(), process_time()
        yield
        self.seconds[phase] = self.seconds.get(phase, 0.0) + perf_counter() - started
        self.cpu[phase] = self.cpu.get(phase, 0.0) + process_time() - worked


class _Loader:
    """Parties by id, loaded when first asked for."""

    def __init__(self, dumps: dict[int, Any]) -> None:
        self._dumps = dumps
        self._loaded: dict[int, Party] = {}

    def get(self, id_: int) -> Party | None:
        party = self._loaded.get(id_)
        if party is None and (dump := self._dumps.get(id_)) is not None:
            party = self._loaded[id_] = Party.load(orjson.loads(dump))
        return party


def matches(plan: Plan) -> NDArray[Any]:
    """All pairs found (`MATCHES`), in a fixed order. Their pieces must all be there."""
    return np.concatenate([np.load(plan.file("matches", bucket)) for bucket in range(plan.buckets)])


def _write(path: Path, content: bytes) -> None:
    new = path.with_name(f"{path.name}.{os.getpid()}")
    new.write_bytes(content)
    new.replace(path)


def _save(path: Path, array: NDArray[Any]) -> None:
    """The piece is there whole or not at all."""
    new = path.with_name(f"{path.name}.{os.getpid()}")
    with new.open("wb") as file:
        np.save(file, array)
    new.replace(path)


async def _serve(lines: Callable[[], bytes]) -> None:
    given = orjson.loads(lines())
    die_with_parent(signal.SIGKILL, given["parent"])
    os.nice(given["nice"])
    plan = Plan.of(given["plan"])
    async with Database(given["url"]).bulk_reader() as connection:
        while line := lines():
            task = orjson.loads(line)
            worker = Worker(plan, connection)
            await worker.do(task["kind"], task["number"])
            answer = {"seconds": worker.seconds, "cpu": worker.cpu, "counts": worker.counts}
            sys.stdout.buffer.write(orjson.dumps(answer) + b"\n")
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    asyncio.run(_serve(sys.stdin.buffer.readline))
