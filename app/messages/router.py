"""`/v1/messages`: messages between users."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.core.context import Context, Ctx, PostCtx
from app.core.problems import IdTaken, declared
from app.core.resource import Page
from app.messages import service
from app.messages.queries import ALL, IN_THREAD, INBOX, MESSAGE, SENT, THREAD
from app.messages.schemas import MessageCreate, MessageQuery, MessageRead, ThreadQuery, ThreadRead

router = APIRouter(prefix="/messages", tags=["messages"])


@router.get("", operation_id="list_messages", summary="List messages", response_model=Page[MessageRead])
async def list_messages(ctx: Ctx, request: Request, query: Annotated[MessageQuery, Query()]) -> Response:
    """The messages that the asker received (`box=inbox`), sent (`box=sent`) or both, newest first; with `thread_id` those of a
    thread. Nobody reads others' messages.
    """
    match query.box:
        case "sent":
            box = SENT
        case "all" | None if query.thread_id is not None:
            box = IN_THREAD
        case "all":
            box = ALL
        case _:
            box = INBOX
    return await box.page(ctx, request, query)


@router.get("/threads", operation_id="list_threads", summary="List threads", response_model=Page[ThreadRead])
async def list_threads(ctx: Ctx, request: Request, query: Annotated[ThreadQuery, Query()]) -> Response:
    """The threads that the asker takes part in, each with its newest message and how many are unread, newest first."""
    return await THREAD.page(ctx, request, query)


@router.post(
    "",
    operation_id="send_message",
    summary="Send a message",
    status_code=201,
    response_model=MessageRead,
    openapi_extra={"x-unversioned": True},
    responses=declared(IdTaken) | {200: {"description": "Sent before by the same request.", "model": MessageRead}},
)
async def send_message(ctx: PostCtx, body: MessageCreate) -> Response:
    """Send a message, or answer one (`reply_to_id`): to all who take part in it, when nobody is named.

    Recipients are told in the app and by e-mail. A linked record must be visible to the sender. `@first.last` tells a user who is
    no recipient that they were mentioned, if they see the linked record; nothing says whether they do.
    """
    id_, new = await service.create(ctx, body)
    return ctx.reply(await _json(ctx, id_), status=201 if new else 200, location=f"/v1/messages/{id_}")


@router.get(
    "/{message_id:uuid}",
    operation_id="get_message",
    summary="Get a message",
    response_model=MessageRead,
    openapi_extra={"x-unversioned": True},
)
async def get_message(ctx: Ctx, message_id: UUID) -> Response:
    """One message that the asker sent or received. Reading it does not mark it as read."""
    return Response(await _json(ctx, message_id), media_type="application/json")


@router.post(
    "/{message_id:uuid}/read",
    operation_id="read_message",
    summary="Mark a message as read",
    response_model=MessageRead,
    openapi_extra={"x-unversioned": True},
)
async def read_message(ctx: PostCtx, message_id: UUID) -> Response:
    """Mark a received message as read; doing it again changes nothing."""
    await service.mark_read(ctx, message_id)
    return ctx.reply(await _json(ctx, message_id))


async def _json(ctx: Context, message_id: UUID) -> bytes:
    """Without an ETag (`x-unversioned`): the same version looks different to each reader."""
    return (await MESSAGE.json(ctx, message_id))[0]
