"""`/v1/notifications`: what the asker was told, and `/v1/me/notification-settings`: how."""

from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response, StreamingResponse

from app.core.context import Ctx, PostCtx
from app.core.etags import IfMatch, unchanged
from app.core.paging import InvalidCursor
from app.core.problems import NotAuthenticated, declared
from app.core.resource import Page
from app.notifications import service, settings
from app.notifications.places import open_place
from app.notifications.problems import TooManyStreams
from app.notifications.queries import NOTIFICATION
from app.notifications.schemas import (
    STREAM_EXAMPLE,
    NotificationQuery,
    NotificationRead,
    NotificationSettingsRead,
    NotificationSettingsUpdate,
    NotificationUpdate,
    ReadAll,
    StreamQuery,
    UnreadCount,
)
from app.notifications.stream import Streams

R = TypeVar("R", bound=Response)


class EventStream(StreamingResponse):
    """Server-sent events. FastAPI's own response wants a route that yields, which can refuse nothing any more."""

    media_type = "text/event-stream"


STREAM = {
    "description": "Server-sent events, without end.",
    "content": {"text/event-stream": {"schema": {"type": "string"}, "example": STREAM_EXAMPLE}},
}
LastEventId = Annotated[
    str | None,
    Header(
        alias="Last-Event-ID",
        max_length=8000,
        pattern=r"^[A-Za-z0-9_-]+$",
        description="The id of the last event that was received: the stream goes on after it.",
    ),
]

router = APIRouter(prefix="/notifications", tags=["notifications"])
settings_router = APIRouter(prefix="/me/notification-settings", tags=["notifications"])


@router.get("", operation_id="list_notifications", summary="List notifications", response_model=Page[NotificationRead])
async def list_notifications(ctx: Ctx, request: Request, query: Annotated[NotificationQuery, Query()]) -> Response:
    """What the asker was told, newest first, in the language of Accept-Language."""
    answer = await NOTIFICATION[ctx.language].page(ctx, request, query)
    return _in_language(answer, ctx.language)


@router.get(
    "/unread-count",
    operation_id="count_unread_notifications",
    summary="Count unread notifications",
)
async def count_unread(ctx: Ctx) -> UnreadCount:
    """How many of the asker's notifications are unread."""
    return UnreadCount(count=await service.count_unread(ctx))


@router.get(
    "/stream",
    operation_id="stream_notifications",
    summary="Listen to notifications",
    response_class=EventStream,
    responses=declared(InvalidCursor, TooManyStreams) | {200: STREAM},
)
async def stream(
    ctx: Ctx, request: Request, query: Annotated[StreamQuery, Query()], last_event_id: LastEventId = None
) -> EventStream:
    """Server-sent events as they happen, in the language of Accept-Language.

    `notification` brings `{"notification": …, "unread_count": …}`, the notification as in the list. `unread_count` brings the
    number alone: at the start, and when something was read. Every event has an id; with the last one as `Last-Event-ID` the next
    stream brings what came since, each once. An id that is not yours or of another installation is 422: begin without one, and
    read the list. A comment comes every 15 seconds. The stream ends with the device's session; one user has at most ten at a
    time in one process of the installation.
    """
    streams: Streams = request.app.state.streams
    key = ctx.settings.secret_key.get_secret_value().encode()
    known = last_event_id or query.last_event_id
    place = open_place(known, ctx.user.user_id, key) if known else None
    bell = streams.join(ctx.user.user_id)
    try:
        first = await streams.look(ctx.user, place, ctx.language)
        if first is None:
            raise NotAuthenticated
    except BaseException:
        streams.leave(ctx.user.user_id, bell)
        raise
    events = streams.events(ctx.user, bell, first, ctx.language, key, seconds=query.max_seconds)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return _in_language(EventStream(events, headers=headers), ctx.language)


@router.post(
    "/read-all",
    operation_id="read_all_notifications",
    summary="Mark all notifications as read",
    response_model=UnreadCount,
)
async def read_all(ctx: PostCtx, body: ReadAll) -> Response:
    """Mark the asker's notifications as read, all or those up to a moment; answers how many are unread still."""
    await service.read_all(ctx, body.until)
    return ctx.reply({"count": await service.count_unread(ctx)})


@router.get(
    "/{notification_id:uuid}",
    operation_id="get_notification",
    summary="Get a notification",
    response_model=NotificationRead,
)
async def get_notification(ctx: Ctx, request: Request, notification_id: UUID) -> Response:
    """One of the asker's notifications."""
    return _in_language(await NOTIFICATION[ctx.language].read(ctx, request, notification_id), ctx.language)


@router.patch(
    "/{notification_id:uuid}",
    operation_id="update_notification",
    summary="Mark a notification as read or unread",
    response_model=NotificationRead,
)
async def update_notification(
    ctx: Ctx, notification_id: UUID, patch: NotificationUpdate, if_match: IfMatch = None
) -> Response:
    """Mark one of the asker's notifications as read, or as unread again."""
    await service.mark(ctx, notification_id, patch, if_match)
    return _in_language(await NOTIFICATION[ctx.language].reply(ctx, notification_id), ctx.language)


@settings_router.get(
    "",
    operation_id="get_notification_settings",
    summary="Get your notification settings",
    response_model=NotificationSettingsRead,
    responses={304: {"description": "The client has this version already."}},
)
async def get_settings(ctx: Ctx, request: Request) -> Response:
    """How you are told things: by kind, in the app and by e-mail; who has changed nothing gets everything, at once."""
    found = await settings.read(ctx)
    tag = f'"{found.version}"'
    if unchanged(request, tag):
        return Response(status_code=304, headers={"ETag": tag})
    return ctx.reply(found.model_dump_json().encode(), version=found.version)


@settings_router.patch(
    "",
    operation_id="update_notification_settings",
    summary="Change your notification settings",
    response_model=NotificationSettingsRead,
)
async def update_settings(ctx: Ctx, patch: NotificationSettingsUpdate, if_match: IfMatch = None) -> Response:
    """Change how you are told things. It counts for what comes from now on; what waits for the digest goes with the next.

    Some kinds cannot be switched off (`always`): requests for clearance and their decision, and cross-sell that was found.
    """
    await settings.change(ctx, patch, if_match)
    changed = await settings.read(ctx)
    return ctx.reply(changed.model_dump_json().encode(), version=changed.version)


def _in_language(answer: R, language: str) -> R:
    answer.headers["Content-Language"] = language
    answer.headers["Vary"] = "Accept-Language"
    return answer
