"""How accounts are read."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    Date,
    Text,
    Uuid,
    bindparam,
    column,
    func,
    literal_column,
    select,
    table,
)
from sqlalchemy.orm import aliased

from app.accounts.models import Account, MemberOrganisation
from app.accounts.organisation_schemas import MemberOrganisationRead
from app.accounts.reach_filters import reach_filters
from app.accounts.schemas import AccountRead
from app.core.expressions import link, money, photo, plain, record
from app.core.filters import Filter, any_of, any_spelling_of, at_least, below, contains_word, equals
from app.core.redirects import ids_or_winners
from app.core.resource import Resource
from app.custom_fields.lists import CustomLists
from app.identity.models import Centre, User

MEMBER_ORGANISATION = Resource(
    MemberOrganisation,
    MemberOrganisationRead,
    {**record(MemberOrganisation), **plain(MemberOrganisation, "name", "active")},
    filters={
        "id": any_of(MemberOrganisation.id),
        "q": contains_word(func.sort_key(MemberOrganisation.name)),
        "active": equals(MemberOrganisation.active),
    },
    sorts={"name": func.sort_key(MemberOrganisation.name, type_=Text), "created_at": MemberOrganisation.created_at},
    default_sort="name",
    is_owned=False,
)


def any_in(column: Any) -> Filter:
    """An array column that holds at least one of the values."""
    return lambda name: (
        column.op("&&", is_comparison=True)(bindparam(name, type_=ARRAY(Uuid), required=True)),
        list,
    )


def few_with(column: Any) -> Filter:
    """The same, for what few of the accounts have: they are found first and sorted then, and no other is looked at."""
    beside = aliased(Account)
    theirs = getattr(beside, column.key)

    def build(name: str) -> tuple[ColumnElement[bool], Callable[[Any], Any]]:
        having = select(beside.id).where(any_in(theirs)(name)[0])
        return Account.id == func.any(func.array(having.scalar_subquery())), list

    return build


def is_set(column: Any) -> Filter:
    """Whether the column holds anything."""
    return lambda name: (
        column.is_not(None) == bindparam(name, type_=Boolean, required=True),
        lambda value: value,
    )


def _since(day: Any) -> ColumnElement[Any]:
    """The day, or one before all others where there is none: sorted by the index on this expression."""
    return func.coalesce(day, literal_column("'-infinity'::date"), type_=Date)


_Parent = aliased(Account)
_parent_name = select(_Parent.name).where(_Parent.id == Account.parent_id).correlate(Account).scalar_subquery()
"""Whoever sees an account may know what it belongs to: the name, and nothing else of it."""

# By name: contacts stand above accounts. An account shows who its main contact is to whoever sees it.
_contacts = table("contacts", column("id"), column("first_name"), column("last_name"))
_main_contact_name = (
    select(func.concat_ws(" ", _contacts.c.first_name, _contacts.c.last_name))
    .where(_contacts.c.id == Account.main_contact_id)
    .correlate(Account)
    .scalar_subquery()
)
"""Likewise who decides there; contacts are a floor above."""

ACCOUNT = Resource(
    Account,
    AccountRead,
    {
        **record(Account),
        **plain(Account, "name"),
        "assignee": link(Account.assignee_id, User.name),
        **plain(Account, "manager_ids", "team_ids", "access", "type", "status", "segment"),
        "centre": link(Account.centre_id, Centre.name),
        "parent": link(Account.parent_id, _parent_name),
        **plain(Account, "vip", "member_organisation_ids", "partner_info", "terms_valid_from", "terms_valid_until"),
        **plain(Account, "visit_interval_days", "visit_priority", "last_visit_on", "last_order_on"),
        **plain(Account, "level", "industry", "legal_form"),
        **plain(Account, "street", "postal_code", "city", "state", "country", "phone", "email", "website", "vat_id"),
        **plain(Account, "emails", "phones", "addresses", "web_addresses", "contact_type"),
        "main_contact": link(Account.main_contact_id, _main_contact_name),
        **plain(Account, "description"),
        "expected_revenue": money(Account.expected_revenue_amount, Account.expected_revenue_currency),
        **plain(Account, "source", "erp_id", "lead_id", "custom"),
        "photo": photo(Account.id, Account.photo_id, "accounts"),
    },
    joins=lambda s: s.join(User, User.id == Account.assignee_id).outerjoin(Centre, Centre.id == Account.centre_id),
    filters={
        **reach_filters(Account),
        "contact_type": any_of(Account.contact_type),
        "id": ids_or_winners(Account.id),
        "q": contains_word(Account.sort_name),
        "assignee_id": any_of(Account.assignee_id),
        "team_id": any_in(Account.team_ids),
        "access": any_of(Account.access),
        "manager_id": any_in(Account.manager_ids),
        "segment": any_of(Account.segment),
        "centre_id": any_of(Account.centre_id),
        "parent_id": any_of(Account.parent_id),
        "vip": equals(Account.vip),
        "member_organisation_id": few_with(Account.member_organisation_ids),
        "visit_priority": equals(Account.visit_priority),
        "erp_id": any_of(Account.erp_id),
        "has_erp_id": is_set(Account.erp_id),
        "last_order_after": at_least(Account.last_order_on),
        "last_order_before": below(Account.last_order_on),
        "last_visit_before": below(_since(Account.last_visit_on)),
        "terms_end_before": below(Account.terms_valid_until),
        "type": any_of(Account.type),
        "status": any_of(Account.status),
        "level": any_of(Account.level),
        "industry": any_of(Account.industry),
        "city": any_spelling_of(Account.city),
        "postal_code": any_of(Account.postal_code),
        "country": any_of(Account.country),
        "created_after": at_least(Account.created_at),
        "created_before": below(Account.created_at),
    },
    sorts={
        "name": Account.sort_name,
        "created_at": Account.created_at,
        "last_order_on": _since(Account.last_order_on),
        "last_visit_on": _since(Account.last_visit_on),
    },
    added=CustomLists("account", Account),
)
