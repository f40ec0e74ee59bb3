"""Real processes of the product, forked from one that has imported it: none spends three seconds on its imports.

What `tests/running` starts are the very commands; these run the same functions, each in a process and an environment of its own.
"""

# ruff: noqa: PLC0415  (the process that starts them need not import what they need)

import multiprocessing
import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.forking", "app.main", "app.cli", "workers.settings", "uvicorn.main"])


class Forked:
    """A process, with what of `subprocess.Popen` is needed of it. Its output is added to `log`."""

    def __init__(self, run: Callable[..., None], *args: object, environment: Mapping[str, str], log: Path) -> None:
        """`run` is one of this module's functions."""
        self._process = _FORKS.Process(target=_run, args=(run, args, dict(environment), str(log)))
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        if self._process.is_alive():
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(str(self._process), timeout or 0)
        return self._process.exitcode


def _run(run: Callable[..., None], args: tuple[object, ...], environment: dict[str, str], log: str) -> None:
    os.environ.clear()
    os.environ.update(environment)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number in (1, 2):
        os.dup2(file, number)
    run(*args)


def api(port: int) -> None:
    """`uvicorn app.main:create_app --factory`."""
    import uvicorn

    uvicorn.run("app.main:create_app", factory=True, port=port, access_log=False, log_level="error")


def worker() -> None:
    """`python -m app.cli worker`."""
    from app.cli import app

    app(["worker"])


def worker_with_test_jobs() -> None:
    """The same with the tests' jobs, and quick to send again."""
    import tests.workers.support  # noqa: F401  (registers the jobs)
    from workers.settings import run

    run(stale_after=timedelta(seconds=2))
