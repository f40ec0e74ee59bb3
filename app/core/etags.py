"""Versions on the wire: `ETag` out, `If-Match` in."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import orjson
from fastapi import Header
from starlette.requests import Request
from starlette.responses import Response

from app.core.problems import PreconditionRequired, StaleVersion

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match", max_length=200, description='The version that was read, such as `"3"`. Required: 428 without.'
    ),
]


async def require_version(version: int, if_match: str | None, current: Callable[[], Awaitable[bytes]]) -> None:
    """Raise PreconditionRequired without If-Match, StaleVersion (with the record as it is) when it names another version.

    `*` matches any version.
    """
    if if_match is None:
        raise PreconditionRequired
    wanted = {tag.strip().removeprefix("W/").strip('"') for tag in if_match.split(",")}
    if "*" not in wanted and str(version) not in wanted:
        raise StaleVersion(headers={"ETag": f'"{version}"'}, extra={"current": orjson.Fragment(await current())})


def tagged(request: Request, body: bytes, version: int) -> Response:
    """A record's answer with its ETag; 304 when the client has that version already."""
    tag = f'"{version}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"ETag": tag})
    return Response(body, 200, {"ETag": tag}, "application/json")


def version_of(row: Any) -> int:
    """The version column of a row."""
    return int(row["version"])
