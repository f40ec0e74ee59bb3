"""How people, their roles, teams and devices are read."""

from typing import Any

from sqlalchemy import JSON, Select, Uuid, bindparam, func, literal_column, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.core.expressions import plain, record
from app.core.resource import Resource
from app.core.visibility import USER
from app.identity.auth_schemas import DeviceRead, MeRead
from app.identity.models import DeviceSession, Role, Team, TeamMember, User, UserRole

_NOTHING = literal_column("'[]'::json", JSON)

_roles = func.array(
    select(Role.key)
    .join(UserRole, UserRole.role_id == Role.id)
    .where(UserRole.user_id == User.id)
    .order_by(Role.key)
    .correlate(User)
    .scalar_subquery()
)
_permissions = func.array(
    select(func.unnest(Role.permissions).label("permission"))
    .join(UserRole, UserRole.role_id == Role.id)
    .where(UserRole.user_id == User.id)
    .distinct()
    .order_by("permission")
    .correlate(User)
    .scalar_subquery()
)
_team = func.json_build_object("id", Team.id, "name", Team.name, "kind", Team.kind)
_teams = func.coalesce(
    select(func.json_agg(aggregate_order_by(_team, func.sort_key(Team.name), Team.id)))
    .join(TeamMember, TeamMember.team_id == Team.id)
    .where(TeamMember.user_id == User.id)
    .correlate(User)
    .scalar_subquery(),
    _NOTHING,
)

ME = Resource(
    User,
    MeRead,
    {
        **record(User),
        **plain(User, "user_name", "email", "first_name", "last_name", "name", "country", "phone", "locale"),
        **plain(User, "time_zone", "signature", "default_team_id", "password_changed_at"),
        "roles": _roles,
        "teams": _teams,
        "permissions": _permissions,
    },
    is_owned=False,
)


def _own_open_sessions(statement: Select[Any]) -> Select[Any]:
    return statement.where(
        DeviceSession.user_id == bindparam(USER, type_=Uuid(), required=True),
        DeviceSession.revoked_at.is_(None),
        DeviceSession.expires_at > func.now(),
    )


DEVICE = Resource(
    DeviceSession,
    DeviceRead,
    {
        **plain(DeviceSession, "id", "device_name", "user_agent", "address", "created_at", "last_used_at"),
        **plain(DeviceSession, "expires_at"),
        "current": DeviceSession.id == bindparam("p_session", type_=Uuid(), required=True),
    },
    joins=_own_open_sessions,
    sorts={"last_used_at": DeviceSession.last_used_at, "created_at": DeviceSession.created_at},
    default_sort="-last_used_at",
    is_owned=False,
)
