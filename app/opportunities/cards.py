"""Cards: what a stage means for the opportunity in it, and telling who has it (OPP-1 to OPP-3)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from app.core.context import Context
from app.identity.references import FieldProblem
from app.notifications import notify
from app.opportunities.models import Opportunity, Pipeline, Stage

_CERTAIN = {
    "de": "Gewonnene und verlorene Verkaufschancen haben die Wahrscheinlichkeit ihrer Phase.",
    "en": "Opportunities that are won or lost have their stage's probability.",
}
_NO_REASON = {"de": "Sagen Sie, warum sie verloren ist.", "en": "Say why it is lost."}
_NO_STAGE = {"de": "Diese Phase gibt es in der Pipeline nicht.", "en": "The pipeline has no such stage."}
_STILL_OPEN = {"de": "Die Verkaufschance ist noch offen.", "en": "The opportunity is still open."}


async def stage_of(ctx: Context, stage_id: UUID) -> Stage | None:
    """The stage; it keeps its category until this transaction ends."""
    statement = select(Stage).where(Stage.id == stage_id).with_for_update(read=True)
    return (await ctx.session.execute(statement)).scalar_one_or_none()


async def first_stage(ctx: Context, pipeline_id: UUID | None) -> Stage | None:
    """The first stage of the pipeline, of the default one when none is named; kept likewise."""
    pipeline = Pipeline.is_default if pipeline_id is None else Pipeline.id == pipeline_id
    statement = (
        select(Stage)
        .join(Pipeline, Pipeline.id == Stage.pipeline_id)
        .where(pipeline)
        .order_by(Stage.position, Stage.id)
        .limit(1)
        .with_for_update(read=True, of=Stage)
    )
    return (await ctx.session.execute(statement)).scalar_one_or_none()


def enter(opportunity: Opportunity, stage: Stage, now: datetime, probability: int | None) -> None:
    """Move the card: the stage gives status and probability, unless somebody has an estimate of their own."""
    opportunity.stage_id = stage.id
    opportunity.stage_entered_at = now
    opportunity.status = stage.category
    opportunity.probability = stage.probability if probability is None else probability
    opportunity.closed_at = None if stage.category == "open" else now


def check_closing(stage: Stage, *, probability: int | None, reason: str | None) -> list[FieldProblem]:
    """What is wrong with these for an opportunity in that stage: a lost one needs a reason, an open one has none."""
    errors: list[FieldProblem] = []
    if stage.category == "open":
        if reason is not None:
            errors.append(("/close_reason", "still_open", _STILL_OPEN))
    elif probability not in (None, stage.probability):
        errors.append(("/probability", "certain", _CERTAIN))
    if stage.category == "lost" and reason is None:
        errors.append(("/close_reason", "missing", _NO_REASON))
    return errors


def unknown_stage(pointer: str) -> FieldProblem:
    """The error of a stage or pipeline that does not exist, or of another pipeline's stage."""
    return pointer, "unknown_stage", _NO_STAGE


async def add(ctx: Context, opportunity: Opportunity, stage: Stage, probability: int | None) -> None:
    """Put a new opportunity into its stage and tell its assignee."""
    enter(opportunity, stage, ctx.now, probability)
    ctx.session.add(opportunity)
    ctx.held.add(opportunity.id)
    await tell_assignee(ctx, opportunity)


async def tell_assignee(ctx: Context, opportunity: Opportunity) -> None:
    """The opportunity is in somebody's hands: they should know, unless they took it themselves."""
    await notify(
        ctx,
        [opportunity.assignee_id],
        "opportunity_assigned",
        record_type="opportunity",
        record_id=opportunity.id,
        data={"name": opportunity.name},
    )
