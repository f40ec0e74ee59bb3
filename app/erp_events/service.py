"""Writing events for the ERP, and acknowledging them."""

from datetime import date
from uuid import UUID

from sqlalchemy import Date, DateTime, Text, Uuid, bindparam
from sqlalchemy.dialects.postgresql import insert

from app.core.context import Context
from app.core.db import new_id
from app.core.permissions import Permission
from app.core.statements import Statement
from app.erp_events.models import ErpEvent
from app.erp_events.schemas import ErpEventKind

_INSERT = Statement(
    insert(ErpEvent)
    .values(
        {
            name: bindparam(name, type_=type_, required=True)
            for name, type_ in (
                *(("id", Uuid), ("kind", Text), ("account_id", Uuid), ("activity_id", Uuid), ("source_id", Uuid)),
                *(("visited_on", Date), ("created_at", DateTime(timezone=True))),
            )
        }
    )
    .on_conflict_do_nothing(index_elements=["source_id"])
)


async def tell(
    ctx: Context, kind: ErpEventKind, *, account_id: UUID, activity_id: UUID, source_id: UUID, visited_on: date
) -> None:
    """Have the ERP told, in this transaction; of each source once."""
    values = {"account_id": account_id, "activity_id": activity_id, "source_id": source_id, "visited_on": visited_on}
    await ctx.run(_INSERT, id=new_id(), kind=kind, created_at=ctx.now, **values)


async def acknowledge(ctx: Context, event_id: UUID) -> None:
    """The ERP has taken the event; again changes nothing. Raises Forbidden, NotFound."""
    ctx.require(Permission.ERP_FOLLOW)
    event = await ctx.load(ErpEvent, event_id)
    if event.acknowledged_at is None:
        event.acknowledged_at, event.acknowledged_by = ctx.now, ctx.user_id
        event.version += 1
