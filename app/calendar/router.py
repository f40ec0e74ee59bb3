"""`/v1/calendar`, `/v1/calendar-shares`, `/v1/me/calendar-address`, `/v1/calendars/{token}.ics` (ID-8)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from app.calendar import addresses, free_busy, service, shares
from app.calendar.problems import NotYourCalendar, TooManyEvents
from app.calendar.queries import CALENDAR_SHARE
from app.calendar.schemas import (
    Calendar,
    CalendarAddressCreate,
    CalendarAddressMade,
    CalendarAddressRead,
    CalendarQuery,
    CalendarShareCreate,
    CalendarShareQuery,
    CalendarShareRead,
    CalendarShareUpdate,
    FreeBusy,
    FreeBusyAsk,
)
from app.core.context import Ctx, PostCtx, PublicCtx
from app.core.etags import IfMatch, unchanged
from app.core.permissions import Permission
from app.core.problems import Conflict, IdTaken, NotFound, TooManyRequests, declared
from app.core.resource import Page
from app.identity.auth_router import device_of, limiter_of

router = APIRouter(tags=["calendar"])
PER_ADDRESS = 30
PER_CLIENT = 600
"""Readings per minute: of one calendar, and by one client, behind whom there may be a whole office."""


@router.get(
    "/calendar",
    operation_id="get_calendar",
    summary="Read a calendar",
    response_model=Calendar,
    responses=declared(NotFound, TooManyEvents),
)
async def get_calendar(ctx: Ctx, query: Annotated[CalendarQuery, Query()]) -> Response:
    """What the asker, or somebody who shares their calendar with them, does and takes part in: planned and held calls and
    meetings that touch this time, each occurrence of a series on its own, and with `types` the tasks that are due.
    """
    return ctx.reply({"items": await service.calendar(ctx, query)})


@router.post(
    "/calendar/free-busy",
    operation_id="get_free_busy",
    summary="When colleagues are free",
    response_model=FreeBusy,
)
async def get_free_busy(ctx: PostCtx, body: FreeBusyAsk) -> Response:
    """When these users are busy, by their calls and meetings, and with `suggest` when all of them are free. Nothing is said of
    what they do. All-day meetings count as whole days; what has no end takes no time.
    """
    return ctx.reply(await free_busy.free_busy(ctx, body))


# --- shares -----------------------------------------------------------------------------------------------------------


@router.get(
    "/calendar-shares",
    operation_id="list_calendar_shares",
    summary="List calendar shares",
    response_model=Page[CalendarShareRead],
)
async def list_calendar_shares(ctx: Ctx, request: Request, query: Annotated[CalendarShareQuery, Query()]) -> Response:
    """With whom the asker shares their calendar, and who shares theirs with the asker."""
    ctx.require(Permission.ACTIVITIES_READ)
    return await CALENDAR_SHARE.page(ctx, request, query)


@router.post(
    "/calendar-shares",
    operation_id="create_calendar_share",
    summary="Share your calendar",
    status_code=201,
    response_model=CalendarShareRead,
    responses=declared(Conflict, IdTaken)
    | {200: {"description": "Created before by the same request.", "model": CalendarShareRead}},
)
async def create_calendar_share(ctx: PostCtx, body: CalendarShareCreate) -> Response:
    """Let somebody read your calendar, or also write in it. They are told."""
    id_, new = await shares.create(ctx, body)
    return await CALENDAR_SHARE.reply(ctx, id_, status=201 if new else 200, location=f"/v1/calendar-shares/{id_}")


@router.get(
    "/calendar-shares/{share_id:uuid}",
    operation_id="get_calendar_share",
    summary="Get a calendar share",
    response_model=CalendarShareRead,
)
async def get_calendar_share(ctx: Ctx, request: Request, share_id: UUID) -> Response:
    """One that the asker gave or was given."""
    ctx.require(Permission.ACTIVITIES_READ)
    return await CALENDAR_SHARE.read(ctx, request, share_id)


@router.patch(
    "/calendar-shares/{share_id:uuid}",
    operation_id="update_calendar_share",
    summary="Change a calendar share",
    response_model=CalendarShareRead,
    responses=declared(NotYourCalendar),
)
async def update_calendar_share(
    ctx: Ctx, share_id: UUID, patch: CalendarShareUpdate, if_match: IfMatch = None
) -> Response:
    """Let them only read, or also write; it holds at once."""
    await shares.update(ctx, share_id, patch, if_match)
    return await CALENDAR_SHARE.reply(ctx, share_id)


@router.delete(
    "/calendar-shares/{share_id:uuid}",
    operation_id="delete_calendar_share",
    summary="End a calendar share",
    status_code=204,
    response_model=None,
)
async def delete_calendar_share(ctx: Ctx, share_id: UUID) -> Response:
    """Take it back, or do without one that was given to you."""
    await shares.remove(ctx, share_id)
    return ctx.reply(None, status=204)


# --- private address --------------------------------------------------------------------------------------------------


@router.get(
    "/me/calendar-address",
    operation_id="get_calendar_address",
    summary="Get your calendar address",
    response_model=CalendarAddressRead,
    responses=declared(NotFound),
)
async def get_calendar_address(ctx: Ctx) -> Response:
    """Whether you have a private calendar address, and when it was last used. The address itself is told once, when it is made."""
    return ctx.reply(await addresses.shown(ctx))


@router.post(
    "/me/calendar-address",
    operation_id="make_calendar_address",
    summary="Make or renew your calendar address",
    status_code=201,
    response_model=CalendarAddressMade,
)
async def make_calendar_address(ctx: PostCtx, body: CalendarAddressCreate) -> Response:
    """Make a private address at which any calendar program reads your calendar. An older one is dead at once.

    Whoever knows it needs no log-in: keep it to yourself. It is told again only to the same request with its `Idempotency-Key`; without
    one, nothing that names it is kept.
    """
    made = await addresses.make(ctx, body.details)
    answer = ctx.reply(made, status=201, location="/v1/me/calendar-address")
    answer.headers["Cache-Control"] = "no-store"
    return answer


@router.delete(
    "/me/calendar-address",
    operation_id="delete_calendar_address",
    summary="Take your calendar address back",
    status_code=204,
    response_model=None,
)
async def delete_calendar_address(ctx: Ctx) -> Response:
    """Nobody reads your calendar there any more."""
    await addresses.remove(ctx)
    return ctx.reply(None, status=204)


@router.get(
    "/calendars/{token}.ics",
    operation_id="read_calendar_file",
    summary="Read a calendar as iCalendar",
    response_class=Response,
    responses=declared(NotFound, TooManyRequests)
    | {
        200: {
            "description": "The calendar.",
            "content": {"text/calendar": {"schema": {"type": "string"}}},
            "headers": {"ETag": {"$ref": "#/components/headers/ETag"}},
        },
        304: {"description": "The program has it already."},
    },
    openapi_extra={"x-public": True},
)
async def read_calendar_file(
    ctx: PublicCtx, request: Request, token: Annotated[str, Path(max_length=200, pattern=r"^[A-Za-z0-9_-]+$")]
) -> Response:
    """Meetings and planned calls of the address's owner, from 60 days ago on, for calendar programs; without a log-in."""
    limiter, client = limiter_of(request), device_of(request)
    await limiter.spend(f"calendars:{client.address}", PER_CLIENT)
    await limiter.spend(f"calendar:{addresses.hash_of(token).hex()[:32]}", PER_ADDRESS)
    found = await addresses.feed(ctx, token)
    headers = {"ETag": found.tag, "Cache-Control": "private, no-cache", "X-Robots-Tag": "noindex"}
    if unchanged(request, found.tag):
        return Response(status_code=304, headers=headers)
    return Response(await found.written(), 200, headers, "text/calendar; charset=utf-8")
