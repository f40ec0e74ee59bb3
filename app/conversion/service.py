"""Lead → customer: one transaction, once (CONV-1 to CONV-4, CONV-6)."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from app.accounts import service as accounts
from app.accounts.models import Account
from app.activities.models import Activity
from app.activities.service import create_follow_on
from app.conversion import customer
from app.conversion.problems import AlreadyConverted, AlreadyRequested, NotConverted
from app.conversion.schemas import ConversionCreate, FollowOn, OpportunityRequest
from app.core.context import Context
from app.core.permissions import Permission
from app.core.problems import Invalid
from app.core.types import Money
from app.core.visibility import unscoped
from app.core.writing import request_hash
from app.follow_ups.service import move_to_account
from app.identity.models import Role, User, UserRole
from app.indexing import queue_on
from app.leads.access import may_change
from app.leads.models import Conversion, Lead
from app.leads.problems import LeadClosed
from app.locks.service import active_user, advance, live_lock
from app.matching import normalise
from app.messages.service import send
from app.opportunities.models import DEFAULT_PIPELINE_ID, Stage
from app.projects.rules import Rules, rules_of
from app.visits.service import lead_converted

SALES_SUPPORT = "ks"


async def convert(ctx: Context, lead_id: UUID, body: ConversionCreate) -> bool:
    """Convert the lead; returns whether it happened now, False when the same request had done it before.

    Requests for one lead queue on its row, requests for one customer on its blocking keys. Raises NotFound, Forbidden,
    NotYourLead, LeadClosed, AlreadyConverted, CustomerTaken, PossiblyTaken, DuplicateAccount, NotAManager, Invalid.
    """
    ctx.require(Permission.LEADS_CONVERT)
    lead = await ctx.load(Lead, lead_id)
    asked = request_hash(body)
    if lead.phase == "converted":
        await _same_as_before(ctx, lead, asked)
        return False
    may_change(ctx, lead)
    if lead.phase != "open":
        raise LeadClosed(phase=lead.phase)
    if lead.assignee_id is None:
        lead.assignee_id = ctx.user.user_id
    rules = await rules_of(ctx, lead.project_id)
    await queue_on(ctx, *[normalise(values) for values in await customer.concerned(ctx, lead, body.account_id)])
    account, applied = await _customer(ctx, lead, body)
    contact = await customer.person(ctx, lead, account, body.contact)
    wanted = body.activity or FollowOn()
    if wanted.assignee_id is not None:
        await active_user(ctx, wanted.assignee_id, "/activity/assignee_id")
    activity = await create_follow_on(
        ctx,
        type=wanted.type,
        subject=wanted.subject,
        account=account,
        contact=contact,
        assignee_id=wanted.assignee_id or account.assignee_id,
        due_at=wanted.due_at or ctx.now + timedelta(days=7),
        description=wanted.description,
    )
    if body.transfer_notes:
        await _transfer_notes(ctx, lead, account)
    await move_to_account(ctx, lead.id, account.id)
    await lead_converted(ctx, lead.id, account, contact.id if contact else None)
    lead.status, lead.phase = rules.first_status("converted"), "converted"
    lead.converted_at = ctx.now
    lead.account_id = account.id
    lead.contact_id = contact.id if contact else None
    message_id = None
    request = body.request_opportunity
    if request if request is not None else "opportunity_requested" in rules.lock_steps:
        message_id = await request_opportunity(ctx, lead, account, rules, body.opportunity or OpportunityRequest())
    lock = await live_lock(ctx, lead.id)
    if lock is not None:
        lock.account_id = account.id
        await advance(ctx, lead, rules, lock)
    await ctx.session.flush()
    ctx.session.add(
        Conversion(
            lead_id=lead.id,
            outcome=body.outcome,
            account_id=account.id,
            contact_id=lead.contact_id,
            activity_id=activity.id,
            message_id=message_id,
            applied={"fields": applied},
            request_hash=asked,
            converted_by=ctx.user_id,
            converted_at=ctx.now,
        )
    )
    await ctx.session.flush()
    return True


async def _same_as_before(ctx: Context, lead: Lead, asked: bytes) -> None:
    """Raise AlreadyConverted unless this very request of this person has converted the lead."""
    conversion = await ctx.session.get_one(Conversion, lead.id)
    if conversion.request_hash != asked or conversion.converted_by != ctx.user_id:
        raise AlreadyConverted(extra={"account_id": conversion.account_id})


async def _customer(ctx: Context, lead: Lead, body: ConversionCreate) -> tuple[Account, list[dict[str, Any]]]:
    """The account of the chosen outcome (CONV-2), and which of its fields were set."""
    if body.outcome == "create":
        if body.account_id is not None or body.take:
            message = {"de": "Das gehört zu „update“ und „keep“.", "en": "This belongs to “update” and “keep”."}
            raise Invalid([("/account_id" if body.account_id else "/take", "not_with_create", message)])
        return await customer.make(ctx, lead, body), []
    if body.account_id is None:
        message = {"de": "Nennen Sie den Kunden.", "en": "Name the customer."}
        raise Invalid([("/account_id", "missing", message)])
    account, passes, admits = await customer.find(ctx, lead, body.account_id)
    told = {account.assignee_id, *account.manager_ids}
    if body.outcome == "keep" and (body.take or body.account):
        message = {"de": "„keep“ lässt den Kunden, wie er ist.", "en": "“keep” leaves the customer as it is."}
        raise Invalid([("/take" if body.take else "/account", "not_with_keep", message)])
    applied: list[dict[str, Any]] = []
    if body.outcome == "update" or body.transfer_notes:
        applied = await customer.change(ctx, lead, account, body, passes=passes)
    if passes:
        customer.hand_to(account, lead)
    elif admits:
        customer.admit(account, lead)
    await accounts.tell_added(ctx, account, told)
    return account, applied


async def _transfer_notes(ctx: Context, lead: Lead, account: Account) -> None:
    """The lead's notes show at the customer too, and stay with the lead (CONV-1)."""
    statement = (
        update(Activity)
        .where(Activity.lead_id == lead.id, Activity.type == "note", Activity.account_id.is_(None))
        .values(account_id=account.id)
    )
    await ctx.session.execute(unscoped(statement, reason="all notes of the lead, whoever wrote them"))


async def request_opportunity(
    ctx: Context, lead: Lead, account: Account, rules: Rules, wanted: OpportunityRequest
) -> UUID:
    """Tell sales support what opportunity to make (CONV-4). Raises Invalid for a stage of another pipeline."""
    stage = await _stage(ctx, rules.pipeline_id or DEFAULT_PIPELINE_ID, wanted.stage_id)
    lead.opportunity_requested_at = ctx.now
    revenue = wanted.amount or customer.revenue_of(lead) or Money(amount=Decimal(0), currency="EUR")
    amount = {"amount": f"{revenue.amount:.2f}", "currency": revenue.currency}
    label = stage.label_de if ctx.language == "de" else stage.label_en
    subject = {"de": "Verkaufschance anlegen: {}", "en": "Opportunity to make: {}"}[ctx.language].format(lead.name)
    text = {
        "de": "Bitte legen Sie die Verkaufschance für „{}“ an.\nErwarteter Jahresumsatz: {} {}\nPhase: {}",
        "en": "Please make the opportunity for “{}”.\nExpected annual revenue: {} {}\nStage: {}",
    }[ctx.language].format(lead.name, amount["amount"], amount["currency"], label)
    message = await send(
        ctx,
        recipients=await _sales_support(ctx),
        subject=subject[:200],
        body=text,
        record_type="lead",
        record_id=lead.id,
        kind="opportunity_request",
        request={
            "lead_id": str(lead.id),
            "account_id": str(account.id),
            "contact_id": str(lead.contact_id) if lead.contact_id else None,
            "stage_id": str(stage.id),
            "amount": amount["amount"],
            "currency": amount["currency"],
            "assignee_id": str(lead.assignee_id),
        },
    )
    return message.id


async def request_later(ctx: Context, lead_id: UUID, wanted: OpportunityRequest) -> None:
    """The last step of a lead that was converted without asking sales support; once.

    Raises NotFound, Forbidden, NotYourLead, NotConverted, AlreadyRequested, Invalid.
    """
    ctx.require(Permission.LEADS_CONVERT)
    lead = await ctx.load(Lead, lead_id)
    may_change(ctx, lead)
    if lead.account_id is None or lead.phase != "converted":
        raise NotConverted
    if lead.opportunity_requested_at is not None:
        raise AlreadyRequested
    rules = await rules_of(ctx, lead.project_id)
    account = unscoped(select(Account).where(Account.id == lead.account_id), reason="the customer of the asker's lead")
    message_id = await request_opportunity(ctx, lead, (await ctx.session.execute(account)).scalar_one(), rules, wanted)
    conversion = await ctx.session.get_one(Conversion, lead.id)
    conversion.message_id = message_id
    lock = await live_lock(ctx, lead.id)
    if lock is not None:
        await advance(ctx, lead, rules, lock)


async def _stage(ctx: Context, pipeline_id: UUID, stage_id: UUID | None) -> Stage:
    statement = select(Stage).where(Stage.pipeline_id == pipeline_id).order_by(Stage.position)
    if stage_id is not None:
        statement = statement.where(Stage.id == stage_id)
    stage = (await ctx.session.execute(statement.limit(1))).scalar_one_or_none()
    if stage is None:
        message = {"de": "Diese Phase gibt es in der Pipeline nicht.", "en": "The pipeline has no such stage."}
        raise Invalid([("/opportunity/stage_id", "unknown_stage", message)])
    return stage


async def _sales_support(ctx: Context) -> list[UUID]:
    statement = (
        select(User.id)
        .join(UserRole, UserRole.user_id == User.id)
        .join(Role, Role.id == UserRole.role_id)
        .where(User.active, Role.key == SALES_SUPPORT)
        .order_by(User.id)
    )
    return list((await ctx.session.execute(statement)).scalars().all())
