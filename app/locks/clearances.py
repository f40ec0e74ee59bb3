"""Clearances: asking for another one's customer, and the country head's decision (LOCK-4)."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.accounts.models import Account
from app.core.context import Context
from app.core.db import new_id
from app.core.permissions import Permission
from app.core.problems import Forbidden, NotFound
from app.core.visibility import unscoped, visible
from app.locks.models import Clearance, LeadLock
from app.locks.problems import ClearanceDecided, ClearanceOpen, LockNotLive, NothingToClear
from app.locks.protection import country_heads
from app.locks.schemas import ClearanceCreate, ClearanceDecision
from app.notifications import notify

STATES = {"grant": "granted", "share": "shared", "refuse": "refused"}


async def request(ctx: Context, body: ClearanceCreate) -> UUID:
    """Ask for a customer that a check has named; the heads of the customer's country are told.

    The match names the lock or account even where the asker may not see it (DUP-3): asking reveals nothing more.
    Raises Forbidden, NotFound, LockNotLive, NothingToClear, ClearanceOpen.
    """
    ctx.require(Permission.CLEARANCES_REQUEST)
    target = await _of_lock(ctx, body.lock_id) if body.lock_id else await _of_account(ctx, body.account_id)
    clearance = Clearance(
        id=new_id(), **target, requested_by=ctx.user.user_id, reason=body.reason, created_by=ctx.user.user_id
    )
    ctx.session.add(clearance)
    try:
        await ctx.session.flush()
    except IntegrityError as error:
        raise ClearanceOpen from error
    heads = [head["id"] for head in await country_heads(ctx, clearance.country)]
    await notify(
        ctx,
        heads,
        "clearance_requested",
        record_type="clearance",
        record_id=clearance.id,
        data={"name": clearance.customer_name, "reason": body.reason},
    )
    return clearance.id


async def _of_lock(ctx: Context, lock_id: UUID) -> dict[str, object]:
    statement = unscoped(
        select(LeadLock).where(LeadLock.id == lock_id), reason="named by a match; nothing of it is shown"
    )
    lock = (await ctx.session.execute(statement)).scalar_one_or_none()
    if lock is None:
        raise NotFound
    if lock.state not in ("pending", "active"):
        raise LockNotLive
    if lock.holder_id == ctx.user_id:
        raise NothingToClear
    return {
        "lock_id": lock.id,
        "asker_sees": await _sees(ctx, LeadLock, lock.id),
        "holder_id": lock.holder_id,
        "customer_name": lock.customer_name,
        "country": lock.country,
    }


async def _of_account(ctx: Context, account_id: UUID | None) -> dict[str, object]:
    statement = unscoped(
        select(Account).where(Account.id == account_id), reason="named by a match; nothing of it is shown"
    )
    account = (await ctx.session.execute(statement)).scalar_one_or_none()
    if account is None:
        raise NotFound
    standing = select(LeadLock.id).where(LeadLock.account_id == account.id, LeadLock.ended_at.is_(None)).limit(1)
    lock_id = (
        await ctx.session.execute(unscoped(standing, reason="the lock, not the managers, is what is to be cleared"))
    ).scalar_one_or_none()
    if lock_id is not None:
        return await _of_lock(ctx, lock_id)
    if ctx.user_id in (account.assignee_id, *account.manager_ids):
        raise NothingToClear
    return {
        "account_id": account.id,
        "asker_sees": await _sees(ctx, Account, account.id),
        "holder_id": account.assignee_id,
        "customer_name": account.name,
        "country": account.country,
    }


async def _sees(ctx: Context, model: type[LeadLock] | type[Account], id_: UUID) -> bool:
    statement = visible(model, ctx.principal).where(model.id == id_)
    return (await ctx.session.execute(statement)).first() is not None


async def decide(ctx: Context, clearance_id: UUID, body: ClearanceDecision) -> None:
    """Grant, share or refuse; asker and holder are told. The head of the customer's country, unless it was they who asked, or
    an administrator.

    Raises NotFound, Forbidden, ClearanceDecided.
    """
    ctx.require(Permission.CLEARANCES_DECIDE)
    clearance = await ctx.load(Clearance, clearance_id)
    barred = ctx.user.country != clearance.country or ctx.user_id == clearance.requested_by
    if barred and not ctx.may(Permission.USERS_MANAGE):
        raise Forbidden(permission=Permission.CLEARANCES_DECIDE.value)
    if clearance.state != "requested":
        raise ClearanceDecided
    clearance.state = STATES[body.decision]
    clearance.decided_by = ctx.user.user_id
    clearance.decided_at = ctx.now
    clearance.decision_reason = body.reason
    shown = clearance.customer_name if clearance.asker_sees else "…"
    for user_id, name in ((clearance.requested_by, shown), (clearance.holder_id, clearance.customer_name)):
        await notify(
            ctx,
            [user_id],
            "clearance_decided",
            record_type="clearance",
            record_id=clearance.id,
            data={"name": name, "decision": clearance.state, "reason": body.reason},
        )


async def accounts_cleared_for(ctx: Context, lead_id: UUID) -> dict[UUID, str]:
    """The customers for which the lead was made on the strength of a clearance, each with the decision."""
    account_id = func.coalesce(Clearance.account_id, LeadLock.account_id)
    statement = (
        select(account_id, Clearance.state)
        .join(LeadLock, LeadLock.id == Clearance.lock_id, isouter=True)
        .where(Clearance.lead_id == lead_id, account_id.is_not(None))
    )
    found = await ctx.session.execute(unscoped(statement, reason="what was decided for this very lead"))
    return {row[0]: row[1] for row in found}
