"""`/v1/lookups/companies`: what outside directories know of a company (ACC-12)."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.core.context import Ctx
from app.core.problems import Forbidden, declared
from app.lookups import service
from app.lookups.schemas import CompanyLookup, LookupQuery

router = APIRouter(prefix="/lookups", tags=["accounts"])


@router.get(
    "/companies",
    operation_id="look_up_company",
    summary="Look a company up",
    response_model=CompanyLookup,
    responses=declared(Forbidden),
)
async def look_up_company(ctx: Ctx, request: Request, query: Annotated[LookupQuery, Query()]) -> Response:
    """Suggestions of the directories that this installation uses, each with whether such a customer is here already.

    Nothing is stored: send what the user takes to `POST /v1/accounts` or `PATCH /v1/accounts/{id}`. A directory that is down or
    slow stands in `directories`; the others' suggestions come all the same. Each question may cost money, so there are
    fewer of them per minute than of other requests (429).
    """
    return ctx.reply(await service.look_up(ctx, request.app.state.directories, query.company()))
