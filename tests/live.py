"""The real processes on their own database: API processes, worker, SMTP server. For what only they can show."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable
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
from tests import forking
from tests.conftest import SECRET, new_database
from tests.forking import Forked


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
    processes: list[Forked] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.urls[0]

    def start_api(self) -> None:
        """One more API process, ready when this returns."""
        port = _free_port()
        self._start(forking.api, port)
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 60
        with httpx.Client(timeout=2) as client:
            while time.monotonic() < deadline:
                try:
                    if client.get(f"{url}/readyz").status_code == 200:
                        self.urls.append(url)
                        return
                except httpx.HTTPError:
                    pass
                time.sleep(0.05)
        raise AssertionError(f"the API did not become ready: {self._log().read_text()[-3000:]}")

    def start_worker(self, **environment: str) -> Forked:
        """A worker process; `environment` is added to the installation's."""
        return self._start(forking.worker, **environment)

    def _log(self) -> Path:
        return self.data_dir / "processes.log"

    def _start(self, run: Callable[..., None], *args: object, **environment: str) -> Forked:
        process = Forked(run, *args, environment={**self.environment, **environment}, log=self._log())
        self.processes.append(process)
        return process

    def stop(self, process: Forked, sig: int = signal.SIGTERM) -> None:
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
    url = new_database(servers.database_url, name)
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
