"""How activities are read."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, Uuid, and_, bindparam, case, false, func, literal, select, true
from sqlalchemy.orm import aliased

from app.accounts.models import Account
from app.accounts.queries import is_set
from app.activities.models import Activity, ActivityContact, VisitReportAmendment
from app.activities.reads import READS
from app.contacts.models import AccountContact, Contact
from app.core.expressions import link, named, plain, record
from app.core.filters import any_of, at_least, below, contains_word, equals, holds
from app.core.principal import Reach
from app.core.resource import Resource
from app.core.statements import prepared
from app.core.visibility import beside, scope
from app.identity.models import User
from app.leads.models import Lead
from app.opportunities.models import Opportunity
from app.projects.models import Project

_assignee, _author, _followed, _taking_part = (aliased(User), aliased(User), aliased(Activity), aliased(User))
_person = aliased(Contact)
_ABOUT = "whoever sees an activity may know what it is about: the name, and nothing else"


def _links(statement: Any) -> ColumnElement[Any]:
    return func.coalesce(statement.scalar_subquery(), func.json_build_array())


_participants = _links(
    select(func.json_agg(link(_taking_part.id, _taking_part.name)))
    .where(_taking_part.id == func.any(Activity.participant_ids))
    .correlate(Activity)
)
_further = select(ActivityContact.contact_id).where(ActivityContact.activity_id == Activity.id).correlate(Activity)
_contacts = _links(
    beside(
        select(func.json_agg(link(_person.id, func.concat_ws(" ", _person.first_name, _person.last_name)))).where(
            _person.id.in_(_further)
        ),
        Contact,
        reason=_ABOUT,
    )
)
_NEVER = datetime(9999, 12, 31, tzinfo=UTC)
_due = func.coalesce(Activity.due_at, Activity.starts_at, literal(_NEVER, Activity.due_at.type))
_amender, _reviewing = aliased(User), aliased(User)
_told = (
    select(
        VisitReportAmendment.id,
        VisitReportAmendment.text,
        VisitReportAmendment.visited_at,
        VisitReportAmendment.visited_at_before,
        VisitReportAmendment.cross_sell,
        VisitReportAmendment.created_at,
        link(VisitReportAmendment.created_by, _amender.name).label("created_by"),
    )
    .outerjoin(_amender, _amender.id == VisitReportAmendment.created_by)
    .where(VisitReportAmendment.activity_id == Activity.id)
    .order_by(VisitReportAmendment.created_at, VisitReportAmendment.id)
    .correlate(Activity)
    .subquery()
)
_amendments = _links(select(func.json_agg(func.row_to_json(_told.table_valued()))).select_from(_told))
_next = aliased(Activity)
_follow_up = beside(
    select(func.json_build_object("id", _next.id, "name", _next.subject, "starts_at", _next.starts_at)).where(
        _next.follows_id == Activity.id, _next.type == "call", _next.status != "cancelled"
    ),
    Activity,
    reason="whoever sees a call may know that there is a next one, and when",
)
_consent = case(
    (
        Activity.consent.is_not(None),
        func.json_build_object("answer", Activity.consent, "email", Activity.consent_email, "at", Activity.starts_at),
    )
)
_end = case(  # a series is over with its last occurrence, if it has one
    (Activity.recurrence.is_not(None), Activity.recurs_until),
    else_=func.coalesce(Activity.ends_at, Activity.starts_at, Activity.due_at),
)
_overdue = func.coalesce(and_(Activity.is_open, _end < func.now()), false())

ACTIVITY = Resource(
    Activity,
    READS,
    {
        **record(Activity),
        **plain(Activity, "type", "subject", "description", "status", "is_open", "at"),
        "assignee": named(Activity.assignee_id, _assignee, _assignee.name),
        "account": named(Activity.account_id, Account, Account.name),
        "contact": named(Activity.contact_id, Contact, func.concat_ws(" ", Contact.first_name, Contact.last_name)),
        "lead": named(Activity.lead_id, Lead, Lead.name),
        "opportunity": named(Activity.opportunity_id, Opportunity, Opportunity.name),
        "follows": named(Activity.follows_id, _followed, _followed.subject),
        **plain(Activity, "team_ids", "customer"),
        "created_by": named(Activity.created_by, _author, _author.name),
        **plain(Activity, "due_at", "done_at", "remind_at"),
        **plain(Activity, "starts_at", "ends_at", "time_zone", "result", "location", "direction"),
        **plain(Activity, "call_type", "script_version_id"),
        "answers": func.coalesce(Activity.answers, func.jsonb_build_array()),
        "consent": _consent,
        "follow_up": _follow_up.correlate(Activity).scalar_subquery(),
        "all_day": Activity.starts_on.is_not(None),
        **plain(Activity, "starts_on", "ends_on", "recurrence", "recurs_until", "series_id", "occurrence_at"),
        "excluded_at": func.to_json(Activity.excluded_at),
        "participants": _participants,
        "contacts": _contacts,
        "sent_at": Activity.starts_at,
        **plain(Activity, "from_address"),
        "to_addresses": func.coalesce(func.to_json(Activity.to_addresses), func.json_build_array()),
        "cc_addresses": func.coalesce(func.to_json(Activity.cc_addresses), func.json_build_array()),
        "visited_at": Activity.starts_at,
        "cross_sell": func.coalesce(Activity.cross_sell, false()),
        "follow_up_actions": func.coalesce(Activity.follow_up_actions, func.jsonb_build_array()),
        **plain(Activity, "unknown_customer", "cross_sell_note", "cross_sell_outcome", "reviewed_at"),
        "amendments": _amendments,
        "reviewed_by": named(Activity.reviewed_by, _reviewing, _reviewing.name),
    },
    beside={Account: _ABOUT, Contact: _ABOUT, Lead: _ABOUT, Opportunity: _ABOUT},
    filters={
        "q": contains_word(func.sort_key(Activity.subject, type_=Text)),
        "type": any_of(Activity.type),
        "status": any_of(Activity.status),
        "open": equals(Activity.is_open),
        "overdue": equals(_overdue),
        "assignee_id": any_of(Activity.assignee_id),
        "participant_id": holds(Activity.participant_ids),
        "created_by": any_of(Activity.created_by),
        "account_id": any_of(Activity.account_id),
        "contact_id": any_of(Activity.contact_id),
        "has_contact": is_set(Activity.contact_id),
        "lead_id": any_of(Activity.lead_id),
        "opportunity_id": any_of(Activity.opportunity_id),
        "series_id": equals(Activity.series_id),
        "due_after": at_least(Activity.due_at),
        "due_before": below(Activity.due_at),
        "at_after": at_least(Activity.at),
        "at_before": below(Activity.at),
        "created_after": at_least(Activity.created_at),
        "created_before": below(Activity.created_at),
    },
    sorts={"at": Activity.at, "due_at": _due, "created_at": Activity.created_at},
    default_sort="-at",
)

_id = bindparam("id", type_=Uuid, required=True)


@prepared
def about_account(how_far: Reach) -> Select[Any]:
    """Of a visible account: what an activity about it takes over. The others likewise."""
    found: Any = select(Account.team_ids, true().label("teams_follow"), Account.id.label("account_id"))
    return scope(found.where(Account.id == _id), Account, how_far)


@prepared
def about_opportunity(how_far: Reach) -> Select[Any]:
    """Of a visible opportunity."""
    found: Any = select(Opportunity.team_ids, Opportunity.teams_follow, Opportunity.account_id)
    return scope(found.where(Opportunity.id == _id), Opportunity, how_far)


@prepared
def about_contact(how_far: Reach) -> Select[Any]:
    """Of a visible contact; the account is `account_id` if that is one of theirs, else their main one."""
    asked = bindparam("account_id", type_=Uuid, required=True)
    pair = select(AccountContact.account_id).where(AccountContact.contact_id == _id, AccountContact.account_id == asked)
    pair = beside(pair, AccountContact, reason="the asker sees the contact, and names the account")
    account_id = func.coalesce(pair.scalar_subquery(), Contact.account_id)
    follows = func.coalesce(and_(Contact.teams_follow, Contact.account_id == account_id), false())
    found: Any = select(Contact.team_ids, follows.label("teams_follow"), account_id.label("account_id"))
    return scope(found.where(Contact.id == _id), Contact, how_far)


@prepared
def about_lead(how_far: Reach) -> Select[Any]:
    """Of a visible lead, which stays what it is until commit."""
    found: Any = select(Lead.team_ids, false().label("teams_follow"), Lead.account_id, Lead.phase, Project.lean)
    found = found.join(Project, Project.id == Lead.project_id).where(Lead.id == _id)
    return scope(found.with_for_update(read=True, of=Lead), Lead, how_far)
