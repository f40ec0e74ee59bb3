"""`/v1/protection-checks`, `/v1/lead-locks`, `/v1/clearances`: is this customer taken, and by whom?"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.core.context import Ctx, PostCtx
from app.core.problems import Forbidden, Invalid, NotFound, declared
from app.core.resource import Page
from app.locks import checks, clearances, service
from app.locks.problems import (
    ClearanceDecided,
    ClearanceOpen,
    LockNotActive,
    LockNotLive,
    NothingToClear,
    NotTheHolder,
)
from app.locks.queries import CHECK, CLEARANCE, LOCK
from app.locks.schemas import (
    CheckListQuery,
    ClearanceCreate,
    ClearanceDecision,
    ClearanceListQuery,
    ClearanceRead,
    LeadLockRead,
    LockExtension,
    LockListQuery,
    LockRelease,
    LockTransfer,
    ProtectionCheckCreate,
    ProtectionCheckRead,
)

router = APIRouter(tags=["protection"])


@router.post(
    "/protection-checks",
    operation_id="check_protection",
    summary="Is this customer taken?",
    status_code=201,
    response_model=ProtectionCheckRead,
)
async def check_protection(ctx: PostCtx, body: ProtectionCheckCreate) -> Response:
    """Ask before the first contact: free, or taken by whom and until when, why it matched, and whether you may make contact.

    Covers leads, converted leads and customers, whoever may see them; tolerates legal forms, umlauts, word order and slips of
    the pen. The answer is kept: its id is the receipt that the creation of the lead can carry.
    """
    answer = await checks.check(ctx, body)
    return ctx.reply(answer, status=201, version=1, location=f"/v1/protection-checks/{answer['id']}")


@router.get(
    "/protection-checks",
    operation_id="list_protection_checks",
    summary="List own protection checks",
    response_model=Page[ProtectionCheckRead],
)
async def list_protection_checks(ctx: Ctx, request: Request, query: Annotated[CheckListQuery, Query()]) -> Response:
    """One's own receipts, newest first."""
    return await CHECK.page(ctx, request, query)


@router.get(
    "/protection-checks/{check_id:uuid}",
    operation_id="get_protection_check",
    summary="Get a protection check",
    response_model=ProtectionCheckRead,
)
async def get_protection_check(ctx: Ctx, request: Request, check_id: UUID) -> Response:
    """A receipt: who asked what and when, and what was answered."""
    return await CHECK.read(ctx, request, check_id)


@router.get("/lead-locks", operation_id="list_lead_locks", summary="List locks", response_model=Page[LeadLockRead])
async def list_lead_locks(ctx: Ctx, request: Request, query: Annotated[LockListQuery, Query()]) -> Response:
    """Locks with their steps: one's own with `holder_id`, those about to end with `ends_before`."""
    return await LOCK.page(ctx, request, query)


@router.get(
    "/lead-locks/{lock_id:uuid}", operation_id="get_lead_lock", summary="Get a lock", response_model=LeadLockRead
)
async def get_lead_lock(ctx: Ctx, request: Request, lock_id: UUID) -> Response:
    """One lock, with the state of each step."""
    return await LOCK.read(ctx, request, lock_id)


@router.post(
    "/lead-locks/{lock_id:uuid}/release",
    operation_id="release_lead_lock",
    summary="Release a lock",
    response_model=LeadLockRead,
    responses=declared(NotTheHolder, LockNotLive),
)
async def release_lead_lock(ctx: PostCtx, lock_id: UUID, body: LockRelease) -> Response:
    """Give a customer free before the time: the holder, the country head or an administrator."""
    await service.release(ctx, lock_id, body)
    return await LOCK.reply(ctx, lock_id)


@router.post(
    "/lead-locks/{lock_id:uuid}/transfer",
    operation_id="transfer_lead_lock",
    summary="Transfer a lock",
    response_model=LeadLockRead,
    responses=declared(NotTheHolder, LockNotLive, Invalid),
)
async def transfer_lead_lock(ctx: PostCtx, lock_id: UUID, body: LockTransfer) -> Response:
    """Hand the customer to another developer, with lead and account; the end of the lock stays."""
    await service.transfer(ctx, lock_id, body)
    return await LOCK.reply(ctx, lock_id)


@router.post(
    "/lead-locks/{lock_id:uuid}/extension",
    operation_id="extend_lead_lock",
    summary="Extend a lock",
    response_model=LeadLockRead,
    responses=declared(Forbidden, NotTheHolder, LockNotLive, LockNotActive, Invalid),
)
async def extend_lead_lock(ctx: PostCtx, lock_id: UUID, body: LockExtension) -> Response:
    """Prolong an active lock: the country head or an administrator."""
    await service.extend(ctx, lock_id, body)
    return await LOCK.reply(ctx, lock_id)


@router.get(
    "/clearances", operation_id="list_clearances", summary="List clearances", response_model=Page[ClearanceRead]
)
async def list_clearances(ctx: Ctx, request: Request, query: Annotated[ClearanceListQuery, Query()]) -> Response:
    """Requests that one has made, that concern one's customers, or that one has to decide."""
    return await CLEARANCE.page(ctx, request, query)


@router.post(
    "/clearances",
    operation_id="request_clearance",
    summary="Ask for clearance",
    status_code=201,
    response_model=ClearanceRead,
    responses=declared(NotFound, LockNotLive, ClearanceOpen, NothingToClear),
)
async def request_clearance(ctx: PostCtx, body: ClearanceCreate) -> Response:
    """Ask to work with a customer whom another one holds; the head of the customer's country decides."""
    id_ = await clearances.request(ctx, body)
    return await CLEARANCE.reply(ctx, id_, status=201, location=f"/v1/clearances/{id_}")


@router.get(
    "/clearances/{clearance_id:uuid}",
    operation_id="get_clearance",
    summary="Get a clearance",
    response_model=ClearanceRead,
)
async def get_clearance(ctx: Ctx, request: Request, clearance_id: UUID) -> Response:
    """One request and its decision."""
    return await CLEARANCE.read(ctx, request, clearance_id)


@router.post(
    "/clearances/{clearance_id:uuid}/decision",
    operation_id="decide_clearance",
    summary="Decide on a clearance",
    response_model=ClearanceRead,
    responses=declared(Forbidden, ClearanceDecided),
)
async def decide_clearance(ctx: PostCtx, clearance_id: UUID, body: ClearanceDecision) -> Response:
    """Grant, share or refuse, with a reason: the head of the customer's country, once."""
    await clearances.decide(ctx, clearance_id, body)
    return await CLEARANCE.reply(ctx, clearance_id)
