"""The description of every resource, made once per process of its routes and models; labels and links come from their tables."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from app.core.resource import ListQuery, PageQuery
from app.core.types import ReadOnly
from app.metadata import labels, rules
from app.metadata.permissions import NEEDED, ONE_OF, SOMETIMES
from app.metadata.resources import Kind, Route, kinds
from app.metadata.shapes import Place, default_of, nullable, read_only, shape

SYSTEM = ReadOnly("system")
Description = dict[str, Any]

_NO_FILTERS = {*ListQuery.model_fields, "sort", "custom"}


def describe(app: FastAPI) -> dict[str, Description]:
    """Every resource but for what the asker may do and the fields that the installation has added."""
    return {name: _described(kind) for name, kind in kinds(app).items()}


def _described(kind: Kind) -> Description:
    one, many = labels.resource(kind.name)
    found: Description = {
        "name": kind.name,
        "label": one,
        "label_plural": many,
        "path": kind.path,
        "metadata": f"/v1/metadata/{kind.name}",
        "actions": [_action(route) for route in kind.routes],
        "fields": list(_fields(kind)),
    }
    if (variants := _variants(kind)) is not None:
        found["variants"] = variants
    found |= rules.of(kind.name)
    if kind.query is not None and kind.read is not None:
        found["list"] = _list(kind, kind.query, kind.read)
    return found


def _action(route: Route) -> Description:
    found: Description = {"name": route.name, "method": route.method, "path": route.path}
    found["permissions"] = [permission.value for permission in NEEDED.get(route.name, ())]
    for name, further in (("one_of", ONE_OF), ("sometimes", SOMETIMES)):
        if route.name in further:
            found[name] = [permission.value for permission in further[route.name]]
    return found


# --- fields ----------------------------------------------------------------------------------------------------------


def _fields(kind: Kind) -> Iterator[Description]:
    """In the order of the creation; then what can only be changed, then what nobody sets. Custom fields come from elsewhere."""
    names = dict.fromkeys(name for model in kind.sent() for name in model.model_fields if name != "custom")
    shown = kind.read.model_fields if kind.read else {}
    settable = [n for n in names if any(n in m.model_fields and _taken(m, n) for m in kind.sent())]
    covered = {name for name in map(_shown_name(kind), settable) if name}
    rest = [n for n in (*names, *shown) if n not in settable and n not in covered and n != "custom"]
    for name in (*settable, *dict.fromkeys(rest)):
        yield from _field(kind, name)


def _taken(model: type[BaseModel], name: str) -> bool:
    return read_only(model.model_fields[name]) is None


def _shown_name(kind: Kind) -> Any:
    """How answers show a field that is sent: an id as a link, without its `_id`."""
    shown = kind.read.model_fields if kind.read else {}

    def find(name: str) -> str | None:
        bare = name.removesuffix("_id")
        return name if name in shown else bare if bare != name and bare in shown else None

    return find


def _field(kind: Kind, name: str) -> Iterator[Description]:
    place = Place(kind.name, (name,))
    creates = [m for m in kind.creates if name in m.model_fields]
    models = [*creates, *([kind.update] if kind.update and name in kind.update.model_fields else [])]
    taking = [model for model in models if _taken(model, name)]
    found: Description = {"name": name, "label": labels.field(place)}
    if shown := _shown_name(kind)(name):
        found["shown_as"] = shown
    if name in (shorthands := rules.SHORTHANDS.get(kind.name, {})):
        found["shorthand_for"] = shorthands[name]
    if not taking:
        marks = (read_only(model.model_fields[name]) for model in models)
        why: ReadOnly = next((mark for mark in marks if mark is not None), SYSTEM)
        if kind.read and name in kind.read.model_fields:
            found |= shape(Place(kind.name, (name,), shown=True), kind.read.model_fields[name], kind.read)
        else:
            found |= {"type": "text"}
        yield found | labels.because(why, known=bool(models))
        return
    for model, group in _alike(place, creates or taking):
        one = found | shape(place, model.model_fields[name], model)
        if creates and len(group) < len(kind.creates):
            one["applies_to"] = [_variant(kind, each) for each in group]
        info = model.model_fields[name]
        if creates and _taken(model, name):
            one["create"] = _on_create(info)
            if (example := _example(model, name)) is not None:
                one["example"] = example
        if kind.update and name in kind.update.model_fields:
            changing = kind.update.model_fields[name]
            if (mark := read_only(changing)) is None:
                one["update"] = {"nullable": nullable(changing.annotation)}
            else:
                one |= labels.because(mark)
        elif kind.update and shown:
            one |= labels.because(ReadOnly("fixed"), known=False)
        yield one


def _alike(place: Place, models: Sequence[type[BaseModel]]) -> Iterator[tuple[type[BaseModel], list[type[BaseModel]]]]:
    """The models of a union by what they say of the field: the first of each group, and the group."""
    groups: list[tuple[Any, type[BaseModel], list[type[BaseModel]]]] = []
    for model in models:
        info = model.model_fields[place.names[-1]]
        says = None if info.discriminator or _is_constant(info) else (shape(place, info, model), info.is_required())
        for other, _, group in groups:
            if other == says:
                group.append(model)
                break
        else:
            groups.append((says, model, [model]))
    for _, model, group in groups:
        yield model, group


def _on_create(info: FieldInfo) -> Description:
    found: Description = {"required": info.is_required(), "nullable": nullable(info.annotation)}
    if (default := default_of(info)) is not None:
        found["default"] = default
    return found


def _example(model: type[BaseModel], name: str) -> Any:
    extra = model.model_config.get("json_schema_extra")
    example = extra.get("example") if isinstance(extra, dict) else None
    return example.get(name) if isinstance(example, dict) else None


# --- variants --------------------------------------------------------------------------------------------------------


def _is_constant(info: FieldInfo) -> bool:
    return len(getattr(info.annotation, "__args__", ())) == 1 and str(info.annotation).startswith("typing.Literal")


def _variant(kind: Kind, model: type[BaseModel]) -> str:
    field = _variants_field(kind)
    return str(model.model_fields[field].annotation.__args__[0])  # type: ignore[union-attr]  # a Literal of one value


def _variants_field(kind: Kind) -> str:
    return next(name for name, info in kind.creates[0].model_fields.items() if _is_constant(info))


def _variants(kind: Kind) -> Description | None:
    if len(kind.creates) < 2:
        return None
    field = _variants_field(kind)
    place = Place(kind.name, (field,))
    values = [_variant(kind, model) for model in kind.creates]
    return {"field": field, "options": [{"value": v, "label": labels.value(place, v)} for v in values]}


# --- lists -----------------------------------------------------------------------------------------------------------


def _list(kind: Kind, query: type[PageQuery], read: type[BaseModel]) -> Description:
    sorts = list(_sorts(kind, query))
    ascending = {sort["value"] for sort in sorts}
    columns = []
    for name, info in read.model_fields.items():
        place = Place(kind.name, (name,), shown=True)
        column = {"name": name, "label": labels.field(place)}
        column["type"] = shape(place, info, read)["type"]
        columns.append(column | ({"sort": name} if name in ascending else {}))
    default = default_of(query.model_fields["sort"]) if "sort" in query.model_fields else None
    return {
        "path": kind.path,
        "filters": list(_filters(kind, query)),
        "sorts": sorts,
        "default_sort": default,
        "columns": columns,
    }


_DIRECTIONS = {False: {"de": "aufsteigend", "en": "ascending"}, True: {"de": "absteigend", "en": "descending"}}


def sort(name: str, words: Mapping[str, str]) -> Iterator[Description]:
    """Both directions of a sort."""
    for descending in (False, True):
        said = {language: f"{words[language]}, {_DIRECTIONS[descending][language]}" for language in ("de", "en")}
        yield {"value": f"-{name}" if descending else name, "label": said, "descending": descending}


def _sorts(kind: Kind, query: type[PageQuery]) -> Iterator[Description]:
    values = rules.sort_values(query)
    for name in dict.fromkeys(value.removeprefix("-") for value in values):
        place = Place(kind.name, (name,))
        yield from (one for one in sort(name, labels.field(place)) if one["value"] in values)


def _operator(name: str, type_: str) -> str:
    if name == "q":
        return "contains"
    for ending, operator in (("_after", "from"), ("_from", "from"), ("_before", "before"), ("_to", "until")):
        if name.endswith(ending):
            return operator
    return "any_of" if type_ == "list" else "equals"


def _filters(kind: Kind, query: type[PageQuery]) -> Iterator[Description]:
    for name, info in query.model_fields.items():
        if name in _NO_FILTERS:
            continue
        place = Place(kind.name, (name,))
        found: Description = {"name": name, "label": labels.field(place), **shape(place, info, query)}
        for one in (found, found.get("items", {})):
            if "options_from" in one:  # records have what is not given any more, too
                one["options_from"]["path"] = one["options_from"]["path"].removesuffix("?active=true")
        found["operator"] = _operator(name, found["type"])
        if (default := default_of(info)) is not None:
            found["default"] = default
        yield found
