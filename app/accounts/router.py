"""`/v1/accounts`: the customers."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.accounts import figures, service
from app.accounts.access import NotAManager
from app.accounts.figure_schemas import Classification, ErpFigures
from app.accounts.problems import ErpRecord
from app.accounts.queries import ACCOUNT
from app.accounts.schemas import AccountQuery, AccountRead
from app.core.context import Ctx
from app.core.permissions import Permission
from app.core.problems import Conflict, InUse, declared
from app.core.resource import Page

router = APIRouter(prefix="/accounts", tags=["accounts"])


@router.get("", operation_id="list_accounts", summary="List accounts", response_model=Page[AccountRead])
async def list_accounts(ctx: Ctx, request: Request, query: Annotated[AccountQuery, Query()]) -> Response:
    """The accounts that the asker may see: their own, their teams', and those that are open to everyone."""
    ctx.require(Permission.ACCOUNTS_READ)
    return await ACCOUNT.page(ctx, request, query)


@router.get("/{account_id:uuid}", operation_id="get_account", summary="Get an account", response_model=AccountRead)
async def get_account(ctx: Ctx, request: Request, account_id: UUID) -> Response:
    """One account."""
    ctx.require(Permission.ACCOUNTS_READ)
    return await ACCOUNT.read(ctx, request, account_id)


@router.get(
    "/{account_id:uuid}/classification",
    operation_id="get_account_classification",
    summary="Why an account has its type and status",
    response_model=Classification,
)
async def get_account_classification(ctx: Ctx, account_id: UUID) -> Response:
    """Type and status with their reasons, what they were computed from, and the day on which time alone changes them."""
    return ctx.reply(await figures.explain(ctx, account_id))


@router.put(
    "/{account_id:uuid}/erp-figures",
    operation_id="put_account_erp_figures",
    summary="Take over what the ERP says of an account",
    response_model=AccountRead,
    responses=declared(Conflict),
)
async def put_account_erp_figures(ctx: Ctx, account_id: UUID, body: ErpFigures) -> Response:
    """For the interface to the ERP: last order and revenue by year, whole. Type and status follow at once."""
    await figures.put(ctx, account_id, body)
    return await ACCOUNT.reply(ctx, account_id)


@router.delete(
    "/{account_id:uuid}",
    operation_id="delete_account",
    summary="Delete an account",
    status_code=204,
    response_model=None,
    responses=declared(NotAManager, ErpRecord, InUse),
)
async def delete_account(ctx: Ctx, account_id: UUID) -> Response:
    """Delete an account on which nothing hangs: no contact, opportunity, activity, lead or lock. Its history stays."""
    await service.remove(ctx, account_id)
    return ctx.reply(None, status=204)
