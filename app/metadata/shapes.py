"""From a model's fields to what a form builder needs: its annotation says what kind of value it is, its JSON schema the bounds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

from pydantic import UUID7, BaseModel
from pydantic.fields import FieldInfo
from pydantic.json_schema import models_json_schema
from pydantic_core import PydanticUndefined

from app.core.types import Format, Link, Listed, Money, ReadOnly
from app.metadata import labels, links, rules

LONGEST_LINE = 500
"""Characters; a longer text gets several lines to type in."""


@dataclass(frozen=True)
class Place:
    """Where a value is: the resource, the names that lead to it, and whether it is in answers only."""

    resource: str
    names: tuple[str, ...]
    shown: bool = False

    @property
    def path(self) -> str:
        return ".".join(self.names)

    def __truediv__(self, name: str) -> "Place":
        return Place(self.resource, (*self.names, name), self.shown)


@lru_cache(maxsize=256)
def schema_of(model: type[BaseModel], *, answer: bool = False) -> dict[str, Any]:
    """The model's JSON schema, as clients send it, or as it stands in answers. Custom values speak of Money by its name."""
    mode: Literal["serialization", "validation"] = "serialization" if answer else "validation"
    template = "#/components/schemas/{model}"
    found, defs = models_json_schema([(model, mode), (Money, mode)], ref_template=template)
    definitions: dict[str, Any] = defs["$defs"]
    return {**definitions[found[model, mode]["$ref"].rsplit("/", 1)[1]], "$defs": definitions}


def read_only(info: FieldInfo) -> ReadOnly | None:
    """Why the field is refused when somebody sends it; None for one that is taken."""
    return next((mark for mark in info.metadata if isinstance(mark, ReadOnly)), None)


def nullable(annotation: Any) -> bool:
    """Whether null is a value that the field takes."""
    return annotation is None or NoneType in get_args(annotation)


def default_of(info: FieldInfo) -> Any:
    """The default as JSON; None without one, or with one that only the server knows."""
    default = info.get_default(call_default_factory=False)
    if default is PydanticUndefined or default is None:
        return None
    return default.model_dump(mode="json") if isinstance(default, BaseModel) else default


def shape(place: Place, info: FieldInfo, model: type[BaseModel]) -> dict[str, Any]:
    """The shape of a model's field; with its help in both languages, if it can be set."""
    whole = schema_of(model, answer=place.shown)
    node = whole.get("properties", {}).get(info.alias or place.names[-1], {})
    annotation: Any = Annotated[(info.annotation, *info.metadata)] if info.metadata else info.annotation
    found = dict(_walk(place, annotation, node, whole.get("$defs", {})))
    if info.description and not place.shown:
        found["help"] = labels.help_text(info.description)
    return found


def _resolved(node: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema behind references and without null."""
    while True:
        kinds = [kind for kind in node.get("anyOf", []) if kind.get("type") != "null"]
        if "$ref" in node:
            node = definitions[node["$ref"].rsplit("/", 1)[1]]
        elif len(kinds) == 1:
            # What a shown value looks like is said beside the alternatives.
            node = {**kinds[0], **({"format": node["format"]} if "format" in node else {})}
        else:
            return node


def _bare(annotation: Any) -> tuple[Any, list[Any]]:
    """The type without null and annotations, and those annotations, outer ones last."""
    marks: list[Any] = []
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *more = get_args(annotation)
            marks = [*(m for one in more for m in _marks(one)), *marks]
            continue
        if get_origin(annotation) in (Union, UnionType):
            kinds = [kind for kind in get_args(annotation) if kind is not NoneType]
            if len(kinds) == 1:
                annotation = kinds[0]
                continue
        return annotation, marks


def _marks(mark: Any) -> Iterator[Any]:
    yield from mark.metadata if isinstance(mark, FieldInfo) else ()
    yield mark


def _walk(
    place: Place, annotation: Any, node: Mapping[str, Any], definitions: Mapping[str, Any]
) -> Iterator[tuple[str, Any]]:
    type_, marks = _bare(annotation)
    node = _resolved(node, definitions)
    if get_origin(type_) is Literal or (isinstance(type_, type) and issubclass(type_, Enum)):
        values = get_args(type_) if get_origin(type_) is Literal else [member.value for member in type_]
        yield "type", "enum"
        yield "options", [{"value": value, "label": labels.value(place, value)} for value in values]
    elif get_origin(type_) is list:
        yield "type", "list"
        yield from _bounds({"min_items": node.get("minItems"), "max_items": node.get("maxItems")})
        if covers := rules.COVERS.get(f"{place.resource}.{place.path}"):
            yield "covers", covers
        (inner,) = get_args(type_)
        yield "items", dict(_walk(place, inner, node.get("items", {}), definitions))
    elif type_ is Money:
        yield "type", "money"
        yield from _bounds({"minimum": 0, "decimals": 2})
    elif isinstance(type_, type) and issubclass(type_, Link):
        yield "type", "link"
        yield from links.target(place)
    elif isinstance(type_, type) and issubclass(type_, BaseModel):
        yield "type", "object"
        yield "fields", [nested(place / name, info, type_) for name, info in type_.model_fields.items()]
    elif get_origin(type_) is dict:
        yield "type", "values"
    else:
        yield from _simple(place, type_, marks, node)


def nested(place: Place, info: FieldInfo, model: type[BaseModel]) -> dict[str, Any]:
    """A field of an object inside a record: set whenever its object is."""
    found: dict[str, Any] = {"name": place.names[-1], "label": labels.field(place)}
    if mark := read_only(info):
        return found | {"type": "text"} | labels.because(mark)
    found |= shape(place, info, model)
    if place.shown:
        return found
    if ".".join(place.names[-2:]) in rules.ECHOED:
        return found | labels.because(ReadOnly("computed"))
    can_be_null = nullable(info.annotation)
    create: dict[str, Any] = {"required": info.is_required(), "nullable": can_be_null}
    if (default := default_of(info)) is not None:
        create["default"] = default
    return found | {"create": create, "update": {"nullable": can_be_null}}


def _simple(place: Place, type_: Any, marks: list[Any], node: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    format_ = node.get("format")
    if type_ is UUID or format_ == "uuid7" or type_ == UUID7:
        is_own = format_ == "uuid7" or place.names == ("id",)
        yield from [("type", "id")] if is_own else links.target(place)
    elif type_ is bool:
        yield "type", "boolean"
    elif type_ is int:
        yield "type", "integer"
        yield from _bounds({"minimum": node.get("minimum"), "maximum": node.get("maximum")})
    elif type_ in (float, Decimal):
        yield "type", "decimal"
        yield from _bounds({"minimum": node.get("minimum"), "maximum": node.get("maximum")})
    elif type_ is datetime or format_ == "date-time":
        yield "type", "datetime"
    elif type_ is date or format_ == "date":
        yield "type", "date"
        lowest = next((mark.ge for mark in marks if isinstance(getattr(mark, "ge", None), date)), None)
        highest = next((mark.le for mark in marks if isinstance(getattr(mark, "le", None), date)), None)
        yield from _bounds({"earliest": lowest and lowest.isoformat(), "latest": highest and highest.isoformat()})
    elif type_ is str:
        yield from _text(place, marks, node)
    else:
        yield "type", "values"


def _text(place: Place, marks: list[Any], node: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "type", "prose" if node.get("maxLength", 0) > LONGEST_LINE else "text"
    told = next((mark.name for mark in marks if isinstance(mark, Format)), None)
    if told or node.get("format"):
        yield "format", told or node["format"]
    lengths = {"min_length": node.get("minLength"), "max_length": node.get("maxLength")}
    yield from _bounds({**lengths, "pattern": node.get("pattern")})
    listed = next((mark.name for mark in marks if isinstance(mark, Listed)), None)
    if found := links.options_of_text(place, listed):
        yield "options_from", found


def _bounds(found: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    told = {name: value for name, value in found.items() if value is not None}
    if told:
        yield "bounds", told
