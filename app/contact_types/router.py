"""`/v1/contact-types`: what kinds of contacts there are (ACC-9)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.contact_types import service
from app.contact_types.queries import CONTACT_TYPE
from app.contact_types.schemas import ContactTypeCreate, ContactTypeQuery, ContactTypeRead, ContactTypeUpdate
from app.core.context import Ctx, PostCtx
from app.core.etags import IfMatch
from app.core.problems import Conflict, IdTaken, InUse, declared
from app.core.resource import Page

router = APIRouter(prefix="/contact-types", tags=["contacts"])


@router.get("", operation_id="list_contact_types", summary="List contact types", response_model=Page[ContactTypeRead])
async def list_contact_types(ctx: Ctx, request: Request, query: Annotated[ContactTypeQuery, Query()]) -> Response:
    """All of them, in their order."""
    return await CONTACT_TYPE.page(ctx, request, query)


@router.post(
    "",
    operation_id="create_contact_type",
    summary="Create a contact type",
    status_code=201,
    response_model=ContactTypeRead,
    responses=declared(Conflict, IdTaken)
    | {200: {"description": "Created before by the same request.", "model": ContactTypeRead}},
)
async def create_contact_type(ctx: PostCtx, body: ContactTypeCreate) -> Response:
    """Make one. Administrators only."""
    id_, new = await service.create(ctx, body)
    return await CONTACT_TYPE.reply(ctx, id_, status=201 if new else 200, location=f"/v1/contact-types/{id_}")


@router.get(
    "/{contact_type_id:uuid}",
    operation_id="get_contact_type",
    summary="Get a contact type",
    response_model=ContactTypeRead,
)
async def get_contact_type(ctx: Ctx, request: Request, contact_type_id: UUID) -> Response:
    """One of them."""
    return await CONTACT_TYPE.read(ctx, request, contact_type_id)


@router.patch(
    "/{contact_type_id:uuid}",
    operation_id="update_contact_type",
    summary="Change a contact type",
    response_model=ContactTypeRead,
)
async def update_contact_type(
    ctx: Ctx, contact_type_id: UUID, patch: ContactTypeUpdate, if_match: IfMatch = None
) -> Response:
    """Rename it, move it, or take it out of use: records that have it keep it."""
    await service.update(ctx, contact_type_id, patch, if_match)
    return await CONTACT_TYPE.reply(ctx, contact_type_id)


@router.delete(
    "/{contact_type_id:uuid}",
    operation_id="delete_contact_type",
    summary="Delete a contact type",
    status_code=204,
    response_model=None,
    responses=declared(InUse),
)
async def delete_contact_type(ctx: Ctx, contact_type_id: UUID) -> Response:
    """Delete one that no account or contact has; one in use can be taken out of use."""
    await service.remove(ctx, contact_type_id)
    return ctx.reply(None, status=204)
