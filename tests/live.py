"""The real processes on their own database: API processes, worker, SMTP server. For what only they can show."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
from aiosmtpd.controller import Controller
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from app.core.embedded import EmbeddedServers
from tests.conftest import ROOT, SECRET, migrate


class Mailbox:
    """A real SMTP server that keeps what it is given."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self._controller = Controller(self, hostname="127.0.0.1", port=0)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  (aiosmtpd's name)
        message: Any = BytesParser(policy=default).parsebytes(envelope.content)
        self.messages.append(message)
        return "250 OK"

    def start(self) -> str:
        self._controller.port = _free_port()
        self._controller.start()
        return f"smtp://127.0.0.1:{self._controller.port}"

    def stop(self) -> None:
        self._controller.stop()

    def to(self, address: str) -> list[EmailMessage]:
        """What arrived for this address."""
        return [message for message in self.messages if address in str(message["To"])]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Live:
    """The product as it runs in an installation."""

    database_url: str
    redis_url: str
    data_dir: Path
    mailbox: Mailbox
    urls: list[str] = field(default_factory=list)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.urls[0]

    def start_api(self) -> None:
        """One more API process, ready when this returns."""
        port = _free_port()
        command = [sys.executable, "-m", "uvicorn", "app.main:create_app", "--factory", "--port", str(port)]
        self._start([*command, "--no-access-log", "--log-level", "error"])
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"{url}/readyz", timeout=2).status_code == 200:
                    self.urls.append(url)
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"the API did not become ready: {self._log().read_text()[-3000:]}")

    def start_worker(self, **environment: str) -> subprocess.Popen[bytes]:
        """A worker process; `environment` is added to the installation's."""
        return self._start([sys.executable, "-m", "app.cli", "worker"], **environment)

    def _log(self) -> Path:
        return self.data_dir / "processes.log"

    def _start(self, command: list[str], **environment: str) -> subprocess.Popen[bytes]:
        with self._log().open("ab") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, env={**self.environment, **environment}, stdout=log, stderr=subprocess.STDOUT
            )
        self.processes.append(process)
        return process

    def stop(self, process: subprocess.Popen[bytes], sig: int = signal.SIGTERM) -> None:
        process.send_signal(sig)
        process.wait(15)
        self.processes.remove(process)

    def stop_all(self) -> None:
        for process in list(self.processes):
            self.stop(process)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """A session that commits for real, for factories."""
        engine = create_async_engine(self.database_url.replace("postgresql://", "postgresql+asyncpg://", 1))
        try:
            async with async_sessionmaker(engine, expire_on_commit=False)() as session:
                yield session
        finally:
            await engine.dispose()

    def run_sql(self, statement: str, *args: Any) -> list[asyncpg.Record]:
        """`sql` for those who do not await."""
        return asyncio.run(self.sql(statement, *args))

    async def sql(self, statement: str, *args: Any) -> list[asyncpg.Record]:
        """Look at the database from outside."""
        connection = await asyncpg.connect(self.database_url)
        try:
            return list(await connection.fetch(statement, *args))
        finally:
            await connection.close()


@contextmanager
def live(servers: EmbeddedServers, folder: Path, *, apis: int = 1) -> Any:
    """A fresh database on the test servers, with API processes and a mail server; the worker is started by who needs it."""
    name = f"live_{uuid4().hex[:12]}"
    asyncio.run(_create_database(servers.database_url, name))
    url = servers.database_url.rsplit("/", 1)[0] + f"/{name}"
    migrate(url)
    mailbox = Mailbox()
    smtp = mailbox.start()
    stack = Live(url, servers.redis_url.rsplit("/", 1)[0] + "/1", folder, mailbox)
    stack.environment = {
        **os.environ,
        "ENVIRONMENT": "test",
        "DATABASE_URL": url,
        "REDIS_URL": stack.redis_url,
        "SECRET_KEY": SECRET,
        "SMTP_URL": smtp,
        "DATA_DIR": str(folder),
        "REQUESTS_PER_MINUTE": "1000000",
        "LOG_LEVEL": "WARNING",
        "DATABASE_POOL": "8",
        "PYTHONUNBUFFERED": "1",
    }
    try:
        for _ in range(apis):
            stack.start_api()
        yield stack
    finally:
        stack.stop_all()
        mailbox.stop()


async def _create_database(server_url: str, name: str) -> None:
    connection = await asyncpg.connect(server_url)
    try:
        await connection.execute(f'CREATE DATABASE "{name}"')
    finally:
        await connection.close()
