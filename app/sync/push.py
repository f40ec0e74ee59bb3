"""What was written offline, done one after another: each operation in its own transaction, once (SYNC-2).

An operation goes through the service that its single request calls, so every rule, permission and effect holds. Its result is
kept in the transaction of its effect: whatever is sent again has no second one.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
import structlog
from sqlalchemy import ARRAY, DateTime, LargeBinary, Text, Uuid, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert
from starlette.responses import Response

from app.core import failures
from app.core.context import Context, Steps
from app.core.problems import (
    IdempotencyKeyReused,
    InternalError,
    NotFound,
    PreconditionRequired,
    Problem,
    RecordMerged,
    StaleVersion,
    Unavailable,
)
from app.core.records import is_visible
from app.core.redirects import table as redirects
from app.core.redirects import whereabouts
from app.core.statements import Statement
from app.core.trace import trace_id
from app.sync import merging
from app.sync.models import operations
from app.sync.problems import DependsOnRejected
from app.sync.schemas import Operation, Push
from app.sync.writers import WRITERS, Writer, parsed

log = structlog.get_logger()

ATTEMPTS = 3
"""How often an operation is tried when somebody else changes the record at the same moment."""
_LINKS = ("account_id", "contact_id", "lead_id")
"""Fields that name records which may have been merged while the client was away."""

_user, _op = bindparam("user_id", type_=Uuid, required=True), bindparam("op", type_=Uuid, required=True)
_this = (operations.c.user_id == _user, operations.c.op_id == _op)
_CLAIM = Statement(
    insert(operations)
    .on_conflict_do_nothing()
    .returning(operations.c.op_id)
    .values(
        user_id=_user,
        op_id=_op,
        request_hash=bindparam("request_hash", type_=LargeBinary, required=True),
        record_type=bindparam("record_type", type_=Text, required=True),
        record_id=bindparam("record_id", type_=Uuid, required=True),
        device_id=bindparam("device_id", type_=Uuid, required=True),
        created_at=bindparam("created_at", type_=DateTime(timezone=True), required=True),
    )
)
_KNOWN = Statement(select(operations.c.request_hash).where(*_this))
_DONE = Statement(update(operations).where(*_this).values(status=bindparam("status", type_=Text, required=True)))
_WINNERS = Statement(
    select(redirects.c.loser_id, redirects.c.winner_id).where(
        redirects.c.loser_id == func.any(bindparam("ids", type_=ARRAY(Uuid), required=True))
    )
)


class _Conflict(Exception):
    """Not an error: takes the result past the transaction, of which nothing remains."""

    def __init__(self, result: dict[str, Any]) -> None:
        super().__init__()
        self.result = result


async def push(steps: Steps, body: Push) -> Response:
    """Do the operations in their order; 207 with a result for each. One that fails leaves the others.

    Raises Unavailable when the database does not answer; what was done until then is done, and the same push goes on there.
    """
    refused: set[UUID] = set()
    results = []
    for operation in body.operations:
        try:
            _require_made(operation, refused)
            result = await _do(steps, operation, body.device_id)
        except Exception as error:
            problem = failures.problem_of(error)
            if isinstance(problem, Unavailable):
                raise
            if problem is None:
                log.exception("push_failed", type=operation.type, op=operation.op)
            if operation.op == "create":
                refused.add(operation.id)
            result = _rejected(steps, operation, problem or InternalError())
        results.append(result)
    return await steps.reply({"results": results}, status=207)


def _require_made(operation: Operation, refused: set[UUID]) -> None:
    """Raise DependsOnRejected when the operation needs a record whose creation was refused."""
    if not refused:
        return
    for id_ in (operation.id, *_named(operation.data)):
        if id_ in refused and not (id_ == operation.id and operation.op == "create"):
            raise DependsOnRejected(id=id_, extra={"record_id": id_})


def _named(data: Mapping[str, Any]) -> Sequence[UUID]:
    """The ids of records that the data name."""
    out = []
    for name, value in data.items():
        if name.endswith(("_id", "_ids")):
            for one in value if isinstance(value, list) else [value]:
                try:
                    out.append(UUID(str(one)))
                except ValueError:
                    continue
    return out


async def _do(steps: Steps, operation: Operation, device_id: UUID | None) -> dict[str, Any]:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            async with steps.open() as ctx:
                return await _once(ctx, operation, device_id or ctx.user.session_id)
        except _Conflict as conflict:
            return conflict.result
        except StaleVersion:
            if attempt == ATTEMPTS:
                raise
    raise AssertionError


async def _once(ctx: Context, operation: Operation, device_id: UUID) -> dict[str, Any]:
    """The operation in this transaction, unless it was done before."""
    own = {"user_id": ctx.user.user_id, "op": operation.op_id}
    asked = _hash(operation)
    new = await ctx.run(
        _CLAIM,
        **own,
        request_hash=asked,
        record_type=operation.type,
        record_id=operation.id,
        device_id=device_id,
        created_at=ctx.now,
    )
    writer = WRITERS[operation.type]
    if not new:
        if (await ctx.run(_KNOWN, **own))[0]["request_hash"] != asked:
            raise IdempotencyKeyReused
        return await _result(ctx, writer, operation, "replayed")
    try:
        status = await _apply(ctx, writer, operation, device_id)
    except NotFound:
        winner_id = await whereabouts(ctx, operation.id)
        if winner_id != operation.id and await is_visible(ctx, operation.type, winner_id):
            raise RecordMerged(extra={"winner_id": winner_id}) from None
        raise
    await ctx.session.flush()
    await ctx.run(_DONE, **own, status=status)
    return await _result(ctx, writer, operation, status)


async def _apply(ctx: Context, writer: Writer, operation: Operation, device_id: UUID) -> str:
    data = await _with_winners(ctx, operation.data)
    if operation.op == "create":
        await writer.create(ctx, parsed(writer.new, {**data, "id": str(operation.id)}))
        return "applied"
    if operation.base_version is None:
        raise PreconditionRequired
    patch = parsed(writer.patch, data) if operation.op == "update" else None
    record = await ctx.load(writer.kind.model, operation.id, lock=False)
    version: int = record.version
    others = merging.Others()
    if version < operation.base_version:
        others = merging.Others(known=False)  # of a course of the database that was given up
    elif version > operation.base_version:
        others = await merging.changed_by_others(ctx, writer.kind, operation.id, operation.base_version, device_id)
    if others.any:
        ctx.require(writer.kind.permission)
        present = orjson.loads((await writer.kind.resource.json(ctx, operation.id))[0])
        clashes = merging.clashes(data, patch, others, present) if patch else merging.changes(others, present)
        if clashes or (patch is None and not others.known):
            raise _Conflict(_body(operation, "conflict", present["version"], present, conflicts=clashes))
    if patch is None:
        await _remove(ctx, writer, operation.id, version)
    else:
        await writer.update(ctx, operation.id, patch, f'"{version}"')
    return "merged" if others.any else "applied"


async def _remove(ctx: Context, writer: Writer, id_: UUID, version: int) -> None:
    record = await ctx.load(writer.kind.model, id_)
    if record.version != version:
        raise StaleVersion
    await writer.remove(ctx, id_)


async def _with_winners(ctx: Context, data: dict[str, Any]) -> dict[str, Any]:
    """The data with what records that were merged meanwhile are called now."""
    named = _named({name: value for name, value in data.items() if name in (*_LINKS, "contact_ids")})
    rows = await ctx.fetch(_WINNERS, ids=list(named)) if named else ()
    winners = {str(row["loser_id"]): str(row["winner_id"]) for row in rows}
    if not winners:
        return data

    def now(value: Any) -> Any:
        return winners.get(value.lower(), value) if isinstance(value, str) else value

    out = dict(data)
    for name in (*_LINKS, "contact_ids"):
        if name in out:
            out[name] = [now(one) for one in out[name]] if isinstance(out[name], list) else now(out[name])
    return out


async def _result(ctx: Context, writer: Writer, operation: Operation, status: str) -> dict[str, Any]:
    """The result with the record as it is, if it is there and the asker sees it or has just written it."""
    if operation.op == "delete" and status != "replayed":
        return _body(operation, status, None, None)
    try:
        body, version = await writer.kind.resource.json(ctx, operation.id)
    except NotFound:
        return _body(operation, status, None, None)
    return _body(operation, status, version, orjson.Fragment(body))


def _rejected(steps: Steps, operation: Operation, problem: Problem) -> dict[str, Any]:
    told = problem.body(language=steps.language, instance="/v1/sync/push", trace_id=trace_id())
    return _body(operation, "rejected", None, None, problem=told)


def _body(
    operation: Operation,
    status: str,
    version: int | None,
    data: Any,
    *,
    conflicts: Sequence[dict[str, Any]] = (),
    problem: dict[str, Any] | None = None,
) -> dict[str, Any]:
    return {
        "op_id": operation.op_id,
        "status": status,
        "type": operation.type,
        "id": operation.id,
        "version": version,
        "data": data,
        "conflicts": list(conflicts),
        "problem": problem,
    }


def _hash(operation: Operation) -> bytes:
    plain = operation.model_dump(mode="json", exclude={"op_id"})
    return hashlib.sha256(orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)).digest()
