"""`/v1/follow-ups`: what is to be come back to, and when."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.activities.problems import ConvertFirst
from app.core.context import Ctx, PostCtx
from app.core.etags import IfMatch
from app.core.permissions import Permission
from app.core.problems import Forbidden, IdTaken, declared
from app.core.resource import Page
from app.follow_ups import service
from app.follow_ups.problems import FollowUpDone, NotYourFollowUp
from app.follow_ups.schemas import (
    FollowUpCounts,
    FollowUpCreate,
    FollowUpQuery,
    FollowUpRead,
    FollowUpUpdate,
    HandOver,
    Snooze,
)
from app.leads.problems import LeadClosed

router = APIRouter(prefix="/follow-ups", tags=["follow-ups"])


@router.get("", operation_id="list_follow_ups", summary="List follow-ups", response_model=Page[FollowUpRead])
async def list_follow_ups(ctx: Ctx, request: Request, query: Annotated[FollowUpQuery, Query()]) -> Response:
    """The asker's own follow-ups, what is due longest first. "My due ones" is `state=due`.

    Named people's or one record's instead, with `assignee_id`, `created_by` or `record_id`: of these, the ones that the asker
    sees, which are those that they have or made and those on records that they see.
    """
    return await service.page(ctx, request, query)


@router.get("/counts", operation_id="count_follow_ups", summary="Count follow-ups")
async def count_follow_ups(ctx: Ctx) -> FollowUpCounts:
    """How many of the asker's follow-ups are open, by when they are due."""
    return FollowUpCounts(**await service.count(ctx))


@router.post(
    "",
    operation_id="create_follow_up",
    summary="Make a follow-up",
    status_code=201,
    response_model=FollowUpRead,
    responses=declared(IdTaken, ConvertFirst, LeadClosed)
    | {200: {"description": "Made before by the same request.", "model": FollowUpRead}},
)
async def create_follow_up(ctx: PostCtx, body: FollowUpCreate) -> Response:
    """Put a note on a lead, account, contact, opportunity or activity, for a day or a moment. The assignee is reminded then, once.

    A lead of a lean project takes none: convert it first.
    """
    id_, new = await service.create(ctx, body)
    return await service.resource(ctx).reply(ctx, id_, status=201 if new else 200, location=f"/v1/follow-ups/{id_}")


@router.get(
    "/{follow_up_id:uuid}", operation_id="get_follow_up", summary="Get a follow-up", response_model=FollowUpRead
)
async def get_follow_up(ctx: Ctx, request: Request, follow_up_id: UUID) -> Response:
    """One follow-up that the asker has or made, or that is on a record that they see."""
    ctx.require(Permission.ACTIVITIES_READ)
    return await service.resource(ctx).read(ctx, request, follow_up_id)


@router.patch(
    "/{follow_up_id:uuid}",
    operation_id="update_follow_up",
    summary="Change a follow-up",
    response_model=FollowUpRead,
    responses=declared(Forbidden, NotYourFollowUp),
)
async def update_follow_up(ctx: Ctx, follow_up_id: UUID, patch: FollowUpUpdate, if_match: IfMatch = None) -> Response:
    """Change note, time or status. Another time reminds again; `{"status": "open"}` opens again what was done."""
    await service.change(ctx, follow_up_id, patch, if_match)
    return await service.resource(ctx).reply(ctx, follow_up_id)


@router.delete(
    "/{follow_up_id:uuid}",
    operation_id="delete_follow_up",
    summary="Delete a follow-up",
    status_code=204,
    response_model=None,
    responses=declared(Forbidden, NotYourFollowUp),
)
async def delete_follow_up(ctx: Ctx, follow_up_id: UUID) -> Response:
    """Delete a follow-up. It goes by itself with the record that it is on."""
    await service.remove(ctx, follow_up_id)
    return ctx.reply(None, status=204)


@router.post(
    "/{follow_up_id:uuid}/snooze",
    operation_id="snooze_follow_up",
    summary="Put a follow-up off",
    response_model=FollowUpRead,
    responses=declared(Forbidden, NotYourFollowUp, FollowUpDone),
)
async def snooze_follow_up(ctx: PostCtx, follow_up_id: UUID, body: Snooze) -> Response:
    """Put a follow-up off to a day or a moment, or by so many days or working days from today."""
    await service.snooze(ctx, follow_up_id, body)
    return await service.resource(ctx).reply(ctx, follow_up_id)


@router.post(
    "/{follow_up_id:uuid}/done",
    operation_id="complete_follow_up",
    summary="Mark a follow-up as done",
    response_model=FollowUpRead,
    responses=declared(Forbidden, NotYourFollowUp),
)
async def complete_follow_up(ctx: PostCtx, follow_up_id: UUID) -> Response:
    """Mark a follow-up as done; doing it again changes nothing."""
    await service.done(ctx, follow_up_id)
    return await service.resource(ctx).reply(ctx, follow_up_id)


@router.post(
    "/{follow_up_id:uuid}/hand-over",
    operation_id="hand_over_follow_up",
    summary="Hand a follow-up over",
    response_model=FollowUpRead,
    responses=declared(Forbidden, NotYourFollowUp, FollowUpDone),
)
async def hand_over_follow_up(ctx: PostCtx, follow_up_id: UUID, body: HandOver) -> Response:
    """Give a follow-up to somebody else, who must see the record that it is on. They are told at once."""
    await service.hand_over(ctx, follow_up_id, body)
    return await service.resource(ctx).reply(ctx, follow_up_id)
