"""`/v1/activities/{id}/occurrences`: single occurrences of recurring meetings."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from app.activities.problems import CalendarReadOnly
from app.activities.queries import ACTIVITY
from app.activities.reads import ActivityRead
from app.core.context import Ctx, PostCtx
from app.core.problems import IdTaken, declared
from app.core.types import Moment
from app.meetings import occurrences
from app.meetings.problems import NotRecurring, OccurrenceChanged
from app.meetings.schemas import OccurrenceQuery, Occurrences, OccurrenceUpdate, SeriesSplit

router = APIRouter(prefix="/activities", tags=["activities"])


@router.get(
    "/{meeting_id:uuid}/occurrences",
    operation_id="get_occurrences",
    summary="Get the occurrences of a recurring meeting",
    response_model=Occurrences,
    responses=declared(NotRecurring),
)
async def get_occurrences(ctx: Ctx, meeting_id: UUID, query: Annotated[OccurrenceQuery, Query()]) -> Response:
    """The occurrences that start in this time: as the rule gives them, or as they were changed. Those left out are not there."""
    return ctx.reply({"items": await occurrences.listed(ctx, meeting_id, query)})


@router.post(
    "/{meeting_id:uuid}/occurrences",
    operation_id="change_occurrence",
    summary="Change one occurrence of a recurring meeting",
    status_code=201,
    response_model=ActivityRead,
    responses=declared(CalendarReadOnly, NotRecurring, OccurrenceChanged, IdTaken)
    | {200: {"description": "Changed before by the same request.", "model": ActivityRead}},
)
async def change_occurrence(ctx: PostCtx, meeting_id: UUID, body: OccurrenceUpdate) -> Response:
    """Change, move, hold or cancel one occurrence: it becomes a meeting of its own, within the series.

    Later changes go to that meeting. In all that was not changed it follows the series, as long as it is planned. One that had
    been left out takes place again.
    """
    id_, new = await occurrences.change(ctx, meeting_id, body)
    return await ACTIVITY.reply(ctx, id_, status=201 if new else 200, location=f"/v1/activities/{id_}")


@router.delete(
    "/{meeting_id:uuid}/occurrences/{occurrence_at}",
    operation_id="leave_out_occurrence",
    summary="Leave out one occurrence of a recurring meeting",
    status_code=204,
    response_model=None,
    responses=declared(CalendarReadOnly, NotRecurring, OccurrenceChanged),
)
async def leave_out_occurrence(
    ctx: Ctx,
    meeting_id: UUID,
    occurrence_at: Annotated[Moment, Path(description="When it starts by the series' rule, best in UTC.")],
) -> Response:
    """The occurrence does not take place. One that was changed is deleted as the meeting that it has become."""
    await occurrences.leave_out(ctx, meeting_id, occurrence_at)
    return ctx.reply(None, status=204)


@router.post(
    "/{meeting_id:uuid}/split",
    operation_id="split_series",
    summary="Cut a recurring meeting in two",
    status_code=201,
    response_model=ActivityRead,
    responses=declared(CalendarReadOnly, NotRecurring, IdTaken)
    | {200: {"description": "Cut before by the same request.", "model": ActivityRead}},
)
async def split_series(ctx: PostCtx, meeting_id: UUID, body: SeriesSplit) -> Response:
    """Make a series of its own of this occurrence and all that follow, to change them together; the answer is the new series."""
    id_, new = await occurrences.split(ctx, meeting_id, body)
    return await ACTIVITY.reply(ctx, id_, status=201 if new else 200, location=f"/v1/activities/{id_}")
