"""Records that went into another one (DUP-8): their old ids lead to it, for ever.

Merging writes the table. Whoever names such a record in a path is sent on, lists of ids find the winner instead.
"""

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

from fastapi import FastAPI, Request
from sqlalchemy import ARRAY, Column, ColumnElement, Index, Table, Text, Uuid, bindparam, column, func, select
from starlette.responses import Response

from app.core import failures
from app.core.context import Context, open_context, services_of
from app.core.db import Base
from app.core.filters import Filter
from app.core.problems import NotFound, Problem, RecordMerged
from app.core.records import is_visible
from app.core.statements import Statement

MERGEABLE = ("lead", "account", "contact")
"""Kinds of records that can be merged; `<kind>_id` is what paths call them."""

table = Table(
    "record_redirects",
    Base.metadata,
    Column("loser_id", Uuid, primary_key=True),
    Column("record_type", Text, nullable=False),
    Column(
        "winner_id", Uuid, nullable=False, doc="Where the record is now, however often the winner was merged since."
    ),
    Column("merge_id", Uuid, nullable=False, doc="The merge in which the loser went."),
    Column("erp_id", Text, doc="What the ERP calls the loser."),
    Index("ix_record_redirects_winner_id", "winner_id"),
    Index("ix_record_redirects_merge_id", "merge_id"),
)


class Merged(Problem):
    """The record went into another one; the same request at that one's address does what was asked for."""

    status = 308
    code = "merged"
    title = {"de": "Zusammengeführt", "en": "Merged"}
    detail = {
        "de": "Dieser Datensatz wurde mit einem anderen zusammengeführt; „winner_id“ nennt ihn.",
        "en": "This record was merged into another one; “winner_id” names it.",
    }
    members = {"winner_id": UUID}


_FIND = Statement(
    select(table.c.record_type, table.c.winner_id).where(table.c.loser_id == bindparam("id", type_=Uuid, required=True))
)


async def redirect(ctx: Context, request: Request) -> Problem | None:
    """Where a request goes that names a merged record in its path; None when it names none, or the asker does not see the
    winner.
    """
    for name, loser_id in request.path_params.items():
        if not isinstance(loser_id, UUID):
            continue
        for row in await ctx.fetch(_FIND, id=loser_id):
            winner_id: UUID = row["winner_id"]
            if name != f"{row['record_type']}_id" or not await is_visible(ctx, row["record_type"], winner_id):
                return None
            if request.method == "DELETE":
                # Who wants the double gone must not be led to delete what it went into.
                return RecordMerged(extra={"winner_id": winner_id})
            path = re.sub(str(loser_id), str(winner_id), request.url.path, flags=re.IGNORECASE)
            location = f"{path}?{request.url.query}" if request.url.query else path
            return Merged(headers={"Location": location}, extra={"winner_id": winner_id})
    return None


async def whereabouts(ctx: Context, id_: UUID) -> UUID:
    """The record's id; that of the winner, if it was merged. For ids that were written down long ago, in a message say."""
    rows = await ctx.fetch(_FIND, id=id_)
    return rows[0]["winner_id"] if rows else id_


def install(app: FastAPI) -> None:
    """Look for a redirect before a signed-in asker is told that there is no such record."""

    @app.exception_handler(NotFound)
    async def not_found(request: Request, error: NotFound) -> Response:
        principal = getattr(request.state, "principal", None)
        moved = None
        if principal is not None and request.path_params:
            async with open_context(services_of(request), principal) as ctx:
                moved = await redirect(ctx, request)
        return failures.answer(request, moved or error)


def ids_or_winners(of: Any) -> Filter:
    """Equality with one of several ids; that of a merged record finds its winner."""

    def build(name: str) -> tuple[ColumnElement[bool], Callable[[Any], Any]]:
        wanted = (
            func.unnest(bindparam(name, type_=ARRAY(Uuid), required=True))
            .table_valued(column("id", Uuid))
            .render_derived()
        )
        found = select(func.coalesce(table.c.winner_id, wanted.c.id)).select_from(
            wanted.join(table, table.c.loser_id == wanted.c.id, isouter=True)
        )
        return of.in_(found.scalar_subquery()), list

    return build
