"""The change history of a record, for who may see the record."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Request
from sqlalchemy import Uuid, bindparam, select
from starlette.responses import Response

from app.core.context import Context
from app.core.paging import InvalidCursor, open_cursor, seal_cursor
from app.core.permissions import Permission
from app.core.principal import Reach
from app.core.problems import NotFound
from app.core.statements import prepared
from app.core.visibility import scope, unscoped
from app.history import queries
from app.history.schemas import HistoryQuery


@dataclass(frozen=True)
class Kind:
    """A kind of record with a history: its model, the right to read its records, tables that hold parts of it, and columns
    that not everybody who sees the record may see.
    """

    model: Any
    permission: Permission | None = None
    owned: bool = True
    parts: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()


async def history(ctx: Context, request: Request, kind: Kind, id_: UUID, query: HistoryQuery) -> Response:
    """A page of the record's changes, newest first.

    What was deleted has a history too, for those who see everything. Raises Forbidden, NotFound, InvalidCursor.
    """
    ctx.require(Permission.HISTORY_READ)
    if kind.permission is not None:
        ctx.require(kind.permission)
    if not await ctx.fetch(_exists(kind, ctx.reach), id=id_) and ctx.reach != "all":
        raise NotFound
    path, table = request.url.path, kind.model.__tablename__
    key, binding = ctx.settings.secret_key.get_secret_value().encode(), f"history {path}".encode()
    values: dict[str, Any] = {"record": id_, "kind": table, "kinds": [table, *kind.parts], "row_limit": query.limit + 1}
    values["left_out"] = [*queries.DERIVED, *kind.hidden]
    if query.cursor is not None:
        before, _ = open_cursor(query.cursor, binding, key)
        if not isinstance(before, int):
            raise InvalidCursor
        values["before"] = before
    rows = await ctx.fetch(queries.page(after=query.cursor is not None), **values)
    if not rows and query.cursor is None:
        raise NotFound
    more, rows = len(rows) > query.limit, rows[: query.limit]
    cursor = seal_cursor(rows[-1]["id"], "", binding, key) if more else None
    items = ",".join(row["json"] for row in rows)
    body = '{"items":[' + items + '],"next_cursor":' + (f'"{cursor}"' if cursor else "null") + "}"
    link = {"Link": f'<{path}?{urlencode({"limit": query.limit, "cursor": cursor})}>; rel="next"'} if cursor else None
    return Response(body, headers=link, media_type="application/json")


@prepared
def _exists(kind: Kind, how_far: Reach) -> Any:
    statement = select(kind.model.id).where(kind.model.id == bindparam("id", type_=Uuid, required=True))
    if kind.owned:
        return scope(statement, kind.model, how_far)
    return unscoped(statement, reason="a record that belongs to everybody")
