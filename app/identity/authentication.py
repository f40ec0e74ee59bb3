"""Who sent this request: the access token's user with their permissions and teams.

Principals are kept in memory between requests. PostgreSQL tells every process when a user, role, team or session changes
(`LISTEN identity`), and a process that does not hear it keeps nothing: a revoked device or a changed team counts at once.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from uuid import UUID

import asyncpg
import structlog
from fastapi import Request
from sqlalchemy import Uuid, bindparam, column, func, select, table

from app.core.clock import Clock
from app.core.context import services_of
from app.core.db import Database, Reader
from app.core.limits import Limiter
from app.core.principal import UserPrincipal
from app.core.problems import NotAuthenticated
from app.core.statements import Statement
from app.identity import tokens
from app.identity.models import DeviceSession, Role, TeamMember, User, UserRole
from app.settings import Settings

log = structlog.get_logger()

# By name: the feature that has them stands above this one.
_FIELDS = table("custom_fields", *(column(name) for name in ("record_type", "required", "retired_at", "deleted_at")))

_PRINCIPAL = Statement(
    select(
        User.id,
        User.user_name,
        User.name,
        User.country,
        User.default_team_id,
        User.time_zone,
        func.array(
            select(func.unnest(Role.permissions))
            .join(UserRole, UserRole.role_id == Role.id)
            .where(UserRole.user_id == User.id)
            .scalar_subquery()
        ).label("permissions"),
        func.array(select(TeamMember.team_id).where(TeamMember.user_id == User.id).scalar_subquery()).label("teams"),
        func.array(
            select(_FIELDS.c.record_type.distinct())
            .where(_FIELDS.c.required, _FIELDS.c.retired_at.is_(None), _FIELDS.c.deleted_at.is_(None))
            .scalar_subquery()
        ).label("required_custom"),
    )
    .join(DeviceSession, DeviceSession.user_id == User.id)
    .where(
        DeviceSession.id == bindparam("session", type_=Uuid, required=True),
        User.id == bindparam("user", type_=Uuid, required=True),
        DeviceSession.revoked_at.is_(None),
        User.active,
    )
)


class Authenticator:
    """Turns a request into its principal. Raises NotAuthenticated, TooManyRequests."""

    KEPT = 10_000

    def __init__(self, settings: Settings, reader: Reader, clock: Clock, limiter: Limiter) -> None:
        self._secret = settings.secret_key.get_secret_value()
        self._per_minute = settings.requests_per_minute
        self._reader = reader
        self._clock = clock
        self._limiter = limiter
        self._kept: OrderedDict[str, tuple[UserPrincipal, float]] = OrderedDict()
        self._listening = False
        self._heard = 0

    async def __call__(self, request: Request) -> UserPrincipal:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token or len(token) > 2000:
            raise NotAuthenticated
        now = self._clock.now().timestamp()
        kept = self._kept.get(token)
        if kept is None:
            kept = await self._look_up(token)
        principal, expires = kept
        if expires <= now:
            self._kept.pop(token, None)
            raise NotAuthenticated
        left, seconds = await self._limiter.spend(principal.user_name, self._per_minute)
        request.scope["rate_limit"] = (
            f'"user";q={self._per_minute};w=60'.encode(),
            f'"user";r={left};t={seconds}'.encode(),
        )
        return principal

    async def _look_up(self, token: str) -> tuple[UserPrincipal, float]:
        access = tokens.read(self._secret, token)
        if access is None:
            raise NotAuthenticated
        heard = self._heard
        rows = await self._reader.fetch(
            _PRINCIPAL.sql, *_PRINCIPAL.arguments({"session": access.session_id, "user": access.user_id})
        )
        if not rows:
            raise NotAuthenticated
        row = rows[0]
        principal = UserPrincipal(
            user_id=row["id"],
            user_name=row["user_name"],
            name=row["name"],
            session_id=access.session_id,
            permissions=frozenset(row["permissions"]),
            team_ids=tuple(row["teams"]),
            country=row["country"],
            default_team_id=row["default_team_id"],
            time_zone=row["time_zone"],
            required_custom=frozenset(row["required_custom"]),
        )
        if self._listening and heard == self._heard:  # else a change came in meanwhile: what was read may be old
            self._kept[token] = (principal, access.expires_at)
            if len(self._kept) > self.KEPT:
                self._kept.popitem(last=False)
        return principal, access.expires_at

    def forget(self, user_id: str) -> None:
        """Load this user's principal anew at their next request; `*` means everybody's."""
        self._heard += 1
        if user_id == "*":
            self._kept.clear()
            return
        whose = UUID(user_id)
        for token in [t for t, (p, _) in self._kept.items() if p.user_id == whose]:
            del self._kept[token]

    async def listen(self, database: Database) -> None:
        """Hear of changes until cancelled. While the connection is down, nothing is kept."""
        while True:
            try:
                async with database.listener() as connection:
                    await connection.add_listener("identity", lambda *args: self.forget(str(args[3])))
                    self.forget("*")
                    self._listening = True
                    while not connection.is_closed():
                        await connection.fetchval("SELECT 1", timeout=5)
                        await asyncio.sleep(5)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                log.warning("identity_listener_lost", error=type(error).__name__)
            finally:
                self._listening = False
                self._kept.clear()
            await asyncio.sleep(1)


def forgetting(request: Request, user_id: UUID | None) -> Callable[[], Awaitable[None]]:
    """For `after_commit`: this process forgets the user's principals before it answers, everybody's where none is named; the
    others hear it a moment later.
    """

    async def forget() -> None:
        authenticate = services_of(request).authenticate
        if isinstance(authenticate, Authenticator):
            authenticate.forget(str(user_id or "*"))

    return forget
