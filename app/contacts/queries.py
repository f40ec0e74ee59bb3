"""How contacts are read."""

from typing import Any

from sqlalchemy import Boolean, bindparam

from app.accounts.models import Account
from app.accounts.queries import any_in
from app.contacts.models import Contact
from app.contacts.schemas import ContactRead
from app.core.expressions import link, plain, record
from app.core.redirects import ids_or_winners
from app.core.resource import Filter, Resource, any_of, any_spelling_of, at_least, below, contains_word
from app.custom_fields.lists import CustomLists
from app.identity.models import User


def _is_set(column: Any) -> Filter:
    """Whether the column holds anything."""
    return lambda name: (
        column.is_not(None) == bindparam(name, type_=Boolean, required=True),
        lambda value: value,
    )


CONTACT = Resource(
    Contact,
    ContactRead,
    {
        **record(Contact),
        "account": link(Contact.account_id, Account.name),
        **plain(Contact, "salutation", "title", "first_name", "last_name", "job_title"),
        "assignee": link(Contact.assignee_id, User.name),
        **plain(Contact, "manager_ids", "team_ids", "access", "street", "postal_code", "city", "state", "country"),
        **plain(Contact, "phone", "email", "birth_date", "description", "source", "erp_id", "lead_id", "custom"),
    },
    joins=lambda s: s.join(User, User.id == Contact.assignee_id).outerjoin(Account, Account.id == Contact.account_id),
    beside={Account: "whoever sees a person may know whom they work for: the name, and nothing else of the account"},
    filters={
        "id": ids_or_winners(Contact.id),
        "q": contains_word(Contact.search_key),
        "account_id": any_of(Contact.account_id),
        "has_account": _is_set(Contact.account_id),
        "assignee_id": any_of(Contact.assignee_id),
        "team_id": any_in(Contact.team_ids),
        "access": any_of(Contact.access),
        "email": any_spelling_of(Contact.email),
        "city": any_spelling_of(Contact.city),
        "postal_code": any_of(Contact.postal_code),
        "country": any_of(Contact.country),
        "created_after": at_least(Contact.created_at),
        "created_before": below(Contact.created_at),
    },
    sorts={"name": Contact.sort_name, "created_at": Contact.created_at},
    added=CustomLists("contact", Contact),
)
