"""Examples for the OpenAPI document, made of its schemas: believable, the same at every run, and valid.

A schema's own `example` or `examples` wins. Otherwise the value comes from the property's name, its format or its pattern.
"""

import re
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

Schema = Mapping[str, Any]

_TIME = "2026-03-02T08:15:00Z"
_NAMES: dict[str, Any] = {
    "name": "Müller Maschinenbau GmbH & Co. KG",
    "company": "Müller Maschinenbau GmbH & Co. KG",
    "customer_name": "Müller Maschinenbau GmbH & Co. KG",
    "legal_form": "GmbH & Co. KG",
    "first_name": "Eva",
    "last_name": "Muster",
    "user_name": "eva.muster",
    "login": "eva.muster",
    "salutation": "Frau",
    "title": "Dr.",
    "email": "eva.muster@example.com",
    "phone": "+43 732 123456",
    "website": "https://www.example.com",
    "vat_id": "ATU12345675",
    "street": "Industriezeile 12",
    "postal_code": "4020",
    "city": "Linz",
    "state": "Oberösterreich",
    "country": "AT",
    "industry": "Maschinenbau",
    "source": "fair",
    "source_detail": "Hannover Messe 2026",
    "description": "Anfrage nach einer Fräse, Lieferung im Herbst.",
    "subject": "Angebot besprechen",
    "body": "Bitte beim Kunden melden.",
    "note": "Ruft am Montag zurück.",
    "reason": "Der Kunde hat uns selbst angesprochen.",
    "decision_reason": "Der Kunde hat sich selbst gemeldet.",
    "locale": "de",
    "language": "de",
    "time_zone": "Europe/Vienna",
    "password": "Sieben-Zwerge-4711",
    "current_password": "Sieben-Zwerge-4711",
    "new_password": "Acht-Zwerge-0815",
    "access_token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIwMTkifQ.c2lnbmF0dXJl",
    "refresh_token": "q2V0c1Rva2VuLW9mLW9uZS1kZXZpY2U",
    "token": "q2V0c1Rva2VuLW9mLW9uZS1kZXZpY2U",
    "token_type": "Bearer",
    "device_name": "iPad von Eva",
    "actor": "Eva Muster",
    "field": "city",
    "cursor": "WyIyMDI2LTAzLTAyIiwiMDE5Il0",
    "next_cursor": None,
    "color": "#2f6feb",
    "label_de": "Neu",
    "label_en": "New",
    "status": "new",
    "key": "protection",
    "probability": 40,
    "version": 3,
    "score": 0.93,
    "limit": 50,
    "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
}
_OF_KIND: dict[tuple[str, str], str] = {
    ("Project", "name"): "Messe 2026",
    ("Project", "key"): "fair_2026",
    ("Team", "name"): "Centre Linz",
    ("TeamRef", "name"): "Centre Linz",
    ("Centre", "name"): "Linz",
    ("Centre", "code"): "AT-LNZ",
    ("Pipeline", "name"): "Flatrate",
    ("Pipeline", "key"): "flatrate",
    ("Opportunity", "name"): "Flatrate für drei Standorte",
    ("Stage", "name"): "Angebot",
    ("User", "name"): "Eva Muster",
    ("Me", "name"): "Eva Muster",
    ("Role", "key"): "developer",
    ("Role", "label_de"): "Developer",
    ("Role", "label_en"): "Developer",
    ("Stage", "key"): "offer",
    ("Stage", "label_de"): "Angebot",
    ("Stage", "label_en"): "Offer",
    ("Actor", "name"): "Eva Muster",
    ("roles", "key"): "developer",
}
"""Values for a property of one kind of record, where the general ones would mislead."""
_PEOPLE = {"assignee", "holder", "user", "sender", "recipient", "created_by", "decided_by", "requested_by", "manager"}
_TEXTS = ("Beispiel", "beispiel", "AT", "EUR", "#2f6feb", "a", "1", "12500.00", "4020", "2026-03-02", _TIME)
_FORMATS = {
    "date-time": _TIME,
    "date": "2026-03-02",
    "time": "08:15:00",
    "email": "eva.muster@example.com",
    "uri": "https://www.example.com",
    "password": "Sieben-Zwerge-4711",
    "binary": "…",
}


class NoExample(Exception):
    """The schema is too particular: it needs an `example` of its own."""


def example(schema: Schema, components: Schema, name: str = "", parent: str = "") -> Any:
    """A valid value of the schema. `components` are the document's schemas; `name` is the property's name."""
    if "$ref" in schema:
        reference = schema["$ref"].rsplit("/", 1)[1]
        return example(components[reference], components, name or reference, parent)
    for given in (schema.get("example"), *schema.get("examples", ()), schema.get("const")):
        if given is not None:
            return given
    if "enum" in schema:
        return _NAMES.get(name) if _NAMES.get(name) in schema["enum"] else schema["enum"][0]
    if schema.get("default") not in (None, [], ""):
        return schema["default"]
    if "allOf" in schema:
        merged: dict[str, Any] = {}
        for part in schema["allOf"]:
            merged |= example(part, components, name, parent)
        return merged
    for kind in ("anyOf", "oneOf"):
        if kind in schema:
            choice = next(s for s in schema[kind] if s.get("type") != "null")
            return example(choice, components, name, parent)
    return _of_type(schema, components, name, parent)


def with_nulls(value: Any, schema: Schema, components: Schema) -> Any:
    """The example with the nulls that FastAPI has dropped from it: required fields that may be null and are not there."""
    while "$ref" in schema:
        schema = components[schema["$ref"].rsplit("/", 1)[1]]
    if isinstance(value, list):
        return [with_nulls(item, schema.get("items", {}), components) for item in value]
    if not isinstance(value, dict):
        return value
    for kind in ("anyOf", "oneOf"):
        if kind in schema:
            return with_nulls(value, next((s for s in schema[kind] if s.get("type") != "null"), {}), components)
    properties = schema.get("properties", {})
    value = {k: with_nulls(v, properties.get(k, {}), components) for k, v in value.items()}
    lacking = [k for k in schema.get("required", []) if k not in value and "null" in str(properties.get(k))]
    return value | dict.fromkeys(lacking)


def _of_type(schema: Schema, components: Schema, name: str, parent: str) -> Any:
    types = schema.get("type", "object")
    type_ = types if isinstance(types, str) else next(t for t in types if t != "null")
    match type_:
        case "object":
            return _object(schema, components, name)
        case "array":
            item = example(schema.get("items", {"type": "string"}), components, _singular(name), parent)
            return [item] * max(1, schema.get("minItems", 0)) if schema.get("maxItems") != 0 else []
        case "integer" | "number":
            return _number(schema, name)
        case "boolean":
            return True
        case "string":
            if name == "next_cursor":
                return "WyIyMDI2LTAzLTAyIiwiMDE5Il0"
            return _text(schema, name, parent)
        case _:
            return None


def _object(schema: Schema, components: Schema, name: str) -> dict[str, Any]:
    if "properties" in schema:
        return {key: example(value, components, key, name) for key, value in schema["properties"].items()}
    values = schema.get("additionalProperties")
    if isinstance(values, Mapping) and values:
        key = schema.get("propertyNames", {}).get("enum", ["city"])[0]
        return {key: example(values, components, key, name)}
    return {}


def _number(schema: Schema, name: str) -> Any:
    low = schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
    high = schema.get("maximum", float("inf"))
    known = _NAMES.get(name)
    if isinstance(known, int | float) and low <= known <= high:
        return known
    return max(low, min(3, high))


def _text(schema: Schema, name: str, parent: str) -> str:
    if schema.get("format") == "uuid":
        return example_id(parent + name if name == "id" else name)
    if parent in _PEOPLE and name == "name" and _fits("Eva Muster", schema):
        return "Eva Muster"
    kind = re.sub(r"(Read|Create|Update)$", "", parent)
    candidates = [_OF_KIND.get((kind, name)), _NAMES.get(name), _FORMATS.get(schema.get("format", "")), *_TEXTS]
    for candidate in candidates:
        if isinstance(candidate, str) and _fits(candidate, schema):
            return candidate
    raise NoExample(f"{parent}.{name}: give this field an example: {dict(schema)}")


def _fits(text: str, schema: Schema) -> bool:
    if schema.get("format") in _FORMATS and text != _FORMATS[schema["format"]]:
        return False
    long_enough = schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", len(text))
    return long_enough and ("pattern" not in schema or re.search(schema["pattern"], text) is not None)


def example_id(name: str) -> str:
    """A UUIDv7 that is always the same for the same name."""
    hexadecimal = blake2b(name.encode(), digest_size=10).hexdigest()
    return f"0195580e-d8a0-7{hexadecimal[:3]}-8{hexadecimal[3:6]}-{hexadecimal[6:18]}"


def _singular(name: str) -> str:
    return name.removesuffix("s")
