"""`/v1/activities`: reading what was done and is to be done with customers. `app.recording` writes."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.activities.queries import ACTIVITY
from app.activities.reads import ActivityPage, ActivityRead
from app.activities.schemas import ActivityQuery
from app.core.context import Ctx
from app.core.permissions import Permission

router = APIRouter(prefix="/activities", tags=["activities"])


@router.get("", operation_id="list_activities", summary="List activities", response_model=ActivityPage)
async def list_activities(ctx: Ctx, request: Request, query: Annotated[ActivityQuery, Query()]) -> Response:
    """The activities that the asker may see: assigned to them, made by them, of their teams, those in which they take part,
    and those of calendars that are shared with them.

    "My open tasks" is `type=task&open=true&assignee_id=…`, "tasks I created" `type=task&created_by=…`, "my planned calls"
    `type=call&open=true&assignee_id=…&sort=at`.
    """
    ctx.require(Permission.ACTIVITIES_READ)
    return await ACTIVITY.page(ctx, request, query)


@router.get("/{activity_id:uuid}", operation_id="get_activity", summary="Get an activity", response_model=ActivityRead)
async def get_activity(ctx: Ctx, request: Request, activity_id: UUID) -> Response:
    """One activity."""
    ctx.require(Permission.ACTIVITIES_READ)
    return await ACTIVITY.read(ctx, request, activity_id)
