"""What a day's list is made of (F, chapter 1.3): one section each, for whoever has the permission that it serves.

A section says which records, in which order; the first few are shown, and the rest is a list of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    DateTime,
    Select,
    Text,
    and_,
    bindparam,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import array

from app.accounts.models import Account
from app.activities.models import Activity
from app.call_lists.lists import LAST_CALL, LISTS
from app.core.expressions import asker, link
from app.core.permissions import Permission
from app.core.principal import Reach
from app.core.problems import Language
from app.core.visibility import beside, scope, unscoped
from app.follow_ups.models import FollowUp
from app.leads.models import Lead
from app.locks.models import Clearance, LeadLock
from app.messages.models import Message, MessageRecipient
from app.opportunities.models import Opportunity
from app.projects.models import ProjectStatus

SHOWN = 10
"""Items of a section; the list at its `path` has them all."""
COUNTED = 100
"""Up to so many are counted."""
P = Permission

_moment, _day = DateTime(timezone=True), Date()
DAY_STARTS = bindparam("day_starts", type_=_moment, required=True)
DAY_ENDS = bindparam("day_ends", type_=_moment, required=True)
NOW = bindparam("now", type_=_moment, required=True)
TODAY = bindparam("today", type_=_day, required=True)
_ABOUT = "the name beside the record, for whoever sees that"
_SOON_DAYS = 30


@dataclass(frozen=True)
class Section:
    """Part of the day: `rows` gives the records within the asker's reach, columns as `_row` makes them, in their order."""

    key: str
    label: dict[Language, str]
    permissions: tuple[P, ...]
    """The asker needs all of them."""
    rows: Callable[[Reach], Select[Any]]
    path: str
    """The list that goes on: `{user}` is the asker, `{day_starts}` and `{day_ends}` when their day does, `{tomorrow}` the day after."""


def _row(type_: str, id_: Any, title: Any, at: Any, about: Any) -> tuple[ColumnElement[Any], ...]:
    return (
        literal(type_, Text).label("type"),
        id_.label("id"),
        title.label("title"),
        at.label("at"),
        about.label("account"),
    )


def _activities(how_far: Reach, *conditions: Any, by: Any = Activity.at) -> Select[Any]:
    statement = (
        select(*_row("activity", Activity.id, Activity.subject, Activity.at, link(Activity.account_id, Account.name)))
        .outerjoin(Account, Account.id == Activity.account_id)
        .where(*conditions)
        .order_by(by, Activity.id)
    )
    return beside(scope(statement, Activity, how_far), Account, reason=_ABOUT)


_MINE = (Activity.assignee_id == asker(), Activity.is_open)


def _calls(how_far: Reach) -> Select[Any]:
    return _activities(how_far, *_MINE, Activity.type == "call", Activity.at < DAY_ENDS)


def _meetings(how_far: Reach) -> Select[Any]:
    """Those of earlier days that nobody has closed; today's come from the calendar, which knows what recurs."""
    takes_part = Activity.participant_ids.op("@>", is_comparison=True)(array([asker()]))
    return _activities(
        how_far,
        or_(Activity.assignee_id == asker(), takes_part),
        Activity.is_open,
        Activity.type == "meeting",
        Activity.recurrence.is_(None),
        Activity.at < DAY_STARTS,
    )


def _tasks(how_far: Reach) -> Select[Any]:
    """Those without a due date too: they stay visible until they are closed."""
    due = or_(Activity.due_at.is_(None), Activity.due_at < DAY_ENDS)
    return _activities(
        how_far, *_MINE, Activity.type == "task", due, by=func.coalesce(Activity.due_at, Activity.created_at)
    )


def _leads(how_far: Reach) -> Select[Any]:
    """Nobody has worked on them yet: the asker's own, and those of their teams that are nobody's."""
    nobodys = and_(
        Lead.assignee_id.is_(None),
        Lead.team_ids.op("&&", is_comparison=True)(bindparam("p_teams", type_=Lead.team_ids.type, required=True)),
    )
    statement = (
        select(*_row("lead", Lead.id, Lead.name, Lead.created_at, null()))
        .join(ProjectStatus, and_(ProjectStatus.project_id == Lead.project_id, ProjectStatus.key == Lead.status))
        .where(
            or_(Lead.assignee_id == asker(), nobodys),
            Lead.phase == "open",
            ProjectStatus.category == "open",
        )
        .order_by(Lead.created_at, Lead.id)
    )
    return scope(statement, Lead, how_far)


def _follow_ups(_: Reach) -> Select[Any]:
    statement = (
        select(*_row("follow_up", FollowUp.id, FollowUp.note, FollowUp.due_at, null()))
        .where(
            FollowUp.assignee_id == asker(),
            FollowUp.status == literal_column("'open'"),  # a bind would hide the partial index
            FollowUp.due_at < DAY_ENDS,
        )
        .order_by(FollowUp.due_at, FollowUp.id)
    )
    return unscoped(statement, reason="the asker's own are seen by them")


_SUBMITTED = Activity.status == literal_column("'submitted'")


def _reports(how_far: Reach) -> Select[Any]:
    return _activities(how_far, _SUBMITTED)


def _cross_sell(how_far: Reach) -> Select[Any]:
    return _activities(how_far, _SUBMITTED, Activity.cross_sell, Activity.cross_sell_outcome.is_(None))


def _own_reports(how_far: Reach) -> Select[Any]:
    """Those that nobody can work with yet: the author knows where they were."""
    return _activities(how_far, _SUBMITTED, Activity.created_by == asker(), Activity.account_id.is_(None))


def _former(how_far: Reach) -> Select[Any]:
    list_ = LISTS["former-customers"]
    order = list_.sorts[list_.default_sort]
    called = func.nullif(LAST_CALL, literal_column("'-infinity'::timestamptz"))
    statement = select(*_row("account", Account.id, Account.name, called, link(Account.id, Account.name))).where(
        list_.due
    )
    return scope(list_.joins(statement).order_by(*order), Account, how_far)


def _locks(how_far: Reach) -> Select[Any]:
    statement = (
        select(*_row("lead_lock", LeadLock.id, LeadLock.customer_name, LeadLock.ends_on.cast(_moment), null()))
        .where(LeadLock.holder_id == asker(), LeadLock.state == "active", LeadLock.ends_on <= TODAY + _SOON_DAYS)
        .order_by(LeadLock.ends_on, LeadLock.id)
    )
    return scope(statement, LeadLock, how_far)


def _clearances(how_far: Reach) -> Select[Any]:
    statement = (
        select(*_row("clearance", Clearance.id, Clearance.customer_name, Clearance.created_at, null()))
        .where(Clearance.state == "requested", Clearance.requested_by != asker(), Clearance.holder_id != asker())
        .order_by(Clearance.created_at, Clearance.id)
    )
    return scope(statement, Clearance, how_far)


def _opportunities(how_far: Reach) -> Select[Any]:
    statement = (
        select(
            *_row(
                *("opportunity", Opportunity.id, Opportunity.name, Opportunity.close_on.cast(_moment)),
                link(Opportunity.account_id, Account.name),
            )
        )
        .outerjoin(Account, Account.id == Opportunity.account_id)
        .where(Opportunity.assignee_id == asker(), Opportunity.status == "open", Opportunity.close_on <= TODAY)
        .order_by(Opportunity.close_on, Opportunity.id)
    )
    return beside(scope(statement, Opportunity, how_far), Account, reason=_ABOUT)


def _requests(how_far: Reach) -> Select[Any]:
    statement = (
        select(*_row("message", Message.id, Message.subject, Message.created_at, null()))
        .join(MessageRecipient, MessageRecipient.message_id == Message.id)
        .where(
            MessageRecipient.user_id == asker(),
            MessageRecipient.read_at.is_(None),
            Message.kind == "opportunity_request",
        )
        .order_by(Message.created_at, Message.id)
    )
    return scope(statement, Message, how_far)


SECTIONS: tuple[Section, ...] = (
    Section(
        "meetings",
        {"de": "Besprechungen", "en": "Meetings"},
        (P.ACTIVITIES_READ,),
        _meetings,
        "/v1/calendar?from={day_starts}&to={day_ends}&types=meeting",
    ),
    Section(
        "tasks",
        {"de": "Aufgaben", "en": "Tasks"},
        (P.ACTIVITIES_READ, P.TASKS_COMPLETE),
        _tasks,
        "/v1/activities?type=task&open=true&assignee_id={user}&sort=due_at",
    ),
    Section(
        "calls",
        {"de": "Geplante Anrufe", "en": "Planned calls"},
        (P.ACTIVITIES_READ, P.ACTIVITIES_WRITE),
        _calls,
        "/v1/activities?type=call&open=true&assignee_id={user}&at_before={day_ends}&sort=at",
    ),
    Section(
        "follow_ups",
        {"de": "Wiedervorlagen", "en": "Follow-ups"},
        (P.FOLLOW_UPS_WRITE,),
        _follow_ups,
        "/v1/follow-ups?state=due",
    ),
    Section(
        "leads",
        {"de": "Neue Interessenten", "en": "New leads"},
        (P.LEADS_READ, P.LEADS_CONVERT),
        _leads,
        "/v1/leads?phase=open&sort=created_at",
    ),
    Section(
        "visit_reports",
        {"de": "Besuchsberichte zu prüfen", "en": "Visit reports to review"},
        (P.ACTIVITIES_READ, P.VISIT_REPORTS_REVIEW),
        _reports,
        "/v1/visit-reports/review",
    ),
    Section(
        "cross_sell",
        {"de": "Zusatz- und Mehrverkauf", "en": "Cross-sell"},
        (P.ACTIVITIES_READ, P.VISIT_REPORTS_REVIEW),
        _cross_sell,
        "/v1/visit-reports/review?reason=cross_sell",
    ),
    Section(
        "former_customers",
        {"de": "Ehemalige Kunden anzurufen", "en": "Former customers to call"},
        (P.ACCOUNTS_READ, P.ACTIVITIES_WRITE),
        _former,
        "/v1/call-lists/former-customers",
    ),
    Section(
        "own_visit_reports",
        {"de": "Eigene Besuchsberichte ohne Kunde", "en": "Own visit reports without an account"},
        (P.ACTIVITIES_READ, P.VISIT_REPORTS_WRITE),
        _own_reports,
        "/v1/activities?type=visit_report&status=submitted&created_by={user}",
    ),
    Section(
        "clearances",
        {"de": "Freigaben zu entscheiden", "en": "Clearances to decide"},
        (P.CLEARANCES_DECIDE,),
        _clearances,
        "/v1/clearances?state=requested",
    ),
    Section(
        "opportunity_requests",
        {"de": "Verkaufschancen anzulegen", "en": "Opportunities to make"},
        (P.OPPORTUNITIES_CREATE_REQUESTED,),
        _requests,
        "/v1/messages?kind=opportunity_request&unread=true",
    ),
    Section(
        "opportunities",
        {"de": "Verkaufschancen mit verstrichenem Abschluss", "en": "Opportunities past their close date"},
        (P.OPPORTUNITIES_READ, P.OPPORTUNITIES_WRITE),
        _opportunities,
        "/v1/opportunities?status=open&assignee_id={user}&close_before={tomorrow}&sort=close_on",
    ),
    Section(
        "locks",
        {"de": "Kundensperren, die bald enden", "en": "Lead locks about to end"},
        (P.LEADS_READ, P.LEADS_CREATE),
        _locks,
        "/v1/lead-locks?holder_id={user}&state=active",
    ),
)
