"""How contacts are read."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Uuid, bindparam, extract, func, select, union_all
from sqlalchemy.orm import aliased

from app.accounts.models import Account
from app.accounts.queries import any_in, is_set
from app.accounts.reach_filters import reach_filters
from app.contacts.membership_schemas import AccountContactRead
from app.contacts.models import AccountContact, Contact, Departure
from app.contacts.schemas import ContactRead
from app.core.expressions import link, photo, plain, record
from app.core.filters import Filter, any_of, any_spelling_of, at_least, below, contains_word, equals
from app.core.redirects import ids_or_winners
from app.core.resource import Resource
from app.core.visibility import beside
from app.custom_fields.lists import CustomLists
from app.identity.models import User


def _at_account() -> Filter:
    """Contacts of one of the accounts, be it their main one or a further one: two indexes, not one condition with "or"."""

    def build(name: str) -> tuple[ColumnElement[bool], Callable[[Any], Any]]:
        wanted = func.any(bindparam(name, type_=ARRAY(Uuid), required=True))
        own = aliased(Contact)
        further = beside(
            select(AccountContact.contact_id).where(AccountContact.account_id == wanted),
            AccountContact,
            reason="which of the contacts that the asker sees belong to an account that they name",
        )
        there = union_all(select(own.id).where(own.account_id == wanted), further)
        return Contact.id.in_(there), list

    return build


_Next = aliased(Contact)
_next_contact = (
    select(_Next.id)
    .where(_Next.previous_contact_id == Contact.id)
    .order_by(_Next.created_at.desc())
    .limit(1)
    .correlate(Contact)
    .scalar_subquery()
)
_next_lead = (
    select(Departure.lead_id)
    .where(Departure.contact_id == Contact.id, Departure.lead_id.is_not(None))
    .order_by(Departure.created_at.desc())
    .limit(1)
    .correlate(Contact)
    .scalar_subquery()
)

CONTACT = Resource(
    Contact,
    ContactRead,
    {
        **record(Contact),
        "account": link(Contact.account_id, Account.name),
        "industry": Account.industry,
        **plain(Contact, "salutation", "title", "first_name", "last_name", "job_title"),
        "assignee": link(Contact.assignee_id, User.name),
        **plain(Contact, "manager_ids", "team_ids", "teams_follow", "access"),
        **plain(Contact, "street", "postal_code", "city", "state", "country"),
        **plain(Contact, "phone", "email", "birth_date", "description", "source", "erp_id", "lead_id", "custom"),
        **plain(Contact, "emails", "phones", "addresses", "web_addresses", "contact_type"),
        **plain(Contact, "relationship", "do_not_contact", "left_on", "previous_contact_id"),
        "next_contact_id": _next_contact,
        "next_lead_id": _next_lead,
        "photo": photo(Contact.id, Contact.photo_id, "contacts"),
    },
    joins=lambda s: s.join(User, User.id == Contact.assignee_id).outerjoin(Account, Account.id == Contact.account_id),
    beside={Account: "whoever sees a person may know whom they work for and in which industry, and nothing else"},
    filters={
        "id": ids_or_winners(Contact.id),
        "q": contains_word(Contact.search_key),
        **reach_filters(Contact),
        "contact_type": any_of(Contact.contact_type),
        "account_id": _at_account(),
        "has_account": is_set(Contact.account_id),
        "assignee_id": any_of(Contact.assignee_id),
        "team_id": any_in(Contact.team_ids),
        "access": any_of(Contact.access),
        "manager_id": any_in(Contact.manager_ids),
        "relationship": any_of(Contact.relationship),
        "do_not_contact": equals(Contact.do_not_contact),
        "industry": any_of(Account.industry),
        "centre_id": any_of(Account.centre_id),
        "erp_id": any_of(Contact.erp_id),
        "has_erp_id": is_set(Contact.erp_id),
        "birth_month": any_of(extract("month", Contact.birth_date).cast(BigInteger)),
        "left_after": at_least(Contact.left_on),
        "city": any_spelling_of(Contact.city),
        "postal_code": any_of(Contact.postal_code),
        "country": any_of(Contact.country),
        "created_after": at_least(Contact.created_at),
        "created_before": below(Contact.created_at),
    },
    sorts={"name": Contact.sort_name, "created_at": Contact.created_at},
    added=CustomLists("contact", Contact),
)

ACCOUNT_CONTACT = Resource(
    AccountContact,
    AccountContactRead,
    {
        **record(AccountContact),
        "account": link(AccountContact.account_id, Account.name),
        "contact": link(AccountContact.contact_id, func.concat_ws(" ", Contact.first_name, Contact.last_name)),
        **plain(AccountContact, "relation", "job_title"),
    },
    joins=lambda s: s.join(Account, Account.id == AccountContact.account_id).join(
        Contact, Contact.id == AccountContact.contact_id
    ),
    beside={Account: "who sees the pair sees both ends", Contact: "who sees the pair sees both ends"},
    filters={
        "account_id": any_of(AccountContact.account_id),
        "contact_id": any_of(AccountContact.contact_id),
        "relation": any_of(AccountContact.relation),
    },
    sorts={"created_at": AccountContact.created_at},
)
