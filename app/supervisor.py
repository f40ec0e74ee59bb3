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
    child_environment,
    local_url,
    uses_own_servers,
)
from app.settings import Settings

_LOOK_SECONDS = 0.2
_TELL_SECONDS = 15.0
_STEADY_SECONDS = 30.0
_LONGEST_PAUSE_SECONDS = 30.0
_STOP_SECONDS = {"api": 15.0, "worker": 30.0}
_LOGS = Console(stderr=True, highlight=False, soft_wrap=True)


class Child:
    """One of our own processes (`python -m app.cli …`), started again with growing pauses when it ends."""

    def __init__(self, environment: dict[str, str], *arguments: str) -> None:
        self.name = arguments[0]
        self._command = [sys.executable, "-m", "app.cli", *arguments]
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._pause = 0.5

    def start(self) -> None:
        self._started = time.monotonic()
        self._process = spawn(self._command, stop_signal=signal.SIGTERM, env=self._environment)

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
        _say(f"The {self.name} process ended (status {status}); starting it again.")
        self.start()

    def stop(self, timeout: float) -> None:
        if self._process and not stop(self._process, signal.SIGTERM, timeout):
            _say(f"The {self.name} process did not stop within {timeout:.0f} s and was killed.")


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
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup means it
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
        # The API's process migrates: a process of its own would load the same modules and cost a second.
        api = self._start_child(environment, "api", "--migrate")
        self._wait_until_ready(api)
        self._start_child(environment, "worker")
        self._welcome(time.monotonic() - began)

    def _start_servers(self) -> dict[str, str]:
        settings = self._settings
        if not uses_own_servers(settings):
            check_address_is_free(settings)
            return child_environment(settings, settings.database_url or "", settings.redis_url or "")
        purpose = f"make run, {local_url(settings)}"
        servers = EmbeddedServers(settings.data_dir, purpose=purpose)
        servers.claim()
        self._servers = servers
        check_address_is_free(settings)
        servers.start()
        return child_environment(settings, servers.database_url, servers.redis_url)

    def _start_child(self, environment: dict[str, str], *arguments: str) -> Child:
        child = Child(environment, *arguments)
        self._children.append(child)
        child.start()
        return child

    def _wait_until_ready(self, api: Child) -> None:
        """However long: a migration of much data takes its time."""
        tell_at = time.monotonic() + _TELL_SECONDS
        while not _answers(f"{local_url(self._settings)}/readyz"):
            if api.ended() is not None:
                raise CannotRun("The API ended while starting; see above.")
            if time.monotonic() > tell_at:
                _say(f"Still waiting for {local_url(self._settings)}/readyz to answer 200.")
                tell_at += _TELL_SECONDS
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
            child.stop(_STOP_SECONDS[child.name])
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
