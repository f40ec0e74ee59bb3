"""Sales support turns a developer's message into the opportunity, in one request (CONV-4)."""

from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import select

from app.accounts.models import Account
from app.contacts.models import Contact
from app.core.context import Context
from app.core.db import new_id
from app.core.permissions import Permission
from app.core.problems import Invalid
from app.core.redirects import whereabouts
from app.core.visibility import unscoped, visible
from app.core.writing import already_created, request_hash
from app.custom_fields import carried_from, checked
from app.identity.references import FieldProblem, each, unknown_references
from app.messages.models import Message
from app.opportunities.cards import add, check_closing, first_stage, stage_of, unknown_stage
from app.opportunities.models import Opportunity
from app.opportunities.problems import AlreadyCreated, CustomerGone
from app.opportunities.schemas import OpportunityCreate, OpportunityRequest

_OF_THE_REQUEST = ("account_id", "contact_id", "pipeline_id", "assignee_id")
_NOT_HERE = {"de": "Das steht in der Nachricht.", "en": "The message says this."}
_NO_MESSAGE = {
    "de": "Diese Nachricht gibt es nicht, oder Sie dürfen sie nicht sehen.",
    "en": "There is no such message, or you may not see it.",
}
_NO_REQUEST = {"de": "Diese Nachricht bittet um keine Verkaufschance.", "en": "This message asks for no opportunity."}
_NO_AMOUNT = {"de": "Die Nachricht nennt keinen Umsatz.", "en": "The message names no revenue."}


async def create(ctx: Context, body: OpportunityCreate, message_id: UUID) -> tuple[UUID, bool]:
    """Make the requested opportunity; returns its id and whether it is new: asked twice by the same person, it is not.

    It belongs to the developer who asked, who is notified. Raises Forbidden, Invalid, AlreadyCreated (another person was
    faster), CustomerGone, IdTaken.
    """
    ctx.require(Permission.OPPORTUNITIES_CREATE_REQUESTED)
    message = await _message(ctx, message_id)
    if (made := await _made_from(ctx, message_id)) is not None:
        return made, False
    request = _request_of(message)
    asked = request_hash(body)
    if body.id is not None and await already_created(ctx, Opportunity, body.id, asked):
        return body.id, False
    account = await _account(ctx, request.account_id)
    wanted = body.stage_id or request.stage_id
    stage = await stage_of(ctx, wanted) if wanted is not None else None
    if stage is None and body.stage_id is None:
        stage = await first_stage(ctx, None)
    errors: list[FieldProblem] = [
        (f"/{name}", "set_by_request", _NOT_HERE) for name in _OF_THE_REQUEST if getattr(body, name) is not None
    ]
    errors += await unknown_references(ctx, teams=each("/team_ids", body.team_ids))
    body.custom = await carried_from(ctx, request.lead_id, "opportunity") | body.custom
    errors += await checked(ctx, "opportunity", body)
    if stage is None:
        errors.append(unknown_stage("/stage_id"))
    else:
        errors += check_closing(stage, probability=body.probability, reason=body.close_reason)
    amount, currency = request.amount, request.currency
    if body.expected_revenue is not None:
        amount, currency = body.expected_revenue.amount, body.expected_revenue.currency
    if amount is None:
        errors.append(("/expected_revenue", "missing", _NO_AMOUNT))
    if errors or stage is None or amount is None:
        raise Invalid(errors)
    opportunity = Opportunity(
        id=body.id or new_id(),
        name=body.name or account.name,
        account_id=account.id,
        contact_id=await _standing_contact(ctx, request.contact_id),
        lead_id=request.lead_id,
        pipeline_id=stage.pipeline_id,
        amount=amount,
        currency=currency,
        close_on=body.close_on,
        close_reason=body.close_reason,
        description=body.description,
        custom=body.custom,
        assignee_id=request.assignee_id or message.sender_id or ctx.user_id,
        team_ids=body.team_ids or account.team_ids,
        teams_follow=body.team_ids is None,
        message_id=message.id,
        created_by=ctx.user_id,
        request_hash=asked,
    )
    await add(ctx, opportunity, stage, body.probability)
    return opportunity.id, True


async def _message(ctx: Context, message_id: UUID) -> Message:
    """The message, held until commit: two who turn it into an opportunity at once queue here."""
    statement = visible(Message, ctx.principal).where(Message.id == message_id).with_for_update(of=Message)
    message = (await ctx.session.execute(statement)).scalar_one_or_none()
    if message is None:
        raise Invalid([("/message_id", "unknown_message", _NO_MESSAGE)])
    return message


async def _made_from(ctx: Context, message_id: UUID) -> UUID | None:
    """The opportunity that the asker has made from the message; AlreadyCreated when another person has."""
    statement = unscoped(
        select(Opportunity.id, Opportunity.created_by).where(Opportunity.message_id == message_id),
        reason="a request becomes one opportunity only, seen or not",
    )
    row = (await ctx.session.execute(statement)).one_or_none()
    if row is None:
        return None
    if row.created_by != ctx.user_id:
        raise AlreadyCreated(extra={"opportunity_id": row.id})
    id_: UUID = row.id
    return id_


def _request_of(message: Message) -> OpportunityRequest:
    try:
        if message.kind == "opportunity_request":
            return OpportunityRequest.model_validate(message.request)
    except ValidationError:
        pass
    raise Invalid([("/message_id", "not_a_request", _NO_REQUEST)])


async def _account(ctx: Context, account_id: UUID) -> Account:
    statement = unscoped(
        select(Account).where(Account.id == await whereabouts(ctx, account_id)),
        reason="sales support makes the opportunity for whom it is, though the customer is not theirs to see",
    )
    account = (await ctx.session.execute(statement)).scalar_one_or_none()
    if account is None:
        raise CustomerGone
    return account


async def _standing_contact(ctx: Context, contact_id: UUID | None) -> UUID | None:
    """The person, unless they were deleted meanwhile."""
    if contact_id is None:
        return None
    statement = unscoped(
        select(Contact.id).where(Contact.id == await whereabouts(ctx, contact_id)),
        reason="named by the request, as the account",
    )
    return (await ctx.session.execute(statement)).scalar_one_or_none()
