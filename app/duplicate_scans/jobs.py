"""The steps of a scan. Each works outside its transaction, in processes of its own, and what it has done is kept in files: a
step that was killed goes on where it was. Then the clusters are written, some thousands in each step.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import UUID, uuid5

import orjson
from sqlalchemy import (
    ARRAY,
    Boolean,
    Float,
    Integer,
    Text,
    Uuid,
    bindparam,
    column,
    delete,
    func,
    select,
    update,
)
from sqlalchemy import BigInteger as BigInt
from sqlalchemy.dialects.postgresql import insert

from app.core import outbox
from app.core.context import Context
from app.core.statements import Statement
from app.core.visibility import unscoped
from app.duplicate_scans import queries
from app.duplicate_scans.models import DuplicateCluster, DuplicateClusterMember, DuplicateScan
from app.duplicate_scans.service import step_key
from app.duplicates.models import MODELS
from app.jobs import service as jobs
from app.matching import batch
from app.matching.index import party

STEP_SECONDS = 8.0
"""After so long a step hands out no more pieces."""
LOOK_SECONDS = 1.0
"""How often a step looks whether it was cancelled. It also keeps its transaction, which has changed nothing yet, from idling."""
CLUSTERS_A_STEP = 2_000
NICE = 10
_WHY = "the product's own work"
_LEVELS = {"possible": 1, "duplicate": 2}
_VERDICTS = {level: verdict for verdict, level in _LEVELS.items()}


def folder_of(ctx: Context, scan_id: UUID) -> Path:
    """Where a scan keeps its pieces."""
    return ctx.settings.data_dir / "scans" / str(scan_id)


@outbox.job("duplicate_scans.step")
async def step(ctx: Context, payload: Mapping[str, Any]) -> None:
    """Bring a scan forward by some seconds, and ask for the next step."""
    scan_id, number = UUID(payload["scan_id"]), int(payload["step"])
    folder = folder_of(ctx, scan_id)
    if not await jobs.going_on(ctx, scan_id):
        await asyncio.to_thread(batch.forget, folder)
        return
    row = (await ctx.run(_SCAN, id=scan_id))[0]
    finished = folder / "clusters-00000.jsonl"
    if row["clusters"] is not None and finished.exists():
        more = await _write(ctx, scan_id, finished, int(payload.get("written", 0)))
        written = int(payload.get("written", 0)) + CLUSTERS_A_STEP
    else:
        await ctx.run(_UNDO, id=scan_id)  # of a result whose files are gone
        more, written = await _work(ctx, scan_id, folder, row), 0
    if more:
        following = {"scan_id": str(scan_id), "step": number + 1, "written": written}
        ctx.enqueue("duplicate_scans.step", following, key=step_key(scan_id, number + 1))


async def _work(ctx: Context, scan_id: UUID, folder: Path, row: Any) -> bool:
    """Do pieces of the batch for a while. False when the scan was cancelled."""
    assert ctx.settings.database_url
    await asyncio.to_thread(folder.mkdir, mode=0o700, parents=True, exist_ok=True)
    plan = await batch.plan_for(
        ctx.settings.database_url,
        folder,
        level=_LEVELS[row["minimum_verdict"]],
        types=row["record_types"],
        clusters=True,
    )
    apart = [list(pair) for pair in await ctx.run(queries.dismissed_parties())]
    await asyncio.to_thread((folder / "apart.json").write_bytes, orjson.dumps(apart))
    until = monotonic() + STEP_SECONDS
    cancelled = False
    async with batch.Crew(plan, ctx.settings.database_url, nice=NICE) as crew:
        work = asyncio.create_task(crew.work(lambda: cancelled or monotonic() > until))
        try:
            while not work.done():
                with suppress(TimeoutError):
                    await asyncio.wait_for(asyncio.shield(work), LOOK_SECONDS)
                cancelled = not await jobs.going_on(ctx, scan_id)
        finally:
            work.cancel()
        ended = work.result()
        compared = crew.counts.get("comparisons", 0)
    done, total = await asyncio.to_thread(batch.progress, plan)
    if not await jobs.report(ctx, scan_id, done, total + 1):
        await asyncio.to_thread(batch.forget, folder)
        return False
    clusters = await asyncio.to_thread(_count_lines, folder / "clusters-00000.jsonl") if ended else None
    await ctx.run(_REPORT, id=scan_id, compared=compared, clusters=clusters, at=ctx.clock.now() if ended else None)
    return True


async def _write(ctx: Context, scan_id: UUID, file: Path, begin: int) -> bool:
    """Write some of the clusters; their ids follow from the scan and the rank, so that none is there twice. False at the end."""
    clusters = await asyncio.to_thread(_read, file, begin)
    if clusters:
        ids = [uuid5(scan_id, str(rank)) for rank in range(begin + 1, begin + 1 + len(clusters))]
        await ctx.run(
            _CLUSTERS,
            scan_id=scan_id,
            ids=ids,
            ranks=list(range(begin + 1, begin + 1 + len(clusters))),
            kinds=[cluster["kind"] for cluster in clusters],
            verdicts=[_VERDICTS[cluster["level"]] for cluster in clusters],
            scores=[int(cluster["score"] * 10_000) / 10_000 for cluster in clusters],
            sizes=[len(cluster["members"]) for cluster in clusters],
        )
        members = [
            (id_, record, related)
            for id_, cluster in zip(ids, clusters, strict=True)
            for records, related in ((cluster["members"], False), (cluster["related"], True))
            for record in records
        ]
        await ctx.run(
            _MEMBERS,
            clusters=[id_ for id_, _, _ in members],
            parties=[record for _, record, _ in members],
            related=[related for _, _, related in members],
        )
        return True
    # The older results go in small transactions too.
    if await ctx.run(_OLD_CLUSTERS, scan_id=scan_id):
        return True
    if await jobs.end(ctx, scan_id):
        ctx.after_commit(lambda: asyncio.to_thread(batch.forget, file.parent))
    return False


def _read(file: Path, begin: int) -> list[dict[str, Any]]:
    with file.open("rb") as lines:
        return [orjson.loads(line) for at, line in enumerate(lines) if begin <= at < begin + CLUSTERS_A_STEP]


def _count_lines(file: Path) -> int:
    with file.open("rb") as lines:
        return sum(1 for line in lines if line.strip())


_id = bindparam("id", type_=Uuid, required=True)
_scan_id = bindparam("scan_id", type_=Uuid, required=True)
_SCAN = Statement(
    select(DuplicateScan.record_types, DuplicateScan.minimum_verdict, DuplicateScan.clusters).where(
        DuplicateScan.id == _id
    )
)
_REPORT = Statement(
    update(DuplicateScan)
    .where(DuplicateScan.id == _id)
    .values(
        compared=func.coalesce(DuplicateScan.compared, 0) + bindparam("compared", type_=BigInt, required=True),
        clusters=bindparam("clusters", type_=BigInt, required=True),
        scanned_at=bindparam("at", type_=DuplicateScan.scanned_at.type, required=True),
    )
)
_UNDO = Statement(
    unscoped(
        delete(DuplicateCluster).where(DuplicateCluster.scan_id == _id).returning(DuplicateCluster.id), reason=_WHY
    )
)


def _given(*columns: tuple[str, str, Any]) -> Any:
    return (
        func.unnest(*(bindparam(bind, type_=ARRAY(type_), required=True) for bind, _, type_ in columns))
        .table_valued(*(column(name, type_) for _, name, type_ in columns))
        .render_derived()
    )


_new = _given(
    *(("ids", "id", Uuid), ("ranks", "rank", Integer), ("kinds", "kind", Text), ("verdicts", "verdict", Text)),
    *(("scores", "score", Float), ("sizes", "size", Integer)),
)
_CLUSTERS = Statement(
    insert(DuplicateCluster)
    .from_select(
        ["id", "rank", "record_type", "verdict", "score", "size", "scan_id"],
        select(*_new.c, _scan_id),
        include_defaults=False,
    )
    .on_conflict_do_nothing()
)
_joined = _given(("clusters", "cluster_id", Uuid), ("parties", "party_id", BigInt), ("related", "related", Boolean))


def _members() -> Any:
    statement = select(
        _joined.c.cluster_id,
        _joined.c.related,
        party.c.record_type,
        party.c.record_id,
        func.coalesce(*(model.version for model in MODELS.values())),
    ).join(party, party.c.id == _joined.c.party_id)
    for name, model in MODELS.items():
        statement = statement.join(model, (party.c.record_type == name) & (model.id == party.c.record_id), isouter=True)
    return unscoped(statement.where(func.coalesce(*(model.id for model in MODELS.values())).is_not(None)), reason=_WHY)


_MEMBERS = Statement(
    insert(DuplicateClusterMember)
    .from_select(
        ["cluster_id", "related", "record_type", "record_id", "record_version"], _members(), include_defaults=False
    )
    .on_conflict_do_nothing()
)
_OLD_CLUSTERS = Statement(
    unscoped(
        delete(DuplicateCluster)
        .where(
            DuplicateCluster.id.in_(
                select(DuplicateCluster.id).where(DuplicateCluster.scan_id != _scan_id).limit(CLUSTERS_A_STEP)
            )
        )
        .returning(DuplicateCluster.id),
        reason=_WHY,
    )
)
