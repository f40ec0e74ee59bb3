"""Attachments: `/v1/{records}/{id}/attachments` and `/v1/attachments`. One registry, two routes for each kind of record."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from app.accounts.access import NotAManager
from app.activities.problems import ConvertFirst
from app.core.context import Ctx, IdempotencyKey
from app.core.problems import Forbidden, IdTaken, TooLarge, UnsupportedMediaType, declared
from app.core.resource import Page
from app.core.types import ClientId
from app.files import service
from app.files.problems import ContentLost, RangeNotSatisfiable, TooManyAttachments, UploadInterrupted
from app.files.queries import ATTACHMENT
from app.files.records import KINDS, Kind
from app.files.schemas import AttachmentQuery, AttachmentRead, ContentDigest, FileName, conditional
from app.leads.problems import LeadClosed, NotYourLead

router = APIRouter(tags=["attachments"])

BINARY = {"type": "string", "format": "binary"}
_UPLOAD = """
Keep a file on the {name}: the body is the file as it is, of any type, at most 25 MB (26,214,400 bytes). No form, no
`multipart`: `fetch(url, {{method: "POST", body: file}})`. Its type is told by the content, not by `Content-Type`.

With an `id` of its own, an upload that broke off or whose answer was lost can be sent again: the same file is kept once.
"""
_ID = "A UUIDv7, optional, chosen by the client: the same file again is not kept twice."


def body_of(kinds: tuple[str, ...]) -> dict[str, Any]:
    """`openapi_extra` of a route whose request is a file."""
    return {"requestBody": {"required": True, "content": {kind: {"schema": BINARY} for kind in kinds}}}


def _add(kind: Kind) -> None:
    id_name = f"{kind.record_type}_id"
    about = " A lead of a lean project takes none: convert it first." if kind.record_type == "lead" else ""

    async def list_attachments(
        ctx: Ctx,
        request: Request,
        record_id: Annotated[UUID, Path(alias=id_name)],
        query: Annotated[AttachmentQuery, Query()],
    ) -> Response:
        return await service.page(ctx, request, kind, record_id, query)

    async def upload_attachment(  # noqa: PLR0917  (FastAPI passes them by name)
        ctx: Ctx,
        request: Request,
        record_id: Annotated[UUID, Path(alias=id_name)],
        filename: FileName,
        id: Annotated[ClientId | None, Query(description=_ID)] = None,  # noqa: A002  (the parameter's name)
        content_digest: ContentDigest = None,
        key: IdempotencyKey = None,
    ) -> Response:
        made, new = await service.upload(
            ctx, request, kind, record_id, filename=filename, id_=id, digest=content_digest, key=key
        )
        return await ATTACHMENT.reply(ctx, made, status=201 if new else 200, location=f"/v1/attachments/{made}")

    path = f"/{kind.path}/{{{id_name}:uuid}}/attachments"
    router.add_api_route(
        path,
        list_attachments,
        methods=["GET"],
        operation_id=f"list_{kind.record_type}_attachments",
        summary=f"List the files of one {kind.record_type}",
        description=f"The files on this {kind.record_type}, for whoever sees it.",
        response_model=Page[AttachmentRead],
    )
    router.add_api_route(
        path,
        upload_attachment,
        methods=["POST"],
        operation_id=f"upload_{kind.record_type}_attachment",
        summary=f"Attach a file to one {kind.record_type}",
        description=_UPLOAD.format(name=kind.record_type).strip() + about,
        status_code=201,
        response_model=AttachmentRead,
        responses=declared(
            IdTaken, TooLarge, UnsupportedMediaType, UploadInterrupted, TooManyAttachments, *kind.problems
        )
        | {200: {"description": "Kept before by the same request.", "model": AttachmentRead}},
        openapi_extra=body_of(("application/octet-stream",)),
    )


for _kind in KINDS.values():
    _add(_kind)


@router.get(
    "/attachments/{attachment_id:uuid}",
    operation_id="get_attachment",
    summary="Get what is known of a file",
    response_model=AttachmentRead,
)
async def get_attachment(ctx: Ctx, request: Request, attachment_id: UUID) -> Response:
    """Name, type, size and digest of one attachment, for whoever sees its record."""
    await service.readable(ctx, attachment_id)
    return await ATTACHMENT.read(ctx, request, attachment_id)


_CONTENT = {"*/*": {"schema": BINARY}}
_TAG = {"ETag": {"$ref": "#/components/headers/ETag"}}
_PART = {
    "Accept-Ranges": {"description": "`bytes`", "schema": {"type": "string"}},
    "Content-Disposition": {
        "description": "Always `attachment`, with the file's name.",
        "schema": {"type": "string"},
    },
}


@router.get(
    "/attachments/{attachment_id:uuid}/content",
    operation_id="download_attachment",
    summary="Download a file",
    response_class=Response,
    responses=declared(ContentLost, RangeNotSatisfiable)
    | {
        200: {"description": "The file.", "content": _CONTENT, "headers": _TAG | _PART},
        206: {
            "description": "The range that was asked for.",
            "content": _CONTENT,
            "headers": _TAG
            | _PART
            | {"Content-Range": {"description": "Which part of how much.", "schema": {"type": "string"}}},
        },
        304: {"description": "The client has this content already."},
    },
    openapi_extra={"parameters": conditional("Range", "If-Range", "If-None-Match")},
)
async def download_attachment(ctx: Ctx, request: Request, attachment_id: UUID) -> Response:
    """The content, to be saved and never run: whoever sees the record sees it. A broken download goes on with `Range`."""
    return await service.content(ctx, request, attachment_id)


@router.delete(
    "/attachments/{attachment_id:uuid}",
    operation_id="delete_attachment",
    summary="Delete a file",
    status_code=204,
    response_model=None,
    responses=declared(Forbidden, NotAManager, NotYourLead, LeadClosed, ConvertFirst),
)
async def delete_attachment(ctx: Ctx, attachment_id: UUID) -> Response:
    """Delete an attachment, for whoever may change its record; its content goes with it."""
    await service.remove(ctx, attachment_id)
    return ctx.reply(None, status=204)
