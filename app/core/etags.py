"""Versions on the wire: `ETag` out, `If-Match` in."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import orjson
from fastapi import Header
from starlette.requests import Request

from app.core.problems import PreconditionRequired, StaleVersion

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match", max_length=200, description='The version that was read, such as `"3"`. Required: 428 without.'
    ),
]


OptionalIfMatch = Annotated[
    str | None,
    Header(alias="If-Match", max_length=200, description="The version that was read; left out, any version will do."),
]


async def require_version(version: int, if_match: str | None, current: Callable[[], Awaitable[bytes]]) -> None:
    """Raise PreconditionRequired without If-Match, StaleVersion (with the record as it is) when it names another version.

    `*` matches any version.
    """
    if if_match is None or not if_match.strip():
        raise PreconditionRequired
    wanted = {tag.strip().removeprefix("W/").strip('"') for tag in if_match.split(",")}
    if "*" not in wanted and str(version) not in wanted:
        raise StaleVersion(headers={"ETag": f'"{version}"'}, extra={"current": orjson.Fragment(await current())})


def unchanged(request: Request, tag: str) -> bool:
    """Whether If-None-Match names this tag (weakly compared, as RFC 9110 wants it), or is `*`."""
    header = request.headers.get("if-none-match")
    if header is None:
        return False
    return any(known.strip().removeprefix("W/") in (tag, "*") for known in header.split(","))
