"""Signing in and out; the chain of refresh tokens of each device (ID-1, ID-9)."""

import hashlib
import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import Text, bindparam, func, or_, select, update

from app.core.context import Context
from app.core.db import new_id
from app.core.limits import Limiter
from app.core.problems import NotFound
from app.core.statements import Statement
from app.identity import tokens
from app.identity.auth_schemas import SignIn
from app.identity.models import DeviceSession, User
from app.identity.passwords import verify_password
from app.identity.problems import RefreshTokenInvalid, RefreshTokenReused, SignInFailed

log = structlog.get_logger()

GRACE = timedelta(seconds=30)
"""How long the token just replaced stays good, for clients that lost the answer."""
IDLE = timedelta(days=30)
"""A session that is not refreshed for so long has ended."""
LONGEST = timedelta(days=180)
"""No session lasts longer."""
PER_ADDRESS = 10
"""Failures per address, as a multiple of those per account and address: offices share one."""

_login = bindparam("login", type_=Text, required=True)
BY_LOGIN = Statement(
    select(User.id, User.password_hash).where(
        or_(func.lower(User.user_name) == func.lower(_login), func.lower(User.email) == func.lower(_login))
    )
)


@dataclass(frozen=True, slots=True)
class Device:
    """Where a request comes from, as far as it says."""

    user_agent: str | None
    address: str | None

    @property
    def network(self) -> str:
        """What throttling counts: the IPv4 address, or the IPv6 network that one customer usually has."""
        try:
            address = ipaddress.ip_address(self.address or "")
        except ValueError:
            return self.address or "unknown"
        return str(address) if address.version == 4 else str(ipaddress.ip_network((address, 64), strict=False))


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a client gets for a good password or a good refresh token."""

    user_id: UUID
    session_id: UUID
    access_token: str
    expires_in: int
    refresh_token: str
    session_expires_at: datetime


class Throttle:
    """Failed attempts of one kind, per account and address and per address. Raises TooManyRequests."""

    def __init__(self, limiter: Limiter, kind: str, account: str, device: Device, per_minute: int) -> None:
        hashed = hashlib.sha256(account.casefold().encode()).hexdigest()[:32]
        self._limiter = limiter
        self._counts = {
            f"{kind}:{device.network}": per_minute * PER_ADDRESS,
            f"{kind}:{device.network}:{hashed}": per_minute,
        }

    async def attempt(self) -> None:
        """Count an attempt."""
        for name, limit in self._counts.items():
            await self._limiter.attempt(name, limit)

    async def succeeded(self) -> None:
        """It was a good one: count it no longer."""
        for name, limit in self._counts.items():
            await self._limiter.succeeded(name, limit)


async def sign_in(ctx: Context, limiter: Limiter, body: SignIn, device: Device) -> Tokens:
    """Open a session for a device. Raises SignInFailed, TooManyRequests.

    An unknown login costs as much time as a wrong password. No transaction is open while the password is checked, so the
    user is read again, locked, before the session is written: a deactivation or a new password at that moment wins.
    """
    throttle = Throttle(limiter, "sign-in", body.login, device, ctx.settings.sign_ins_per_minute)
    await throttle.attempt()
    rows = await ctx.fetch(BY_LOGIN, login=body.login)
    stored = rows[0]["password_hash"] if rows else None
    if not await verify_password(body.password, stored):
        raise SignInFailed
    user = await ctx.session.get(User, rows[0]["id"], with_for_update={"read": True})
    if user is None or not user.active or user.password_hash != stored:
        raise SignInFailed
    await throttle.succeeded()
    session_id = new_id()
    refresh = tokens.first_refresh(session_id)
    session = DeviceSession(
        id=session_id,
        user_id=user.id,
        device_name=body.device_name,
        user_agent=device.user_agent,
        address=device.address,
        refresh_hash=refresh.hash,
        created_at=ctx.now,
        last_used_at=ctx.now,
        expires_at=ctx.now + IDLE,
    )
    ctx.session.add(session)
    return _answer(ctx, session, refresh)


async def refresh(ctx: Context, text: str, device: Device) -> Tokens | RefreshTokenReused:
    """The next pair of tokens. Raises RefreshTokenInvalid.

    Two requests with one token queue on the session's row and get the same successor. A token that was replaced longer
    ago ends the session; that problem is returned, not raised, so that the end is committed.
    """
    secret = ctx.settings.secret_key.get_secret_value()
    given = tokens.read_refresh(secret, text)
    if given is None:
        raise RefreshTokenInvalid
    session = await ctx.session.get(DeviceSession, given.session_id, with_for_update=True)
    if session is None or session.revoked_at is not None or session.expires_at <= ctx.now:
        raise RefreshTokenInvalid
    successor = tokens.next_refresh(secret, given)
    if given.hash == session.refresh_hash:
        session.previous_hash = given.hash
        session.refresh_hash = successor.hash
        session.replaced_at = ctx.now
        session.generation += 1
    elif given.hash != session.previous_hash or ctx.now - (session.replaced_at or ctx.now) > GRACE:
        session.revoked_at = ctx.now
        session.revoked_because = "refresh_token_reused"
        log.warning("refresh_token_reused", session_id=str(session.id), user_id=str(session.user_id))
        return RefreshTokenReused()
    session.user_agent = device.user_agent
    session.address = device.address
    session.last_used_at = ctx.now
    session.expires_at = min(ctx.now + IDLE, session.created_at + LONGEST)
    return _answer(ctx, session, successor)


def _answer(ctx: Context, session: DeviceSession, refresh: tokens.RefreshToken) -> Tokens:
    secret = ctx.settings.secret_key.get_secret_value()
    access_token, lifetime = tokens.issue(secret, session.user_id, session.id, ctx.now)
    return Tokens(
        session.user_id,
        session.id,
        access_token,
        lifetime,
        tokens.write_refresh(secret, refresh),
        session.expires_at,
    )


async def end(ctx: Context, session_id: UUID, because: str) -> None:
    """End one of the asker's own sessions; its access tokens die with it. Raises NotFound."""
    session = await ctx.session.get(DeviceSession, session_id, with_for_update=True)
    if session is None or session.user_id != ctx.user.user_id or session.revoked_at is not None:
        raise NotFound
    session.revoked_at = ctx.now
    session.revoked_because = because


async def end_all(ctx: Context, user_id: UUID, because: str, *, but: UUID | None = None) -> None:
    """End all sessions of a user, or all but one."""
    statement = update(DeviceSession).where(DeviceSession.user_id == user_id, DeviceSession.revoked_at.is_(None))
    if but is not None:
        statement = statement.where(DeviceSession.id != but)
    await ctx.session.execute(statement.values(revoked_at=ctx.now, revoked_because=because))
