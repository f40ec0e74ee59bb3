"""`/v1/accounts`: the customers."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.accounts import service
from app.accounts.access import NotAManager
from app.accounts.problems import ErpRecord
from app.accounts.queries import ACCOUNT
from app.accounts.schemas import AccountQuery, AccountRead
from app.core.context import Ctx
from app.core.permissions import Permission
from app.core.problems import InUse, declared
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
