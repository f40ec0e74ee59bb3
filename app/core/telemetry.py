"""One ASGI middleware around everything: trace id, rate-limit headers, request log, metrics, body limit, and the answer to a defect."""

import logging
import re
import secrets
import sys
from time import perf_counter

import orjson
import structlog
from prometheus_client import Counter, Histogram
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.failures import BODY_LIMIT, answer
from app.core.problems import InternalError, TooLarge
from app.core.trace import TRACE

log = structlog.get_logger()

_TRACEPARENT = re.compile(r"^00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$")

REQUESTS = Counter("leadwerk_requests_total", "Requests answered.", ["method", "route", "status"])
SECONDS = Histogram(
    "leadwerk_request_seconds",
    "Time from the first byte in to the last byte out.",
    ["method", "route"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


def configure_logging(level: str) -> None:
    """JSON lines on standard output, each with time, level and trace id. Never call with secrets."""

    def add_trace(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event["trace_id"] = TRACE.get()
        return event

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            add_trace,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=lambda value, **_: orjson.dumps(value, default=str)),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level)),
        logger_factory=structlog.BytesLoggerFactory(file=sys.stdout.buffer),
        cache_logger_on_first_use=True,
    )


class Telemetry:
    """See the module's docstring."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = _TRACEPARENT.match(headers.get("traceparent", ""))
        trace = given.group(1) if given else secrets.token_hex(16)
        token = TRACE.set(trace)
        started = perf_counter()
        status = 500
        sent = False
        received = 0

        async def limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > scope.get("body_limit", BODY_LIMIT):
                scope["too_large"] = True  # the framework takes the exception for malformed JSON
                raise TooLarge(limit=BODY_LIMIT)
            return message

        async def traced(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                sent = True
                status = message["status"]
                message["headers"].append((b"trace-id", trace.encode()))
                if (limit := scope.get("rate_limit")) is not None:
                    message["headers"] += [(b"ratelimit-policy", limit[0]), (b"ratelimit", limit[1])]
            await send(message)

        try:
            await self.app(scope, limited, traced)
        except TooLarge as error:
            if not sent:
                await self._answer(scope, error, traced)
        except Exception:
            route = getattr(scope.get("route"), "path", "(none)")  # and not the path: one may hold a secret
            log.exception("unhandled", method=scope["method"], route=route)
            if not sent:
                await self._answer(scope, InternalError(), traced)
        finally:
            self._record(scope, status, perf_counter() - started)
            TRACE.reset(token)

    async def _answer(self, scope: Scope, problem: InternalError | TooLarge, send: Send) -> None:
        async def nothing() -> Message:
            return {"type": "http.disconnect"}

        await answer(Request(scope), problem)(scope, nothing, send)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "(none)")
        if scope["path"].startswith("/v1/") and route != "(none)":
            route = f"/v1{route}"  # the route knows only its part below the router it is included in
        key = (scope["method"], route, status)
        children = self._children.get(key)
        if children is None:
            children = (REQUESTS.labels(*map(str, key)), SECONDS.labels(key[0], key[1]))
            self._children[key] = children
        children[0].inc()
        children[1].observe(seconds)
        log.info("request", method=key[0], route=route, status=status, ms=round(seconds * 1000, 2))
