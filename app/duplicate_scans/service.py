"""Scanning the whole stock for duplicates, and what of it is shown to whom (DUP-9)."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import orjson
from fastapi import Request
from sqlalchemy import Text, bindparam, func, literal, select
from starlette.responses import Response

from app.core import outbox
from app.core.context import Context
from app.core.paging import InvalidCursor, open_cursor, seal_cursor
from app.core.permissions import Permission
from app.core.statements import Statement
from app.duplicate_scans import queries
from app.duplicate_scans.models import DuplicateScan
from app.duplicate_scans.problems import NothingToDismiss, ScanRunning
from app.duplicate_scans.schemas import ALL_TYPES, ClusterDismissal, ClusterQuery, ScanCreate
from app.duplicates import dismissal_service
from app.duplicates.rights import READ
from app.duplicates.schemas import DifferentRecord, DismissalCreate
from app.jobs import service as jobs
from app.matching import Party, explain, score

KIND = "duplicate_scan"
GIVEN_UP = {
    "code": "given_up",
    "detail": {
        "de": "Der Suchlauf ist mehrmals gescheitert; Näheres steht bei den Hintergrundaufgaben.",
        "en": "The scan has failed several times; the background jobs say more.",
    },
}

_ONE_AT_A_TIME = Statement(select(func.pg_advisory_xact_lock(func.hashtextextended(literal(KIND), 61))))
_STEPS = Statement(
    select(outbox.table.c.id).where(outbox.table.c.key.like(bindparam("key", type_=Text, required=True)), outbox.OPEN)
)


def step_key(scan_id: UUID, step: int) -> str:
    """The key of a scan's step in the outbox."""
    return f"duplicate_scan:{scan_id}:{step}"


async def start(ctx: Context, body: ScanCreate) -> UUID:
    """Begin a scan; returns its id, which is its job's too. Raises Forbidden, ScanRunning."""
    ctx.require(Permission.DUPLICATES_SCAN)
    await ctx.run(_ONE_AT_A_TIME)
    for running in await jobs.running(ctx, KIND):
        if await ctx.run(_STEPS, key=step_key(running, 0).removesuffix("0") + "%"):
            raise ScanRunning(extra={"scan_id": running})
        await jobs.end(ctx, running, problem=GIVEN_UP)  # its step is dead
    id_ = await jobs.start(ctx, KIND, result="/v1/duplicate-scans/{id}")
    ctx.session.add(
        DuplicateScan(
            id=id_,
            record_types=sorted(body.record_types),
            minimum_verdict=body.minimum_verdict,
            created_by=ctx.user_id,
        )
    )
    ctx.enqueue("duplicate_scans.step", {"scan_id": str(id_), "step": 0}, key=step_key(id_, 0))
    return id_


async def page(ctx: Context, request: Request, scan_id: UUID, query: ClusterQuery) -> Response:
    """A page of a scan's clusters. Raises Forbidden, NotFound, InvalidCursor."""
    ctx.require(Permission.RECORDS_MERGE)
    await ctx.fetch_one(queries.there(), id=scan_id)
    key = ctx.settings.secret_key.get_secret_value().encode()
    binding = f"clusters {scan_id} {query.model_dump(exclude={'limit', 'cursor'})}".encode()
    values: dict[str, Any] = {
        "scan_id": scan_id,
        "types": _types(ctx, query.record_type),
        "states": query.state,
        "verdict": query.verdict,
        "min_size": query.min_size,
        "row_limit": query.limit + 1,
    }
    if query.cursor is not None:
        values["after"], _ = open_cursor(query.cursor, binding, key)
        if not isinstance(values["after"], int):
            raise InvalidCursor
    statement = queries.page(
        ctx.reach,
        states=bool(query.state),
        verdict=query.verdict is not None,
        min_size=query.min_size is not None,
        after=query.cursor is not None,
    )
    rows = await ctx.fetch(statement, **values)
    more, rows = len(rows) > query.limit, rows[: query.limit]
    cursor = seal_cursor(rows[-1]["rank"], "", binding, key) if more else None
    headers = {}
    if cursor:
        parameters = [(k, v) for k, v in request.query_params.multi_items() if k != "cursor"]
        headers["Link"] = f'<{request.url.path}?{urlencode([*parameters, ("cursor", cursor)])}>; rel="next"'
    body = {"items": await _wire(ctx, rows), "next_cursor": cursor}
    return Response(orjson.dumps(body, default=str), headers=headers, media_type="application/json")


async def read(ctx: Context, cluster_id: UUID) -> dict[str, Any]:
    """One cluster as `ClusterRead`. Raises Forbidden, NotFound."""
    ctx.require(Permission.RECORDS_MERGE)
    row = await ctx.fetch_one(queries.one(ctx.reach), id=cluster_id, types=_types(ctx, []))
    (cluster,) = await _wire(ctx, [row])
    return cluster


async def dismiss(ctx: Context, cluster_id: UUID, body: ClusterDismissal) -> dict[str, Any]:
    """Remember that the records of this cluster, those that the asker sees, are all different; returns what it is then.

    Raises Forbidden, NotFound, NothingToDismiss, and what a dismissal of the same records raises.
    """
    cluster = await read(ctx, cluster_id)
    if len(cluster["members"]) < 2:
        raise NothingToDismiss
    records = [DifferentRecord(type=member["type"], id=member["id"]) for member in cluster["members"]]
    await dismissal_service.dismiss(ctx, DismissalCreate(records=records, reason=body.reason))
    return await read(ctx, cluster_id)


def _types(ctx: Context, wanted: Sequence[str]) -> list[str]:
    return [name for name in wanted or ALL_TYPES if ctx.may(READ[name])]


async def _wire(ctx: Context, rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Clusters as `ClusterRead`: records that the asker may not see are counted and no more (DUP-3)."""
    members = [sorted(orjson.loads(row["members"]), key=lambda one: str(one["id"])) for row in rows]
    own = [[one for one in some if not one["related"]] for some in members]
    shown = [[one for one in some if one["seen"]] for some in own]
    pairs = [pair for some in shown for pair in combinations([one["id"] for one in some], 2)]
    dismissed = {
        (str(first), str(second))
        for first, second in await ctx.fetch(
            queries.dismissed_among(), ones=[UUID(one) for one, _ in pairs], others=[UUID(two) for _, two in pairs]
        )
    }
    return [
        {
            **{name: row[name] for name in ("id", "scan_id", "rank", "record_type", "verdict", "size", "state")},
            "score": float(row["score"]),
            "stale": any(not one["there"] or one["changed"] for one in all_own),
            "members": [
                {name: one[name] for name in ("type", "id", "name", "postal_code", "city", "changed")} for one in seen
            ],
            "hidden": sum(one["there"] and not one["seen"] for one in all_own),
            "gone": sum(not one["there"] for one in all_own),
            "pairs": _pairs(seen, dismissed, ctx.language),
            "related": [
                {"type": one["type"], "id": one["id"]}
                for one in everything
                if one["related"] and one["seen"] and ctx.may(READ[one["type"]])
            ],
            "merge": {"record_type": row["record_type"], "record_ids": [one["id"] for one in seen]}
            if len(seen) > 1
            else None,
        }
        for row, everything, all_own, seen in zip(rows, members, own, shown, strict=True)
    ]


def _pairs(seen: Sequence[Mapping[str, Any]], dismissed: set[tuple[str, str]], language: str) -> list[dict[str, Any]]:
    """The pairs of a cluster as they compare now, the surest first."""
    parties = {one["id"]: Party.load(one["dump"]) for one in seen if one["dump"] is not None}
    found = []
    for one, two in combinations(parties, 2):
        match = score(parties[one], parties[two])
        reasons = [
            {"field": r.field, "effect": r.effect, "code": r.code, "text": explain(r, language)} for r in match.reasons
        ]
        found.append(
            {
                "records": [one, two],
                "score": match.score,
                "verdict": match.verdict,
                "dismissed": (one, two) in dismissed,
                "reasons": reasons,
            }
        )
    return sorted(found, key=lambda pair: (-pair["score"], pair["records"]))
