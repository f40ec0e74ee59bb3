"""`/v1/data-quality`: what is not as it should be, and what mends it (ACC-15)."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.core.context import Ctx
from app.core.problems import Forbidden, declared
from app.core.resource import Page
from app.data_quality import service
from app.data_quality.schemas import FindingCountQuery, FindingCounts, FindingQuery, FindingRead

router = APIRouter(prefix="/data-quality", tags=["data-quality"])


@router.get(
    "",
    operation_id="list_findings",
    summary="List findings of poor data",
    response_model=Page[FindingRead],
    responses=declared(Forbidden),
)
async def list_findings(ctx: Ctx, request: Request, query: Annotated[FindingQuery, Query()]) -> Response:
    """Findings on accounts and contacts that the asker sees, those on one record together, each with what mends it."""
    return await service.page(ctx, request, query)


@router.get(
    "/counts",
    operation_id="count_findings",
    summary="Count findings by type, centre and team",
    response_model=FindingCounts,
    responses=declared(Forbidden),
)
async def count_findings(ctx: Ctx, query: Annotated[FindingCountQuery, Query()]) -> Response:
    """How many records have which finding, and how many of them belong to each centre and team."""
    return ctx.reply(await service.counts(ctx, query))
