"""Turns every failure into a problem: the only exception handlers of the application."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from app.core.problems import (
    Conflict,
    Invalid,
    Language,
    MalformedBody,
    MethodNotAllowed,
    NotFound,
    Problem,
    TooLarge,
    Unavailable,
    UnsupportedMediaType,
)
from app.core.trace import trace_id

log = structlog.get_logger()

BODY_LIMIT = 1024 * 1024
"""Bytes of a request's body."""

_GERMAN: Mapping[str, str] = {
    "missing": "Diese Angabe fehlt.",
    "extra_forbidden": "Diese Angabe ist hier nicht vorgesehen.",
    "string_too_short": "Mindestens {min_length} Zeichen.",
    "string_too_long": "Höchstens {max_length} Zeichen.",
    "string_type": "Erwartet wird ein Text.",
    "string_unicode": "Der Text enthält ungültige Zeichen.",
    "string_pattern_mismatch": "Der Text hat nicht die erwartete Form.",
    "too_short": "Mindestens {min_length} Einträge.",
    "too_long": "Höchstens {max_length} Einträge.",
    "uuid_parsing": "Erwartet wird eine UUID.",
    "uuid_version": "Erwartet wird eine UUID der Version {expected_version}.",
    "uuid_type": "Erwartet wird eine UUID.",
    "int_parsing": "Erwartet wird eine ganze Zahl.",
    "int_type": "Erwartet wird eine ganze Zahl.",
    "bool_parsing": "Erwartet wird true oder false.",
    "bool_type": "Erwartet wird true oder false.",
    "date_from_datetime_parsing": "Erwartet wird ein Datum (JJJJ-MM-TT).",
    "date_parsing": "Erwartet wird ein Datum (JJJJ-MM-TT).",
    "date_type": "Erwartet wird ein Datum (JJJJ-MM-TT).",
    "datetime_parsing": "Erwartet wird ein Zeitpunkt (RFC 3339).",
    "timezone_aware": "Der Zeitpunkt braucht eine Zeitzone.",
    "enum": "Erlaubt sind: {expected}.",
    "literal_error": "Erlaubt sind: {expected}.",
    "greater_than_equal": "Mindestens {ge}.",
    "less_than_equal": "Höchstens {le}.",
    "greater_than": "Größer als {gt}.",
    "less_than": "Kleiner als {lt}.",
    "decimal_max_digits": "Höchstens {max_digits} Stellen.",
    "decimal_max_places": "Höchstens {decimal_places} Nachkommastellen.",
    "model_attributes_type": "Erwartet wird ein Objekt.",
    "model_type": "Erwartet wird ein Objekt.",
    "dict_type": "Erwartet wird ein Objekt.",
    "list_type": "Erwartet wird eine Liste.",
}


def language_of(request: Request) -> Language:
    """`de` or `en`, the first of the two that Accept-Language prefers; German when it names neither."""
    header = request.headers.get("accept-language", "")
    best: tuple[float, Language] = (0.0, "de")
    for part in header[:200].split(","):
        tag, _, parameters = part.strip().partition(";")
        language = tag.strip().lower()[:2]
        if language in ("de", "en"):
            quality = re.search(r"q=([01](?:\.\d{1,3})?)", parameters)
            weight = float(quality.group(1)) if quality else 1.0
            if weight > best[0]:
                best = (weight, language)
    return best[1]


def invalid_fields(errors: Sequence[Any], body: object = None) -> list[tuple[str, str, Mapping[Language, str]]]:
    """pydantic's errors as ours: a pointer, its stable code, a sentence in both languages."""
    out: list[tuple[str, str, Mapping[Language, str]]] = []
    for error in errors[:100]:
        place, *path = [str(p) for p in error["loc"]] or ["body"]
        if place == "body":
            path = _without_tags(path, body)
        keys = [p.replace("~", "~0").replace("/", "~1") for p in path]
        match place:
            case "query":
                # What follows a parameter's name, but for an item's number, names a member of a union.
                pointer = "?" + ".".join(key for i, key in enumerate(keys) if i == 0 or key.isdecimal())
                if any(known == pointer for known, *_ in out):
                    continue
            case "header" | "cookie" | "path":
                pointer = ":" + ".".join(keys)
            case _:
                pointer = "".join(f"/{k}" for k in keys)
        context = {k: v for k, v in (error.get("ctx") or {}).items() if isinstance(v, str | int | float)}
        german = _GERMAN.get(error["type"]) or str(context.get("de", "Diese Angabe ist ungültig."))
        try:
            german = german.format(
                **{**context, "expected": str(context.get("expected", "")).replace(" or ", " oder ")}
            )
        except KeyError:
            german = "Diese Angabe ist ungültig."
        out.append((pointer[:300], error["type"], {"de": german, "en": error["msg"]}))
    return out


def _without_tags(path: Sequence[str], body: object) -> list[str]:
    """The path into the body, without the steps that only name the member of a union."""
    out: list[str] = []
    for i, step in enumerate(path):
        if isinstance(body, Mapping):
            if step not in body and i < len(path) - 1:
                continue
            body = body.get(step)
        elif isinstance(body, list):
            body = body[int(step)] if step.isdecimal() and int(step) < len(body) else None
        elif body is not None:
            continue
        out.append(step)
    return out


def answer(request: Request, problem: Problem) -> Response:
    """The problem, in the asker's language."""
    return problem.response(language=language_of(request), instance=request.url.path[:500], trace_id=trace_id())


def install(app: FastAPI) -> None:
    """Register the handlers. What none of them knows becomes a 500 in the telemetry middleware."""

    @app.exception_handler(Problem)
    async def problem(request: Request, error: Problem) -> Response:
        return answer(request, error)

    @app.exception_handler(RequestValidationError)
    async def validation(request: Request, error: RequestValidationError) -> Response:
        found = error.errors()
        if any(e["type"] == "json_invalid" for e in found):
            return answer(request, MalformedBody())
        if error.body is not None and _wrong_media_type(request):
            return answer(request, UnsupportedMediaType())
        return answer(request, Invalid(invalid_fields(found, error.body)))

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        match error.status_code:
            case 404:
                return answer(request, NotFound())
            case 405:
                allow = ", ".join(_methods(request))
                return answer(request, MethodNotAllowed(allow=allow, headers={"Allow": allow}))
            case 413:
                return answer(request, TooLarge(limit=error.detail))
            case 415:
                return answer(request, UnsupportedMediaType())
            case _ if request.scope.get("too_large"):
                return answer(request, TooLarge(limit=BODY_LIMIT))
            case _:
                return answer(request, MalformedBody())

    async def outside(request: Request, error: Exception) -> Response:
        if (known := problem_of(error)) is None:
            raise error
        if isinstance(known, Unavailable):
            log.warning("dependency_unavailable", error=type(error).__name__)
        return answer(request, known)

    for kind in (*_UNAVAILABLE, asyncpg.IntegrityConstraintViolationError, DBAPIError):
        app.add_exception_handler(kind, outside)


_UNAVAILABLE = (
    PoolTimeout,
    RedisError,
    ConnectionError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.QueryCanceledError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what the driver says when the server goes in the middle of a statement
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.LockNotAvailableError,
    asyncpg.DeadlockDetectedError,
    asyncpg.AdminShutdownError,
)


def problem_of(error: Exception) -> Problem | None:
    """What a client is told of an error; None of a defect."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, IntegrityError):
        return _conflict(error.orig)
    if isinstance(error, asyncpg.IntegrityConstraintViolationError):
        return _conflict(error)
    state = str(getattr(error.orig, "sqlstate", "") or "") if isinstance(error, DBAPIError) else ""
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    if isinstance(error, _UNAVAILABLE) or lost or state[:2] in ("08", "53", "57") or state in _TRY_AGAIN:
        return Unavailable()
    return None


_TRY_AGAIN = ("40P01", "40001", "55P03")


_TAKEN = re.compile(r"^uq_[a-z_]+?_(erp_id|name|key|code)$")
_HAS_IT: Mapping[Language, str] = {
    "de": "Das hat schon ein anderer Datensatz; es darf nur einmal vorkommen.",
    "en": "Another record has this already; it may be there only once.",
}


def _conflict(error: object) -> Conflict:
    cause = getattr(error, "__cause__", None) or error
    constraint = getattr(cause, "constraint_name", None) or "constraint"
    # Which column it is, the name of the constraint tells at its end: `uq_member_organisations_name`.
    column = _TAKEN.search(constraint)
    taken = [(f"/{column.group(1)}", "taken", _HAS_IT)] if column else []
    return Conflict(constraint=constraint, errors=taken)


def _wrong_media_type(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return not kind.endswith(("/json", "+json"))


def _methods(request: Request) -> list[str]:
    """The methods that some route answers at this path; a route alone knows only its own."""
    known = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
    scope = {k: v for k, v in request.scope.items() if k not in ("route", "endpoint", "path_params")}
    return [
        method
        for method in known
        if any(route.matches({**scope, "method": method})[0] is Match.FULL for route in request.app.router.routes)
    ]
