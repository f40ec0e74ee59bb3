"""Customers made or renamed without a lead: they must not slip past another one's lock (LOCK-3)."""

from dataclasses import fields
from types import SimpleNamespace
from uuid import UUID

from app.accounts import parties as account_parties
from app.accounts import service as accounts
from app.accounts.models import Account
from app.accounts.reach import LISTS
from app.accounts.schemas import AccountCreate, AccountUpdate
from app.contacts.membership import require_contact_of
from app.core.context import Context
from app.core.permissions import Permission
from app.core.writing import already_created, request_hash
from app.duplicates.dismissals import Ref, remember_named
from app.indexing import find_matches, queue_on
from app.locks.protection import examine, refuse_unless_free
from app.matching import PartyValues, normalise

_WHO_IT_IS = {*(field.name for field in fields(PartyValues)), *LISTS}
"""A change of one of these may make the account another customer; the lists hold the plain fields."""


async def create(ctx: Context, body: AccountCreate) -> tuple[UUID, bool]:
    """Make an account; returns its id and whether it is new.

    Who sees all records (an integration, an administrator) brings in customers as they are, taken or not.
    Raises Forbidden, Invalid, IdTaken, CustomerTaken, CustomerYours, PossiblyTaken.
    """
    ctx.require(Permission.ACCOUNTS_WRITE)
    asked = request_hash(body)
    if body.id is not None and await already_created(ctx, Account, body.id, asked):
        return body.id, False
    party = normalise(account_parties.values_of(accounts.settled(ctx, body)[0]))
    examination = None
    if not ctx.may(Permission.RECORDS_READ_ALL):
        await queue_on(ctx, party)
        examination = await examine(ctx, party, country=body.country, distinct_from=body.not_duplicate_of)
        own = [s for s in examination.standings if s.yours and s.match.verdict == "duplicate"]
        if examination.status != "yours" or any(s.record_id not in body.not_duplicate_of for s in own):
            refuse_unless_free(ctx, examination)
    elif body.not_duplicate_of:
        examination = await examine(ctx, party, country=body.country)
    account = await accounts.add(ctx, body, request_hash=asked)
    if body.not_duplicate_of and examination is not None:
        await remember_named(ctx, Ref("account", account.id), examination.standings, body.not_duplicate_of)
    return account.id, True


async def update(ctx: Context, account_id: UUID, patch: AccountUpdate, if_match: str | None) -> None:
    """Change an account. What makes it another customer is examined like a new account; whom it matched before, it may.

    Raises Forbidden, NotFound, NotAManager, StaleVersion, Invalid, CustomerTaken.
    """
    ctx.require(Permission.ACCOUNTS_WRITE)
    if patch.main_contact_id is not None:
        await ctx.load(Account, account_id, lock=False)  # who does not see it learns nothing of its people
        await require_contact_of(ctx, account_id, patch.main_contact_id)
    if not patch.model_fields_set & _WHO_IT_IS or ctx.may(Permission.RECORDS_READ_ALL):
        await accounts.update(ctx, account_id, patch, if_match)
        return
    account = await ctx.load(Account, account_id, lock=False)
    before, becomes = account_parties.values_of(account), accounts.settled(ctx, patch, account)[0]
    named = becomes.model_fields_set
    names = (*account_parties.ACCOUNT.fields, *LISTS)
    will_be = SimpleNamespace(**{name: getattr(becomes if name in named else account, name) for name in names})
    party = normalise(account_parties.values_of(will_be))
    await queue_on(ctx, party)
    await accounts.update(ctx, account_id, patch, if_match)
    known = await find_matches(ctx, before)
    beside = [found.record_id for found in known.found if found.match.verdict == "duplicate"]
    examination = await examine(ctx, party, country=patch.country, exclude=[account_id, *beside])
    if examination.status == "taken":
        refuse_unless_free(ctx, examination)
