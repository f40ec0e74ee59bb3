"""What a person is and may do, signed in or not: for those who explain it."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, literal_column, select
from sqlalchemy.dialects.postgresql import JSON, aggregate_order_by

from app.core.context import Context
from app.core.principal import UserPrincipal
from app.core.statements import Statement
from app.identity.models import Role, TeamMember, User, UserRole

_NO_SESSION = UUID(int=0)


@dataclass(frozen=True, slots=True)
class RoleOf:
    """A role that somebody has."""

    key: str
    label_de: str
    label_en: str
    permissions: frozenset[str]


@dataclass(frozen=True, slots=True)
class Standing:
    """A person as a principal, as they would be if they signed in now, and the roles that make it."""

    principal: UserPrincipal
    active: bool
    roles: tuple[RoleOf, ...]

    def roles_with(self, permission: str) -> list[RoleOf]:
        """Those of their roles that give the permission."""
        return [role for role in self.roles if permission in role.permissions]


_ROLES = (
    select(
        func.coalesce(
            func.json_agg(
                aggregate_order_by(
                    func.json_build_object(
                        *("key", Role.key, "label_de", Role.label_de, "label_en", Role.label_en),
                        *("permissions", Role.permissions),
                    ),
                    Role.key,
                )
            ),
            literal_column("'[]'::json", JSON),
        )
    )
    .join(UserRole, UserRole.role_id == Role.id)
    .where(UserRole.user_id == User.id)
    .correlate(User)
    .scalar_subquery()
)
_STANDING = Statement(
    select(
        *(User.id, User.user_name, User.name, User.country, User.default_team_id, User.active, User.time_zone),
        _ROLES.label("roles"),
        func.array(select(TeamMember.team_id).where(TeamMember.user_id == User.id).scalar_subquery()).label("teams"),
    ).where(User.id == bindparam("id", type_=Uuid, required=True))
)


async def standing_of(ctx: Context, user_id: UUID) -> Standing | None:
    """The person's standing; None when there is no such person."""
    rows = await ctx.fetch(_STANDING, id=user_id)
    if not rows:
        return None
    row = rows[0]
    roles = tuple(
        RoleOf(role["key"], role["label_de"], role["label_en"], frozenset(role["permissions"])) for role in row["roles"]
    )
    principal = UserPrincipal(
        user_id=row["id"],
        user_name=row["user_name"],
        name=row["name"],
        session_id=_NO_SESSION,
        permissions=frozenset().union(*(role.permissions for role in roles)),
        team_ids=tuple(row["teams"]),
        country=row["country"],
        default_team_id=row["default_team_id"],
        time_zone=row["time_zone"],
    )
    return Standing(principal, row["active"], roles)
