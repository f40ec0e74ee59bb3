"""Matching by the million: a file against the stock, or the whole stock against itself, on all cores.

    async with Crew(plan, url) as crew:
        await crew.work(lambda: time_is_up)     # True: finished; False: go on another time
    found = matches(plan)

The work is cut into pieces (`batch_tasks.py`), each kept in a file of the plan's folder: killed at any moment, a batch goes on
where it was, and nothing counts twice. Memory is bounded by the size of a piece, time by the number of keys. The verdict on a
pair is `judge`, as everywhere; which pairs are judged says `batch_join.py`. numpy is loaded here and below only.
"""

import asyncio
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any, Self

import numpy as np
import orjson
from numpy.typing import NDArray

from app.core.db import Database
from app.matching.batch_tasks import MATCHES, RECORDS_A_PART, Plan, make_plan, record_file
from app.matching.record import PartyValues

Task = tuple[str, int]


def write_records(folder: Path, records: Iterable[PartyValues]) -> int:
    """Put what is to be linked into the folder; returns how many. Their places are their order here."""
    rest, part, count = iter(records), 0, 0
    while some := list(islice(rest, RECORDS_A_PART)):
        record_file(folder, part).write_bytes(b"\n".join(map(orjson.dumps, some)))
        part, count = part + 1, count + len(some)
    return count


async def plan_for(url: str, folder: Path, **what: Any) -> Plan:
    """The plan kept in the folder or, at the first time, a new one; `what` as `make_plan` takes it."""
    kept = folder / "plan.json"
    if kept.exists():
        plan = orjson.loads(kept.read_bytes())
        return Plan(**{**plan, "types": tuple(plan["types"])})
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    async with Database(url).bulk_reader() as connection:
        plan = await make_plan(connection, folder, **what)
    new = kept.with_suffix(".new")
    new.write_bytes(orjson.dumps(asdict(plan)))
    new.replace(kept)
    return plan


def stages(plan: Plan) -> list[list[Task]]:
    """The pieces in order: each stage needs all of the one before."""
    own = [] if plan.records is None else [[("own", part) for part in range(plan.buckets)]]
    votes = [("votes", part) for part in range(plan.key_parts)]
    return [*own, votes, [("matches", bucket) for bucket in range(plan.buckets)]]


def progress(plan: Plan) -> tuple[int, int]:
    """Pieces done, and all."""
    pieces = [plan.file(kind, number) for stage in stages(plan) for kind, number in stage]
    return sum(piece.exists() for piece in pieces), len(pieces)


def matches(plan: Plan) -> NDArray[Any]:
    """All pairs found (`MATCHES`), in a fixed order. The batch must be finished."""
    return np.concatenate([np.load(plan.file("matches", bucket)) for bucket in range(plan.buckets)] or [np.empty(0, MATCHES)])


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
        """Of all processes together, by phase."""
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
            for total, part in ((self.seconds, answer["seconds"]), (self.counts, answer["counts"])):
                for name, value in part.items():
                    total[name] = total.get(name, 0) + value


def _pipe(pipe: Any) -> Any:
    assert pipe is not None
    return pipe
