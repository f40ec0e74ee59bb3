"""What lists are filtered by: each makes the condition for a bind of a given name, and says how its value is made."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Text, bindparam, func, select
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import InstrumentedAttribute

Filter = Callable[[str], tuple[ColumnElement[bool], Callable[[Any], Any]]]
"""Given the bind's name: the condition, and what makes the bind's value of the parameter's."""

Sort = InstrumentedAttribute[Any] | ColumnElement[Any]


@dataclass(frozen=True)
class AnyOf:
    """Equality, several values joined by "or". One value alone is compared as such: then an index on the column and the id
    gives the list in its order, however many or few records have the value.
    """

    column: Any
    spelling: bool = False

    def __call__(self, name: str) -> tuple[ColumnElement[bool], Callable[[Any], Any]]:
        if self.spelling:
            wanted = select(func.sort_key(func.unnest(bindparam(name, type_=ARRAY(Text), required=True))))
            return func.sort_key(self.column).in_(wanted.scalar_subquery()), list
        return self.column == func.any(bindparam(name, type_=ARRAY(self.column.type), required=True)), list

    def one(self, name: str) -> tuple[ColumnElement[bool], Callable[[Any], Any]]:
        """The same for one value."""
        wanted = bindparam(name, type_=self.column.type, required=True)
        if self.spelling:
            return func.sort_key(self.column) == func.sort_key(wanted), lambda value: value
        return self.column == wanted, lambda value: value


def any_of(column: Any) -> Filter:
    """Equality, several values joined by "or"."""
    return AnyOf(column)


def equals(column: Any) -> Filter:
    """Equality with one value."""
    return lambda name: (column == bindparam(name, type_=column.type, required=True), lambda value: value)


def any_spelling_of(column: Any) -> Filter:
    """Equality, several values joined by "or"; case and umlauts do not matter."""
    return AnyOf(column, spelling=True)


def holds(column: Any) -> Filter:
    """An array that has this value among others."""
    return lambda name: (
        column.op("@>", is_comparison=True)(array([bindparam(name, type_=column.type.item_type, required=True)])),
        lambda value: value,
    )


def at_least(column: Any) -> Filter:
    """From this value on."""
    return lambda name: (column >= bindparam(name, type_=column.type, required=True), lambda value: value)


def below(column: Any) -> Filter:
    """Before this value."""
    return lambda name: (column < bindparam(name, type_=column.type, required=True), lambda value: value)


def at_most(column: Any) -> Filter:
    """Up to this value."""
    return lambda name: (column <= bindparam(name, type_=column.type, required=True), lambda value: value)


def contains_word(column: Any) -> Filter:
    """Part of the text, spelling of case and umlauts ignored (the column is a stored search key)."""
    return lambda name: (
        column.like(func.concat("%", func.sort_key(bindparam(name, type_=Text, required=True)), "%")),
        lambda value: value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_"),
    )
