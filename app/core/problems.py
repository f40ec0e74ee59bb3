"""Errors as RFC 9457 problems: one base class, one place that turns any failure into an answer.

A problem has a stable `code`, a status, and its texts in German and English. `{placeholders}` in the texts are filled from
the keyword arguments; whatever else the client needs (`matches`, `current`, …) goes out as a member of its own.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypedDict
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

Language = str
"""`de` or `en`."""

PROBLEM_JSON = "application/problem+json"


class FieldError(TypedDict):
    """One wrong field: where it is, a stable code, and a sentence in the reader's language."""

    pointer: str
    code: str
    message: str


class FieldErrorBody(BaseModel):
    """One wrong field."""

    pointer: str = Field(description="JSON pointer into the body; `?name` for a query parameter, `:name` for a header.")
    code: str
    message: str


class ProblemBody(BaseModel):
    """An error, as RFC 9457 describes it. `code` is stable and meant for programs; the texts follow Accept-Language."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    trace_id: str
    errors: list[FieldErrorBody] = Field(default_factory=list)


class Problem(Exception):
    """Base of all errors that a client is told. Subclass it beside the feature that raises it."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "problem"
    title: ClassVar[Mapping[Language, str]] = {"de": "Fehler", "en": "Error"}
    detail: ClassVar[Mapping[Language, str]] = {"de": "", "en": ""}
    members: ClassVar[Mapping[str, Any]] = {}
    """Further members of the body and their types, for the OpenAPI document."""

    def __init__(
        self,
        *,
        errors: Sequence[tuple[str, str, Mapping[Language, str]]] = (),
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
        **values: object,
    ) -> None:
        super().__init__(self.code)
        self.errors = errors
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})
        self.values = values

    def body(self, *, language: Language, instance: str, trace_id: str) -> dict[str, Any]:
        """The JSON object of this problem."""
        return {
            "type": f"https://leadwerk.example/problems/{self.code}",
            "title": self.title[language],
            "status": self.status,
            "detail": self.detail[language].format(**self.values),
            "instance": instance,
            "code": self.code,
            "trace_id": trace_id,
            "errors": [FieldError(pointer=p, code=c, message=m[language]) for p, c, m in self.errors],
            **self.extra,
        }

    def response(self, *, language: Language, instance: str, trace_id: str) -> Response:
        """The HTTP answer, with its language declared."""
        content = orjson.dumps(
            self.body(language=language, instance=instance, trace_id=trace_id), default=str, option=orjson.OPT_UTC_Z
        )
        headers = {"Content-Language": language, "Vary": "Accept-Language", **self.headers}
        return Response(content, self.status, headers, PROBLEM_JSON)


class MalformedBody(Problem):
    status = 400
    code = "malformed_body"
    title = {"de": "Unlesbare Anfrage", "en": "Malformed request"}
    detail = {
        "de": "Der Inhalt der Anfrage ist kein gültiges JSON.",
        "en": "The request body is not valid JSON.",
    }


class NotAuthenticated(Problem):
    status = 401
    code = "not_authenticated"
    title = {"de": "Nicht angemeldet", "en": "Not signed in"}
    detail = {
        "de": "Das Zugriffstoken fehlt, ist abgelaufen oder wurde widerrufen.",
        "en": "The access token is missing, expired or revoked.",
    }

    def __init__(self) -> None:
        super().__init__(headers={"WWW-Authenticate": "Bearer"})


class Forbidden(Problem):
    status = 403
    code = "forbidden"
    title = {"de": "Nicht erlaubt", "en": "Not allowed"}
    detail = {
        "de": "Dafür fehlt Ihnen das Recht „{permission}“.",
        "en": "You lack the permission “{permission}”.",
    }


class NotFound(Problem):
    status = 404
    code = "not_found"
    title = {"de": "Nicht gefunden", "en": "Not found"}
    detail = {
        "de": "Diesen Datensatz oder diese Adresse gibt es nicht, oder Sie dürfen ihn nicht sehen.",
        "en": "This record or address does not exist, or you may not see it.",
    }


class MethodNotAllowed(Problem):
    status = 405
    code = "method_not_allowed"
    title = {"de": "Methode nicht erlaubt", "en": "Method not allowed"}
    detail = {
        "de": "Diese Adresse kennt nur: {allow}.",
        "en": "This address answers only: {allow}.",
    }


class Conflict(Problem):
    status = 409
    code = "conflict"
    title = {"de": "Konflikt", "en": "Conflict"}
    detail = {
        "de": "Die Änderung widerspricht dem gespeicherten Stand ({constraint}).",
        "en": "The change contradicts what is stored ({constraint}).",
    }


class InUse(Problem):
    """The record cannot be deleted: others name it."""

    status = 409
    code = "in_use"
    title = {"de": "Wird noch gebraucht", "en": "In use"}
    detail = {
        "de": "Daran hängen noch andere Datensätze: {de}. Erst wenn es sie nicht mehr gibt, kann gelöscht werden.",
        "en": "Other records hang on it: {en}. It can be deleted when they are gone.",
    }
    members = {"used_by": str}


class IdTaken(Problem):
    status = 409
    code = "id_taken"
    title = {"de": "Kennung vergeben", "en": "Id taken"}
    detail = {
        "de": "Unter dieser Kennung gibt es schon einen Datensatz mit anderem Inhalt.",
        "en": "A record with this id and other content exists already.",
    }


class RecordMerged(Problem):
    """The record that this id made before went into another one: making it again would double it."""

    status = 409
    code = "record_merged"
    title = {"de": "Inzwischen zusammengeführt", "en": "Merged meanwhile"}
    detail = {
        "de": "Diesen Datensatz gab es schon; er wurde mit einem anderen zusammengeführt, den „winner_id“ nennt.",
        "en": "This record existed before; it was merged into another one, which “winner_id” names.",
    }
    members = {"winner_id": UUID}


class RequestInFlight(Problem):
    status = 409
    code = "request_in_flight"
    title = {"de": "Anfrage läuft noch", "en": "Request in flight"}
    detail = {
        "de": "Dieselbe Anfrage wird gerade bearbeitet. Bitte gleich noch einmal versuchen.",
        "en": "The same request is being worked on. Try again in a moment.",
    }


class StaleVersion(Problem):
    """The record changed since the client read it. `current` is the record as it is now."""

    status = 412
    code = "stale_version"
    title = {"de": "Inzwischen geändert", "en": "Changed meanwhile"}
    detail = {
        "de": "Der Datensatz wurde inzwischen geändert. „current“ enthält den jetzigen Stand.",
        "en": "The record was changed meanwhile. “current” holds its present state.",
    }
    members = {"current": dict}


class TooLarge(Problem):
    status = 413
    code = "too_large"
    title = {"de": "Zu groß", "en": "Too large"}
    detail = {"de": "Höchstens {limit} Byte sind erlaubt.", "en": "At most {limit} bytes are allowed."}


class UnsupportedMediaType(Problem):
    status = 415
    code = "unsupported_media_type"
    title = {"de": "Falscher Inhaltstyp", "en": "Unsupported media type"}
    detail = {
        "de": "Erwartet wird application/json; wo eine Datei gesendet wird, diese selbst und kein Formular.",
        "en": "Expected application/json; where a file is sent, the file itself and no form.",
    }


class Invalid(Problem):
    """The request is well formed but breaks a rule; `errors` lists every field at once."""

    status = 422
    code = "invalid"
    title = {"de": "Ungültige Angaben", "en": "Invalid input"}
    detail = {
        "de": "{count} Angabe(n) fehlen oder sind ungültig; siehe „errors“.",
        "en": "{count} value(s) are missing or invalid; see “errors”.",
    }

    def __init__(self, errors: Sequence[tuple[str, str, Mapping[Language, str]]], **more: Any) -> None:
        super().__init__(errors=errors, count=len(errors), **more)


class IdempotencyKeyReused(Problem):
    status = 422
    code = "idempotency_key_reused"
    title = {"de": "Schlüssel wiederverwendet", "en": "Key reused"}
    detail = {
        "de": "Dieser Idempotency-Key gehört zu einer anderen Anfrage.",
        "en": "This Idempotency-Key belongs to another request.",
    }


class PreconditionRequired(Problem):
    status = 428
    code = "precondition_required"
    title = {"de": "If-Match fehlt", "en": "If-Match missing"}
    detail = {
        "de": 'Senden Sie den gelesenen Stand als If-Match mit, zum Beispiel If-Match: "3".',
        "en": 'Send the version that you read as If-Match, for example If-Match: "3".',
    }


class TooManyRequests(Problem):
    status = 429
    code = "too_many_requests"
    title = {"de": "Zu viele Anfragen", "en": "Too many requests"}
    detail = {
        "de": "Bitte in {seconds} Sekunden noch einmal versuchen.",
        "en": "Try again in {seconds} seconds.",
    }

    def __init__(self, seconds: int) -> None:
        super().__init__(headers={"Retry-After": str(seconds)}, seconds=seconds)


class InternalError(Problem):
    status = 500
    code = "internal_error"
    title = {"de": "Interner Fehler", "en": "Internal error"}
    detail = {
        "de": "Das hätte nicht passieren dürfen. Nichts wurde gespeichert. Nennen Sie bitte die trace_id.",
        "en": "This should not have happened. Nothing was saved. Please quote the trace_id.",
    }


class Unavailable(Problem):
    status = 503
    code = "unavailable"
    title = {"de": "Vorübergehend nicht erreichbar", "en": "Temporarily unavailable"}
    detail = {
        "de": "Ein Dienst im Hintergrund antwortet nicht. Bitte gleich noch einmal versuchen.",
        "en": "A service behind this one does not answer. Try again in a moment.",
    }

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "2"})


def declared(*problems: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route: each status with the codes that can stand behind it."""
    by_status: dict[int, list[type[Problem]]] = {}
    for problem in problems:
        by_status.setdefault(problem.status, []).append(problem)
    return {
        status: {
            "description": "; ".join(f"`{p.code}`: {p.title['en']}" for p in group),
            "content": {
                PROBLEM_JSON: {
                    "schema": {"$ref": "#/components/schemas/Problem"},
                    "examples": {p.code: {"value": _example(p)} for p in group},
                }
            },
        }
        for status, group in sorted(by_status.items())
    }


class _Blank(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "…"


def _example(problem: type[Problem]) -> dict[str, Any]:
    return {
        "type": f"https://leadwerk.example/problems/{problem.code}",
        "title": problem.title["en"],
        "status": problem.status,
        "detail": problem.detail["en"].format_map(_Blank()),
        "instance": "/v1/…",
        "code": problem.code,
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
        "errors": [],
    }
