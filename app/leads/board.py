"""The leads' board (LEAD-8)."""

from typing import Any

import orjson
from starlette.responses import Response

from app.core.context import Context
from app.leads.queries import LEAD, board_columns
from app.leads.schemas import BoardQuery
from app.projects.rules import rules_of


async def board(ctx: Context, query: BoardQuery) -> Response:
    """All columns in one statement. Raises Invalid for an unknown project."""
    rules = await rules_of(ctx, query.project_id)
    values: dict[str, Any] = {}
    if query.assignee_id is not None:
        values["assignee_id"] = [query.assignee_id]
    if query.q is not None:
        values["q"] = query.q
    names = tuple(sorted(values))
    _, convert = LEAD.conditions(names)
    binds = {f"f_{name}": convert[name](value) for name, value in values.items()}
    rows = await ctx.fetch(board_columns(ctx.reach, names), project=rules.project_id, cards=query.cards, **binds)
    columns = [
        {
            "status": row["key"],
            "label": row["label_de" if ctx.language == "de" else "label_en"],
            "category": row["category"],
            "color": row["color"],
            "count": row["count"],
            "cards": orjson.Fragment(row["cards"]),
        }
        for row in rows
    ]
    body = orjson.dumps({"project_id": str(rules.project_id), "columns": columns})
    return Response(
        body, headers={"Content-Language": ctx.language, "Vary": "Accept-Language"}, media_type="application/json"
    )
