"""Who may read and change leads, accounts and contacts, whichever they are; and what the matcher makes of each."""

from typing import Any, get_args
from uuid import UUID

from sqlalchemy import select

from app.accounts import parties as accounts
from app.accounts.access import is_manager
from app.accounts.models import Account
from app.contacts import parties as contacts
from app.contacts.models import Contact
from app.core.context import Context
from app.core.permissions import Permission
from app.core.visibility import unscoped
from app.duplicates.models import MODELS
from app.duplicates.schemas import RecordType
from app.leads import parties as leads
from app.leads.access import may_change as may_change_lead
from app.leads.models import Lead
from app.leads.problems import NotYourLead
from app.matching import PartyValues

READ = {"lead": Permission.LEADS_READ, "account": Permission.ACCOUNTS_READ, "contact": Permission.CONTACTS_READ}
CHANGE = {"lead": Permission.LEADS_UPDATE, "account": Permission.ACCOUNTS_WRITE, "contact": Permission.CONTACTS_WRITE}
assert set(READ) == set(CHANGE) == set(MODELS) == set(get_args(RecordType))

Record = Lead | Account | Contact


def may_change(ctx: Context, record_type: str, record: Record) -> bool:
    """Whether the asker, who sees the record, may change it."""
    if not ctx.may(CHANGE[record_type]):
        return False
    if isinstance(record, Lead):
        try:
            may_change_lead(ctx, record)
        except NotYourLead:
            return False
        return True
    return is_manager(ctx, record) or record.access == "public_write"


async def party_values(ctx: Context, record: Record) -> PartyValues:
    """The record as the duplicate index knows it, whoever asks: who sees a person may know whom they work for."""
    if isinstance(record, Lead):
        return leads.values_of(record)
    if isinstance(record, Account):
        return accounts.values_of(record)
    employer = unscoped(select(Account.name).where(Account.id == record.account_id), reason="as the index knows it")
    return contacts.values_of(record, (await ctx.session.execute(employer)).scalar_one_or_none())


async def load(ctx: Context, record_type: RecordType, id_: UUID) -> Record:
    """The visible record. Raises Forbidden, NotFound."""
    ctx.require(READ[record_type])
    model: Any = MODELS[record_type]
    record: Record = await ctx.load(model, id_, lock=False)
    return record
