"""Statements that claim, put off and mark."""

from sqlalchemy import DateTime, Text, Uuid, bindparam, delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from app.call_lists.models import claims, deferrals, favourites
from app.core.expressions import asker
from app.core.statements import Statement

_MOMENT = DateTime(timezone=True)
_LIST = bindparam("list", type_=Text, required=True)
_NOW = bindparam("now", type_=_MOMENT, required=True)
_RECORD = bindparam("entry_id", type_=Uuid, required=True)
_UNTIL = bindparam("until", type_=_MOMENT, required=True)
_FOR = bindparam("for_user_id", type_=Uuid, required=True)

FAVOURITES = Statement(select(favourites.c.list).where(favourites.c.user_id == asker()))
MARK = Statement(insert(favourites).values(user_id=asker(), list=_LIST).on_conflict_do_nothing())
UNMARK = Statement(delete(favourites).where(favourites.c.user_id == asker(), favourites.c.list == _LIST))

QUEUE = Statement(
    select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("key", type_=Text, required=True), 44)))
)
"""One person's requests for the next entry of a list wait for each other."""

RUNNING = Statement(
    select(claims.c.record_id, claims.c.expires_at).where(
        claims.c.user_id == asker(), claims.c.list == _LIST, claims.c.expires_at > _NOW
    )
)
END = Statement(delete(claims).where(claims.c.user_id == asker(), claims.c.list == _LIST))
RELEASE = Statement(
    delete(claims).where(claims.c.user_id == asker(), claims.c.list == _LIST, claims.c.record_id == _RECORD)
)
_new = insert(claims).values(
    company_id=bindparam("company_id", type_=Uuid, required=True),
    list=_LIST,
    record_id=_RECORD,
    user_id=asker(),
    claimed_at=_NOW,
    expires_at=bindparam("expires_at", type_=_MOMENT, required=True),
)
CLAIM = Statement(
    _new.on_conflict_do_update(
        index_elements=["company_id"],
        set_={name: _new.excluded[name] for name in ("list", "record_id", "user_id", "claimed_at", "expires_at")},
        where=or_(claims.c.expires_at <= _NOW, claims.c.user_id == asker()),
    ).returning(claims.c.record_id)
)
"""Claim the company, unless somebody else's claim runs: nothing is returned then."""

_later = insert(deferrals).values(
    id=bindparam("id", type_=Uuid, required=True), list=_LIST, record_id=_RECORD, for_user_id=_FOR, until=_UNTIL
)
PUT_OFF = Statement(
    _later.on_conflict_do_update(
        index_elements=["record_id", "list", "for_user_id"], set_={"until": _later.excluded.until}
    )
)
FORGET = Statement(delete(deferrals).where(deferrals.c.until <= _NOW))
"""Deferrals that are over."""
