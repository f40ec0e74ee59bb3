"""Schemas made readable for client generators."""

import json
import re
from collections.abc import Iterator
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete")


def operations(schema: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every operation of a document: path, method, operation."""
    for path, item in schema["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def named_pages(schema: dict[str, Any]) -> dict[str, Any]:
    """`ProjectPage` instead of `Page_ProjectRead_`: the names that generated clients get."""
    renamed: dict[str, Any] = json.loads(re.sub(r"\bPage_(\w+?)(?:Read)?_\b", r"\1Page", json.dumps(schema)))
    return renamed


def without_null(schema: dict[str, Any]) -> None:
    """A parameter is there or it is not; null is no value that it could have."""
    kinds = [kind for kind in schema.get("anyOf", []) if kind.get("type") != "null"]
    if "anyOf" in schema and len(kinds) == 1:
        del schema["anyOf"]
        schema.update({k: v for k, v in kinds[0].items() if k not in schema})
    if schema.get("default", 0) is None:
        del schema["default"]


def tidied(node: Any, name: str = "") -> Any:
    """Made readable for generators: no made-up titles, whole numbers as bounds, `type: [x, null]` instead of alternatives."""
    if isinstance(node, list):
        return [tidied(item) for item in node]
    if not isinstance(node, dict):
        return node
    if name in ("example", "examples", "properties", "default"):
        return {key: tidied(value) if name == "properties" else value for key, value in node.items()}
    node = {key: tidied(value, key) for key, value in node.items()}
    if "title" in node and isinstance(node["title"], str) and ("type" in node or "anyOf" in node or "$ref" in node):
        del node["title"]
    for bound in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
        if isinstance(node.get(bound), float) and node[bound].is_integer():
            node[bound] = int(node[bound])
    if node.get("format") == "uuid7":
        node["format"] = "uuid"
    match node.get("anyOf"):
        case [{"type": str() as type_} as kind, {"type": "null"}]:
            del node["anyOf"]
            node = kind | node | {"type": [type_, "null"]}
            if "enum" in node:
                node["enum"] = [*node["enum"], None]
    return node
