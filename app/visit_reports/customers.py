"""The customer whom a technician did not find: a lead is made, or the one that stands is linked (VISIT-1, LEAD-9).

The report comes from a van, perhaps days later: it is never refused because of the customer. Where no lead can be made, the
report says why, and waits for its review.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, func, select

from app.activities.models import Activity
from app.core.context import Context
from app.core.permissions import Permission
from app.core.problems import Invalid, Problem
from app.core.statements import Statement
from app.core.visibility import unscoped
from app.identity.centres import responsible_centre
from app.identity.models import Team
from app.indexing import queue_on
from app.leads.models import Lead
from app.leads.parties import values_of
from app.leads.schemas import LeadCreate
from app.locks.problems import CustomerTaken, CustomerYours, PossiblyTaken
from app.locks.protection import Examination, examine
from app.matching import normalise
from app.projects.models import VISITS_PROJECT_ID, Project
from app.projects.rules import Rules, rules_of
from app.registration import service as registration
from app.visit_reports.schemas import UnknownCustomer
from app.visits.service import day_of

SOURCE = "visit_report"

_ids = bindparam("ids", type_=ARRAY(Uuid), required=True)
_TEAMS_OF_CENTRE = Statement(
    select(Team.id)
    .where(Team.kind == "centre_local", Team.centre_id == bindparam("centre_id", type_=Uuid, required=True))
    .order_by(Team.id)
)
_TAKING_ACTIVITIES = Statement(
    unscoped(
        select(Lead.id)
        .join(Project, Project.id == Lead.project_id)
        .where(Lead.id == func.any(_ids), Lead.phase == "open", ~Project.lean),
        reason="leads that the examination has shown to the asker",
    )
)


async def register(ctx: Context, report: Activity, customer: UnknownCustomer) -> None:
    """Make a lead of the customer and link the report to it, or to the open lead that the asker sees of this very customer,
    unless that is of a lean project and takes no activities (LEAD-2).

    Otherwise `unknown_customer["outcome"]` says why there is none: `known`, `taken`, `possible`, `incomplete`, `not_allowed`.
    The lead is seen by the local team of the centre that answers for the postal code, and so is the report.
    """
    said: dict[str, Any] = customer.model_dump(exclude_none=True)
    centre_id = await responsible_centre(ctx, customer.country, customer.postal_code)
    teams = [row["id"] for row in await ctx.fetch(_TEAMS_OF_CENTRE, centre_id=centre_id)] if centre_id else []
    report.team_ids = list(dict.fromkeys([*teams, *report.team_ids]))
    outcome, report.lead_id = await _outcome(ctx, report, customer, teams)
    report.unknown_customer = {**said, "outcome": outcome}


async def _outcome(
    ctx: Context, report: Activity, customer: UnknownCustomer, teams: list[UUID]
) -> tuple[str, UUID | None]:
    if not ctx.may(Permission.LEADS_CREATE):
        return "not_allowed", None
    rules = await _rules(ctx)
    lead = _lead_of(report, customer, rules)
    values = values_of(lead)
    # Before the examination: who reports this customer at the same moment waits here, and then finds the lead.
    await queue_on(ctx, normalise(values))
    examination = await examine(ctx, values, country=lead.country)
    same = [s.record_id for s in examination.standings if s.match.verdict == "duplicate"]
    if same:
        seen = [s for s in examination.standings if s.visible and s.record_type == "lead" and s.record_id in same]
        standing = await ctx.fetch(_TAKING_ACTIVITIES, ids=[s.record_id for s in seen]) if seen else []
        if len(standing) == 1 and not _foreign(examination):
            return "linked", standing[0]["id"]
    if examination.status != "free":
        return {"taken": "taken", "possible": "possible"}.get(examination.status, "known"), None
    try:
        lead_id, _ = await registration.create(ctx, lead, team_ids=teams or report.team_ids)
    except (CustomerTaken, CustomerYours, PossiblyTaken) as refused:
        return _refused(refused), None
    except Invalid:
        return "incomplete", None
    return "lead", lead_id


def _foreign(examination: Examination) -> bool:
    return examination.status in ("taken", "possible")


def _refused(problem: Problem) -> str:
    return {"customer_taken": "taken", "possibly_taken": "possible"}.get(problem.code, "known")


async def _rules(ctx: Context) -> Rules:
    """The project for customers of visits; the default one while that takes no leads."""
    try:
        return await rules_of(ctx, VISITS_PROJECT_ID, for_new=True)
    except Invalid:
        return await rules_of(ctx, None)


def _lead_of(report: Activity, customer: UnknownCustomer, rules: Rules) -> LeadCreate:
    """The lead: of a lean project only with what that asks for."""
    first, _, last = (customer.contact_name or "").rpartition(" ")
    values: dict[str, Any] = {
        **{name: getattr(customer, name) for name in ("name", "street", "postal_code", "city", "country")},
        "phone": customer.phone,
        "email": customer.email,
        "first_name": first or None,
        "last_name": last or None,
        "company": customer.name,
        "source": SOURCE,
        "description": customer.note or report.subject,
        "contacted_on": day_of(report),
    }
    if "status" in rules.required_fields:
        values["status"] = rules.first_status("open")
    if "assignee_id" in rules.required_fields:
        values["assignee_id"] = report.created_by
    known = {name: value for name, value in values.items() if value is not None and rules.allows(name)}
    return LeadCreate.model_validate({**known, "project_id": rules.project_id})
