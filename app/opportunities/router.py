"""`/v1/opportunities` and `/v1/pipelines`: chances of an order, their board, their ways."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi import Body as FromBody
from starlette.responses import Response

from app.core.context import Ctx, PostCtx
from app.core.etags import IfMatch
from app.core.permissions import Permission
from app.core.problems import Conflict, IdTaken, InUse, declared
from app.core.resource import Page
from app.opportunities import board, pipelines, service
from app.opportunities.pipeline_schemas import PipelineCreate, PipelineQuery, PipelineRead, PipelineUpdate
from app.opportunities.problems import AlreadyCreated, CustomerGone, StageInUse
from app.opportunities.queries import OPPORTUNITY, PIPELINE
from app.opportunities.schemas import (
    MESSAGE_EXAMPLE,
    OpportunityBoard,
    OpportunityBoardQuery,
    OpportunityCreate,
    OpportunityQuery,
    OpportunityRead,
    OpportunityUpdate,
)

router = APIRouter(prefix="/opportunities", tags=["opportunities"])
pipeline_router = APIRouter(prefix="/pipelines", tags=["opportunities"])

LIST = "/v1/opportunities"
"""Where a board's column goes on."""

_CREATE_EXAMPLES = {
    "from_a_request": {"summary": "Turn a developer's message into the opportunity", "value": MESSAGE_EXAMPLE},
    "by_hand": {
        "summary": "Make one for an account",
        "value": {
            "name": "Flatrate für drei Standorte",
            "account_id": "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1d",
            "expected_revenue": {"amount": "12500.00", "currency": "EUR"},
            "close_on": "2027-03-31",
        },
    },
}


@router.get("", operation_id="list_opportunities", summary="List opportunities", response_model=Page[OpportunityRead])
async def list_opportunities(ctx: Ctx, request: Request, query: Annotated[OpportunityQuery, Query()]) -> Response:
    """The opportunities that the asker may see: assigned to them, made by them, or of their teams."""
    ctx.require(Permission.OPPORTUNITIES_READ)
    return await OPPORTUNITY.page(ctx, request, query)


@router.post(
    "",
    operation_id="create_opportunity",
    summary="Create an opportunity",
    status_code=201,
    response_model=OpportunityRead,
    responses=declared(IdTaken, AlreadyCreated, CustomerGone)
    | {200: {"description": "Created before by the same request or person.", "model": OpportunityRead}},
)
async def create_opportunity(
    ctx: PostCtx,
    body: Annotated[OpportunityCreate, FromBody(openapi_examples=_CREATE_EXAMPLES)],
) -> Response:
    """Make an opportunity for an account that the asker sees.

    With `message_id`, sales support turns a developer's request into it: the message says customer, person, stage and
    revenue, the developer becomes the assignee and is notified. A request becomes one opportunity only.
    """
    id_, new = await service.create(ctx, body)
    return await OPPORTUNITY.reply(ctx, id_, status=201 if new else 200, location=f"{LIST}/{id_}")


@router.get(
    "/board", operation_id="get_opportunity_board", summary="Opportunities as a board", response_model=OpportunityBoard
)
async def get_opportunity_board(ctx: Ctx, query: Annotated[OpportunityBoardQuery, Query()]) -> Response:
    """A column per stage: all cards counted and summed per currency, plainly and by probability, the newest shown.

    A column's further cards come from the list, with its `stage_id`, the board's filters and the column's `next_cursor`.
    """
    ctx.require(Permission.OPPORTUNITIES_READ)
    return await board.board(ctx, query, LIST)


@router.get(
    "/{opportunity_id:uuid}",
    operation_id="get_opportunity",
    summary="Get an opportunity",
    response_model=OpportunityRead,
)
async def get_opportunity(ctx: Ctx, request: Request, opportunity_id: UUID) -> Response:
    """One opportunity."""
    ctx.require(Permission.OPPORTUNITIES_READ)
    return await OPPORTUNITY.read(ctx, request, opportunity_id)


@router.patch(
    "/{opportunity_id:uuid}",
    operation_id="update_opportunity",
    summary="Change an opportunity",
    response_model=OpportunityRead,
)
async def update_opportunity(
    ctx: Ctx, opportunity_id: UUID, patch: OpportunityUpdate, if_match: IfMatch = None
) -> Response:
    """Change an opportunity.

    `stage_id` alone moves the card: probability and status follow the stage; a lost one needs a `close_reason`. `probability`
    alone is the asker's own estimate. `assignee_id` hands it over; the new assignee is notified.
    """
    await service.update(ctx, opportunity_id, patch, if_match)
    return await OPPORTUNITY.reply(ctx, opportunity_id)


@router.delete(
    "/{opportunity_id:uuid}",
    operation_id="delete_opportunity",
    summary="Delete an opportunity",
    status_code=204,
    response_model=None,
    responses=declared(InUse),
)
async def delete_opportunity(ctx: Ctx, opportunity_id: UUID) -> Response:
    """Delete an opportunity. Its activities stay with the account, its history stays too."""
    await service.remove(ctx, opportunity_id)
    return ctx.reply(None, status=204)


@pipeline_router.get("", operation_id="list_pipelines", summary="List pipelines", response_model=Page[PipelineRead])
async def list_pipelines(ctx: Ctx, request: Request, query: Annotated[PipelineQuery, Query()]) -> Response:
    """All pipelines with their stages in order."""
    return await PIPELINE.page(ctx, request, query)


@pipeline_router.post(
    "",
    operation_id="create_pipeline",
    summary="Create a pipeline",
    status_code=201,
    response_model=PipelineRead,
    responses=declared(Conflict, IdTaken)
    | {200: {"description": "Created before by the same request.", "model": PipelineRead}},
)
async def create_pipeline(ctx: PostCtx, body: PipelineCreate) -> Response:
    """Make a pipeline with its stages. Administrators only."""
    id_, new = await pipelines.create(ctx, body)
    return await PIPELINE.reply(ctx, id_, status=201 if new else 200, location=f"/v1/pipelines/{id_}")


@pipeline_router.get(
    "/{pipeline_id:uuid}", operation_id="get_pipeline", summary="Get a pipeline", response_model=PipelineRead
)
async def get_pipeline(ctx: Ctx, request: Request, pipeline_id: UUID) -> Response:
    """One pipeline with its stages in order."""
    return await PIPELINE.read(ctx, request, pipeline_id)


@pipeline_router.patch(
    "/{pipeline_id:uuid}",
    operation_id="update_pipeline",
    summary="Change a pipeline",
    response_model=PipelineRead,
    responses=declared(StageInUse),
)
async def update_pipeline(ctx: Ctx, pipeline_id: UUID, patch: PipelineUpdate, if_match: IfMatch = None) -> Response:
    """Change a pipeline's name or stages: rename, reorder, add, remove. Administrators only.

    A stage with opportunities keeps its category and is not removed. Standing opportunities keep their probability.
    """
    await pipelines.update(ctx, pipeline_id, patch, if_match)
    return await PIPELINE.reply(ctx, pipeline_id)
