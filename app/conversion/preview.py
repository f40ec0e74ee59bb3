"""What is to be decided before a lead is converted: matches side by side, what lacks, what will follow (CONV-2, CONV-3)."""

from typing import Any
from uuid import UUID

import orjson

from app.accounts.access import is_manager
from app.accounts.models import Account
from app.conversion.customer import (
    CUSTOM,
    REQUIRED,
    SHARED_FIELDS,
    account_value,
    candidates,
    lead_value,
    legal_form_of,
    may_pass,
)
from app.conversion.queries import FIRST_STAGE, conversion
from app.core.context import Context
from app.core.permissions import Permission
from app.core.types import Money
from app.core.visibility import visible
from app.custom_fields import carried, definitions
from app.leads.models import Lead
from app.leads.queries import LEAD
from app.locks.clearances import accounts_cleared_for
from app.locks.protection import Standing
from app.locks.queries import LOCK
from app.locks.service import live_lock
from app.opportunities.models import DEFAULT_PIPELINE_ID
from app.projects.rules import rules_of


async def preview(ctx: Context, lead_id: UUID) -> bytes:
    """The `ConversionPreview` of a visible lead as JSON. Raises NotFound, Forbidden."""
    ctx.require(Permission.LEADS_CONVERT)
    lead = await ctx.load(Lead, lead_id, lock=False)
    rules = await rules_of(ctx, lead.project_id)
    shown, _ = await LEAD.json(ctx, lead_id)
    matches: list[dict[str, Any]] = []
    missing: list[dict[str, Any]] = []
    lock = None
    if lead.phase == "open":
        standings = await candidates(ctx, lead)
        accounts = await _accounts(ctx, [s.account_id for s in standings if s.account_id])
        cleared = await accounts_cleared_for(ctx, lead.id)
        custom = await carried(ctx, lead.custom, "account")
        matches = [_match(ctx, lead, s, accounts, cleared, custom=custom) for s in standings]
        missing = [
            {"field": name, "suggestion": legal_form_of(lead) if name == "legal_form" else None}
            for name in REQUIRED
            if not getattr(lead, name, None)
        ]
        missing += [
            {"field": f"{CUSTOM}{field.key}", "suggestion": None}
            for field in await definitions(ctx, "account")
            if field.required and field.key not in custom
        ]
        held = await live_lock(ctx, lead.id)
        if held is not None:
            ctx.held.add(held.id)  # who sees the lead sees its lock
            lock = orjson.Fragment((await LOCK.json(ctx, held.id))[0])
    stages = await ctx.fetch(FIRST_STAGE, pipeline=rules.pipeline_id or DEFAULT_PIPELINE_ID)
    rows = await ctx.fetch(conversion(ctx.reach), lead_id=lead.id)
    duplicate = any(m["verdict"] == "duplicate" for m in matches)
    body = {
        "lead": orjson.Fragment(shown),
        "matches": matches,
        "missing": missing,
        "proposed_outcome": "update" if duplicate else "create",
        "opportunity_stage_id": stages[0][0] if stages else None,
        "lock": lock,
        "conversion": orjson.Fragment(rows[0]["json"]) if rows else None,
    }
    return orjson.dumps(body, default=str)


async def _accounts(ctx: Context, ids: list[UUID]) -> dict[UUID, Account]:
    """Those of the matched customers that the asker may see."""
    found = await ctx.session.execute(visible(Account, ctx.principal).where(Account.id.in_(ids)))
    return {account.id: account for account in found.scalars()}


def _match(
    ctx: Context,
    lead: Lead,
    standing: Standing,
    accounts: dict[UUID, Account],
    cleared: dict[UUID, str],
    *,
    custom: dict[str, Any],
) -> dict[str, Any]:
    assert standing.account_id is not None
    account = accounts.get(standing.account_id)
    wire = standing.wire(ctx.language)
    passes = may_pass(standing) or cleared.get(standing.account_id) == "granted"
    fields: list[dict[str, Any]] = []
    if account is not None:
        said = {name: _plain(lead_value(lead, name)) for name in (*SHARED_FIELDS, "expected_revenue")}
        said |= {f"{CUSTOM}{key}": value for key, value in custom.items()}
        for name, new in said.items():
            existing = account_value(account, name)
            fields.append(
                {"field": name, "existing": existing, "new": new, "differs": new is not None and new != existing}
            )
    writable = account is not None and (is_manager(ctx, account) or account.access == "public_write")
    return {
        "ref": standing.account_id,
        "account": {"id": account.id, "name": account.name} if account is not None else None,
        "verdict": standing.match.verdict,
        "score": standing.match.score,
        "reasons": wire["reasons"],
        "may_update": passes or writable,
        "holder": wire["holder"],
        "fields": fields,
    }


def _plain(value: Any) -> Any:
    return {"amount": f"{value.amount:.2f}", "currency": value.currency} if isinstance(value, Money) else value
