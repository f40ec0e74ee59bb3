"""`/v1/duplicate-dismissals`: what is not a duplicate."""

from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.core.context import Ctx, PostCtx
from app.core.permissions import Permission
from app.core.problems import Forbidden, NotFound, declared
from app.core.resource import Page
from app.duplicates import dismissal_service as service
from app.duplicates.problems import HeldByAnother, NotYoursToDismiss
from app.duplicates.queries import dismissals
from app.duplicates.schemas import DismissalAnswer, DismissalCreate, DismissalQuery, DismissalRead

router = APIRouter(prefix="/duplicate-dismissals", tags=["duplicates"])


@router.get("", operation_id="list_duplicate_dismissals", summary="List dismissals", response_model=Page[DismissalRead])
async def list_dismissals(ctx: Ctx, request: Request, query: Annotated[DismissalQuery, Query()]) -> Response:
    """Pairs that are not duplicates, of which the asker sees at least one record."""
    ctx.require(Permission.PROTECTION_CHECK)
    return await dismissals(ctx.reach).page(ctx, request, query)


@router.post(
    "",
    operation_id="dismiss_duplicates",
    summary="Say that records are no duplicates",
    status_code=201,
    response_model=DismissalAnswer,
    responses=declared(Forbidden, NotFound, NotYoursToDismiss, HeldByAnother)
    | {200: {"description": "All of it was said before.", "model": DismissalAnswer}},
)
async def dismiss_duplicates(ctx: PostCtx, body: DismissalCreate) -> Response:
    """No two of these records are the same. From now on they are not proposed to each other, wherever duplicates are looked for.

    Of each pair one must be the asker's to change. A match that one may not see is named by its `ref`, beside the record that it
    was a match of. A customer who is taken stays taken: registering asks nobody's leave here.
    """
    ids, new = await service.dismiss(ctx, body)
    ctx.held.update(ids)
    items = [orjson.Fragment((await dismissals(ctx.reach).json(ctx, id_))[0]) for id_ in ids]
    location = f"/v1/duplicate-dismissals/{ids[0]}" if len(ids) == 1 else None
    return ctx.reply(orjson.dumps({"items": items}), status=201 if new else 200, location=location)


@router.get(
    "/{dismissal_id:uuid}",
    operation_id="get_duplicate_dismissal",
    summary="Get a dismissal",
    response_model=DismissalRead,
)
async def get_dismissal(ctx: Ctx, request: Request, dismissal_id: UUID) -> Response:
    """One pair that is no duplicate, with who has said so, when and why."""
    ctx.require(Permission.PROTECTION_CHECK)
    return await dismissals(ctx.reach).read(ctx, request, dismissal_id)


@router.delete(
    "/{dismissal_id:uuid}",
    operation_id="withdraw_duplicate_dismissal",
    summary="Withdraw a dismissal",
    status_code=204,
    responses=declared(Forbidden, NotYoursToDismiss),
)
async def withdraw_dismissal(ctx: Ctx, dismissal_id: UUID) -> Response:
    """They may be duplicates after all, and are proposed again. For who has dismissed them, or may change one of the two."""
    await service.withdraw(ctx, dismissal_id)
    return ctx.reply(None, status=204)
