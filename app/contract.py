"""The OpenAPI document: what FastAPI derives, completed by what every route shares, written to `openapi/openapi.json`."""

import json
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app.core.problems import (
    Forbidden,
    IdempotencyKeyReused,
    Invalid,
    MalformedBody,
    NotAuthenticated,
    NotFound,
    PreconditionRequired,
    Problem,
    ProblemBody,
    RequestInFlight,
    StaleVersion,
    TooLarge,
    TooManyRequests,
    Unavailable,
    UnsupportedMediaType,
    declared,
)

PATH = Path(__file__).parent.parent / "openapi" / "openapi.json"
VERSION = "1.0.0"

DESCRIPTION = """
Leadwerk answers the question *is this customer taken, and by whom?*, takes a lead to a customer without losing or doubling
anything, and sees to it that nothing is forgotten.

Every error is a problem (RFC 9457) with a stable `code`. Texts follow `Accept-Language` (German or English). Lists page by
cursor. Updates need `If-Match`; every `POST` takes an `Idempotency-Key`.
"""

OPEN_TAGS = {"operation"}


def document(app: FastAPI) -> dict[str, Any]:
    """The whole document, made once per process."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title="Leadwerk",
            version=VERSION,
            description=DESCRIPTION.strip(),
            routes=app.routes,
            servers=[{"url": "/"}],
            tags=app.openapi_tags,
            license_info={"name": "Proprietary", "identifier": "LicenseRef-Leadwerk"},
            separate_input_output_schemas=False,
        )
        _complete(schema)
        app.openapi_schema = schema
    return app.openapi_schema


def _complete(schema: dict[str, Any]) -> None:
    components = schema.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    body = ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(body.pop("$defs"))
    schemas["Problem"] = body
    components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            public = "x-public" in operation or OPEN_TAGS & set(operation.get("tags", []))
            operation["security"] = [] if public else [{"bearer": []}]
            operation["responses"] = _responses(path, method, operation, bool(public))


def _responses(path: str, method: str, operation: dict[str, Any], public: bool) -> dict[str, Any]:
    own = {k: v for k, v in operation["responses"].items() if not _is_fastapi_422(v)}
    if not path.startswith("/v1/"):
        return own
    common: list[type[Problem]] = [Invalid, Unavailable]
    if not public:
        common += [NotAuthenticated, TooManyRequests, Forbidden]
    if "{" in path:
        common.append(NotFound)
    if "requestBody" in operation:
        common += [MalformedBody, TooLarge, UnsupportedMediaType]
    parameters = {p["name"] for p in operation.get("parameters", [])}
    if "Idempotency-Key" in parameters:
        common += [RequestInFlight, IdempotencyKeyReused]
    if "If-Match" in parameters:
        common += [StaleVersion, PreconditionRequired]
    merged = dict(own)
    for status, response in declared(*common).items():
        present = merged.get(str(status))
        if present is None:
            merged[str(status)] = response
        else:
            examples = present["content"]["application/problem+json"]["examples"]
            added = response["content"]["application/problem+json"]["examples"]
            present["description"] = "; ".join(
                dict.fromkeys([*present["description"].split("; "), *response["description"].split("; ")])
            )
            examples.update(added)
    return dict(sorted(merged.items()))


def _is_fastapi_422(response: dict[str, Any]) -> bool:
    schema = response.get("content", {}).get("application/json", {}).get("schema", {})
    return str(schema.get("$ref", "")).endswith("HTTPValidationError")


def render(app: FastAPI) -> str:
    """The document as it is committed."""
    return json.dumps(document(app), ensure_ascii=False, indent=2) + "\n"


def write(*, check: bool = False) -> bool:
    """Write the committed document; with `check`, only tell whether it is up to date."""
    from app.main import create_app  # noqa: PLC0415  (main imports this module)

    text = render(create_app())
    if check:
        return PATH.exists() and PATH.read_text(encoding="utf-8") == text
    PATH.parent.mkdir(exist_ok=True)
    PATH.write_text(text, encoding="utf-8")
    return True
