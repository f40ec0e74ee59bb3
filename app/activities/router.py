"""`/v1/activities`: notes and tasks on the records that they are about."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Query, Request
from starlette.responses import Response

from app.activities import service
from app.activities.problems import ConvertFirst
from app.activities.queries import ACTIVITY
from app.activities.schemas import ActivityQuery, ActivityRead, ActivityUpdate, NoteCreate, TaskCreate
from app.core.context import Ctx, PostCtx
from app.core.etags import IfMatch
from app.core.permissions import Permission
from app.core.problems import IdTaken, InUse, declared
from app.core.resource import Page
from app.leads.problems import LeadClosed

router = APIRouter(prefix="/activities", tags=["activities"])


@router.get("", operation_id="list_activities", summary="List activities", response_model=Page[ActivityRead])
async def list_activities(ctx: Ctx, request: Request, query: Annotated[ActivityQuery, Query()]) -> Response:
    """The activities that the asker may see: assigned to them, made by them, or of their teams.

    "My open tasks" is `type=task&status=open&assignee_id=…`, "tasks I created" `type=task&created_by=…`.
    """
    ctx.require(Permission.ACTIVITIES_READ)
    return await ACTIVITY.page(ctx, request, query)


@router.post(
    "",
    operation_id="create_activity",
    summary="Create a note or task",
    status_code=201,
    response_model=ActivityRead,
    responses=declared(IdTaken, ConvertFirst, LeadClosed)
    | {200: {"description": "Created before by the same request.", "model": ActivityRead}},
)
async def create_activity(
    ctx: PostCtx, body: Annotated[NoteCreate | TaskCreate, Body(discriminator="type")]
) -> Response:
    """Make a note or task on records that the asker sees. Its teams are the records' teams.

    A lead of a lean project takes none: convert it first.
    """
    id_, new = await service.create(ctx, body)
    return await ACTIVITY.reply(ctx, id_, status=201 if new else 200, location=f"/v1/activities/{id_}")


@router.get("/{activity_id:uuid}", operation_id="get_activity", summary="Get an activity", response_model=ActivityRead)
async def get_activity(ctx: Ctx, request: Request, activity_id: UUID) -> Response:
    """One activity."""
    ctx.require(Permission.ACTIVITIES_READ)
    return await ACTIVITY.read(ctx, request, activity_id)


@router.patch(
    "/{activity_id:uuid}", operation_id="update_activity", summary="Change an activity", response_model=ActivityRead
)
async def update_activity(ctx: Ctx, activity_id: UUID, patch: ActivityUpdate, if_match: IfMatch = None) -> Response:
    """Change an activity. `{"status": "done"}` completes a task; a new assignee is notified."""
    await service.update(ctx, activity_id, patch, if_match)
    return await ACTIVITY.reply(ctx, activity_id)


@router.delete(
    "/{activity_id:uuid}",
    operation_id="delete_activity",
    summary="Delete an activity",
    status_code=204,
    response_model=None,
    responses=declared(InUse),
)
async def delete_activity(ctx: Ctx, activity_id: UUID) -> Response:
    """Delete a note or task. Refused for the one that a conversion made."""
    await service.remove(ctx, activity_id)
    return ctx.reply(None, status=204)
