"""Member organisations: the list that administrators keep (ACC-7)."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import array

from app.accounts.models import Account, MemberOrganisation
from app.accounts.organisation_schemas import MemberOrganisationCreate, MemberOrganisationUpdate
from app.accounts.queries import MEMBER_ORGANISATION
from app.core.context import Context
from app.core.db import new_id
from app.core.permissions import Permission
from app.core.problems import InUse, NotFound
from app.core.visibility import unscoped
from app.core.writing import already_created, assign, request_hash, require_match


async def create(ctx: Context, body: MemberOrganisationCreate) -> tuple[UUID, bool]:
    """Make one; returns its id and whether it is new. Raises Forbidden, IdTaken, Conflict (name taken)."""
    ctx.require(Permission.SETTINGS_MANAGE)
    asked = request_hash(body)
    if body.id is not None and await already_created(ctx, MemberOrganisation, body.id, asked):
        return body.id, False
    made = MemberOrganisation(
        **body.model_dump(exclude={"id"}), id=body.id or new_id(), created_by=ctx.user_id, request_hash=asked
    )
    ctx.session.add(made)
    await ctx.session.flush()
    return made.id, True


async def update(ctx: Context, id_: UUID, patch: MemberOrganisationUpdate, if_match: str | None) -> None:
    """Change one. Raises Forbidden, NotFound, StaleVersion, Conflict (name taken)."""
    found = await _locked(ctx, id_)
    await require_match(ctx, MEMBER_ORGANISATION, found, if_match)
    assign(found, patch)
    await ctx.session.flush()


async def remove(ctx: Context, id_: UUID) -> None:
    """Delete one that no account has. Raises Forbidden, NotFound, InUse."""
    found = await _locked(ctx, id_)
    having = (
        select(Account.id).where(Account.member_organisation_ids.op("&&", is_comparison=True)(array([id_]))).limit(1)
    )
    statement = unscoped(having, reason="it is in use, whoever sees the account")
    if (await ctx.session.execute(statement)).first() is not None:
        raise InUse(de="Kunden", en="accounts", extra={"used_by": "accounts"})
    await ctx.session.delete(found)
    await ctx.session.flush()


async def _locked(ctx: Context, id_: UUID) -> MemberOrganisation:
    ctx.require(Permission.SETTINGS_MANAGE)
    found = await ctx.session.get(MemberOrganisation, id_, with_for_update=True)
    if found is None:
        raise NotFound
    return found
