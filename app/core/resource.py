"""How records are read: one declaration per resource gives its JSON, its single read and its lists.

PostgreSQL builds each record's JSON once, from the same expressions whether one record or fifty are asked for. Lists page by
keyset; cursors are signed and bound to the filter and sort they were made for.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Generic, TypeVar, get_args
from urllib.parse import urlencode
from uuid import UUID

import orjson
from fastapi import Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    DateTime,
    Integer,
    Select,
    Text,
    Uuid,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    null,
    select,
    tuple_,
)
from starlette.responses import Response

from app.core.added import Added, Wanted, by_added, opened, sealed
from app.core.context import Context
from app.core.etags import unchanged
from app.core.filters import AnyOf, Filter, Sort
from app.core.paging import InvalidCursor, open_cursor, seal_cursor
from app.core.principal import Reach
from app.core.problems import Invalid
from app.core.statements import Statement
from app.core.visibility import beside, scope, unscoped

T = TypeVar("T")
MAX_LIMIT = 200


class Page(BaseModel, Generic[T]):
    """A page of a list. `next_cursor` is null on the last one; `count` is there when it was asked for."""

    items: list[T]
    next_cursor: str | None
    count: int | None = None


class PageQuery(BaseModel):
    """Query parameters of everything that pages."""

    model_config = ConfigDict(extra="forbid")

    limit: Annotated[
        int,
        BeforeValidator(
            lambda v: min(int(v), MAX_LIMIT) if str(v).isascii() and str(v).isdigit() and len(str(v)) < 10 else v
        ),
    ] = Field(default=50, ge=1, le=999_999_999, description="Items per page; larger values are read as 200.")
    cursor: str | None = Field(
        default=None, max_length=1000, pattern=r"^[A-Za-z0-9_-]+$", description="`next_cursor` of the page before."
    )


class ListQuery(PageQuery):
    """Query parameters that every list takes. A resource's filters are added as fields of a subclass."""

    count: bool = Field(default=False, description="Also count all that match.")
    fields: str | None = Field(
        default=None, max_length=1000, pattern=r"^[a-z0-9_,]+$", description="Only these fields, separated by commas."
    )


_ONE = "__one"
"""Ends the name of a filter that has one value."""


@dataclass(frozen=True)
class _Shape:
    """What decides a list's SQL text; the values are bound. `custom.…` sorts have two parts: records with a value, and after
    them those without.
    """

    reach: Reach
    filters: tuple[str, ...]
    sort: str
    after: bool
    fields: tuple[str, ...]
    added: tuple[str, ...] = ()
    valued: bool = True


class Resource:
    """A kind of record as clients read it.

    `columns` are the expressions of its JSON, by name; they must be the fields of `read` exactly. `joins` completes the FROM
    clause for columns of other tables; owned ones among them are named in `beside`, each with the reason why what is shown of
    them may be seen by whoever sees the record. `filters` and `sorts` are what lists offer; every sort ends in the id. `added`
    are those by fields that are defined at run time.

    Where `read` is a union (several models, told apart by the constant of their `type`), each record shows its own fields.
    """

    def __init__(
        self,
        model: Any,
        read: type[BaseModel] | Sequence[type[BaseModel]],
        columns: Mapping[str, Any],
        *,
        joins: Callable[[Select[Any]], Select[Any]] = lambda s: s,
        filters: Mapping[str, Filter] | None = None,
        sorts: Mapping[str, Sort] | None = None,
        default_sort: str = "-created_at",
        is_owned: bool = True,
        beside: Mapping[Any, str] | None = None,
        added: Added | None = None,
    ) -> None:
        models = (read,) if isinstance(read, type) else tuple(read)
        if set(columns) != (shown := {name for one in models for name in one.model_fields}):
            differing = set(columns) ^ shown
            raise TypeError(f"{model.__name__}: fields without an expression, or the reverse: {sorted(differing)}")
        self.model = model
        self.variants = (
            {} if isinstance(read, type) else {constant(one, "type"): set(one.model_fields) for one in models}
        )
        self.columns = columns
        self.joins = joins
        self.filters = dict(filters or {})
        self.sorts = dict(sorts or {})
        self.default_sort = default_sort
        self.is_owned = is_owned
        self.beside = dict(beside or {})
        self.added = added
        self._one = lru_cache(maxsize=8)(self._build_one)
        self._page = lru_cache(maxsize=512)(self._build_page)
        self._count = lru_cache(maxsize=256)(self._build_count)
        self._conditions = lru_cache(maxsize=512)(self._build_conditions)

    # --- one ---------------------------------------------------------------------------------------------------------

    async def json(self, ctx: Context, id_: UUID) -> tuple[bytes, int]:
        """The visible record as JSON, and its version; NotFound otherwise.

        A record that this request has locked or made is told to its writer, even if it was handed out of their sight.
        """
        row = await ctx.fetch_one(self._one("all" if id_ in ctx.held else ctx.reach), id=id_)
        return row["json"].encode(), row["version"]

    async def read(self, ctx: Context, request: Request, id_: UUID) -> Response:
        """The answer to GET of one record: its JSON with its ETag, or 304."""
        row = await ctx.fetch_one(self._one(ctx.reach), id=id_)
        tag = f'"{row["version"]}"'
        if unchanged(request, tag):
            return Response(status_code=304, headers={"ETag": tag})
        return Response(row["json"], 200, {"ETag": tag}, "application/json")

    async def reply(
        self,
        ctx: Context,
        id_: UUID,
        *,
        status: int = 200,
        location: str | None = None,
        following: Mapping[str, Any] | None = None,
    ) -> Response:
        """The answer of a write: the record as it is now; `following` is what the next one may begin with, as `next`."""
        body, version = await self.json(ctx, id_)
        if following is not None:
            body = body[:-1] + b',"next":' + orjson.dumps(following, default=str) + b"}"
        return ctx.reply(body, status=status, version=version, location=location)

    def _build_one(self, how_far: Reach) -> Statement:
        statement = self._select(tuple(self.columns), how_far, self.model.version)
        return Statement(statement.where(self.model.id == bindparam("id", type_=Uuid, required=True)))

    # --- many --------------------------------------------------------------------------------------------------------

    def rows(self, how_far: Reach, fields: Sequence[str], *more: Any) -> Select[Any]:
        """A statement for records within that reach: `json` with these fields, and what else is asked for."""
        return self._select(fields, how_far, *more)

    async def page(self, ctx: Context, request: Request, query: ListQuery) -> Response:
        """The answer to GET of the list."""
        values = self._values(query)
        sort: str = getattr(query, "sort", None) or self.default_sort
        asked: list[str] = getattr(query, "custom", [])
        wanted = Wanted()
        if self.added is not None and (asked or by_added(sort)):
            wanted = await self.added.look_up(ctx, asked, sort)
        binding = self._binding(values, sort, request.url.path, asked)
        shape = _Shape(
            ctx.reach,
            tuple(sorted(values)),
            sort if wanted.sort is None else f"{sort[0] if sort[0] == '-' else ''}custom.{wanted.sort}",
            query.cursor is not None,
            self.fields(query.fields),
            wanted.shape,
        )
        convert = self.conditions(shape.filters)[1]
        binds = {f"f_{name}": convert[name](value) for name, value in values.items()} | dict(wanted.values)
        key = ctx.settings.secret_key.get_secret_value().encode()
        after = open_cursor(query.cursor, binding, key) if query.cursor is not None else None
        if after is not None and wanted.sort is not None:
            after = (opened(after[0]), after[1])
        rows = await self._rows(ctx, shape, binds, query.limit + 1, after)
        more = len(rows) > query.limit
        rows = rows[: query.limit]
        parts = ['{"items":[', ",".join([row["json"] for row in rows]), '],"next_cursor":']
        headers = {}
        if more:
            cursor = seal_cursor(sealed(rows[-1]["sort"], sort), rows[-1]["id"], binding, key)
            parts.append(f'"{cursor}"')
            parameters = [(k, v) for k, v in request.query_params.multi_items() if k != "cursor"]
            headers["Link"] = f'<{request.url.path}?{urlencode([*parameters, ("cursor", cursor)])}>; rel="next"'
        else:
            parts.append("null")
        if query.count:
            total = await ctx.fetch_one(self._count(ctx.reach, shape.filters, shape.added), **binds)
            parts.append(f',"count":{total["count"]}')
        parts.append("}")
        return Response("".join(parts), 200, headers, "application/json")

    async def _rows(
        self, ctx: Context, shape: _Shape, binds: Mapping[str, Any], limit: int, after: tuple[Any, Any] | None
    ) -> list[Any]:
        """The rows after a cursor's place. Those without the value that they are sorted by are asked for only when the page is
        not full without them. Raises InvalidCursor.
        """
        rows: list[Any] = []
        for valued in (True, False) if by_added(shape.sort) else (True,):
            arguments: dict[str, Any] = {**binds, "row_limit": limit - len(rows)}
            if after is not None and by_added(shape.sort):
                if valued and after[0] is None:
                    continue  # the page before ended among those without
                if not valued and after[0] is not None:
                    after = None
            if after is not None:
                try:
                    arguments["after_value"] = _typed(after[0], self._sorting(shape)[0].type)
                    arguments["after_id"] = UUID(str(after[1]))
                except (ValueError, TypeError, ArithmeticError):
                    raise InvalidCursor from None
            part = replace(shape, after=after is not None, valued=valued)
            rows += await ctx.fetch(self._page(part), **arguments)
            if len(rows) >= limit:
                break
        return rows

    def cursor(self, ctx: Context, path: str, query: ListQuery, last: tuple[Any, UUID]) -> str:
        """The cursor with which the list at `path`, asked with `query`, goes on after a record: for boards.

        `last` is the record's sort value and id.
        """
        sort: str = getattr(query, "sort", None) or self.default_sort
        key = ctx.settings.secret_key.get_secret_value().encode()
        return seal_cursor(*last, self._binding(self._values(query), sort, path), key)

    def _values(self, query: ListQuery) -> dict[str, Any]:
        """What was asked for by filter; one value of several possible ones goes by a name of its own."""
        values = {k: v for k, v in query.model_dump(include=set(self.filters)).items() if v is not None and v != []}
        single = [k for k, v in values.items() if isinstance(self.filters[k], AnyOf) and len(v) == 1]
        return {k: v for k, v in values.items() if k not in single} | {f"{k}{_ONE}": values[k][0] for k in single}

    def fields(self, wanted: str | None, parameter: str = "fields") -> tuple[str, ...]:
        """The fields that a parameter names, separated by commas; all without one. Raises Invalid."""
        if wanted is None:
            return tuple(self.columns)
        names = tuple(dict.fromkeys(name for name in wanted.split(",") if name))
        unknown = [name for name in names if name not in self.columns]
        if unknown or not names:
            known = ", ".join(self.columns)
            raise Invalid(
                [(f"?{parameter}", "unknown_field", {"de": f"Erlaubt sind: {known}.", "en": f"Allowed are: {known}."})]
            )
        return names

    def _binding(self, values: Mapping[str, Any], sort: str, path: str, added: Sequence[str] = ()) -> bytes:
        plain = orjson.dumps([path, sort, sorted(values.items()), sorted(added)], default=str)
        return hashlib.blake2b(plain, digest_size=8).digest()

    def conditions(self, names: Sequence[str]) -> tuple[list[ColumnElement[bool]], dict[str, Callable[[Any], Any]]]:
        """The conditions of these filters (binds are named `f_…`), and what converts each value."""
        return self._conditions(tuple(names))

    def _build_conditions(
        self, names: tuple[str, ...]
    ) -> tuple[list[ColumnElement[bool]], dict[str, Callable[[Any], Any]]]:
        built = {}
        for name in names:
            filter_ = self.filters[name.removesuffix(_ONE)]
            if name.endswith(_ONE) and isinstance(filter_, AnyOf):
                filter_ = filter_.one
            built[name] = filter_(f"f_{name}")
        return [condition for condition, _ in built.values()], {name: convert for name, (_, convert) in built.items()}

    def _sorting(self, shape: _Shape) -> tuple[Any, Any]:
        """What the list is sorted by: a column and the id."""
        name = shape.sort.removeprefix("-")
        if self.added is None or not by_added(shape.sort):
            return self.sorts[name], self.model.id
        return self.added.valued(name.removeprefix("custom."))[2:] if shape.valued else (null(), self.model.id)

    def _build_page(self, shape: _Shape) -> Statement:
        column, id_ = self._sorting(shape)
        descending = shape.sort.startswith("-")
        statement = self._select(shape.fields, shape.reach, column.label("sort"), self.model.id)
        statement = statement.where(
            *self.conditions(shape.filters)[0], *self._added_conditions(shape.added, paged=True)
        )
        in_order: tuple[Any, ...] = (column, id_)
        if self.added is not None and by_added(shape.sort):
            if shape.valued:
                table, on, *_ = self.added.valued(shape.sort.removeprefix("-").removeprefix("custom."))
                statement = statement.join(table, on)
            else:
                statement = statement.where(self.added.without())
                in_order = (id_,)
        if shape.after:
            last = (
                bindparam("after_value", type_=column.type, required=True),
                bindparam("after_id", type_=Uuid, required=True),
            )
            here, there = tuple_(*in_order), tuple_(*last[-len(in_order) :])
            statement = statement.where(here < there if descending else here > there)
        order = [one.desc() if descending else one.asc() for one in in_order]
        return Statement(statement.order_by(*order).limit(bindparam("row_limit", type_=Integer, required=True)))

    def _added_conditions(self, shape: tuple[str, ...], *, paged: bool) -> list[ColumnElement[bool]]:
        return self.added.conditions(shape, paged=paged) if self.added is not None else []

    def _build_count(self, how_far: Reach, filters: tuple[str, ...], added: tuple[str, ...]) -> Statement:
        conditions = [*self.conditions(filters)[0], *self._added_conditions(added, paged=False)]
        statement = select(func.count().label("count")).select_from(self.model)
        joined = self.joins(statement)
        # What is only shown beside the record need not be joined to count it.
        alone = joined.whereclause is None and len(statement.where(*conditions).get_final_froms()) == 1
        return Statement(self._scoped((statement if alone else joined).where(*conditions), how_far))

    def _select(self, fields: Sequence[str], how_far: Reach, *more: Any) -> Select[Any]:
        json = self._union(fields) if self.variants else self._json(fields)
        return self._scoped(self.joins(select(json.label("json"), *more).select_from(self.model)), how_far)

    def _union(self, fields: Sequence[str]) -> ColumnElement[str]:
        """What variants have in common is written, and planned, once; each adds its own."""
        common = [name for name in fields if all(name in own for own in self.variants.values())]
        each = {}
        for value, own in self.variants.items():
            json = self._json(names := [name for name in fields if name in own and name not in common])
            each[value] = (
                json if not common else func.concat(",", func.substr(json, 2)) if names else literal_column("'}'")
            )
        rest = case(each, value=self.columns["type"])
        return cast(func.concat(func.left(self._json(common), -1), rest) if common else rest, Text)

    def _json(self, fields: Sequence[str]) -> ColumnElement[str]:
        if not fields:  # none of what was asked for is here
            return literal_column("'{}'", Text)
        row = select(*(self.columns[name].label(name) for name in fields)).correlate_except(None).subquery("r")
        return cast(select(func.row_to_json(literal_column("r"))).select_from(row).scalar_subquery(), Text)

    def _scoped(self, statement: Select[Any], how_far: Reach) -> Select[Any]:
        for model, reason in self.beside.items():
            statement = beside(statement, model, reason=reason)
        if not self.is_owned:
            return unscoped(statement, reason="a resource that belongs to everybody")
        return scope(statement, self.model, how_far)


def constant(model: type[BaseModel], name: str) -> str:
    """The one value of a field that tells the models of a union apart."""
    (value,) = get_args(model.model_fields[name].annotation)
    return str(value)


def _typed(value: Any, type_: Any) -> Any:
    if value is None:
        return None
    if isinstance(type_, DateTime):
        return datetime.fromisoformat(value)
    if isinstance(type_, Date):
        return date.fromisoformat(value)
    if isinstance(type_, BigInteger | Integer):
        return int(value)
    if isinstance(type_, Text):
        return str(value)
    return Decimal(str(value))
