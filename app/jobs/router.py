"""`/v1/jobs`: long work that one has asked for."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.core.context import Ctx
from app.core.problems import declared
from app.core.resource import Page
from app.jobs import service
from app.jobs.problems import JobOver
from app.jobs.queries import JOB
from app.jobs.schemas import JobQuery, JobRead

router = APIRouter(prefix="/jobs", tags=["jobs"])


@router.get("", operation_id="list_jobs", summary="List jobs", response_model=Page[JobRead])
async def list_jobs(ctx: Ctx, request: Request, query: Annotated[JobQuery, Query()]) -> Response:
    """Long work that you have asked for, newest first; administrators see everybody's."""
    return await JOB.page(ctx, request, query)


@router.get("/{long_job_id:uuid}", operation_id="get_job", summary="Get a job", response_model=JobRead)
async def get_job(ctx: Ctx, request: Request, long_job_id: UUID) -> Response:
    """How far a job is, and where its result is when it is done."""
    return await JOB.read(ctx, request, long_job_id)


@router.delete(
    "/{long_job_id:uuid}",
    operation_id="cancel_job",
    summary="Cancel a job",
    status_code=204,
    responses=declared(JobOver),
)
async def cancel_job(ctx: Ctx, long_job_id: UUID) -> Response:
    """Stop a job. It stays on record as cancelled."""
    await service.cancel(ctx, long_job_id)
    return ctx.reply(None, status=204)
