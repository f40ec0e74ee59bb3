"""Lists filtered and sorted by custom fields: over the narrow table of their values, found by index."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Exists,
    Integer,
    Numeric,
    Text,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
)

from app.core.added import Wanted, by_added
from app.core.context import Context
from app.core.problems import Invalid
from app.core.statements import Statement
from app.custom_fields.definitions import Definition, RecordType, named
from app.custom_fields.models import custom_values
from app.custom_fields.values import FieldProblem

EPOCH = date(2000, 1, 1)
_NUMBERS = ("number", "money", "date", "boolean")
OPERATORS: Mapping[str, tuple[str, ...]] = {
    "text": ("eq", "ne", "starts", "set", "empty"),
    "number": ("eq", "ne", "gte", "lte", "set", "empty"),
    "money": ("eq", "ne", "gte", "lte", "set", "empty"),
    "date": ("eq", "ne", "gte", "lte", "set", "empty"),
    "boolean": ("eq", "ne", "set", "empty"),
    "choice": ("eq", "ne", "set", "empty"),
    "multi_choice": ("eq", "ne", "set", "empty"),
    "link": ("eq", "ne", "set", "empty"),
}
UNSORTED = ("multi_choice", "link")
FEW = 10_000
"""Records that are fetched by a condition rather than looked at in the list's order until a page is full; with several
conditions, of which fewer meet all, twice as many."""
FIRST = "first_"
_FORM = re.compile(r"([a-z][a-z0-9_]*):([a-z]+)(?::(.*))?")


class CustomLists:
    """The custom fields of one kind of record, for its lists (`Resource(added=…)`)."""

    def __init__(self, record_type: RecordType, model: Any) -> None:
        self._record_type = record_type
        self._model = model
        self._sorted = custom_values.alias("sorted_by")

    async def look_up(self, ctx: Context, filters: Sequence[str], sort: str) -> Wanted:
        """Raises Invalid for unknown fields, operators that they do not have, values that are not theirs."""
        parts = [_FORM.fullmatch(one) for one in filters]
        key = sort.removeprefix("-").removeprefix("custom.") if by_added(sort) else None
        fields = await named(ctx, self._record_type, {m[1] for m in parts if m} | ({key} if key else set()))
        errors: list[FieldProblem] = []
        asked: dict[tuple[str, str], list[Any]] = {}
        for part in parts:
            if part is None:
                continue  # the query's own pattern has refused it
            name, operator, text = part.groups()
            try:
                value = _value(fields, name, operator, text)
            except _Wrong as wrong:
                errors.append(("?custom", wrong.code, wrong.texts))
            else:
                asked.setdefault((name, operator), []).append(value)
        sorted_by = None
        if key is not None:
            if key not in fields or fields[key].kind in UNSORTED:
                text = ("Danach lässt sich nicht sortieren", "Nothing can be sorted by this")
                errors.append(
                    ("?sort", "unknown_custom_field", {"de": f"{text[0]}: {key}.", "en": f"{text[1]}: {key}."})
                )
            else:
                sorted_by = "number" if fields[key].kind in _NUMBERS else "key"
        if errors:
            raise Invalid(errors)
        wanted = _wanted(fields, asked, key if sorted_by else None, sorted_by)
        return replace(wanted, shape=await self._driven(ctx, wanted)) if wanted.shape else wanted

    async def _driven(self, ctx: Context, wanted: Wanted) -> tuple[str, ...]:
        """The shape, with a mark at the rarest condition if few records meet it: these are fetched first then.

        No statistics tell how rare a value is among 200 fields that share a table; counting so far takes a millisecond.
        """
        positive = [n for n, entry in enumerate(wanted.shape) if not entry.startswith("no_")]
        if not positive:
            return wanted.shape
        few = FEW if len(wanted.shape) == 1 else 2 * FEW
        row = await ctx.fetch_one(_counts(wanted.shape), **wanted.values, few=few)
        count, rarest = min((row[f"n{n}"], n) for n in positive)
        if count >= few:
            return wanted.shape
        return tuple(f"{FIRST}{entry}" if n == rarest else entry for n, entry in enumerate(wanted.shape))

    def conditions(self, shape: tuple[str, ...], *, paged: bool) -> list[ColumnElement[bool]]:
        """One condition for each entry, its binds named by its place."""
        return [_condition(self._model.id, number, entry, paged=paged) for number, entry in enumerate(shape)]

    def valued(self, column: str) -> tuple[Any, ColumnElement[bool], ColumnElement[Any], ColumnElement[Any]]:
        """The values that the list is sorted by."""
        table = self._sorted
        value = table.c[column]
        on = and_(table.c.record_id == self._model.id, table.c.field == _bind("s_field", Integer), value.is_not(None))
        return table, on, value, table.c.record_id

    def without(self) -> ColumnElement[bool]:
        """Records without a value in the field that the list is sorted by."""
        table = custom_values.alias("lacking")
        return ~_exists(self._model.id, table, table.c.field == _bind("s_field", Integer), paged=True)


class _Wrong(Exception):
    def __init__(self, code: str, de: str, en: str) -> None:
        super().__init__(code)
        self.code = code
        self.texts = {"de": de, "en": en}


def _value(fields: Mapping[str, Definition], name: str, operator: str, text: str | None) -> Any:
    """The value as `custom_values` has it. Raises _Wrong."""
    if (field := fields.get(name)) is None:
        raise _Wrong("unknown_custom_field", f"Dieses Feld gibt es nicht: {name}.", f"There is no such field: {name}.")
    known = OPERATORS[field.kind]
    if operator not in known:
        listed = ", ".join(known)
        raise _Wrong("unknown_operator", f"{name}: erlaubt sind {listed}.", f"{name}: allowed are {listed}.")
    if (text is None) != (operator in ("set", "empty")):
        raise _Wrong("custom_form", f"{name}: die Form ist Feld:Operator:Wert.", f"{name}: use field:operator:value.")
    try:
        match field.kind:
            case _ if text is None:
                return None
            case "number" | "money" if re.fullmatch(r"-?\d{1,12}(\.\d{1,6})?", text, re.ASCII):
                return Decimal(text)
            case "date" if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
                return Decimal((date.fromisoformat(text) - EPOCH).days)
            case "boolean" if text in ("true", "false"):
                return Decimal(text == "true")
            case "choice" | "multi_choice" if any(choice.key == text for choice in field.choices):
                return text
            case "link":
                return str(UUID(text))
            case "text" if text:
                return text
    except (ValueError, InvalidOperation):
        pass
    raise _Wrong("custom_value", f"{name}: diesen Wert nimmt das Feld nicht an.", f"{name}: no such value.")


def _wanted(
    fields: Mapping[str, Definition], asked: Mapping[tuple[str, str], list[Any]], key: str | None, column: str | None
) -> Wanted:
    """The conditions, each operator of a field at most once: ends of a range go together, other values are joined."""
    shape: list[str] = []
    binds: dict[str, Any] = {}
    if key is not None:
        binds["s_field"] = fields[key].no

    def add(entry: str, name: str, **values: Any) -> None:
        number = len(shape)
        binds[f"c{number}_field"] = fields[name].no
        binds.update({f"c{number}_{bind}": value for bind, value in values.items()})
        shape.append(entry)

    for (name, operator), values in sorted(asked.items(), key=lambda item: item[0]):
        numbers = fields[name].kind in _NUMBERS
        match operator:
            case "eq" | "ne":
                no = "no_" if operator == "ne" else ""
                if fields[name].kind == "text":
                    add(f"{no}texts{len(values)}", name, **{f"value{i}": value for i, value in enumerate(values)})
                else:
                    add(no + ("numbers" if numbers else "keys"), name, values=values)
            case "gte":
                upper = asked.get((name, "lte"))
                if upper:
                    add("between", name, least=max(values), most=min(upper))
                else:
                    add("gte", name, least=max(values))
            case "lte" if (name, "gte") not in asked:
                add("lte", name, most=min(values))
            case "starts":
                for value in values:
                    add("starts", name, value=value)
            case "set":
                add("has_number" if numbers else "has_key", name)
            case "empty":
                add("no_value", name)
    return Wanted(tuple(shape), column, binds)


def _bind(name: str, type_: Any) -> Any:
    return bindparam(name, type_=type_, required=True)


def _exists(id_: Any, table: Any, *conditions: Any, paged: bool) -> Exists:
    """Records that have such a value. A page looks it up for record after record in the list's order: `OFFSET 0` keeps the
    planner from joining, which it would do when it knows no values. Whoever counts has to look at all, and joins.
    """
    found = select(table.c.field).where(table.c.record_id == id_, *conditions).correlate(id_.table)
    return (found.offset(literal_column("0")) if paged else found).exists()


def _condition(id_: Any, number: int, entry: str, *, paged: bool) -> ColumnElement[bool]:
    """Records that the condition holds for."""
    table = custom_values.alias(f"c{number}")
    conditions = _of(table, number, entry.removeprefix(FIRST).removeprefix("no_"))
    if entry.startswith(FIRST):
        # The planner takes an array for a handful of ids, and begins with them.
        ids = func.array(select(table.c.record_id).where(*conditions).correlate(None).scalar_subquery())
        wanted: ColumnElement[bool] = id_ == func.any(ids)
        return wanted
    found = _exists(id_, table, *conditions, paged=paged)
    return ~found if entry.startswith("no_") else found


@lru_cache(maxsize=256)
def _counts(shape: tuple[str, ...]) -> Statement:
    """How many values meet each of the conditions, as far as they are counted."""
    counts = []
    for number, entry in enumerate(shape):
        if not entry.startswith("no_"):
            table = custom_values.alias(f"c{number}")
            met = select(table.c.record_id).where(*_of(table, number, entry)).limit(_bind("few", Integer)).subquery()
            counts.append(select(func.count()).select_from(met).scalar_subquery().label(f"n{number}"))
    return Statement(select(*counts))


def _of(table: Any, number: int, entry: str) -> list[ColumnElement[bool]]:
    """What is asked of a value; the binds are named by the condition's place."""

    def bind(name: str, type_: Any) -> Any:
        return _bind(f"c{number}_{name}", type_)

    def begin(name: str) -> Any:
        return func.left(func.sort_key(bind(name, Text)), 200, type_=Text)

    conditions: list[ColumnElement[bool]] = [table.c.field == bind("field", Integer)]
    match entry:
        case "keys":
            conditions.append(table.c.key == func.any(bind("values", ARRAY(Text))))
        case texts if texts.startswith("texts"):
            conditions.append(
                or_(*(table.c.key == begin(f"value{i}") for i in range(int(texts.removeprefix("texts")))))
            )
        case "numbers":
            conditions.append(table.c.number == func.any(bind("values", ARRAY(Numeric))))
        case "between":
            conditions += [table.c.number >= bind("least", Numeric), table.c.number <= bind("most", Numeric)]
        case "gte":
            conditions.append(table.c.number >= bind("least", Numeric))
        case "lte":
            conditions.append(table.c.number <= bind("most", Numeric))
        case "starts":
            conditions += [table.c.key >= begin("value"), table.c.key < begin("value").concat("\U0010ffff")]
        case "has_key":
            conditions.append(table.c.key.is_not(None))
        case "has_number":
            conditions.append(table.c.number.is_not(None))
    return conditions
