"""What accounts do in the background."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select

from app.accounts.figures import reclassify_due, reclassify_stored
from app.accounts.models import Account
from app.accounts.placement import place, with_rule
from app.core import outbox
from app.core.context import Context
from app.core.visibility import unscoped

STEP = 500
_RULE = "the rule holds for all accounts"


@outbox.job("accounts.reclassify")
async def reclassify(ctx: Context, payload: Mapping[str, Any]) -> None:
    """Bring type and status to date: of one account, or of those that time alone changes and no others (ACC-2)."""
    if payload.get("account_id"):
        one = select(Account).where(Account.id == UUID(payload["account_id"])).with_for_update()
        account = (await ctx.session.execute(unscoped(one, reason=_RULE))).scalar_one_or_none()
        if account is not None:
            await reclassify_stored(ctx, account)
        return
    if await reclassify_due(ctx):
        ctx.enqueue("accounts.reclassify", {})


@outbox.job("accounts.teams_by_rule")
async def teams_by_rule(ctx: Context, payload: Mapping[str, Any]) -> None:
    """Give accounts the teams of their segment again, since such a team is new: those of its centre or country, or all (ID-4)."""
    placed = or_(Account.segment.is_not(None), func.cardinality(Account.rule_team_ids) > 0)
    statement = select(Account).where(placed).order_by(Account.id).limit(STEP)
    if payload.get("account_id"):
        statement = statement.where(Account.id == UUID(payload["account_id"]))
    elif payload.get("centre_id"):
        statement = statement.where(Account.centre_id == UUID(payload["centre_id"]))
    elif payload.get("country"):
        statement = statement.where(Account.country == payload["country"])
    if payload.get("after"):
        statement = statement.where(Account.id > UUID(payload["after"]))
    found = unscoped(statement.with_for_update(), reason=_RULE)
    accounts = (await ctx.session.execute(found)).scalars().all()
    for account in accounts:
        placement = await place(
            ctx,
            segment=account.segment,
            centre_id=account.centre_id,
            country=account.country,
            postal_code=None,  # which centre it belongs to is not for a job to say
        )
        teams = with_rule(account.team_ids, account.rule_team_ids, placement.team_ids)
        if set(placement.team_ids) != set(account.rule_team_ids):
            account.rule_team_ids = placement.team_ids
            account.team_ids = teams or account.team_ids
    if len(accounts) == STEP:
        ctx.enqueue("accounts.teams_by_rule", {**payload, "after": accounts[-1].id})
