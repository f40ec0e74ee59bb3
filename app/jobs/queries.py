"""How jobs are read."""

from sqlalchemy import func

from app.core.expressions import plain, record
from app.core.filters import any_of
from app.core.resource import Resource
from app.jobs.models import Job
from app.jobs.schemas import JobRead

JOB = Resource(
    Job,
    JobRead,
    {
        **record(Job),
        **plain(Job, "created_by", "kind", "state"),
        "progress": func.json_build_object("done", Job.done, "total", Job.total),
        **plain(Job, "result_url", "problem", "finished_at"),
    },
    filters={"kind": any_of(Job.kind), "state": any_of(Job.state)},
    sorts={"created_at": Job.created_at},
)
