"""Users: making, changing and deactivating them (ID-1, ID-2, ID-3)."""

import re
from collections.abc import Sequence
from uuid import UUID

from anyascii import anyascii
from sqlalchemy import delete, exists, func, literal, select, update

from app.core.context import Context
from app.core.db import new_id
from app.core.permissions import Permission
from app.core.problems import Invalid, NotFound
from app.core.statements import Statement
from app.core.types import changes
from app.core.writing import already_created, request_hash, require_match
from app.identity.credentials import mail_link, use_up_links
from app.identity.models import Centre, Role, Team, TeamMember, User, UserRole
from app.identity.problems import LastAdministrator, LoginTaken
from app.identity.queries import USER
from app.identity.schemas import UserCreate, UserUpdate
from app.identity.sessions import end_all

ADMINISTRATORS = 4_201_001
"""The advisory lock that is held while it may change whether anybody manages users."""

_QUEUE = Statement(select(func.pg_advisory_xact_lock(literal(ADMINISTRATORS))))
_SOMEBODY_MANAGES = Statement(
    select(
        exists()
        .where(UserRole.user_id == User.id, UserRole.role_id == Role.id, User.active)
        .where(literal(Permission.USERS_MANAGE.value) == func.any(Role.permissions))
    )
)
_TAKEN = {
    "user_name": {"de": "Dieser Anmeldename ist vergeben.", "en": "This user name is taken."},
    "email": {"de": "Diese E-Mail-Adresse hat schon jemand.", "en": "Somebody has this e-mail address already."},
}
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


async def create(ctx: Context, body: UserCreate) -> tuple[UUID, bool]:
    """Make a user and invite them; returns the id and whether they are new. Raises Forbidden, Invalid, IdTaken, LoginTaken."""
    ctx.require(Permission.USERS_MANAGE)
    asked = request_hash(body)
    if await already_created(ctx, User, body.id, asked):
        return body.id, False  # type: ignore[return-value]  # only a given id can have been created before
    roles = await _roles(ctx, body.roles)
    user_name = body.user_name or await free_user_name(ctx, body.first_name, body.last_name)
    await refuse_taken(ctx, user_name=user_name, email=body.email)
    user = User(
        **body.model_dump(exclude={"id", "user_name", "roles"}),
        id=body.id or new_id(),
        user_name=user_name,
        created_by=ctx.user_id,
        request_hash=asked,
    )
    await add(ctx, user, roles)
    mail_link(ctx, user.id, invitation=True)
    return user.id, True


async def add(ctx: Context, user: User, roles: Sequence[UUID]) -> None:
    """Store a new user with their roles and their private team, which is their default team."""
    ctx.session.add(user)
    await ctx.session.flush()
    private = Team(name=f"{user.first_name} {user.last_name}", kind="private", user_id=user.id)
    ctx.session.add(private)
    await ctx.session.flush()
    user.default_team_id = private.id
    ctx.session.add(TeamMember(team_id=private.id, user_id=user.id))
    ctx.session.add_all(UserRole(user_id=user.id, role_id=role_id) for role_id in roles)
    await ctx.session.flush()


async def update_user(ctx: Context, user_id: UUID, patch: UserUpdate, if_match: str | None) -> None:
    """Change a user. Raises Forbidden, NotFound, StaleVersion, Invalid, LoginTaken, LastAdministrator."""
    ctx.require(Permission.USERS_MANAGE)
    user = await ctx.session.get(User, user_id, with_for_update=True)
    if user is None:
        raise NotFound
    await require_match(ctx, USER, user, if_match)
    values = changes(patch)
    await refuse_taken(ctx, user_name=values.get("user_name"), email=values.get("email"), but=user.id)
    keys: list[str] | None = values.pop("roles", None)
    left = user.active and values.get("active") is False
    if values.get("email", user.email) != user.email:
        await use_up_links(ctx, user.id)  # they went to an address that is no longer the user's
    for name, value in values.items():
        setattr(user, name, value)
    await ctx.session.flush()
    if values.keys() & {"first_name", "last_name"}:
        await name_private_team(ctx, user)
    if keys is not None:
        await _set_roles(ctx, user.id, await _roles(ctx, keys))
    if left:
        await end_all(ctx, user.id, "deactivated")
    if left or keys is not None:
        await keep_an_administrator(ctx)


async def keep_an_administrator(ctx: Context) -> None:
    """Raise LastAdministrator when nobody could manage users after this transaction.

    Those who may bring that about queue here, so that two administrators cannot remove each other at the same moment.
    """
    await ctx.run(_QUEUE)
    if not (await ctx.run(_SOMEBODY_MANAGES))[0][0]:
        raise LastAdministrator


async def refuse_taken(
    ctx: Context, *, user_name: str | None = None, email: str | None = None, but: UUID | None = None
) -> None:
    """Raise LoginTaken when another user has one of these."""
    errors = []
    for name, value in (("user_name", user_name), ("email", email)):
        if value is None:
            continue
        found = select(User.id).where(func.lower(getattr(User, name)) == func.lower(value))
        if but is not None:
            found = found.where(User.id != but)
        if (await ctx.session.execute(found)).first() is not None:
            errors.append((f"/{name}", f"{name}_taken", _TAKEN[name]))
    if errors:
        raise LoginTaken(errors=errors)


async def free_user_name(ctx: Context, first_name: str, last_name: str) -> str:
    """`first.last` in plain letters; with a number behind it when somebody has it already."""
    parts = (
        re.sub(r"[^a-z0-9]+", "-", anyascii(n.lower().translate(_UMLAUTS)).lower()) for n in (first_name, last_name)
    )
    wanted = ".".join(part for part in (p.strip("-")[:40] for p in parts) if part) or "user"
    similar = select(func.lower(User.user_name)).where(func.lower(User.user_name).startswith(wanted, autoescape=True))
    taken = set((await ctx.session.execute(similar)).scalars())
    return next(name for i in range(len(taken) + 1) if (name := f"{wanted}{i + 1 if i else ''}") not in taken)


async def name_private_team(ctx: Context, user: User) -> None:
    """A private team is called like its person."""
    named = update(Team).where(Team.user_id == user.id).values(name=f"{user.first_name} {user.last_name}")
    await ctx.session.execute(named)


async def _roles(ctx: Context, keys: Sequence[str]) -> list[UUID]:
    """The roles' ids. Raises Invalid for unknown ones."""
    rows = await ctx.session.execute(select(Role.key, Role.id).where(Role.key.in_(keys)))
    known = {row.key: row.id for row in rows}
    message = {"de": "Diese Rolle gibt es nicht.", "en": "There is no such role."}
    errors = [(f"/roles/{i}", "unknown_role", message) for i, key in enumerate(keys) if key not in known]
    if errors:
        raise Invalid(errors)
    return [known[key] for key in keys]


async def _set_roles(ctx: Context, user_id: UUID, wanted: Sequence[UUID]) -> None:
    present = set((await ctx.session.execute(select(UserRole.role_id).where(UserRole.user_id == user_id))).scalars())
    if present == set(wanted):
        return
    surplus = present - set(wanted)
    await ctx.session.execute(delete(UserRole).where(UserRole.user_id == user_id, UserRole.role_id.in_(surplus)))
    ctx.session.add_all(UserRole(user_id=user_id, role_id=role_id) for role_id in wanted if role_id not in present)
    await raise_version(ctx, User, user_id)


async def raise_version(ctx: Context, model: type[User | Team | Centre], id_: UUID) -> None:
    """What the record shows has changed, though not in its own row: its ETag must change too."""
    await ctx.session.execute(update(model).where(model.id == id_).values(version=model.version + 1))
