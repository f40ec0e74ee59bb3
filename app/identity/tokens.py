"""Access tokens, refresh tokens and the secrets of reset links: how they are made and read."""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_bytes as random_bytes
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

ACCESS_LIFETIME = timedelta(minutes=15)
_SEED_BYTES = 32
_SEAL_BYTES = 16


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What a good access token says: signed, short-lived, naming the user and the device session."""

    user_id: UUID
    session_id: UUID
    expires_at: float


def issue(secret: str, user_id: UUID, session_id: UUID, now: datetime) -> tuple[str, int]:
    """A new access token and its lifetime in seconds."""
    lifetime = int(ACCESS_LIFETIME.total_seconds())
    claims = {
        "sub": str(user_id),
        "sid": str(session_id),
        "iat": int(now.timestamp()),
        "exp": int(now.timestamp()) + lifetime,
    }
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(secret)), lifetime


def read(secret: str, token: str) -> AccessToken | None:
    """The token's content; None when it was not signed by us or is misshapen. The expiry is the caller's to check."""
    try:
        claims = jwt.decode(token, OctKey.import_key(secret), algorithms=["HS256"]).claims
        return AccessToken(UUID(claims["sub"]), UUID(claims["sid"]), float(claims["exp"]))
    except (JoseError, ValueError, KeyError, TypeError):
        return None


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """One link of a device session's chain. The session's id comes first, so that it is found by its primary key."""

    session_id: UUID
    seed: bytes

    @property
    def hash(self) -> bytes:
        """What is stored."""
        return hashlib.sha256(self.session_id.bytes + self.seed).digest()


def first_refresh(session_id: UUID) -> RefreshToken:
    """The token that signing in gives out."""
    return RefreshToken(session_id, random_bytes(_SEED_BYTES))


def next_refresh(secret: str, token: RefreshToken) -> RefreshToken:
    """The token's successor.

    It follows from the token and the secret key: a client that asks twice with the same token, because an answer was
    lost or two of its windows asked at once, gets the same successor, and the chain does not fork. Neither the database
    nor an old token alone is enough to reckon it.
    """
    return RefreshToken(token.session_id, _mac(secret, b"refresh-next", token)[:_SEED_BYTES])


def write_refresh(secret: str, token: RefreshToken) -> str:
    """The token as clients carry it: sealed, so that what was made up never counts as an old token used again."""
    raw = token.session_id.bytes + token.seed + _mac(secret, b"refresh-seal", token)[:_SEAL_BYTES]
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def read_refresh(secret: str, text: str) -> RefreshToken | None:
    """The token, perhaps a replaced one; None when it is not one of ours."""
    try:
        raw = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except ValueError:
        return None
    if len(raw) != 16 + _SEED_BYTES + _SEAL_BYTES:
        return None
    token = RefreshToken(UUID(bytes=raw[:16]), raw[16 : 16 + _SEED_BYTES])
    seal = _mac(secret, b"refresh-seal", token)[:_SEAL_BYTES]
    return token if hmac.compare_digest(seal, raw[-_SEAL_BYTES:]) else None


def reset_token(secret: str, reset_id: UUID) -> str:
    """The secret of a password reset's link.

    It follows from the reset's id, so that a job that runs twice mails the same link, and no queue ever holds it.
    """
    mac = hmac.digest(secret.encode(), b"password-reset" + reset_id.bytes, "sha256")
    return base64.urlsafe_b64encode(mac).decode().rstrip("=")


def reset_hash(token: str) -> bytes:
    """What is stored of a reset's secret."""
    return hashlib.sha256(token.encode()).digest()


def _mac(secret: str, purpose: bytes, token: RefreshToken) -> bytes:
    return hmac.digest(secret.encode(), purpose + token.session_id.bytes + token.seed, "sha256")
