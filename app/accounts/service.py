"""Accounts: making, changing and deleting them (ACC-1, ID-5)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.accounts.access import require_write
from app.accounts.models import Account
from app.accounts.parties import values_of
from app.accounts.problems import ErpRecord
from app.accounts.queries import ACCOUNT
from app.accounts.schemas import AccountCreate, AccountUpdate
from app.core.context import Context
from app.core.db import new_id
from app.core.permissions import Permission
from app.core.principal import UserPrincipal
from app.core.problems import Invalid
from app.core.writing import assign, columns_of, delete, require_match
from app.identity.references import FieldProblem, each, unknown_references
from app.indexing import index_dependants, index_new, index_record, remove_record
from app.matching import PartyValues
from app.notifications import notify

_SET_BY_RULE = {"id", "not_duplicate_of", "assignee_id", "manager_ids", "team_ids", "type", "status", "erp_id"}
_NO_TEAM = {
    "de": "Sie haben kein Standardteam; nennen Sie mindestens ein Team.",
    "en": "You have no default team; name at least one team.",
}
_NO_ASSIGNEE = {"de": "Diese Angabe fehlt.", "en": "Field required"}


async def add(ctx: Context, body: AccountCreate, **more: Any) -> Account:
    """The new account, indexed, its people notified; `more` are columns that no client sets. Raises Invalid."""
    people, errors = await people_of(ctx, body)
    if errors:
        raise Invalid(errors)
    account = Account(
        **columns_of({name: value for name, value in body if name not in _SET_BY_RULE}, money=("expected_revenue",)),
        **people,
        **more,
        id=body.id or new_id(),
        created_by=ctx.user_id,
    )
    ctx.session.add(account)
    ctx.held.add(account.id)
    await index_new(ctx, [("account", account.id, values_of(account))])
    await _tell(ctx, account, [account.assignee_id, *account.manager_ids])
    return account


async def people_of(ctx: Context, body: Any) -> tuple[dict[str, Any], list[FieldProblem]]:
    """Assignee, managers and teams of a new record, with the asker's own where the body names none; and what is wrong.

    Managers left out: the asker stays one, where another person is made the assignee (ID-5).
    """
    asker = ctx.principal if isinstance(ctx.principal, UserPrincipal) else None
    assignee = body.assignee_id or ctx.user_id
    managers = body.manager_ids
    if managers is None:
        managers = [asker.user_id] if asker is not None and assignee != asker.user_id else []
    teams = body.team_ids or ([asker.default_team_id] if asker is not None and asker.default_team_id else [])
    errors = await unknown_references(
        ctx,
        users=[("/assignee_id", assignee), *each("/manager_ids", managers)],
        teams=each("/team_ids", teams),
    )
    if assignee is None:
        errors.append(("/assignee_id", "missing", _NO_ASSIGNEE))
    if not teams:
        errors.append(("/team_ids", "missing", _NO_TEAM))
    return {"assignee_id": assignee, "manager_ids": managers, "team_ids": teams}, errors


async def update(ctx: Context, account_id: UUID, patch: AccountUpdate, if_match: str | None) -> None:
    """Change an account. Raises Forbidden, NotFound, NotAManager, StaleVersion, Invalid."""
    ctx.require(Permission.ACCOUNTS_WRITE)
    account = await ctx.load(Account, account_id)
    require_write(ctx, account, patch.model_fields_set)
    await require_match(ctx, ACCOUNT, account, if_match)
    await change(ctx, account, patch)


async def change(ctx: Context, account: Account, patch: AccountUpdate) -> None:
    """Apply the patch to a loaded account, for an asker who may: check, index, notify. Raises NotAManager, Invalid."""
    require_write(ctx, account, patch.model_fields_set)
    if errors := await changed_people(ctx, account, patch):
        raise Invalid(errors)
    before, told = values_of(account), {account.assignee_id, *account.manager_ids}
    assign(account, patch, money=("expected_revenue",))
    await reindex(ctx, account, before)
    await _tell(ctx, account, [user for user in (account.assignee_id, *account.manager_ids) if user not in told])


async def reindex(ctx: Context, account: Account, before: PartyValues) -> None:
    """Keep a changed account in the duplicate index, and its contacts, who are known there by their employer."""
    after = values_of(account)
    if after.name != before.name:
        await index_with_contacts(ctx, account)
    elif after != before:
        await index_record(ctx, "account", account.id, after)


async def index_with_contacts(ctx: Context, account: Account) -> None:
    """Put the account into the duplicate index, and its contacts again: its name or theirs to it may be new.

    A job sees to those that somebody is changing just now, and to the rest of very many.
    """
    await index_record(ctx, "account", account.id, values_of(account))
    if not await index_dependants(ctx, "account", account.id):
        ctx.enqueue("contacts.company_renamed", {"account_id": account.id})


async def changed_people(ctx: Context, record: Any, patch: Any) -> list[FieldProblem]:
    """What is wrong with the people that a patch brings in. Those already there stay, even if they have left meanwhile."""
    named: Mapping[str, Any] = {name: getattr(patch, name) for name in patch.model_fields_set}
    assignee = named.get("assignee_id")
    users = [("/assignee_id", assignee if assignee != record.assignee_id else None)]
    users += [pair for pair in each("/manager_ids", named.get("manager_ids")) if pair[1] not in record.manager_ids]
    teams = [pair for pair in each("/team_ids", named.get("team_ids")) if pair[1] not in record.team_ids]
    return await unknown_references(ctx, users=users, teams=teams)


async def remove(ctx: Context, account_id: UUID) -> None:
    """Delete an account on which nothing hangs. Raises Forbidden, NotFound, NotAManager, ErpRecord, InUse."""
    ctx.require(Permission.ACCOUNTS_DELETE)
    account = await ctx.load(Account, account_id)
    require_write(ctx, account)
    if account.erp_id is not None:
        raise ErpRecord(erp_id=account.erp_id)
    await delete(ctx, account)
    await remove_record(ctx, "account", account_id)


async def _tell(ctx: Context, account: Account, users: list[UUID]) -> None:
    await notify(ctx, users, "manager_added", record_type="account", record_id=account.id, data={"name": account.name})
