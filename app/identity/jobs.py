"""Mails with one-time links, and forgetting what has ended."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import delete, or_

from app import mail
from app.core import outbox
from app.core.context import Context
from app.identity import tokens
from app.identity.models import DeviceSession, PasswordReset, User

RESET_LIFETIME = timedelta(hours=1)
INVITATION_LIFETIME = timedelta(days=7)
REMEMBERED = timedelta(days=30)
"""How long ended sessions and used links are kept: support can still say why somebody was signed out."""

_TEXTS = {
    ("reset", "de"): (
        "Leadwerk: Passwort zurücksetzen",
        (
            "Guten Tag {name},\n\n"
            "jemand, vermutlich Sie, möchte das Passwort für den Zugang „{user_name}“ neu setzen. "
            "Dieser Link gilt einmal, bis {until}:\n\n{link}\n\n"
            "Danach sind alle Geräte abgemeldet. Waren Sie es nicht, ist nichts zu tun: Ihr Passwort bleibt, wie es ist.\n"
        ),
    ),
    ("reset", "en"): (
        "Leadwerk: reset your password",
        (
            "Hello {name},\n\n"
            "somebody, probably you, wants to set a new password for the account “{user_name}”. "
            "This link works once, until {until}:\n\n{link}\n\n"
            "All devices are signed out then. If it was not you, there is nothing to do: your password stays as it is.\n"
        ),
    ),
    ("invitation", "de"): (
        "Ihr Zugang zu Leadwerk",
        (
            "Guten Tag {name},\n\n"
            "für Sie wurde ein Zugang zu Leadwerk angelegt. Ihr Anmeldename ist „{user_name}“; "
            "Ihre E-Mail-Adresse geht auch. Setzen Sie hier Ihr Passwort, der Link gilt einmal, bis {until}:\n\n{link}\n\n"
            "Ist der Link abgelaufen, bekommen Sie mit „Passwort vergessen“ einen neuen.\n"
        ),
    ),
    ("invitation", "en"): (
        "Your account at Leadwerk",
        (
            "Hello {name},\n\n"
            "an account at Leadwerk was made for you. Your user name is “{user_name}”; your e-mail address works too. "
            "Set your password here, the link works once, until {until}:\n\n{link}\n\n"
            "If the link has expired, “forgot password” gets you a new one.\n"
        ),
    ),
}


@outbox.job("identity.password_mail")
async def password_mail(ctx: Context, payload: Mapping[str, Any]) -> None:
    """Mail a one-time link to a user, if there is one: a reset or an invitation.

    The secret follows from the reset's id, so that a second run mails the very same link under the same message id.
    """
    if payload["user_id"] is None:
        return
    user = await ctx.session.get(User, UUID(payload["user_id"]))
    if user is None or not user.active:
        return
    reset_id, invitation = UUID(payload["reset_id"]), bool(payload["invitation"])
    token = tokens.reset_token(ctx.settings.secret_key.get_secret_value(), reset_id)
    reset = await ctx.session.get(PasswordReset, reset_id)
    if reset is None:
        reset = PasswordReset(
            id=reset_id,
            user_id=user.id,
            token_hash=tokens.reset_hash(token),
            created_at=ctx.now,
            expires_at=ctx.now + (INVITATION_LIFETIME if invitation else RESET_LIFETIME),
        )
        ctx.session.add(reset)
        await ctx.session.flush()
    kind, language = "invitation" if invitation else "reset", "en" if user.locale == "en" else "de"
    subject, text = _TEXTS[kind, language]
    await mail.send(
        ctx.settings,
        to=user.email,
        subject=subject,
        text=text.format(
            name=user.name,
            user_name=user.user_name,
            until=_in_words(reset.expires_at, user.time_zone, language),
            link=f"{ctx.settings.public_url.rstrip('/')}/v1/auth/password-resets/form#token={token}",
        ),
        message_id=f"{kind}-{reset_id}",
    )


def _in_words(moment: datetime, time_zone: str, language: str) -> str:
    there = moment.astimezone(ZoneInfo(time_zone))
    return f"{there:%d.%m.%Y, %H:%M} Uhr" if language == "de" else f"{there:%d %B %Y, %H:%M}"


@outbox.job("identity.tidy")
async def tidy(ctx: Context, payload: Mapping[str, Any]) -> None:  # noqa: ARG001  (every job takes a payload)
    """Forget sessions and links that ended long ago. Runs daily."""
    before = ctx.clock.really() - REMEMBERED
    await ctx.session.execute(
        delete(DeviceSession).where(or_(DeviceSession.expires_at < before, DeviceSession.revoked_at < before))
    )
    await ctx.session.execute(delete(PasswordReset).where(PasswordReset.expires_at < before))
