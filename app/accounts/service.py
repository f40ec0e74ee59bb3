"""Accounts: making, changing and deleting them (ACC-1, ACC-7, ACC-8, ACC-14, ID-4, ID-5)."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import select

from app.accounts import reach, relations
from app.accounts.access import is_manager, require_write
from app.accounts.models import Account
from app.accounts.parties import values_of
from app.accounts.placement import place, with_rule
from app.accounts.problems import ErpRecord
from app.accounts.queries import ACCOUNT
from app.accounts.schemas import AccountCreate, AccountUpdate
from app.contact_types.service import wrong_type
from app.core.context import Context
from app.core.db import new_id
from app.core.permissions import Permission
from app.core.principal import UserPrincipal
from app.core.problems import Invalid
from app.core.visibility import unscoped
from app.core.writing import assign, columns_of, delete, require_match
from app.custom_fields import checked
from app.identity.references import FieldProblem, each, unknown_references
from app.indexing import index_dependants, index_new, index_record, remove_record
from app.matching import PartyValues
from app.notifications import notify

B = TypeVar("B", bound=BaseModel)

_SET_BY_RULE = {
    *("id", "not_duplicate_of", "assignee_id", "manager_ids", "team_ids", "centre_id"),
    *("type", "status", "erp_id", "last_order_on", "last_visit_on"),
}
_PLACE = ("segment", "centre_id", "country", "postal_code")
_NO_TEAM = {
    "de": "Sie haben kein Standardteam; nennen Sie mindestens ein Team.",
    "en": "You have no default team; name at least one team.",
}
_RULE_TEAM = {
    "de": "Ein Team, das aus Segment und Centre folgt, wird nicht einzeln entfernt.",
    "en": "A team that follows from segment and centre is not removed by itself.",
}
_NO_PLACE = {
    "de": "Die wichtigste Adresse eines Kunden braucht Ort und Land.",
    "en": "An account's primary address needs city and country.",
}
_NO_ASSIGNEE = {"de": "Diese Angabe fehlt.", "en": "Field required"}


async def add(ctx: Context, body: AccountCreate, **more: Any) -> Account:
    """The new account, indexed, its people notified; `more` are columns that no client sets. Raises Invalid."""
    body, errors = settled(ctx, body)
    placement = await place(ctx, **{name: getattr(body, name) for name in _PLACE})
    people, wrong = await people_of(ctx, body, rule=placement.team_ids)
    errors += wrong + await checked(ctx, "account", body) + await wrong_type(ctx, body)
    if errors := errors + await relations.wrong(ctx, body) + relations.wrong_place(body, placement):
        raise Invalid(errors)
    if body.vip:
        ctx.require(Permission.ACCOUNTS_SET_VIP)
    account = Account(
        **columns_of({name: value for name, value in body if name not in _SET_BY_RULE}, money=("expected_revenue",)),
        **people,
        **more,
        centre_id=placement.centre_id,
        rule_team_ids=placement.team_ids,
        id=body.id or new_id(),
        created_by=ctx.user_id,
    )
    ctx.session.add(account)
    ctx.held.add(account.id)
    await index_new(ctx, [("account", account.id, values_of(account))])
    await _tell(ctx, account, [account.assignee_id, *account.manager_ids])
    return account


def settled(ctx: Context, body: B, account: Account | None = None) -> tuple[B, list[FieldProblem]]:
    """The body with lists and plain fields that agree (ACC-9), and what is wrong with them."""
    before = reach.columns(account, reach.OF_ACCOUNTS) if account is not None else None
    found = reach.settle(body, reach.OF_ACCOUNTS, now=ctx.now, by=ctx.user_id, before=before)
    if "addresses" in body.model_fields_set and None in (found.values.get(n, "") for n in ("city", "country")):
        found.errors.append(("/addresses", "missing", _NO_PLACE))
    return found.into(body), found.errors


async def people_of(ctx: Context, body: Any, *, rule: Sequence[UUID] = ()) -> tuple[dict[str, Any], list[FieldProblem]]:
    """Assignee, managers and teams of a new record, with the asker's own where the body names none; and what is wrong.

    `rule` are teams that the record has by rule; those that the body names are added (ID-4).
    Managers left out: the asker stays one, where another person is made the assignee (ID-5).
    """
    asker = ctx.principal if isinstance(ctx.principal, UserPrincipal) else None
    assignee = body.assignee_id or ctx.user_id
    managers = body.manager_ids
    if managers is None:
        managers = [asker.user_id] if asker is not None and assignee != asker.user_id else []
    teams = list(body.team_ids or ())
    if not teams and not rule and asker is not None and asker.default_team_id:
        teams = [asker.default_team_id]
    errors = await unknown_references(
        ctx,
        users=[("/assignee_id", assignee), *each("/manager_ids", managers)],
        teams=each("/team_ids", teams),
    )
    if assignee is None:
        errors.append(("/assignee_id", "missing", _NO_ASSIGNEE))
    teams = with_rule(teams, (), rule)
    if not teams:
        errors.append(("/team_ids", "missing", _NO_TEAM))
    return {"assignee_id": assignee, "manager_ids": managers, "team_ids": teams}, errors


async def next_defaults(ctx: Context, account_id: UUID) -> dict[str, Any]:
    """What the next account has in common with this one, which the asker has just made (ACC-13)."""
    made = unscoped(select(Account).where(Account.id == account_id), reason="the asker has just made it")
    account = (await ctx.session.execute(made)).scalar_one()
    names = ("assignee_id", "access", "segment", "centre_id", "parent_id", "level", "industry", "country", "source")
    added = [team for team in account.team_ids if team not in account.rule_team_ids]
    return {**{name: getattr(account, name) for name in names}, "team_ids": added or None}


async def update(ctx: Context, account_id: UUID, patch: AccountUpdate, if_match: str | None) -> None:
    """Change an account. Raises Forbidden, NotFound, NotAManager, StaleVersion, Invalid."""
    ctx.require(Permission.ACCOUNTS_WRITE)
    if patch.parent_id is not None:
        await relations.hold_hierarchy(ctx)
    account = await ctx.load(Account, account_id)
    require_write(ctx, account, patch.model_fields_set)
    await require_match(ctx, ACCOUNT, account, if_match)
    await change(ctx, account, patch)


async def change(ctx: Context, account: Account, patch: AccountUpdate) -> None:
    """Apply the patch to a loaded account, for an asker who may: check, index, notify. Raises NotAManager, Invalid."""
    require_write(ctx, account, patch.model_fields_set)
    if "vip" in patch.model_fields_set and patch.vip != account.vip:
        ctx.require(Permission.ACCOUNTS_SET_VIP)
    patch, errors = settled(ctx, patch, account)
    errors += await changed_people(ctx, account, patch) + await relations.wrong(ctx, patch, account)
    errors += await wrong_type(ctx, patch, account)
    before, told = values_of(account), {account.assignee_id, *account.manager_ids}
    errors += await move(ctx, account, patch) + await checked(ctx, "account", patch, account.custom)
    if errors:
        raise Invalid(errors)
    assign(account, patch, money=("expected_revenue",), leave=("centre_id", "team_ids"))
    await reindex(ctx, account, before)
    await tell_added(ctx, account, told)


async def move(ctx: Context, account: Account, patch: AccountUpdate) -> list[FieldProblem]:
    """Give the account the centre and teams that it has after the patch (ID-4); what is wrong with them.

    A centre stays when the address changes: a customer is not handed over in passing. Teams that were added by hand stay.
    Nobody but its people gives it a centre, and with it people, by an address (ID-5).
    """
    named = patch.model_fields_set
    teams = patch.team_ids if "team_ids" in named else account.team_ids
    unplaced = account.centre_id is None and "postal_code" in named
    elsewhere = "country" in named and patch.country != account.country
    if not named & {"segment", "centre_id"} and not ((unplaced or elsewhere) and is_manager(ctx, account)):
        if not set(account.rule_team_ids) & set(account.team_ids) <= set(teams):
            return [("/team_ids", "rule_team", _RULE_TEAM)]
        account.team_ids = list(teams)
        return []
    placement = await place(ctx, **{n: getattr(patch if n in named else account, n) for n in _PLACE})
    kept = with_rule(teams, account.rule_team_ids, placement.team_ids)
    account.centre_id, account.rule_team_ids = placement.centre_id, placement.team_ids
    account.team_ids = kept or list(account.team_ids)
    return relations.wrong_place(patch, placement)


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


async def tell_added(ctx: Context, account: Account, known: Collection[UUID]) -> None:
    """Tell those of the account's people who were not among it before (ID-5)."""
    await _tell(ctx, account, [user for user in (account.assignee_id, *account.manager_ids) if user not in known])


async def _tell(ctx: Context, account: Account, users: list[UUID]) -> None:
    await notify(ctx, users, "manager_added", record_type="account", record_id=account.id, data={"name": account.name})
