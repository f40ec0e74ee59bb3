"""Whose people contacts are: their main account, further ones, and who decides at an account (ACC-5)."""

from uuid import UUID

from sqlalchemy import select, update

from app.accounts.access import require_write
from app.accounts.models import Account
from app.accounts.relations import NO_ACCOUNT
from app.contacts.membership_schemas import AccountContactCreate, AccountContactUpdate
from app.contacts.models import AccountContact, Contact
from app.contacts.queries import ACCOUNT_CONTACT
from app.core.context import Context
from app.core.db import new_id
from app.core.permissions import Permission
from app.core.problems import Invalid, Language
from app.core.visibility import unscoped, visible
from app.core.writing import already_created, assign, request_hash, require_match
from app.identity.references import FieldProblem

_NO_CONTACT: dict[Language, str] = {
    "de": "Diesen Kontakt gibt es nicht, oder Sie dürfen ihn nicht sehen.",
    "en": "There is no such contact, or you may not see it.",
}
_IS_MAIN: dict[Language, str] = {
    "de": "Das ist schon der Hauptkunde des Kontakts.",
    "en": "This is the contact's main account already.",
}
_NOT_THEIRS: dict[Language, str] = {
    "de": "Entscheider kann nur ein Kontakt dieses Kunden sein.",
    "en": "Only one of the account's contacts can be its decision maker.",
}
_OWN_DOING = "what follows from a change of the contact, whoever sees the account"


async def create(ctx: Context, body: AccountContactCreate) -> tuple[UUID, bool]:
    """Give a contact a further account; returns the pair's id and whether it is new.

    Raises Forbidden, NotAManager, Invalid, IdTaken, Conflict (there already).
    """
    ctx.require(Permission.CONTACTS_WRITE)
    asked = request_hash(body)
    if body.id is not None and await already_created(ctx, AccountContact, body.id, asked):
        return body.id, False
    contacts = visible(Contact, ctx.principal).where(Contact.id == body.contact_id)
    contact = (await ctx.session.execute(contacts.with_for_update(of=Contact, read=True))).scalar_one_or_none()
    accounts = visible(Account, ctx.principal).where(Account.id == body.account_id)
    account = (await ctx.session.execute(accounts.with_for_update(of=Account, read=True))).scalar_one_or_none()
    errors: list[FieldProblem] = []
    if contact is None:
        errors.append(("/contact_id", "unknown_contact", _NO_CONTACT))
    if account is None:
        errors.append(("/account_id", "unknown_account", NO_ACCOUNT))
    elif contact is not None and contact.account_id == account.id:
        errors.append(("/account_id", "main_account", _IS_MAIN))
    if contact is not None:
        require_write(ctx, contact)
    if errors:
        raise Invalid(errors)
    pair = AccountContact(
        **body.model_dump(exclude={"id"}), id=body.id or new_id(), created_by=ctx.user_id, request_hash=asked
    )
    ctx.session.add(pair)
    await ctx.session.flush()
    return pair.id, True


async def update_pair(ctx: Context, id_: UUID, patch: AccountContactUpdate, if_match: str | None) -> None:
    """Change what the contact is there. Raises Forbidden, NotFound, NotAManager, StaleVersion."""
    pair = await _writable(ctx, id_)
    await require_match(ctx, ACCOUNT_CONTACT, pair, if_match)
    assign(pair, patch)
    await ctx.session.flush()


async def remove(ctx: Context, id_: UUID) -> None:
    """The contact does not belong to that account any more, nor decides there. Raises Forbidden, NotFound, NotAManager."""
    pair = await _writable(ctx, id_)
    await ctx.session.delete(pair)
    await leave(ctx, pair.contact_id, pair.account_id)


async def leave(ctx: Context, contact_id: UUID, account_id: UUID) -> None:
    """Who is not at an account any more does not decide there either."""
    decides = update(Account).where(Account.id == account_id, Account.main_contact_id == contact_id)
    await ctx.session.execute(unscoped(decides.values(main_contact_id=None), reason=_OWN_DOING))


async def change_main(ctx: Context, contact: Contact, to: UUID | None, *, title_given: bool) -> None:
    """Another main account. Where the contact has it as a further one, the two change places, job titles included;
    otherwise the contact leaves the one before.
    """
    before = contact.account_id
    statement = select(AccountContact).where(AccountContact.contact_id == contact.id, AccountContact.account_id == to)
    found = unscoped(statement.with_for_update(), reason=_OWN_DOING)
    pair = (await ctx.session.execute(found)).scalar_one_or_none() if to is not None else None
    contact.account_id = to
    if pair is None:
        if before is not None:
            await leave(ctx, contact.id, before)
        return
    title = contact.job_title
    if pair.job_title is not None and not title_given:
        contact.job_title = pair.job_title
    if before is None:
        await ctx.session.delete(pair)
    else:
        pair.account_id, pair.job_title, pair.relation = before, title, "employee"


async def require_contact_of(ctx: Context, account_id: UUID, contact_id: UUID) -> None:
    """Raise Invalid unless the asker sees the contact, who belongs to the account and has not left; so it stays until commit.

    To be asked before the account is locked: whoever moves a contact holds it first, and then the account.
    """
    contacts = visible(Contact, ctx.principal).where(Contact.id == contact_id)
    contact = (await ctx.session.execute(contacts.with_for_update(of=Contact, read=True))).scalar_one_or_none()
    there = contact is not None and contact.relationship == "active"
    if contact is not None and there and contact.account_id == account_id:
        return
    if there:
        pairs = select(AccountContact.id).where(
            AccountContact.contact_id == contact_id, AccountContact.account_id == account_id
        )
        pairs = unscoped(pairs.with_for_update(read=True), reason="the asker sees the contact")
        if (await ctx.session.execute(pairs)).first() is not None:
            return
    raise Invalid([("/main_contact_id", "not_a_contact_of_it", _NOT_THEIRS)])


async def _writable(ctx: Context, id_: UUID) -> AccountContact:
    ctx.require(Permission.CONTACTS_WRITE)
    pair = await ctx.load(AccountContact, id_, lock=False)
    contact = await ctx.load(Contact, pair.contact_id)
    require_write(ctx, contact)
    return await ctx.load(AccountContact, id_)
