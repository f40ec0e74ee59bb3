"""Roles: sets of permissions, kept as data (ID-2)."""

from uuid import UUID

from sqlalchemy import select

from app.core.context import Context
from app.core.db import new_id
from app.core.permissions import Permission
from app.core.problems import Invalid, NotFound
from app.core.types import changes
from app.core.writing import already_created, assign, request_hash, require_match
from app.identity.models import Role, UserRole
from app.identity.problems import RoleBuiltIn, RoleInUse
from app.identity.queries import ROLE
from app.identity.schemas import RoleCreate, RoleUpdate
from app.identity.users import keep_an_administrator

ADMIN = "admin"
"""The role that always manages users: the way back from any other mistake."""


async def create(ctx: Context, body: RoleCreate) -> tuple[UUID, bool]:
    """Make a role; returns its id and whether it is new. Raises Forbidden, IdTaken, Conflict (key taken)."""
    ctx.require(Permission.USERS_MANAGE)
    asked = request_hash(body)
    if await already_created(ctx, Role, body.id, asked):
        return body.id, False  # type: ignore[return-value]  # only a given id can have been created before
    role = Role(
        **body.model_dump(exclude={"id"}, mode="json"),
        id=body.id or new_id(),
        created_by=ctx.user_id,
        request_hash=asked,
    )
    ctx.session.add(role)
    await ctx.session.flush()
    return role.id, True


async def update(ctx: Context, role_id: UUID, patch: RoleUpdate, if_match: str | None) -> None:
    """Change a role. Raises Forbidden, NotFound, StaleVersion, Invalid, LastAdministrator."""
    role = await _locked(ctx, role_id)
    await require_match(ctx, ROLE, role, if_match)
    permissions = changes(patch).get("permissions")
    if role.key == ADMIN and permissions is not None and Permission.USERS_MANAGE not in permissions:
        message = {
            "de": f"Die Rolle „{ADMIN}“ muss „{Permission.USERS_MANAGE}“ behalten.",
            "en": f"The role “{ADMIN}” must keep “{Permission.USERS_MANAGE}”.",
        }
        raise Invalid([("/permissions", "users_manage_required", message)])
    assign(role, patch)
    await ctx.session.flush()
    await keep_an_administrator(ctx)


async def remove(ctx: Context, role_id: UUID) -> None:
    """Delete a role that nobody has. Raises Forbidden, NotFound, RoleBuiltIn, RoleInUse."""
    role = await _locked(ctx, role_id)
    if role.built_in:
        raise RoleBuiltIn
    if (await ctx.session.execute(select(UserRole).where(UserRole.role_id == role.id).limit(1))).first() is not None:
        raise RoleInUse
    await ctx.session.delete(role)
    await ctx.session.flush()


async def _locked(ctx: Context, role_id: UUID) -> Role:
    ctx.require(Permission.USERS_MANAGE)
    role = await ctx.session.get(Role, role_id, with_for_update=True)
    if role is None:
        raise NotFound
    return role
