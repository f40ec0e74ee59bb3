"""How conversions are read."""

from sqlalchemy import ColumnElement, Executable, Text, Uuid, bindparam, case, cast, func, literal, select, true
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import aliased

from app.accounts.models import Account
from app.contacts.models import Contact
from app.core.expressions import link
from app.core.principal import Reach
from app.core.statements import Statement, prepared
from app.core.visibility import Owned, predicate, unscoped
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


def _seen(model: type[Owned], how_far: Reach) -> ColumnElement[bool]:
    condition = predicate(model, how_far)
    return true() if condition is None else func.coalesce(condition, literal(value=False))


@prepared
def conversion(how_far: Reach) -> Executable:
    """A lead's conversion as JSON. Of a customer whom the asker may not see, it shows the name only (DUP-3).

    Binds: lead_id.
    """
    person = func.concat_ws(" ", Contact.first_name, Contact.last_name)
    applied = cast(Conversion.applied, JSONB)["fields"]
    row = (
        select(
            Conversion.lead_id,
            Conversion.outcome,
            link(Account.id, Account.name).label("account"),
            case((_seen(Contact, how_far), link(Contact.id, person)), else_=None).label("contact"),
            Conversion.activity_id,
            Conversion.message_id,
            _lock.c.id.label("lock_id"),
            _lock.c.state.label("lock_state"),
            _lock.c.ends_on.label("lock_ends_on"),
            case((_seen(Account, how_far), applied), else_=func.jsonb_build_array()).label("applied"),
            link(_converter.id, _converter.name).label("converted_by"),
            Conversion.converted_at,
        )
        .join(Account, Account.id == Conversion.account_id)
        .join(Contact, Contact.id == Conversion.contact_id, isouter=True)
        .join(_converter, _converter.id == Conversion.converted_by, isouter=True)
        .join(_lock, _lock.c.id.is_not(None), isouter=True)
        .where(Conversion.lead_id == bindparam("lead_id", type_=Uuid, required=True))
        .subquery("r")
    )
    statement = select(cast(func.row_to_json(row.table_valued()), Text).label("json"))
    return unscoped(statement, reason="shown to who may see the lead: the customer's name is the lead's")


FIRST_STAGE = Statement(
    select(Stage.id)
    .where(Stage.pipeline_id == bindparam("pipeline", type_=Uuid, required=True))
    .order_by(Stage.position)
    .limit(1)
)
