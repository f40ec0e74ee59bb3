"""Kinds of record, found by their routes: whatever has a list at a fixed path, or can be changed at one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import UnionType
from typing import Any, Union, get_args, get_origin

from fastapi import FastAPI
from fastapi.routing import RouteContext, iter_route_contexts
from pydantic import BaseModel

from app.core.resource import Page, PageQuery
from app.core.types import united

PREFIX = "/v1/"


@dataclass(frozen=True)
class Route:
    """A request that can be made."""

    name: str
    method: str
    path: str


@dataclass
class Kind:
    """A kind of record and its routes. `creates` has more than one body where they are a union."""

    name: str
    path: str
    read: type[BaseModel] | None = None
    creates: tuple[type[BaseModel], ...] = ()
    update: type[BaseModel] | None = None
    query: type[PageQuery] | None = None
    routes: list[Route] = field(default_factory=list)

    def sent(self) -> tuple[type[BaseModel], ...]:
        """All bodies that make or change one."""
        return (*self.creates, *([self.update] if self.update else []))


def kinds(app: FastAPI) -> Mapping[str, Kind]:
    """Every kind of record by its name, the last part of its path, in the order of the documentation."""
    contexts = [c for c in iter_route_contexts(app.routes) if (c.path or "").startswith(PREFIX) and c.operation_id]
    found: dict[str, Kind] = {}
    for context in contexts:
        path, method = _path(context), _method(context)
        if "{" not in path and (method == "GET" and _listed(context) or method == "PATCH"):
            name = path.rsplit("/", 1)[1]
            kind = found.setdefault(name, Kind(name, path))
            assert kind.path == path, f"two kinds of record are called {name}: {kind.path}, {path}"
    by_path = {kind.path: kind for kind in found.values()}
    for context in contexts:
        path, method = _path(context), _method(context)
        longest = max((p for p in by_path if path == p or path.startswith(f"{p}/")), key=len, default=None)
        if longest is None:
            continue
        kind, rest = by_path[longest], path.removeprefix(longest)
        kind.routes.append(Route(str(context.operation_id), method, path))
        is_one = rest.startswith("/{") and rest.count("/") == 1
        if method == "GET" and rest == "" and _listed(context):
            kind.query, kind.read = _query(context), _listed(context)
        elif method == "GET" and (is_one or rest == "") and _is_model(context.response_model):
            kind.read = kind.read or context.response_model
        elif method == "POST" and rest == "":
            kind.creates = _bodies(context)
        elif method == "PATCH" and (is_one or rest == ""):
            (kind.update,) = _bodies(context)
    order = {str(tag["name"]): place for place, tag in enumerate(app.openapi_tags or [])}
    return dict(sorted(found.items(), key=lambda item: (order.get(item[0], len(order)), item[0])))


def _path(context: RouteContext) -> str:
    return str(context.path).replace(":uuid}", "}")


def _method(context: RouteContext) -> str:
    (method,) = set(context.methods or ()) - {"HEAD", "OPTIONS"}
    return str(method)


def _is_model(type_: Any) -> bool:
    return isinstance(type_, type) and issubclass(type_, BaseModel)


def _listed(context: RouteContext) -> Any:
    """What the items of the route's page are; None for what is no list."""
    model: Any = context.response_model
    if _is_model(model) and issubclass(model, Page):
        (item,) = get_args(model.model_fields["items"].annotation)
        return item if _is_model(item) else united("Item", get_args(get_args(item)[0]))
    return None


def _query(context: RouteContext) -> Any:
    found = [p.field_info.annotation for p in context.dependant.query_params]
    return next((q for q in found if _is_model(q) and issubclass(q, PageQuery)), None)


def _bodies(context: RouteContext) -> tuple[Any, ...]:
    if context.body_field is None:
        return ()
    body: Any = context.body_field.field_info.annotation
    return get_args(body) if get_origin(body) in (Union, UnionType) else (body,)
