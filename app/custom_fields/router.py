"""`/v1/custom-fields`: fields that the installation adds to its records (ACC-10)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.core.context import Ctx, PostCtx
from app.core.etags import IfMatch
from app.core.problems import Forbidden, IdTaken, Invalid, declared
from app.core.resource import Page
from app.custom_fields import service
from app.custom_fields.problems import FieldInUse, TooManyFields
from app.custom_fields.queries import CUSTOM_FIELD
from app.custom_fields.schemas import (
    CustomFieldCreate,
    CustomFieldQuery,
    CustomFieldRead,
    CustomFieldUpdate,
    FieldOrder,
)
from app.identity.authentication import forgetting

router = APIRouter(prefix="/custom-fields", tags=["custom-fields"])


@router.get("", operation_id="list_custom_fields", summary="List custom fields", response_model=Page[CustomFieldRead])
async def list_custom_fields(ctx: Ctx, request: Request, query: Annotated[CustomFieldQuery, Query()]) -> Response:
    """The fields that the installation has added to leads, accounts, contacts and opportunities."""
    return await CUSTOM_FIELD.page(ctx, request, query)


@router.post(
    "",
    operation_id="create_custom_field",
    summary="Add a custom field",
    status_code=201,
    response_model=CustomFieldRead,
    responses=declared(Forbidden, IdTaken, TooManyFields, Invalid)
    | {200: {"description": "Created before by the same request.", "model": CustomFieldRead}},
)
async def create_custom_field(ctx: PostCtx, request: Request, body: CustomFieldCreate) -> Response:
    """Add a field to a kind of record, after the others. Administrators only."""
    id_, new = await service.create(ctx, body)
    ctx.after_commit(forgetting(request, None))
    return await CUSTOM_FIELD.reply(ctx, id_, status=201 if new else 200, location=f"/v1/custom-fields/{id_}")


@router.put(
    "/order",
    operation_id="order_custom_fields",
    summary="Order custom fields",
    status_code=204,
    responses=declared(Forbidden, Invalid),
)
async def order_custom_fields(ctx: Ctx, body: FieldOrder) -> Response:
    """Put all fields of one kind of record that are in use into a new order. Administrators only."""
    await service.order(ctx, body)
    return ctx.reply(None, status=204)


@router.get(
    "/{field_id:uuid}",
    operation_id="get_custom_field",
    summary="Get a custom field",
    response_model=CustomFieldRead,
)
async def get_custom_field(ctx: Ctx, request: Request, field_id: UUID) -> Response:
    """One field."""
    return await CUSTOM_FIELD.read(ctx, request, field_id)


@router.patch(
    "/{field_id:uuid}",
    operation_id="update_custom_field",
    summary="Change a custom field",
    response_model=CustomFieldRead,
    responses=declared(Forbidden, TooManyFields, Invalid),
)
async def update_custom_field(
    ctx: Ctx, request: Request, field_id: UUID, patch: CustomFieldUpdate, if_match: IfMatch = None
) -> Response:
    """Rename a field, change its choices and bounds, retire it or bring it back. Values stay. Administrators only."""
    await service.update_field(ctx, field_id, patch, if_match)
    ctx.after_commit(forgetting(request, None))
    return await CUSTOM_FIELD.reply(ctx, field_id)


@router.delete(
    "/{field_id:uuid}",
    operation_id="delete_custom_field",
    summary="Delete a custom field",
    status_code=204,
    responses=declared(Forbidden, FieldInUse),
)
async def delete_custom_field(ctx: Ctx, request: Request, field_id: UUID) -> Response:
    """Delete a field that no record has a value in; its key is not given again. Administrators only."""
    await service.remove(ctx, field_id)
    ctx.after_commit(forgetting(request, None))
    return ctx.reply(None, status=204)
