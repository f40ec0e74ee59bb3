"""`POST /v1/accounts`: a customer made without a lead, under the same lock."""

from fastapi import APIRouter
from starlette.responses import Response

from app.accounts.queries import ACCOUNT
from app.accounts.schemas import AccountCreate, AccountRead
from app.core.context import PostCtx
from app.core.problems import IdTaken, declared
from app.locks.problems import CustomerTaken, PossiblyTaken
from app.registration import account_service

router = APIRouter(prefix="/accounts", tags=["accounts"])


@router.post(
    "",
    operation_id="create_account",
    summary="Create an account",
    status_code=201,
    response_model=AccountRead,
    responses=declared(IdTaken, CustomerTaken, PossiblyTaken)
    | {200: {"description": "Created before by the same request.", "model": AccountRead}},
)
async def create_account(ctx: PostCtx, body: AccountCreate) -> Response:
    """Make a customer. All that is missing or wrong is told at once. Managers who are named are notified.

    While another one holds the customer, under whatever spelling: 409 with the matches and whom to ask.
    """
    id_, new = await account_service.create(ctx, body)
    return await ACCOUNT.reply(ctx, id_, status=201 if new else 200, location=f"/v1/accounts/{id_}")
