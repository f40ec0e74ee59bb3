"""How projects are read."""

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.core.expressions import plain, record
from app.core.filters import any_of, equals
from app.core.resource import Resource
from app.projects.models import Project, ProjectStatus
from app.projects.schemas import ProjectRead

_SHOWN = ("key", "label_de", "label_en", "category", "color")
_pairs = [part for name in _SHOWN for part in (name, getattr(ProjectStatus, name))]
_statuses = (
    select(func.json_agg(aggregate_order_by(func.json_build_object(*_pairs), ProjectStatus.position)))
    .where(ProjectStatus.project_id == Project.id)
    .correlate(Project)
    .scalar_subquery()
)

PROJECT = Resource(
    Project,
    ProjectRead,
    {
        **record(Project),
        **plain(Project, "key", "name", "required_fields", "lean", "visibility", "lock_enabled", "lock_months"),
        **plain(Project, "lock_steps", "lock_starts", "pipeline_id", "is_default", "active"),
        "statuses": _statuses,
    },
    filters={"key": any_of(Project.key), "active": equals(Project.active)},
    sorts={"name": Project.name, "created_at": Project.created_at},
    default_sort="name",
    is_owned=False,
)
