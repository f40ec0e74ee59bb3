"""The delta feed: a snapshot of the asker's working set, then what has changed since (SYNC-2).

Every change that has ended is told at least once, in the order of its transaction's number and never past one that may still
be open. What is told is the record as it is, or that it is gone; so a change told twice, or late, does no harm.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import monotonic
from typing import Any
from uuid import UUID

import orjson

from app.core.context import Context
from app.core.problems import Forbidden
from app.sync import queries
from app.sync.problems import SyncTokenExpired
from app.sync.schemas import SyncQuery
from app.sync.tokens import KEPT_DAYS, NIL, Place, digest, seal, types_of, unseal
from app.sync.working_set import KINDS, REPORT_DAYS, Kind, Shape

_LONGEST_TRANSACTION = timedelta(days=1)
"""A row of the log bears the time at which its transaction began; how much older that may be than what a client knows."""
_PATIENCE_SECONDS = 1.0
"""How long one request looks for something of the asker's among others' changes."""


@dataclass
class Page:
    """What a request tells: changes as JSON, and where the client then stands."""

    changes: list[str]
    place: Place
    more: bool
    reset: bool = False


@dataclass(frozen=True)
class _Asker:
    """Whose set, of which kinds, and how the feed stands at this moment."""

    ctx: Context
    kinds: Sequence[Kind]
    shape: Shape
    fields: Mapping[str, tuple[str, ...]]
    centres: list[UUID]
    scope: str
    epoch: str
    horizon: int
    now: datetime

    @property
    def since(self) -> datetime:
        return (self.now - timedelta(days=REPORT_DAYS)).replace(hour=0, minute=0, second=0, microsecond=0)

    def shown(self, kind: Kind) -> Shape:
        """The shape of statements that show records of the kind."""
        return replace(self.shape, fields=self.fields[kind.name])

    def first(self) -> Place:
        return Place(self.epoch, self.scope, 0, self.horizon, 0, NIL, self.now, self.since)


async def read(ctx: Context, query: SyncQuery) -> bytes:
    """The next page for a client, as JSON. Without a token, or when what decides the asker's set has changed since (teams,
    centres, permissions, kinds and fields asked for), a new snapshot begins: `reset`.

    Raises Forbidden when the asker may read none of the kinds, Invalid, SyncTokenExpired.
    """
    ctx.begin()  # a replica may not know yet what the horizon promises
    wanted = [KINDS[name] for name in types_of(query.types, tuple(KINDS))]
    kinds = [kind for kind in wanted if ctx.may(kind.permission)]
    if not kinds:
        raise Forbidden(permission=wanted[0].permission.value)
    fields = {kind.name: kind.resource.fields(*query.fields_of(kind.name)) for kind in kinds}
    state = await ctx.fetch_one(queries.STATE)
    shape = Shape(ctx.reach, bool(state["centres"]))
    asker = _Asker(
        ctx,
        kinds,
        shape,
        fields,
        state["centres"],
        digest(
            ctx.reach, sorted(ctx.user.team_ids), state["centres"], [(kind.name, fields[kind.name]) for kind in kinds]
        ),
        digest(state["epoch"]),
        state["horizon"],
        state["now"],
    )
    place = unseal(ctx, query.token, asker.now) if query.token is not None else None
    if place is not None and (place.epoch != asker.epoch or place.xid > state["next_xid"]):
        raise SyncTokenExpired(days=KEPT_DAYS)
    if place is None or place.scope != asker.scope:
        page = replace(await _snapshot(asker, asker.first(), query.limit), reset=True)
    elif place.kind is not None:
        page = await _snapshot(asker, place, query.limit)
    else:
        page = await _changes(asker, place, query.limit)
    ends = orjson.dumps({"next_token": seal(ctx, page.place), "has_more": page.more, "reset": page.reset})
    return b'{"changes":[' + ",".join(page.changes).encode() + b"]," + ends[1:]


async def _snapshot(asker: _Asker, place: Place, limit: int) -> Page:
    """The records of one kind after another, by id. What changes meanwhile comes with the changes after the horizon that
    stood when it began.
    """
    changes: list[str] = []
    number, after = place.kind or 0, place.sub
    while number < len(asker.kinds) and len(changes) < limit:
        kind, wanted = asker.kinds[number], limit - len(changes)
        rows = await asker.ctx.fetch(
            queries.snapshot(kind, asker.shown(kind)),
            centres=asker.centres,
            since=place.since,
            after=after,
            row_limit=wanted,
        )
        changes += [_upsert(kind, row) for row in rows]
        if len(rows) == wanted:
            after = rows[-1]["id"]
        else:
            number, after = number + 1, NIL
    done = number == len(asker.kinds)
    place = replace(place, kind=None, sub=NIL) if done else replace(place, kind=number, sub=after)
    return Page(changes, place, more=True)


async def _changes(asker: _Asker, place: Place, limit: int) -> Page:
    """What has changed since, and at the end what has grown too old. Looks on while there is nothing of the asker's."""
    deadline = monotonic() + _PATIENCE_SECONDS
    by_table: dict[str, list[Kind]] = {}
    for kind in asker.kinds:
        for table in (kind.table, *kind.parts):
            by_table.setdefault(table, []).append(kind)
    changes: list[str] = []
    while True:
        await asker.ctx.run(queries.IN_ORDER)
        rows = await asker.ctx.fetch(
            queries.changed(),
            types=list(by_table),
            xid=place.xid,
            id=place.id,
            sub=place.sub,
            horizon=asker.horizon,
            logged_after=place.at - _LONGEST_TRANSACTION,
            row_limit=limit,
        )
        await asker.ctx.run(queries.IN_ANY_ORDER)
        items = [(kind, row["record_id"]) for row in rows for kind in by_table[row["record_type"]]]
        changes += await _told(asker, place, items)
        more = len(rows) == limit
        if not more:
            break
        last = rows[-1]
        place = replace(place, xid=last["xid"], id=last["id"], sub=last["sub"])
        if changes or monotonic() > deadline:
            return Page(changes, place, more=True)
    place = replace(place, xid=asker.horizon, id=0, sub=NIL, at=asker.now)
    if asker.since > place.since and any(kind.name == "activity" for kind in asker.kinds):
        rows = await asker.ctx.fetch(queries.aged(asker.shape), since=place.since, until=asker.since, row_limit=limit)
        changes += [_removal(KINDS["activity"], row["id"], "left_set") for row in rows]
        more = len(rows) == limit
        place = replace(place, since=rows[-1]["at"] if more else asker.since)
    return Page(changes, place, more)


async def _told(asker: _Asker, place: Place, items: Sequence[tuple[Kind, UUID]]) -> list[str]:
    """What the client is to do about these records, each once."""
    out: dict[tuple[str, UUID], str] = {}
    for kind in asker.kinds:
        ids = {id_ for of, id_ in items if of is kind}
        if not ids:
            continue
        binds: dict[str, Any] = {"centres": asker.centres, "since": place.since}
        rows = await asker.ctx.fetch(queries.current(kind, asker.shown(kind)), ids=list(ids), **binds)
        out |= {(kind.name, row["id"]): _upsert(kind, row) for row in rows}
        if left := ids.difference(row["id"] for row in rows):
            binds |= {"xid": place.xid, "id": place.id, "logged_after": place.at - _LONGEST_TRANSACTION}
            for row in await asker.ctx.fetch(queries.gone(kind, asker.shape), ids=list(left), **binds):
                out[kind.name, row["id"]] = _leaving(kind, row)
    return list(_once(out, items))


def _once(out: dict[tuple[str, UUID], str], items: Iterable[tuple[Kind, UUID]]) -> Iterable[str]:
    for kind, id_ in items:
        if (change := out.pop((kind.name, id_), None)) is not None:
            yield change


def _upsert(kind: Kind, row: Any) -> str:
    head = f'{{"type":"{kind.name}","id":"{row["id"]}","version":{row["version"]},"op":"upsert","data":'
    return f"{head}{row['json']}}}"


def _leaving(kind: Kind, row: Any) -> str:
    if row["winner_id"] is not None:
        return _gone(kind, row["id"], "merged", f'"winner_id":"{row["winner_id"]}"')
    reason = "left_set" if row["is_seen"] else "lost_access" if row["is_there"] else "deleted"
    return _removal(kind, row["id"], reason)


def _removal(kind: Kind, id_: UUID, reason: str) -> str:
    return _gone(kind, id_, "remove", f'"reason":"{reason}"')


def _gone(kind: Kind, id_: UUID, op: str, why: str) -> str:
    return f'{{"type":"{kind.name}","id":"{id_}","version":null,"op":"{op}","data":null,{why}}}'
