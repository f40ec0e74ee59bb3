"""Entries of call lists: which come next, and what is shown of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    DateTime,
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
    null,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import aliased

from app.accounts.models import Account
from app.activities.models import Activity
from app.call_lists.lists import LISTS, CallList
from app.call_lists.models import account_calls, claims, contact_calls, deferrals
from app.call_scripts.models import CallScript, CallScriptVersion
from app.call_scripts.queries import fitting
from app.contacts.models import Contact
from app.core.expressions import asker
from app.core.principal import Reach
from app.core.statements import prepared
from app.core.visibility import beside, predicate, scope, unscoped
from app.identity.models import Team, User
from app.leads.models import Lead

COUNTED = 1000
"""How far lists are counted."""
COMPANY_COUNTED = 100
"""How far the contacts of one company are."""
_WORK = "whoever sees a person may know whom they work for"
_CHOSEN = "chosen just now, as far as the asker sees them"
_OF_ACCOUNTS = frozenset({"centre_id", "type"})
"""Filters that ask what an account is."""
_MOMENT = DateTime(timezone=True)
NOW = bindparam("now", type_=_MOMENT, required=True)
_LIST = bindparam("list", type_=Text, required=True)


@dataclass(frozen=True)
class Shape:
    """What decides the statement; the values are bound. `filters` are names of `schemas.CallFilters` that have values."""

    name: str
    reach: Reach
    sort: str
    filters: tuple[str, ...] = ()
    after: bool = False
    free: bool = False


def _ids(name: str) -> Any:
    return func.any(bindparam(name, type_=ARRAY(Uuid), required=True))


def _filters(of: CallList, names: Sequence[str], how_far: Reach) -> list[ColumnElement[bool]]:
    model = of.model
    team_ids = bindparam("f_team_id", type_=ARRAY(Uuid), required=True)
    centre_teams = func.array(select(Team.id).where(Team.centre_id == _ids("f_centre_id")).scalar_subquery())
    known: dict[str, Any] = {
        "centre_id": (
            model.team_ids.op("&&", is_comparison=True)(centre_teams)
            if of.record_type == "lead"
            else Account.centre_id == _ids("f_centre_id")
        ),
        "team_id": model.team_ids.op("&&", is_comparison=True)(team_ids),
        "assignee_id": model.assignee_id == _ids("f_assignee_id"),
        "type": Account.type == func.any(bindparam("f_type", type_=ARRAY(Text), required=True)),
    }
    wanted = [known[name] for name in names]
    seen = predicate(Account, how_far)
    if seen is not None and of.record_type == "contact" and _OF_ACCOUNTS.intersection(names):
        wanted.append(seen)  # nobody learns by asking what an account is that they do not see
    return wanted


def _claimed(of: CallList) -> ColumnElement[bool]:
    """Somebody else is calling there."""
    found = select(claims.c.company_id).where(
        claims.c.company_id == of.company, claims.c.expires_at > NOW, claims.c.user_id != asker()
    )
    return found.exists()


def _put_off(of: CallList) -> ColumnElement[bool]:
    """Not now: for everybody, or for the asker."""
    found = select(deferrals.c.id).where(
        deferrals.c.record_id == of.model.id,
        deferrals.c.list == _LIST,
        deferrals.c.until > NOW,
        or_(deferrals.c.for_user_id.is_(None), deferrals.c.for_user_id == asker()),
    )
    return found.exists()


def _entries(shape: Shape, *columns: Any) -> Select[Any]:
    """All entries that the asker sees."""
    of = LISTS[shape.name]
    statement = of.joins(select(*columns).select_from(of.model)).where(
        of.due, *_filters(of, shape.filters, shape.reach)
    )
    if shape.free:
        statement = statement.where(~_claimed(of), ~_put_off(of))
    for model in of.beside:
        statement = beside(statement, model, reason=_WORK)
    return scope(statement, of.model, shape.reach)


def sorting(shape: Shape) -> tuple[Any, ...]:
    """The columns that the list is sorted by."""
    return LISTS[shape.name].sorts[shape.sort.removeprefix("-")]


def _ordered(shape: Shape, statement: Select[Any]) -> Select[Any]:
    columns = sorting(shape)
    descending = shape.sort.startswith("-")
    if shape.after:
        last = [bindparam(f"after_{n}", type_=column.type, required=True) for n, column in enumerate(columns)]
        if len(columns) > 2:  # for the index of the first table; the rest lies in another one
            first, there = tuple_(*columns[:2]), tuple_(*last[:2])
            statement = statement.where(first <= there if descending else first >= there)
        here, there = tuple_(*columns), tuple_(*last)
        statement = statement.where(here < there if descending else here > there)
    return statement.order_by(*(column.desc() if descending else column.asc() for column in columns))


@prepared
def page(shape: Shape) -> Select[Any]:
    """The ids of the next entries, with what they are sorted by as `after_0` and so on."""
    sort = (column.label(f"after_{n}") for n, column in enumerate(sorting(shape)))
    entries = _entries(shape, LISTS[shape.name].model.id.label("entry_id"), *sort)
    return _ordered(shape, entries).limit(bindparam("row_limit", type_=Integer, required=True))


@prepared
def count(shape: Shape) -> Select[Any]:
    """How many entries there are, up to `COUNTED`."""
    some = _entries(shape, literal_column("1").label("one")).limit(literal_column(str(COUNTED)))
    return select(func.count().label("count")).select_from(some.subquery())


@prepared
def one(shape: Shape) -> Select[Any]:
    """The entry by its id: its company, and whether somebody else is calling there."""
    of = LISTS[shape.name]
    entries = _entries(shape, of.company.label("company_id"), _claimed(of).label("claimed"))
    return entries.where(of.model.id == bindparam("entry_id", type_=Uuid, required=True))


@prepared
def candidate(shape: Shape) -> Select[Any]:
    """The first of some entries whose company nobody is claiming at this very moment: who claims holds its advisory lock.

    The inner statement is kept apart, so that locks are tried one by one, in order; its limit lets it be planned as a page is.
    """
    of = LISTS[shape.name]
    entries = _ordered(shape, _entries(shape, of.model.id.label("entry_id"), of.company.label("company_id")))
    free = entries.limit(bindparam("row_limit", type_=Integer, required=True)).subquery("free")
    return select(free).where(func.pg_try_advisory_xact_lock(_key(free.c.company_id))).limit(literal_column("1"))


@prepared
def contended(shape: Shape) -> Select[Any]:
    """Wait for whoever claims the first of these entries; no row when there are none."""
    of = LISTS[shape.name]
    entries = _ordered(shape, _entries(shape, of.company.label("company_id")))
    first = entries.limit(bindparam("row_limit", type_=Integer, required=True)).subquery("first")
    first = select(first).limit(literal_column("1")).subquery("only")
    return select(func.pg_advisory_xact_lock(_key(first.c.company_id)))


def _key(company_id: Any) -> Any:
    return func.hashtextextended(cast(company_id, Text), literal_column("43"))


# --- what is shown ---------------------------------------------------------------------------------------------------

_ENTRY_IDS = bindparam("entry_ids", type_=ARRAY(Uuid), required=True)
_assignee, _claimer = aliased(User), aliased(User)
_NO_ID: Any = cast(null(), Uuid)
_NO_TEXT: Any = cast(null(), Text)
_NO_LIST: Any = cast(null(), JSONB)


@prepared
def details(name: str, how_far: Reach) -> Select[Any]:
    """What is shown of chosen entries."""
    of = LISTS[name]
    return {"contact": _of_contacts, "lead": _of_leads, "account": _of_accounts}[of.record_type](of, how_far)


def _shown(of: CallList, statement: Select[Any], company: Any) -> Select[Any]:
    """With who is responsible, who is calling there, and whether it is put off."""
    model = of.model
    until = (
        select(func.max(deferrals.c.until))
        .where(
            deferrals.c.record_id == model.id,
            deferrals.c.list == _LIST,
            deferrals.c.until > NOW,
            or_(deferrals.c.for_user_id.is_(None), deferrals.c.for_user_id == asker()),
        )
        .correlate(model)
        .scalar_subquery()
    )
    return (
        statement.add_columns(
            model.id.label("entry_id"),
            model.created_at,
            model.assignee_id,
            _assignee.name.label("assignee_name"),
            claims.c.user_id.label("claimer_id"),
            _claimer.name.label("claimer_name"),
            claims.c.expires_at,
            until.label("put_off_until"),
        )
        .outerjoin(_assignee, _assignee.id == model.assignee_id)
        .outerjoin(claims, and_(claims.c.company_id == company, claims.c.expires_at > NOW))
        .outerjoin(_claimer, _claimer.id == claims.c.user_id)
        .where(model.id == func.any(_ENTRY_IDS))
    )


def _text(value: str) -> Any:
    return literal_column(f"'{value}'", Text)


def _person(contact: Any) -> Any:
    return func.concat_ws(" ", contact.first_name, contact.last_name)


def _of_contacts(of: CallList, how_far: Reach) -> Select[Any]:
    """People with their company, what it is like if the asker sees it, and how many of it remain."""
    company = aliased(Account)
    theirs: Select[Any] = select(Account.city, Account.last_order_on, Account.phones).where(Account.id == company.id)
    known = scope(theirs.correlate(company), Account, how_far).lateral("known")
    again: Select[Any] = (
        select(literal_column("1"))
        .select_from(Contact)
        .join(contact_calls, contact_calls.c.contact_id == Contact.id)
        .where(contact_calls.c.account_id == company.id, LISTS["contacts-never-called"].due)
        .correlate(company)
        .limit(literal_column(str(COMPANY_COUNTED)))
    )
    remaining = select(func.count()).select_from(scope(again, Contact, how_far).subquery()).scalar_subquery()
    chosen = select(Contact.account_id).where(Contact.id == func.any(_ENTRY_IDS)).distinct()
    companies = (
        beside(
            select(
                company.id,
                company.name,
                known.c.city,
                known.c.last_order_on,
                known.c.phones,
                remaining.label("remaining"),
            )
            .select_from(company)
            .outerjoin(known, true())
            .where(company.id.in_(unscoped(chosen, reason=_CHOSEN))),
            Account,
            reason=_WORK,
        )
        .cte("companies")
        .prefix_with("MATERIALIZED")
    )
    statement = (
        select(
            companies.c.id.label("account_id"),
            companies.c.name.label("account_name"),
            Contact.id.label("contact_id"),
            _person(Contact).label("contact_name"),
            _NO_ID.label("lead_id"),
            _NO_TEXT.label("lead_name"),
            Contact.job_title,
            func.coalesce(Contact.city, companies.c.city).label("city"),
            Contact.phones.label("own_phones"),
            companies.c.phones.label("company_phones"),
            contact_calls.c.last_held_at,
            companies.c.last_order_on,
            companies.c.remaining,
        )
        .select_from(Contact)
        .join(contact_calls, contact_calls.c.contact_id == Contact.id)
        .outerjoin(companies, companies.c.id == Contact.account_id)
    )
    return unscoped(_shown(of, statement, Contact.account_id), reason=_CHOSEN)


def _of_leads(of: CallList, _: Reach) -> Select[Any]:
    """Leads with the number they gave."""
    person = func.nullif(_person(Lead), _text(""))
    number = func.jsonb_build_array(func.jsonb_build_object(_text("number"), Lead.phone, _text("kind"), _text("work")))
    statement = select(
        _NO_ID.label("account_id"),
        _NO_TEXT.label("account_name"),
        _NO_ID.label("contact_id"),
        person.label("contact_name"),
        Lead.id.label("lead_id"),
        Lead.name.label("lead_name"),
        _NO_TEXT.label("job_title"),
        Lead.city,
        case((Lead.phone.is_not(None), number)).label("own_phones"),
        _NO_LIST.label("company_phones"),
        cast(null(), _MOMENT).label("last_held_at"),
        cast(null(), Account.last_order_on.type).label("last_order_on"),
        cast(null(), BigInteger).label("remaining"),
    ).select_from(Lead)
    return unscoped(_shown(of, statement, Lead.id), reason=_CHOSEN)


def _of_accounts(of: CallList, how_far: Reach) -> Select[Any]:
    """Companies with whom to call there: who decides, or the first who may be called, of those that the asker sees."""
    people: Select[Any] = (
        select(Contact.id, _person(Contact).label("name"), Contact.job_title, Contact.phones)
        .where(
            Contact.account_id == Account.id,
            Contact.relationship == literal_column("'active'"),
            ~Contact.do_not_contact,
        )
        .order_by((Contact.id == Account.main_contact_id).desc().nulls_last(), Contact.sort_name, Contact.id)
        .limit(literal_column("1"))
        .correlate(Account)
    )
    person = scope(people, Contact, how_far).lateral("person")
    statement = (
        select(
            Account.id.label("account_id"),
            Account.name.label("account_name"),
            person.c.id.label("contact_id"),
            person.c.name.label("contact_name"),
            _NO_ID.label("lead_id"),
            _NO_TEXT.label("lead_name"),
            person.c.job_title,
            Account.city,
            person.c.phones.label("own_phones"),
            Account.phones.label("company_phones"),
            account_calls.c.last_held_at,
            Account.last_order_on,
            cast(null(), BigInteger).label("remaining"),
        )
        .select_from(Account)
        .join(account_calls, account_calls.c.account_id == Account.id)
        .outerjoin(person, true())
    )
    return unscoped(_shown(of, statement, Account.id), reason=_CHOSEN)


# --- what the caller needs -------------------------------------------------------------------------------------------


@prepared
def recent(record_type: str, how_far: Reach) -> Select[Any]:
    """The last activities with the contact, lead or account that the asker sees."""
    column = getattr(Activity, f"{record_type}_id")
    found: Any = (
        select(Activity.id, Activity.type, Activity.status, Activity.at, Activity.subject)
        .where(column == bindparam("record_id", type_=Uuid, required=True), Activity.at <= NOW)
        .order_by(Activity.at.desc(), Activity.id.desc())
        .limit(literal_column("5"))
    )
    return scope(found, Activity, how_far)


@prepared
def script(how_far: Reach) -> Select[Any]:
    """The script that fits the account, as it is now, if the asker sees it."""
    account = select(fitting()).where(Account.id == bindparam("account_id", type_=Uuid, required=True))
    found: Any = (
        select(CallScript.key, CallScript.label_de, CallScript.label_en, CallScriptVersion.id)
        .join(CallScriptVersion, CallScriptVersion.script_id == CallScript.id)
        .where(CallScript.active, CallScript.fits == scope(account, Account, how_far).scalar_subquery())
        .order_by(CallScript.position, CallScriptVersion.number.desc())
        .limit(literal_column("1"))
    )
    statement: Select[Any] = found
    return statement
