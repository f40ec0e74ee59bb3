"""Who may change an activity that they see."""

from collections.abc import Set as AbstractSet
from typing import Protocol
from uuid import UUID

from app.core.permissions import Permission
from app.core.principal import Principal, may, user_id_of


class Assigned(Protocol):
    """Something that somebody is to do, or has made."""

    type: str
    assignee_id: UUID | None
    created_by: UUID | None


def reasons_to_change(asker: Principal, activity: Assigned, fields: AbstractSet[str]) -> dict[str, bool]:
    """Why somebody who sees the activity may change these fields of it: each is enough.

    Who may complete tasks may set the status of their own; who may write visit reports may add to their own, who reviews
    them to all.
    """
    user_id = user_id_of(asker)
    own_task = activity.type == "task" and user_id is not None and activity.assignee_id == user_id
    own_report = activity.type == "visit_report" and user_id is not None and activity.created_by == user_id
    return {
        "may_write": activity.type != "visit_report" and may(asker, Permission.ACTIVITIES_WRITE),
        "own_task": own_task and fields <= {"status"} and may(asker, Permission.TASKS_COMPLETE),
        "own_report": own_report and may(asker, Permission.VISIT_REPORTS_WRITE),
        "reviewer": activity.type == "visit_report" and may(asker, Permission.VISIT_REPORTS_REVIEW),
    }


def writing(activity: Assigned) -> Permission:
    """The permission that lacks somebody who may not change another one's activity."""
    return Permission.VISIT_REPORTS_REVIEW if activity.type == "visit_report" else Permission.ACTIVITIES_WRITE
