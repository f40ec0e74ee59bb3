"""The load: a fixed number of keep-alive connections, each with one request under way, as fast as answers come.

Requests are bytes made beforehand or between answers; httptools parses the answers. It costs some 30 µs a request, so it
is not what is measured.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import perf_counter
from typing import cast

import httptools

KEPT_ERRORS = 3


@dataclass
class Round:
    """What came of one round."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    """Seconds from the first byte out to the last byte in."""
    wrong: int = 0
    """Answers with another status than expected, and connections that broke."""
    errors: list[str] = field(default_factory=list)
    hits: int = 0
    """Answers that `judge` said yes to."""
    processor: tuple[float, float] = (0.0, 0.0)
    """Seconds of processor time that the server and PostgreSQL used."""

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        """In milliseconds."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0

    def cost(self, whose: int) -> float:
        """Milliseconds of processor time per request: 0 the server's, 1 PostgreSQL's."""
        return 1000 * self.processor[whose] / len(self.latencies) if self.latencies else 0.0

    def fail(self, error: str) -> None:
        self.wrong += 1
        if len(self.errors) < KEPT_ERRORS:
            self.errors.append(error)


class _Connection(asyncio.Protocol):
    """Sends the next request when the answer to the last one is complete."""

    def __init__(
        self,
        requests: Iterator[bytes],
        expected: int,
        until: float,
        result: Round,
        judge: Callable[[bytes], bool] | None,
    ) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._requests = requests
        self._expected = expected
        self._until = until
        self._result = result
        self._judge = judge
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but name
        self._next()

    def _next(self) -> None:
        now = perf_counter()
        request = next(self._requests, None) if now < self._until else None
        if request is None:
            self._transport.close()
            if not self.done.done():
                self.done.set_result(None)
            return
        self._sent = perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, part: bytes) -> None:
        self._body.append(part)

    def on_message_complete(self) -> None:
        self._result.latencies.append(perf_counter() - self._sent)
        body, self._body = b"".join(self._body), []
        status = self._parser.get_status_code()
        if status != self._expected:
            self._result.fail(f"{status} instead of {self._expected}: {body[:300].decode(errors='replace')}")
        elif self._judge is not None and self._judge(body):
            self._result.hits += 1
        self._next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self._result.fail(f"connection lost: {error}")
            self.done.set_result(None)


async def load(
    port: int,
    requests: Iterator[bytes],
    *,
    expected: int,
    seconds: float,
    connections: int,
    judge: Callable[[bytes], bool] | None = None,
) -> Round:
    """One round. Ends early when the requests run out."""
    result = Round()
    loop = asyncio.get_running_loop()
    started = perf_counter()
    until = started + seconds
    made = [
        await loop.create_connection(lambda: _Connection(requests, expected, until, result, judge), "127.0.0.1", port)
        for _ in range(connections)
    ]
    try:
        await asyncio.wait_for(asyncio.gather(*(protocol.done for _, protocol in made)), seconds + 30)
    except TimeoutError:
        result.fail("no answer within 30 s")
        for transport, _ in made:
            transport.abort()
    result.seconds = perf_counter() - started
    return result


async def ask(port: int, request: bytes) -> tuple[int, bytes]:
    """One request on a connection of its own; the status and the body."""
    answers: list[tuple[int, bytes]] = []

    class Once:
        def __init__(self) -> None:
            self.body: list[bytes] = []

        def on_body(self, part: bytes) -> None:
            self.body.append(part)

        def on_message_complete(self) -> None:
            answers.append((parser.get_status_code(), b"".join(self.body)))

    parser = httptools.HttpResponseParser(Once())
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        while not answers:
            data = await asyncio.wait_for(reader.read(65536), 20)
            if not data:
                raise ConnectionError("closed before the answer was complete")
            parser.feed_data(data)
    finally:
        writer.close()
    return answers[0]
