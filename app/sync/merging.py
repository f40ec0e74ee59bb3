"""Which fields were changed on both sides: the three-way merge of a pushed update (SYNC-2).

The change log knows, for every version, what was changed and from which value. What the same device has pushed itself since the
version that it names is no change by others.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from pydantic import BaseModel
from sqlalchemy import ARRAY, BigInteger, Text, Uuid, bindparam, func, select

from app.core.context import Context
from app.core.history import table as log
from app.core.statements import Statement
from app.sync.models import operations
from app.sync.working_set import Kind

MOST = 1000
"""Changes that are looked at; behind more of them every field counts as changed."""
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "expected_revenue": ("expected_revenue_amount", "expected_revenue_currency"),
    "visited_at": ("starts_at",),
    "sent_at": ("starts_at",),
}
"""Where fields stand that are not a column of the same name."""
_NUMBER = re.compile(r"-?\d{1,20}(\.\d{1,10})?")


@dataclass
class Others:
    """What others have changed since a version: columns, and keys of custom fields, each with the value that it had then.

    `known` is false when the log cannot say: everything may have changed.
    """

    columns: dict[str, Any] = field(default_factory=dict)
    custom: dict[str, Any] = field(default_factory=dict)
    known: bool = True

    @property
    def any(self) -> bool:
        """Whether there is anything."""
        return not self.known or bool(self.columns or self.custom)


_record = bindparam("record", type_=Uuid, required=True)
_START = Statement(
    select(func.max(log.c.id).label("id")).where(
        log.c.record_id == _record,
        log.c.record_type == bindparam("table", type_=Text, required=True),
        log.c.version <= bindparam("base", type_=BigInteger, required=True),
    )
)
"""Where the log has come to the version `base`."""
_own = select(operations.c.op_id).where(
    operations.c.record_id == _record,
    operations.c.user_id == bindparam("user", type_=Uuid, required=True),
    operations.c.device_id == bindparam("device", type_=Uuid, required=True),
    operations.c.xid == log.c.xid,
)
_SINCE = Statement(
    select(
        *(log.c.record_type, log.c.version, log.c.old, log.c.new),
        _own.correlate(log).exists().label("is_own"),
    )
    .where(
        log.c.record_id == _record,
        log.c.record_type == func.any(bindparam("tables", type_=ARRAY(Text), required=True)),
        log.c.id > bindparam("start", type_=BigInteger, required=True),
    )
    .order_by(log.c.id)
    .limit(MOST)
)
"""The log of a record and its parts behind that place."""


async def changed_by_others(ctx: Context, kind: Kind, id_: UUID, base: int, device_id: UUID) -> Others:
    """What others have changed of the record since its version `base`."""
    start = (await ctx.run(_START, record=id_, table=kind.table, base=base))[0]["id"]
    tables, own = [kind.table, *kind.fields_in], {"user": ctx.user.user_id, "device": device_id}
    rows = await ctx.run(_SINCE, record=id_, tables=tables, start=start or 0, **own)
    versions = [row["version"] for row in rows if row["record_type"] == kind.table]
    if len(rows) == MOST or (start is None and versions[:1] != [base + 1]) or None in versions:
        return Others(known=False)
    others = Others()
    for row in rows:
        if row["is_own"]:
            continue
        old, new = row["old"] or {}, row["new"] or {}
        if row["record_type"] != kind.table:
            old = new = dict.fromkeys(kind.fields_in[row["record_type"]])
        for name in {*old, *new}:
            if name == "custom":
                before, after = old.get(name) or {}, new.get(name) or {}
                for key in {*before, *after}:
                    if before.get(key) != after.get(key):
                        others.custom.setdefault(key, before.get(key))
            else:
                others.columns.setdefault(name, old.get(name))
    return others


def clashes(
    data: Mapping[str, Any], patch: BaseModel, others: Others, present: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The fields of an update that others have changed too, and to another value. `data` is the update as it was sent, `patch`
    as it was understood, `present` the record as it is.
    """
    meant = orjson.loads(patch.model_dump_json(exclude_unset=True))
    found = []
    for name, value in data.items():
        if name == "custom" and isinstance(value, Mapping):
            now = present.get("custom") or {}
            for key, one in value.items():
                if (not others.known or key in others.custom) and not _same(one, now.get(key)):
                    found.append(_clash(f"custom.{key}", others.custom.get(key), one, now.get(key)))
            continue
        columns = _COLUMNS.get(name, (name,))
        theirs = shown(present, name)
        if (not others.known or any(c in others.columns for c in columns)) and not _same(meant.get(name), theirs):
            found.append(_clash(name, _base_of(others, columns), value, theirs))
    return found


def changes(others: Others, present: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All that others have changed of what the record shows, for who wanted to delete it; keys of `custom` one by one."""
    found = {}
    for column in sorted(others.columns):
        name = next((n for n, columns in _COLUMNS.items() if column in columns and n in present), column)
        if _is_shown(present, name):
            found[name] = _clash(name, _base_of(others, _COLUMNS.get(name, (name,))), None, shown(present, name))
    now = present.get("custom") or {}
    for key, base in sorted(others.custom.items()):
        found[f"custom.{key}"] = _clash(f"custom.{key}", base, None, now.get(key))
    return list(found.values())


def _is_shown(present: Mapping[str, Any], name: str) -> bool:
    ends = (("_ids", "s"), ("_id", ""))
    return name in present or any(name.endswith(end) and name.removesuffix(end) + more in present for end, more in ends)


def shown(present: Mapping[str, Any], name: str) -> Any:
    """The value of a field of a request as the record shows it: `account_id` stands in `account`."""
    if name in present:
        return present[name]
    for end, one in (("_ids", False), ("_id", True)):
        if name.endswith(end):
            links = present.get(name.removesuffix(end) + ("" if one else "s"))
            if one:
                return links.get("id") if isinstance(links, Mapping) else None
            return [link.get("id") for link in links] if isinstance(links, Sequence) else None
    return None


def _base_of(others: Others, columns: tuple[str, ...]) -> Any:
    values = {column: others.columns.get(column) for column in columns}
    return next(iter(values.values())) if len(values) == 1 else values


def _clash(name: str, base: Any, yours: Any, theirs: Any) -> dict[str, Any]:
    return {"field": name, "base": base, "yours": yours, "theirs": theirs}


def _same(one: Any, other: Any) -> bool:
    """Whether two values of JSON mean the same: amounts and times may be written in several ways."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, bool) or isinstance(other, bool) or one is None or other is None:
        return one is other
    left, right = str(one), str(other)
    if _NUMBER.fullmatch(left) and _NUMBER.fullmatch(right):
        return Decimal(left) == Decimal(right)
    try:
        return left == right or datetime.fromisoformat(left) == datetime.fromisoformat(right)
    except (ValueError, TypeError):
        return False
