"""Takes an upload in: piece by piece onto the disk, counted and hashed on the way, never in memory as a whole.

No connection to the database is held meanwhile, and the object store sees a file only when all of it is here and right.
"""

import asyncio
import base64
import binascii
import hashlib
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import BinaryIO

from fastapi import Request
from starlette.requests import ClientDisconnect

from app.core.context import services_of
from app.core.objects import StoreFailed
from app.core.problems import Invalid, TooLarge
from app.files.problems import UploadInterrupted

_HEAD = 4096
_PIECE = 256 * 1024
SILENCE_SECONDS = 30.0
"""After so long without a byte an upload is given up."""
LONGEST_SECONDS = 900.0

_DIGEST = re.compile(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/=]{44}):\s*(?:,|$)")
_NOT_A_DIGEST = {"de": "Erwartet wird sha-256=:…:, in Base64.", "en": "Expected sha-256=:…:, in base64."}
_OTHER_CONTENT = {
    "de": "Angekommen ist ein anderer Inhalt, als die Prüfsumme sagt.",
    "en": "What has arrived is not what the digest says.",
}
_EMPTY = {"de": "Die Datei ist leer.", "en": "The file is empty."}


@dataclass(frozen=True, slots=True)
class Spooled:
    """A whole file on the disk, without a name: it is gone when it is closed, or when the process ends."""

    file: BinaryIO
    size: int
    sha256: bytes
    head: bytes


@asynccontextmanager
async def spooled(request: Request, limit: int, digest: str | None) -> AsyncIterator[Spooled]:
    """The request's body as a file. `digest` is its Content-Digest.

    Raises TooLarge, Invalid (empty, not what the digest says), UploadInterrupted, StoreFailed (the disk).
    """
    wanted = _wanted(digest)
    refuse_large(request, limit)
    folder = services_of(request).settings.data_dir / "uploads"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  (closed below)
    except OSError as error:
        raise StoreFailed("spool") from error
    try:
        sha256, size, head = hashlib.sha256(), 0, b""
        async for piece in _pieces(request, limit):
            size += len(piece)
            head = head or bytes(piece[:_HEAD])
            await asyncio.to_thread(_take, file, sha256, piece)
        if size == 0:
            raise Invalid([("", "empty_file", _EMPTY)])
        if wanted is not None and wanted != sha256.digest():
            raise Invalid([(":Content-Digest", "digest_mismatch", _OTHER_CONTENT)])
        file.seek(0)
        yield Spooled(file, size, sha256.digest(), head)
    finally:
        file.close()


def refuse_large(request: Request, limit: int) -> None:
    """Raise TooLarge when the request says itself that its body is too long; and let the server read so much of it."""
    length = request.headers.get("content-length", "")
    if length.isascii() and length.isdigit() and (len(length) > 15 or int(length) > limit):
        raise TooLarge(limit=limit)
    request.scope["body_limit"] = limit + 1024 * 1024  # beyond this the server stops reading, whatever reads here


async def chunks(request: Request, limit: int) -> AsyncIterator[bytes]:
    """The body as it comes. Raises TooLarge, UploadInterrupted."""
    received = 0
    stream = request.stream()
    try:
        async with asyncio.timeout(LONGEST_SECONDS):
            while True:
                async with asyncio.timeout(SILENCE_SECONDS):
                    try:
                        chunk = await anext(stream)
                    except StopAsyncIteration:
                        return
                received += len(chunk)
                if received > limit:
                    raise TooLarge(limit=limit)
                yield chunk
    except (ClientDisconnect, TimeoutError) as error:
        raise UploadInterrupted from error


async def _pieces(request: Request, limit: int) -> AsyncIterator[bytearray]:
    """The body in pieces that are worth a trip to a thread."""
    piece = bytearray()
    async for chunk in chunks(request, limit):
        piece += chunk
        if len(piece) >= _PIECE:
            yield piece
            piece = bytearray()
    if piece:
        yield piece


def _take(file: BinaryIO, sha256: "hashlib._Hash", piece: bytearray) -> None:
    sha256.update(piece)
    try:
        file.write(piece)
        file.flush()
    except OSError as error:
        raise StoreFailed("spool") from error


def _wanted(digest: str | None) -> bytes | None:
    if digest is None:
        return None
    found = _DIGEST.search(digest)
    try:
        value = base64.b64decode(found.group(1), validate=True) if found else b""
    except binascii.Error:
        value = b""
    if len(value) != hashlib.sha256().digest_size:
        raise Invalid([(":Content-Digest", "digest_form", _NOT_A_DIGEST)])
    return value
