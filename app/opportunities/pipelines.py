"""Pipelines: making them and changing their stages (OPP-1)."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select

from app.core.context import Context
from app.core.db import new_id
from app.core.permissions import Permission
from app.core.problems import Invalid, NotFound
from app.core.visibility import unscoped
from app.core.writing import already_created, request_hash, require_match
from app.identity.references import FieldProblem
from app.opportunities.models import Opportunity, Pipeline, Stage
from app.opportunities.pipeline_schemas import PipelineCreate, PipelineUpdate, StageBody
from app.opportunities.problems import StageInUse
from app.opportunities.queries import PIPELINE

_CERTAIN = {"won": 100, "lost": 0}


async def create(ctx: Context, body: PipelineCreate) -> tuple[UUID, bool]:
    """Make a pipeline; returns its id and whether it is new. Raises Forbidden, Invalid, IdTaken, Conflict (key taken)."""
    ctx.require(Permission.PROJECTS_MANAGE)
    asked = request_hash(body)
    if body.id is not None and await already_created(ctx, Pipeline, body.id, asked):
        return body.id, False
    _check(body.stages)
    pipeline = Pipeline(
        id=body.id or new_id(), key=body.key, name=body.name, created_by=ctx.user_id, request_hash=asked
    )
    ctx.session.add(pipeline)
    await ctx.session.flush()
    ctx.session.add_all(
        Stage(pipeline_id=pipeline.id, position=i, **stage.model_dump()) for i, stage in enumerate(body.stages, 1)
    )
    return pipeline.id, True


async def update(ctx: Context, pipeline_id: UUID, patch: PipelineUpdate, if_match: str | None) -> None:
    """Change a pipeline. Standing opportunities keep their probability. Raises Forbidden, NotFound, StaleVersion, Invalid, StageInUse."""
    ctx.require(Permission.PROJECTS_MANAGE)
    pipeline = await ctx.session.get(Pipeline, pipeline_id, with_for_update=True)
    if pipeline is None:
        raise NotFound
    await require_match(ctx, PIPELINE, pipeline, if_match)
    if "name" in patch.model_fields_set:
        pipeline.name = patch.name
    if "stages" in patch.model_fields_set:
        _check(patch.stages)
        await _replace_stages(ctx, pipeline, patch.stages)


async def _replace_stages(ctx: Context, pipeline: Pipeline, wanted: Sequence[StageBody]) -> None:
    statement = select(Stage).where(Stage.pipeline_id == pipeline.id).with_for_update()
    standing = {stage.key: stage for stage in (await ctx.session.execute(statement)).scalars()}
    keys = {stage.key for stage in wanted}
    changed = [s for s in wanted if s.key in standing and standing[s.key].category != s.category]
    removed = [stage for key, stage in standing.items() if key not in keys]
    await _require_empty(ctx, [*removed, *(standing[s.key] for s in changed)])
    for stage in removed:
        await ctx.session.delete(stage)
    for position, body in enumerate(wanted, 1):
        values = {**body.model_dump(), "position": position}
        if body.key not in standing:
            ctx.session.add(Stage(pipeline_id=pipeline.id, **values))
            continue
        for name, value in values.items():
            setattr(standing[body.key], name, value)
    # The stages are part of what a client reads as the pipeline, so its version must tell that they changed.
    pipeline.updated_at = func.clock_timestamp()


async def _require_empty(ctx: Context, stages: Sequence[Stage]) -> None:
    if not stages:
        return
    statement = select(Stage.key).where(
        Stage.id.in_([stage.id for stage in stages]),
        select(Opportunity.id).where(Opportunity.stage_id == Stage.id).exists(),
    )
    held = unscoped(statement.limit(1), reason="a stage is in use, whoever may see by what")
    if key := (await ctx.session.execute(held)).scalar_one_or_none():
        raise StageInUse(key=key)


def _check(stages: Sequence[StageBody]) -> None:
    errors: list[FieldProblem] = []
    if {stage.category for stage in stages} != {"open", "won", "lost"}:
        message = {
            "de": "Nötig ist je mindestens eine Phase der Arten open, won und lost.",
            "en": "At least one stage of each category open, won and lost is needed.",
        }
        errors.append(("/stages", "stages_incomplete", message))
    seen: set[str] = set()
    for i, stage in enumerate(stages):
        if stage.key in seen:
            message = {"de": "Diesen Schlüssel gibt es schon.", "en": "This key exists already."}
            errors.append((f"/stages/{i}/key", "key_twice", message))
        seen.add(stage.key)
        if stage.probability != _CERTAIN.get(stage.category, stage.probability):
            message = {"de": "Gewonnen ist 100, verloren ist 0.", "en": "Won is 100, lost is 0."}
            errors.append((f"/stages/{i}/probability", "certain", message))
    if errors:
        raise Invalid(errors)
