"""`/v1/leads`: reading leads."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.core.context import Ctx
from app.core.permissions import Permission
from app.core.resource import Page
from app.leads import board
from app.leads.queries import LEAD
from app.leads.schemas import BoardQuery, LeadBoard, LeadQuery, LeadRead

router = APIRouter(prefix="/leads", tags=["leads"])


@router.get("", operation_id="list_leads", summary="List leads", response_model=Page[LeadRead])
async def list_leads(ctx: Ctx, request: Request, query: Annotated[LeadQuery, Query()]) -> Response:
    """Leads that one may see, filtered and sorted."""
    ctx.require(Permission.LEADS_READ)
    return await LEAD.page(ctx, request, query)


@router.get("/board", operation_id="get_lead_board", summary="Leads as a board", response_model=LeadBoard)
async def get_lead_board(ctx: Ctx, query: Annotated[BoardQuery, Query()]) -> Response:
    """Columns by status with all leads counted, converted ones included, and the newest cards; `q` searches over all.

    A column's further cards come from the list with its `status`.
    """
    ctx.require(Permission.LEADS_READ)
    return await board.board(ctx, query)


@router.get("/{lead_id:uuid}", operation_id="get_lead", summary="Get a lead", response_model=LeadRead)
async def get_lead(ctx: Ctx, request: Request, lead_id: UUID) -> Response:
    """One lead."""
    ctx.require(Permission.LEADS_READ)
    return await LEAD.read(ctx, request, lead_id)
