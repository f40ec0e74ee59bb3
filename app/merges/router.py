"""`/v1/merges`: records that are one become one (DUP-4 to DUP-8)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.accounts.access import NotAManager
from app.core.context import Ctx, PostCtx
from app.core.problems import Forbidden, IdTaken, NotFound, declared
from app.core.resource import Page
from app.leads.problems import NotYourLead
from app.merges import service, undo
from app.merges.problems import (
    AlreadyUndone,
    LaterMerge,
    MergedMeanwhile,
    MergeInProgress,
    MergeRefused,
    StalePreview,
    TakenSince,
    UndoTooLate,
    WinnerGone,
)
from app.merges.queries import MERGE
from app.merges.schemas import MergeCreate, MergePreview, MergeQuery, MergeRead

router = APIRouter(tags=["duplicates"])
_OURS = (NotAManager, NotYourLead, MergeInProgress)


@router.get(
    "/merges", operation_id="list_merges", summary="List merges", response_model=Page[MergeRead], responses=declared()
)
async def list_merges(ctx: Ctx, request: Request, query: Annotated[MergeQuery, Query()]) -> Response:
    """Merges whose winner the asker sees, and those that they did themselves."""
    return await MERGE.page(ctx, request, query)


@router.post(
    "/merges",
    operation_id="merge_records",
    summary="Merge records, or preview it",
    status_code=201,
    response_model=MergeRead,
    responses=declared(Forbidden, NotFound, IdTaken, *_OURS, MergeRefused, MergedMeanwhile, StalePreview)
    | {200: {"model": MergePreview | MergeRead, "description": "The preview; or the merge that this id made before."}},
)
async def merge_records(ctx: PostCtx, body: MergeCreate) -> Response:
    """Two to ten leads, accounts or contacts become one. All that hangs on the losers belongs to the winner afterwards, and
    their old ids lead to it for ever.

    With `preview`, nothing is changed: the answer compares field by field, counts what moves, recommends a winner and says what
    is forbidden. The merge itself takes the versions that the preview showed.
    """
    if body.preview:
        return ctx.reply(await service.preview(ctx, body))
    merge_id, is_new = await service.merge(ctx, body)
    return await MERGE.reply(ctx, merge_id, status=201 if is_new else 200, location=f"/v1/merges/{merge_id}")


@router.get(
    "/merges/{merge_id:uuid}",
    operation_id="read_merge",
    summary="Read one merge",
    response_model=MergeRead,
    responses=declared(NotFound),
)
async def read_merge(ctx: Ctx, request: Request, merge_id: UUID) -> Response:
    """What was merged, where values came from, and until when it can be undone."""
    return await MERGE.read(ctx, request, merge_id)


@router.post(
    "/merges/{merge_id:uuid}/undo",
    operation_id="undo_merge",
    summary="Undo a merge",
    response_model=MergeRead,
    responses=declared(Forbidden, NotFound, *_OURS, AlreadyUndone, UndoTooLate, LaterMerge, WinnerGone, TakenSince),
)
async def undo_merge(ctx: PostCtx, merge_id: UUID) -> Response:
    """Within 30 days: everything goes back where it was. What was entered since stays with the winner; what was changed since is
    kept as it is and named in `kept`.
    """
    await undo.undo(ctx, merge_id)
    return await MERGE.reply(ctx, merge_id)
