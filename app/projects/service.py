"""Projects: making them and changing their rules."""

from uuid import UUID

from sqlalchemy import select

from app.core.context import Context
from app.core.db import new_id
from app.core.permissions import Permission
from app.core.problems import Invalid, NotFound
from app.core.writing import already_created, assign, request_hash, require_match
from app.opportunities.models import DEFAULT_PIPELINE_ID, Pipeline
from app.projects.models import Project, ProjectStatus
from app.projects.queries import PROJECT
from app.projects.schemas import ProjectCreate, ProjectUpdate, StatusBody

USUAL_STATUSES = [
    StatusBody(key="new", label_de="Neu", label_en="New", category="open", color="#2f6feb"),
    StatusBody(key="contacted", label_de="Kontaktiert", label_en="Contacted", category="working", color="#8250df"),
    StatusBody(key="qualified", label_de="Qualifiziert", label_en="Qualified", category="working", color="#bf8700"),
    StatusBody(key="converted", label_de="Konvertiert", label_en="Converted", category="converted", color="#1a7f37"),
    StatusBody(key="discarded", label_de="Verworfen", label_en="Discarded", category="discarded", color="#57606a"),
]


async def create(ctx: Context, body: ProjectCreate) -> tuple[UUID, bool]:
    """Make a project; returns its id and whether it is new. Raises Forbidden, Invalid, IdTaken, Conflict (key taken)."""
    ctx.require(Permission.PROJECTS_MANAGE)
    asked = request_hash(body)
    if await already_created(ctx, Project, body.id, asked):
        return body.id, False  # type: ignore[return-value]  # only a given id can have been created before
    statuses = body.statuses or USUAL_STATUSES
    _check_statuses(statuses)
    await _check_pipeline(ctx, body.pipeline_id)
    project = Project(
        **body.model_dump(exclude={"id", "statuses", "pipeline_id"}),
        id=body.id or new_id(),
        pipeline_id=body.pipeline_id or DEFAULT_PIPELINE_ID,
        created_by=ctx.user_id,
        request_hash=asked,
    )
    ctx.session.add(project)
    await ctx.session.flush()
    ctx.session.add_all(
        ProjectStatus(project_id=project.id, position=i, **status.model_dump()) for i, status in enumerate(statuses, 1)
    )
    return project.id, True


async def update(ctx: Context, project_id: UUID, patch: ProjectUpdate, if_match: str | None) -> None:
    """Change a project's rules. Raises Forbidden, NotFound, StaleVersion, Invalid."""
    ctx.require(Permission.PROJECTS_MANAGE)
    project = await ctx.session.get(Project, project_id, with_for_update=True)
    if project is None:
        raise NotFound
    await require_match(ctx, PROJECT, project, if_match)
    await _check_pipeline(ctx, patch.pipeline_id)
    assign(project, patch)


def _check_statuses(statuses: list[StatusBody]) -> None:
    categories = {status.category for status in statuses}
    lacking = {"open", "converted", "discarded"} - categories
    if lacking or len({status.key for status in statuses}) < len(statuses):
        message = {
            "de": "Nötig sind Status der Arten open, converted und discarded, jeder Schlüssel einmal.",
            "en": "Statuses of the categories open, converted and discarded are needed, each key once.",
        }
        raise Invalid([("/statuses", "statuses_incomplete", message)])


async def _check_pipeline(ctx: Context, pipeline_id: UUID | None) -> None:
    if (
        pipeline_id
        and (await ctx.session.execute(select(Pipeline.id).where(Pipeline.id == pipeline_id))).first() is None
    ):
        message = {"de": "Diese Pipeline gibt es nicht.", "en": "There is no such pipeline."}
        raise Invalid([("/pipeline_id", "unknown_pipeline", message)])
