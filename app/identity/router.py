"""`/v1/me`, `/v1/users`, `/v1/roles`: people and what they may do."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.core.context import Ctx, PostCtx
from app.core.etags import IfMatch
from app.core.permissions import Permission
from app.core.problems import Conflict, IdTaken, declared
from app.core.resource import Page
from app.identity import credentials, profile, roles, users
from app.identity.auth_router import device_of, limiter_of
from app.identity.auth_schemas import PasswordChange
from app.identity.problems import LastAdministrator, LoginTaken, RoleBuiltIn, RoleInUse
from app.identity.queries import ME, ROLE, USER
from app.identity.schemas import (
    MeRead,
    MeUpdate,
    RoleCreate,
    RoleQuery,
    RoleRead,
    RoleUpdate,
    UserCreate,
    UserQuery,
    UserRead,
    UserUpdate,
)

me = APIRouter(prefix="/me", tags=["me"])
people = APIRouter(prefix="/users", tags=["users"])
role_router = APIRouter(prefix="/roles", tags=["roles"])


# --- me --------------------------------------------------------------------------------------------------------------


@me.get("", operation_id="get_me", summary="Get your profile", response_model=MeRead)
async def get_me(ctx: Ctx) -> Response:
    """You, your roles, teams and permissions.

    Never answered with 304: what your roles allow can change while your own record does not.
    """
    return await ME.reply(ctx, ctx.user.user_id)


@me.patch("", operation_id="update_me", summary="Change your profile", response_model=MeRead)
async def update_me(ctx: Ctx, patch: MeUpdate, if_match: IfMatch = None) -> Response:
    """Change your name, phone, language, time zone, signature or default team (one of your teams)."""
    await profile.update(ctx, patch, if_match)
    return await ME.reply(ctx, ctx.user.user_id)


@me.put(
    "/password",
    operation_id="change_password",
    summary="Change your password",
    status_code=204,
    response_class=Response,
)
async def change_password(ctx: Ctx, request: Request, body: PasswordChange) -> Response:
    """Set a new password. Your other devices are signed out, this one stays.

    Not a POST, so that no trace of a password is kept with an idempotency key.
    """
    await credentials.change(ctx, limiter_of(request), body, device_of(request))
    return Response(status_code=204)


# --- users -----------------------------------------------------------------------------------------------------------


@people.get("", operation_id="list_users", summary="List users", response_model=Page[UserRead])
async def list_users(ctx: Ctx, request: Request, query: Annotated[UserQuery, Query()]) -> Response:
    """All users, the deactivated included unless `active` says otherwise."""
    ctx.require(Permission.USERS_READ)
    return await USER.page(ctx, request, query)


@people.post(
    "",
    operation_id="create_user",
    summary="Create a user",
    status_code=201,
    response_model=UserRead,
    responses=declared(Conflict, IdTaken, LoginTaken)
    | {200: {"description": "Created before by the same request.", "model": UserRead}},
)
async def create_user(ctx: PostCtx, body: UserCreate) -> Response:
    """Make a user with a private team, and send them a link to set their password. Administrators only."""
    id_, new = await users.create(ctx, body)
    return await USER.reply(ctx, id_, status=201 if new else 200, location=f"/v1/users/{id_}")


@people.get("/{user_id:uuid}", operation_id="get_user", summary="Get a user", response_model=UserRead)
async def get_user(ctx: Ctx, request: Request, user_id: UUID) -> Response:
    """One user."""
    ctx.require(Permission.USERS_READ)
    return await USER.read(ctx, request, user_id)


@people.patch(
    "/{user_id:uuid}",
    operation_id="update_user",
    summary="Change a user",
    response_model=UserRead,
    responses=declared(Conflict, LoginTaken, LastAdministrator),
)
async def update_user(ctx: Ctx, user_id: UUID, patch: UserUpdate, if_match: IfMatch = None) -> Response:
    """Change a user, their roles, or whether they are active. Administrators only.

    Deactivating ends all of the user's sessions at once. The last one who may manage users can't be deactivated or lose
    that right.
    """
    await users.update_user(ctx, user_id, patch, if_match)
    return await USER.reply(ctx, user_id)


# --- roles -----------------------------------------------------------------------------------------------------------


@role_router.get("", operation_id="list_roles", summary="List roles", response_model=Page[RoleRead])
async def list_roles(ctx: Ctx, request: Request, query: Annotated[RoleQuery, Query()]) -> Response:
    """All roles with their permissions."""
    return await ROLE.page(ctx, request, query)


@role_router.post(
    "",
    operation_id="create_role",
    summary="Create a role",
    status_code=201,
    response_model=RoleRead,
    responses=declared(Conflict, IdTaken)
    | {200: {"description": "Created before by the same request.", "model": RoleRead}},
)
async def create_role(ctx: PostCtx, body: RoleCreate) -> Response:
    """Make a role. Administrators only."""
    id_, new = await roles.create(ctx, body)
    return await ROLE.reply(ctx, id_, status=201 if new else 200, location=f"/v1/roles/{id_}")


@role_router.get("/{role_id:uuid}", operation_id="get_role", summary="Get a role", response_model=RoleRead)
async def get_role(ctx: Ctx, request: Request, role_id: UUID) -> Response:
    """One role."""
    return await ROLE.read(ctx, request, role_id)


@role_router.patch(
    "/{role_id:uuid}",
    operation_id="update_role",
    summary="Change a role",
    response_model=RoleRead,
    responses=declared(LastAdministrator),
)
async def update_role(ctx: Ctx, role_id: UUID, patch: RoleUpdate, if_match: IfMatch = None) -> Response:
    """Change a role's labels or permissions, for everybody who has it, at once. Administrators only."""
    await roles.update(ctx, role_id, patch, if_match)
    return await ROLE.reply(ctx, role_id)


@role_router.delete(
    "/{role_id:uuid}",
    operation_id="delete_role",
    summary="Delete a role",
    status_code=204,
    response_class=Response,
    responses=declared(Conflict, RoleBuiltIn, RoleInUse),
)
async def delete_role(ctx: Ctx, role_id: UUID) -> Response:
    """Delete a role that nobody has and that is not built in. Administrators only."""
    await roles.remove(ctx, role_id)
    return Response(status_code=204)
