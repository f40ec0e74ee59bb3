"""The embedded PostgreSQL and Valkey of the default set-up: real servers, started as children, data under one folder.

They listen on loopback only and ask for a password that is made per data folder, so other local users stay out. Why
this way: docs/decisions/0001-embedded-servers.md.
"""

import fcntl
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from app.core.binaries import find_binaries
from app.core.local_servers import PostgresServer, ValkeyServer
from app.core.processes import server_account


@dataclass(frozen=True)
class Running:
    """What a running set-up says about itself in `running.json`, for a second command on the same data."""

    pid: int
    purpose: str
    database_url: str
    redis_url: str


class DataDirInUse(RuntimeError):
    """Another process runs servers on this data folder. `running` is None while it is still starting."""

    def __init__(self, data_dir: Path, running: Running | None) -> None:
        self.running = running
        holder = f"process {running.pid} ({running.purpose})" if running else "another process, which is just starting"
        super().__init__(f"{data_dir} is in use by {holder}.")


class EmbeddedServers:
    """PostgreSQL 18 and Valkey on free loopback ports; a context manager.

    `durable=False` is for tests: faster, and a crash may lose the data. `purpose` is told to whoever finds the folder
    in use. Start it in a thread that lives as long as the servers should. Raises DataDirInUse.
    """

    def __init__(self, data_dir: Path, *, durable: bool = True, purpose: str = "embedded servers") -> None:
        self.data_dir = data_dir.absolute()
        self.purpose = purpose
        self._durable = durable
        self._lock: int | None = None
        self._postgres: PostgresServer | None = None
        self._valkey: ValkeyServer | None = None

    @property
    def database_url(self) -> str:
        """`postgresql://…` of the default database, "leadwerk", whose role may do everything."""
        assert self._postgres, "not started"
        return f"postgresql://leadwerk:{self._postgres.password}@127.0.0.1:{self._postgres.port}/leadwerk"

    @property
    def redis_url(self) -> str:
        """`redis://…`; what it holds is gone when it stops."""
        assert self._valkey, "not started"
        return f"redis://:{self._valkey.password}@127.0.0.1:{self._valkey.port}/0"

    def claim(self) -> None:
        """Takes the data folder, made at the first time, without starting anything yet; `start` and `stop` follow."""
        if self._lock is None:
            self._take_data_dir()

    def start(self) -> None:
        """Starts both. Leaves nothing running if it fails."""
        self.claim()
        try:
            cluster = self.data_dir / "postgres"
            account = server_account(cluster)
            binaries = find_binaries(account)
            password = secret_file(self.data_dir / "server_password")
            self._postgres = PostgresServer(cluster, password, binaries, account, durable=self._durable)
            self._valkey = ValkeyServer(self.data_dir, password, binaries, account)
            self._valkey.start()
            self._postgres.start()
            self._tell()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stops both in order, and gives the data folder back. Does nothing when they aren't running."""
        for server in (self._valkey, self._postgres):
            if server:
                server.stop()
        if self._lock is not None:
            (self.data_dir / "running.json").unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = None

    def restart_dead(self) -> list[str]:
        """Starts again whichever server has ended unasked, on the same port; the names of those."""
        dead = [server for server in (self._postgres, self._valkey) if server and not server.alive()]
        for server in dead:
            server.start()
        return [server.name for server in dead]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _take_data_dir(self) -> None:
        try:
            self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self.data_dir / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except PermissionError as error:
            raise PermissionError(f"{error.filename} belongs to another user; choose another DATA_DIR.") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(lock)
            raise DataDirInUse(self.data_dir, _read_running(self.data_dir)) from error
        (self.data_dir / "running.json").unlink(missing_ok=True)  # left by a killed process
        self._lock = lock

    def _tell(self) -> None:
        running = Running(os.getpid(), self.purpose, self.database_url, self.redis_url)
        _write_private(self.data_dir / "running.json", json.dumps(asdict(running)))


def secret_file(path: Path) -> str:
    """The random secret kept in `path`, readable by its owner only; made at the first call."""
    if not path.exists():
        _write_private(path, secrets.token_urlsafe(48))
    return path.read_text().strip()


def _write_private(path: Path, text: str) -> None:
    new = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    new.replace(path)


def _read_running(data_dir: Path) -> Running | None:
    try:
        return Running(**json.loads((data_dir / "running.json").read_text()))
    except (OSError, ValueError, TypeError):
        return None
