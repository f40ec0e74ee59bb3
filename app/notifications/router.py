"""`/v1/notifications`: what the asker was told."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.core.context import Ctx, PostCtx
from app.core.etags import IfMatch
from app.core.resource import Page
from app.notifications import service
from app.notifications.queries import NOTIFICATION
from app.notifications.schemas import (
    NotificationQuery,
    NotificationRead,
    NotificationUpdate,
    ReadAll,
    UnreadCount,
)

router = APIRouter(prefix="/notifications", tags=["notifications"])


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


def _in_language(answer: Response, language: str) -> Response:
    answer.headers["Content-Language"] = language
    answer.headers["Vary"] = "Accept-Language"
    return answer
