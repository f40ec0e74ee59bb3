"""Recording activities: one way in for every type (ACT-1). Each type's own rules stand with it."""

from typing import Any, Literal
from uuid import UUID

from app.activities import service as activities
from app.activities.access import require_calendar, require_change
from app.activities.models import Activity
from app.activities.queries import ACTIVITY
from app.activities.reminding import remind, wanted
from app.activities.schemas import EmailCreate, NoteCreate, TaskCreate
from app.calls import service as calls
from app.calls.schemas import LEFT, CallCreate
from app.core.context import Context
from app.core.permissions import Permission
from app.core.problems import Invalid
from app.core.writing import already_created, assign, delete, request_hash, require_match
from app.identity.references import FieldProblem, unknown_references
from app.meetings import service as meetings
from app.meetings.schemas import MeetingCreate
from app.notifications.mentions import tell_mentioned
from app.recording.schemas import UPDATES, ActivityUpdate, AnyCreate, statuses_of, types_with
from app.reminders import forget
from app.visit_reports import service as visit_reports
from app.visit_reports.schemas import NOT_SET, VisitReportCreate

_LISTS = ("participant_ids", "contact_ids")
_NAMES = {
    "call": ("Anrufen", "calls"),
    "meeting": ("Besprechungen", "meetings"),
    "task": ("Aufgaben", "tasks"),
    "note": ("Notizen", "notes"),
    "email": ("E-Mails", "e-mails"),
    "visit_report": ("Besuchsberichten", "visit reports"),
}


async def create(ctx: Context, body: AnyCreate) -> tuple[UUID, bool]:
    """Make an activity; returns its id and whether it is new. Raises Forbidden, Invalid, IdTaken, ConvertFirst, LeadClosed."""
    is_report = isinstance(body, VisitReportCreate)
    ctx.require(Permission.VISIT_REPORTS_WRITE if is_report else Permission.ACTIVITIES_WRITE)
    asked = request_hash(body)
    if body.id is not None and await already_created(ctx, Activity, body.id, asked):
        return body.id, False
    activity, errors = await activities.begin(ctx, body, body.type, asked)
    match body:
        case NoteCreate():
            activities.note(ctx, activity, body)
        case TaskCreate():
            errors += await activities.task(ctx, activity, body)
        case EmailCreate():
            errors += await activities.email(ctx, activity, body)
        case CallCreate():
            errors += await calls.make(ctx, activity, body)
        case MeetingCreate():
            errors += await meetings.make(ctx, activity, body)
        case VisitReportCreate():
            errors += await visit_reports.make(ctx, activity, body)
    if errors:
        raise Invalid(errors)
    if is_report:
        await visit_reports.submit(ctx, activity)
    else:
        await activities.finish(ctx, activity, getattr(body, "contact_ids", ()))
    if isinstance(body, CallCreate):
        await calls.follow(ctx, activity, body)
    await _tell_mentioned(ctx, activity)
    return activity.id, True


async def update(ctx: Context, activity_id: UUID, patch: ActivityUpdate, if_match: str | None) -> None:
    """Change an activity. Raises NotFound, Forbidden, StaleVersion, Invalid (also for fields that its type does not have)."""
    named = patch.model_fields_set
    await calls.hold(ctx, activity_id, named)
    if named & {"account_id", "contact_id"}:
        await visit_reports.hold(ctx, activity_id, account_id=patch.account_id, contact_id=patch.contact_id)
    activity = await ctx.load(Activity, activity_id)
    await require_change(ctx, activity, named)
    await require_match(ctx, ACTIVITY, activity, if_match)
    errors = _not_of_its_type(activity, patch)
    handed_over = not errors and "assignee_id" in named and patch.assignee_id != activity.assignee_id
    if handed_over:
        errors += await unknown_references(ctx, users=[("/assignee_id", patch.assignee_id)])
    if errors:
        raise Invalid(errors)
    was, reminded, remind_at = activity.status, wanted(activity), activity.remind_at
    own: Any = UPDATES[activity.type].model_validate(patch.model_dump(exclude_unset=True))
    assign(activity, own, leave=(*_LISTS, "all_day", *LEFT, *NOT_SET))
    match activity.type:
        case "call":
            errors += await calls.change(ctx, activity, own, was)
        case "meeting":
            errors += await meetings.change(ctx, activity, own)
        case "visit_report":
            errors += await visit_reports.change(ctx, activity, own)
        case "task" if activity.status != was:
            activity.done_at = ctx.now if activity.status == "done" else None
    if errors:
        raise Invalid(errors)
    if handed_over:
        await activities.tell_assignee(ctx, activity)
    if "description" in named:
        await _tell_mentioned(ctx, activity)
    await remind(ctx, activity, reminded, remind_at)


async def _tell_mentioned(ctx: Context, activity: Activity) -> None:
    """Whom a note or a visit report mentions is told, if they see it, once, however often it is changed."""
    if activity.type in ("note", "visit_report"):
        place: Literal["note", "visit_report"] = "note" if activity.type == "note" else "visit_report"
        await tell_mentioned(ctx, activity.description, "activity", activity.id, place=place, key=activity.id)


async def remove(ctx: Context, activity_id: UUID) -> None:
    """Delete an activity. Raises NotFound, Forbidden, ConsentKept, InUse (a conversion made it)."""
    await meetings.hold(ctx, activity_id)
    activity = await ctx.load(Activity, activity_id)
    ctx.require(Permission.ACTIVITIES_WRITE)
    await require_calendar(ctx, activity)
    calls.refuse_delete(activity)
    if activity.type == "visit_report":
        ctx.require(Permission.ACCOUNTS_DELETE)  # what was submitted stays
    if activity.type == "meeting":
        await meetings.removed(ctx, activity)
    await delete(ctx, activity)
    await forget(ctx, "activity", activity_id)


def _not_of_its_type(activity: Activity, patch: ActivityUpdate) -> list[FieldProblem]:
    errors: list[FieldProblem] = []
    for name in sorted(patch.model_fields_set):
        if activity.type not in (types := types_with(name)):
            german, english = (", ".join(_NAMES[type_][i] for type_ in types) for i in (0, 1))
            message = {"de": f"Das gibt es nur bei {german}.", "en": f"Only {english} have this."}
            errors.append((f"/{name}", "not_of_this_type", message))
    allowed = statuses_of(activity.type)
    if "status" in patch.model_fields_set and allowed and patch.status not in allowed:
        known = ", ".join(allowed)
        message = {"de": f"Erlaubt sind hier: {known}.", "en": f"Allowed are here: {known}."}
        errors.append(("/status", "not_of_this_type", message))
    return errors
