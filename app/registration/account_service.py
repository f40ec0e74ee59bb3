"""Customers made without a lead: they must not slip past another one's lock (LOCK-3)."""

from uuid import UUID

from app.accounts import service as accounts
from app.accounts.models import Account
from app.accounts.schemas import AccountCreate
from app.core.context import Context
from app.core.permissions import Permission
from app.core.writing import already_created, request_hash
from app.indexing import queue_on
from app.locks.protection import examine
from app.matching import normalise
from app.registration.service import refuse_unless_free


async def create(ctx: Context, body: AccountCreate) -> tuple[UUID, bool]:
    """Make an account; returns its id and whether it is new.

    Who sees all records (an integration, an administrator) brings in customers as they are, taken or not.
    Raises Forbidden, Invalid, IdTaken, CustomerTaken, PossiblyTaken.
    """
    ctx.require(Permission.ACCOUNTS_WRITE)
    asked = request_hash(body)
    if body.id is not None and await already_created(ctx, Account, body.id, asked):
        return body.id, False
    if not ctx.may(Permission.RECORDS_READ_ALL):
        party = normalise(accounts.values_of(body))
        await queue_on(ctx, party)
        examination = await examine(ctx, party, country=body.country, distinct_from=body.not_duplicate_of)
        if examination.status != "yours":
            refuse_unless_free(ctx, examination)
    account = await accounts.add(ctx, body, request_hash=asked)
    return account.id, True
