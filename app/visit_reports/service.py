"""Visit reports: submitted once, amended, reviewed (VISIT-1 to VISIT-4)."""

from app.activities import service as activities
from app.activities.models import Activity
from app.core.context import Context
from app.identity.references import FieldProblem
from app.visit_reports.schemas import VisitReportCreate, VisitReportUpdate


async def make(ctx: Context, activity: Activity, body: VisitReportCreate) -> list[FieldProblem]:
    """Fill a visit report; returns what is wrong."""
    activity.subject, activity.description, activity.status = body.subject, body.description, "submitted"
    activity.assignee_id = ctx.user_id
    activity.starts_at, activity.time_zone = body.visited_at, body.time_zone or activities.zone_of(ctx)
    return []


async def change(ctx: Context, activity: Activity, patch: VisitReportUpdate) -> list[FieldProblem]:  # noqa: ARG001
    """After a patch's fields were set: what follows from them, and what is wrong."""
    return []
