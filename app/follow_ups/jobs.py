"""What reminders of follow-ups say, and keeping days by the clock of those who have them."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Time,
    Uuid,
    and_,
    bindparam,
    case,
    column,
    func,
    literal,
    or_,
    select,
    update,
)

from app.core import outbox
from app.core.context import Context
from app.core.principal import READ_ALL
from app.core.statements import Statement
from app.core.visibility import unscoped
from app.follow_ups.due import DAY_BEGINS
from app.follow_ups.models import FollowUp
from app.follow_ups.records import KINDS
from app.identity.models import Role, TeamMember, User, UserRole
from app.reminders.models import Reminder
from app.reminders.sending import Due, source

EXCERPT = 500

_due = (
    func.unnest(*(bindparam(name, type_=ARRAY(Uuid), required=True) for name in ("ids", "follow_up_ids", "user_ids")))
    .table_valued(column("id", Uuid), column("follow_up_id", Uuid), column("user_id", Uuid))
    .render_derived()
)
_users = (
    select(
        *(User.id, User.time_zone),
        func.array(select(TeamMember.team_id).where(TeamMember.user_id == User.id).scalar_subquery()).label("teams"),
        select(UserRole.user_id)
        .join(Role, Role.id == UserRole.role_id)
        .where(UserRole.user_id == User.id, literal(READ_ALL) == func.any(Role.permissions))
        .exists()
        .label("sees_all"),
        func.array(
            select(func.unnest(Role.permissions))
            .join(UserRole, UserRole.role_id == Role.id)
            .where(UserRole.user_id == User.id)
            .scalar_subquery()
        ).label("permissions"),
    )
    .where(User.id == func.any(bindparam("user_ids", type_=ARRAY(Uuid), required=True)))
    .cte("users_of")
    .prefix_with("MATERIALIZED")
)


def _name() -> ColumnElement[Any]:
    """What the record is called, for a user who may read such records and sees it now; null for one who does not."""
    names = [
        case(
            (
                and_(
                    literal(kind.read.value) == func.any(_users.c.permissions),
                    or_(_users.c.sees_all, kind.model.visible_to(_users.c.id, _users.c.teams)),
                ),
                kind.name,
            )
        )
        for kind in KINDS.values()
    ]
    return func.coalesce(*names)


def _said() -> Statement:
    statement = (
        select(_due.c.id, FollowUp.note, FollowUp.due_at, FollowUp.due_on, _users.c.time_zone, _name().label("name"))
        .join(FollowUp, (FollowUp.id == _due.c.follow_up_id) & (FollowUp.assignee_id == _due.c.user_id))
        .join(_users, _users.c.id == _due.c.user_id)
        .where(FollowUp.status == "open")
    )
    for kind in KINDS.values():
        statement = statement.outerjoin(kind.model, kind.model.id == kind.column)
    return Statement(unscoped(statement, reason="each user is told a name only where the record's own rule shows it"))


_SAID = _said()


@source("follow_up")
async def said(ctx: Context, due: Sequence[Due]) -> Mapping[UUID, Mapping[str, Any]]:
    """The note and the record's name as it is now; without the name where the user has lost sight of the record. Nothing of
    what is done or another one's by now.
    """
    rows = await ctx.run(
        _SAID,
        ids=[one.id for one in due],
        follow_up_ids=[one.record_id for one in due],
        user_ids=[one.user_id for one in due],
    )
    return {
        row["id"]: {
            "name": row["name"],
            "note": shortened(row["note"]),
            "day": row["due_on"] or row["due_at"].astimezone(ZoneInfo(row["time_zone"])).date(),
        }
        for row in rows
    }


_user = bindparam("user", type_=Uuid, required=True)
_moved = (
    update(FollowUp)
    .where(
        *(FollowUp.assignee_id == _user, User.id == _user, FollowUp.status == "open", FollowUp.due_on.is_not(None)),
        FollowUp.due_at > bindparam("now", type_=DateTime(timezone=True), required=True),
    )
    .values(
        due_at=func.timezone(
            User.time_zone, FollowUp.due_on + bindparam("begins", DAY_BEGINS, type_=Time), type_=DateTime(timezone=True)
        )
    )
    .returning(FollowUp.id, FollowUp.due_at)
    .cte("moved")
)
_MOVE = Statement(
    unscoped(
        update(Reminder)
        .where(Reminder.record_id == _moved.c.id, Reminder.user_id == _user, Reminder.sent_at.is_(None))
        .values(due_at=_moved.c.due_at),
        reason="whoever made them: they are that user's days",
    )
)


@outbox.job("follow_ups.move")
async def move(ctx: Context, payload: Mapping[str, Any]) -> None:
    """Somebody's clock stands elsewhere now: what they have for a day is due when that day begins there."""
    await ctx.run(_MOVE, user=UUID(payload["user_id"]), now=ctx.now)


def shortened(note: str) -> str:
    """As much of a note as a notification shows."""
    return note if len(note) <= EXCERPT else note[: EXCERPT - 1] + "…"
