"""The kinds of records that follow-ups stand on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func

from app.accounts.models import Account
from app.activities.models import Activity
from app.contacts.models import Contact
from app.core.permissions import Permission
from app.core.records import RecordType
from app.follow_ups.models import FollowUp
from app.leads.models import Lead
from app.opportunities.models import Opportunity


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of record: the right to see one, the column that names it, and what it is called."""

    record_type: RecordType
    model: Any
    read: Permission
    column: Any
    name: Any


_PERSON = func.concat_ws(" ", Contact.first_name, Contact.last_name)
KINDS: Mapping[str, Kind] = {
    kind.record_type: kind
    for kind in (
        Kind("lead", Lead, Permission.LEADS_READ, FollowUp.lead_id, Lead.name),
        Kind("account", Account, Permission.ACCOUNTS_READ, FollowUp.account_id, Account.name),
        Kind("contact", Contact, Permission.CONTACTS_READ, FollowUp.contact_id, _PERSON),
        Kind("opportunity", Opportunity, Permission.OPPORTUNITIES_READ, FollowUp.opportunity_id, Opportunity.name),
        Kind("activity", Activity, Permission.ACTIVITIES_READ, FollowUp.activity_id, Activity.subject),
    )
}
