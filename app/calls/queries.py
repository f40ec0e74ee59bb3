"""What calls look up."""

from typing import Any

from sqlalchemy import ARRAY, Executable, Select, Text, Uuid, bindparam, column, func, literal, select, table
from sqlalchemy.dialects.postgresql import insert

from app.accounts.models import Account
from app.activities.models import Activity, ActivityContact
from app.contacts.models import Contact
from app.core.principal import Reach
from app.core.statements import Statement, prepared
from app.core.visibility import scope, unscoped

_id = bindparam("id", type_=Uuid, required=True)
_WITH_THEM = "the call is with them"


@prepared
def whose(how_far: Reach) -> Select[Any]:
    """Of a visible call: whom it is with, and whether a consent was given or refused at it."""
    found: Any = select(Activity.contact_id, Activity.account_id, Activity.consent.is_not(None).label("has_consent"))
    return scope(found.where(Activity.id == _id, Activity.type == "call"), Activity, how_far)


@prepared
def hold(model: Any) -> Executable:
    """Lock the contact or account, as others do before its activities."""
    return unscoped(select(model.id).where(model.id == _id).with_for_update(key_share=True), reason=_WITH_THEM)


HOLD_CONTACT, HOLD_ACCOUNT = hold(Contact), hold(Account)

_calls = table("contact_calls", column("contact_id", Uuid))  # of the call lists, which are a floor above
HOLD_CALLED = Statement(
    select(_calls.c.contact_id)
    .where(_calls.c.contact_id == func.any(bindparam("ids", type_=ARRAY(Uuid), required=True)))
    .order_by(_calls.c.contact_id)
    .with_for_update()
)
"""Lock when these contacts were last called, in order: a held call with several of them notes it of one after another."""

WANTED = Statement(
    unscoped(select(Contact.relationship, Contact.do_not_contact).where(Contact.id == _id), reason=_WITH_THEM)
)
"""Whether the contact is still there and wants to be called."""

FOLLOWED_BY = Statement(
    unscoped(
        select(Activity.id).where(Activity.follows_id == _id, Activity.type == "call", Activity.status != "cancelled"),
        reason="there is one next call, whoever sees it",
    )
)

COPY_CONTACTS = Statement(
    insert(ActivityContact).from_select(
        ["id", "activity_id", "contact_id"],
        select(func.gen_random_uuid(), bindparam("to", type_=Uuid, required=True), ActivityContact.contact_id).where(
            ActivityContact.activity_id == _id
        ),
    )
)
"""Whoever took part in one call takes part in the next."""

_email = bindparam("email", type_=Text, required=True)


@prepared
def latest_answer(of_contact: bool) -> Executable:
    """What was said last of an address at another call with the same contact, or with the same account without a contact."""
    whom = bindparam("whom", type_=Uuid, required=True)
    mine = Activity.contact_id == whom if of_contact else (Activity.account_id == whom) & Activity.contact_id.is_(None)
    found = (
        select(Activity.id, Activity.consent, Activity.starts_at, Activity.created_by)
        .where(mine, Activity.type == "call", Activity.consent.is_not(None), Activity.id != _id)
        .where(func.lower(Activity.consent_email) == func.lower(_email))
        .order_by(Activity.starts_at.desc())
        .limit(literal(1))
    )
    return unscoped(found, reason="what counts for an address, whoever sees the calls")


CONSENT_WAS = Statement(
    unscoped(
        select(Activity.consent_was).where(Activity.id == _id), reason="what counted before any call said otherwise"
    )
)
