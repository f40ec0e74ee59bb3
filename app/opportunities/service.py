"""Opportunities: making, moving, handing over, deleting (OPP-1 to OPP-3). From a request: see `requests`."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.accounts.models import Account
from app.accounts.relations import NO_ACCOUNT
from app.contacts.models import Contact
from app.core.context import Context
from app.core.db import new_id
from app.core.permissions import Permission
from app.core.problems import Invalid
from app.core.visibility import visible
from app.core.writing import already_created, assign, delete, request_hash, require_match
from app.custom_fields import checked
from app.identity.references import FieldProblem, each, unknown_references
from app.opportunities import requests
from app.opportunities.cards import (
    add,
    check_closing,
    enter,
    first_stage,
    stage_of,
    tell_assignee,
    unknown_stage,
)
from app.opportunities.models import Opportunity
from app.opportunities.queries import OPPORTUNITY
from app.opportunities.schemas import OpportunityCreate, OpportunityUpdate

_MISSING = {"de": "Diese Angabe fehlt.", "en": "Field required"}
_NO_CONTACT = {
    "de": "Diesen Kontakt gibt es nicht, oder Sie dürfen ihn nicht sehen.",
    "en": "There is no such contact, or you may not see it.",
}
_ELSEWHERE = {"de": "Dieser Kontakt gehört zu einem anderen Kunden.", "en": "This contact belongs to another account."}


async def create(ctx: Context, body: OpportunityCreate) -> tuple[UUID, bool]:
    """Make an opportunity; returns its id and whether it is new.

    Raises Forbidden, Invalid, IdTaken; from a request also AlreadyCreated and CustomerGone.
    """
    if body.message_id is not None:
        return await requests.create(ctx, body, body.message_id)
    ctx.require(Permission.OPPORTUNITIES_WRITE)
    asked = request_hash(body)
    if body.id is not None and await already_created(ctx, Opportunity, body.id, asked):
        return body.id, False
    errors: list[FieldProblem] = [
        (f"/{name}", "missing", _MISSING)
        for name in ("name", "account_id", "expected_revenue")
        if getattr(body, name) is None
    ]
    account = await _account(ctx, body.account_id, errors)
    await _check_contact(ctx, body.contact_id, body.account_id, errors)
    stage = await first_stage(ctx, body.pipeline_id) if body.stage_id is None else await stage_of(ctx, body.stage_id)
    errors += await unknown_references(
        ctx, users=[("/assignee_id", body.assignee_id)], teams=each("/team_ids", body.team_ids)
    )
    errors += await checked(ctx, "opportunity", body)
    if body.assignee_id is None and ctx.user_id is None:
        errors.append(("/assignee_id", "missing", _MISSING))
    if stage is None or (body.pipeline_id is not None and stage.pipeline_id != body.pipeline_id):
        errors.append(unknown_stage("/pipeline_id" if body.stage_id is None else "/stage_id"))
    else:
        errors += check_closing(stage, probability=body.probability, reason=body.close_reason)
    if errors or account is None or stage is None or body.expected_revenue is None:
        raise Invalid(errors)
    opportunity = Opportunity(
        **body.model_dump(
            include={"name", "account_id", "contact_id", "close_on", "close_reason", "description", "custom"}
        ),
        id=body.id or new_id(),
        pipeline_id=stage.pipeline_id,
        amount=body.expected_revenue.amount,
        currency=body.expected_revenue.currency,
        assignee_id=body.assignee_id or ctx.user_id,
        team_ids=body.team_ids or account.team_ids,
        teams_follow=body.team_ids is None,
        created_by=ctx.user_id,
        request_hash=asked,
    )
    await add(ctx, opportunity, stage, body.probability)
    return opportunity.id, True


async def update(ctx: Context, opportunity_id: UUID, patch: OpportunityUpdate, if_match: str | None) -> None:
    """Change an opportunity; a stage moves the card, an assignee hands it over. Raises Forbidden, NotFound, StaleVersion, Invalid."""
    ctx.require(Permission.OPPORTUNITIES_WRITE)
    opportunity = await ctx.load(Opportunity, opportunity_id)
    await require_match(ctx, OPPORTUNITY, opportunity, if_match)
    named: dict[str, Any] = {name: getattr(patch, name) for name in patch.model_fields_set}
    errors: list[FieldProblem] = []
    if named.get("contact_id") != opportunity.contact_id:
        await _check_contact(ctx, named.get("contact_id"), opportunity.account_id, errors)
    handed_over = "assignee_id" in named and named["assignee_id"] != opportunity.assignee_id
    new_teams = [pair for pair in each("/team_ids", named.get("team_ids")) if pair[1] not in opportunity.team_ids]
    errors += await unknown_references(
        ctx, users=[("/assignee_id", named["assignee_id"] if handed_over else None)], teams=new_teams
    )
    errors += await checked(ctx, "opportunity", patch, opportunity.custom)
    stage = await stage_of(ctx, named.get("stage_id", opportunity.stage_id))
    if stage is None or stage.pipeline_id != opportunity.pipeline_id:
        errors.append(unknown_stage("/stage_id"))
    else:
        moves = stage.id != opportunity.stage_id
        kept = None if moves and stage.category == "open" else opportunity.close_reason
        reason = named.get("close_reason", kept)
        errors += check_closing(stage, probability=named.get("probability"), reason=reason)
    if errors or stage is None:
        raise Invalid(errors)
    assign(opportunity, patch, leave=("stage_id", "probability", "expected_revenue", "close_reason"))
    opportunity.close_reason = reason
    if "team_ids" in named:
        opportunity.teams_follow = False
    if patch.expected_revenue is not None:
        opportunity.amount, opportunity.currency = patch.expected_revenue.amount, patch.expected_revenue.currency
    if moves:
        enter(opportunity, stage, ctx.now, named.get("probability"))
    elif "probability" in named:
        opportunity.probability = named["probability"]
    if handed_over:
        await tell_assignee(ctx, opportunity)


async def remove(ctx: Context, opportunity_id: UUID) -> None:
    """Delete an opportunity; its activities stay with the account. Raises Forbidden, NotFound, InUse."""
    ctx.require(Permission.OPPORTUNITIES_WRITE)
    await delete(ctx, await ctx.load(Opportunity, opportunity_id))


async def _account(ctx: Context, account_id: UUID | None, errors: list[FieldProblem]) -> Account | None:
    if account_id is None:
        return None
    statement = visible(Account, ctx.principal).where(Account.id == account_id)
    account = (await ctx.session.execute(statement)).scalar_one_or_none()
    if account is None:
        errors.append(("/account_id", "unknown_account", NO_ACCOUNT))
    return account


async def _check_contact(
    ctx: Context, contact_id: UUID | None, account_id: UUID | None, errors: list[FieldProblem]
) -> None:
    """The person must be one that the asker sees, and not another account's."""
    if contact_id is None:
        return
    statement = visible(Contact, ctx.principal).where(Contact.id == contact_id).with_only_columns(Contact.account_id)
    found = (await ctx.session.execute(select(statement.subquery()))).one_or_none()
    if found is None:
        errors.append(("/contact_id", "unknown_contact", _NO_CONTACT))
    elif found.account_id not in (None, account_id):
        errors.append(("/contact_id", "of_another_account", _ELSEWHERE))
