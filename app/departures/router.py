"""`/v1/contacts/{id}/departure`: a contact leaves their account (ACC-6)."""

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from app.accounts.access import NotAManager
from app.contacts.models import Contact
from app.core.context import Ctx, PostCtx
from app.core.permissions import Permission
from app.core.problems import declared
from app.departures import service
from app.departures.problems import AlreadyLeft, DepartureUsed
from app.departures.queries import DEPARTURE
from app.departures.schemas import DepartureCreate, DepartureRead
from app.locks.problems import CustomerTaken, CustomerYours, PossiblyTaken

router = APIRouter(prefix="/contacts/{contact_id:uuid}/departure", tags=["contacts"])


@router.get("", operation_id="get_contact_departure", summary="Get a contact's departure", response_model=DepartureRead)
async def get_contact_departure(ctx: Ctx, contact_id: UUID) -> Response:
    """When and why the contact left, and what was made of where they went; 404 while they are there."""
    ctx.require(Permission.CONTACTS_READ)
    contact = await ctx.load(Contact, contact_id, lock=False)
    return await DEPARTURE.reply(ctx, await service.latest(ctx, contact))


@router.post(
    "",
    operation_id="record_contact_departure",
    summary="A contact leaves",
    status_code=201,
    response_model=DepartureRead,
    responses=declared(NotAManager, AlreadyLeft, CustomerTaken, CustomerYours, PossiblyTaken),
)
async def record_contact_departure(ctx: PostCtx, contact_id: UUID, body: DepartureCreate) -> Response:
    """Mark the contact, who is not to be contacted there any more, nor decides there; and make, where they went is named,
    the person anew at that account, or a lead of the centre that answers for that company. In one transaction, once.
    """
    id_ = await service.depart(ctx, contact_id, body)
    return await DEPARTURE.reply(ctx, id_, status=201, location=f"/v1/contacts/{contact_id}/departure")


@router.delete(
    "",
    operation_id="undo_contact_departure",
    summary="A contact has not left after all",
    status_code=204,
    response_model=None,
    responses=declared(NotAManager, DepartureUsed),
)
async def undo_contact_departure(ctx: Ctx, contact_id: UUID) -> Response:
    """Take the departure back, while nothing that was made from it is there."""
    await service.undo(ctx, contact_id)
    return ctx.reply(None, status=204)
