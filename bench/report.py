"""The figures of a run: as a table for people, as JSON for programs."""

import os
import platform
import subprocess
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.client import Round
from bench.data import ROOT
from bench.work import OURS, Work


@dataclass
class Measured:
    """One piece of work on one server."""

    queries: float = 0.0
    rounds: list[Round] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        """Medians over the rounds."""

        def middle(values: Any) -> float:
            return round(float(median(values)), 2)

        return {
            "requests_per_second": middle(r.per_second for r in self.rounds),
            "p50_ms": middle(r.percentile(0.5) for r in self.rounds),
            "p95_ms": middle(r.percentile(0.95) for r in self.rounds),
            "p99_ms": middle(r.percentile(0.99) for r in self.rounds),
            "queries_per_request": self.queries,
            "server_cpu_ms": middle(r.cost(0) for r in self.rounds),
            "postgres_cpu_ms": middle(r.cost(1) for r in self.rounds),
            "requests": sum(len(r.latencies) for r in self.rounds),
            "wrong_answers": sum(r.wrong for r in self.rounds),
            "rounds": [round(r.per_second, 1) for r in self.rounds],
        }


def ratio(ours: Measured, other: Measured) -> float:
    """Requests per second, ours by the other's: each round against its neighbour, then the median."""
    pairs = zip(ours.rounds, other.rounds, strict=True)
    return round(median(a.per_second / b.per_second if b.per_second else 0.0 for a, b in pairs), 3)


def of_work(work: Work, measured: dict[str, Measured]) -> dict[str, Any]:
    """The JSON of one piece of work."""
    servers = {name: one.figures() for name, one in measured.items()}
    if work.hit:
        for name, one in measured.items():
            answers = sum(len(r.latencies) for r in one.rounds)
            servers[name][f"{work.hit[0]}_share"] = round(sum(r.hits for r in one.rounds) / max(1, answers), 3)
    ratios = {name: ratio(measured[OURS], one) for name, one in measured.items() if name != OURS}
    goals = [
        {"against": name, "at_least": least, "is": ratios[name], "met": ratios[name] >= least}
        for name, least in work.goals.items()
    ]
    return {"title": work.title, "servers": servers, "ratios": ratios, "goals": goals}


def surroundings() -> dict[str, Any]:
    """What the figures depend on besides the code."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return {
        "commit": commit.stdout.strip() or None,
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 2),
    }


def show(results: dict[str, Any]) -> None:
    """The table."""
    table = Table(title=f"{results['leads']:,} leads, {results['connections']} at once, one API process")
    for name in ("work", "server"):
        table.add_column(name)
    for name in ("requests/s", "p50 ms", "p95 ms", "p99 ms", "queries", "CPU ms", "PG CPU", "ours is", "goal"):
        table.add_column(name, justify="right")
    for work in results["work"].values():
        goals = {goal["against"]: goal for goal in work["goals"]}
        for at, (server, figures) in enumerate(work["servers"].items()):
            share = next(
                (f", {key.removesuffix('_share')} {v:.0%}" for key, v in figures.items() if "_share" in key), ""
            )
            goal = goals.get(server)
            verdict = (
                "" if goal is None else f"≥ {goal['at_least']:.1f} {'met' if goal['met'] else '[bold]MISSED[/bold]'}"
            )
            table.add_row(
                work["title"] if at == 0 else "",
                server + share,
                f"{figures['requests_per_second']:,.0f}",
                *(f"{figures[key]:.1f}" for key in ("p50_ms", "p95_ms", "p99_ms")),
                f"{figures['queries_per_request']:g}",
                *(f"{figures[key]:.2f}" for key in ("server_cpu_ms", "postgres_cpu_ms")),
                f"{work['ratios'][server]:.2f} ×" if server in work["ratios"] else "",
                verdict,
            )
        table.add_section()
    console = Console(width=134)
    console.print(table)
    memory = ", ".join(f"{name} {size / 1e6:.0f} MB" for name, size in results["memory_bytes"].items())
    console.print(f"Memory after the run: {memory}.")
    if results["load_before"] > 0.5:
        console.print(f"The machine was busy before the run (load {results['load_before']}): expect noise.")
