"""Who is to be reminded of an activity: its assignee, of what is still to be done (FUP-1)."""

from datetime import datetime

from app.activities.models import OPEN, Activity
from app.core.context import Context
from app.notifications.texts import Kind
from app.reminders import Wanted, follow

KINDS: dict[str, Kind] = {"task": "task_reminder", "call": "call_reminder", "meeting": "meeting_reminder"}


def wanted(activity: Activity) -> Wanted | None:
    """Who is to be reminded when; nobody of what is closed."""
    if activity.remind_at is None or activity.assignee_id is None or activity.status not in OPEN:
        return None
    return Wanted(activity.assignee_id, activity.remind_at)


async def remind(ctx: Context, activity: Activity, before: Wanted | None, remind_at: datetime | None) -> None:
    """Keep the activity's reminder, which `before` was wanted and `remind_at` the time, in line with what it is now."""
    after = wanted(activity)
    if before != after:
        newly = activity.remind_at != remind_at
        kind = KINDS[activity.type]
        await follow(ctx, "activity", activity.id, kind, before=before, after=after, newly=newly)
