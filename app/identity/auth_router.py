"""`/v1/auth`: signing in and out, devices, forgotten passwords."""

from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.core.context import Ctx, PublicCtx
from app.core.failures import answer
from app.core.limits import Limiter
from app.core.problems import Problem, TooManyRequests, declared
from app.core.resource import Page
from app.identity import credentials, password_form, passwords, sessions
from app.identity.auth_schemas import (
    DeviceQuery,
    DeviceRead,
    PasswordPolicy,
    Refresh,
    ResetAccepted,
    ResetConfirmation,
    ResetRequest,
    SignedIn,
    SignIn,
    TokenPair,
)
from app.identity.authentication import forgetting
from app.identity.problems import RefreshTokenInvalid, RefreshTokenReused, ResetTokenInvalid, SignInFailed
from app.identity.queries import DEVICE, ME
from app.identity.sessions import Device, Tokens

router = APIRouter(prefix="/auth", tags=["auth"])

PUBLIC = {"x-public": True}

POLICY = {
    "min_length": passwords.MIN_LENGTH,
    "max_length": passwords.MAX_LENGTH,
    "rules": [{"code": code, "label": dict(label)} for code, label in passwords.RULES.items()],
}


def device_of(request: Request) -> Device:
    """What the request says about the device behind it."""
    agent = "".join(c for c in request.headers.get("user-agent", "") if c.isprintable())[:300]
    return Device(agent or None, request.client.host[:100] if request.client else None)


def limiter_of(request: Request) -> Limiter:
    """The process's limiter."""
    limiter: Limiter = request.app.state.limiter
    return limiter


def _pair(pair: Tokens, status: int, **more: Any) -> Response:
    body = {
        "access_token": pair.access_token,
        "token_type": "Bearer",
        "expires_in": pair.expires_in,
        "refresh_token": pair.refresh_token,
        "session_id": pair.session_id,
        "session_expires_at": pair.session_expires_at,
        **more,
    }
    return Response(orjson.dumps(body, default=str), status, {"Cache-Control": "no-store"}, "application/json")


@router.post(
    "/sessions",
    operation_id="sign_in",
    summary="Sign in",
    status_code=201,
    response_model=SignedIn,
    responses=declared(SignInFailed, TooManyRequests),
    openapi_extra=PUBLIC,
)
async def sign_in(ctx: PublicCtx, request: Request, body: SignIn) -> Response:
    """Open a session for this device with user name or e-mail address and password.

    Whichever part was wrong, the answer is the same. Failures are throttled per account and address, and per address.
    """
    pair = await sessions.sign_in(ctx, limiter_of(request), body, device_of(request))
    me, _ = await ME.json(ctx, pair.user_id)
    return _pair(pair, 201, user=orjson.Fragment(me))


@router.post(
    "/sessions/refresh",
    operation_id="refresh_session",
    summary="Get the next tokens",
    response_model=TokenPair,
    responses=declared(RefreshTokenInvalid, RefreshTokenReused),
    openapi_extra=PUBLIC,
)
async def refresh_session(ctx: PublicCtx, request: Request, body: Refresh) -> Response:
    """Exchange the refresh token for a new pair.

    A client that lost the answer may ask again with the same token for 30 seconds. Any token older than that has
    perhaps been stolen: its use ends the session, for both who hold it.
    """
    pair = await sessions.refresh(ctx, body.refresh_token, device_of(request))
    if isinstance(pair, Problem):
        return answer(request, pair)
    return _pair(pair, 200)


@router.delete(
    "/sessions/current", operation_id="sign_out", summary="Sign out", status_code=204, response_class=Response
)
async def sign_out(ctx: Ctx, request: Request) -> Response:
    """End this session. Its access and refresh tokens are worthless from now on."""
    await sessions.end(ctx, ctx.user.session_id, "signed_out")
    ctx.after_commit(forgetting(request, ctx.user.user_id))
    return Response(status_code=204)


@router.get("/devices", operation_id="list_devices", summary="List your devices", response_model=Page[DeviceRead])
async def list_devices(ctx: Ctx, request: Request, query: Annotated[DeviceQuery, Query()]) -> Response:
    """The devices that are signed in as you."""
    return await DEVICE.page(ctx, request, query)


@router.delete(
    "/devices/{device_id:uuid}",
    operation_id="revoke_device",
    summary="Sign a device out",
    status_code=204,
    response_class=Response,
)
async def revoke_device(ctx: Ctx, request: Request, device_id: UUID) -> Response:
    """End the session of one of your devices, at once."""
    await sessions.end(ctx, device_id, "revoked")
    ctx.after_commit(forgetting(request, ctx.user.user_id))
    return Response(status_code=204)


@router.get(
    "/password-policy",
    operation_id="get_password_policy",
    summary="What a password must be like",
    response_model=PasswordPolicy,
    openapi_extra=PUBLIC,
)
async def get_password_policy(ctx: PublicCtx) -> Response:
    """The rules for passwords, to show before somebody chooses one. A broken rule's `code` is that of its field error."""
    return ctx.reply(POLICY)


@router.post(
    "/password-resets",
    operation_id="request_password_reset",
    summary="Forgot the password",
    status_code=202,
    response_model=ResetAccepted,
    responses=declared(TooManyRequests),
    openapi_extra=PUBLIC,
)
async def request_password_reset(ctx: PublicCtx, request: Request, body: ResetRequest) -> Response:
    """Have a link mailed that sets the password, once, within an hour.

    The answer is the same whether there is such a user or not.
    """
    await credentials.request_reset(ctx, limiter_of(request), body.login, device_of(request))
    return ctx.reply({"status": "accepted"}, status=202)


@router.get(
    "/password-resets/form", operation_id="get_password_form", summary="The mailed link", include_in_schema=False
)
async def get_password_form(ctx: PublicCtx) -> Response:
    """The page that a mailed link opens."""
    return password_form.page(ctx.language)


@router.post(
    "/password-resets/confirmations",
    operation_id="confirm_password_reset",
    summary="Set the password with a mailed link",
    status_code=204,
    response_class=Response,
    responses=declared(ResetTokenInvalid, TooManyRequests),
    openapi_extra=PUBLIC,
)
async def confirm_password_reset(ctx: PublicCtx, request: Request, body: ResetConfirmation) -> Response:
    """Set a new password. All devices are signed out; the link and older ones are used up."""
    await credentials.confirm_reset(ctx, limiter_of(request), body, device_of(request))
    return Response(status_code=204)
