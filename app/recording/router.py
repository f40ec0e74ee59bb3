"""`/v1/activities`: making, changing and deleting activities of every type."""

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from app.activities.problems import CalendarReadOnly, ConvertFirst
from app.activities.queries import ACTIVITY
from app.activities.reads import ActivityRead
from app.calls.problems import AlreadyFollowedUp, ConsentKept
from app.core.context import Ctx, PostCtx
from app.core.etags import IfMatch
from app.core.problems import IdTaken, InUse, declared
from app.leads.problems import LeadClosed
from app.recording import service
from app.recording.schemas import ActivityCreate, ActivityUpdate

router = APIRouter(prefix="/activities", tags=["activities"])


@router.post(
    "",
    operation_id="create_activity",
    summary="Create an activity",
    status_code=201,
    response_model=ActivityRead,
    responses=declared(IdTaken, ConvertFirst, LeadClosed)
    | {200: {"description": "Created before by the same request.", "model": ActivityRead}},
)
async def create_activity(ctx: PostCtx, body: ActivityCreate) -> Response:
    """Make a call, meeting, task, note, e-mail or visit report on records that the asker sees. Its teams are the records' teams.

    A lead of a lean project takes none, and no lead takes calls: convert it first.
    """
    id_, new = await service.create(ctx, body)
    return await ACTIVITY.reply(ctx, id_, status=201 if new else 200, location=f"/v1/activities/{id_}")


@router.patch(
    "/{activity_id:uuid}",
    operation_id="update_activity",
    summary="Change an activity",
    response_model=ActivityRead,
    responses=declared(AlreadyFollowedUp, CalendarReadOnly),
)
async def update_activity(ctx: Ctx, activity_id: UUID, patch: ActivityUpdate, if_match: IfMatch = None) -> Response:
    """Change an activity. `{"status": "done"}` completes a task, `{"status": "held"}` a call; a new assignee is notified."""
    await service.update(ctx, activity_id, patch, if_match)
    return await ACTIVITY.reply(ctx, activity_id)


@router.delete(
    "/{activity_id:uuid}",
    operation_id="delete_activity",
    summary="Delete an activity",
    status_code=204,
    response_model=None,
    responses=declared(CalendarReadOnly, ConsentKept, InUse),
)
async def delete_activity(ctx: Ctx, activity_id: UUID) -> Response:
    """Delete an activity. Refused for the one that a conversion made, and for a call that proves a consent."""
    await service.remove(ctx, activity_id)
    return ctx.reply(None, status=204)
