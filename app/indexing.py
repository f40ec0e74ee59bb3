"""The duplicate index as use cases see it: keep a record in it, queue on a customer, look for matches.

Everything that makes or changes a lead, contact or account goes through here, in its own transaction. What a record is to
the matcher is said once, by its `Source`; writing, rebuilding and verifying all read it there.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple, cast
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Select,
    Text,
    Uuid,
    bindparam,
    column,
    func,
    literal,
    null,
    select,
    type_coerce,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import TextualSelect

from app.core.context import Context
from app.core.problems import Problem
from app.core.statements import Statement, prepared
from app.core.visibility import unscoped
from app.matching import Party, PartyValues, blocking_keys
from app.matching.index import Matches, OtherVersion, delete_sql, find, insert_sql, rows_of, upsert_sql
from app.matching.record import Kind

_UPSERT = Statement(upsert_sql())
_DELETE = Statement(delete_sql())
_INSERT_NEW = Statement(insert_sql())

_keys = (
    func.unnest(bindparam("keys", type_=ARRAY(BigInteger), required=True))
    .table_valued(column("key", BigInteger))
    .render_derived()
)
_QUEUE = Statement(select(func.count(func.pg_advisory_xact_lock(_keys.c.key))))

Run = Callable[..., Awaitable[Sequence[Iterable[Any]]]]
"""Runs a `Statement` with its values by name, as `Context.run` does."""
ALL_TYPES = ("lead", "account", "contact")
STEP = 500
"""Records that are indexed again at once."""


class IndexOutdated(Problem):
    """The index was built by another version than this process runs: its keys say nothing here."""

    status = 503
    code = "index_outdated"
    title = {"de": "Wird gerade erneuert", "en": "Being renewed"}
    detail = {
        "de": "Leadwerk wird gerade auf eine andere Version gebracht. Bitte gleich noch einmal versuchen.",
        "en": "Leadwerk is being brought to another version. Try again in a moment.",
    }

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "30"})


# --- what a record is to the matcher ---------------------------------------------------------------------------------

_VALUES = tuple(PartyValues.__dataclass_fields__)
SOURCES: dict[str, "Source"] = {}
"""By record type; the features put theirs in."""


class Entries(NamedTuple):
    """A column that lists further values of a plain one, which may be among them: JSON objects with the value in one part."""

    field: str
    plain: str
    part: str


@dataclass(frozen=True)
class Source:
    """What the matcher is told of one type of record: `fields` are columns named as in `PartyValues`, and so are `lists`.

    `company` is a column of another record, named by the foreign key `company_of`: a contact's employer. `condition`: which
    of the records are in the index; all, when there is none.
    """

    record_type: str
    model: Any
    kind: Kind | None
    fields: tuple[str, ...]
    company: Any = None
    company_of: Any = None
    condition: ColumnElement[bool] | None = None
    lists: tuple[Entries, ...] = ()

    def __post_init__(self) -> None:
        assert {*self.fields, *(entries.field for entries in self.lists)} <= set(_VALUES), self
        SOURCES[self.record_type] = self

    def values(self, record: Any, company: str | None = None) -> PartyValues:
        """What the record says; of a record with an employer, `company` is that one's name."""
        values = {field: getattr(record, field) for field in self.fields}
        for field, plain, part in self.lists:
            # A new record, or the row of one that was merged long ago, may have no list.
            listed = getattr(record, field, None) or ()
            values[field] = tuple(one[part] for one in listed if one[part] != values[plain])
        if self.company is not None:
            values["company"] = company
        born = values.get("birth_date")
        if isinstance(born, date):
            values["birth_date"] = born.isoformat()
        return PartyValues(kind=self.kind, **values)

    def rows(self) -> Select[Any]:
        """The same of all records, one row each: the id, then the fields of `PartyValues` in their order."""
        statement = select(self.model.id.label("id"), *[self._column(field).label(field) for field in _VALUES])
        if self.company_of is not None:
            statement = statement.outerjoin(self.company.class_, self.company.class_.id == self.company_of)
        if self.condition is not None:
            statement = statement.where(self.condition)
        return unscoped(statement, reason=_WHOEVER)

    def _column(self, field: str) -> ColumnElement[Any]:
        if field == "kind":
            return literal(self.kind, Text) if self.kind else type_coerce(null(), Text)
        if field == "company" and self.company is not None:
            return cast(ColumnElement[Any], self.company)
        for entries in self.lists:
            if field == entries.field:
                return self._further(entries)
        if field not in self.fields:
            return type_coerce(null(), Text)
        found = getattr(self.model, field)
        return sql_cast(found, Text) if field == "birth_date" else cast(ColumnElement[Any], found)

    def _further(self, entries: Entries) -> ColumnElement[Any]:
        listed = func.jsonb_array_elements(getattr(self.model, entries.field)).table_valued(column("value", JSONB))
        value = listed.c.value[entries.part].astext
        further = select(value).where(value.is_distinct_from(getattr(self.model, entries.plain)))
        return func.array(further.correlate(self.model).scalar_subquery(), type_=ARRAY(Text))


# --- keeping ---------------------------------------------------------------------------------------------------------


async def index_record(ctx: Context, record_type: str, record_id: UUID, values: PartyValues | Party) -> None:
    """Put a record into the index, or replace it there."""
    await index_records(ctx, [(record_type, record_id, values)])


async def index_records(ctx: Context, records: Sequence[tuple[str, UUID, PartyValues | Party]]) -> None:
    """Put records (type, id, values) into the index, or replace them there, in one statement."""
    if records and not await ctx.run(_UPSERT, **rows_of(records)):
        raise IndexOutdated


async def index_new(ctx: Context, records: Sequence[tuple[str, UUID, PartyValues | Party]]) -> None:
    """Put many new records (type, id, values) into the index, in one statement. None of them may be there yet."""
    if records and not await ctx.run(_INSERT_NEW, **rows_of(records)):
        raise IndexOutdated


async def remove_record(ctx: Context, record_type: str, record_id: UUID) -> None:
    """Take a record out of the index."""
    await ctx.run(_DELETE, record_type=record_type, record_id=record_id)


async def index_again(ctx: Context, record_type: str, ids: Sequence[UUID]) -> None:
    """Put these records into the index as they stand in the database: after a change of many in one statement."""
    for at in range(0, len(ids), STEP):
        await index_as_stored(ctx.run, record_type, ids[at : at + STEP])


async def index_as_stored(run: Run, record_type: str, ids: Sequence[UUID]) -> None:
    """The same for up to `STEP` records, by whoever runs the statements, in one transaction."""
    source = SOURCES[record_type]
    await run(_lock(source), ids=list(ids))
    if source.company is not None:
        await run(_lock_companies(source), ids=list(ids))
    # Read once all of it is held, in a new snapshot.
    rows = await run(_by_ids(source), ids=list(ids))
    if rows and not await run(_UPSERT, **rows_of([_record(source, row) for row in rows])):
        raise IndexOutdated


async def index_dependants(ctx: Context, record_type: str, record_id: UUID) -> bool:
    """Index again what shows a field of this record, which the caller has locked: a renamed company's contacts.

    Returns False when some are left for a job: those beyond `STEP`, and those that somebody is changing just now. Waiting for
    these could end in a circle, since they may be waiting for this record.
    """
    complete = True
    for source in _dependants(record_type):
        (row,) = await ctx.run(_number_of_dependants(source), record_id=record_id, most=STEP + 1)
        rows = await ctx.run(_free_dependants(source), record_id=record_id, most=STEP)
        await index_records(ctx, [_record(source, one) for one in rows])
        complete = complete and len(rows) == row[0]
    return complete


async def index_more_dependants(ctx: Context, record_type: str, record_id: UUID, after: UUID | None) -> UUID | None:
    """The same in steps, waiting for whoever is at work: indexes the next after that id, and says where to go on."""
    for source in _dependants(record_type):
        found = await ctx.run(_next_dependants(source), record_id=record_id, after=after or UUID(int=0), most=STEP)
        ids: list[UUID] = [row[0] for row in found]
        await index_again(ctx, source.record_type, ids)
        if len(ids) == STEP:
            return ids[-1]
    return None


def _dependants(record_type: str) -> list[Source]:
    company = SOURCES[record_type].model
    return [source for source in SOURCES.values() if source.company is not None and source.company.class_ is company]


def _record(source: Source, row: Iterable[Any]) -> tuple[str, UUID, PartyValues]:
    record_id, *values = row
    return source.record_type, record_id, PartyValues.of(values)


_IDS = bindparam("ids", type_=ARRAY(Uuid), required=True)
_RECORD_ID = bindparam("record_id", type_=Uuid, required=True)
_MOST = bindparam("most", type_=BigInteger, required=True)
_WHOEVER = "the index knows all records, whoever may see them"


@prepared
def _by_ids(source: Source) -> Select[Any]:
    return source.rows().where(source.model.id == func.any(_IDS))


@prepared
def _lock(source: Source) -> Select[Any]:
    ids = select(source.model.id).where(source.model.id == func.any(_IDS)).order_by(source.model.id)
    return unscoped(ids.with_for_update(read=True), reason=_WHOEVER)


@prepared
def _lock_companies(source: Source) -> Select[Any]:
    company = source.company.class_
    named = select(source.company_of).where(source.model.id == func.any(_IDS))
    statement = select(company.id).where(company.id.in_(named)).order_by(company.id)
    return unscoped(statement.with_for_update(read=True), reason=_WHOEVER)


@prepared
def _number_of_dependants(source: Source) -> Select[Any]:
    some = select(source.model.id).where(source.company_of == _RECORD_ID).limit(_MOST)
    return unscoped(select(func.count()).select_from(some.subquery()), reason=_WHOEVER)


@prepared
def _free_dependants(source: Source) -> Select[Any]:
    statement = source.rows().where(source.company_of == _RECORD_ID).limit(_MOST)
    return statement.with_for_update(read=True, of=source.model, skip_locked=True)


@prepared
def _next_dependants(source: Source) -> Select[Any]:
    after = bindparam("after", type_=Uuid, required=True)
    statement = select(source.model.id).where(source.company_of == _RECORD_ID, source.model.id > after)
    return unscoped(statement.order_by(source.model.id).limit(_MOST), reason=_WHOEVER)


# --- looking ---------------------------------------------------------------------------------------------------------


async def queue_on(ctx: Context, *parties: Party) -> None:
    """Wait until nobody else registers these customers, under whatever spelling, and hold the place until commit (LOCK-6).

    Two spellings that would match share a blocking key. The keys are sorted and taken in that order by everybody, so
    nobody waits in a circle. What is read afterwards is read in a new snapshot and sees what the one before has made.
    """
    await ctx.run(_QUEUE, keys=sorted({key for party in parties for key in blocking_keys(party)}))


@prepared
def _compiled(statement: TextualSelect) -> TextualSelect:
    return statement


async def find_matches(
    ctx: Context,
    values: PartyValues | Party,
    *,
    types: Sequence[str] = ALL_TYPES,
    exclude: Sequence[UUID] = (),
    own: UUID | None = None,
) -> Matches:
    """The records that are, or may be, the one described; of all records, visible to the asker or not (DUP-3).

    `own` names the record described, when it is a saved one: neither it nor what somebody has found to differ from it counts.
    """

    async def run(statement: TextualSelect, parameters: Mapping[str, Any]) -> Any:
        return await ctx.fetch(_compiled(statement), **parameters)

    try:
        return await find(run, values, types=None if tuple(types) == ALL_TYPES else types, exclude=exclude, own=own)
    except OtherVersion:
        raise IndexOutdated from None
