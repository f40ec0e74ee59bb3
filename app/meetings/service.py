"""Meetings: single and recurring, all-day, in any time zone (ACT-1)."""

from app.activities import service as activities
from app.activities.models import Activity
from app.core.context import Context
from app.identity.references import FieldProblem
from app.meetings.schemas import MeetingCreate, MeetingUpdate


async def make(ctx: Context, activity: Activity, body: MeetingCreate) -> list[FieldProblem]:
    """Fill a meeting; returns what is wrong."""
    errors = await activities.appointment(ctx, activity, body)
    activity.status, activity.location = body.status, body.location
    activity.starts_at = body.starts_at
    return errors + activities.wrong_times(activity)


async def change(ctx: Context, activity: Activity, patch: MeetingUpdate) -> list[FieldProblem]:
    """After a patch's fields were set: what follows from them, and what is wrong."""
    return await activities.change_appointment(ctx, activity, patch)
