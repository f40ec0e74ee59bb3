"""All sections of a day in one statement."""

from typing import Any

from sqlalchemy import Select, Text, cast, func, literal, literal_column, select, union_all
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.core.expressions import asker
from app.core.principal import Reach
from app.core.statements import prepared
from app.core.visibility import unscoped
from app.day.sections import COUNTED, SECTIONS, SHOWN
from app.messages.models import MessageRecipient
from app.notifications.models import Notification


@prepared
def sections(keys: tuple[str, ...], how_far: Reach) -> Select[Any]:
    """Key, bounded count and first items (as JSON) of each of these sections. Binds: now, today, day_ends."""
    return union_all(*(_summed(s.key, s.rows(how_far)) for s in SECTIONS if s.key in keys))  # type: ignore[return-value]  # a CompoundSelect runs alike


def _summed(key: str, rows: Select[Any]) -> Any:
    found = rows.limit(COUNTED).subquery(key)
    place = func.row_number().over().label("place")
    counted = select(found, place).subquery(f"{key}_counted")
    item = func.json_build_object(
        *(part for name in ("type", "id", "title", "at", "account") for part in (name, counted.c[name]))
    )
    items = func.json_agg(aggregate_order_by(item, counted.c.place)).filter(counted.c.place <= SHOWN)
    return select(
        literal(key, Text).label("key"),
        func.count().label("count"),
        cast(func.coalesce(items, literal_column("'[]'::json")), Text).label("items"),
    ).select_from(counted)


@prepared
def unread() -> Select[Any]:
    """How many notifications and messages the asker has not read, up to the most that are counted."""
    notifications = select(literal(1)).where(
        Notification.user_id == asker(), Notification.in_app, Notification.read_at.is_(None)
    )
    messages = select(literal(1)).where(MessageRecipient.user_id == asker(), MessageRecipient.read_at.is_(None))
    both = (
        select(func.count()).select_from(one.limit(COUNTED).subquery()).scalar_subquery().label(name)
        for name, one in (("notifications", notifications), ("messages", messages))
    )
    return unscoped(select(*both), reason="the asker's own")
