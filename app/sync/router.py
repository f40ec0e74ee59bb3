"""`/v1/sync`: the delta feed and the push of offline clients (SYNC-2)."""

import asyncio
import gzip
import re
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.core.context import Ctx, PostSteps
from app.core.problems import declared
from app.sync import feed
from app.sync import push as pushing
from app.sync.problems import SyncTokenExpired
from app.sync.schemas import Push, PushResults, SyncPage, SyncQuery

router = APIRouter(prefix="/sync", tags=["sync"])

_WORTH_IT = 1024
"""Bytes from which a page is sent compressed."""
_LEVEL = 6
_GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))")


@router.get(
    "",
    operation_id="sync",
    summary="Get what has changed",
    response_model=SyncPage,
    responses=declared(SyncTokenExpired),
)
async def sync(ctx: Ctx, request: Request, query: Annotated[SyncQuery, Query()]) -> Response:
    """What an offline client of the asker is to hold, then what has changed of it: at least once, in order, nothing lost.

    Without `token` a snapshot; then each `next_token` goes on. Compressed when the client takes gzip.
    """
    body = await feed.read(ctx, query)
    headers = {"Vary": "Accept-Encoding", "Cache-Control": "no-store"}
    if len(body) >= _WORTH_IT and _GZIP.search(request.headers.get("accept-encoding", "")):
        headers["Content-Encoding"] = "gzip"
        body = await asyncio.to_thread(gzip.compress, body, _LEVEL)
    return Response(body, 200, headers, "application/json")


@router.post(
    "/push",
    operation_id="push_changes",
    summary="Push what was written offline",
    status_code=207,
    response_model=PushResults,
)
async def push_changes(steps: PostSteps, body: Push) -> Response:
    """Do operations in their order, each as its single request would be done; a result for each, in the same order.

    Send the same push again whenever its answer was lost: an operation that was done is not done twice.
    """
    return await pushing.push(steps, body)
