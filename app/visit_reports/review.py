"""The review of a visit report: links, tasks and opportunities in one request and transaction (VISIT-4)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.activities import service as activities
from app.activities.models import Activity, VisitReportAmendment
from app.activities.queries import ACTIVITY
from app.core.context import Context
from app.core.db import new_id
from app.core.permissions import Permission
from app.core.problems import Invalid
from app.core.types import Money
from app.core.writing import require_match
from app.identity.references import FieldProblem, unknown_references
from app.opportunities import service as opportunities
from app.opportunities.schemas import OpportunityCreate
from app.visit_reports import service
from app.visit_reports.problems import OpportunityNotYours
from app.visit_reports.schemas import CrossSellReview, OpportunityPart, TaskPart, VisitReportReview
from app.visits import service as visits

_NO_ACTION = {"de": "Diese Folgemaßnahme gibt es im Bericht nicht.", "en": "The report has no such follow-up action."}
_DONE = {"de": "Das ist schon erledigt.", "en": "This is settled already."}
_NO_CROSS_SELL = {"de": "Der Bericht nennt kein Cross-Selling.", "en": "The report names no cross-sell."}
_NO_ACCOUNT = {"de": "Verknüpfen Sie zuerst den Kunden.", "en": "Link the account first."}
_END_OF_DAY = time(17)
_CROSS_SELL = {"de": "Cross-Selling: {}", "en": "Cross-sell: {}"}


async def review(ctx: Context, activity_id: UUID, body: VisitReportReview, if_match: str | None) -> None:
    """Review the report: all of the body or nothing of it. Once nothing is left to be done, the report counts as reviewed.

    Raises Forbidden, NotFound, PreconditionRequired, StaleVersion (another one was faster), Invalid, ConvertFirst (tasks of a
    lead), OpportunityNotYours.
    """
    ctx.require(Permission.VISIT_REPORTS_REVIEW)
    await service.hold(ctx, activity_id, account_id=body.account_id, contact_id=body.contact_id)
    report = await service.report_of(ctx, activity_id)
    await require_match(ctx, ACTIVITY, report, if_match)
    errors = await service.link(ctx, report, body.account_id, body.contact_id)
    if errors:
        raise Invalid(errors)
    errors += await _actions(ctx, report, body)
    if body.cross_sell is not None:
        errors += await _cross_sell(ctx, report, body.cross_sell)
    if errors:
        raise Invalid(errors)
    if body.amendment is not None:
        values = {"text": body.amendment, "created_at": ctx.now, "created_by": ctx.user_id}
        ctx.session.add(VisitReportAmendment(id=new_id(), activity_id=report.id, **values))
    if report.status != "reviewed" and _complete(report, set(body.accept_missing)):
        report.status, report.reviewed_at, report.reviewed_by = "reviewed", ctx.now, ctx.user_id
    await service.touch(ctx, report)


def _complete(report: Activity, accepted: set[str]) -> bool:
    return (
        (report.account_id is not None or "account" in accepted)
        and (report.contact_id is not None or "contact" in accepted)
        and all(action["task_id"] or action["dismissed"] for action in report.follow_up_actions or ())
        and not (report.cross_sell and report.cross_sell_outcome is None)
    )


async def _actions(ctx: Context, report: Activity, body: VisitReportReview) -> list[FieldProblem]:
    """Turn follow-up actions into tasks, or dismiss them; returns what is wrong."""
    errors: list[FieldProblem] = []
    actions = {action["id"]: dict(action) for action in report.follow_up_actions or ()}
    for number, part in enumerate(body.actions):
        pointer, action = f"/actions/{number}", actions.get(str(part.id))
        if action is None:
            errors.append((f"{pointer}/id", "unknown_action", _NO_ACTION))
        elif action["task_id"] or action["dismissed"]:
            errors.append((f"{pointer}/id", "settled", _DONE))
        elif part.task is None:
            action["dismissed"], action["reason"] = True, part.reason
        else:
            due = date.fromisoformat(action["due_on"]) if action["due_on"] else None
            task, wrong = await _task(
                ctx, report, part.task, f"{pointer}/task", text=action["text"], due_on=due, assignee_id=ctx.user_id
            )
            action["task_id"] = str(task.id)
            errors += wrong
    report.follow_up_actions = list(actions.values())
    return errors


async def _cross_sell(ctx: Context, report: Activity, part: CrossSellReview) -> list[FieldProblem]:
    """Turn cross-sell into an opportunity or a task, or dismiss it; returns what is wrong."""
    if not report.cross_sell:
        return [("/cross_sell", "no_cross_sell", _NO_CROSS_SELL)]
    if report.cross_sell_outcome is not None:
        return [("/cross_sell", "settled", _DONE)]
    if part.opportunity is not None:
        if report.account_id is None:
            return [("/account_id", "missing", _NO_ACCOUNT)]
        report.opportunity_id = await _opportunity(ctx, report, part.opportunity)
        report.cross_sell_outcome = "opportunity"
    elif part.task is not None:
        told = await visits.listeners(ctx, report)
        found = next(iter(told.user_ids), ctx.user_id)
        subject = _CROSS_SELL[ctx.language].format(report.subject)[:200]
        _, errors = await _task(
            ctx,
            report,
            part.task,
            "/cross_sell/task",
            subject=subject,
            text=report.cross_sell_note or report.subject,
            assignee_id=found,
        )
        report.cross_sell_outcome = "task"
        return errors
    else:
        report.cross_sell_outcome = "dismissed"
    return []


async def _opportunity(ctx: Context, report: Activity, part: OpportunityPart) -> UUID:
    if not ctx.may(Permission.OPPORTUNITIES_WRITE):
        raise OpportunityNotYours(permission=Permission.OPPORTUNITIES_WRITE.value)
    named = part.model_dump(exclude_unset=True, exclude={"expected_revenue"})
    body = OpportunityCreate(
        **named,
        expected_revenue=part.expected_revenue or Money.model_validate({"amount": "0.00"}),
        account_id=report.account_id,
        contact_id=report.contact_id,
        description=report.cross_sell_note,
    )
    with _below("/cross_sell/opportunity"):
        made, _ = await opportunities.create(ctx, body)
    await ctx.session.flush()
    return made


async def _task(
    ctx: Context,
    report: Activity,
    part: TaskPart,
    pointer: str,
    *,
    text: str,
    assignee_id: UUID | None,
    subject: str | None = None,
    due_on: date | None = None,
) -> tuple[Activity, list[FieldProblem]]:
    """A task on what the report is about, which it follows; its assignee is notified. Raises ConvertFirst, LeadClosed."""
    errors: list[FieldProblem] = []
    if report.account_id is None:
        errors += (await activities.records_of(ctx, report)).errors
    errors += await unknown_references(ctx, users=[(f"{pointer}/assignee_id", part.assignee_id)])
    task = Activity(
        id=new_id(),
        type="task",
        subject=part.subject or subject or activities.first_words(text),
        description=text,
        status="open",
        assignee_id=part.assignee_id or assignee_id,
        due_at=part.due_at or _end_of(ctx, due_on),
        follows_id=report.id,
        team_ids=report.team_ids,
        teams_follow=report.teams_follow,
        created_by=ctx.user_id,
        participant_ids=[],
        **{name: getattr(report, name) for name in activities.LINKS},
    )
    if not errors:
        await activities.finish(ctx, task)
    return task, errors


def _end_of(ctx: Context, day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, _END_OF_DAY, ZoneInfo(activities.zone_of(ctx)))


@contextmanager
def _below(where: str) -> Iterator[None]:
    """What is wrong stands below `where` in this request."""
    try:
        yield
    except Invalid as error:
        at: list[Any] = [(f"{where}{pointer}", code, texts) for pointer, code, texts in error.errors]
        raise Invalid(at) from error
