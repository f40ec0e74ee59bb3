"""A project's rules as the use cases of leads read them, fresh at each use."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, or_, select

from app.core.context import Context
from app.core.problems import Invalid
from app.core.statements import Statement
from app.projects.models import Project, ProjectStatus

_RULES = Statement(
    select(
        Project.id,
        Project.name,
        Project.required_fields,
        Project.lean,
        Project.visibility,
        Project.lock_enabled,
        Project.lock_months,
        Project.lock_steps,
        Project.lock_starts,
        Project.pipeline_id,
        Project.active,
        func.array(
            select(ProjectStatus.key)
            .where(ProjectStatus.project_id == Project.id)
            .order_by(ProjectStatus.position)
            .correlate(Project)
            .scalar_subquery()
        ).label("statuses"),
        func.array(
            select(ProjectStatus.category)
            .where(ProjectStatus.project_id == Project.id)
            .order_by(ProjectStatus.position)
            .correlate(Project)
            .scalar_subquery()
        ).label("categories"),
    ).where(
        or_(
            Project.id == bindparam("id", type_=Uuid, required=True),
            bindparam("id", type_=Uuid, required=True).is_(None) & Project.is_default,
        )
    )
)


@dataclass(frozen=True, slots=True)
class Rules:
    """What a project asks of its leads. `statuses` maps each status in its order to its category."""

    project_id: UUID
    name: str
    required_fields: tuple[str, ...]
    lean: bool
    visibility: str
    lock_enabled: bool
    lock_months: int
    lock_steps: tuple[str, ...]
    lock_starts: str
    pipeline_id: UUID | None
    active: bool
    statuses: dict[str, str]

    def allows(self, field: str) -> bool:
        """Whether a lead may have the field: one of a lean project has only what is asked for (LEAD-2)."""
        return not self.lean or field in self.required_fields

    def first_status(self, category: str) -> str:
        """The first status of that category."""
        return next(key for key, found in self.statuses.items() if found == category)


async def rules_of(ctx: Context, project_id: UUID | None, *, for_new: bool = False) -> Rules:
    """The rules of a project, of the default one when none is named.

    Raises Invalid when there is no such project or, `for_new`, when it takes no more leads.
    """
    rows: Any = await ctx.fetch(_RULES, id=project_id)
    if not rows or (for_new and not rows[0]["active"]):
        message = {"de": "Dieses Projekt gibt es nicht (mehr).", "en": "There is no such project (any more)."}
        raise Invalid([("/project_id", "unknown_project", message)])
    row = rows[0]
    return Rules(
        project_id=row["id"],
        name=row["name"],
        required_fields=tuple(row["required_fields"]),
        lean=row["lean"],
        visibility=row["visibility"],
        lock_enabled=row["lock_enabled"],
        lock_months=row["lock_months"],
        lock_steps=tuple(row["lock_steps"]),
        lock_starts=row["lock_starts"],
        pipeline_id=row["pipeline_id"],
        active=row["active"],
        statuses=dict(zip(row["statuses"], row["categories"], strict=True)),
    )
