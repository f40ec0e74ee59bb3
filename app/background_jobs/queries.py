"""How administrators read the outbox."""

from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    DateTime,
    Integer,
    Select,
    Text,
    Update,
    bindparam,
    case,
    cast,
    exists,
    func,
    select,
    update,
)

from app.background_jobs.schemas import State
from app.core import outbox
from app.core.outbox import OPEN, PRIVATE
from app.core.statements import prepared

_row = outbox.table
_twin = outbox.table.alias("twin")
_STATES: dict[str, Any] = {"open": OPEN, "dead": _row.c.dead_at.is_not(None), "done": _row.c.done_at.is_not(None)}
_SHOWN = ("id", "job", "key", "attempts", "error", "created_at", "due_at", "dispatched_at", "done_at", "dead_at")
_json = func.json_build_object(
    *(part for name in (*_SHOWN, "trace_id") for part in (name, _row.c[name])),
    *("asked_by", _row.c.actor),
    *("state", case((_STATES["done"], "done"), (_STATES["dead"], "dead"), else_="open")),
    *("payload", _row.c.payload.op("-")(bindparam("private", list(PRIVATE), type_=ARRAY(Text)))),
)
_id = bindparam("id", type_=BigInteger, required=True)


@prepared
def page(state: State, *, by_job: bool, after: bool) -> Select[Any]:
    """Jobs in that state, newest first, as JSON. Binds: row_limit, and where asked for `name` and `before`, an id."""
    statement = (
        select(cast(_json, Text).label("json"), _row.c.id)
        .where(_STATES[state])
        .order_by(_row.c.id.desc())
        .limit(bindparam("row_limit", type_=Integer, required=True))
    )
    if by_job:
        statement = statement.where(_row.c.job == bindparam("name", type_=Text, required=True))
    if after:
        statement = statement.where(_row.c.id < bindparam("before", type_=BigInteger, required=True))
    return statement


@prepared
def one() -> Select[Any]:
    """One job as JSON."""
    return select(cast(_json, Text).label("json")).where(_row.c.id == _id)


@prepared
def locked() -> Select[Any]:
    """Whether the job is dead, and whether another one with its key is open; nobody else changes it meanwhile."""
    twin = exists().where(
        _twin.c.key == _row.c.key, _twin.c.id != _row.c.id, _twin.c.done_at.is_(None), _twin.c.dead_at.is_(None)
    )
    statement = select(_STATES["dead"].label("dead"), twin.label("twin"))
    return statement.where(_row.c.id == _id).with_for_update(of=_row)


@prepared
def revive() -> Update:
    """Make a dead job a new one, due now."""
    now = bindparam("now", type_=DateTime(timezone=True), required=True)
    return update(_row).where(_row.c.id == _id).values(dead_at=None, dispatched_at=None, attempts=0, due_at=now)
