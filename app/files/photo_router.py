"""`/v1/contacts/{id}/photo` and `/v1/accounts/{id}/photo`: what somebody looks like, and a customer's logo (ACC-11)."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from app.accounts.access import NotAManager
from app.accounts.queries import ACCOUNT
from app.accounts.schemas import AccountRead
from app.contacts.queries import CONTACT
from app.contacts.schemas import ContactRead
from app.core.context import Ctx
from app.core.problems import TooLarge, declared
from app.core.resource import Resource
from app.files import photos
from app.files.problems import NotAPhoto, PhotoTooManyPixels, PhotoUnreadable, UploadInterrupted
from app.files.records import KINDS, Kind
from app.files.router import BINARY, body_of
from app.files.schemas import conditional

router = APIRouter()

_PUT = """
Show this picture with the {name}: the body is the file as it is, at most 1 MB (1,048,576 bytes), JPEG, PNG, WebP or HEIC; what
it is, its content tells. It is turned upright and scaled to fit 200 × 300, never enlarged, and nothing but its pixels is
kept: no place, no camera. The {name}'s version rises.
"""


def _add(kind: Kind, resource: Resource, read: type[Any]) -> None:
    id_name = f"{kind.record_type}_id"

    async def put_photo(ctx: Ctx, request: Request, record_id: Annotated[UUID, Path(alias=id_name)]) -> Response:
        await photos.put(ctx, request, kind, record_id)
        return await resource.reply(ctx, record_id)

    async def get_photo(
        ctx: Ctx,
        request: Request,
        record_id: Annotated[UUID, Path(alias=id_name)],
        version: Annotated[  # noqa: ARG001  (it only makes the address another one)
            UUID | None, Query(description="As in the record's `photo.url`: another picture, another address.")
        ] = None,
    ) -> Response:
        return await photos.show(ctx, request, kind, record_id)

    async def delete_photo(ctx: Ctx, record_id: Annotated[UUID, Path(alias=id_name)]) -> Response:
        await photos.remove(ctx, kind, record_id)
        return ctx.reply(None, status=204)

    path = f"/{kind.path}/{{{id_name}:uuid}}/photo"
    router.add_api_route(
        path,
        put_photo,
        methods=["PUT"],
        tags=[kind.tag],
        operation_id=f"put_{kind.record_type}_photo",
        summary=f"Set the photo of one {kind.record_type}",
        description=_PUT.format(name=kind.record_type).strip(),
        response_model=read,
        responses=declared(NotAManager, TooLarge, UploadInterrupted, NotAPhoto, PhotoUnreadable, PhotoTooManyPixels),
        openapi_extra=body_of(("application/octet-stream",)),
    )
    router.add_api_route(
        path,
        get_photo,
        methods=["GET"],
        tags=[kind.tag],
        operation_id=f"get_{kind.record_type}_photo",
        summary=f"Get the photo of one {kind.record_type}",
        description=f"The picture, for whoever sees the {kind.record_type}; 404 where there is none.",
        response_class=Response,
        responses={
            200: {
                "description": "The picture.",
                "content": {"image/jpeg": {"schema": BINARY}, "image/png": {"schema": BINARY}},
                "headers": {"ETag": {"$ref": "#/components/headers/ETag"}},
            },
            304: {"description": "The client has this picture already."},
        },
        openapi_extra={"parameters": conditional("If-None-Match")},
    )
    router.add_api_route(
        path,
        delete_photo,
        methods=["DELETE"],
        tags=[kind.tag],
        operation_id=f"delete_{kind.record_type}_photo",
        summary=f"Delete the photo of one {kind.record_type}",
        description="Take the picture away. Without one, nothing happens.",
        status_code=204,
        response_model=None,
        responses=declared(NotAManager),
    )


_add(KINDS["account"], ACCOUNT, AccountRead)
_add(KINDS["contact"], CONTACT, ContactRead)
