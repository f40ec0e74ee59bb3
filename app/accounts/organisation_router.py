"""`/v1/member-organisations`: chambers, associations and buying groups that accounts belong to (ACC-7)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.accounts import organisations
from app.accounts.organisation_schemas import (
    MemberOrganisationCreate,
    MemberOrganisationQuery,
    MemberOrganisationRead,
    MemberOrganisationUpdate,
)
from app.accounts.queries import MEMBER_ORGANISATION
from app.core.context import Ctx, PostCtx
from app.core.etags import IfMatch
from app.core.problems import Conflict, IdTaken, InUse, declared
from app.core.resource import Page

router = APIRouter(prefix="/member-organisations", tags=["accounts"])


@router.get(
    "",
    operation_id="list_member_organisations",
    summary="List member organisations",
    response_model=Page[MemberOrganisationRead],
)
async def list_member_organisations(
    ctx: Ctx, request: Request, query: Annotated[MemberOrganisationQuery, Query()]
) -> Response:
    """All of them."""
    return await MEMBER_ORGANISATION.page(ctx, request, query)


@router.post(
    "",
    operation_id="create_member_organisation",
    summary="Create a member organisation",
    status_code=201,
    response_model=MemberOrganisationRead,
    responses=declared(Conflict, IdTaken)
    | {200: {"description": "Created before by the same request.", "model": MemberOrganisationRead}},
)
async def create_member_organisation(ctx: PostCtx, body: MemberOrganisationCreate) -> Response:
    """Make one."""
    id_, new = await organisations.create(ctx, body)
    location = f"/v1/member-organisations/{id_}"
    return await MEMBER_ORGANISATION.reply(ctx, id_, status=201 if new else 200, location=location)


@router.get(
    "/{organisation_id:uuid}",
    operation_id="get_member_organisation",
    summary="Get a member organisation",
    response_model=MemberOrganisationRead,
)
async def get_member_organisation(ctx: Ctx, request: Request, organisation_id: UUID) -> Response:
    """One of them."""
    return await MEMBER_ORGANISATION.read(ctx, request, organisation_id)


@router.patch(
    "/{organisation_id:uuid}",
    operation_id="update_member_organisation",
    summary="Change a member organisation",
    response_model=MemberOrganisationRead,
    responses=declared(Conflict),
)
async def update_member_organisation(
    ctx: Ctx, organisation_id: UUID, patch: MemberOrganisationUpdate, if_match: IfMatch = None
) -> Response:
    """Rename it, or take it out of use: accounts that have it keep it."""
    await organisations.update(ctx, organisation_id, patch, if_match)
    return await MEMBER_ORGANISATION.reply(ctx, organisation_id)


@router.delete(
    "/{organisation_id:uuid}",
    operation_id="delete_member_organisation",
    summary="Delete a member organisation",
    status_code=204,
    response_model=None,
    responses=declared(InUse),
)
async def delete_member_organisation(ctx: Ctx, organisation_id: UUID) -> Response:
    """Delete one that no account has."""
    await organisations.remove(ctx, organisation_id)
    return ctx.reply(None, status=204)
