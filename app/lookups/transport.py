"""How directories are asked: one bounded GET, tried again while there is time, never redirected.

Addresses are the administrator's settings; what people type only ever becomes an encoded part of a path or a parameter.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from random import uniform
from time import monotonic
from typing import Any, TypeVar

import httpx
import orjson
import structlog
from prometheus_client import Counter

from app.lookups.breaker import Breaker
from app.lookups.directory import DirectoryFailed, Question

T = TypeVar("T")
log = structlog.get_logger()

LARGEST = 512 * 1024
"""Bytes of an answer."""
TRIES = 3
AT_ONCE = 8
"""Requests to one directory at the same time, so that a slow one does not take the other's connections."""
CONNECT_SECONDS = 1.5
_AGAIN = (500, 502, 503, 504)
_BUSY_SECONDS = 30.0

LOOKUPS = Counter("leadwerk_lookups_total", "Questions to company directories.", ["directory", "result"])


def new_client(seconds: float) -> httpx.AsyncClient:
    """The process's one client."""
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)  # they log addresses, in which what is asked stands
    client = httpx.AsyncClient(
        timeout=httpx.Timeout(seconds, connect=CONNECT_SECONDS),
        limits=httpx.Limits(max_connections=4 * AT_ONCE, max_keepalive_connections=AT_ONCE, keepalive_expiry=30),
        follow_redirects=False,
        # Uncompressed, so that a small answer cannot become a large one.
        headers={"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "Leadwerk"},
    )
    client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return client


class Transport:
    """One directory's way out."""

    def __init__(
        self,
        name: str,
        base_url: str,
        client: httpx.AsyncClient,
        seconds: float,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self._base = base_url.rstrip("/")
        self._client = client
        self._seconds = seconds
        self._headers = dict(headers or {})
        self._breakers: dict[str, Breaker] = {}
        self._room = asyncio.Semaphore(AT_ONCE)

    async def ask(self, question: Question, read: Callable[[Any], T]) -> T:
        """What `read` makes of the JSON of the answer. Raises DirectoryFailed, as `read` may.

        Tried again with a growing pause, or the one that the directory asks for, as long as the time allows.
        """
        breaker = self._breakers.setdefault(question.scope, Breaker())
        if wait := breaker.wait():
            LOOKUPS.labels(self.name, "paused").inc()
            raise DirectoryFailed("paused", state="rate_limited" if breaker.rate_limited else "unavailable", after=wait)
        try:
            async with asyncio.timeout(self._seconds):
                found = await self._ask(question, read)
        except TimeoutError:
            self._note(breaker, failure := DirectoryFailed("timeout"))
            raise failure from None
        except DirectoryFailed as failure:
            self._note(breaker, failure)
            raise
        except BaseException:
            breaker.gave_up()
            raise
        breaker.succeeded()
        LOOKUPS.labels(self.name, "ok").inc()
        return found

    def _note(self, breaker: Breaker, failure: DirectoryFailed) -> None:
        LOOKUPS.labels(self.name, failure.reason).inc()
        log.warning("lookup_failed", directory=self.name, reason=failure.reason)  # never what was asked
        if failure.ours:
            breaker.succeeded()
        elif failure.state == "rate_limited":
            breaker.asked_to_wait(failure.after or _BUSY_SECONDS, rate_limited=True)
        else:
            breaker.failed()
            if failure.after:
                breaker.asked_to_wait(failure.after, rate_limited=False)

    async def _ask(self, question: Question, read: Callable[[Any], T]) -> T:
        ends = monotonic() + self._seconds
        async with self._room:
            for attempt in range(1, TRIES + 1):
                try:
                    return await self._try(question, read)
                except DirectoryFailed as failure:
                    pause = failure.after if failure.after is not None else uniform(0.05, 0.15 * 2**attempt)  # noqa: S311  (jitter)
                    if not failure.again or attempt == TRIES or monotonic() + pause + 0.2 > ends:
                        raise
                    await asyncio.sleep(pause)
        raise AssertionError

    async def _try(self, question: Question, read: Callable[[Any], T]) -> T:
        status = 0
        try:
            async with self._client.stream(
                "GET", self._base + question.path, params=list(question.parameters) or None, headers=self._headers
            ) as response:
                status = response.status_code
                return read(await _json(response))
        except DirectoryFailed as failure:
            failure.ours = failure.ours or status == 400
            raise
        except httpx.TimeoutException:
            raise DirectoryFailed("timeout", again=True) from None
        except httpx.TransportError:
            raise DirectoryFailed("unreachable", again=True) from None
        except (httpx.InvalidURL, httpx.StreamError):
            raise DirectoryFailed("unreachable") from None


async def _json(response: httpx.Response) -> Any:
    status, after = response.status_code, _retry_after(response)
    if status == 429:
        raise DirectoryFailed("busy", state="rate_limited", again=after is not None, after=after)
    if status in _AGAIN:
        raise DirectoryFailed("server_error", again=True, after=after)
    if 300 <= status < 400:
        raise DirectoryFailed("redirected")
    if status in (401, 402, 403):
        raise DirectoryFailed("refused")
    if status not in (200, 400):
        raise DirectoryFailed("bad_answer")
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if not (kind == "application/json" or kind.endswith("+json")) or response.headers.get("Content-Encoding"):
        raise DirectoryFailed("bad_answer")
    body = bytearray()
    async for chunk in response.aiter_raw(64 * 1024):
        body += chunk
        if len(body) > LARGEST:
            raise DirectoryFailed("too_large")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise DirectoryFailed("bad_answer") from None


def _retry_after(response: httpx.Response) -> float | None:
    """The seconds that `Retry-After` says, as a number or a date; None when it says nothing sensible."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit() and len(text) < 8:
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
