"""The life of a lead lock: taken with the lead, active once all steps are done, ended by time, release or transfer."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, literal, or_, select

from app.accounts.models import Account
from app.core.clock import add_months
from app.core.context import Context
from app.core.db import new_id
from app.core.permissions import Permission
from app.core.problems import Invalid
from app.core.visibility import unscoped
from app.identity.models import Role, User, UserRole
from app.leads.models import Lead
from app.locks.models import Clearance, LeadLock
from app.locks.problems import LockNotActive, LockNotLive, NotTheHolder
from app.locks.protection import country_heads
from app.locks.schemas import LockExtension, LockRelease, LockTransfer
from app.notifications import notify
from app.notifications.texts import Kind
from app.projects.rules import Rules

NOTICE_DAYS = (30, 7)


def take(ctx: Context, lead: Lead) -> LeadLock:
    """The lock of a new lead: `pending`, held by the lead's assignee. The caller has queued on the customer, and
    inserts it.
    """
    assert lead.assignee_id is not None
    return LeadLock(
        id=new_id(),
        lead_id=lead.id,
        project_id=lead.project_id,
        holder_id=lead.assignee_id,
        visibility=lead.visibility,
        customer_name=lead.name,
        country=lead.country,
        state="pending",
        created_at=ctx.now,
        created_by=ctx.user_id,
    )


def steps_done(lead: Lead) -> dict[str, datetime | None]:
    """When each possible step of the lead was done."""
    return {
        "lead": lead.created_at,
        "converted": lead.converted_at,
        "opportunity_requested": lead.opportunity_requested_at,
    }


async def advance(ctx: Context, lead: Lead, rules: Rules, lock: LeadLock) -> None:
    """Make the lock active when the project's last step is done (LOCK-2): for so many calendar months from today on, or
    from the day the customer was contacted, as the project says.
    """
    done = steps_done(lead)
    if lock.state != "pending" or any(done[step] is None for step in rules.lock_steps if step != "lead"):
        return
    contacted = lead.contacted_on if rules.lock_starts == "contacted_on" else None
    lock.starts_on = min(contacted or ctx.today, ctx.today)
    lock.ends_on = add_months(lock.starts_on, rules.lock_months)
    lock.state = "active"
    schedule(ctx, lock)


async def live_lock(ctx: Context, lead_id: UUID) -> LeadLock | None:
    """The lead's standing lock, locked for update; None when there is none."""
    statement = select(LeadLock).where(LeadLock.lead_id == lead_id, LeadLock.state.in_(("pending", "active")))
    statement = unscoped(statement.with_for_update(), reason="who may change the lead may change its lock")
    return (await ctx.session.execute(statement)).scalar_one_or_none()


async def end(ctx: Context, lock: LeadLock, state: str, reason: str | None) -> None:
    """Let the lock be over."""
    lock.state = state
    lock.ended_at = ctx.now
    lock.end_reason = reason
    await ctx.cancel(*_job_keys(lock))


async def release(ctx: Context, lock_id: UUID, body: LockRelease) -> None:
    """Give the customer free. Raises NotFound, NotTheHolder, LockNotLive."""
    lock = await _live(ctx, lock_id)
    await end(ctx, lock, "released", body.reason)
    await tell(ctx, lock, "lock_released", reason=body.reason)


async def transfer(ctx: Context, lock_id: UUID, body: LockTransfer) -> UUID:
    """Hand the customer to another user: lock and open lead change hands. Returns the lock's id.

    Raises NotFound, NotTheHolder, LockNotLive, Invalid.
    """
    seen = await ctx.load(LeadLock, lock_id, lock=False)
    statement = unscoped(
        select(Lead).where(Lead.id == seen.lead_id).with_for_update(), reason="the lead changes hands with its lock"
    )
    # The lead's row first, as everybody takes them: nobody waits in a circle.
    lead = (await ctx.session.execute(statement)).scalar_one_or_none()
    lock = await _live(ctx, lock_id)
    await _developer(ctx, body.holder_id)
    previous = lock.holder_id
    lock.holder_id = body.holder_id
    if lead is not None:
        lead.assignee_id = body.holder_id
    if lock.account_id is not None:
        customer = unscoped(
            select(Account).where(Account.id == lock.account_id).with_for_update(),
            reason="the customer changes hands with its lock",
        )
        account = (await ctx.session.execute(customer)).scalar_one()
        if account.assignee_id == previous:
            account.assignee_id = body.holder_id
        elif body.holder_id not in account.manager_ids:
            account.manager_ids = [*account.manager_ids, body.holder_id]
    await tell(ctx, lock, "lock_transferred", besides=[previous], reason=body.reason)
    return lock.id


async def _developer(ctx: Context, user_id: UUID) -> None:
    """The user must be active and have the right to take leads to customers; Invalid otherwise."""
    await active_user(ctx, user_id, "/holder_id")
    statement = (
        select(UserRole.user_id)
        .join(Role, Role.id == UserRole.role_id)
        .where(UserRole.user_id == user_id, literal(Permission.LEADS_CONVERT.value) == func.any(Role.permissions))
    )
    if (await ctx.session.execute(statement)).first() is None:
        message = {
            "de": "Dieser Benutzer darf keine Interessenten konvertieren.",
            "en": "This user has no right to convert leads.",
        }
        raise Invalid([("/holder_id", "may_not_convert", message)])


async def extend(ctx: Context, lock_id: UUID, body: LockExtension) -> None:
    """Prolong an active lock (LOCK-5); the country head's right.

    Raises NotFound, Forbidden, NotTheHolder, LockNotLive, LockNotActive, Invalid.
    """
    ctx.require(Permission.LOCKS_MANAGE)
    lock = await _live(ctx, lock_id)
    if lock.state != "active" or lock.ends_on is None or lock.starts_on is None:
        raise LockNotActive
    if lock.ends_on <= ctx.today:  # over, though the worker has not ended it yet: perhaps another one's by now
        raise LockNotLive
    ends_on = add_months(lock.ends_on, body.months)
    if ends_on > add_months(lock.starts_on, 60):
        message = {"de": "Eine Sperre dauert höchstens 60 Monate.", "en": "A lock lasts 60 months at most."}
        raise Invalid([("/months", "lock_too_long", message)])
    lock.ends_on = ends_on
    await ctx.cancel(*_job_keys(lock))
    schedule(ctx, lock)
    await tell(ctx, lock, "lock_extended", reason=body.reason)


async def active_user(ctx: Context, user_id: UUID, pointer: str) -> User:
    """The user, who must be active; Invalid otherwise."""
    user = await ctx.session.get(User, user_id)
    if user is None or not user.active:
        message = {"de": "Diesen Benutzer gibt es nicht.", "en": "There is no such user."}
        raise Invalid([(pointer, "unknown_user", message)])
    return user


async def use_clearances(ctx: Context, clearances: list[Clearance], lead: Lead) -> None:
    """A cleared developer has made their lead: a granted customer leaves the earlier holder, a shared one stays with both."""
    for clearance in clearances:
        clearance.used_at = ctx.now
        clearance.lead_id = lead.id
        if clearance.state == "granted" and clearance.lock_id is not None:
            statement = unscoped(
                select(LeadLock).where(LeadLock.id == clearance.lock_id).with_for_update(),
                reason="the country head has granted this lock's customer to the asker",
            )
            lock = (await ctx.session.execute(statement)).scalar_one()
            if lock.state in ("pending", "active"):
                await end(ctx, lock, "transferred", clearance.decision_reason)
                await notify(
                    ctx,
                    [lock.holder_id],
                    "lock_transferred",
                    record_type="lead_lock",
                    record_id=lock.id,
                    data={"name": lock.customer_name, "holder": ctx.user.name},
                )


async def open_clearances(ctx: Context, lock_ids: list[UUID], account_ids: list[UUID]) -> list[Clearance]:
    """The asker's granted and not yet used clearances for these customers, locked for update."""
    statement = (
        select(Clearance)
        .where(
            Clearance.requested_by == ctx.user.user_id,
            Clearance.state.in_(("granted", "shared")),
            Clearance.used_at.is_(None),
            or_(Clearance.lock_id.in_(lock_ids), Clearance.account_id.in_(account_ids)),
        )
        .with_for_update()
    )
    found = await ctx.session.execute(unscoped(statement, reason="the asker's own clearances"))
    return list(found.scalars().all())


async def _live(ctx: Context, lock_id: UUID) -> LeadLock:
    """The visible lock that the asker may change, and that still stands."""
    lock = await ctx.load(LeadLock, lock_id)
    if not may_manage(ctx, lock.holder_id, lock.country):
        raise NotTheHolder
    if lock.state not in ("pending", "active"):
        raise LockNotLive
    return lock


def may_manage(ctx: Context, holder_id: UUID, country: str | None) -> bool:
    """The holder, the head of that country, an administrator."""
    if ctx.user_id == holder_id or ctx.may(Permission.USERS_MANAGE):
        return True
    return ctx.may(Permission.LOCKS_MANAGE) and country is not None and ctx.user.country == country


def _job_keys(lock: LeadLock) -> list[str]:
    return [f"lock:{lock.id}:end", *(f"lock:{lock.id}:{days}" for days in NOTICE_DAYS)]


def schedule(ctx: Context, lock: LeadLock) -> None:
    """Of an active lock, ask for the notices and the expiry on their days; the jobs look again at what then holds."""
    assert lock.ends_on is not None
    assert lock.starts_on is not None
    payload: dict[str, Any] = {"lock_id": str(lock.id), "ends_on": lock.ends_on.isoformat()}
    for days in NOTICE_DAYS:
        day = lock.ends_on - timedelta(days=days)
        if day > ctx.today:
            ctx.enqueue(
                "locks.notice", {**payload, "days": days}, due_at=ctx.clock.start_of(day), key=f"lock:{lock.id}:{days}"
            )
    ctx.enqueue("locks.expire", payload, due_at=ctx.clock.start_of(lock.ends_on), key=f"lock:{lock.id}:end")


async def tell(
    ctx: Context, lock: LeadLock, kind: Kind, *, besides: Sequence[UUID] = (), key: str | None = None, **data: object
) -> None:
    """Tell the holder and the heads of the country; once, where a key is given."""
    heads = [head["id"] for head in await country_heads(ctx, lock.country)]
    holder = await ctx.session.get_one(User, lock.holder_id)
    await notify(
        ctx,
        [lock.holder_id, *besides, *heads],
        kind,
        record_type="lead_lock",
        record_id=lock.id,
        data={"name": lock.customer_name, "holder": holder.name, "until": lock.ends_on, **data},
        key=key,
    )
