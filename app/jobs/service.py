"""Long work that a client waits for: asking for it, telling how far it is, ending and cancelling it.

The work is done in steps, jobs of the outbox, each of which starts with `going_on` and ends with `report` or `end`. Both say
no when the job was cancelled meanwhile: then the step asks for no further one. No step holds a row of `jobs` while it works.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import Text, Uuid, bindparam, select, update

from app.core.context import Context
from app.core.db import new_id
from app.core.statements import Statement
from app.core.visibility import unscoped
from app.jobs.models import Job
from app.jobs.problems import JobOver
from app.notifications import notify

_WHY = "the product does the work, whoever has asked for it"
_id = bindparam("id", type_=Uuid, required=True)
_OPEN = Statement(unscoped(select(Job.id).where(Job.id == _id, Job.finished_at.is_(None)), reason=_WHY))
_RUNNING_OF = Statement(
    unscoped(
        select(Job.id).where(Job.kind == bindparam("kind", type_=Text, required=True), Job.finished_at.is_(None)),
        reason=_WHY,
    )
)


async def start(ctx: Context, kind: str, *, result: str) -> UUID:
    """A new job, asked for by the signed-in person; `result` is where its outcome will be, `{id}` in it the job's id."""
    job = Job(id=new_id(), kind=kind, created_by=ctx.user_id)
    job.result_url = result.format(id=job.id)
    ctx.session.add(job)
    await ctx.session.flush()
    return job.id


async def running(ctx: Context, kind: str) -> list[UUID]:
    """The jobs of this kind that have not ended."""
    return [row["id"] for row in await ctx.run(_RUNNING_OF, kind=kind)]


async def going_on(ctx: Context, job_id: UUID) -> bool:
    """Whether the job has neither ended nor been cancelled, by what is committed now."""
    return bool(await ctx.run(_OPEN, id=job_id))


async def report(ctx: Context, job_id: UUID, done: int, total: int | None) -> bool:
    """How far the job is. False when it was cancelled meanwhile."""
    return await _change(ctx, job_id, state="running", done=done, total=total)


async def end(ctx: Context, job_id: UUID, *, problem: dict[str, Any] | None = None) -> bool:
    """The job is done or, with a problem, has failed; who asked for it is told. False when it was cancelled meanwhile."""
    values = {"state": "failed", "problem": problem} if problem else {"state": "done", "done": Job.total}
    ended = await _change(ctx, job_id, finished_at=ctx.clock.now(), **values)
    if ended:
        kind, asker = (await ctx.session.execute(_whose(job_id))).one()
        data = {"job": kind, "outcome": values["state"]}
        await notify(ctx, [asker], "job_done", record_type="job", record_id=job_id, data=data, key=f"job:{job_id}")
    return ended


async def cancel(ctx: Context, job_id: UUID) -> None:
    """Stop the work; what it has made so far is dropped. Raises NotFound, JobOver."""
    job = await ctx.load(Job, job_id)
    if job.finished_at is not None:
        raise JobOver
    job.state, job.finished_at = "cancelled", ctx.clock.now()


async def _change(ctx: Context, job_id: UUID, **values: Any) -> bool:
    statement = update(Job).where(Job.id == job_id, Job.finished_at.is_(None)).values(values).returning(Job.id)
    return (await ctx.session.execute(unscoped(statement, reason=_WHY))).first() is not None


def _whose(job_id: UUID) -> Any:
    statement: Any = select(Job.kind, Job.created_by).where(Job.id == job_id)
    return unscoped(statement, reason=_WHY)
