"""Calls: planned, held, followed up (CALL-1 to CALL-4)."""

from app.activities import service as activities
from app.activities.models import Activity
from app.calls.schemas import CallCreate, CallUpdate
from app.core.context import Context
from app.identity.references import FieldProblem

WHEN = {"de": "Wann ist der Termin?", "en": "When is it?"}


async def make(ctx: Context, activity: Activity, body: CallCreate) -> list[FieldProblem]:
    """Fill a call; returns what is wrong."""
    errors = await activities.appointment(ctx, activity, body)
    activity.status, activity.direction = body.status, body.direction
    activity.starts_at = body.starts_at or ctx.now
    if body.status == "planned" and body.starts_at is None:
        errors.append(("/starts_at", "missing", WHEN))
    return errors + activities.wrong_times(activity)


async def change(ctx: Context, activity: Activity, patch: CallUpdate, was: str) -> list[FieldProblem]:  # noqa: ARG001  (its status before)
    """After a patch's fields were set: what follows from them, and what is wrong."""
    return await activities.change_appointment(ctx, activity, patch)
