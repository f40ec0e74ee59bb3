"""How people, their roles, teams and devices are read."""

from typing import Any

from sqlalchemy import ARRAY, JSON, Select, Text, Uuid, bindparam, func, literal_column, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.core.expressions import asker, link, plain, record
from app.core.filters import Filter, any_of, contains_word, equals
from app.core.particulars import plain_code
from app.core.resource import Resource
from app.identity.auth_schemas import DeviceRead
from app.identity.models import Centre, CentreArea, DeviceSession, Role, Team, TeamMember, User, UserRole
from app.identity.schemas import CentreRead, MeRead, RoleRead, TeamRead, UserRead

_NOTHING = literal_column("'[]'::json", JSON)


def _sorted(column: Any) -> Any:
    return func.sort_key(column, type_=Text)


def _has(column: Any, owner: Any, member: Any) -> Filter:
    """The record has one of these, according to a table of pairs."""
    return lambda name: (
        owner.in_(select(member).where(column == func.any(bindparam(name, type_=ARRAY(column.type), required=True)))),
        list,
    )


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
    select(func.json_agg(aggregate_order_by(_team, _sorted(Team.name), Team.id)))
    .join(TeamMember, TeamMember.team_id == Team.id)
    .where(TeamMember.user_id == User.id)
    .correlate(User)
    .scalar_subquery(),
    _NOTHING,
)
_user = {
    **record(User),
    **plain(User, "user_name", "email", "first_name", "last_name", "name", "country", "phone", "locale"),
    **plain(User, "time_zone", "default_team_id", "active"),
    "roles": _roles,
    "teams": _teams,
}

USER = Resource(
    User,
    UserRead,
    _user,
    filters={
        "active": equals(User.active),
        "role": lambda name: (
            User.id.in_(
                select(UserRole.user_id)
                .join(Role, Role.id == UserRole.role_id)
                .where(Role.key == func.any(bindparam(name, type_=ARRAY(Text), required=True)))
            ),
            list,
        ),
        "country": any_of(User.country),
        "team_id": _has(TeamMember.team_id, User.id, TeamMember.user_id),
        "q": contains_word(_sorted(User.name + " " + User.user_name + " " + User.email)),
    },
    sorts={"name": _sorted(User.name), "user_name": User.user_name, "created_at": User.created_at},
    default_sort="name",
    is_owned=False,
)

ME = Resource(
    User,
    MeRead,
    {**_user, **plain(User, "signature", "password_changed_at"), "permissions": _permissions},
    is_owned=False,
)

ROLE = Resource(
    Role,
    RoleRead,
    {**record(Role), **plain(Role, "key", "label_de", "label_en", "permissions", "built_in")},
    filters={"key": any_of(Role.key), "built_in": equals(Role.built_in)},
    sorts={"key": Role.key, "created_at": Role.created_at},
    default_sort="key",
    is_owned=False,
)

_members = func.coalesce(
    select(
        func.json_agg(
            aggregate_order_by(func.json_build_object("id", User.id, "name", User.name), _sorted(User.name), User.id)
        )
    )
    .join(TeamMember, TeamMember.user_id == User.id)
    .where(TeamMember.team_id == Team.id)
    .correlate(Team)
    .scalar_subquery(),
    _NOTHING,
)

TEAM = Resource(
    Team,
    TeamRead,
    {
        **record(Team),
        **plain(Team, "name", "kind", "country", "user_id"),
        "centre": link(Centre.id, Centre.name),
        "members": _members,
    },
    joins=lambda statement: statement.outerjoin(Centre, Centre.id == Team.centre_id),
    filters={
        "kind": any_of(Team.kind),
        "country": any_of(Team.country),
        "centre_id": any_of(Team.centre_id),
        "member_id": _has(TeamMember.user_id, Team.id, TeamMember.team_id),
        "q": contains_word(_sorted(Team.name)),
    },
    sorts={"name": _sorted(Team.name), "created_at": Team.created_at},
    default_sort="name",
    is_owned=False,
)

_area = func.json_build_object(
    *("country", CentreArea.country, "from_code", CentreArea.from_code, "to_code", CentreArea.to_code)
)
_areas = func.coalesce(
    select(func.json_agg(aggregate_order_by(_area, CentreArea.country, CentreArea.from_code)))
    .where(CentreArea.centre_id == Centre.id)
    .correlate(Centre)
    .scalar_subquery(),
    _NOTHING,
)


def _responsible(name: str) -> tuple[Any, Any]:
    wanted = bindparam(name, type_=Text, required=True)
    found = select(CentreArea.centre_id).where(CentreArea.holds(func.left(wanted, 2), func.substr(wanted, 4)))
    return Centre.id.in_(found), _as_area_code


def _as_area_code(address: str) -> str:
    country, _, code = address.partition(":")
    return f"{country}:{plain_code(country, code)}"


CENTRE = Resource(
    Centre,
    CentreRead,
    {**record(Centre), **plain(Centre, "code", "name", "country"), "areas": _areas},
    filters={
        "responsible_for": _responsible,
        "country": any_of(Centre.country),
        "q": contains_word(_sorted(Centre.name)),
    },
    sorts={"name": _sorted(Centre.name), "code": Centre.code, "created_at": Centre.created_at},
    default_sort="name",
    is_owned=False,
)


def _own_open_sessions(statement: Select[Any]) -> Select[Any]:
    return statement.where(
        DeviceSession.user_id == asker(),
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
