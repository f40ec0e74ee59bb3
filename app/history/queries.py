"""Reading the change log as a record's history (LIST-4)."""

from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Integer,
    Select,
    Text,
    Uuid,
    bindparam,
    case,
    cast,
    column,
    func,
    literal,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by

from app.core.history import table as log
from app.core.statements import prepared
from app.identity.models import User

DERIVED = [
    *("sort_name", "search_key", "reach_keys", "undo", "reclassify_on", "rule_team_ids", "teams_follow", "object_key")
]
"""Columns that are no news: computed from others, or kept for a merge's undoing."""

_NOTHING: Any = literal_column("'{}'::jsonb", JSONB)
_INSTALLED = "custom"
"""The column that holds the installation's own fields: each of them is news of its own."""


def _fields(old: Any, new: Any, prefix: str, *conditions: Any) -> Select[Any]:
    """The keys of two objects with their values, the key behind a prefix."""
    key = (
        func.jsonb_object_keys(func.coalesce(old, _NOTHING).op("||")(func.coalesce(new, _NOTHING)))
        .table_valued(column("key", Text))
        .render_derived()
    ).c.key
    shown = func.concat(prefix, key) if prefix else key
    return select(shown.label("key"), old[key].label("old"), new[key].label("new")).where(
        *(condition(key) for condition in conditions)
    )


_old, _new = log.c.old[_INSTALLED], log.c.new[_INSTALLED]
_changed = union_all(
    _fields(
        log.c.old,
        log.c.new,
        "",
        lambda key: key != func.all(bindparam("left_out", type_=ARRAY(Text), required=True)),
        lambda key: key != _INSTALLED,
    ).correlate(log),
    _fields(_old, _new, f"{_INSTALLED}.", lambda key: _old[key].is_distinct_from(_new[key])).correlate(log),
).lateral("changed")
_change = func.json_build_object("field", _changed.c.key, "old", _changed.c.old, "new", _changed.c.new)
_changes = (
    select(func.coalesce(func.json_agg(aggregate_order_by(_change, _changed.c.key)), func.json_build_array()))
    .select_from(_changed)
    .correlate(log)
    .scalar_subquery()
)
_is_user = log.c.actor.op("~")(literal("^[0-9a-f]{8}-[0-9a-f-]{27}$"))


@prepared
def page(*, after: bool) -> Select[Any]:
    """A record's changes, newest first, as JSON.

    Binds: kind, kinds (with its parts), record, left_out (columns), row_limit and, `after` one of them, before.
    """
    kinds = bindparam("kinds", type_=ARRAY(Text), required=True)
    item = func.json_build_object(
        *("id", log.c.id, "at", log.c.at, "operation", log.c.operation, "trace_id", log.c.trace_id),
        *("actor", func.json_build_object("id", User.id, "name", func.coalesce(User.name, log.c.actor))),
        *("part", func.nullif(log.c.record_type, bindparam("kind", type_=Text, required=True)), "changes", _changes),
    )
    statement = (
        select(cast(item, Text).label("json"), log.c.id)
        .join(User, User.id == case((_is_user, cast(log.c.actor, Uuid))), isouter=True)
        .where(
            log.c.record_id == bindparam("record", type_=Uuid, required=True),
            log.c.record_type == func.any(kinds),
        )
        .order_by(log.c.id.desc())
        .limit(bindparam("row_limit", type_=Integer, required=True))
    )
    if after:
        statement = statement.where(log.c.id < bindparam("before", type_=BigInteger, required=True))
    return statement
