"""How activities are read."""

from datetime import UTC, datetime

from sqlalchemy import Text, func, literal
from sqlalchemy.orm import aliased

from app.accounts.models import Account
from app.activities.models import Activity
from app.activities.schemas import ActivityRead
from app.contacts.models import Contact
from app.core.expressions import link, plain, record
from app.core.resource import Resource, any_of, at_least, below, contains_word
from app.identity.models import User
from app.leads.models import Lead
from app.opportunities.models import Opportunity

_assignee, _author = aliased(User), aliased(User)
_ABOUT = "whoever sees an activity may know what it is about: the name, and nothing else"
_NEVER = datetime(9999, 12, 31, tzinfo=UTC)

ACTIVITY = Resource(
    Activity,
    ActivityRead,
    {
        **record(Activity),
        **plain(Activity, "type", "subject", "description", "status"),
        "assignee": link(Activity.assignee_id, _assignee.name),
        **plain(Activity, "due_at", "done_at"),
        "account": link(Activity.account_id, Account.name),
        "contact": link(Activity.contact_id, func.concat_ws(" ", Contact.first_name, Contact.last_name)),
        "lead": link(Activity.lead_id, Lead.name),
        "opportunity": link(Activity.opportunity_id, Opportunity.name),
        **plain(Activity, "team_ids", "customer"),
        "created_by": link(Activity.created_by, _author.name),
    },
    joins=lambda s: (
        s.outerjoin(_assignee, _assignee.id == Activity.assignee_id)
        .outerjoin(_author, _author.id == Activity.created_by)
        .outerjoin(Account, Account.id == Activity.account_id)
        .outerjoin(Contact, Contact.id == Activity.contact_id)
        .outerjoin(Lead, Lead.id == Activity.lead_id)
        .outerjoin(Opportunity, Opportunity.id == Activity.opportunity_id)
    ),
    beside={Account: _ABOUT, Contact: _ABOUT, Lead: _ABOUT, Opportunity: _ABOUT},
    filters={
        "q": contains_word(func.sort_key(Activity.subject, type_=Text)),
        "type": any_of(Activity.type),
        "status": any_of(Activity.status),
        "assignee_id": any_of(Activity.assignee_id),
        "created_by": any_of(Activity.created_by),
        "account_id": any_of(Activity.account_id),
        "contact_id": any_of(Activity.contact_id),
        "lead_id": any_of(Activity.lead_id),
        "opportunity_id": any_of(Activity.opportunity_id),
        "due_after": at_least(Activity.due_at),
        "due_before": below(Activity.due_at),
        "created_after": at_least(Activity.created_at),
        "created_before": below(Activity.created_at),
    },
    sorts={
        "created_at": Activity.created_at,
        "due_at": func.coalesce(Activity.due_at, literal(_NEVER, Activity.due_at.type)),
    },
)
