"""`/v1/erp-events`: what the ERP is to be told (VISIT-3)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.core.context import Ctx, PostCtx
from app.core.permissions import Permission
from app.core.resource import Page
from app.erp_events import service
from app.erp_events.queries import ERP_EVENT, PENDING
from app.erp_events.schemas import ErpEventQuery, ErpEventRead

router = APIRouter(prefix="/erp-events", tags=["erp-events"])


@router.get("", operation_id="list_erp_events", summary="List events for the ERP", response_model=Page[ErpEventRead])
async def list_erp_events(ctx: Ctx, request: Request, query: Annotated[ErpEventQuery, Query()]) -> Response:
    """What the ERP has not acknowledged, in the order in which it happened. None is passed over: what a transaction wrote
    that was open for long comes in its place. Events of accounts that the ERP does not know wait until it does.
    """
    ctx.require(Permission.ERP_FOLLOW)
    return await PENDING.page(ctx, request, query)


@router.post(
    "/{event_id:uuid}/acknowledge",
    operation_id="acknowledge_erp_event",
    summary="Acknowledge an event for the ERP",
    response_model=ErpEventRead,
)
async def acknowledge_erp_event(ctx: PostCtx, event_id: UUID) -> Response:
    """The ERP has taken the event: it is not listed any more. Sent again, nothing changes."""
    await service.acknowledge(ctx, event_id)
    return await ERP_EVENT.reply(ctx, event_id)
