"""What lists take for fields that are defined at run time: filters, and sorts by `custom.<key>`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import ColumnElement

from app.core.context import Context


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list was asked for of fields that are defined at run time: the shape of its conditions, by which column of their
    values it is sorted (if it is), and what is bound.
    """

    shape: tuple[str, ...] = ()
    sort: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)


class Added(Protocol):
    """Filters and sorts by fields that are defined at run time: `custom` of a list's query, and sorts by `custom.…`."""

    async def look_up(self, ctx: Context, filters: Sequence[str], sort: str) -> Wanted:
        """What these mean. Raises Invalid for unknown fields and values that do not fit them."""
        ...

    def conditions(self, shape: tuple[str, ...], *, paged: bool) -> list[ColumnElement[bool]]:
        """The conditions of that shape, for a page or for counting; the values of `Wanted` are bound."""
        ...

    def valued(self, column: str) -> tuple[Any, ColumnElement[bool], ColumnElement[Any], ColumnElement[Any]]:
        """Where the values are that a list is sorted by: table, how it is joined, value and record's id, in an index."""
        ...

    def without(self) -> ColumnElement[bool]:
        """Records that have no value to be sorted by."""
        ...


def by_added(sort: str) -> bool:
    """Whether a list is sorted by such a field."""
    return sort.removeprefix("-").startswith("custom.")


def sealed(value: Any, sort: str) -> Any:
    """A sort value as a cursor keeps it. A cursor knows no null: where a value may lack, those that are there carry a sign."""
    if not by_added(sort):
        return value
    return "" if value is None else f"={value}"


def opened(kept: Any) -> str | None:
    """The value that `sealed` kept."""
    return str(kept)[1:] or None
