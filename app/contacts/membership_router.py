"""`/v1/account-contacts`: the further accounts of contacts (ACC-5)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.accounts.access import NotAManager
from app.contacts import membership
from app.contacts.membership_schemas import (
    AccountContactCreate,
    AccountContactQuery,
    AccountContactRead,
    AccountContactUpdate,
)
from app.contacts.queries import ACCOUNT_CONTACT
from app.core.context import Ctx, PostCtx
from app.core.etags import IfMatch
from app.core.permissions import Permission
from app.core.problems import Conflict, IdTaken, declared
from app.core.resource import Page

router = APIRouter(prefix="/account-contacts", tags=["contacts"])


@router.get(
    "",
    operation_id="list_account_contacts",
    summary="List further accounts of contacts",
    response_model=Page[AccountContactRead],
)
async def list_account_contacts(ctx: Ctx, request: Request, query: Annotated[AccountContactQuery, Query()]) -> Response:
    """Who belongs to which account besides their main one, as far as the asker sees both."""
    ctx.require(Permission.CONTACTS_READ)
    return await ACCOUNT_CONTACT.page(ctx, request, query)


@router.post(
    "",
    operation_id="create_account_contact",
    summary="Give a contact a further account",
    status_code=201,
    response_model=AccountContactRead,
    responses=declared(NotAManager, Conflict, IdTaken)
    | {200: {"description": "Created before by the same request.", "model": AccountContactRead}},
)
async def create_account_contact(ctx: PostCtx, body: AccountContactCreate) -> Response:
    """Put a contact to an account that is not their main one. The asker sees both, and may change the contact."""
    id_, new = await membership.create(ctx, body)
    return await ACCOUNT_CONTACT.reply(ctx, id_, status=201 if new else 200, location=f"/v1/account-contacts/{id_}")


@router.get(
    "/{account_contact_id:uuid}",
    operation_id="get_account_contact",
    summary="Get a contact's further account",
    response_model=AccountContactRead,
)
async def get_account_contact(ctx: Ctx, request: Request, account_contact_id: UUID) -> Response:
    """One of them."""
    ctx.require(Permission.CONTACTS_READ)
    return await ACCOUNT_CONTACT.read(ctx, request, account_contact_id)


@router.patch(
    "/{account_contact_id:uuid}",
    operation_id="update_account_contact",
    summary="Change what a contact is at a further account",
    response_model=AccountContactRead,
    responses=declared(NotAManager),
)
async def update_account_contact(
    ctx: Ctx, account_contact_id: UUID, patch: AccountContactUpdate, if_match: IfMatch = None
) -> Response:
    """Change it. To make it the main account, change the contact's `account_id`: the two then change places."""
    await membership.update_pair(ctx, account_contact_id, patch, if_match)
    return await ACCOUNT_CONTACT.reply(ctx, account_contact_id)


@router.delete(
    "/{account_contact_id:uuid}",
    operation_id="delete_account_contact",
    summary="Take a further account from a contact",
    status_code=204,
    response_model=None,
    responses=declared(NotAManager),
)
async def delete_account_contact(ctx: Ctx, account_contact_id: UUID) -> Response:
    """The contact does not belong to that account any more; was it the decision maker there, there is none now."""
    await membership.remove(ctx, account_contact_id)
    return ctx.reply(None, status=204)
