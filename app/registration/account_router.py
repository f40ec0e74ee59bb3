"""`/v1/accounts`: customers made and changed without a lead, under the same lock."""

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from app.accounts import service as accounts
from app.accounts.access import NotAManager
from app.accounts.queries import ACCOUNT
from app.accounts.schemas import AccountCreate, AccountCreated, AccountRead, AccountUpdate, Another
from app.core.context import Ctx, PostCtx
from app.core.etags import IfMatch
from app.core.problems import IdTaken, declared
from app.locks.problems import CustomerTaken, CustomerYours, PossiblyTaken
from app.registration import account_service

router = APIRouter(prefix="/accounts", tags=["accounts"])


@router.post(
    "",
    operation_id="create_account",
    summary="Create an account",
    status_code=201,
    response_model=AccountCreated,
    responses=declared(IdTaken, CustomerTaken, CustomerYours, PossiblyTaken)
    | {200: {"description": "Created before by the same request.", "model": AccountCreated}},
)
async def create_account(ctx: PostCtx, body: AccountCreate, *, another: Another = False) -> Response:
    """Make a customer. All that is missing or wrong is told at once. Managers who are named are notified.

    While another one holds the customer, under whatever spelling: 409 with the matches and whom to ask.
    """
    id_, new = await account_service.create(ctx, body)
    following = await accounts.next_defaults(ctx, id_) if another else None
    location = f"/v1/accounts/{id_}"
    return await ACCOUNT.reply(ctx, id_, status=201 if new else 200, location=location, following=following)


@router.patch(
    "/{account_id:uuid}",
    operation_id="update_account",
    summary="Change an account",
    response_model=AccountRead,
    responses=declared(NotAManager, CustomerTaken),
)
async def update_account(ctx: Ctx, account_id: UUID, patch: AccountUpdate, if_match: IfMatch = None) -> Response:
    """Change an account: its assignee, managers and teams may, and everyone where it is open to be written.

    Who may see or change it is for its people alone. New managers are notified. A new name or address is examined like a
    new account's.
    """
    await account_service.update(ctx, account_id, patch, if_match)
    return await ACCOUNT.reply(ctx, account_id)
