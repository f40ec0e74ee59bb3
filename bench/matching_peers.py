"""The product beside other libraries: `make bench-matching-peers DATA="folder folder"`, or `python -m bench.matching_peers --help`.

Each matcher gets the same records, without the id number, in a process of its own, one after the other in each of several
rounds; the seconds are medians, from records in memory to scored pairs, training included. The peers run in .venv-peers as
their documentation recommends (bench/peers). Libraries that learn from labelled pairs learn from one half of the clusters
(`bench.matching.half_of`) and are judged on the other, and the product beside them on the same half.

`own` is what the matcher itself calls the same, at its own threshold (the product: "duplicate"); `best` is the best F1 that any
threshold on its score reaches, with hindsight. The ratio of errors is ours to theirs, (1 − F1) at the own thresholds; the
ratio of seconds likewise: below 1 the product is better.

`--online` asks for single new records against a large stock instead: the product's whole check, and splink's `predict_between`.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from bench.data import CACHE, ROOT
from bench.matching import figures, half_of, read
from bench.population import population, write

PEERS = ROOT / ".venv-peers" / "bin" / "python"
LEARNS = {"dedupe"}
"""From labelled pairs; and takes minutes, so once is enough."""
PEER_COMMANDS = {
    "splink": ("with_splink",),
    "splink apart": ("with_splink", "--apart"),
    "recordlinkage": ("with_recordlinkage",),
    "dedupe": ("with_dedupe",),
}
"""splink twice, since there are two good ways to have it compare addresses; neither is the better one on all sets."""
NAMES = ("product", *PEER_COMMANDS)
PATIENCE = 3_600

Pair = tuple[str, str]


@dataclass
class Result:
    """What a matcher did with a set: quality, which is the same in each round, and the seconds of each."""

    matcher: str
    own: dict[str, float]
    best_f1: float
    seconds: list[float] = field(default_factory=list)
    version: str = ""
    failed: str = ""

    @property
    def median(self) -> float:
        return median(self.seconds) if self.seconds else 0.0


def best_f1(scored: Iterable[tuple[float, bool]], true: int) -> float:
    """The best F1 of all thresholds; pairs of one score are in or out together."""
    ordered = sorted(scored, reverse=True)
    best, hits = 0.0, 0
    for at, (score, hit) in enumerate(ordered):
        hits += hit
        if at + 1 == len(ordered) or ordered[at + 1][0] < score:
            best = max(best, 2 * hits / (at + 1 + true)) if true else best
    return round(best, 4)


def judged(rows: Iterable[dict[str, str]], pairs: set[Pair]) -> tuple[dict[str, float], float]:
    """Own figures and best F1 of the pairs that a peer wrote."""
    found = [((row["id_a"], row["id_b"]), float(row["score"]), row["own"] == "1") for row in rows]
    own = [pair for pair, _, mine in found if mine]
    counted = figures(len(pairs.intersection(own)), len(own), len(pairs))
    best = best_f1(((score, pair in pairs) for pair, score, _ in found), len(pairs))
    return counted, max(best, counted["f1"])


def ratio(ours: float, theirs: float) -> float | None:
    """Ours to theirs; None when theirs is nothing."""
    return round(ours / theirs, 3) if theirs else None


def compared(ours: Result, theirs: Result) -> dict[str, float | None]:
    return {
        "errors": ratio(1 - ours.own["f1"], 1 - theirs.own["f1"]),
        "errors_at_best": ratio(1 - ours.best_f1, 1 - theirs.best_f1),
        "seconds": ratio(ours.median, theirs.median),
    }


def table(title: str, results: Sequence[Result]) -> str:
    """As a person reads it; the first one is the product."""
    head = f"{'':14} {'F1':>6} {'prec.':>6} {'recall':>6} {'best':>6} {'seconds':>8}   errors, seconds: ours to theirs"
    lines = [title, head]
    ours = results[0]
    for one in results:
        if one.failed:
            lines.append(f"{one.matcher:14} failed: {one.failed}")
            continue
        own = one.own
        text = (
            f"{one.matcher:14} {own['f1']:6.4f} {own['precision']:6.4f} {own['recall']:6.4f} {one.best_f1:6.4f} "
            f"{one.median:8.2f}"
        )
        if one is not ours and not ours.failed:
            against = compared(ours, one)
            errors, seconds = (
                "–" if (value := against[name]) is None else f"{value:.2f}" for name in ("errors", "seconds")
            )
            text += f"   {errors:>6}  {seconds:>6}"
        if len(one.seconds) == 1:
            text += "   (one round)"
        lines.append(text)
    return "\n".join(lines)


def run_json(command: Sequence[str]) -> dict[str, Any]:
    """What a process prints as its last line, JSON. Raises RuntimeError with the end of what it complained about."""
    finished = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE)
    if finished.returncode:
        raise RuntimeError((finished.stderr.strip().splitlines() or [f"exit {finished.returncode}"])[-1][:200])
    found: dict[str, Any] = json.loads(finished.stdout[finished.stdout.index("{") :])
    return found


def product(folder: Path) -> Result:
    found = run_json([sys.executable, "-m", "bench.matching", str(folder)])
    own = {name: found[name] for name in ("f1", "precision", "recall")}
    return Result("product", own, found["best_f1"], [found["seconds"]])


def peer(name: str, folder: Path, pairs: set[Pair], out: Path, train: Path | None) -> Result:
    module, *options = PEER_COMMANDS[name]
    command = [str(PEERS), "-m", f"bench.peers.{module}", str(folder), str(out), *options]
    found = run_json(command + (["--train", str(train)] if train else []))
    with out.open(encoding="utf-8", newline="") as file:
        own, best = judged(csv.DictReader(file), pairs)
    return Result(name, own, best, [found["seconds"]], found["version"])


def rounds(names: Sequence[str], number: int, folder: Path, train: Path | None, scratch: Path) -> list[Result]:
    """Each matcher in turn, so often; one that failed is not asked again."""
    _, pairs = read(folder)
    results: dict[str, Result] = {}
    for _ in range(number):
        for name in names:
            if name in results and results[name].failed:
                continue
            try:
                one = product(folder) if name == "product" else peer(name, folder, pairs, scratch / "pairs.csv", train)
            except (RuntimeError, subprocess.TimeoutExpired) as error:
                one = Result(name, {}, 0.0, failed=str(error))
            if name in results:
                results[name].seconds += one.seconds
            else:
                results[name] = one
    return list(results.values())


def halves(folder: Path, scratch: Path) -> tuple[Path, Path]:
    """The half to learn from and the half to judge on, as folders."""
    made = []
    for half in (0, 1):
        rows, pairs = half_of(*read(folder), half)
        part = scratch / f"half-{half}"
        part.mkdir(exist_ok=True)
        with (part / "records.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        with (part / "pairs.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([("id_a", "id_b"), *sorted(pairs)])
        made.append(part)
    return made[0], made[1]


def measured(folder: Path, names: Sequence[str], number: int) -> list[dict[str, Any]]:
    """The set as a whole with what needs no labels; then one half with what does."""
    rows, pairs = read(folder)
    out = []
    with TemporaryDirectory() as temporary:
        scratch = Path(temporary)
        unaided = [name for name in names if name not in LEARNS]
        if len(unaided) > 1:
            results = rounds(["product", *unaided[1:]], number, folder, None, scratch)
            out.append(shown(f"{folder.name}: {len(rows)} records, {len(pairs)} pairs", folder.name, results))
        taught = [name for name in names if name in LEARNS]
        if taught:
            train, test = halves(folder, scratch)
            results = rounds(["product"], number, test, None, scratch) + rounds(taught, 1, test, train, scratch)
            records, true = (len(part) for part in read(test))
            title = f"{folder.name}, one half (labels of the other to learn from): {records} records, {true} pairs"
            out.append(shown(title, f"{folder.name}/half", results))
    return out


def shown(title: str, name: str, results: Sequence[Result]) -> dict[str, Any]:
    """Prints the table; returns the same for JSON."""
    print(f"\n{table(title, results)}", file=sys.stderr, flush=True)
    ours = results[0]
    entries = {}
    for one in results:
        if one.failed:
            entries[one.matcher] = {"failed": one.failed}
            continue
        entries[one.matcher] = {**one.own, "best_f1": one.best_f1, "seconds": round(one.median, 2),
                                "rounds": len(one.seconds), "version": one.version}  # fmt: skip
        if one is not ours and not ours.failed:
            entries[one.matcher]["ours_to_theirs"] = compared(ours, one)
    return {"set": name, "matchers": entries}


def online(stock: int, queries: int) -> dict[str, Any]:
    """One check against a stock of that size: the product's own bench, then splink on the same population."""
    ours = run_json([sys.executable, "-m", "bench.matching_online", "--parties", str(stock)])
    from bench import matching_online  # noqa: PLC0415 (loads the whole product, which only this comparison needs)

    folder = CACHE / f"online-peers-{stock}"
    asked = matching_online.QUERIES
    rows = population(stock + asked, duplicates=0.5, seed=matching_online.SEED, sources=(stock, asked))
    write(folder, rows)
    theirs = run_json([str(PEERS), "-m", "bench.peers.online_splink", str(folder), "--queries", str(queries)])
    own = ours["warm"]
    times = {name: round(theirs[name] / own[name], 1) for name in ("p50", "p95")}
    print(f"\none check against {stock:,} parties, ms       p50       p95", file=sys.stderr)
    for name, one in (("product", own), ("splink", theirs)):
        print(f"{name:35} {one['p50']:9.2f} {one['p95']:9.2f}", file=sys.stderr)
    print(f"{'times as fast':35} {times['p50']:9.1f} {times['p95']:9.1f}", file=sys.stderr, flush=True)
    return {"stock": stock, "product": own, "splink": theirs, "times_as_fast": times}


def main() -> None:
    parser = argparse.ArgumentParser(description="The duplicate matcher beside other libraries")
    parser.add_argument("folders", type=Path, nargs="*", help="labelled data, as for bench.matching")
    parser.add_argument("--only", default=",".join(NAMES), help="of " + ", ".join(NAMES))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON too, on standard output")
    parser.add_argument("--online", action="store_true", help="single records against a large stock")
    parser.add_argument("--stock", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=200, help="asked of splink")
    arguments = parser.parse_args()
    names = ["product", *(name for name in arguments.only.split(",") if name != "product")]
    if unknown := set(names) - set(NAMES):
        parser.error(f"no such matcher: {', '.join(sorted(unknown))}")
    if not arguments.folders and not arguments.online:
        parser.error("name folders, or --online")
    out: dict[str, Any] = {"machine": {"cores": os.cpu_count(), "load_before": round(os.getloadavg()[0], 2)}}
    out["sets"] = [one for folder in arguments.folders for one in measured(folder, names, arguments.rounds)]
    if arguments.online:
        out["online"] = online(arguments.stock, arguments.queries)
    out["machine"]["load_after"] = round(os.getloadavg()[0], 2)
    print(f"\nload {out['machine']['load_before']} before, {out['machine']['load_after']} after", file=sys.stderr)
    if arguments.json:
        print(json.dumps(out, indent=2))


if __name__ == "__main__":
    main()
