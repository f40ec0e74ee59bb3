"""`/v1/leads/{id}/conversion`: lead → customer."""

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from app.accounts.access import NotAManager
from app.conversion import service
from app.conversion.preview import preview
from app.conversion.problems import AlreadyConverted, AlreadyRequested, DuplicateAccount, NotConverted
from app.conversion.queries import conversion
from app.conversion.schemas import ConversionCreate, ConversionPreview, ConversionRead, OpportunityRequest
from app.core.context import Ctx, PostCtx
from app.core.problems import Forbidden, Invalid, declared
from app.leads.problems import LeadClosed, NotYourLead
from app.locks.problems import CustomerTaken, PossiblyTaken

router = APIRouter(prefix="/leads/{lead_id:uuid}", tags=["leads"])


@router.get(
    "/conversion",
    operation_id="preview_conversion",
    summary="Preview a conversion",
    response_model=ConversionPreview,
    responses=declared(Forbidden),
)
async def preview_conversion(ctx: Ctx, lead_id: UUID) -> Response:
    """Matching customers with their fields beside the lead's, what master data lack, and what happened if it is done."""
    return ctx.reply(await preview(ctx, lead_id))


@router.post(
    "/conversion",
    operation_id="convert_lead",
    summary="Convert a lead",
    status_code=201,
    response_model=ConversionRead,
    responses=declared(
        *(Forbidden, NotYourLead, NotAManager, LeadClosed, AlreadyConverted, DuplicateAccount, Invalid),
        *(CustomerTaken, PossiblyTaken),
    )
    | {200: {"description": "Converted before by the same request.", "model": ConversionRead}},
)
async def convert_lead(ctx: PostCtx, lead_id: UUID, body: ConversionCreate) -> Response:
    """Make the lead a customer: account, contact if a person is named, follow-on activity, message to sales support, and the
    lock's last steps, in one transaction and once. The lead's data stay with the lead.
    """
    new = await service.convert(ctx, lead_id, body)
    row = await ctx.fetch_one(conversion(ctx.reach), lead_id=lead_id)
    return ctx.reply(row["json"].encode(), status=201 if new else 200, location=f"/v1/leads/{lead_id}/conversion")


@router.post(
    "/opportunity-request",
    operation_id="request_opportunity",
    summary="Ask for a converted lead's opportunity",
    status_code=201,
    response_model=ConversionRead,
    responses=declared(Forbidden, NotYourLead, NotConverted, AlreadyRequested, Invalid),
)
async def request_opportunity(ctx: PostCtx, lead_id: UUID, body: OpportunityRequest) -> Response:
    """The last step, where it was left out at the conversion: sales support gets the message, and the lock becomes active."""
    await service.request_later(ctx, lead_id, body)
    row = await ctx.fetch_one(conversion(ctx.reach), lead_id=lead_id)
    return ctx.reply(row["json"].encode(), status=201, location=f"/v1/leads/{lead_id}/conversion")
