"""The board: all columns with their sums in one statement (OPP-1)."""

from uuid import UUID

import orjson
from sqlalchemy import Uuid, bindparam, or_, select
from starlette.responses import Response

from app.core.context import Context
from app.core.problems import Invalid
from app.core.statements import Statement
from app.opportunities.models import Pipeline
from app.opportunities.queries import OPPORTUNITY, board_columns
from app.opportunities.schemas import OpportunityBoardQuery, OpportunityQuery

_PIPELINE = Statement(
    select(Pipeline.id).where(
        or_(
            Pipeline.id == bindparam("id", type_=Uuid, required=True),
            bindparam("id", type_=Uuid, required=True).is_(None) & Pipeline.is_default,
        )
    )
)
_NO_PIPELINE = {"de": "Diese Pipeline gibt es nicht.", "en": "There is no such pipeline."}


async def board(ctx: Context, query: OpportunityBoardQuery, list_path: str) -> Response:
    """The pipeline's columns. Each `next_cursor` goes on in the list at `list_path`. Raises Invalid for an unknown pipeline."""
    found = await ctx.fetch(_PIPELINE, id=query.pipeline_id)
    if not found:
        raise Invalid([("?pipeline_id", "unknown_pipeline", _NO_PIPELINE)])
    pipeline_id: UUID = found[0]["id"]
    values = query.model_dump(include={"assignee_id", "q"}, exclude_defaults=True)
    names = tuple(sorted(values))
    _, convert = OPPORTUNITY.conditions(names)
    binds = {f"f_{name}": convert[name](value) for name, value in values.items()}
    rows = await ctx.fetch(board_columns(ctx.reach, names), pipeline=pipeline_id, cards=query.cards, **binds)
    columns = []
    for row in rows:
        cursor = None
        if row["count"] > query.cards:
            rest = OpportunityQuery(stage_id=[row["id"]], **values)
            cursor = OPPORTUNITY.cursor(ctx, list_path, rest, (row["times"][-1], row["ids"][-1]))
        columns.append(
            {
                "stage_id": str(row["id"]),
                "key": row["key"],
                "label": row["label_de" if ctx.language == "de" else "label_en"],
                "category": row["category"],
                "probability": row["probability"],
                "count": row["count"],
                **{name: orjson.Fragment(row[name]) for name in ("sums", "weighted_sums", "cards")},
                "next_cursor": cursor,
            }
        )
    body = orjson.dumps({"pipeline_id": str(pipeline_id), "columns": columns})
    headers = {"Content-Language": ctx.language, "Vary": "Accept-Language"}
    return Response(body, headers=headers, media_type="application/json")
