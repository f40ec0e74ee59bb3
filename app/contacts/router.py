"""`/v1/contacts`: the people of customers."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.accounts.access import NotAManager
from app.accounts.schemas import Another
from app.contacts import service
from app.contacts.queries import CONTACT
from app.contacts.schemas import ContactCreate, ContactCreated, ContactQuery, ContactRead, ContactUpdate
from app.core.context import Ctx, PostCtx
from app.core.etags import IfMatch
from app.core.permissions import Permission
from app.core.problems import IdTaken, InUse, declared
from app.core.resource import Page

router = APIRouter(prefix="/contacts", tags=["contacts"])


@router.get("", operation_id="list_contacts", summary="List contacts", response_model=Page[ContactRead])
async def list_contacts(ctx: Ctx, request: Request, query: Annotated[ContactQuery, Query()]) -> Response:
    """The contacts that the asker may see: their own, their teams', and those that are open to everyone."""
    ctx.require(Permission.CONTACTS_READ)
    return await CONTACT.page(ctx, request, query)


@router.post(
    "",
    operation_id="create_contact",
    summary="Create a contact",
    status_code=201,
    response_model=ContactCreated,
    responses=declared(IdTaken)
    | {200: {"description": "Created before by the same request.", "model": ContactCreated}},
)
async def create_contact(ctx: PostCtx, body: ContactCreate, *, another: Another = False) -> Response:
    """Make a contact, with or without an account that the asker sees. Managers who are named are notified."""
    id_, new = await service.create(ctx, body)
    following = await service.next_defaults(ctx, id_) if another else None
    location = f"/v1/contacts/{id_}"
    return await CONTACT.reply(ctx, id_, status=201 if new else 200, location=location, following=following)


@router.get("/{contact_id:uuid}", operation_id="get_contact", summary="Get a contact", response_model=ContactRead)
async def get_contact(ctx: Ctx, request: Request, contact_id: UUID) -> Response:
    """One contact."""
    ctx.require(Permission.CONTACTS_READ)
    return await CONTACT.read(ctx, request, contact_id)


@router.patch(
    "/{contact_id:uuid}",
    operation_id="update_contact",
    summary="Change a contact",
    response_model=ContactRead,
    responses=declared(NotAManager),
)
async def update_contact(ctx: Ctx, contact_id: UUID, patch: ContactUpdate, if_match: IfMatch = None) -> Response:
    """Change a contact: its assignee, managers and teams may, and everyone where it is open to be written.

    Who may see or change it is for its people alone. New managers are notified.
    """
    await service.update(ctx, contact_id, patch, if_match)
    return await CONTACT.reply(ctx, contact_id)


@router.delete(
    "/{contact_id:uuid}",
    operation_id="delete_contact",
    summary="Delete a contact",
    status_code=204,
    response_model=None,
    responses=declared(NotAManager, InUse),
)
async def delete_contact(ctx: Ctx, contact_id: UUID) -> Response:
    """Delete a contact. Its activities and opportunities stay with the account, its history stays too.

    Refused while an activity without an account hangs on it.
    """
    await service.remove(ctx, contact_id)
    return ctx.reply(None, status=204)
