"""Fields that the installation has added, as the metadata tell of them, beside the product's own."""

from collections.abc import Iterator, Sequence
from typing import Any, get_args

from app.custom_fields import Definition
from app.custom_fields.definitions import RecordType
from app.custom_fields.lists import OPERATORS, UNSORTED
from app.custom_fields.values import DIGITS, MOST_CHOICES, USUAL_LENGTH
from app.metadata import labels, links
from app.metadata.catalogue import Description
from app.metadata.shapes import LONGEST_LINE

RECORD_TYPES: dict[str, RecordType] = {
    "opportunities" if kind == "opportunity" else f"{kind}s": kind for kind in get_args(RecordType)
}
"""The kinds of record that take custom fields, by resource."""

MOST_OPTIONS = 200
"""Choices of one resource that are told with their fields; those of further fields are fetched."""


def with_custom(description: Description, definitions: Sequence[Definition]) -> Description:
    """The description and these fields. Each says how lists are filtered and sorted by it, so that 200 of them stay small."""
    fields = [_field(definition, shape) for definition, shape in _shapes(definitions)]
    return {**description, "fields": [*description["fields"], *fields]}


def _label(definition: Definition) -> labels.Text:
    return {"de": definition.label_de, "en": definition.label_en}


def _field(definition: Definition, shape: Description) -> Description:
    found: Description = {"name": f"custom.{definition.key}", "label": _label(definition), **shape}
    if definition.help_de or definition.help_en:
        found["help"] = {
            "de": definition.help_de or definition.help_en,
            "en": definition.help_en or definition.help_de,
        }
    found["create"] = {"required": definition.required, "nullable": True}
    found["update"] = {"nullable": not definition.required}
    found["operators"] = list(OPERATORS[definition.kind])
    return found if definition.kind in UNSORTED else {**found, "sort": f"custom.{definition.key}"}


def _shapes(definitions: Sequence[Definition]) -> Iterator[tuple[Definition, Description]]:
    told = 0
    for definition in definitions:
        told += len(definition.choices)
        yield definition, dict(_shape(definition, inline=told <= MOST_OPTIONS))


def _shape(definition: Definition, *, inline: bool) -> Iterator[tuple[str, Any]]:
    d = definition
    match d.kind:
        case "text":
            longest = d.max_length or USUAL_LENGTH
            yield "type", "prose" if longest > LONGEST_LINE else "text"
            yield "bounds", {"max_length": longest}
        case "number":
            yield "type", "decimal" if d.decimals else "integer"
            yield "bounds", {**_between(d), "decimals": d.decimals or 0, "digits": DIGITS}
        case "money":
            yield "type", "money"
            yield "bounds", {"minimum": 0.0, **_between(d), "decimals": 2}
        case "date":
            yield "type", "date"
            bounds = {"earliest": d.minimum, "latest": d.maximum}
            yield "bounds", {name: value for name, value in bounds.items() if value is not None}
        case "boolean":
            yield "type", "boolean"
        case "link":
            yield "type", "link"
            target = f"{d.link_to}s"
            yield "target", target
            yield "options_from", links.records(target)
        case "choice":
            yield from _choices(d, inline=inline)
        case "multi_choice":
            yield "type", "list"
            yield "bounds", {"max_items": MOST_CHOICES}
            yield "items", dict(_choices(d, inline=inline))


def _between(definition: Definition) -> dict[str, float]:
    bounds = {"minimum": definition.minimum, "maximum": definition.maximum}
    return {name: float(value) for name, value in bounds.items() if value is not None}


def _choices(definition: Definition, *, inline: bool) -> Iterator[tuple[str, Any]]:
    yield "type", "enum"
    if not inline:
        shown = "{label_de}|{label_en}"
        yield "options_from", links.options(f"/v1/custom-fields/{definition.id}", "choices", "key", shown)
        return
    options = []
    for choice in definition.choices:
        one: Description = {"value": choice.key, "label": {"de": choice.label_de, "en": choice.label_en}}
        options.append(one if choice.active else {**one, "active": False})
    yield "options", options
