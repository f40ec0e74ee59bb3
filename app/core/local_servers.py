"""One PostgreSQL and one Valkey process on loopback: set up, started, watched, stopped. Used by `app.core.embedded`."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # ships no types

from app.core.binaries import Binaries
from app.core.processes import Account, ServerFailed, run, spawn, stop

_START_SECONDS = 60.0
_STOP_SECONDS = 20.0
_POSTGRES_MAJOR = "18"
_POSTGRES_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "192MB",
    "jit": "off",
    "TimeZone": "UTC",
    "log_timezone": "UTC",
}
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "128MB"}
# What is a letter (pg_trgm, full text) follows LC_CTYPE: with "C" an umlaut ends a word. Not every system has C.UTF-8.
_CTYPES = ("C.UTF-8", "en_US.UTF-8", "C")
_ONLY_BY_PROOF = "host all all 127.0.0.1/32 scram-sha-256\n"


class _AddressTaken(Exception):
    """The port, or something a killed predecessor still holds, is not free; trying again helps."""


class _LocalServer:
    """A server process on one loopback port, which is chosen at the first start and kept for restarts."""

    name: str
    stop_signal: signal.Signals
    taken_signs: tuple[str, ...]

    def __init__(self, password: str, log: Path) -> None:
        self.password = password
        self.port = 0
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Returns when it answers. Raises ServerFailed with the end of its log."""
        chosen = self.port
        deadline = time.monotonic() + _START_SECONDS
        while True:
            self.port = chosen or _free_port()
            try:
                self._start_once(deadline)
            except _AddressTaken as error:
                if time.monotonic() > deadline:
                    raise ServerFailed(f"{self.name} did not start: {error}") from error
                time.sleep(0.2)
            else:
                return

    def stop(self) -> None:
        """Lets it finish its work and go; kills it if it doesn't."""
        if self._process:
            stop(self._process, self.stop_signal, _STOP_SECONDS)

    def _start_once(self, deadline: float) -> None:
        self._log.unlink(missing_ok=True)
        self._process = self._spawn()
        while self.alive() and time.monotonic() < deadline:
            if self._answers():
                return
            time.sleep(0.01)
        stop(self._process, signal.SIGKILL, _STOP_SECONDS)
        end_of_log = "\n".join(self._log.read_text(errors="replace").splitlines()[-15:])
        if any(sign in end_of_log for sign in self.taken_signs):
            raise _AddressTaken(end_of_log)
        raise ServerFailed(f"{self.name} did not start. Its log, {self._log}, ends:\n{end_of_log}")

    def _spawn(self) -> subprocess.Popen[bytes]:
        raise NotImplementedError

    def _answers(self) -> bool:
        raise NotImplementedError


class PostgresServer(_LocalServer):
    """PostgreSQL on a cluster of its own, made at the first start with role and database "leadwerk"."""

    name = "PostgreSQL"
    stop_signal = signal.SIGINT
    taken_signs = ("could not bind", "shared memory block", "lock file")

    def __init__(
        self, cluster: Path, password: str, binaries: Binaries, account: Account | None, *, durable: bool
    ) -> None:
        super().__init__(password, cluster.parent / "postgres.log")
        self._cluster = cluster
        self._binaries = binaries
        self._account = account
        self._durable = durable

    def start(self) -> None:
        """As for every server; also ends what a killed predecessor left running on the same cluster."""
        if not self._cluster.exists():
            self._initialise()
        found = (self._cluster / "PG_VERSION").read_text().strip()
        if found != _POSTGRES_MAJOR:
            raise ServerFailed(
                f"{self._cluster} was made by PostgreSQL {found}; this version of Leadwerk brings {_POSTGRES_MAJOR}. "
                "Dump it with the old version, or choose another DATA_DIR."
            )
        self._end_predecessor()
        super().start()

    def _spawn(self) -> subprocess.Popen[bytes]:
        settings = _POSTGRES_SETTINGS | ({} if self._durable else _NOT_DURABLE) | {"port": str(self.port)}
        options = [f"--{name}={value}" for name, value in settings.items()]
        command: list[str | Path] = [self._binaries.postgres, "-D", self._data_path(self._cluster), *options]
        return spawn(command, stop_signal=self.stop_signal, cwd=self._cluster, log=self._log, account=self._account)

    def _answers(self) -> bool:
        """Whether the server's own lock file says so: the eighth line, as pg_ctl reads it."""
        try:
            lines = (self._cluster / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        ours = self._process is not None and lines[:1] == [str(self._process.pid)]
        return ours and lines[7:8] == ["ready   "]

    def _data_path(self, cluster: Path) -> str:
        """How the server names its cluster, in which it is started and stays.

        Another account may not pass through the folders above (a checkout below /root): it names the folder it is in.
        """
        return "/proc/self/cwd" if self._account else str(cluster)

    def _initialise(self) -> None:
        """Makes the cluster beside its place and moves it there when complete, so a torn one is never used."""
        new = self._cluster.with_name("postgres.new")
        for ctype in _CTYPES:
            if new.exists():
                shutil.rmtree(new)
            new.mkdir(mode=0o700)
            if self._account:
                os.chown(new, self._account.uid, self._account.gid)
            finished = run(self._initdb(new, ctype), cwd=new, account=self._account)
            if finished.returncode == 0:
                break
        else:
            raise ServerFailed(f"initdb failed in {new}:\n{finished.stderr}")
        sql = f"ALTER ROLE leadwerk PASSWORD '{self.password}'\nCREATE DATABASE leadwerk\n"
        command: list[str | Path] = [self._binaries.postgres, "--single", "-D", self._data_path(new)]
        command += ["-c", "exit_on_error=on"]
        if not self._durable:
            command += ["-c", "fsync=off"]
        finished = run([*command, "postgres"], cwd=new, account=self._account, text=sql)
        if finished.returncode != 0:
            raise ServerFailed(f"PostgreSQL could not create its database in {new}:\n{finished.stderr}")
        (new / "pg_hba.conf").write_text(_ONLY_BY_PROOF)
        new.rename(self._cluster)

    def _initdb(self, cluster: Path, ctype: str) -> list[str | Path]:
        command: list[str | Path] = [self._binaries.initdb, "-D", self._data_path(cluster), "-U", "leadwerk"]
        # Nobody may connect until the password is set and pg_hba.conf replaced.
        command += ["--auth=reject", "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command += ["--locale=C", f"--lc-ctype={ctype}", "--no-instructions"]
        return command if self._durable else [*command, "--no-sync"]

    def _end_predecessor(self) -> None:
        """Stops a server left on this cluster (its parent was killed), and drops its lock file.

        A process number in the file proves nothing after a reboot; a process that stands in this folder does. The
        caller holds the data folder, so nobody else is starting one.
        """
        left = [process for process in psutil.process_iter() if self._stands_in_cluster(process)]
        numbers = {process.pid for process in left}
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                if process.ppid() not in numbers:  # the postmaster; its children follow it
                    process.send_signal(signal.SIGINT)
        _, stubborn = psutil.wait_procs(left, timeout=_STOP_SECONDS)
        for process in stubborn:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(stubborn, timeout=_STOP_SECONDS)
        (self._cluster / "postmaster.pid").unlink(missing_ok=True)

    def _stands_in_cluster(self, process: psutil.Process) -> bool:
        try:
            return bool(process.name() == "postgres" and process.cwd() == str(self._cluster.resolve()))
        except psutil.Error:
            return False


class ValkeyServer(_LocalServer):
    """Valkey that keeps nothing on disk: all that must last is in PostgreSQL."""

    name = "Valkey"
    stop_signal = signal.SIGTERM
    taken_signs = ("Address already in use",)

    def __init__(self, data_dir: Path, password: str, binaries: Binaries, account: Account | None) -> None:
        super().__init__(password, data_dir / "valkey.log")
        self._binaries = binaries
        self._account = account

    def _spawn(self) -> subprocess.Popen[bytes]:
        # On standard input, since others can read a command line.
        configuration = f'bind 127.0.0.1\nport {self.port}\nrequirepass {self.password}\nsave ""\nappendonly no\n'
        return spawn(
            [self._binaries.valkey, "-"],
            stop_signal=self.stop_signal,
            cwd=Path("/"),
            log=self._log,
            text=configuration,
            account=self._account,
        )

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                return b"+OK\r\n+PONG" in connection.makefile("rb").read(12)
        except OSError:
            return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
