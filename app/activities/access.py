"""Who may change an activity that they see."""

from collections.abc import Set as AbstractSet
from uuid import UUID

from sqlalchemy import select

from app.activities.models import Activity
from app.activities.problems import CalendarReadOnly
from app.core.context import Context
from app.core.expressions import asker as asker_id
from app.core.permissions import Permission
from app.core.principal import Principal, UserPrincipal, may, reach, user_id_of
from app.core.problems import Forbidden
from app.core.statements import Statement
from app.core.visibility import unscoped
from app.identity.models import CalendarShare

_WRITABLE = Statement(
    unscoped(
        select(CalendarShare.owner_id).where(CalendarShare.user_id == asker_id(), CalendarShare.mode == "write"),
        reason="those shared with the asker",
    )
)


def reasons_to_change(
    asker: Principal, activity: Activity, fields: AbstractSet[str], calendars: AbstractSet[UUID] = frozenset()
) -> dict[str, bool]:
    """Why somebody who sees the activity may change these fields of it: each is enough.

    Who sees it only because they take part or a calendar is shared with them changes it when its assignee's is one of
    `calendars`, those that they may write in (ID-8). Who may complete tasks may set the status of their own; who may write
    visit reports may add to their own, who reviews them to all.
    """
    user_id = user_id_of(asker)
    may_write = activity.type != "visit_report" and may(asker, Permission.ACTIVITIES_WRITE)
    own_task = activity.type == "task" and user_id is not None and activity.assignee_id == user_id
    own_report = activity.type == "visit_report" and user_id is not None and activity.created_by == user_id
    return {
        "may_write": may_write and _works_on_it(asker, activity),
        "calendar_write": may_write and activity.type in ("call", "meeting") and activity.assignee_id in calendars,
        "own_task": own_task and fields <= {"status"} and may(asker, Permission.TASKS_COMPLETE),
        "own_report": own_report and may(asker, Permission.VISIT_REPORTS_WRITE),
        "reviewer": activity.type == "visit_report" and may(asker, Permission.VISIT_REPORTS_REVIEW),
    }


def reasons_to_delete(
    asker: Principal, activity: Activity, fields: AbstractSet[str], calendars: AbstractSet[UUID] = frozenset()
) -> dict[str, bool]:
    """Why somebody who sees the activity may delete it: each is enough."""
    reasons = reasons_to_change(asker, activity, fields, calendars)
    allowed = may(asker, Permission.ACTIVITIES_WRITE)
    return {
        "may_write": allowed and _works_on_it(asker, activity),
        "calendar_write": reasons["calendar_write"],
    }


async def writable_calendars(ctx: Context, user_id: UUID) -> frozenset[UUID]:
    """The users in whose calendars this one may write."""
    return frozenset(row["owner_id"] for row in await ctx.run(_WRITABLE, p_user=user_id))


async def require_change(ctx: Context, activity: Activity, fields: AbstractSet[str] = frozenset()) -> None:
    """Raise Forbidden, or CalendarReadOnly, unless the asker, who sees the activity, may change these fields of it."""
    if any(reasons_to_change(ctx.principal, activity, fields).values()):
        return
    if not may(ctx.principal, Permission.ACTIVITIES_WRITE) or activity.type == "visit_report":
        completes = activity.type == "task" and fields <= {"status"} and activity.assignee_id == ctx.user_id
        raise Forbidden(permission=(Permission.TASKS_COMPLETE if completes else writing(activity)).value)
    await require_calendar(ctx, activity)


async def require_calendar(ctx: Context, activity: Activity) -> None:
    """Raise CalendarReadOnly when the asker only takes part, or sees it in a calendar that they may not write in (ID-8)."""
    if _works_on_it(ctx.principal, activity):
        return
    if activity.assignee_id not in await writable_calendars(ctx, ctx.user.user_id):
        raise CalendarReadOnly


def writing(activity: Activity) -> Permission:
    """The permission that lacks somebody who may not change another one's activity."""
    return Permission.VISIT_REPORTS_REVIEW if activity.type == "visit_report" else Permission.ACTIVITIES_WRITE


def _works_on_it(asker: Principal, activity: Activity) -> bool:
    """Whether the activity is theirs or their teams'. Who only takes part, or is shown a calendar, reads it."""
    if not isinstance(asker, UserPrincipal) or reach(asker) == "all":
        return True
    return asker.user_id in (activity.assignee_id, activity.created_by) or not set(activity.team_ids).isdisjoint(
        asker.team_ids
    )
