"""`/v1/call-lists`: whom to call, and who is calling whom (CALL-5)."""

from typing import Annotated, get_args
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from app.call_lists import claiming, service
from app.call_lists.problems import EntryClaimed
from app.call_lists.schemas import (
    CallAttempt,
    CallAttemptRead,
    CallListEntry,
    CallListPage,
    CallListQuery,
    CallLists,
    CallListsQuery,
    CallSnooze,
    ListName,
    NextCall,
    NextCallBody,
)
from app.core.context import Ctx, PostCtx
from app.core.paging import InvalidCursor
from app.core.problems import Forbidden, NotFound, declared
from app.leads.problems import LeadClosed, NotYourLead

router = APIRouter(prefix="/call-lists", tags=["call-lists"])
ListPath = Annotated[str, Path(json_schema_extra={"enum": list(get_args(ListName))})]
"""The name of a list; there is none of another name: 404."""


@router.get("", operation_id="get_call_lists", summary="Get the call lists", response_model=CallLists)
async def get_call_lists(ctx: Ctx, query: Annotated[CallListsQuery, Query()]) -> Response:
    """The lists that the asker may work with, their favourites first."""
    return ctx.reply(await service.overview(ctx, count=query.count))


@router.get(
    "/{list_name}",
    operation_id="list_call_list_entries",
    summary="List the entries of a call list",
    response_model=CallListPage,
    responses=declared(Forbidden, NotFound, InvalidCursor),
)
async def list_call_list_entries(
    ctx: Ctx, request: Request, list_name: ListPath, query: Annotated[CallListQuery, Query()]
) -> Response:
    """The entries that the asker sees, as they are now: whoever was called is gone. Sorted by one column.

    `contacts-never-called` keeps the people of one company together, so that it is worked through once. `former-customers`
    and `vip` begin with those who were called longest ago, or never.
    """
    return await service.page(ctx, request, list_name, query)


@router.post(
    "/{list_name}/next",
    operation_id="claim_next_call",
    summary="Claim the next entry of a call list",
    response_model=NextCall,
    responses=declared(Forbidden, NotFound),
)
async def claim_next_call(ctx: PostCtx, list_name: ListPath, body: NextCallBody) -> Response:
    """Somebody to call whom nobody else is given, nor anybody else of that company, for 30 minutes.

    A claim that still runs is given again. It ends when a held call with them is logged, by `release`, `skip` and `snooze`, and
    by time.
    """
    return ctx.reply(await claiming.next_call(ctx, list_name, body))


@router.post(
    "/{list_name}/entries/{entry_id:uuid}/skip",
    operation_id="skip_call_list_entry",
    summary="Skip an entry of a call list",
    response_model=CallListEntry,
    responses=declared(Forbidden, NotFound, EntryClaimed),
)
async def skip_call_list_entry(ctx: PostCtx, list_name: ListPath, entry_id: UUID) -> Response:
    """The asker is not given it again today; others are."""
    return ctx.reply(await claiming.skip(ctx, list_name, entry_id))


@router.post(
    "/{list_name}/entries/{entry_id:uuid}/snooze",
    operation_id="snooze_call_list_entry",
    summary="Put off an entry of a call list",
    response_model=CallListEntry,
    responses=declared(Forbidden, NotFound, EntryClaimed),
)
async def snooze_call_list_entry(ctx: PostCtx, list_name: ListPath, entry_id: UUID, body: CallSnooze) -> Response:
    """Nobody is given it until then, a year at most. It stays on the list."""
    return ctx.reply(await claiming.snooze(ctx, list_name, entry_id, body))


@router.post(
    "/{list_name}/entries/{entry_id:uuid}/release",
    operation_id="release_call_list_entry",
    summary="Give an entry of a call list back",
    response_model=CallListEntry,
    responses=declared(Forbidden, NotFound, EntryClaimed),
)
async def release_call_list_entry(ctx: PostCtx, list_name: ListPath, entry_id: UUID) -> Response:
    """Others may be given it again at once."""
    return ctx.reply(await claiming.release(ctx, list_name, entry_id))


@router.post(
    "/leads-never-contacted/entries/{lead_id:uuid}/attempt",
    operation_id="record_call_attempt",
    summary="Note that a lead was called",
    response_model=CallAttemptRead,
    responses=declared(Forbidden, NotFound, EntryClaimed, NotYourLead, LeadClosed),
)
async def record_call_attempt(ctx: PostCtx, lead_id: UUID, body: CallAttempt) -> Response:
    """Calls are logged against customers only: this leaves a note on the lead.

    Whoever was reached counts as contacted today and leaves the list; the others are put off.
    """
    return ctx.reply(await claiming.attempt(ctx, lead_id, body))


@router.put(
    "/{list_name}/favourite",
    operation_id="mark_call_list",
    summary="Make a call list a favourite",
    status_code=204,
    response_model=None,
    responses=declared(Forbidden, NotFound),
)
async def mark_call_list(ctx: Ctx, list_name: ListPath) -> Response:
    """The list comes first in the asker's lists."""
    await claiming.mark(ctx, list_name, favourite=True)
    return ctx.reply(None, status=204)


@router.delete(
    "/{list_name}/favourite",
    operation_id="unmark_call_list",
    summary="Make a call list no favourite any more",
    status_code=204,
    response_model=None,
    responses=declared(Forbidden, NotFound),
)
async def unmark_call_list(ctx: Ctx, list_name: ListPath) -> Response:
    """The list stands where it stood."""
    await claiming.mark(ctx, list_name, favourite=False)
    return ctx.reply(None, status=204)
