"""How fast the application is beside the bare minimum that does the same: `make bench`, or `python -m bench --help`.

Ours runs as it does in production, with sign-in, visibility, change log, outbox, idempotency keys (sent with creations and
conversions), limits, metrics and a request log. The baselines (`bench/baselines`) have none of that. All share one
PostgreSQL, whose writes are durable, and one load client; rounds are interleaved and medians are taken. No worker runs.

Ratios hold on a quiet machine. Where other work disturbs, the columns of processor time tell more than requests per second.
"""

import argparse
import asyncio
import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
import uvloop

from bench.client import ask, load
from bench.data import CACHE, alone, prepared_copy
from bench.report import Measured, of_work, show, surroundings
from bench.servers import Stage, stage, watch_statements
from bench.work import OURS, WORK, Requests, Target, Work, World, look_around

RESULTS = Path(__file__).parent / "results"
CONNECTIONS = 8
COUNTED = 20
"""Requests whose statements are counted, one after the other."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    names = [work.name for work in WORK]
    parser.add_argument("--quick", action="store_true", help="2 s a round instead of 5")
    parser.add_argument("--only", action="append", choices=names, help="only this work; may be given several times")
    parser.add_argument("--leads", type=int, default=100_000, metavar="N", help="size of the stock (100000)")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="rounds, the median counts (3)")
    parser.add_argument("--name", help="also write bench/results/NAME.json, to be committed")
    parser.add_argument("--statements", action="store_true", help="print each statement with its time")
    parser.add_argument("--profile", action="store_true", help="record ours with py-spy, if that is installed")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    chosen = [work for work in WORK if not options.only or work.name in options.only]
    around = surroundings()
    with alone():
        data_dir = prepared_copy(options.leads)
        if options.statements:
            watch_statements(data_dir)
        servers = {target.server for work in chosen for target in work.targets.values()}
        try:
            with stage(data_dir, servers) as running:
                results = asyncio.Runner(loop_factory=uvloop.new_event_loop).run(_run(running, chosen, options))
        finally:
            for log in data_dir.glob("*.log"):
                shutil.copy(log, CACHE)
            shutil.rmtree(data_dir, ignore_errors=True)
    results = {"at": datetime.now(UTC).isoformat(timespec="seconds"), **around, **results}
    RESULTS.mkdir(exist_ok=True)
    for name in ("latest", options.name):
        if name:
            content = orjson.dumps(results, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
            (RESULTS / f"{name}.json").write_bytes(content)
    show(results)
    # A made-up company may come close to one of the stock: "possibly_taken" is the right answer then, and rare.
    wrong = {
        f"{w} on {s}"
        for w, r in results["work"].items()
        for s, f in r["servers"].items()
        if f["wrong_answers"] > 0.002 * f["requests"]
    }
    if wrong:
        sys.exit(f"Wrong answers in: {', '.join(sorted(wrong))}.")


async def _run(running: Stage, chosen: list[Work], options: argparse.Namespace) -> dict[str, Any]:
    connection = await running.connect()
    world = await look_around(connection)
    postgres = connection.get_server_version()
    await connection.close()
    done = {}
    for work in chosen:
        print(f"{work.title} …", file=sys.stderr)
        done[work.name] = of_work(work, await _measure(running, world, work, options))
    return {
        "postgres": f"{postgres.major}.{postgres.minor}",
        "leads": options.leads,
        "connections": CONNECTIONS,
        "seconds_per_round": _seconds(options),
        "memory_bytes": {server.name: server.memory() for server in running.servers.values()},
        "work": done,
    }


def _seconds(options: argparse.Namespace) -> float:
    return 2.0 if options.quick else 5.0


async def _measure(running: Stage, world: World, work: Work, options: argparse.Namespace) -> dict[str, Measured]:
    streams = {name: target.requests(world) for name, target in work.targets.items()}
    measured = {name: Measured() for name in work.targets}
    share = len(work.limited(world) if work.limited else ()) // (
        options.rounds + 1 + options.statements + options.profile
    )

    async def one_round(name: str, target: Target, seconds: float, most: int) -> None:
        requests: Requests = islice(streams[name], most) if work.limited else streams[name]
        server = running.servers[target.server]
        judge = work.hit[1] if work.hit else None
        before = running.processor_seconds(server)
        result = await load(
            server.port, requests, expected=target.expected, seconds=seconds, connections=CONNECTIONS, judge=judge
        )
        after = running.processor_seconds(server)
        result.processor = (after[0] - before[0], after[1] - before[1])
        for error in result.errors:
            print(f"  {name}: {error}", file=sys.stderr)
        measured[name].rounds.append(result)

    if work.name in ("fetch", "list"):
        await _compare(running, world, work)
    for name, target in work.targets.items():
        await one_round(name, target, 1.0, share // 2)
        measured[name].rounds.clear()
        measured[name].queries = await _count(running, target, streams[name])
    for number in range(options.rounds):
        order = list(work.targets.items())
        for name, target in order if number % 2 == 0 else reversed(order):
            await one_round(name, target, _seconds(options), share)
    if options.statements:
        for name, target in work.targets.items():
            found = await running.times(functools.partial(one_round, name, target, 2.0, share))
            _print_times(name, found, len(measured[name].rounds.pop().latencies))
    if options.profile:
        await _profile(running, work, lambda: one_round(OURS, work.targets[OURS], 6.0, share))
        measured[OURS].rounds.pop()
    return measured


async def _count(running: Stage, target: Target, stream: Requests) -> float:
    """Statements per request."""
    server = running.servers[target.server]
    requests = list(islice(stream, COUNTED))

    async def send() -> None:
        for request in requests:
            status, body = await ask(server.port, request)
            if status != target.expected:
                raise SystemExit(f"{server.name} answered {status} instead of {target.expected}: {body[:500]!r}")

    found = await running.statements(server, send)
    return round(len(found) / COUNTED, 1)


def _print_times(name: str, found: list[tuple[str, int, float, float]], requests: int) -> None:
    print(f"  {name}: statements by PostgreSQL's time; calls per request, µs of planning and execution per request")
    for text, calls, planning, execution in found:
        if calls * 20 > requests:
            what = " ".join(text.split())[:110]
            print(
                f"    {calls / requests:5.2f} {1000 * planning / requests:6.0f} {1000 * execution / requests:6.0f}  {what}"
            )


async def _compare(running: Stage, world: World, work: Work) -> None:
    """All servers answer the same: the same records, in the same order, with the same fields."""
    streams = [target.requests(world) for target in work.targets.values()]
    for _ in range(COUNTED):
        seen = []
        for target, stream in zip(work.targets.values(), streams, strict=True):
            _, body = await ask(running.servers[target.server].port, next(stream))
            content = orjson.loads(body)
            records = content.get("items", [content])
            seen.append([(record["id"], record["name"], sorted(record)) for record in records])
        if any(one != seen[0] for one in seen):
            raise SystemExit(f"{work.title}: the servers answer differently; the comparison would be worth nothing.")


async def _profile(running: Stage, work: Work, load_it: Callable[[], Awaitable[None]]) -> None:
    tool = shutil.which("py-spy") or os.environ.get("PY_SPY")
    if tool is None:
        print("  no profile: py-spy is not installed", file=sys.stderr)
        return
    target = CACHE / f"{work.name}.profile.txt"
    command = [tool, "record", "-p", str(running.servers[OURS].process.pid), "-d", "5", "-r", "500", "-f", "raw"]
    recorder = await asyncio.create_subprocess_exec(*command, "-o", str(target), stdout=subprocess.DEVNULL)
    await load_it()
    await asyncio.wait_for(recorder.wait(), 30)
    print(f"  profile: {target}", file=sys.stderr)


if __name__ == "__main__":
    main()
