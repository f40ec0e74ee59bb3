"""The protection check and its receipt (LOCK-1)."""

from typing import Any

import orjson
from sqlalchemy import DateTime, Uuid, bindparam, insert
from sqlalchemy.dialects.postgresql import JSONB

from app.core.clock import moment
from app.core.context import Context
from app.core.db import new_id
from app.core.permissions import Permission
from app.core.statements import Statement
from app.locks.models import ProtectionCheck
from app.locks.protection import examine
from app.locks.schemas import ProtectionCheckCreate
from app.projects.rules import rules_of

_RECEIPT = Statement(
    insert(ProtectionCheck).values(
        id=bindparam("id", type_=Uuid, required=True),
        created_at=bindparam("created_at", type_=DateTime(timezone=True), required=True),
        user_id=bindparam("user_id", type_=Uuid, required=True),
        project_id=bindparam("project_id", type_=Uuid, required=True),
        query=bindparam("query", type_=JSONB, required=True),
        answer=bindparam("answer", type_=JSONB, required=True),
    )
)


async def check(ctx: Context, body: ProtectionCheckCreate) -> dict[str, Any]:
    """Answer whether the customer is taken, and keep the answer as a receipt: a `ProtectionCheckRead`.

    Raises Forbidden, Invalid (unknown project).
    """
    ctx.require(Permission.PROTECTION_CHECK)
    ctx.begin()
    rules = await rules_of(ctx, body.project_id)
    examination = await examine(ctx, body.party_values(), country=body.country or ctx.user.country)
    answer = orjson.loads(orjson.dumps(examination.wire(ctx.language), default=str))
    receipt = {
        "id": new_id(),
        "created_at": ctx.now,
        "user_id": ctx.user.user_id,
        "project_id": rules.project_id,
        "query": body.model_dump(mode="json", exclude_unset=True, exclude={"project_id"}),
    }
    await ctx.run(_RECEIPT, **receipt, answer=answer)
    person = {"id": receipt.pop("user_id"), "name": ctx.user.name}
    return {**receipt, "created_at": moment(ctx.now), "version": 1, "user": person, **answer}
