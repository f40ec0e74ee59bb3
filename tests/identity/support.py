"""What the tests of identity share."""

import httpx
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.models import User
from tests.conftest import Api
from tests.factories import make_user

PASSWORD = "drei graue Katzen"
NEW_PASSWORD = "vier weiße Hunde"
QUICK = Argon2Hasher(memory_cost=8, time_cost=1, parallelism=1).hash(PASSWORD)
"""The hash of PASSWORD, cheap to check."""


async def with_password(session: AsyncSession, *roles: str, **values: object) -> User:
    """A user whose password is PASSWORD."""
    return await make_user(session, *roles, password_hash=QUICK, **values)


async def post(api: Api, path: str, body: dict[str, object]) -> httpx.Response:
    """A POST by somebody who is not signed in."""
    return await api.anyone.post(f"/v1/auth{path}", json=body)


async def signed_in(api: Api, user: User, password: str = PASSWORD, **more: object) -> dict[str, str]:
    """The answer to signing in."""
    answer = await post(api, "/sessions", {"login": user.user_name, "password": password, **more})
    assert answer.status_code == 201, answer.text
    body: dict[str, str] = answer.json()
    return body


async def refreshed(api: Api, token: str) -> httpx.Response:
    """The answer to a refresh token."""
    return await post(api, "/sessions/refresh", {"refresh_token": token})


def bearing(api: Api, access_token: str) -> httpx.AsyncClient:
    """A client with this access token."""
    return api.client(Authorization=f"Bearer {access_token}")


async def status_with(api: Api, access_token: str) -> int:
    """How a signed-in request with this access token is answered."""
    return (await bearing(api, access_token).get("/v1/me")).status_code
