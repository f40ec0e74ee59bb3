"""What can be asked about: each kind's permissions, and the conditions under which its services let somebody write.

The conditions are the features' own; here they are only put in an order and called by their names.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from app.accounts import access as managed
from app.accounts.models import Account
from app.accounts.schemas import AccountRead, AccountUpdate
from app.activities import access as activities
from app.activities.models import Activity
from app.activities.reads import AnyActivity
from app.contacts.models import Contact
from app.contacts.schemas import ContactRead, ContactUpdate
from app.core.context import Context
from app.core.permissions import Permission
from app.core.principal import UserPrincipal
from app.core.records import RecordType
from app.leads import access as leads
from app.leads.models import Lead
from app.leads.schemas import LeadRead, LeadUpdate
from app.opportunities.models import Opportunity
from app.opportunities.schemas import OpportunityRead, OpportunityUpdate
from app.recording.schemas import UPDATES, ActivityUpdate, types_with

Reasons = Callable[..., Mapping[str, bool]]
"""Why somebody who sees the record may change these fields of it; each is enough. Called with the user, the record, the fields
and, where the kind says so, what is `known`.
"""


@dataclass(frozen=True)
class Condition:
    """Something of the record itself that must hold, whoever asks."""

    code: str
    holds: Callable[[Any], bool]
    value: Callable[[Any], object]
    """What of the record the condition looks at."""


@dataclass(frozen=True)
class Kind:
    """A kind of record, and what its routes ask for.

    `change` and `delete` are permissions that those routes require; without `reasons`, whoever sees the record and has the
    permission may change it. `of_fields` are permissions that one field needs on top.
    """

    record_type: RecordType
    model: Any
    read: Permission
    change: Permission | None
    delete: Permission
    shown: type[BaseModel]
    settable: type[BaseModel]
    reasons: Reasons | None = None
    delete_reasons: Reasons | None = None
    known: Callable[[Context, UUID], Awaitable[Any]] | None = None
    """What the reasons must know of the user besides the record."""
    conditions: tuple[Condition, ...] = ()
    """For changing and deleting."""
    delete_conditions: tuple[Condition, ...] = ()
    of_fields: Mapping[str, Permission] = field(default_factory=dict)
    only_if: Mapping[str, Condition] = field(default_factory=dict)
    """Fields that only some records of the kind have."""


def _of_lead(asker: UserPrincipal, lead: Any, _: frozenset[str]) -> Mapping[str, bool]:
    return leads.reasons_to_change(asker, lead)


_OPEN = Condition("lead_open", lambda lead: lead.phase == "open", lambda lead: lead.phase)
_NOT_ERP = Condition("not_from_erp", lambda record: record.erp_id is None, lambda record: record.erp_id)


def _of_types(field: str) -> Condition:
    types = types_with(field)
    return Condition("of_its_type", lambda activity: activity.type in types, lambda activity: activity.type)


P = Permission
KINDS: dict[str, tuple[str, str, Kind]] = {
    # path: (what one is called, tag, kind)
    "leads": (
        "lead",
        "leads",
        Kind(
            *("lead", Lead, P.LEADS_READ, P.LEADS_UPDATE, P.LEADS_DELETE, LeadRead, LeadUpdate),
            reasons=_of_lead,
            delete_reasons=_of_lead,
            conditions=(_OPEN,),
            of_fields={"assignee_id": P.LEADS_ASSIGN},
        ),
    ),
    "accounts": (
        "account",
        "accounts",
        Kind(
            *("account", Account, P.ACCOUNTS_READ, P.ACCOUNTS_WRITE, P.ACCOUNTS_DELETE, AccountRead, AccountUpdate),
            reasons=managed.reasons_to_change,
            delete_reasons=managed.reasons_to_change,
            delete_conditions=(_NOT_ERP,),
            of_fields={"vip": P.ACCOUNTS_SET_VIP},
        ),
    ),
    "contacts": (
        "contact",
        "contacts",
        Kind(
            *("contact", Contact, P.CONTACTS_READ, P.CONTACTS_WRITE, P.CONTACTS_DELETE, ContactRead, ContactUpdate),
            reasons=managed.reasons_to_change,
            delete_reasons=managed.reasons_to_change,
        ),
    ),
    "opportunities": (
        "opportunity",
        "opportunities",
        Kind(
            *("opportunity", Opportunity, P.OPPORTUNITIES_READ, P.OPPORTUNITIES_WRITE, P.OPPORTUNITIES_WRITE),
            *(OpportunityRead, OpportunityUpdate),
        ),
    ),
    "activities": (
        "activity",
        "activities",
        Kind(
            *("activity", Activity, P.ACTIVITIES_READ, None, P.ACTIVITIES_WRITE, AnyActivity, ActivityUpdate),
            reasons=activities.reasons_to_change,
            delete_reasons=activities.reasons_to_delete,
            known=activities.writable_calendars,
            only_if={
                field: _of_types(field)
                for field in ActivityUpdate.model_fields
                if len(types_with(field)) < len(UPDATES)
            },
        ),
    ),
}
