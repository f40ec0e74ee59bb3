"""Starts the product as a user does, in a process of its own, and looks at what it leaves."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import asyncpg
import psutil

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(what: str, holds: Callable[[], object], patience: float = PATIENCE) -> None:
    """Waits for a condition and fails by its name."""
    deadline = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < deadline, f"{what}: not within {patience} s"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    """Whether it runs; a process that has ended but was not collected yet doesn't."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def environment(data_dir: Path, port: int, **more: str) -> dict[str, str]:
    """This process's environment without its own settings, plus these."""
    own = {"DATABASE_URL", "DATABASE_READ_URL", "REDIS_URL", "SECRET_KEY", "ENVIRONMENT", "HOST", "PUBLIC_URL"}
    kept = {name: value for name, value in os.environ.items() if name not in own}
    return kept | {"DATA_DIR": str(data_dir), "PORT": str(port)} | more


def command(*arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Runs `python -m app.cli …` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def ask(url: str, sql: str) -> object:
    """The one value that a statement gives."""

    async def asked() -> object:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    return asyncio.run(asked())


class Serve:
    """A running `serve`, as `make run` starts it."""

    def __init__(self, data_dir: Path, log: Path, **more: str) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = log
        with log.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "serve"],
                cwd=ROOT,
                env=environment(data_dir, self.port, **more),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    def output(self) -> str:
        return self._log.read_text()

    def wait_until_ready(self) -> None:
        until("ready", lambda: "Leadwerk runs at" in self.output() or self.process.poll() is not None)
        assert self.process.poll() is None, self.output()

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as response:
                return bool(response.status == 200)
        except OSError:
            return False

    def running(self) -> dict[str, str]:
        found: dict[str, str] = json.loads((self.data_dir / "running.json").read_text())
        return found

    def child(self, sign: str) -> psutil.Process:
        """The direct child whose command line holds `sign`."""
        return next(c for c in psutil.Process(self.process.pid).children() if sign in " ".join(c.cmdline()))

    def family(self) -> list[int]:
        """Every process it has started."""
        return [child.pid for child in psutil.Process(self.process.pid).children(recursive=True)]

    def stop(self, with_signal: signal.Signals = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
        return self.process.wait(PATIENCE)
