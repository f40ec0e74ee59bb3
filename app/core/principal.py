"""Who is asking. Every branch over these kinds ends in `assert_never`, so that a new kind sees nothing until it is considered."""

from dataclasses import dataclass, field
from typing import Literal, assert_never
from uuid import UUID


@dataclass(frozen=True, slots=True)
class UserPrincipal:
    """A signed-in person, with the permissions of all their roles and the teams they belong to."""

    user_id: UUID
    user_name: str
    name: str
    session_id: UUID
    permissions: frozenset[str]
    team_ids: tuple[UUID, ...]
    country: str | None = None
    default_team_id: UUID | None = None
    time_zone: str = "Europe/Vienna"
    """Where their clock stands: an IANA name."""
    required_custom: frozenset[str] = frozenset()
    """Kinds of records for which the installation asks people for fields of its own."""


@dataclass(frozen=True, slots=True)
class SystemPrincipal:
    """The product itself: a job, a migration, the command line."""

    name: str
    permissions: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Anonymous:
    """Nobody yet: signing in, asking for a password reset."""


Principal = UserPrincipal | SystemPrincipal | Anonymous
Reach = Literal["all", "member", "nobody"]

READ_ALL = "records.read_all"


def reach(principal: Principal) -> Reach:
    """How far the principal sees: everything, what their teams and roles give them, or nothing."""
    match principal:
        case UserPrincipal():
            return "all" if READ_ALL in principal.permissions else "member"
        case SystemPrincipal():
            return "all"
        case Anonymous():
            return "nobody"
        case _:
            assert_never(principal)


def may(principal: Principal, permission: str) -> bool:
    """Whether the principal has the permission. The product itself may do everything."""
    match principal:
        case UserPrincipal():
            return permission in principal.permissions
        case SystemPrincipal():
            return True
        case Anonymous():
            return False
        case _:
            assert_never(principal)


def actor_of(principal: Principal) -> str:
    """The name written into the change log: a user's id, `system:<job>`, or `anonymous`."""
    match principal:
        case UserPrincipal():
            return str(principal.user_id)
        case SystemPrincipal():
            return f"system:{principal.name}"
        case Anonymous():
            return "anonymous"
        case _:
            assert_never(principal)


def user_id_of(principal: Principal) -> UUID | None:
    """The person's id; none for the product itself and for nobody."""
    return principal.user_id if isinstance(principal, UserPrincipal) else None
