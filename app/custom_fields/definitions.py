"""What fields there are: for forms, for checking values, for filters."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, get_args
from uuid import UUID

from sqlalchemy import ARRAY, Boolean, Integer, Text, bindparam, column, func, or_, select

from app.core.context import Context
from app.core.statements import Statement
from app.custom_fields.models import CustomField

RecordType = Literal["lead", "account", "contact", "opportunity"]
Kind = Literal["text", "number", "money", "date", "choice", "multi_choice", "boolean", "link"]
LinkTo = Literal["account", "contact", "user"]
RECORD_TYPES: tuple[RecordType, ...] = get_args(RecordType)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the values of a `choice` or `multi_choice` field; an inactive one is not given to records any more."""

    key: str
    label_de: str
    label_en: str
    active: bool


@dataclass(frozen=True, slots=True)
class Definition:
    """A field. `minimum` and `maximum` bound numbers, amounts and dates; each is a text of the field's own form."""

    id: UUID
    no: int
    record_type: RecordType
    key: str
    kind: Kind
    link_to: LinkTo | None
    label_de: str
    label_en: str
    help_de: str | None
    help_en: str | None
    required: bool
    position: int
    choices: tuple[Choice, ...]
    minimum: str | None
    maximum: str | None
    max_length: int | None
    decimals: int | None
    maps_to_id: UUID | None
    retired: bool


COLUMNS = (
    *("id", "no", "record_type", "key", "kind", "link_to", "label_de", "label_en", "help_de", "help_en", "required"),
    *("position", "choices", "minimum", "maximum", "max_length", "decimals", "maps_to_id", "retired_at"),
)


def definition(row: Any) -> Definition:
    """The field that a row of COLUMNS holds."""
    values = {name: row[name] for name in COLUMNS if name not in ("choices", "retired_at")}
    choices = tuple(Choice(**choice) for choice in row["choices"])
    return Definition(**values, choices=choices, retired=row["retired_at"] is not None)


_named = bindparam("keys", type_=ARRAY(Text), required=True)
_LIST = Statement(
    select(*(getattr(CustomField, name) for name in COLUMNS))
    .where(
        CustomField.record_type == bindparam("record_type", type_=Text, required=True),
        CustomField.deleted_at.is_(None),
        or_(CustomField.retired_at.is_(None), bindparam("retired", type_=Boolean, required=True)),
        or_(_named.is_(None), CustomField.key == func.any(_named)),
    )
    .order_by(CustomField.position, CustomField.id)
)


async def definitions(ctx: Context, record_type: str, *, retired: bool = False) -> list[Definition]:
    """The fields of records of this kind, in their order; `retired`: those too that are not used any more."""
    rows = await ctx.fetch(_LIST, record_type=record_type, retired=retired, keys=None)
    return [definition(row) for row in rows]


async def named(ctx: Context, record_type: str, keys: Iterable[str]) -> dict[str, Definition]:
    """Those of the named fields that there are, retired ones among them, by key."""
    rows = await ctx.fetch(_LIST, record_type=record_type, retired=True, keys=sorted(keys))
    return {row["key"]: definition(row) for row in rows}


@lru_cache(maxsize=1)
def _held() -> Statement:
    found = func.held_custom_fields(
        bindparam("record_type", type_=Text, required=True), bindparam("keys", type_=ARRAY(Text), required=True)
    )
    columns = [column(name, CustomField.__table__.columns[name].type) for name in COLUMNS]
    rows = found.table_valued(*columns)
    return Statement(select(*(rows.c[name] for name in COLUMNS)))


async def held(ctx: Context, record_type: str, keys: Iterable[str]) -> dict[str, Definition]:
    """The named fields and all required ones, by key. None of them changes before this transaction ends."""
    rows = await ctx.run(_held(), record_type=record_type, keys=sorted(keys))
    return {row["key"]: definition(row) for row in rows}


HOLD_ALL = Statement(
    select(
        func.pg_advisory_xact_lock(
            bindparam("space", 4_201_011, type_=Integer), func.hashtext(bindparam("of", type_=Text, required=True))
        )
    )
)
"""Taken by whoever changes the fields of a kind of record: waits until nobody writes values, and lets nobody begin to."""
