"""`/v1/projects`: the rules that leads follow."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.core.context import Ctx, PostCtx
from app.core.etags import IfMatch
from app.core.problems import Conflict, IdTaken, declared
from app.core.resource import Page
from app.projects import service
from app.projects.queries import PROJECT
from app.projects.schemas import ProjectCreate, ProjectQuery, ProjectRead, ProjectUpdate

router = APIRouter(prefix="/projects", tags=["projects"])


@router.get("", operation_id="list_projects", summary="List projects", response_model=Page[ProjectRead])
async def list_projects(ctx: Ctx, request: Request, query: Annotated[ProjectQuery, Query()]) -> Response:
    """All projects with their rules and statuses."""
    return await PROJECT.page(ctx, request, query)


@router.post(
    "",
    operation_id="create_project",
    summary="Create a project",
    status_code=201,
    response_model=ProjectRead,
    responses=declared(Conflict, IdTaken)
    | {200: {"description": "Created before by the same request.", "model": ProjectRead}},
)
async def create_project(ctx: PostCtx, body: ProjectCreate) -> Response:
    """Make a project. Administrators only."""
    id_, new = await service.create(ctx, body)
    return await PROJECT.reply(ctx, id_, status=201 if new else 200, location=f"/v1/projects/{id_}")


@router.get("/{project_id:uuid}", operation_id="get_project", summary="Get a project", response_model=ProjectRead)
async def get_project(ctx: Ctx, request: Request, project_id: UUID) -> Response:
    """One project."""
    return await PROJECT.read(ctx, request, project_id)


@router.patch(
    "/{project_id:uuid}", operation_id="update_project", summary="Change a project", response_model=ProjectRead
)
async def update_project(ctx: Ctx, project_id: UUID, patch: ProjectUpdate, if_match: IfMatch = None) -> Response:
    """Change a project's rules. Administrators only."""
    await service.update(ctx, project_id, patch, if_match)
    return await PROJECT.reply(ctx, project_id)
