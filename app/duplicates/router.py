"""`/v1/duplicate-checks` and `/v1/{resource}/{id}/duplicates`."""

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from app.core.context import Ctx, PostCtx
from app.core.problems import Forbidden, declared
from app.duplicates import service
from app.duplicates.schemas import DuplicateAnswer, DuplicateCheckCreate

router = APIRouter(tags=["duplicates"])


@router.post(
    "/duplicate-checks",
    operation_id="check_duplicates",
    summary="Check any values for duplicates",
    response_model=DuplicateAnswer,
    responses=declared(Forbidden),
)
async def check_duplicates(ctx: PostCtx, body: DuplicateCheckCreate) -> Response:
    """Leads, accounts and contacts that are or may be the one described, with score, verdict and the fields for and against.

    Nothing is kept; the protection check gives a receipt.
    """
    return ctx.reply(await service.check(ctx, body))


@router.get(
    "/leads/{lead_id:uuid}/duplicates",
    operation_id="find_lead_duplicates",
    summary="Find a lead's duplicates",
    response_model=DuplicateAnswer,
    responses=declared(Forbidden),
)
async def find_lead_duplicates(ctx: Ctx, lead_id: UUID) -> Response:
    """What may be the same as this lead."""
    return ctx.reply(await service.of_record(ctx, "lead", lead_id))


@router.get(
    "/accounts/{account_id:uuid}/duplicates",
    operation_id="find_account_duplicates",
    summary="Find an account's duplicates",
    response_model=DuplicateAnswer,
    responses=declared(Forbidden),
)
async def find_account_duplicates(ctx: Ctx, account_id: UUID) -> Response:
    """What may be the same as this account."""
    return ctx.reply(await service.of_record(ctx, "account", account_id))


@router.get(
    "/contacts/{contact_id:uuid}/duplicates",
    operation_id="find_contact_duplicates",
    summary="Find a contact's duplicates",
    response_model=DuplicateAnswer,
    responses=declared(Forbidden),
)
async def find_contact_duplicates(ctx: Ctx, contact_id: UUID) -> Response:
    """What may be the same as this contact."""
    return ctx.reply(await service.of_record(ctx, "contact", contact_id))
