"""`/v1/{resource}/{id}/timeline` and `/v1/{resource}/{id}/summary` (HIST-1). One registry, two routes each."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from app.core.context import Ctx
from app.core.paging import InvalidCursor
from app.core.problems import Forbidden, NotFound, declared
from app.timeline import service
from app.timeline.schemas import RecordKind, Summary, SummaryQuery, TimelinePage, TimelineQuery

PATHS: dict[RecordKind, str] = {
    "lead": "leads",
    "account": "accounts",
    "contact": "contacts",
    "opportunity": "opportunities",
}
_MORE: dict[RecordKind, str] = {
    "lead": "",
    "account": ", and those of its contacts, leads and opportunities that the asker sees",
    "contact": ", those in which they take part, and those of their leads and opportunities that the asker sees",
    "opportunity": "",
}

router = APIRouter()


def _add(record_type: RecordKind, path: str) -> None:
    id_name = f"{record_type}_id"

    async def list_timeline(
        ctx: Ctx,
        request: Request,
        record_id: Annotated[UUID, Path(alias=id_name)],
        query: Annotated[TimelineQuery, Query()],
    ) -> Response:
        return await service.timeline(ctx, request, record_type, record_id, query)

    async def list_summary(
        ctx: Ctx,
        request: Request,
        record_id: Annotated[UUID, Path(alias=id_name)],
        query: Annotated[SummaryQuery, Query()],
    ) -> Response:
        return await service.summary(ctx, request, record_type, record_id, query)

    more = _MORE[record_type]
    router.add_api_route(
        f"/{path}/{{{id_name}:uuid}}/timeline",
        list_timeline,
        methods=["GET"],
        tags=[path],
        operation_id=f"list_{record_type}_timeline",
        summary=f"List everything about one {record_type}",
        description=(
            f"Activities, follow-ups, messages, files and milestones of this {record_type}{more}: newest first, what is "
            "planned included. Each item is there only for those who may see it."
        ),
        response_model=TimelinePage,
        responses=declared(Forbidden, NotFound, InvalidCursor),
    )
    router.add_api_route(
        f"/{path}/{{{id_name}:uuid}}/summary",
        list_summary,
        methods=["GET"],
        tags=[path],
        operation_id=f"list_{record_type}_summary",
        summary=f"List the historical summary of one {record_type}",
        description=(
            "Calls and meetings that were held or cancelled (`not_held`), e-mails sent, received and archived, all notes, "
            f"tasks done or deferred, of this {record_type}{more}: newest first."
        ),
        response_model=Summary,
        responses=declared(Forbidden, NotFound, InvalidCursor),
    )


for _type, _path in PATHS.items():
    _add(_type, _path)
