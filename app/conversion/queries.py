"""How conversions are read."""

from sqlalchemy import Text, Uuid, bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import aliased

from app.accounts.models import Account
from app.contacts.models import Contact
from app.core.expressions import link
from app.core.statements import Statement
from app.core.visibility import unscoped
from app.identity.models import User
from app.leads.models import Conversion
from app.locks.models import LeadLock
from app.opportunities.models import Stage

_converter = aliased(User)
_lock = (
    select(LeadLock.id, LeadLock.state, LeadLock.ends_on)
    .where(LeadLock.lead_id == Conversion.lead_id)
    .order_by(LeadLock.created_at.desc())
    .limit(1)
    .correlate(Conversion)
    .lateral("lock")
)
_row = unscoped(
    select(
        Conversion.lead_id,
        Conversion.outcome,
        link(Account.id, Account.name).label("account"),
        link(Contact.id, func.concat_ws(" ", Contact.first_name, Contact.last_name)).label("contact"),
        Conversion.activity_id,
        Conversion.message_id,
        _lock.c.id.label("lock_id"),
        _lock.c.state.label("lock_state"),
        _lock.c.ends_on.label("lock_ends_on"),
        cast(Conversion.applied, JSONB)["fields"].label("applied"),
        link(_converter.id, _converter.name).label("converted_by"),
        Conversion.converted_at,
    )
    .join(Account, Account.id == Conversion.account_id)
    .join(Contact, Contact.id == Conversion.contact_id, isouter=True)
    .join(_converter, _converter.id == Conversion.converted_by, isouter=True)
    .join(_lock, _lock.c.id.is_not(None), isouter=True)
    .where(Conversion.lead_id == bindparam("lead_id", type_=Uuid, required=True)),
    reason="shown to who may see the lead: the customer's name is the lead's",
).subquery("r")

CONVERSION = Statement(
    unscoped(select(cast(func.row_to_json(_row.table_valued()), Text).label("json")), reason="see above")
)
FIRST_STAGE = Statement(
    select(Stage.id)
    .where(Stage.pipeline_id == bindparam("pipeline", type_=Uuid, required=True))
    .order_by(Stage.position)
    .limit(1)
)
