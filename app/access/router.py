"""`/v1/{resource}/{id}/access`: why somebody sees, or does not see, a record or a field (ID-7). One registry, one route each."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from app.access.kinds import KINDS, Kind
from app.access.schemas import AccessQuery, AccessRead
from app.access.service import explain
from app.core.context import Ctx
from app.core.problems import Forbidden, NotFound, declared

router = APIRouter()


def _add(path: str, name: str, tag: str, kind: Kind) -> None:
    async def get_access(
        ctx: Ctx, record_id: Annotated[UUID, Path(alias=f"{name}_id")], query: Annotated[AccessQuery, Query()]
    ) -> Response:
        answer = await explain(ctx, kind, record_id, query)
        return Response(answer.model_dump_json(), media_type="application/json")

    article = "an" if name[0] in "aeiou" else "a"
    router.add_api_route(
        f"/{path}/{{{name}_id:uuid}}/access",
        get_access,
        methods=["GET"],
        tags=[tag],
        operation_id=f"explain_{name}_access",
        summary=f"Why a user sees {article} {name}, or may change it",
        description=(
            f"Explains step by step whether a user sees this {name} and may change it, and with `field` one field of it. Whoever "
            "does not see the record gets 404, even about themselves; with the permission `access.explain` one may ask about "
            "any user, those who do not see it too."
        ),
        response_model=AccessRead,
        responses=declared(Forbidden, NotFound),
    )


for _path, (_name, _tag, _kind) in KINDS.items():
    _add(_path, _name, _tag, _kind)
