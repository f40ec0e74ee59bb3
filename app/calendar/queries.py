"""How calendars are read: what stands in them, and with whom they are shared."""

from typing import Any, Literal

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Integer,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    func,
    literal,
    or_,
    select,
    union,
)
from sqlalchemy.orm import aliased

from app.accounts.models import Account
from app.activities.models import Activity
from app.calendar.schemas import CalendarShareRead
from app.contacts.models import Contact
from app.core.expressions import asker, link, record
from app.core.filters import equals
from app.core.principal import Reach
from app.core.resource import Resource
from app.core.statements import Statement, prepared
from app.core.visibility import beside, scope, unscoped
from app.identity.models import CalendarShare, User
from app.leads.models import Lead
from app.opportunities.models import Opportunity

_ABOUT = "whoever sees an activity may know what it is about: the name, and nothing else"
_MOMENT = DateTime(timezone=True)


def _bind(name: str, type_: Any) -> Any:
    return bindparam(name, type_=type_, required=True)


def _in_time() -> Any:
    """The ids of what stands in the calendars of `users` from `after` to `before`: series, and what takes place once.

    `since` is `after` less the longest time that anything takes, so that the index is read from there on.
    """
    a = aliased(Activity)
    users, types = _bind("users", ARRAY(Uuid)), _bind("types", ARRAY(Text))
    after, before = _bind("after", _MOMENT), _bind("before", _MOMENT)
    live = and_(a.status != "cancelled", a.type == func.any(types))
    once = and_(
        live,
        a.recurrence.is_(None),
        and_(a.at >= _bind("since", _MOMENT), a.at < before),
        or_(a.at >= after, a.ends_at > after),
        or_(a.type != "task", and_(a.is_open, a.due_at.is_not(None))),
    )
    series = and_(
        live,
        a.recurrence.is_not(None),
        a.starts_at < before,
        or_(a.recurs_until.is_(None), a.recurs_until >= after),
    )
    mine = a.assignee_id == func.any(users)
    takes_part = a.participant_ids.op("&&", is_comparison=True)(users)
    return union(
        select(a.id).where(mine, once),
        select(a.id).where(mine, series),
        select(a.id).where(takes_part, or_(once, series)),
    ).cte("found")


_SHOWN = ("id", "version", "type", "subject", "status", "starts_at", "ends_at", "starts_on", "ends_on", "time_zone")
_MORE = ("location", "recurrence", "recurs_until", "excluded_at", "series_id", "occurrence_at", "due_at")


@prepared
def events(how_far: Reach | Literal["owner"]) -> Any:
    """What stands in the calendars of `users`, as far as the asker sees it; `owner`: all of it."""
    _assignee = aliased(User)
    found = _in_time()
    person = func.concat_ws(" ", Contact.first_name, Contact.last_name)
    statement: Select[Any] = (
        select(
            *(getattr(Activity, name) for name in (*_SHOWN, *_MORE)),
            *(Activity.updated_at, Activity.description),
            Account.name.label("account_name"),
            func.json_build_object(
                *("assignee", link(Activity.assignee_id, _assignee.name)),
                *("account", link(Activity.account_id, Account.name)),
                *("contact", link(Activity.contact_id, person)),
                *("lead", link(Activity.lead_id, Lead.name)),
                *("opportunity", link(Activity.opportunity_id, Opportunity.name)),
            ).label("links"),
        )
        .where(Activity.id.in_(select(found.c.id)))
        .outerjoin(_assignee, _assignee.id == Activity.assignee_id)
        .outerjoin(Account, Account.id == Activity.account_id)
        .outerjoin(Contact, Contact.id == Activity.contact_id)
        .outerjoin(Lead, Lead.id == Activity.lead_id)
        .outerjoin(Opportunity, Opportunity.id == Activity.opportunity_id)
        .order_by(Activity.at.desc(), Activity.id)
        .limit(_bind("most", Integer))
    )
    if how_far == "owner":
        return unscoped(statement, reason="the calendar's owner does or takes part in each")
    for model in (Account, Contact, Lead, Opportunity):
        statement = beside(statement, model, reason=_ABOUT)
    return scope(statement, Activity, how_far)


def _busy() -> Any:
    who, when = ("id", "assignee_id", "participant_ids"), ("starts_at", "ends_at", "starts_on", "ends_on", "time_zone")
    names = (*who, *when, "recurrence", "recurs_until", "excluded_at", "occurrence_at", "due_at")
    found = select(*(getattr(Activity, name) for name in names)).where(Activity.id.in_(select(_in_time().c.id)))
    return unscoped(found, reason="colleagues may know when somebody is busy, and nothing else")


BUSY = Statement(_busy())
TAKEN = Statement(
    unscoped(
        select(Activity.series_id, Activity.occurrence_at).where(
            Activity.series_id == func.any(_bind("series", ARRAY(Uuid)))
        ),
        reason="an occurrence that was changed does not stand there as it was before, seen or not",
    )
)
IS_SHARED = Statement(
    unscoped(
        select(literal(1)).where(CalendarShare.owner_id == _bind("owner", Uuid), CalendarShare.user_id == asker()),
        reason="whether one is shared with the asker",
    )
)

_owner, _user = aliased(User), aliased(User)


def _mine() -> ColumnElement[bool]:
    return or_(CalendarShare.owner_id == asker(), CalendarShare.user_id == asker())


CALENDAR_SHARE = Resource(
    CalendarShare,
    CalendarShareRead,
    {
        **record(CalendarShare),
        "owner": link(CalendarShare.owner_id, _owner.name),
        "user": link(CalendarShare.user_id, _user.name),
        "mode": CalendarShare.mode,
    },
    joins=lambda s: (
        s.join(_owner, _owner.id == CalendarShare.owner_id)
        .join(_user, _user.id == CalendarShare.user_id)
        .where(_mine())
    ),
    filters={"owner_id": equals(CalendarShare.owner_id), "user_id": equals(CalendarShare.user_id)},
    sorts={"created_at": CalendarShare.created_at},
)
