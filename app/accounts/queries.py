"""How accounts are read."""

from typing import Any

from sqlalchemy import ARRAY, Uuid, bindparam

from app.accounts.models import Account
from app.accounts.schemas import AccountRead
from app.core.expressions import link, money, plain, record
from app.core.redirects import ids_or_winners
from app.core.resource import Filter, Resource, any_of, any_spelling_of, at_least, below, contains_word
from app.identity.models import User


def any_in(column: Any) -> Filter:
    """An array column that holds at least one of the values."""
    return lambda name: (
        column.op("&&", is_comparison=True)(bindparam(name, type_=ARRAY(Uuid), required=True)),
        list,
    )


ACCOUNT = Resource(
    Account,
    AccountRead,
    {
        **record(Account),
        **plain(Account, "name"),
        "assignee": link(Account.assignee_id, User.name),
        **plain(Account, "manager_ids", "team_ids", "access", "type", "status", "level", "industry", "legal_form"),
        **plain(Account, "street", "postal_code", "city", "state", "country", "phone", "email", "website", "vat_id"),
        **plain(Account, "description"),
        "expected_revenue": money(Account.expected_revenue_amount, Account.expected_revenue_currency),
        **plain(Account, "source", "erp_id", "lead_id"),
    },
    joins=lambda s: s.join(User, User.id == Account.assignee_id),
    filters={
        "id": ids_or_winners(Account.id),
        "q": contains_word(Account.sort_name),
        "assignee_id": any_of(Account.assignee_id),
        "team_id": any_in(Account.team_ids),
        "access": any_of(Account.access),
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
    sorts={"name": Account.sort_name, "created_at": Account.created_at},
)
