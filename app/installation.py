"""What a command needs before it can work: settings, servers, a secret key, and the environment to hand to children."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # ships no types

from app.core.embedded import DataDirInUse, EmbeddedServers, secret_file
from app.settings import Settings, get_settings

_PATIENCE_SECONDS = 60.0


class CannotRun(Exception):
    """Something outside has to change first; the message says what, in one or two sentences."""


def uses_own_servers(settings: Settings) -> bool:
    """True when neither server is given: embedded ones are started. Raises CannotRun for one without the other."""
    if bool(settings.database_url) != bool(settings.redis_url):
        raise CannotRun("Set both DATABASE_URL and REDIS_URL, or neither (then embedded servers are started).")
    return not settings.database_url


def child_environment(settings: Settings, database_url: str, redis_url: str) -> dict[str, str]:
    """The environment in which every command of this installation finds the same servers, key and address."""
    chosen = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "DATA_DIR": str(settings.data_dir.absolute()),
        "SECRET_KEY": _secret_key(settings),
    }
    if "public_url" not in settings.model_fields_set:
        chosen["PUBLIC_URL"] = local_url(settings)
    return dict(os.environ) | chosen


def local_url(settings: Settings) -> str:
    """Where the API is reached from this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 (binds nothing)
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


@contextmanager
def connected(settings: Settings, purpose: str) -> Iterator[dict[str, str]]:
    """The environment of a short command: with the given servers, those of a running `serve`, or passing ones."""
    if not uses_own_servers(settings):
        yield child_environment(settings, settings.database_url or "", settings.redis_url or "")
        return
    servers = EmbeddedServers(settings.data_dir, purpose=purpose)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            servers.start()
            break
        except DataDirInUse as error:
            if error.running:
                yield child_environment(settings, error.running.database_url, error.running.redis_url)
                return
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
    try:
        yield child_environment(settings, servers.database_url, servers.redis_url)
    finally:
        servers.stop()


def enter(environment: dict[str, str]) -> Settings:
    """Makes this process one of the installation: the settings as its children see them."""
    os.environ.update(environment)
    get_settings.cache_clear()
    return get_settings()


def use_readable_home() -> None:
    """Points HOME elsewhere when it is not ours to read (sudo, containers): asyncpg looks there and would fail."""
    if not os.access(Path("~").expanduser(), os.R_OK | os.X_OK):
        os.environ["HOME"] = "/nonexistent"


def check_address_is_free(settings: Settings) -> None:
    """Raises CannotRun when the API could not listen where it shall."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except PermissionError as error:
        raise CannotRun(f"Port {settings.port} needs more rights than you have. Try: make run PORT=8001") from error
    except OSError as error:
        reason = f"{settings.host}:{settings.port} cannot be used: {error.strerror}{_listener(settings.port)}."
        raise CannotRun(f"{reason} Another port: make run PORT={settings.port % 65535 + 1}") from error


def _listener(port: int) -> str:
    """Like ` (process 12, nginx)` for whoever listens on that port, when the system tells us."""
    try:
        found = [
            c.pid for c in psutil.net_connections("tcp") if c.status == "LISTEN" and c.laddr.port == port and c.pid
        ]
        return f" (process {found[0]}, {psutil.Process(found[0]).name()})" if found else ""
    except psutil.Error:
        return ""


def _secret_key(settings: Settings) -> str:
    if settings.environment == "development" and "secret_key" not in settings.model_fields_set:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        return secret_file(settings.data_dir / "secret_key")
    return settings.secret_key.get_secret_value()
