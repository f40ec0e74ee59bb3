"""Contacts: making, changing and deleting them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.accounts import reach
from app.accounts.access import require_write
from app.accounts.models import Account
from app.accounts.relations import NO_ACCOUNT
from app.accounts.service import changed_people, people_of
from app.contact_types.service import wrong_type
from app.contacts.membership import change_main
from app.contacts.models import Contact
from app.contacts.parties import values_of
from app.contacts.queries import CONTACT
from app.contacts.schemas import ContactCreate, ContactUpdate
from app.core.context import Context
from app.core.db import new_id
from app.core.permissions import Permission
from app.core.problems import Invalid
from app.core.types import REASONS
from app.core.visibility import unscoped, visible
from app.core.writing import already_created, assign, delete, request_hash, require_match
from app.custom_fields import checked
from app.identity.references import FieldProblem
from app.indexing import index_new, index_record, remove_record
from app.notifications import notify

_SET_BY_RULE = {
    *("id", "assignee_id", "manager_ids", "team_ids", "erp_id", "industry", "relationship"),
    *("left_on", "teams_follow", "next_contact_id", "next_lead_id", "previous_contact_id"),
}
_UNBORN = {"de": "Der Geburtstag liegt in der Zukunft.", "en": "The birthday lies in the future."}


_NO_TEAMS = {
    "de": "Ohne Kunden gibt es keine Teams zu übernehmen; nennen Sie mindestens ein Team.",
    "en": "Without an account there are no teams to follow; name at least one team.",
}


async def create(ctx: Context, body: ContactCreate) -> tuple[UUID, bool]:
    """Make a contact; returns its id and whether it is new. Raises Forbidden, Invalid, IdTaken."""
    ctx.require(Permission.CONTACTS_WRITE)
    asked = request_hash(body)
    if body.id is not None and await already_created(ctx, Contact, body.id, asked):
        return body.id, False
    contact = await add(ctx, body, request_hash=asked)
    return contact.id, True


async def add(
    ctx: Context,
    body: ContactCreate,
    *,
    at: Account | None = None,
    known: Mapping[str, Any] | None = None,
    **more: Any,
) -> Contact:
    """The new contact, indexed, its people notified; `more` are columns that no client sets. Raises Invalid.

    `at` is the contact's account where the caller has it already, whether or not the asker may see it; `known` are lists of
    a person who is made anew: the consents in them go along.
    """
    account, errors = (at, []) if at is not None else await _account(ctx, body.account_id)
    follows = body.team_ids is None and account is not None
    if follows and account is not None:
        body = body.model_copy(update={"team_ids": account.team_ids})
    settled = reach.settle(body, reach.OF_CONTACTS, now=ctx.now, by=ctx.user_id, before=known)
    body = settled.into(body)
    people, wrong = await people_of(ctx, body)
    errors += settled.errors + wrong + _birth_errors(ctx, body) + await checked(ctx, "contact", body)
    errors += await wrong_type(ctx, body)
    if errors:
        raise Invalid(errors)
    contact = Contact(
        **{name: value for name, value in body if name not in _SET_BY_RULE},
        **people,
        **more,
        teams_follow=follows,
        id=body.id or new_id(),
        created_by=ctx.user_id,
    )
    if at is not None:
        contact.account_id = at.id
    ctx.session.add(contact)
    ctx.held.add(contact.id)
    await index_new(ctx, [("contact", contact.id, values_of(contact, account.name if account else None))])
    await _tell(ctx, contact, [contact.assignee_id, *contact.manager_ids])
    return contact


async def next_defaults(ctx: Context, contact_id: UUID) -> dict[str, Any]:
    """What the next contact has in common with this one, which the asker has just made (ACC-13)."""
    made = unscoped(select(Contact).where(Contact.id == contact_id), reason="the asker has just made it")
    contact = (await ctx.session.execute(made)).scalar_one()
    names = ("account_id", "assignee_id", "access", "contact_type", "country", "source")
    own = None if contact.teams_follow else contact.team_ids
    return {**{name: getattr(contact, name) for name in names}, "team_ids": own}


async def update(ctx: Context, contact_id: UUID, patch: ContactUpdate, if_match: str | None) -> None:
    """Change a contact. Raises Forbidden, NotFound, NotAManager, StaleVersion, Invalid."""
    ctx.require(Permission.CONTACTS_WRITE)
    contact = await ctx.load(Contact, contact_id)
    require_write(ctx, contact, patch.model_fields_set)
    await require_match(ctx, CONTACT, contact, if_match)
    await change(ctx, contact, patch)


async def change(ctx: Context, contact: Contact, patch: ContactUpdate) -> None:
    """Apply the patch to a loaded contact, for an asker who may: check, index, notify. Raises NotAManager, Invalid."""
    named = set(patch.model_fields_set)
    require_write(ctx, contact, named)
    moved = "account_id" in named and patch.account_id != contact.account_id
    account, errors = await _account(ctx, patch.account_id) if moved else (None, [])
    before = reach.columns(contact, reach.OF_CONTACTS)
    settled = reach.settle(patch, reach.OF_CONTACTS, now=ctx.now, by=ctx.user_id, before=before)
    errors += settled.errors + await changed_people(ctx, contact, patch) + _birth_errors(ctx, patch)
    errors += await checked(ctx, "contact", patch, contact.custom) + await wrong_type(ctx, patch, contact)
    errors += _gone_errors(contact, moved=moved)
    patch = settled.into(patch)
    if contact.teams_follow and set(patch.team_ids or ()) == set(contact.team_ids):
        named = named - {"team_ids"}  # sent back as it was read
    follows = patch.team_ids is None if "team_ids" in named else contact.teams_follow
    account_id = patch.account_id if "account_id" in named else contact.account_id
    if follows and account_id is None:
        if "team_ids" in named:
            errors.append(("/team_ids", "no_account", _NO_TEAMS))
        follows = False  # what they were, they stay
    if errors:
        raise Invalid(errors)
    told = {contact.assignee_id, *contact.manager_ids}
    known_as = values_of(contact, None)
    if moved:
        await change_main(ctx, contact, patch.account_id, title_given="job_title" in named)
    if follows and (moved or not contact.teams_follow):
        # They may be others than before: that is for the contact's own people.
        require_write(ctx, contact, {"team_ids"})
        contact.team_ids = list(account.team_ids if account is not None else await _teams_of(ctx, contact))
    elif patch.team_ids is not None and "team_ids" in named:
        contact.team_ids = patch.team_ids
    contact.teams_follow = follows
    assign(contact, patch, leave=("account_id", "team_ids"))
    if moved or values_of(contact, None) != known_as:
        await index(ctx, contact)
    await _tell(ctx, contact, [user for user in (contact.assignee_id, *contact.manager_ids) if user not in told])


async def _teams_of(ctx: Context, contact: Contact) -> list[UUID]:
    """The teams of the contact's account, which does not change before the contact has them."""
    statement = select(Account.team_ids).where(Account.id == contact.account_id).with_for_update(read=True)
    reason = "the contact follows its account, whoever sees that"
    return list((await ctx.session.execute(unscoped(statement, reason=reason))).scalar_one())


def _gone_errors(contact: Contact, *, moved: bool) -> list[FieldProblem]:
    """Who has left a company goes to no other: they are made anew there (ACC-6)."""
    return (
        [("/account_id", "use_departure", REASONS["departure"])] if moved and contact.relationship != "active" else []
    )


async def remove(ctx: Context, contact_id: UUID) -> None:
    """Delete a contact; what hangs on it stays with the account. Raises Forbidden, NotFound, NotAManager, InUse."""
    ctx.require(Permission.CONTACTS_DELETE)
    contact = await ctx.load(Contact, contact_id)
    require_write(ctx, contact)
    await delete(ctx, contact)
    await remove_record(ctx, "contact", contact_id)


async def index(ctx: Context, contact: Contact) -> None:
    """Put the contact into the duplicate index, with its account's name as it is."""
    company = None
    if contact.account_id is not None:
        statement = select(Account.name).where(Account.id == contact.account_id).with_for_update(read=True)
        company = (
            await ctx.session.execute(unscoped(statement, reason="the index knows the employer, whoever may see it"))
        ).scalar_one()
    await index_record(ctx, "contact", contact.id, values_of(contact, company))


async def _account(ctx: Context, account_id: UUID | None) -> tuple[Account | None, list[FieldProblem]]:
    """The visible account that a contact is to belong to. It is not renamed before the contact is in the index."""
    if account_id is None:
        return None, []
    statement = visible(Account, ctx.principal).where(Account.id == account_id).with_for_update(of=Account, read=True)
    account = (await ctx.session.execute(statement)).scalar_one_or_none()
    return account, [] if account is not None else [("/account_id", "unknown_account", NO_ACCOUNT)]


def _birth_errors(ctx: Context, body: ContactCreate | ContactUpdate) -> list[FieldProblem]:
    if body.birth_date is not None and body.birth_date > ctx.today:
        return [("/birth_date", "in_the_future", _UNBORN)]
    return []


async def _tell(ctx: Context, contact: Contact, users: list[UUID]) -> None:
    name = " ".join(part for part in (contact.first_name, contact.last_name) if part)
    await notify(ctx, users, "manager_added", record_type="contact", record_id=contact.id, data={"name": name})
