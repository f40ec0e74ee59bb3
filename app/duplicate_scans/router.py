"""`/v1/duplicate-scans` and `/v1/duplicate-clusters`."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.core.context import Ctx, PostCtx
from app.core.paging import InvalidCursor
from app.core.permissions import Permission
from app.core.problems import Forbidden, NotFound, declared
from app.core.resource import Page
from app.duplicate_scans import service
from app.duplicate_scans.problems import NothingToDismiss, ScanRunning
from app.duplicate_scans.queries import SCAN
from app.duplicate_scans.schemas import (
    ClusterDismissal,
    ClusterQuery,
    ClusterRead,
    ScanCreate,
    ScanQuery,
    ScanRead,
)
from app.duplicates.problems import HeldByAnother, NotYoursToDismiss

router = APIRouter(tags=["duplicates"])


@router.post(
    "/duplicate-scans",
    operation_id="scan_duplicates",
    summary="Scan the whole stock for duplicates",
    status_code=202,
    response_model=ScanRead,
    responses=declared(Forbidden, ScanRunning),
)
async def scan_duplicates(ctx: PostCtx, body: ScanCreate) -> Response:
    """Start a scan; `Location` is its job, which shows how far it is and can be cancelled. One scan at a time.

    Every record is compared with those that share rare things with it, as the duplicate check compares. The result is clusters
    for review; those of older scans go when it is finished.
    """
    id_ = await service.start(ctx, body)
    answer = await SCAN.reply(ctx, id_, status=202, location=f"/v1/jobs/{id_}")
    answer.headers["Retry-After"] = "2"
    return answer


@router.get(
    "/duplicate-scans",
    operation_id="list_duplicate_scans",
    summary="List scans",
    response_model=Page[ScanRead],
    responses=declared(Forbidden),
)
async def list_scans(ctx: Ctx, request: Request, query: Annotated[ScanQuery, Query()]) -> Response:
    """Scans, the newest first. Only that of the newest finished one has clusters."""
    ctx.require(Permission.RECORDS_MERGE)
    return await SCAN.page(ctx, request, query)


@router.get(
    "/duplicate-scans/{scan_id:uuid}",
    operation_id="get_duplicate_scan",
    summary="Get a scan",
    response_model=ScanRead,
    responses=declared(Forbidden),
)
async def get_scan(ctx: Ctx, request: Request, scan_id: UUID) -> Response:
    """One scan and how far it is."""
    ctx.require(Permission.RECORDS_MERGE)
    return await SCAN.read(ctx, request, scan_id)


@router.get(
    "/duplicate-scans/{scan_id:uuid}/clusters",
    operation_id="list_duplicate_clusters",
    summary="List a scan's clusters",
    response_model=Page[ClusterRead],
    responses=declared(Forbidden, NotFound, InvalidCursor),
)
async def list_clusters(ctx: Ctx, request: Request, scan_id: UUID, query: Annotated[ClusterQuery, Query()]) -> Response:
    """Records that are one and the same, the most rewarding cluster first. Listed are those of which you see two records."""
    return await service.page(ctx, request, scan_id, query)


@router.get(
    "/duplicate-clusters/{cluster_id:uuid}",
    operation_id="get_duplicate_cluster",
    summary="Get a cluster",
    response_model=ClusterRead,
    responses=declared(Forbidden, NotFound),
)
async def get_cluster(ctx: Ctx, cluster_id: UUID) -> Response:
    """One cluster, its records compared as they are now."""
    return ctx.reply(await service.read(ctx, cluster_id))


@router.post(
    "/duplicate-clusters/{cluster_id:uuid}/dismissals",
    operation_id="dismiss_duplicate_cluster",
    summary="Say that a cluster's records are no duplicates",
    response_model=ClusterRead,
    responses=declared(Forbidden, NotFound, NothingToDismiss, NotYoursToDismiss, HeldByAnother),
)
async def dismiss_cluster(ctx: PostCtx, cluster_id: UUID, body: ClusterDismissal) -> Response:
    """No two of these records are the same; remembered for every pair that you see, as `POST /v1/duplicate-dismissals` does."""
    return ctx.reply(await service.dismiss(ctx, cluster_id, body))
