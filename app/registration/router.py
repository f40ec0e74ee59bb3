"""`/v1/leads`: registering, changing and deleting leads."""

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from app.core.context import Ctx, PostCtx
from app.core.etags import IfMatch, OptionalIfMatch
from app.core.problems import Forbidden, IdTaken, InUse, Invalid, declared
from app.leads.problems import LeadClosed, NotYourLead
from app.leads.queries import LEAD
from app.leads.schemas import LeadCreate, LeadRead, LeadUpdate
from app.locks.problems import CustomerTaken, CustomerYours, PossiblyTaken
from app.registration import service

router = APIRouter(prefix="/leads", tags=["leads"])


@router.post(
    "",
    operation_id="create_lead",
    summary="Register a lead",
    status_code=201,
    response_model=LeadRead,
    responses=declared(Forbidden, IdTaken, CustomerTaken, CustomerYours, PossiblyTaken, Invalid)
    | {200: {"description": "Created before by the same request.", "model": LeadRead}},
)
async def create_lead(ctx: PostCtx, body: LeadCreate) -> Response:
    """Register a possible customer under the project's rules; in a protection project this takes the lock.

    While another one's lead or lock stands for the customer, under whatever spelling: 409 with the matches and whom to ask.
    """
    id_, new = await service.create(ctx, body)
    return await LEAD.reply(ctx, id_, status=201 if new else 200, location=f"/v1/leads/{id_}")


@router.patch(
    "/{lead_id:uuid}",
    operation_id="update_lead",
    summary="Change a lead",
    response_model=LeadRead,
    responses=declared(Forbidden, NotYourLead, LeadClosed, CustomerTaken, CustomerYours, PossiblyTaken, Invalid),
)
async def update_lead(ctx: Ctx, lead_id: UUID, patch: LeadUpdate, if_match: IfMatch = None) -> Response:
    """Change an open lead. A new name or address is examined like a new lead's."""
    await service.update(ctx, lead_id, patch, if_match)
    return await LEAD.reply(ctx, lead_id)


@router.delete(
    "/{lead_id:uuid}",
    operation_id="delete_lead",
    summary="Delete a lead",
    status_code=204,
    responses=declared(Forbidden, NotYourLead, LeadClosed, InUse),
)
async def delete_lead(ctx: Ctx, lead_id: UUID, if_match: OptionalIfMatch = None) -> Response:
    """Delete an open lead; the customer is free again. `If-Match` is optional here."""
    await service.remove(ctx, lead_id, if_match)
    return ctx.reply(None, status=204)
