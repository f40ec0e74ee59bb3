"""Matching by the million: a file against the stock, or the whole stock against itself, on all cores.

    async with Crew(plan, url) as crew:
        await crew.work(lambda: time_is_up)     # True: finished; False: go on another time
    found = batch_tasks.matches(plan)

The work is cut into pieces (`batch_tasks.py`), each kept in a file of the plan's folder: killed at any moment, a batch goes on
where it was, and nothing counts twice. Memory is bounded by the size of a piece, time by the number of keys. The verdict on a
pair is `judge`, as everywhere; which pairs are judged says `batch_join.py`. numpy is loaded by the pieces only, not here.
"""

import asyncio
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Self

import orjson

from app.core.db import Database
from app.matching.record import PartyValues
from app.matching.version import INDEX_VERSION

Task = tuple[str, int]


RECORDS_A_PART = 4_000
"""Records of a file that is linked, in each of its parts."""
MOST_RECORDS = 1 << 28
"""See `batch_join.PLACE_BITS`."""
_KEYS_A_PART = 400_000
_PARTIES_A_BUCKET = 8_000
_MOST_PIECES = 1024
_EXTENT = """
SELECT coalesce((SELECT max(id) FROM party), 0),
       CAST(greatest((SELECT reltuples FROM pg_class WHERE oid = CAST('party' AS regclass)), 0) AS bigint),
       (SELECT version FROM index_state), (SELECT CAST(built_at AS text) FROM index_state)
"""


class StaleIndex(RuntimeError):
    """The index is another version's, or just being built."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a batch is to do; a folder holds its pieces. `records`: of the file that is linked, or None for a scan."""

    folder: str
    key_parts: int
    buckets: int
    places: int
    """One more than the largest place: of a record of the file, or of a party."""
    ranked: bool = False
    """Party ids are too large for places: a piece of its own names them in order."""
    records: int | None = None
    level: int = 2
    """Matches below are not kept: 2 duplicate, 1 possible."""
    types: tuple[str, ...] = ()
    """Only pairs of these record types; all when empty."""
    clusters: bool = False
    """Also what clusters the matches make; pairs of party ids in `apart.json` are kept apart."""
    built: str = ""
    """When the index was built: built anew, its parties have other ids, and what was done before is worth nothing."""

    def file(self, kind: str, number: int) -> Path:
        """Where a piece is kept."""
        return Path(self.folder) / f"{kind}-{number:05d}.{'jsonl' if kind == 'clusters' else 'npy'}"

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Plan":
        """The plan that was kept as JSON."""
        return cls(**{**kept, "types": tuple(kept["types"])})


def record_file(folder: Path, part: int) -> Path:
    """A part of the file that is linked: a JSON object a line, the fields of `PartyValues`."""
    return folder / f"records-{part:05d}.jsonl"


def write_records(folder: Path, records: Iterable[PartyValues]) -> int:
    """Put what is to be linked into the folder; returns how many. Their places are their order here."""
    rest, part, count = iter(records), 0, 0
    while some := list(islice(rest, RECORDS_A_PART)):
        record_file(folder, part).write_bytes(b"\n".join(map(orjson.dumps, some)))
        part, count = part + 1, count + len(some)
    return count


async def plan_for(
    url: str,
    folder: Path,
    *,
    records: int | None = None,
    level: int = 2,
    types: Sequence[str] = (),
    clusters: bool = False,
) -> Plan:
    """The plan kept in the folder or, at the first time and after the index was built anew, a new one: pieces that stay small
    however large the stock is. Raises StaleIndex.
    """
    kept = folder / "plan.json"
    async with Database(url).bulk_reader() as connection:
        ((last, about, version, built),) = await connection.fetch(_EXTENT)
    if version != INDEX_VERSION:
        raise StaleIndex
    if kept.exists():
        plan = Plan.of(orjson.loads(kept.read_bytes()))
        if plan.built == built:
            return plan
        _drop_pieces(folder)
    plan = Plan(
        str(folder),
        key_parts=max(2, min(_MOST_PIECES, about * 20 // _KEYS_A_PART)),
        buckets=max(2, min(_MOST_PIECES, about // _PARTIES_A_BUCKET))
        if records is None
        else -(-records // RECORDS_A_PART),
        places=last + 1 if records is None else records,
        ranked=last >= MOST_RECORDS,
        records=records,
        level=level,
        types=tuple(types),
        clusters=clusters,
        built=built,
    )
    new = kept.with_suffix(".new")
    new.write_bytes(orjson.dumps(asdict(plan)))
    new.replace(kept)
    return plan


def _drop_pieces(folder: Path) -> None:
    for piece in folder.glob("*.npy"):
        if not piece.name.startswith("own-"):
            piece.unlink()


def stages(plan: Plan) -> list[list[Task]]:
    """The pieces in order: each stage needs all of the one before."""
    ids = [[("ids", 0)]] if plan.ranked else []
    own = [] if plan.records is None else [[("own", part) for part in range(plan.buckets)]]
    votes = [("votes", part) for part in range(plan.key_parts)]
    clusters = [[("clusters", 0)]] if plan.clusters else []
    return [*ids, *own, votes, [("matches", bucket) for bucket in range(plan.buckets)], *clusters]


def progress(plan: Plan) -> tuple[int, int]:
    """Pieces done, and all."""
    pieces = [plan.file(kind, number) for stage in stages(plan) for kind, number in stage]
    return sum(piece.exists() for piece in pieces), len(pieces)


def forget(folder: Path) -> None:
    """Remove all that a batch has kept."""
    shutil.rmtree(folder, ignore_errors=True)


class Crew:
    """The processes of a batch; an async context manager. They end with it, and with the process that made it."""

    def __init__(self, plan: Plan, url: str, *, cores: int | None = None, nice: int = 0) -> None:
        self._plan = plan
        self._url = url
        self._cores = cores or os.cpu_count() or 1
        self._nice = nice
        self._processes: list[asyncio.subprocess.Process] = []
        self.seconds: dict[str, float] = {}
        """Of all processes together, by phase; `cpu` without what they waited."""
        self.cpu: dict[str, float] = {}
        self.counts: dict[str, int] = {}

    @property
    def pids(self) -> list[int]:
        """The processes, for whoever measures them."""
        return [process.pid for process in self._processes]

    async def __aenter__(self) -> Self:
        first = orjson.dumps({"plan": asdict(self._plan), "url": self._url, "nice": self._nice, "parent": os.getpid()})
        for _ in range(self._cores):
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "app.matching.batch_tasks"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
            self._processes.append(process)
            _pipe(process.stdin).write(first + b"\n")
        return self

    async def __aexit__(self, *_: object) -> None:
        for process in self._processes:
            if process.returncode is None:
                process.kill()
        for process in self._processes:
            await process.wait()

    async def work(self, stop: Callable[[], bool] = lambda: False) -> bool:
        """Do what is left until it is finished (True) or `stop` says so (False); pieces begun are brought to their end."""
        for stage in stages(self._plan):
            left = iter([task for task in stage if not self._plan.file(*task).exists()])
            hands = [asyncio.create_task(self._hand(process, left, stop)) for process in self._processes]
            try:
                await asyncio.gather(*hands)
            finally:
                for hand in hands:
                    hand.cancel()
            if next(left, None) is not None or stop():
                return progress(self._plan)[0] == progress(self._plan)[1]
        return True

    async def _hand(self, process: asyncio.subprocess.Process, tasks: Iterator[Task], stop: Callable[[], bool]) -> None:
        while not stop() and (task := next(tasks, None)) is not None:
            kind, number = task
            _pipe(process.stdin).write(orjson.dumps({"kind": kind, "number": number}) + b"\n")
            line = await _pipe(process.stdout).readline()
            if not line:
                raise RuntimeError(f"a process of the batch ended at {kind} {number}")
            answer = orjson.loads(line)
            totals: tuple[dict[str, Any], ...] = (self.seconds, self.cpu, self.counts)
            for total, which in zip(totals, ("seconds", "cpu", "counts"), strict=True):
                for name, value in answer[which].items():
                    total[name] = total.get(name, 0) + value


def _pipe(pipe: Any) -> Any:
    assert pipe is not None
    return pipe
