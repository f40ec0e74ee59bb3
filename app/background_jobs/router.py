"""`/v1/background-jobs`: what the product does by itself, for administrators."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from app.background_jobs import service
from app.background_jobs.problems import JobAskedForAgain, JobNotDead
from app.background_jobs.schemas import BackgroundJobQuery, BackgroundJobRead
from app.core.context import Ctx, PostCtx
from app.core.paging import InvalidCursor
from app.core.problems import Conflict, declared
from app.core.resource import Page

router = APIRouter(prefix="/background-jobs", tags=["background-jobs"])

JobId = Annotated[int, Path(ge=1, le=2**63 - 1)]


@router.get(
    "",
    operation_id="list_background_jobs",
    summary="List background jobs",
    response_model=Page[BackgroundJobRead],
    responses=declared(InvalidCursor),
)
async def list_background_jobs(ctx: Ctx, request: Request, query: Annotated[BackgroundJobQuery, Query()]) -> Response:
    """Jobs that were given up (`state=dead`), are waiting or running (`open`), or are done; done ones are kept 30 days."""
    return await service.page(ctx, request, query)


@router.get(
    "/{job_id}",
    operation_id="get_background_job",
    summary="Get a background job",
    response_model=BackgroundJobRead,
)
async def get_background_job(ctx: Ctx, job_id: JobId) -> Response:
    """One job."""
    return Response(await service.read(ctx, job_id), media_type="application/json")


@router.post(
    "/{job_id}/replays",
    operation_id="replay_background_job",
    summary="Run a dead job again",
    status_code=202,
    response_model=BackgroundJobRead,
    responses=declared(Conflict, JobNotDead, JobAskedForAgain),
)
async def replay_background_job(ctx: PostCtx, job_id: JobId) -> Response:
    """Let a job that was given up start afresh, when what it failed on is mended."""
    await service.replay(ctx, job_id)
    return ctx.reply(await service.read(ctx, job_id), status=202, location=f"/v1/background-jobs/{job_id}")
