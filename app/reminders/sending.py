"""Telling users what they are to be reminded of: a batch, its notifications and mails in one transaction (FUP-1).

Whoever takes reminders holds their rows until the transaction ends, and others pass over them: a crash leaves neither a mark
nor a notification, and two workers never tell the same. Reminders that fell due during an outage are told after it, once.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, Integer, Text, Uuid, bindparam, func, select, tuple_, update

from app.core.context import Context
from app.core.statements import Statement
from app.notifications import Told, notify_many
from app.notifications.texts import Kind
from app.reminders.models import RemindedOf, Reminder


@dataclass(frozen=True, slots=True)
class Due:
    """A reminder whose time has come."""

    id: UUID
    user_id: UUID
    record_type: RemindedOf
    record_id: UUID
    kind: Kind
    due_at: datetime


Source = Callable[[Context, Sequence[Due]], Awaitable[Mapping[UUID, Mapping[str, Any]]]]
"""Given due reminders of one type of record: by the reminder's id, the data that its text is made of, as the record is now and
as its user may see it. Who is not to be told any more is left out."""
SOURCES: dict[str, Source] = {}


def source(record_type: RemindedOf) -> Callable[[Source], Source]:
    """Decorator: the function that says what reminders of this type of record tell, a few statements for any number."""

    def register(made: Source) -> Source:
        assert record_type not in SOURCES, record_type
        SOURCES[record_type] = made
        return made

    return register


@dataclass(frozen=True, slots=True)
class Batch:
    """What one transaction did: the reminders that it took, and how many of them told somebody."""

    taken: Sequence[Due]
    told: int

    @property
    def last(self) -> tuple[datetime, UUID] | None:
        """The place of the last one among those that are due."""
        return max(((due.due_at, due.id) for due in self.taken), default=None)


class CannotTell(Exception):
    """What to say could not be made up; `taken` are the reminders that it was to be said of. Nothing has been told."""

    def __init__(self, taken: Sequence[Due]) -> None:
        super().__init__(", ".join(str(due.id) for due in taken[:3]))
        self.taken = taken


_DEFECTS = (LookupError, TypeError, ValueError, ArithmeticError, AttributeError)
"""What no later try mends; whatever else goes wrong does so outside, and passes."""

_MOMENT = DateTime(timezone=True)
_now = bindparam("now", type_=_MOMENT, required=True)
_ids = bindparam("ids", type_=ARRAY(Uuid), required=True)
_ours = Reminder.record_type == func.any(bindparam("types", type_=ARRAY(Text), required=True))
_after = (bindparam("after_due", type_=_MOMENT, required=True), bindparam("after_id", type_=Uuid, required=True))
_due = (
    select(Reminder.id)
    .where(Reminder.sent_at.is_(None), Reminder.due_at <= _now, _ours)
    # Rows that were told a moment ago stand in the index until it is cleaned: go on behind them.
    .where(tuple_(Reminder.due_at, Reminder.id) > tuple_(*_after))
    .order_by(Reminder.due_at, Reminder.id)
    .limit(bindparam("limit", type_=Integer, required=True))
    .with_for_update(skip_locked=True)
    .cte("due")
)
_TAKE = Statement(
    update(Reminder)
    .where(Reminder.id == _due.c.id)
    .values(sent_at=_now, outcome="told")
    .returning(
        *(Reminder.id, Reminder.user_id, Reminder.record_type, Reminder.record_id, Reminder.kind, Reminder.due_at)
    )
)
_SAY = Statement(
    update(Reminder)
    .where(Reminder.id == func.any(_ids))
    .values(sent_at=_now, outcome=bindparam("outcome", type_=Text, required=True))
)
_NEXT = Statement(select(func.min(Reminder.due_at).label("due_at")).where(Reminder.sent_at.is_(None), _ours))
_BEGINNING = (datetime(1900, 1, 1, tzinfo=UTC), UUID(int=0))


async def send_due(
    ctx: Context,
    *,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
    mail_at: Callable[[], datetime] | None = None,
) -> Batch:
    """Tell the users of at most `limit` due reminders, those due longest first; `after` passes over all up to that place,
    and `mail_at` says of each e-mail in turn when it goes out.

    Reminders of records whose source this process does not know are left to one that does. Raises CannotTell.
    """
    due_at, id_ = after or _BEGINNING
    rows = await ctx.run(_TAKE, now=ctx.now, types=list(SOURCES), after_due=due_at, after_id=id_, limit=limit)
    taken = [Due(*row.values()) for row in rows]
    if not taken:
        return Batch((), 0)
    try:
        told, void = await _made_up(ctx, taken)
        await notify_many(ctx, told, mail_at=mail_at)
    except _DEFECTS as error:
        raise CannotTell(taken) from error
    if void:
        await ctx.run(_SAY, ids=void, now=ctx.now, outcome="void")
    return Batch(taken, len(told))


async def _made_up(ctx: Context, taken: Sequence[Due]) -> tuple[list[Told], list[UUID]]:
    """What to tell of these, and those of which there is nothing to tell any more."""
    told: list[Told] = []
    void: list[UUID] = []
    for record_type, ask in SOURCES.items():
        due = [one for one in taken if one.record_type == record_type]
        said = await ask(ctx, due) if due else {}
        told += [
            Told(one.user_id, one.kind, one.record_type, one.record_id, said[one.id]) for one in due if one.id in said
        ]
        void += [one.id for one in due if one.id not in said]
    return told, void


async def give_up(ctx: Context, reminder_id: UUID) -> None:
    """Leave a reminder untold whose text cannot be made up."""
    await ctx.run(_SAY, ids=[reminder_id], now=ctx.now, outcome="failed")


async def next_due(ctx: Context) -> datetime | None:
    """When the next reminder is due, or was."""
    rows = await ctx.run(_NEXT, types=list(SOURCES))
    return cast("datetime | None", rows[0]["due_at"])
