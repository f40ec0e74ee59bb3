"""Changing, forgetting and resetting passwords (ID-1)."""

from uuid import UUID

from sqlalchemy import DateTime, LargeBinary, Uuid, bindparam, select, update

from app.core.context import Context
from app.core.db import new_id
from app.core.limits import Limiter
from app.core.problems import Invalid, Language, NotAuthenticated
from app.core.statements import Statement
from app.identity import tokens
from app.identity.auth_schemas import PasswordChange, ResetConfirmation
from app.identity.models import PasswordReset, User
from app.identity.passwords import RULES, Holder, hash_password, verify_password, violations
from app.identity.problems import ResetTokenInvalid
from app.identity.sessions import BY_LOGIN, Device, Throttle, end_all

_NAMES = (User.user_name, User.email, User.first_name, User.last_name)
_OWN = Statement(
    select(User.password_hash, *_NAMES).where(User.id == bindparam("id", type_=Uuid, required=True), User.active)
)
_RESET = Statement(
    select(PasswordReset.id, PasswordReset.user_id, *_NAMES)
    .join(User, User.id == PasswordReset.user_id)
    .where(
        PasswordReset.token_hash == bindparam("hash", type_=LargeBinary, required=True),
        PasswordReset.used_at.is_(None),
        PasswordReset.expires_at > bindparam("now", type_=DateTime(timezone=True), required=True),
        User.active,
    )
)
_WRONG = {"de": "Das ist nicht das jetzige Passwort.", "en": "This is not the present password."}

FieldProblem = tuple[str, str, dict[Language, str]]


def policy_errors(pointer: str, codes: list[str]) -> list[FieldProblem]:
    """Broken rules of the policy as field errors."""
    return [(pointer, code, dict(RULES[code])) for code in codes]


async def change(ctx: Context, limiter: Limiter, body: PasswordChange, device: Device) -> None:
    """Set one's own password and end one's other sessions. Raises Invalid, TooManyRequests.

    No transaction is open while passwords are checked and hashed; a change that came in between wins.
    """
    me = ctx.user
    throttle = Throttle(limiter, "password", str(me.user_id), device, ctx.settings.sign_ins_per_minute)
    await throttle.attempt()
    rows = await ctx.fetch(_OWN, id=me.user_id)
    if not rows:
        raise NotAuthenticated
    stored = rows[0]["password_hash"]
    good = await verify_password(body.current_password, stored)
    if good:
        await throttle.succeeded()
    broken = violations(body.new_password, _holder(rows[0]))
    if body.new_password == body.current_password:
        broken.append("password_unchanged")
    errors = policy_errors("/new_password", broken)
    if not good:
        errors.insert(0, ("/current_password", "wrong_password", _WRONG))
    if errors:
        raise Invalid(errors)
    hashed = await hash_password(body.new_password)
    user = await _locked(ctx, me.user_id)
    if user is None or user.password_hash != stored:
        raise Invalid([("/current_password", "wrong_password", _WRONG)])
    await _set(ctx, user, hashed)
    await end_all(ctx, user.id, "password_changed", but=me.session_id)


async def request_reset(ctx: Context, limiter: Limiter, login: str, device: Device) -> None:
    """Have a link mailed, if there is such a user. Raises TooManyRequests.

    The same work is done in either case: nobody learns from the answer or its time who has an account.
    """
    await Throttle(limiter, "password-reset", login, device, ctx.settings.sign_ins_per_minute).attempt()
    rows = await ctx.fetch(BY_LOGIN, login=login)
    mail_link(ctx, rows[0]["id"] if rows else None, invitation=False)


def mail_link(ctx: Context, user_id: UUID | None, *, invitation: bool) -> None:
    """Ask for the mail with a one-time link. The link's secret is made by the job; the outbox never holds it."""
    kind = "invitation" if invitation else "password-reset"
    payload = {"user_id": user_id, "reset_id": new_id(), "invitation": invitation}
    ctx.enqueue("identity.password_mail", payload, key=f"{kind}:{user_id or 'nobody'}")


async def confirm_reset(ctx: Context, limiter: Limiter, body: ResetConfirmation, device: Device) -> None:
    """Set the password with a link's secret, once, and end all sessions. Raises ResetTokenInvalid, Invalid.

    A password that the policy refuses does not use the link up.
    """
    throttle = Throttle(limiter, "reset-token", body.token, device, ctx.settings.sign_ins_per_minute)
    await throttle.attempt()
    rows = await ctx.fetch(_RESET, hash=tokens.reset_hash(body.token), now=ctx.now)
    if not rows:
        raise ResetTokenInvalid
    await throttle.succeeded()
    if broken := violations(body.new_password, _holder(rows[0])):
        raise Invalid(policy_errors("/new_password", broken))
    hashed = await hash_password(body.new_password)
    user = await _locked(ctx, rows[0]["user_id"])
    reset = await ctx.session.get(PasswordReset, rows[0]["id"], with_for_update=True)
    if user is None or not user.active or reset is None or reset.used_at is not None:
        raise ResetTokenInvalid
    await _set(ctx, user, hashed)
    await end_all(ctx, user.id, "password_reset")


async def use_up_links(ctx: Context, user_id: UUID) -> None:
    """Links that were mailed to the user set no password any more."""
    open_ones = update(PasswordReset).where(PasswordReset.user_id == user_id, PasswordReset.used_at.is_(None))
    await ctx.session.execute(open_ones.values(used_at=ctx.now))


async def _locked(ctx: Context, user_id: UUID) -> User | None:
    return await ctx.session.get(User, user_id, with_for_update=True, populate_existing=True)


async def _set(ctx: Context, user: User, hashed: str) -> None:
    user.password_hash = hashed
    user.password_changed_at = ctx.now
    await use_up_links(ctx, user.id)


def _holder(row: object) -> Holder:
    return Holder(**{column.key: row[column.key] for column in _NAMES})  # type: ignore[index]  # an asyncpg.Record
