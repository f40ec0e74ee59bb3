"""The lists: whom each is of, in which order, and when somebody is no longer on it (CALL-5)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import DateTime, Select, and_, bindparam, func, literal_column, not_, select

from app.accounts.models import Account
from app.call_lists.models import account_calls, contact_calls
from app.call_lists.schemas import ListName
from app.contacts.models import Contact
from app.leads.models import Lead
from app.projects.models import Project

_MOMENT = DateTime(timezone=True)
_NEVER: Any = literal_column("'-infinity'::timestamptz", _MOMENT)
_NO_DAY: Any = literal_column("'-infinity'::date")
CALLED_BEFORE = bindparam("called_before", type_=_MOMENT, required=True)
"""Accounts that were called since are not on the lists."""
LAST_CALL = func.coalesce(account_calls.c.last_held_at, _NEVER, type_=_MOMENT)

Text = Mapping[str, str]


@dataclass(frozen=True)
class CallList:
    """A list. `company` is what one person calls at a time: the account, or the lead. Every sort ends in the entry's id."""

    name: ListName
    record_type: Literal["contact", "lead", "account"]
    model: Any
    company: Any
    joins: Callable[[Select[Any]], Select[Any]]
    due: Any
    sorts: Mapping[str, tuple[Any, ...]]
    label: Text
    description: Text
    beside: tuple[Any, ...] = ()

    @property
    def default_sort(self) -> str:
        return next(iter(self.sorts))


def _accounts(name: ListName, condition: Any, label: Text, description: Text) -> CallList:
    return CallList(
        *(name, "account", Account, Account.id),
        joins=lambda s: s.join(account_calls, account_calls.c.account_id == Account.id),
        due=and_(condition, LAST_CALL < CALLED_BEFORE),
        sorts={
            "last_call": (LAST_CALL, account_calls.c.account_id),
            "name": (Account.sort_name, Account.id),
            "last_order_on": (
                func.coalesce(Account.last_order_on, _NO_DAY, type_=Account.last_order_on.type),
                Account.id,
            ),
        },
        label=label,
        description=description,
    )


_LEAN = select(Project.id).where(Project.lean)
LISTS: dict[str, CallList] = {
    one.name: one
    for one in (
        CallList(
            *("contacts-never-called", "contact", Contact, Account.id),
            joins=lambda s: s.join(contact_calls, contact_calls.c.contact_id == Contact.id).join(
                Account, Account.id == contact_calls.c.account_id
            ),
            due=and_(contact_calls.c.last_held_at.is_(None), contact_calls.c.callable),
            sorts={
                "account": (Account.sort_name, Account.id, Contact.sort_name, Contact.id),
                "contact": (Contact.sort_name, Contact.id),
                "created_at": (Contact.created_at, Contact.id),
            },
            label={"de": "Kontakte ohne Anruf (R602)", "en": "Contacts never called (R602)"},
            description={
                "de": "Alle Kontakte, mit denen noch kein Anruf geführt wurde, nach Firmen: jede wird einmal abgearbeitet.",
                "en": "All contacts with whom no call was ever held, by company: each is worked through once.",
            },
            beside=(Account,),
        ),
        CallList(
            *("leads-never-contacted", "lead", Lead, Lead.id),
            joins=lambda s: s,
            due=and_(
                Lead.phase == literal_column("'open'"),  # a bind would hide the partial index
                Lead.contacted_on.is_(None),
                not_(Lead.project_id.in_(_LEAN)),
            ),
            sorts={"created_at": (Lead.created_at, Lead.id), "name": (Lead.sort_name, Lead.id)},
            label={"de": "Noch nicht kontaktierte Interessenten (R603)", "en": "Leads never contacted (R603)"},
            description={
                "de": "Interessenten ohne ersten Kontakt: anrufen, Daten vervollständigen, konvertieren.",
                "en": "Leads without a first contact: call them, complete their data, convert them.",
            },
        ),
        _accounts(
            "former-customers",
            Account.status == "former",
            {"de": "Ehemalige Kunden", "en": "Former customers"},
            {
                "de": "Kunden ohne Auftrag seit sechs Monaten, die länger nicht angerufen wurden; „type“ nennt die Umsatzklasse.",
                "en": "Customers without an order for six months who were not called lately; “type” is their class of revenue.",
            },
        ),
        _accounts(
            "vip",
            Account.vip,
            {"de": "VIP-Kunden", "en": "VIP customers"},
            {
                "de": "VIP-Kunden, die länger nicht angerufen wurden.",
                "en": "VIP customers who were not called lately.",
            },
        ),
    )
}
