"""Attachments: taking files in, giving them out, removing them (ACC-11, LEAD-2).

The object comes first, its row after: a row always has its content. What is in between is written down, so that an upload
that comes to no end leaves nothing for longer than a day.
"""

import hashlib
from datetime import UTC, datetime
from uuid import UUID, uuid4

from fastapi import Request
from starlette.responses import Response

from app.core import idempotency
from app.core.context import Context, open_context, services_of
from app.core.db import new_id
from app.core.objects import ObjectMissing, StoreFailed, objects_of
from app.core.problems import NotFound, UnsupportedMediaType
from app.core.records import is_visible
from app.core.writing import already_created
from app.files.contents import safe_name, type_of
from app.files.models import Attachment
from app.files.problems import ContentLost, TooManyAttachments
from app.files.queries import ATTACHMENT, COUNT, UPLOAD_BEGINS, UPLOAD_ENDS, place_of
from app.files.records import KINDS, Kind
from app.files.schemas import AttachmentQuery, AttachmentsOf
from app.files.serving import download
from app.files.spool import Spooled, refuse_large, spooled

MAX_BYTES = 25 * 1024 * 1024
MAX_PER_RECORD = 500


async def page(ctx: Context, request: Request, kind: Kind, record_id: UUID, query: AttachmentQuery) -> Response:
    """The attachments of a visible record. Raises Forbidden, NotFound."""
    ctx.require(kind.read)
    if not await is_visible(ctx, kind.record_type, record_id):
        raise NotFound
    return await ATTACHMENT.page(ctx, request, AttachmentsOf(**query.model_dump(), record_id=record_id))


async def upload(
    ctx: Context,
    request: Request,
    kind: Kind,
    record_id: UUID,
    *,
    filename: str,
    id_: UUID | None,
    digest: str | None,
    key: str | None,
) -> tuple[UUID, bool]:
    """Keep the request's body as a file on the record; returns its id and whether it is new.

    Who may not is told before anything is read. No transaction is open while the file comes in or goes to the store.
    Raises Forbidden, NotFound, what `kind` raises, TooLarge, Invalid, UploadInterrupted, IdTaken, TooManyAttachments, and
    what the Idempotency-Key brings (`key`).
    """
    services = services_of(request)
    kind.require(ctx)
    async with open_context(services, ctx.principal) as before:
        await kind.changeable(before, record_id, lock=False)
    if request.headers.get("content-type", "").strip().lower().startswith("multipart/"):
        raise UnsupportedMediaType  # the boundary lines would be kept as part of the file
    name = safe_name(filename)
    refuse_large(request, MAX_BYTES)
    async with spooled(request, MAX_BYTES, digest) as spool:
        asked = _hash(kind, record_id, name, spool)
        async with open_context(services, ctx.principal) as before:
            if key is None and id_ is not None and await already_created(before, Attachment, id_, asked):
                return id_, False
        object_key = f"attachments/{datetime.now(UTC):%Y-%m}/{uuid4().hex}"
        async with open_context(services, ctx.principal) as before:
            await before.run(UPLOAD_BEGINS, key=object_key)
        await objects_of(services.settings).put(object_key, spool.file)
    if key is not None:
        fingerprint = f"{request.method} {request.url.path}?{request.url.query}\n".encode() + spool.sha256
        ctx.idempotency = idempotency.Claim(ctx.user.user_id, key, hashlib.sha256(fingerprint).digest(), ctx.now)
        await idempotency.claim(ctx.run, ctx.idempotency)
    if id_ is not None and await already_created(ctx, Attachment, id_, asked):
        return id_, False
    await kind.changeable(ctx, record_id, lock=True)
    if (await ctx.run(COUNT, id=record_id))[0]["count"] >= MAX_PER_RECORD:
        raise TooManyAttachments(limit=MAX_PER_RECORD)
    attachment = Attachment(
        id=id_ or new_id(),
        name=name,
        content_type=type_of(spool.head, name),
        size=spool.size,
        sha256=spool.sha256,
        object_key=object_key,
        created_by=ctx.user_id,
        request_hash=asked,
        **{f"{kind.record_type}_id": record_id},
    )
    ctx.session.add(attachment)
    ctx.held.add(attachment.id)
    if not await ctx.run(UPLOAD_ENDS, key=object_key):
        raise StoreFailed("swept")  # it took more than a day
    return attachment.id, True


async def content(ctx: Context, request: Request, attachment_id: UUID) -> Response:
    """The file. Raises Forbidden, NotFound, ContentLost, RangeNotSatisfiable."""
    row = await ctx.fetch_one(place_of(ctx.reach), id=attachment_id)
    ctx.require(KINDS[row["record_type"]].read)
    store = objects_of(ctx.settings)
    names = ("name", "content_type", "size", "sha256")
    try:
        return await download(
            request,
            lambda start, end: store.read(row["object_key"], start, end),
            **{name: row[name] for name in names},
        )
    except ObjectMissing as error:
        raise ContentLost from error


async def readable(ctx: Context, attachment_id: UUID) -> None:
    """Raise NotFound or Forbidden unless the asker may see the attachment."""
    row = await ctx.fetch_one(place_of(ctx.reach), id=attachment_id)
    ctx.require(KINDS[row["record_type"]].read)


async def remove(ctx: Context, attachment_id: UUID) -> None:
    """Remove the attachment; its file goes once that is certain. Raises Forbidden, NotFound, what its record's kind raises."""
    row = await ctx.fetch_one(place_of(ctx.reach), id=attachment_id)
    await KINDS[row["record_type"]].changeable(ctx, row["record_id"], lock=True)
    await ctx.session.delete(await ctx.load(Attachment, attachment_id))


def _hash(kind: Kind, record_id: UUID, name: str, spool: Spooled) -> bytes:
    """What was asked for: the same file under the same name on the same record."""
    return hashlib.sha256(f"{kind.record_type} {record_id} {name}\n".encode() + spool.sha256).digest()
