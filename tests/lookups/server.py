"""A real HTTP server that answers as it is told: properly, badly, or never."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import orjson

Behaviour = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Request:
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    target: str


@dataclass
class Directory:
    """What it was asked, and how it behaves: each request takes the next behaviour, the last one for ever."""

    port: int = 0
    requests: list[Request] = field(default_factory=list)
    behaviours: list[Behaviour] = field(default_factory=list)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    at_once: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def does(self, *behaviours: Behaviour) -> None:
        self.behaviours, self.requests = list(behaviours), []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.split("\r\n")
            target = first.split(" ")[1]
            parts = urlsplit(target)
            headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines if line)}
            self.requests.append(Request(unquote(parts.path), dict(parse_qsl(parts.query)), headers, target))
            self.at_once += 1
            behaviour = self.behaviours[0] if len(self.behaviours) == 1 else self.behaviours.pop(0)
            try:
                await behaviour(writer)
            finally:
                self.at_once -= 1
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def directory(*behaviours: Behaviour) -> AsyncIterator[Directory]:
    server = Directory(behaviours=list(behaviours))
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        for task in server.tasks:
            task.cancel()
        await asyncio.gather(*server.tasks)


def answers(body: Any, status: int = 200, after: float = 0, **headers: str) -> Behaviour:
    """A proper answer, perhaps after a while."""
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    told = {"Content-Type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}}
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())

    async def behave(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(after)
        writer.write(
            f"HTTP/1.1 {status} X\r\nContent-Length: {len(content)}\r\nConnection: close\r\n{lines}\r\n".encode()
        )
        writer.write(content)
        await writer.drain()

    return behave


def zipped(body: Any) -> Behaviour:
    return answers(gzip.compress(orjson.dumps(body)), Content_Encoding="gzip")


async def hangs(writer: asyncio.StreamWriter) -> None:
    """Takes the question and never answers."""
    await asyncio.sleep(30)


async def hangs_up(writer: asyncio.StreamWriter) -> None:
    """Closes the connection without a word."""


async def breaks_off(writer: asyncio.StreamWriter) -> None:
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"results": [')


async def drips(writer: asyncio.StreamWriter) -> None:
    """One byte at a time, so that no read ever takes long."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.05)


async def never_ends(writer: asyncio.StreamWriter) -> None:
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"results": [')
    while True:
        writer.write(b'{"company": {}},' * 4096)
        await writer.drain()


async def talks_nonsense(writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x00\x01\x02 hello\r\n\r\n")
