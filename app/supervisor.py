"""`make run`: starts servers, API and worker, keeps them running, and stops all of them in order."""

import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

from rich.console import Console

from app.core.embedded import EmbeddedServers
from app.core.processes import die_with_parent, spawn, stop
from app.installation import (
    CannotRun,
    check_address_is_free,
    check_redis,
    child_environment,
    local_url,
    uses_own_servers,
)
from app.settings import Settings

_LOOK_SECONDS = 0.2
_READY_SECONDS = 120.0
_STEADY_SECONDS = 30.0
_LONGEST_PAUSE_SECONDS = 30.0
_STOP_SECONDS = {"api": 15.0, "worker": 30.0}
_LOGS = Console(stderr=True, highlight=False, soft_wrap=True)


class Child:
    """One of our own processes (`python -m app.cli <command>`), started again with growing pauses when it ends."""

    def __init__(self, command: str, environment: dict[str, str]) -> None:
        self.command = command
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._pause = 0.5

    def start(self) -> None:
        self._started = time.monotonic()
        self._process = spawn(
            [sys.executable, "-m", "app.cli", self.command], stop_signal=signal.SIGTERM, env=self._environment
        )

    def ended(self) -> int | None:
        """The exit status, None while it runs."""
        return self._process.poll() if self._process else None

    def restart_if_ended(self) -> None:
        status = self.ended()
        if status is None:
            return
        alive_for = time.monotonic() - self._started
        if alive_for > _STEADY_SECONDS:
            self._pause = 0.5
        if alive_for < self._pause:
            return
        self._pause = min(self._pause * 2, _LONGEST_PAUSE_SECONDS)
        _say(f"The {self.command} process ended (status {status}); starting it again.")
        self.start()

    def stop(self, timeout: float) -> None:
        if self._process and not stop(self._process, signal.SIGTERM, timeout):
            _say(f"The {self.command} process did not stop within {timeout:.0f} s and was killed.")


class Supervisor:
    """Runs one installation until it is told to stop. Must run in the main thread: it takes the signals."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stopping = threading.Event()
        self._servers: EmbeddedServers | None = None
        self._children: list[Child] = []

    def run(self) -> None:
        """Returns after an orderly stop. Raises CannotRun (or what a server's start raises) when it cannot start."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self._stopping.set())
        try:
            self._start()
            while not self._stopping.wait(_LOOK_SECONDS):
                self._keep_alive()
        except InterruptedError:
            pass  # told to stop while starting
        finally:
            self._stop()

    def _start(self) -> None:
        began = time.monotonic()
        environment = self._start_servers()
        self._migrate(environment)
        for command in ("api", "worker"):
            child = Child(command, environment)
            self._children.append(child)
            child.start()
        self._wait_until_ready()
        self._welcome(time.monotonic() - began)

    def _start_servers(self) -> dict[str, str]:
        settings = self._settings
        if not uses_own_servers(settings):
            check_address_is_free(settings)
            check_redis(settings.redis_url or "")
            return child_environment(settings, settings.database_url or "", settings.redis_url or "")
        purpose = f"make run, {local_url(settings)}"
        servers = EmbeddedServers(settings.data_dir, purpose=purpose)
        servers.claim()
        self._servers = servers
        check_address_is_free(settings)
        servers.start()
        return child_environment(settings, servers.database_url, servers.redis_url)

    def _migrate(self, environment: dict[str, str]) -> None:
        migration = Child("migrate", environment)
        migration.start()
        self._children.append(migration)
        while (status := migration.ended()) is None:
            self._pause()
        self._children.remove(migration)
        if status != 0:
            raise CannotRun("The database could not be brought to this version; see above.")

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while not _answers(f"{local_url(self._settings)}/readyz"):
            for child in self._children:
                if child.ended() is not None:
                    raise CannotRun(f"The {child.command} process ended while starting; see above.")
            if time.monotonic() > deadline:
                raise CannotRun(f"The API did not become ready within {_READY_SECONDS:.0f} s; see above.")
            self._pause()

    def _pause(self) -> None:
        if self._stopping.wait(0.05):
            raise InterruptedError

    def _keep_alive(self) -> None:
        if self._servers:
            for name in self._servers.restart_dead():
                _say(f"{name} ended unasked and was started again.")
        for child in self._children:
            child.restart_if_ended()

    def _welcome(self, seconds: float) -> None:
        url = local_url(self._settings)
        whose = "embedded PostgreSQL and Valkey" if self._servers else "the servers of DATABASE_URL and REDIS_URL"
        _say(
            f"\nLeadwerk runs at [bold]{url}[/bold] (ready after {seconds:.1f} s); its documentation is at {url}/docs\n"
            f"  data    {self._settings.data_dir.absolute()}, {whose}\n"
            "  log in  `make user` makes an administrator; `make demo` fills a demo and prints its log-ins\n"
            "  stop    Ctrl-C\n"
        )

    def _stop(self) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a second Ctrl-C doesn't wait
        if self._children:
            _say("Stopping …")
        for child in self._children:  # the API first: it drains, then nobody asks for more
            child.stop(_STOP_SECONDS.get(child.command, 5.0))
        if self._servers:
            self._servers.stop()


def serve(settings: Settings, *, with_parent: bool) -> None:
    """The command behind `make run`. `with_parent`: also stop when the process that called us ends, however it ends."""
    if with_parent:
        die_with_parent(signal.SIGTERM, os.getppid())
    Supervisor(settings).run()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310 (our own address)
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _say(text: str) -> None:
    _LOGS.print(text)
