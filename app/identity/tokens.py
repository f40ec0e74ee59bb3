"""Access tokens: signed, short-lived, naming the user and the device session."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

ACCESS_LIFETIME = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What a good token says."""

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
