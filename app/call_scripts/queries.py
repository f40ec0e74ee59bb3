"""How call scripts are read, and what contacts have answered."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    column,
    func,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB, distinct_on
from sqlalchemy.orm import aliased

from app.accounts.models import Account
from app.activities.models import Activity
from app.call_scripts.models import CallScript, CallScriptVersion
from app.call_scripts.schemas import CallScriptRead, CallScriptVersionRead
from app.contacts.models import Contact
from app.core.expressions import plain, record
from app.core.filters import Filter, any_of, equals
from app.core.principal import Reach
from app.core.resource import Resource
from app.core.statements import Statement, prepared
from app.core.visibility import scope, unscoped

_newest = aliased(CallScriptVersion)
_NUMBER = (
    select(func.max(_newest.number)).where(_newest.script_id == CallScript.id).correlate(CallScript).scalar_subquery()
)


def fitting() -> ColumnElement[Any]:
    """Which kind of account an account is, for the scripts: who is a VIP or key account is called as such, whatever they buy."""
    former = Account.status == "former"
    return case(
        (Account.vip, "vip"),
        (or_(Account.segment == "key_account_head_office", Account.segment == "key_account_branch"), "key_account"),
        (and_(former, Account.type == "customer"), "former_customer"),
        (and_(former, Account.type == "small_customer"), "former_small_customer"),
        (Account.type == "potential", "potential"),
    )


def _fits_account() -> Filter:
    def build(name: str) -> tuple[ColumnElement[bool], Callable[[Any], Any]]:
        account = select(fitting()).where(Account.id == bindparam(name, type_=Uuid, required=True))
        known = unscoped(account, reason="the route has asked whether the account is visible")
        return CallScript.fits == known.scalar_subquery(), lambda value: value

    return build


CALL_SCRIPT = Resource(
    CallScript,
    CallScriptRead,
    {
        **record(CallScript),
        **plain(CallScript, "key", "label_de", "label_en", "position", "active", "fits"),
        "script_version_id": CallScriptVersion.id,
        **plain(CallScriptVersion, "number", "text", "questions"),
    },
    joins=lambda s: s.join(
        CallScriptVersion, and_(CallScriptVersion.script_id == CallScript.id, CallScriptVersion.number == _NUMBER)
    ),
    filters={
        "key": any_of(CallScript.key),
        "active": equals(CallScript.active),
        "account_id": _fits_account(),
    },
    sorts={"position": CallScript.position, "created_at": CallScript.created_at},
    default_sort="position",
    is_owned=False,
)

CALL_SCRIPT_VERSION = Resource(
    CallScriptVersion,
    CallScriptVersionRead,
    plain(CallScriptVersion, "id", "number", "text", "questions", "created_at", "created_by"),
    filters={"id": equals(CallScriptVersion.id), "script_id": equals(CallScriptVersion.script_id)},
    sorts={"number": CallScriptVersion.number},
    default_sort="-number",
    is_owned=False,
)

_type = bindparam("call_type", type_=Text, required=True)
_version = bindparam("version_id", type_=Uuid, required=True)
_used = aliased(CallScriptVersion)
USED = Statement(
    select(CallScript.key, _used.id, _used.text, _used.questions)
    .join(_used, _used.script_id == CallScript.id)
    .where(
        or_(_type.is_(None), CallScript.key == _type),
        or_(
            _used.id == _version,
            and_(
                _version.is_(None),
                CallScript.active,
                _used.number
                == select(func.max(_newest.number))
                .where(_newest.script_id == CallScript.id)
                .correlate(CallScript)
                .scalar_subquery(),
            ),
        ),
    )
)
"""The version that a call names, whatever became of it since; or the present one of an active script. By either or both."""

LATEST_CALLS = 100
"""How far back the answers of other times are looked for: this many calls with answers of the contact, and of the account."""


@prepared
def last_answers(how_far: Reach) -> Select[Any]:
    """The latest answers to `questions` at calls that the asker sees: by the contact, else by others of the same account."""
    contact = bindparam("contact_id", type_=Uuid, required=True)
    main = select(Contact.account_id).where(Contact.id == contact)
    account = unscoped(main, reason="the asker sees the contact").scalar_subquery()

    def calls(whose: ColumnElement[bool]) -> Select[Any]:
        found: Any = select(Activity.id, Activity.at, Activity.answers, Activity.contact_id)
        found = found.where(whose, Activity.answers.is_not(None)).order_by(Activity.at.desc()).limit(LATEST_CALLS)
        return scope(found, Activity, how_far)

    both = union_all(
        *(select(calls(whose).subquery()) for whose in (Activity.contact_id == contact, Activity.account_id == account))
    ).subquery()
    each = func.jsonb_array_elements(both.c.answers).table_valued(column("value", JSONB), name="said")
    answer = each.c.value
    question, own = answer.op("->>")("question"), both.c.contact_id == contact
    return (
        select(question.label("question"), answer.label("answer"), both.c.at, both.c.id, own.label("own"))
        .select_from(both.join(each, true()))
        .where(question == func.any(bindparam("questions", type_=ARRAY(Text), required=True)))
        .ext(distinct_on(question))
        .order_by(question, own.desc(), both.c.at.desc())
    )


LAST_NUMBER = Statement(
    select(CallScriptVersion.number, CallScriptVersion.text, CallScriptVersion.questions)
    .where(CallScriptVersion.script_id == bindparam("script_id", type_=Uuid, required=True))
    .order_by(CallScriptVersion.number.desc())
    .limit(bindparam("one", 1, type_=Integer))
)
"""A script's present version."""
