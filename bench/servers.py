"""What is measured, started for real: the application's own API process and the two baselines, on one PostgreSQL."""

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import psutil  # type: ignore[import-untyped]  # ships no types

from app.core.embedded import EmbeddedServers
from app.core.local_servers import _free_port
from app.core.processes import spawn, stop
from bench.client import ask
from bench.data import ROOT

SECRET = "a-secret-for-measuring-only-a-secret-for-measuring-only"
_START_SECONDS = 30.0
_STATEMENT = re.compile(rb"^app=(\w*)\|LOG:  (?:statement|execute [^:]*): (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Server:
    """A process that answers on a loopback port. `application` is how PostgreSQL's log names its connections."""

    name: str
    port: int
    application: str
    process: "subprocess.Popen[bytes]"

    def memory(self) -> int:
        """Resident bytes."""
        return int(psutil.Process(self.process.pid).memory_info().rss)


class Stage:
    """PostgreSQL, Valkey and the processes under test."""

    def __init__(self, data_dir: Path, postgres: EmbeddedServers, servers: dict[str, Server]) -> None:
        self.database_url = postgres.database_url
        self.servers = servers
        self._log = data_dir / "postgres.log"
        self._postmaster = int((data_dir / "postgres/postmaster.pid").read_text().splitlines()[0])

    def processor_seconds(self, server: Server) -> tuple[float, float]:
        """Used so far: by the server, and by all of PostgreSQL. Of use where other work makes the clock unreliable."""
        postmaster = psutil.Process(self._postmaster)
        database = 0.0
        for process in (postmaster, *postmaster.children()):
            with contextlib.suppress(psutil.NoSuchProcess):
                database += _used(process)
        return _used(psutil.Process(server.process.pid)), database + sum(postmaster.cpu_times()[2:4])

    async def connect(self) -> "asyncpg.Connection[asyncpg.Record]":
        return await asyncpg.connect(
            self.database_url, passfile="/dev/null", server_settings={"application_name": "bench"}
        )

    async def times(self, work: Callable[[], Awaitable[None]]) -> list[tuple[str, int, float, float]]:
        """Statements run while `work` did, with their calls and milliseconds of planning and execution, the longest first."""
        connection = await self.connect()
        try:
            await connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
            await connection.execute("SELECT pg_stat_statements_reset()")
            await work()
            rows = await connection.fetch(
                "SELECT query, calls, total_plan_time, total_exec_time FROM pg_stat_statements"
                " WHERE query NOT LIKE '%pg_stat_statements%' ORDER BY total_plan_time + total_exec_time DESC"
            )
        finally:
            await connection.close()
        return [tuple(row.values()) for row in rows]

    async def statements(self, server: Server, work: Callable[[], Awaitable[None]]) -> list[str]:
        """What the server sent to PostgreSQL while `work` ran, BEGIN and COMMIT included, by the statement log.

        The log is off while anything is timed.
        """
        connection = await self.connect()
        try:
            await connection.execute("ALTER SYSTEM SET log_line_prefix = 'app=%a|'")
            await connection.execute("ALTER SYSTEM SET log_statement = 'all'")
            await connection.execute("SELECT pg_reload_conf()")
            await asyncio.sleep(0.3)
            before = self._log.stat().st_size
            await work()
            await asyncio.sleep(0.2)
            with self._log.open("rb") as file:
                file.seek(before)
                found = _STATEMENT.findall(file.read())
            await connection.execute("ALTER SYSTEM RESET log_statement")
            await connection.execute("ALTER SYSTEM RESET log_line_prefix")
            await connection.execute("SELECT pg_reload_conf()")
        finally:
            await connection.close()
        return [
            text.decode(errors="replace") for application, text in found if application == server.application.encode()
        ]


def watch_statements(data_dir: Path) -> None:
    """Makes PostgreSQL reckon its time by statement, planning included. That slows it down a little; call it before the start."""
    with (data_dir / "postgres/postgresql.auto.conf").open("a") as file:
        file.write("shared_preload_libraries = 'pg_stat_statements'\npg_stat_statements.track_planning = on\n")


def _used(process: psutil.Process) -> float:
    return float(sum(process.cpu_times()[:2]))


@contextmanager
def stage(data_dir: Path, wanted: set[str]) -> Iterator[Stage]:
    """Starts everything, and stops it. Call it in the main thread."""
    started: dict[str, Server] = {}
    with EmbeddedServers(data_dir, purpose="bench") as postgres:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        environment |= {
            "DATABASE_URL": postgres.database_url,
            "REDIS_URL": postgres.redis_url,
            "SECRET_KEY": SECRET,
            "DATA_DIR": str(data_dir),
            "ENVIRONMENT": "production",
            "REQUESTS_PER_MINUTE": "100000000",
            "LOG_LEVEL": "INFO",
            "SMTP_URL": "smtp://127.0.0.1:9",  # never reached: no worker runs
        }
        try:
            for name in sorted(wanted):
                started[name] = _start(name, data_dir, environment)
            for server in started.values():
                _wait_until_ready(server)
            yield Stage(data_dir, postgres, started)
        finally:
            for server in started.values():
                stop(server.process, signal.SIGTERM, 10)


def _start(name: str, data_dir: Path, environment: dict[str, str]) -> Server:
    port = _free_port()
    if name == "ours":
        command, application = [sys.executable, "-m", "app.cli", "api"], "leadwerk"
    else:
        command, application = [sys.executable, "-m", "bench.baselines", name, str(port)], name
    process = spawn(
        command,
        stop_signal=signal.SIGKILL,
        cwd=ROOT,
        env=environment | {"PORT": str(port)},
        log=data_dir / f"{name}.log",
    )
    return Server(name, port, application, process)


def _wait_until_ready(server: Server) -> None:
    request = b"GET /readyz HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n"
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        try:
            status, _ = asyncio.run(ask(server.port, request))
            if status == 200:
                return
        except OSError:
            pass
        if server.process.poll() is not None:
            break
        time.sleep(0.1)
    raise SystemExit(f"{server.name} did not start; see bench/.cache/run/{server.name}.log")
