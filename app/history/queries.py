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
)
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by

from app.core.history import table as log
from app.core.statements import prepared
from app.identity.models import User

DERIVED = ["sort_name", "search_key", "undo", "reclassify_on", "rule_team_ids", "teams_follow"]
"""Columns that are no news: computed from others, or kept for a merge's undoing."""

_NOTHING: Any = literal_column("'{}'::jsonb", JSONB)
_keys = (
    func.jsonb_object_keys(func.coalesce(log.c.old, _NOTHING).op("||")(func.coalesce(log.c.new, _NOTHING)))
    .table_valued(column("key", Text))
    .render_derived()
)
_changes = (
    select(
        func.coalesce(
            func.json_agg(
                aggregate_order_by(
                    func.json_build_object(
                        "field", _keys.c.key, "old", log.c.old[_keys.c.key], "new", log.c.new[_keys.c.key]
                    ),
                    _keys.c.key,
                )
            ),
            func.json_build_array(),
        )
    )
    .select_from(_keys)
    .where(_keys.c.key != func.all(bindparam("left_out", type_=ARRAY(Text), required=True)))
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
