"""Who may change an activity that they see."""

from collections.abc import Set as AbstractSet
from typing import Protocol
from uuid import UUID

from app.core.permissions import Permission
from app.core.principal import Principal, may, user_id_of

OF_TASKS = ("status", "assignee_id", "due_at")
"""Fields that only tasks have."""


class Assigned(Protocol):
    """Something that somebody is to do."""

    assignee_id: UUID | None


def reasons_to_change(asker: Principal, activity: Assigned, fields: AbstractSet[str]) -> dict[str, bool]:
    """Why somebody who sees the activity may change these fields of it: each is enough.

    Who may complete tasks may set the status of their own.
    """
    own = activity.assignee_id is not None and activity.assignee_id == user_id_of(asker) and fields <= {"status"}
    return {
        "may_write": may(asker, Permission.ACTIVITIES_WRITE),
        "own_task": own and may(asker, Permission.TASKS_COMPLETE),
    }
