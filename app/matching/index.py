"""The index in the database: one row per record, one narrow row per blocking key.

The key table is read with one `LATERAL … LIMIT` per key, so a key that thousands share costs no more than one that a
hundred share. A check, a write and a removal are one statement each: one round trip.

A party keeps its keys in its own row. That is what makes a rewrite touch only the keys that changed, and it spares the key
table a second index and a foreign key, which would double the cost of a write; so remove parties with `delete_sql` only.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Float,
    Identity,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    bindparam,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.sql.elements import BindParameter, TextClause
from sqlalchemy.sql.selectable import TextualSelect

from app.core.db import Base
from app.matching.keys import blocking_keys, telling_keys
from app.matching.normalise import normalise
from app.matching.record import Party, PartyValues
from app.matching.verdict import Match, judge, match_of
from app.matching.version import INDEX_VERSION

KEY_LIMIT = 100
"""Records read per key. A key that reaches it is hot (a shell firm's address, "Müller Bau") and weighs next to nothing."""
CANDIDATES = 30
"""Records scored per check."""
CANDIDATES_OF_A_NAME = 100
"""The same where nothing but a name is known."""

TELLING = 0.5
"""What a record has to share to be worth comparing: of 1,000 true duplicates in a stock of a million, 994 share more. Where what
is left over shares less, nothing worth a look was cut."""

party = Table(
    "party",
    Base.metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("record_type", Text, nullable=False),
    Column("record_id", Uuid, nullable=False),
    Column("dump", JSONB, nullable=False, doc="Party.dump()"),
    Column("keys", ARRAY(BigInteger), key="hashes", nullable=False, doc="blocking_keys(), as they stand in party_key"),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    UniqueConstraint("record_type", "record_id"),
)

party_key = Table(
    "party_key",
    Base.metadata,
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("party_id", BigInteger, primary_key=True, autoincrement=False),
)

index_state = Table(
    "index_state",
    Base.metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False, doc="INDEX_VERSION of whoever built the index"),
    Column("built_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    CheckConstraint("id = 1", name="one_row"),
)

_CANDIDATES = """
WITH {left_out} lists AS MATERIALIZED (
    SELECT wanted.key, found.ids, found.holders,
           CASE WHEN found.holders >= {limit} THEN 0.05 ELSE 1 / (1 + ln(found.holders)) END AS weight
    FROM unnest(CAST(:keys AS bigint[])) AS wanted(key)
    CROSS JOIN LATERAL (
        SELECT array_agg(holder.party_id) AS ids, count(*) AS holders
        FROM (
            SELECT party_id FROM party_key WHERE party_key.key = wanted.key ORDER BY party_id LIMIT {limit}
        ) AS holder
    ) AS found
    WHERE found.holders > 0
), ranked AS (
    SELECT hit.id, sum(lists.weight) AS shared
    FROM lists CROSS JOIN unnest(lists.ids) AS hit(id) {only}
    GROUP BY hit.id
    ORDER BY shared DESC, hit.id
    LIMIT CAST(:compared AS integer) + 1
)
SELECT party.record_type, party.record_id, party.dump, CAST(ranked.shared AS double precision) AS shared,
       (SELECT bool_and(holders >= {limit}) OR bool_or(holders >= {limit} AND key = ANY(CAST(:telling AS bigint[])))
        FROM lists) AS cut, state.version
FROM index_state AS state LEFT JOIN (ranked JOIN party ON party.id = ranked.id) ON true
ORDER BY ranked.shared DESC NULLS LAST, party.id
"""
_LEFT_OUT = """left_out AS MATERIALIZED (
    SELECT id FROM party WHERE record_type = ANY('{{lead,account,contact}}') AND record_id = ANY(
        CAST(:exclude AS uuid[]) || CAST(:own AS uuid)
        || ARRAY(SELECT second_id FROM duplicate_dismissals WHERE first_id = CAST(:own AS uuid))
        || ARRAY(SELECT first_id FROM duplicate_dismissals WHERE second_id = CAST(:own AS uuid))
    )
), """
_ONLY = """
    WHERE hit.id NOT IN (SELECT id FROM left_out) AND (
        CAST(:types AS text[]) IS NULL
        OR (SELECT record_type FROM party WHERE party.id = hit.id) = ANY(CAST(:types AS text[]))
    )
"""


@cache
def candidates_sql(*, filtered: bool = False) -> TextualSelect:
    """The records that share the most telling keys, best first, and whether more there are. One row at least.

    What is read is bounded, and always the same part of the stock: of each key the `KEY_LIMIT` holders that came first into
    the index; of all these the `compared` that share the most, a key counting the more the fewer hold it, and one more, which
    says that there are more. A key of `KEY_LIMIT` holders and more counts next to nothing, but brings its holders in.

    Binds `keys` and `telling` (bigint[]) and `compared` (integer); when `filtered`, also `types` (text[]: record types to look at, or null
    for all), `exclude` (uuid[]: record ids to leave out) and `own` (uuid: a saved record, to be left out with all that somebody
    has found to differ from it; or null), which are applied before the ranking is cut. Columns: record_type, record_id and
    dump (null when there is no candidate), shared, cut (more hold every key, or a telling one, than are
    read), version (of the index).
    """
    statement = text(
        _CANDIDATES.format(
            limit=KEY_LIMIT,
            left_out=_LEFT_OUT.format() if filtered else "",
            only=_ONLY if filtered else "",
        )
    )
    binds: list[BindParameter[Any]] = [
        bindparam("keys", type_=ARRAY(BigInteger), required=True),
        bindparam("telling", type_=ARRAY(BigInteger), required=True),
        bindparam("compared", type_=Integer, required=True),
    ]
    if filtered:
        binds += [
            bindparam("types", type_=ARRAY(Text), required=True),
            bindparam("exclude", type_=ARRAY(Uuid), required=True),
            bindparam("own", type_=Uuid, required=True),
        ]
    return statement.bindparams(*binds).columns(
        record_type=Text, record_id=Uuid, dump=JSONB, shared=Float, cut=Boolean, version=Integer
    )


def compared_of(own: Party) -> int:
    """How many records are scored: more where there is only a name to go by, which many may bear."""
    more = own.postal or own.city or own.street or own.phone or own.email or own.domains or own.vat or own.birth
    return CANDIDATES if more or own.phones or own.emails else CANDIDATES_OF_A_NAME


_STATE = f"state AS MATERIALIZED (SELECT version FROM index_state WHERE version = {INDEX_VERSION})"  # noqa: S608  (a constant)
_GIVEN = f"""
    {_STATE},
    given AS MATERIALIZED (
        SELECT record_type, record_id, CAST(dump AS jsonb) AS dump, CAST(keys AS bigint[]) AS keys
        FROM unnest(CAST(:types AS text[]), CAST(:ids AS uuid[]), CAST(:dumps AS text[]), CAST(:keys AS text[]))
            AS record(record_type, record_id, dump, keys)
        WHERE EXISTS (SELECT FROM state)
    )"""  # noqa: S608  (likewise)


def _writing(sql: str) -> TextClause:
    return text(sql.format(given=_GIVEN)).bindparams(
        bindparam("types", type_=ARRAY(Text), required=True),
        bindparam("ids", type_=ARRAY(Uuid), required=True),
        bindparam("dumps", type_=ARRAY(Text), required=True),
        bindparam("keys", type_=ARRAY(Text), required=True),
    )


@cache
def insert_sql() -> TextClause:
    """Put records into the index that are not there yet, in one statement; binds as `rows_of` makes them.

    Gives one row or, when the index is another version's, none, and then nothing is written. Keys go in sorted, so that the
    B-tree is filled from left to right.
    """
    return _writing(
        """
        WITH {given}, new AS (
            INSERT INTO party (record_type, record_id, dump, keys) SELECT * FROM given RETURNING id, keys
        ), added AS (
            INSERT INTO party_key (key, party_id)
            SELECT wanted.key, new.id FROM new CROSS JOIN unnest(new.keys) AS wanted(key) ORDER BY 1, 2
        )
        SELECT version FROM state
        """
    )


@cache
def upsert_sql() -> TextClause:
    """Put records into the index or replace them there, only the keys that changed; binds and result as of `insert_sql`.

    Two writers of one record are in line when each has touched the record's own row first, as a change does. If they are
    not, the later one wins and keys of the other may stay behind: a candidate too many, never one too few.
    """
    return _writing(
        """
        WITH {given}, old AS MATERIALIZED (
            SELECT party.id, party.keys FROM given JOIN party USING (record_type, record_id)
        ), new AS (
            INSERT INTO party (record_type, record_id, dump, keys)
            SELECT * FROM given ORDER BY record_type, record_id
            ON CONFLICT (record_type, record_id)
            DO UPDATE SET dump = excluded.dump, keys = excluded.keys, updated_at = now()
            RETURNING id, keys
        ), gone AS (
            DELETE FROM party_key USING old JOIN new USING (id) CROSS JOIN unnest(old.keys) AS dead(key)
            WHERE party_key.key = dead.key AND party_key.party_id = old.id AND dead.key <> ALL (new.keys)
        ), added AS (
            INSERT INTO party_key (key, party_id)
            SELECT wanted.key, new.id FROM new CROSS JOIN unnest(new.keys) AS wanted(key)
            ORDER BY 1, 2
            ON CONFLICT DO NOTHING
        )
        SELECT version FROM state
        """
    )


_AS_ARRAY = str.maketrans("[]", "{}")


def rows_of(records: Sequence[tuple[str, UUID, PartyValues | Party]]) -> dict[str, Any]:
    """The parameters of `insert_sql` and `upsert_sql` for records (type, id, values): columns side by side."""
    parties = [values if isinstance(values, Party) else normalise(values) for _, _, values in records]
    return {
        "types": [record_type for record_type, _, _ in records],
        "ids": [record_id for _, record_id, _ in records],
        "dumps": [orjson.dumps(party.dump()).decode() for party in parties],
        "keys": [orjson.dumps(blocking_keys(party)).decode().translate(_AS_ARRAY) for party in parties],
    }


@cache
def delete_sql() -> TextClause:
    """Take a record out of the index; binds record_type and record_id."""
    return text(
        """
        WITH gone AS (
            DELETE FROM party WHERE record_type = :record_type AND record_id = :record_id RETURNING id, keys
        )
        DELETE FROM party_key USING gone WHERE party_key.party_id = gone.id AND party_key.key = ANY(gone.keys)
        """
    ).bindparams(bindparam("record_type", type_=Text), bindparam("record_id", type_=Uuid))


@dataclass(frozen=True, slots=True)
class Found:
    """A record of the stock and what it is to the one asked about."""

    record_type: str
    record_id: UUID
    match: Match
    party: Party


@dataclass(frozen=True, slots=True)
class Matches:
    """The answer of a check: "duplicate" and "possible" only, the highest score first.

    `truncated` says that some record shares a key and was not compared, by the rule of `candidates_sql`: so a match may be
    missing. Where it is not set, every record of the index that shares a key was compared.
    """

    found: tuple[Found, ...]
    truncated: bool


class OtherVersion(Exception):
    """The index was built by another version than this process runs."""


Run = Callable[[TextualSelect, Mapping[str, Any]], Awaitable[Iterable[Sequence[Any]]]]
"""Executes one statement and gives its rows, e.g. `ctx.session.execute`."""


def weigh(own: Party, rows: Iterable[Sequence[Any]]) -> Matches:
    """Score the candidates that `candidates_sql` gave for a party. A dump may still be JSON text. Raises OtherVersion."""
    found: list[Found] = []
    left = compared_of(own)
    truncated, version = False, None
    for record_type, record_id, dump, shared, cut, version in rows:
        truncated = truncated or bool(cut)
        if dump is None or version != INDEX_VERSION:
            break
        if not left:
            truncated = truncated or shared >= TELLING
            break
        left -= 1
        stored = Party.load(orjson.loads(dump) if isinstance(dump, str | bytes) else dump)
        chance, level, findings = judge(own, stored)
        if level:
            found.append(Found(record_type, record_id, match_of(chance, level, findings), stored))
    if version != INDEX_VERSION:
        raise OtherVersion
    found.sort(key=lambda one: (-one.match.score, one.record_type, one.record_id))
    return Matches(tuple(found), truncated)


async def find(
    run: Run,
    values: PartyValues | Party,
    *,
    types: Collection[str] | None = None,
    exclude: Sequence[UUID] = (),
    own: UUID | None = None,
) -> Matches:
    """Records of the index that are or may be the party asked about, in one round trip. Raises OtherVersion.

    `types` limits the record types looked at (None: all), `exclude` leaves records out, and so does `own`, the record that
    is checked. Visibility is the caller's: ids are returned for every match.
    """
    party_ = values if isinstance(values, Party) else normalise(values)
    keys = blocking_keys(party_)
    if not keys:
        return Matches((), truncated=False)
    parameters: dict[str, object] = {
        "keys": keys,
        "telling": telling_keys(party_),
        "compared": compared_of(party_),
    }
    filtered = types is not None or bool(exclude) or own is not None
    if filtered:
        parameters |= {"types": None if types is None else list(types), "exclude": list(exclude), "own": own}
    return weigh(party_, await run(candidates_sql(filtered=filtered), parameters))
