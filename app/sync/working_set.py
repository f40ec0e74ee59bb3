"""What an offline client holds: the working set of a technician, as conditions that any statement can take (SYNC-2).

Accounts of their own centres that they see; without a centre those that they see by their team or as their people, not what is
open to everybody. The contacts there whom they see, and their own without an account. Their open tasks, their visit reports
of the last 90 days, and the open leads that they have made or that are theirs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, DateTime, Select, Uuid, and_, bindparam, func, or_, select, union_all
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import aliased

from app.accounts.models import Account
from app.accounts.queries import ACCOUNT
from app.activities.models import Activity
from app.activities.queries import ACTIVITY
from app.contacts.models import AccountContact, Contact
from app.contacts.queries import CONTACT
from app.core.permissions import Permission
from app.core.principal import Reach
from app.core.resource import Resource
from app.core.visibility import TEAMS, USER, scope, unscoped
from app.leads.models import Lead
from app.leads.queries import LEAD

REPORT_DAYS = 90
"""Days for which a client keeps the asker's own visit reports."""

_user: ColumnElement[Any] = bindparam(USER, type_=Uuid(), required=True)
_teams = bindparam(TEAMS, type_=ARRAY(Uuid()), required=True)
_centres: Any = bindparam("centres", type_=ARRAY(Uuid()), required=True)
_since = bindparam("since", type_=DateTime(timezone=True), required=True)
IDS = bindparam("ids", type_=ARRAY(Uuid()), required=True)


@dataclass(frozen=True)
class Shape:
    """What decides the statements' text: how far the asker sees, whether they belong to a centre, and which fields they want."""

    reach: Reach
    placed: bool
    fields: tuple[str, ...] = ()


def _people(record: Any) -> ColumnElement[bool]:
    return or_(record.assignee_id == _user, record.manager_ids.op("@>", is_comparison=True)(array([_user])))


def _account(account: Any, shape: Shape) -> ColumnElement[bool]:
    if shape.placed:
        there: ColumnElement[bool] = account.centre_id == func.any(_centres)
        return there
    return or_(_people(account), account.team_ids.op("&&", is_comparison=True)(_teams))


def _contact(contact: Any, shape: Shape) -> ColumnElement[bool]:  # noqa: ARG001  (a kind's own condition)
    return and_(contact.account_id.is_(None), _people(contact))


def _lead(lead: Any, shape: Shape) -> ColumnElement[bool]:  # noqa: ARG001  (likewise)
    return and_(lead.phase == "open", or_(lead.created_by == _user, lead.assignee_id == _user))


def _activity(activity: Any, shape: Shape) -> ColumnElement[bool]:  # noqa: ARG001  (likewise)
    return or_(
        and_(activity.type == "task", activity.is_open, activity.assignee_id == _user),
        and_(activity.type == "visit_report", activity.created_by == _user, activity.at >= _since),
    )


@dataclass(frozen=True)
class Kind:
    """A kind of record that is synced. `own` is its condition by what stands in the record itself; `parts` are other tables
    of the change log whose rows change what is shown of it, be it only its version, each with the record's id.
    """

    name: str
    model: Any
    resource: Resource
    permission: Permission
    own: Callable[[Any, Shape], ColumnElement[bool]]
    parts: tuple[str, ...] = ()
    fields_in: Mapping[str, tuple[str, ...]] = field(default_factory=dict, compare=False)
    """Those of the parts that hold fields which a client sets, and what these are called there."""

    @property
    def table(self) -> str:
        """The name of its table, which is its record type in the change log."""
        return str(self.model.__tablename__)


KINDS: dict[str, Kind] = {
    "account": Kind("account", Account, ACCOUNT, Permission.ACCOUNTS_READ, _account, parts=("merges",)),
    "contact": Kind(
        *("contact", Contact, CONTACT, Permission.CONTACTS_READ, _contact),
        parts=("merges", "account_contacts", "departures"),
    ),
    "lead": Kind("lead", Lead, LEAD, Permission.LEADS_READ, _lead, parts=("merges",)),
    "activity": Kind(
        *("activity", Activity, ACTIVITY, Permission.ACTIVITIES_READ, _activity),
        parts=("activity_contacts", "visit_report_amendments"),
        fields_in={"activity_contacts": ("contact_ids",)},
    ),
}


def members(kind: Kind, shape: Shape, *, among: Any = None) -> Select[Any]:
    """The ids of the asker's records of this kind. Binds: centres, since. `among` are the ids that are asked about."""
    record = aliased(kind.model)
    found = select(record.id).where(
        record.id.in_(_contacts(shape, among)) if kind.model is Contact else kind.own(record, shape)
    )
    if among is not None:
        found = found.where(record.id == func.any(among))
    return scope(found, record, shape.reach)


def _contacts(shape: Shape, among: Any) -> Any:
    """Contacts of the asker's accounts, be it their main one or a further one, and the asker's own without one. Whether they
    see the contact too is for the caller.
    """
    account, contact, alone = aliased(Account), aliased(Contact), aliased(Contact)
    at_main = select(contact.id).join(account, account.id == contact.account_id)
    further = select(AccountContact.contact_id).join(account, account.id == AccountContact.account_id)
    own = select(alone.id).where(_contact(alone, shape))
    if among is not None:
        at_main, own = at_main.where(contact.id == func.any(among)), own.where(alone.id == func.any(among))
        further = further.where(AccountContact.contact_id == func.any(among))
    theirs = [scope(one.where(_account(account, shape)), account, shape.reach) for one in (at_main, further)]
    return unscoped(union_all(*theirs, own), reason="the contacts are narrowed to those that the asker sees outside")
