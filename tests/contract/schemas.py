"""Walking the schemas of an OpenAPI document."""

import re
from collections.abc import Iterator
from re import _parser  # type: ignore[attr-defined]  # the standard library's own, for the width of a pattern
from typing import Any

from app.contract.completion import JSON
from app.contract.schemas import operations

Document = dict[str, Any]


def resolve(document: Document, node: dict[str, Any]) -> dict[str, Any]:
    """What the node is, or what its reference names."""
    while "$ref" in node:
        _, kind, name = node["$ref"].removeprefix("#/").split("/")
        node = document["components"][kind][name]
    return node


def named_operations(document: Document) -> list[Any]:
    """`(operationId, path, method, operation)` of every operation."""
    return [(o.get("operationId", f"{m} {p}"), p, m, o) for p, m, o in operations(document)]


def request_schemas(document: Document) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema that clients fill in, with where it is: bodies and parameters."""
    for name, _, _, operation in named_operations(document):
        for parameter in operation.get("parameters", []):
            yield f"{name}:{parameter['name']}", parameter["schema"]
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            yield f"{name}:{kind}", content["schema"]


def leaves(document: Document, schema: dict[str, Any], place: str, seen: frozenset[str] = frozenset()) -> Iterator[Any]:
    """The schema and all inside it, each with its place; a schema that contains itself is walked once."""
    reference = schema.get("$ref", "")
    if reference in seen:
        return
    seen |= {reference} if reference else set()
    schema = resolve(document, schema)
    yield place, schema
    for name, inner in schema.get("properties", {}).items():
        yield from leaves(document, inner, f"{place}.{name}", seen)
    if isinstance(schema.get("items"), dict):
        yield from leaves(document, schema["items"], f"{place}[]", seen)
    if isinstance(schema.get("additionalProperties"), dict):
        yield from leaves(document, schema["additionalProperties"], f"{place}{{}}", seen)
    for kind in ("anyOf", "oneOf", "allOf"):
        for inner in schema.get(kind, []):
            yield from leaves(document, inner, place, seen)


def types_of(schema: dict[str, Any]) -> set[str]:
    """The JSON types that a schema names."""
    types = schema.get("type", [])
    return {types} if isinstance(types, str) else set(types)


_OWN_BOUNDS = {"uuid", "date", "date-time", "binary"}


def bounded_text(schema: dict[str, Any], place: str) -> bool:
    """Whether a text has a longest form and admits no NUL (which a header cannot hold, and an e-mail address neither).

    The server bounds headers; one that names no version matches none.
    """
    if "enum" in schema or "const" in schema or schema.get("format") in _OWN_BOUNDS or place.endswith(":If-None-Match"):
        return True
    pattern = schema.get("pattern", "")
    width = _parser.parse(pattern).getwidth()[1] if pattern.startswith("^") and pattern.endswith("$") else 10_000
    if "maxLength" not in schema and width >= 10_000:
        return False
    if place.endswith(":If-Match") or schema.get("format") == "email":
        return True
    return bool(pattern) and not any(re.search(pattern, text) for text in ("\x00", "a\x00", "\x00a", "a\x00a"))


def json_schema(response: dict[str, Any]) -> dict[str, Any] | None:
    """The schema of a JSON answer."""
    schema: dict[str, Any] | None = response.get("content", {}).get(JSON, {}).get("schema")
    return schema
