"""Visit reports: submitted once, with their effects; amended, never overwritten (VISIT-1 to VISIT-3)."""

import hashlib
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, func, select, update

from app.accounts.models import Account
from app.activities import service as activities
from app.activities.access import reasons_to_change
from app.activities.models import Activity, VisitReportAmendment
from app.core.context import Context
from app.core.db import new_id
from app.core.inserts import insert_all
from app.core.permissions import Permission
from app.core.principal import UserPrincipal
from app.core.problems import Forbidden, Invalid, NotFound
from app.core.statements import Statement
from app.core.visibility import unscoped
from app.core.writing import already_created, request_hash
from app.identity.models import Team
from app.identity.references import FieldProblem
from app.notifications.mentions import tell_mentioned
from app.visit_reports import customers
from app.visit_reports.problems import AmendInstead
from app.visit_reports.queries import ELSEWHERE, HOLD_ACCOUNTS, HOLD_CONTACTS, whose
from app.visit_reports.schemas import AmendmentCreate, FollowUpActionBody, VisitReportCreate, VisitReportUpdate
from app.visits import service as visits

TOLERANCE = timedelta(minutes=15)
"""So far may the clock of a tablet run ahead."""
MOST_ACTIONS = 100
_SAID = frozenset({"subject", "description", "visited_at"})
_FUTURE = {"de": "Dieser Besuch liegt in der Zukunft.", "en": "This visit lies in the future."}
_TWICE = {"de": "Diese Kennung kommt schon vor.", "en": "This id occurs already."}
_TOO_MANY = {
    "de": f"Ein Bericht hat höchstens {MOST_ACTIONS} Folgemaßnahmen.",
    "en": f"A report has at most {MOST_ACTIONS} follow-up actions.",
}
_ELSEWHERE = {"de": "Gehört zu einem anderen Kunden.", "en": "Belongs to another account."}
_LINKED = {
    "de": "Der Bericht ist schon mit einem anderen verknüpft.",
    "en": "The report is linked to another one already.",
}

_TEAMS = Statement(
    select(Team.id, Team.kind)
    .where(Team.id == func.any(bindparam("ids", type_=ARRAY(Uuid), required=True)), Team.kind != "private")
    .order_by(Team.id)
)

_ACCOUNT = Statement(
    unscoped(
        select(Account.team_ids).where(Account.id == bindparam("id", type_=Uuid, required=True)),
        reason="the account of a contact or an opportunity that the asker sees",
    )
)
_TOUCH = Statement(
    unscoped(
        update(Activity)
        .where(Activity.id == bindparam("id", type_=Uuid, required=True))
        .values(version=Activity.version + 1),
        reason="a report that the asker has loaded",
    )
)


async def make(ctx: Context, report: Activity, body: VisitReportCreate) -> list[FieldProblem]:
    """Fill a visit report; returns what is wrong. A customer who was not found becomes a lead, or is noted."""
    report.subject, report.description, report.status = body.subject, body.description, "submitted"
    report.assignee_id = report.created_by
    report.starts_at, report.time_zone = body.visited_at, body.time_zone or activities.zone_of(ctx)
    report.cross_sell, report.cross_sell_note = body.cross_sell, body.cross_sell_note
    errors = _in_future(ctx, body.visited_at) + _add_actions(report, body.follow_up_actions)
    if report.account_id is not None and body.account_id is None:
        await _of_account(ctx, report)
    elif report.account_id is None:
        # Without an account nobody's teams are known: the author's centre looks after it.
        report.team_ids = list(dict.fromkeys([*report.team_ids, *await _teams_of_author(ctx)]))
        report.teams_follow = False
    if body.unknown_customer is not None and not errors:
        await customers.register(ctx, report, body.unknown_customer)
    return errors


async def submit(ctx: Context, report: Activity) -> None:
    """Write the report, and what follows of it: the account's dates and flags, the ERP's event, the e-mail about cross-sell."""
    await insert_all(ctx, report)
    await visits.count(ctx, report)
    if report.cross_sell:
        await visits.tell_cross_sell(ctx, report)


async def change(ctx: Context, report: Activity, patch: VisitReportUpdate) -> list[FieldProblem]:
    """Add links that lack; returns what is wrong. Raises AmendInstead for anything that was said."""
    if patch.model_fields_set & _SAID:
        raise AmendInstead(id=report.id)
    return await link(ctx, report, patch.account_id, patch.contact_id)


async def link(ctx: Context, report: Activity, account_id: UUID | None, contact_id: UUID | None) -> list[FieldProblem]:
    """Link the report to account and contact where it has none yet; returns what is wrong. The visit then counts for the
    account, and the report is of its teams.
    """
    asked = {"account_id": account_id, "contact_id": contact_id}
    wanted = {name: id_ for name, id_ in asked.items() if id_ is not None and id_ != getattr(report, name)}
    taken = [name for name in wanted if getattr(report, name) is not None]
    if taken or not wanted:
        return [(f"/{name}", "already_linked", _LINKED) for name in taken]
    if report.account_id is None:
        named = SimpleNamespace(**{name: wanted.get(name) for name in activities.LINKS})
        about = await activities.records_of(ctx, named)
    else:
        about = activities.About({"account_id": report.account_id})
        await activities.add_contact(ctx, about, wanted["contact_id"])
    to = about.links["account_id"]
    if "account_id" in wanted and await ctx.run(ELSEWHERE, id=report.contact_id, account_id=to):
        about.errors.append(("/account_id", "of_another_account", _ELSEWHERE))
    if about.errors:
        return about.errors
    if contact_id is not None:
        report.contact_id = contact_id
    if report.account_id is None and to is not None:
        report.account_id = to
        await _of_account(ctx, report)
        await visits.count(ctx, report)
        if report.cross_sell and report.cross_sell_outcome is None:
            await visits.tell_cross_sell(ctx, report)
    return []


async def hold(
    ctx: Context, activity_id: UUID, *, account_id: UUID | None = None, contact_id: UUID | None = None
) -> None:
    """Before a report is locked for a change that may touch its account: lock accounts and contacts that it has or gets.

    A merge takes these before their activities; so nobody waits in a circle.
    """
    ctx.begin()
    for row in await ctx.fetch(whose(ctx.reach), id=activity_id):
        contacts = [id_ for id_ in (row["contact_id"], contact_id) if id_ is not None]
        accounts = [id_ for id_ in (row["account_id"], account_id) if id_ is not None]
        if accounts or contacts:
            await ctx.run(HOLD_ACCOUNTS, ids=accounts, contact_ids=contacts)
        if contacts:
            await ctx.run(HOLD_CONTACTS, ids=contacts)


async def report_of(ctx: Context, activity_id: UUID) -> Activity:
    """The visible visit report, locked. Raises NotFound, also for activities of other types."""
    report = await ctx.load(Activity, activity_id)
    if report.type != "visit_report":
        raise NotFound
    return report


async def amend(ctx: Context, activity_id: UUID, body: AmendmentCreate) -> bool:
    """Add something to a submitted report, which is then to be reviewed again; returns whether it is new.

    Raises NotFound, Forbidden (neither author nor reviewer), Invalid, IdTaken.
    """
    if not ctx.may(Permission.VISIT_REPORTS_REVIEW):
        ctx.require(Permission.VISIT_REPORTS_WRITE)
    if body.visited_at is not None:
        await hold(ctx, activity_id)
    report = await report_of(ctx, activity_id)
    asked = hashlib.sha256(activity_id.bytes + request_hash(body)).digest()
    if body.id is not None and await already_created(ctx, VisitReportAmendment, body.id, asked):
        return False
    if not any(reasons_to_change(ctx.principal, report, frozenset({"amendments"})).values()):
        raise Forbidden(permission=Permission.VISIT_REPORTS_REVIEW.value)
    errors = [] if body.visited_at is None else _in_future(ctx, body.visited_at)
    errors += _add_actions(report, body.follow_up_actions)
    if errors:
        raise Invalid(errors)
    before = report.starts_at
    assert before is not None
    amendment = VisitReportAmendment(
        id=body.id or new_id(),
        activity_id=report.id,
        text=body.text,
        visited_at=body.visited_at,
        visited_at_before=before if body.visited_at is not None else None,
        cross_sell=body.cross_sell,
        created_at=ctx.now,
        created_by=ctx.user_id,
        request_hash=asked,
    )
    ctx.session.add(amendment)
    report.status, report.reviewed_at, report.reviewed_by = "submitted", None, None
    found = body.cross_sell and not report.cross_sell
    if body.cross_sell:
        report.cross_sell = True
        report.cross_sell_note = "\n\n".join(note for note in (report.cross_sell_note, body.cross_sell_note) if note)
    if body.visited_at is not None:
        report.starts_at = body.visited_at
    await touch(ctx, report)
    if body.visited_at is not None:
        await visits.correct(ctx, report, before=before, amendment_id=amendment.id)
    if found:
        await visits.tell_cross_sell(ctx, report)
    await tell_mentioned(ctx, body.text, "activity", report.id, place="visit_report", key=report.id)
    return True


async def touch(ctx: Context, report: Activity) -> None:
    """Have the report's version raised, though perhaps nothing of its own row has changed."""
    await ctx.run(_TOUCH, id=report.id)


async def _of_account(ctx: Context, report: Activity) -> None:
    """The report is of its account's teams, though it was linked by a contact whom fewer see."""
    (row,) = await ctx.run(_ACCOUNT, id=report.account_id)
    report.team_ids, report.teams_follow = row["team_ids"], True


async def _teams_of_author(ctx: Context) -> list[UUID]:
    """The local team of the author's centre; other teams of theirs, if they have none."""
    if not isinstance(ctx.principal, UserPrincipal):
        return []
    rows = await ctx.fetch(_TEAMS, ids=list(ctx.principal.team_ids))
    local = [row["id"] for row in rows if row["kind"] == "centre_local"]
    return local or [row["id"] for row in rows]


def _in_future(ctx: Context, visited_at: Any) -> list[FieldProblem]:
    return [("/visited_at", "in_the_future", _FUTURE)] if visited_at > ctx.now + TOLERANCE else []


def _add_actions(report: Activity, actions: list[FollowUpActionBody]) -> list[FieldProblem]:
    """Add these to the report's follow-up actions; returns what is wrong."""
    had = list(report.follow_up_actions or ())
    ids = {action["id"] for action in had}
    errors: list[FieldProblem] = []
    for number, action in enumerate(actions):
        if str(action.id) in ids:
            errors.append((f"/follow_up_actions/{number}/id", "twice", _TWICE))
        ids.add(str(action.id))
        had.append(
            {
                "id": str(action.id),
                "text": action.text,
                "due_on": action.due_on and action.due_on.isoformat(),
                "task_id": None,
                "dismissed": False,
                "reason": None,
            }
        )
    if len(had) > MOST_ACTIONS:
        errors.append(("/follow_up_actions", "too_many", _TOO_MANY))
    report.follow_up_actions = had
    return errors
