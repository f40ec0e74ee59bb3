"""Unknown query parameters are refused, never dropped: a misspelt filter must not answer with everything."""

from collections.abc import Iterator
from typing import Any

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel

from app.core.problems import Invalid

_KNOWN: dict[Any, frozenset[str]] = {}


def refuse_unknown(request: Request) -> None:
    """Raise Invalid when the request names a query parameter that its route does not take."""
    if not request.scope["query_string"]:
        return
    known = known_parameters(request.scope["route"])
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        message = {"de": "Diesen Parameter gibt es hier nicht.", "en": "There is no such parameter here."}
        raise Invalid([(f"?{name[:200]}", "extra_forbidden", message) for name in unknown[:100]])


def known_parameters(route: APIRoute) -> frozenset[str]:
    """The names of the query parameters that the route takes, those of query models included."""
    known = _KNOWN.get(route.endpoint)
    if known is None:
        known = _KNOWN[route.endpoint] = frozenset(_names(route.dependant))
    return known


def _names(dependant: Dependant) -> Iterator[str]:
    for field in dependant.query_params:
        model = field.field_info.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            for name, inner in model.model_fields.items():
                yield inner.alias or name
        else:
            yield field.alias
    for inner_dependant in dependant.dependencies:
        yield from _names(inner_dependant)
