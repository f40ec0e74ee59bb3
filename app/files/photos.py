"""Photos of contacts and accounts: made small and clean, kept with the record (ACC-11)."""

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from app.core.context import Context, open_context, services_of
from app.core.db import new_id
from app.core.etags import unchanged
from app.core.problems import NotFound, TooLarge
from app.files import scaling
from app.files.models import Photo
from app.files.problems import NotAPhoto, PhotoTooManyPixels, PhotoUnreadable
from app.files.queries import FORGET_PHOTO, photo_id_of, photo_of
from app.files.records import Kind
from app.files.serving import SAFE
from app.files.spool import chunks, refuse_large

MAX_BYTES = 1024 * 1024
_WAIT_SECONDS = 20.0
_WORK_SECONDS = 15.0

_one_at_a_time = asyncio.Semaphore(1)


@dataclass(frozen=True, slots=True)
class Scaled:
    """A picture as it is kept."""

    content_type: str
    width: int
    height: int
    data: bytes


async def put(ctx: Context, request: Request, kind: Kind, record_id: UUID) -> None:
    """Give the record the picture that the request's body is; the one before it goes.

    Raises Forbidden, NotFound, NotAManager, TooLarge, UploadInterrupted, NotAPhoto, PhotoUnreadable, PhotoTooManyPixels.
    """
    async with open_context(services_of(request), ctx.principal) as before:
        await kind.changeable(before, record_id, lock=False)
    refuse_large(request, MAX_BYTES)
    picture = await scaled(b"".join([chunk async for chunk in chunks(request, MAX_BYTES)]))
    await kind.changeable(ctx, record_id, lock=True)
    photo = Photo(
        id=new_id(),
        content_type=picture.content_type,
        width=picture.width,
        height=picture.height,
        data=picture.data,
        created_at=ctx.now,
        created_by=ctx.user_id,
    )
    ctx.session.add(photo)
    await ctx.session.flush()
    await _show(ctx, kind, record_id, photo.id)


async def show(ctx: Context, request: Request, kind: Kind, record_id: UUID) -> Response:
    """The record's picture, or 304. Raises Forbidden, NotFound (also where there is no picture)."""
    ctx.require(kind.read)
    photo_id = (await ctx.fetch_one(photo_id_of(kind.model, ctx.reach), id=record_id))["photo_id"]
    if photo_id is None:
        raise NotFound
    headers = {**SAFE, "ETag": f'"{photo_id}"', "Cache-Control": "private, no-cache"}
    if unchanged(request, headers["ETag"]):
        return Response(status_code=304, headers={name: headers[name] for name in ("ETag", "Cache-Control")})
    row = await ctx.fetch_one(photo_of(kind.model, ctx.reach), id=record_id)
    headers["ETag"] = f'"{row["id"]}"'
    return Response(row["data"], 200, headers, row["content_type"])


async def remove(ctx: Context, kind: Kind, record_id: UUID) -> None:
    """Take the record's picture away, if it has one. Raises Forbidden, NotFound, NotAManager."""
    await kind.changeable(ctx, record_id, lock=True)
    await _show(ctx, kind, record_id, None)


async def _show(ctx: Context, kind: Kind, record_id: UUID, photo_id: UUID | None) -> None:
    record = await ctx.load(kind.model, record_id)
    before, record.photo_id = record.photo_id, photo_id
    await ctx.session.flush()
    if before is not None:
        await ctx.run(FORGET_PHOTO, id=before)


async def scaled(data: bytes) -> Scaled:
    """The picture, small and clean. Raises NotAPhoto, PhotoUnreadable, PhotoTooManyPixels; TimeoutError when too many wait.

    One at a time in each process of the API, in a program of its own that is slow to nobody else.
    """
    if len(data) > MAX_BYTES:
        raise TooLarge(limit=MAX_BYTES)
    if scaling.format_of(data) is None:
        raise NotAPhoto
    async with asyncio.timeout(_WAIT_SECONDS):
        await _one_at_a_time.acquire()
    try:
        said, picture = await _run(data)
    finally:
        _one_at_a_time.release()
    match said.get("error"):
        case None:
            return Scaled(said["content_type"], said["width"], said["height"], picture)
        case "too_many_pixels":
            raise PhotoTooManyPixels(megapixels=scaling.MAX_PIXELS // 1_000_000)
        case "not_a_photo":
            raise NotAPhoto
        case _:
            raise PhotoUnreadable


async def _run(data: bytes) -> tuple[dict[str, Any], bytes]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", str(Path(scaling.__file__))),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ},  # no secrets
    )
    try:
        async with asyncio.timeout(_WORK_SECONDS):
            out, _ = await process.communicate(data)
    except TimeoutError:
        out = b""
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    line, _, picture = out.partition(b"\n")
    if process.returncode != 0 or not line:
        return {"error": "unreadable"}, b""  # a decoder crashed, or took too long
    return json.loads(line), picture
