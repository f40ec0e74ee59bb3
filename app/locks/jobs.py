"""What happens to locks by time alone (LOCK-5). Each job looks at what holds when it runs: after an outage it is still right."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.core import outbox
from app.core.context import Context
from app.core.visibility import unscoped
from app.locks.models import LeadLock
from app.locks.service import NOTICE_DAYS, end, tell


async def _lock(ctx: Context, payload: Mapping[str, Any]) -> LeadLock | None:
    """The lock, if it still is active and ends on the day that the job was asked for."""
    statement = select(LeadLock).where(
        LeadLock.id == UUID(payload["lock_id"]),
        LeadLock.state == "active",
        LeadLock.ends_on == date.fromisoformat(payload["ends_on"]),
    )
    found = await ctx.session.execute(unscoped(statement.with_for_update(), reason="the product's own timetable"))
    return found.scalar_one_or_none()


@outbox.job("locks.notice")
async def notice(ctx: Context, payload: Mapping[str, Any]) -> None:
    """Tell holder and country head that the lock ends soon. A notice so late that the next one is due is left out."""
    lock = await _lock(ctx, payload)
    if lock is None or lock.ends_on is None:
        return
    days = (lock.ends_on - ctx.today).days
    later = [d for d in NOTICE_DAYS if d < payload["days"]]
    if days <= 0 or (later and days <= max(later)):
        return
    await tell(ctx, lock, "lock_expiring", days=days, key=f"lock:{lock.id}:{payload['ends_on']}:{payload['days']}")


@outbox.job("locks.expire")
async def expire(ctx: Context, payload: Mapping[str, Any]) -> None:
    """The time is over: the customer is free again."""
    lock = await _lock(ctx, payload)
    if lock is None or lock.ends_on is None or lock.ends_on > ctx.today:
        return
    await end(ctx, lock, "expired", None)
    await tell(ctx, lock, "lock_expired", key=f"lock:{lock.id}:{payload['ends_on']}:end")
