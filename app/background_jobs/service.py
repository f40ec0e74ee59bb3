"""Looking at background jobs, and running those again that were given up."""

from urllib.parse import urlencode

from fastapi import Request
from starlette.responses import Response

from app.background_jobs import queries
from app.background_jobs.problems import JobAskedForAgain, JobNotDead
from app.background_jobs.schemas import BackgroundJobQuery
from app.core.context import Context
from app.core.paging import InvalidCursor, open_cursor, seal_cursor
from app.core.permissions import Permission
from app.core.problems import NotFound


async def page(ctx: Context, request: Request, query: BackgroundJobQuery) -> Response:
    """A page of jobs. Raises Forbidden, InvalidCursor."""
    ctx.require(Permission.JOBS_MANAGE)
    key = ctx.settings.secret_key.get_secret_value().encode()
    binding = f"background jobs {query.state} {query.job}".encode()
    values: dict[str, object] = {"row_limit": query.limit + 1, "name": query.job}
    if query.cursor is not None:
        values["before"], _ = open_cursor(query.cursor, binding, key)
        if not isinstance(values["before"], int):
            raise InvalidCursor
    statement = queries.page(query.state, by_job=query.job is not None, after=query.cursor is not None)
    rows = await ctx.fetch(statement, **values)
    more, rows = len(rows) > query.limit, rows[: query.limit]
    cursor = seal_cursor(rows[-1]["id"], "", binding, key) if more else None
    items = ",".join(row["json"] for row in rows)
    body = '{"items":[' + items + '],"next_cursor":' + (f'"{cursor}"' if cursor else "null") + "}"
    headers = {}
    if cursor:
        parameters = [(k, v) for k, v in request.query_params.multi_items() if k != "cursor"]
        headers["Link"] = f'<{request.url.path}?{urlencode([*parameters, ("cursor", cursor)])}>; rel="next"'
    return Response(body, headers=headers, media_type="application/json")


async def read(ctx: Context, job_id: int) -> bytes:
    """One job as JSON. Raises Forbidden, NotFound."""
    ctx.require(Permission.JOBS_MANAGE)
    return bytes((await ctx.fetch_one(queries.one(), id=job_id))["json"].encode())


async def replay(ctx: Context, job_id: int) -> None:
    """Let a job that was given up start afresh. Raises Forbidden, NotFound, JobNotDead, JobAskedForAgain."""
    ctx.require(Permission.JOBS_MANAGE)
    rows = await ctx.run(queries.locked(), id=job_id)
    if not rows:
        raise NotFound
    if not rows[0]["dead"]:
        raise JobNotDead
    if rows[0]["twin"]:
        raise JobAskedForAgain
    await ctx.run(queries.revive(), id=job_id, now=ctx.now)
