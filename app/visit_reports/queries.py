"""The list of visit reports that are to be reviewed, oldest first (VISIT-4, ACC-5); and what reports look up."""

from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import array

from app.accounts.models import Account
from app.activities.models import Activity
from app.activities.queries import ACTIVITY
from app.activities.reads import VisitReportRead
from app.contacts.models import AccountContact, Contact
from app.core.filters import any_of, at_least, below
from app.core.principal import Reach
from app.core.resource import Resource
from app.core.statements import Statement, prepared
from app.core.visibility import scope, unscoped
from app.identity.models import Team
from app.visit_reports.schemas import VisitReportToReview

_OPEN_ACTION: ColumnElement[Any] = literal_column("'$[*] ? (@.task_id == null && @.dismissed == false)'::jsonpath")
_open_actions = func.coalesce(func.jsonb_path_exists(Activity.follow_up_actions, _OPEN_ACTION), literal_column("false"))
_undecided = and_(Activity.cross_sell.is_(true()), Activity.cross_sell_outcome.is_(None))
_LACKS: dict[str, ColumnElement[bool]] = {
    "no_account": Activity.account_id.is_(None),
    "no_contact": Activity.contact_id.is_(None),
    "follow_up_actions": _open_actions,
    "cross_sell": _undecided,
}
_none: Any = literal_column("NULL", Text)
_each: list[ColumnElement[Any]] = [
    *(case((lacks, literal_column(f"'{name}'", Text)), else_=_none) for name, lacks in _LACKS.items()),
    case((or_(*_LACKS.values()), _none), else_=literal_column("'unreviewed'", Text)),
]
_reasons: ColumnElement[Any] = func.array_remove(array(_each), _none, type_=ARRAY(Text))
_age = cast(func.floor(func.extract("epoch", func.now() - Activity.created_at) / 86400), Integer)


def _to_review(statement: Select[Any]) -> Select[Any]:
    """Of the partial index: literals, so that it can serve."""
    return ACTIVITY.joins(statement).where(Activity.status == literal_column("'submitted'"))


def _has_reason(name: str) -> tuple[ColumnElement[bool], Any]:
    wanted = bindparam(name, type_=ARRAY(Text), required=True)
    return _reasons.op("&&", is_comparison=True)(wanted), list


def _of_centre(name: str) -> tuple[ColumnElement[bool], Any]:
    teams = select(Team.id).where(Team.centre_id == bindparam(name, type_=Uuid, required=True))
    return Activity.team_ids.op("&&", is_comparison=True)(func.array(teams.scalar_subquery())), lambda value: value


REVIEW = Resource(
    Activity,
    VisitReportToReview,
    {
        **{name: ACTIVITY.columns[name] for name in VisitReportRead.model_fields},
        "reasons": _reasons,
        "age_days": _age,
    },
    joins=_to_review,
    beside=ACTIVITY.beside,
    filters={
        "reason": _has_reason,
        "centre_id": _of_centre,
        "created_by": any_of(Activity.created_by),
        "account_id": any_of(Activity.account_id),
        "visited_after": at_least(Activity.at),
        "visited_before": below(Activity.at),
    },
    sorts={"visited_at": Activity.at},
    default_sort="visited_at",
)

_id, _ids = bindparam("id", type_=Uuid, required=True), bindparam("ids", type_=ARRAY(Uuid), required=True)
_contact_ids = bindparam("contact_ids", type_=ARRAY(Uuid), required=True)
_of_contacts = select(Contact.account_id).where(Contact.id == func.any(_contact_ids))
_OF_REPORT = "they are or will be those of the report"


@prepared
def whose(how_far: Reach) -> Select[Any]:
    """Of a visible visit report: its account and contact."""
    found: Any = select(Activity.account_id, Activity.contact_id)
    return scope(found.where(Activity.id == _id, Activity.type == "visit_report"), Activity, how_far)


HOLD_ACCOUNTS = Statement(
    unscoped(
        select(Account.id)
        .where(or_(Account.id == func.any(_ids), Account.id.in_(_of_contacts)))
        .order_by(Account.id)
        .with_for_update(key_share=True, of=Account),
        reason=_OF_REPORT,
    )
)
"""Lock the accounts, those of the contacts too, as others do before their activities."""
HOLD_CONTACTS = Statement(
    unscoped(
        select(Contact.id)
        .where(Contact.id == func.any(_ids))
        .order_by(Contact.id)
        .with_for_update(read=True, key_share=True),
        reason=_OF_REPORT,
    )
)

_account_id = bindparam("account_id", type_=Uuid, required=True)
_there = select(AccountContact.id).where(
    AccountContact.contact_id == Contact.id, AccountContact.account_id == _account_id
)
ELSEWHERE = Statement(
    unscoped(
        select(Contact.id).where(Contact.id == _id, Contact.account_id != _account_id, ~_there.exists()),
        reason=_OF_REPORT,
    )
)
"""The contact, if they belong to other accounts only."""
