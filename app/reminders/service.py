"""Setting reminders (FUP-1). `sending` tells the users; `workers.reminding` runs it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, Text, Uuid, bindparam, case, delete
from sqlalchemy.dialects.postgresql import insert

from app.core.context import Context
from app.core.db import new_id
from app.core.statements import Statement
from app.notifications.texts import Kind
from app.reminders.models import RemindedOf, Reminder


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who is to be reminded, and when."""

    user_id: UUID
    due_at: datetime


_record_type = bindparam("record_type", type_=Text, required=True)
_record_id = bindparam("record_id", type_=Uuid, required=True)
_new = insert(Reminder).values(
    id=bindparam("id", type_=Uuid, required=True),
    user_id=bindparam("user_id", type_=Uuid, required=True),
    record_type=_record_type,
    record_id=_record_id,
    kind=bindparam("kind", type_=Text, required=True),
    due_at=bindparam("due_at", type_=DateTime(timezone=True), required=True),
)
_same = Reminder.due_at == _new.excluded.due_at
_REMIND = Statement(
    _new.on_conflict_do_update(
        index_elements=["record_id", "user_id"],
        set_={
            "kind": _new.excluded.kind,
            "due_at": _new.excluded.due_at,
            "sent_at": case((_same, Reminder.sent_at), else_=None),
            "outcome": case((_same, Reminder.outcome), else_=None),
        },
    )
)
_FORGET = Statement(delete(Reminder).where(Reminder.record_id == _record_id, Reminder.record_type == _record_type))


async def remind(
    ctx: Context, *, record_type: RemindedOf, record_id: UUID, user_id: UUID, due_at: datetime, kind: Kind
) -> None:
    """Remind the user of the record at that time, in the app and by e-mail, once; at once when the time has passed.

    A user has one reminder per record: setting it again moves it, and to the same time changes nothing. What is said is made
    up when it is due, by the record's `source`.
    """
    values = {"record_type": record_type, "record_id": record_id, "user_id": user_id, "due_at": due_at, "kind": kind}
    await ctx.run(_REMIND, id=new_id(), **values)


async def forget(ctx: Context, record_type: RemindedOf, record_id: UUID) -> None:
    """Remind nobody of the record any more."""
    await ctx.run(_FORGET, record_type=record_type, record_id=record_id)


async def follow(
    ctx: Context,
    record_type: RemindedOf,
    record_id: UUID,
    kind: Kind,
    *,
    before: Wanted | None,
    after: Wanted | None,
    newly: bool,
) -> None:
    """Bring the record's reminder in line with a change of the record, which says who wanted one `before` and `after`.

    A time that has passed reminds only when it was set `newly`: whoever takes over or opens again what was due long ago is not
    reminded of it.
    """
    if before == after:
        return
    if before is not None and (after is None or after.user_id != before.user_id):
        await forget(ctx, record_type, record_id)
    if after is not None and (newly or after.due_at > ctx.now):
        await remind(
            ctx, record_type=record_type, record_id=record_id, user_id=after.user_id, due_at=after.due_at, kind=kind
        )
