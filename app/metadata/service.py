"""Metadata for the asker: what the routes and models say, what the asker may do of it, and what the installation has added."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import orjson
from fastapi import FastAPI, Request
from starlette.responses import Response

from app.core.context import Context
from app.core.etags import unchanged
from app.core.problems import NotFound
from app.custom_fields import Definition, definitions
from app.metadata.catalogue import Description, describe
from app.metadata.custom import RECORD_TYPES, with_custom

_SHORT = ("name", "label", "label_plural", "path", "metadata")

Rendered = tuple[bytes, str]
"""An answer and its ETag."""


async def catalogue(app: FastAPI) -> Mapping[str, Description]:
    """Every resource of this process, made at the first request, beside the others; it cannot change while it runs."""
    if not hasattr(app.state, "catalogue"):
        app.state.catalogue = await asyncio.to_thread(describe, app)
    found: Mapping[str, Description] = app.state.catalogue
    return found


async def all_resources(ctx: Context, request: Request) -> Response:
    """The answer to GET of all resources in short."""
    await catalogue(request.app)
    return answer(request, _all(request.app, ctx.user.permissions))


async def one_resource(ctx: Context, request: Request, name: str) -> Response:
    """The answer to GET of one resource in full. Raises NotFound."""
    if name not in await catalogue(request.app):
        raise NotFound
    custom: Sequence[Definition] = ()
    if record_type := RECORD_TYPES.get(name):
        custom = await definitions(ctx, record_type)
    return answer(request, _one(request.app, name, ctx.user.permissions, tuple(custom)))


def render(content: Mapping[str, Any]) -> Rendered:
    """The content as JSON, and an ETag that changes with it."""
    body = orjson.dumps(content)
    return body, f'"{blake2b(body, digest_size=12).hexdigest()}"'


def answer(request: Request, rendered: Rendered) -> Response:
    """The content with its ETag, or 304 for a client that has it."""
    body, tag = rendered
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if unchanged(request, tag):
        return Response(status_code=304, headers=headers)
    return Response(body, 200, headers, "application/json")


@lru_cache(maxsize=256)
def _all(app: FastAPI, permissions: frozenset[str]) -> Rendered:
    return render({"resources": [_short(one, permissions) for one in app.state.catalogue.values()]})


@lru_cache(maxsize=512)
def _one(app: FastAPI, name: str, permissions: frozenset[str], custom: tuple[Definition, ...]) -> Rendered:
    found = app.state.catalogue[name]
    if name in RECORD_TYPES:
        found = with_custom(found, custom)
    return render({**found, **_short(found, permissions)})


def _short(found: Description, permissions: frozenset[str]) -> Description:
    actions = [{**one, "permitted": _permitted(one, permissions)} for one in found["actions"]]
    return {**{name: found[name] for name in _SHORT}, "actions": actions}


def _permitted(action: Description, permissions: frozenset[str]) -> bool:
    one_of = action.get("one_of")
    return permissions.issuperset(action["permissions"]) and (one_of is None or not permissions.isdisjoint(one_of))
