"""The statements of the delta feed (SYNC-2)."""

from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    DateTime,
    Integer,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    cast,
    column,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by
from sqlalchemy.orm import aliased

from app.accounts.models import Account
from app.activities.models import Activity
from app.contacts.models import AccountContact, Contact
from app.core.history import Xid8
from app.core.history import table as log
from app.core.redirects import table as redirects
from app.core.statements import Statement, prepared
from app.core.visibility import TEAMS, USER, predicate, scope, unscoped
from app.identity.models import Team
from app.sync.models import epochs
from app.sync.working_set import IDS, KINDS, Kind, Shape, members

NIL = literal_column("'00000000-0000-0000-0000-000000000000'::uuid", Uuid)
_TELLS_CONTACTS = ("access", "assignee_id", "centre_id", "industry", "manager_ids", "team_ids")
"""Columns of an account on which hangs who has it, and its contacts with it, or which its contacts show as theirs (ACC-3)."""
_limit = bindparam("row_limit", type_=Integer, required=True)


def _number(xid: Any) -> ColumnElement[int]:
    return cast(cast(xid, Text), BigInteger)


def _xid(name: str) -> Any:
    return cast(cast(bindparam(name, type_=BigInteger, required=True), Text), Xid8)


def _since_then(row: Any) -> list[ColumnElement[bool]]:
    """Changes that the client may not know. The time keeps partitions of older months out of it."""
    place = tuple_(row.c.xid, row.c.id), tuple_(_xid("xid"), bindparam("id", type_=BigInteger, required=True))
    return [place[0] >= place[1], row.c.at >= bindparam("logged_after", type_=DateTime(timezone=True), required=True)]


_teams = bindparam(TEAMS, type_=ARRAY(Uuid), required=True)
_own_centres = (
    select(func.array_agg(aggregate_order_by(Team.centre_id.distinct(), Team.centre_id)))
    .where(Team.id == func.any(_teams), Team.centre_id.is_not(None))
    .scalar_subquery()
)
_snapshot = func.pg_current_snapshot()
STATE = Statement(
    select(
        _number(func.pg_snapshot_xmin(_snapshot)).label("horizon"),
        _number(func.pg_snapshot_xmax(_snapshot)).label("next_xid"),
        func.concat_ws(
            " ",
            select(epochs.c.id).limit(1).scalar_subquery(),
            select(column("system_identifier")).select_from(func.pg_control_system()).scalar_subquery(),
            func.left(func.pg_walfile_name(func.pg_current_wal_insert_lsn()), 8),
            literal_column("(SELECT oid FROM pg_database WHERE datname = current_database())"),
        ).label("epoch"),
        func.now().label("now"),
        func.coalesce(_own_centres, literal_column("'{}'::uuid[]")).label("centres"),
    )
)
"""Where the feed stands: all below `horizon` has ended. `epoch` names this course of the database: another cluster, another
database in it, a time line that began at an older state, and whatever was put back by hand are others.
"""


@prepared
def snapshot(kind: Kind, shape: Shape) -> Select[Any]:
    """The asker's records of the kind after an id. Binds: centres, since, after, row_limit."""
    mine = members(kind, shape).cte("mine").prefix_with("MATERIALIZED")
    after = select(mine.c.id).where(mine.c.id > bindparam("after", type_=Uuid, required=True))
    page = after.order_by(mine.c.id).limit(_limit).cte("page").prefix_with("MATERIALIZED")
    records = kind.resource.rows(shape.reach, shape.fields, kind.model.id, kind.model.version)
    return records.where(kind.model.id.in_(select(page.c.id))).order_by(kind.model.id)


@prepared
def current(kind: Kind, shape: Shape) -> Select[Any]:
    """Those of these records that are the asker's now. Binds: ids, centres, since."""
    records = kind.resource.rows(shape.reach, shape.fields, kind.model.id, kind.model.version)
    return records.where(kind.model.id == func.any(IDS), kind.model.id.in_(members(kind, shape, among=IDS)))


IN_ORDER = Statement(select(func.set_config("enable_sort", "off", True)))
"""Before `changed`: read the index in its order, page by page, and do not collect and sort all that a client does not know yet."""
IN_ANY_ORDER = Statement(select(func.set_config("enable_sort", "on", True)))
"""After it: what else the transaction asks is planned as ever."""


@prepared
def changed() -> Any:
    """What was changed after the client's place, in the feed's order: rows of the log, and behind one that moves an account
    its contacts, which may come and go with it, or show what was changed. Binds: types, xid, id, sub, horizon, logged_after, row_limit.
    """
    entry = (
        select(log.c.xid, log.c.id, log.c.record_type, log.c.record_id, log.c.operation, log.c.old)
        .where(
            *_since_then(log),
            log.c.xid < _xid("horizon"),
            log.c.record_type == func.any(bindparam("types", type_=ARRAY(Text), required=True)),
        )
        .order_by(log.c.xid, log.c.id)
        .limit(_limit + literal_column("1", Integer))  # the one at the client's place may have been told already
        .cte("entry")
        .prefix_with("MATERIALIZED")
    )
    own = select(entry.c.xid, entry.c.id, NIL.label("sub"), entry.c.record_type, entry.c.record_id)
    names = literal_column("ARRAY[" + ", ".join(f"'{name}'" for name in _TELLS_CONTACTS) + "]", ARRAY(Text))
    moves = and_(
        entry.c.record_type == "accounts",
        entry.c.operation == "update",
        entry.c.old.op("?|", is_comparison=True)(names),
        literal("contacts") == func.any(bindparam("types", type_=ARRAY(Text), required=True)),
    )
    behind = [
        select(entry.c.xid, entry.c.id, contact_id, literal_column("'contacts'", Text), contact_id)
        .join(model, model.account_id == entry.c.record_id)
        .where(moves)
        for model, contact_id in ((Contact, Contact.id), (AccountContact, AccountContact.contact_id))
    ]
    item = union_all(own, *behind).subquery("item")
    here = tuple_(item.c.xid, item.c.id, item.c.sub)
    there = tuple_(
        _xid("xid"), bindparam("id", type_=BigInteger, required=True), bindparam("sub", type_=Uuid, required=True)
    )
    statement = (
        select(_number(item.c.xid).label("xid"), item.c.id, item.c.sub, item.c.record_type, item.c.record_id)
        .where(here > there)
        .order_by(item.c.xid, item.c.id, item.c.sub)
        .limit(_limit)
    )
    return unscoped(
        statement, reason="which records changed; what the asker is told of them is decided record by record"
    )


def _states(kind: Kind) -> Any:
    """The records of `ids` as they were before each change since the client's place, and as they are now: `record_id` and
    `state`, a JSON object of the table's columns. Of several changes the last is undone first.
    """
    table = kind.model.__table__
    change, later = log.alias("change"), log.alias("later")
    live, present = table.alias("live"), table.alias("present")
    undone = (
        func.jsonb_each(later.c.old)
        .table_valued(column("key", Text), column("value", JSONB), name="undone")
        .render_derived()
    )
    values = func.jsonb_object_agg(undone.c.key, aggregate_order_by(undone.c.value, later.c.id.desc()), type_=JSONB)
    before = (
        select(values)
        .select_from(later.join(undone, true()))
        .where(
            later.c.record_id == change.c.record_id,
            later.c.record_type == change.c.record_type,
            later.c.id >= change.c.id,
            later.c.old.is_not(None),
            *_since_then(later),
        )
        .correlate(change)
        .scalar_subquery()
    )
    as_it_is = func.coalesce(func.to_jsonb(live.table_valued()), literal_column("'{}'::jsonb", JSONB), type_=JSONB)
    past = (
        select(change.c.record_id, as_it_is.op("||", return_type=JSONB)(before).label("state"))
        .select_from(change.join(live, live.c.id == change.c.record_id, isouter=True))
        .where(
            change.c.record_id == func.any(IDS),
            change.c.record_type == kind.table,
            change.c.old.is_not(None),
            *_since_then(change),
        )
    )
    now = select(present.c.id, func.to_jsonb(present.table_valued())).where(present.c.id == func.any(IDS))
    return union_all(past, now).subquery("states")


def _once_theirs(kind: Kind, state: Any, shape: Shape) -> ColumnElement[bool]:
    """Whether a client of the asker may hold the record that had this state. Of a contact somewhat too often: when its account
    is theirs or was ever changed, or it has further accounts.
    """
    if kind.model is not Contact:
        return kind.own(state, shape)
    account = aliased(Account)
    # Since when does not matter: the account may have gone some pages ago, and the contact follow in this one.
    moved = select(log.c.id).where(
        log.c.record_id == account.id, log.c.record_type == "accounts", log.c.operation == "update"
    )
    theirs = or_(KINDS["account"].own(account, shape), moved.correlate(account).exists())
    elsewhere = select(account.id).where(account.id == state.account_id)
    return or_(
        kind.own(state, shape),
        elsewhere.where(theirs).correlate(state).exists(),
        and_(state.account_id.is_not(None), ~elsewhere.correlate(state).exists()),
        select(AccountContact.id).where(AccountContact.contact_id == state.id).correlate(state).exists(),
    )


@prepared
def gone(kind: Kind, shape: Shape) -> Select[Any]:
    """Those of these records that a client may hold although they are not the asker's now, by what they saw since the client's
    place: whether the record is there, whether the asker sees it, and which record that they see it went into.

    Binds: ids, centres, since, xid, id, logged_after.
    """
    states = _states(kind)
    columns = [column(one.name, one.type) for one in kind.model.__table__.c]
    row = func.jsonb_populate_record(literal_column(f"NULL::{kind.table}"), states.c.state)
    was = aliased(kind.model, row.table_valued(*columns, name="was"), adapt_on_names=True)
    held = select(states.c.record_id).select_from(states).join(was, true())
    held = held.where(_once_theirs(kind, was, shape), _sees(was, shape))
    mine = held.distinct().cte("held").prefix_with("MATERIALIZED")
    live, winner = aliased(kind.model), aliased(kind.model)
    statement = (
        select(
            mine.c.record_id.label("id"),
            live.id.is_not(None).label("is_there"),
            and_(live.id.is_not(None), _sees(live, shape)).label("is_seen"),
            winner.id.label("winner_id"),
        )
        .select_from(mine)
        .join(live, live.id == mine.c.record_id, isouter=True)
        .join(redirects, and_(redirects.c.loser_id == mine.c.record_id, live.id.is_(None)), isouter=True)
        .join(winner, and_(winner.id == redirects.c.winner_id, _sees(winner, shape)), isouter=True)
    )
    return unscoped(
        statement, reason="each is narrowed to what the asker saw; of what is left they learn that they lost it"
    )


def _sees(record: Any, shape: Shape) -> ColumnElement[bool]:
    condition = predicate(record, shape.reach)
    return true() if condition is None else condition


@prepared
def aged(shape: Shape) -> Select[Any]:
    """The asker's visit reports that have become too old to be kept. Binds: since, until, row_limit."""
    statement: Any = select(Activity.id, Activity.at)
    statement = (
        statement.where(
            Activity.type == "visit_report",
            Activity.created_by == bindparam(USER, type_=Uuid, required=True),
            Activity.at >= bindparam("since", type_=DateTime(timezone=True), required=True),
            Activity.at < bindparam("until", type_=DateTime(timezone=True), required=True),
        )
        .order_by(Activity.at, Activity.id)
        .limit(_limit)
    )
    narrowed: Select[Any] = scope(statement, Activity, shape.reach)
    return narrowed
