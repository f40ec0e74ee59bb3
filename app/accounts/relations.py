"""What an account names: its parent, its member organisations, its days (ACC-4, ACC-7, ACC-14)."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from app.accounts.models import Account, MemberOrganisation
from app.accounts.placement import Placement
from app.core.context import Context
from app.core.problems import Language
from app.core.visibility import unscoped, visible
from app.identity.references import FieldProblem

_HIERARCHY = 4_201_004
"""The advisory lock of whoever gives an account a parent: two at once could close a circle between them."""
NO_ACCOUNT: dict[Language, str] = {
    "de": "Diesen Kunden gibt es nicht, oder Sie dürfen ihn nicht sehen.",
    "en": "There is no such account, or you may not see it.",
}
_CIRCLE: dict[Language, str] = {
    "de": "Der übergeordnete Kunde gehört selbst zu diesem.",
    "en": "The parent belongs to this account itself.",
}
_NO_ORGANISATION: dict[Language, str] = {
    "de": "Diese Mitgliedsorganisation gibt es nicht (mehr).",
    "en": "There is no such member organisation (any more).",
}
_TERMS: dict[Language, str] = {"de": "Das Ende liegt vor dem Anfang.", "en": "The end lies before the beginning."}
_NO_CENTRE: dict[Language, str] = {"de": "Dieses Centre gibt es nicht.", "en": "There is no such centre."}


async def hold_hierarchy(ctx: Context) -> None:
    """Let nobody else give an account a parent before this transaction ends. To be taken before any account's row."""
    await ctx.session.execute(select(func.pg_advisory_xact_lock(_HIERARCHY)))


async def wrong(ctx: Context, body: Any, account: Account | None = None) -> list[FieldProblem]:
    """What is wrong with what a new account, or a patch of one, names. What is there already stays."""
    named = {name: getattr(body, name) for name in body.model_fields_set}
    errors = await _wrong_organisations(ctx, named, account) + _wrong_terms(named, account)
    parent_id: UUID | None = named.get("parent_id")
    if parent_id is not None and (account is None or account.parent_id != parent_id):
        errors += await _wrong_parent(ctx, parent_id, account)
    return errors


def wrong_place(body: Any, placement: Placement) -> list[FieldProblem]:
    """A centre that was named and is not there."""
    named = body.centre_id if "centre_id" in body.model_fields_set else None
    return [("/centre_id", "unknown_centre", _NO_CENTRE)] if named not in (None, placement.centre_id) else []


async def _wrong_organisations(ctx: Context, named: dict[str, Any], account: Account | None) -> list[FieldProblem]:
    known = account.member_organisation_ids if account is not None else []
    wanted = [(i, id_) for i, id_ in enumerate(named.get("member_organisation_ids", ())) if id_ not in known]
    if not wanted:
        return []
    there = select(MemberOrganisation.id).where(
        MemberOrganisation.id.in_([id_ for _, id_ in wanted]), MemberOrganisation.active
    )
    found = set((await ctx.session.execute(there.with_for_update(read=True))).scalars())
    return [
        (f"/member_organisation_ids/{i}", "unknown_member_organisation", _NO_ORGANISATION)
        for i, id_ in wanted
        if id_ not in found
    ]


def _wrong_terms(named: dict[str, Any], account: Account | None) -> list[FieldProblem]:
    first = named.get("terms_valid_from", account and account.terms_valid_from)
    last = named.get("terms_valid_until", account and account.terms_valid_until)
    if first is None or last is None or first <= last:
        return []
    return [("/terms_valid_until", "terms_order", _TERMS)]


async def _wrong_parent(ctx: Context, parent_id: UUID, account: Account | None) -> list[FieldProblem]:
    if (await ctx.session.execute(visible(Account, ctx.principal).where(Account.id == parent_id))).first() is None:
        return [("/parent_id", "unknown_account", NO_ACCOUNT)]
    if account is None:
        return []
    above = select(Account.id, Account.parent_id).where(Account.id == parent_id).cte(recursive=True)
    above = above.union(select(Account.id, Account.parent_id).join(above, Account.id == above.c.parent_id))
    circle = select(above.c.id).where(above.c.id == account.id)
    found = await ctx.session.execute(unscoped(circle, reason="a circle is one whoever sees its members"))
    return [("/parent_id", "circle", _CIRCLE)] if found.first() is not None else []
