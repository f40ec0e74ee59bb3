"""Answers with a file: whole or in part, and so that no browser ever runs what is in it."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import quote

from fastapi import Request
from starlette.responses import Response, StreamingResponse

from app.core.etags import unchanged
from app.files.problems import RangeNotSatisfiable

SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")

Reader = Callable[[int, int], Awaitable[AsyncIterator[bytes]]]
"""Opens the content from one byte up to, but not with, another."""


async def download(
    request: Request, open_: Reader, *, name: str, content_type: str, size: int, sha256: bytes
) -> Response:
    """The content as a file to be saved: 200, 206 for one range, 304. Raises RangeNotSatisfiable.

    Several ranges at once, and what is no range of bytes, get the whole: RFC 9110 leaves that open.
    """
    tag = f'"{sha256.hex()}"'
    headers = {
        **SAFE,
        "ETag": tag,
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-store",
        "Content-Disposition": disposition(name),
        "Content-Type": content_type,
    }
    if unchanged(request, tag):
        return Response(status_code=304, headers={"ETag": tag, "Cache-Control": headers["Cache-Control"]})
    start, end, status = 0, size, 200
    if request.headers.get("if-range", tag) == tag:
        start, end, status = _range(request.headers.get("range", ""), size)
    if status == 206:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    headers["Content-Length"] = str(end - start)
    return StreamingResponse(await open_(start, end), status, headers)


def disposition(name: str) -> str:
    """`Content-Disposition` with the name as it is, and in ASCII for those who read nothing else."""
    plain = re.sub(r'[^\x20-\x7e]|["\\%;]', "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _range(header: str, size: int) -> tuple[int, int, int]:
    found = _RANGE.fullmatch(header.strip())
    if found is None or found.groups() == ("", ""):
        return 0, size, 200
    first, last = found.groups()
    if first == "":
        if int(last) == 0:
            raise RangeNotSatisfiable(size)
        return max(0, size - int(last)), size, 206
    if last != "" and int(last) < int(first):
        return 0, size, 200
    if int(first) >= size:
        raise RangeNotSatisfiable(size)
    return int(first), min(int(last) + 1, size) if last else size, 206
