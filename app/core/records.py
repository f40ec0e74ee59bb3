"""Records named by type and id, as messages and notifications link to them: may the asker see this one?"""

from functools import lru_cache
from typing import Any, Literal, get_args
from uuid import UUID

from sqlalchemy import Uuid, bindparam, literal, select

from app.core.context import Context
from app.core.db import Base
from app.core.principal import Reach, UserPrincipal, reach
from app.core.statements import Statement
from app.core.visibility import TEAMS, USER, scope

RecordType = Literal["lead", "account", "contact", "opportunity", "activity", "lead_lock", "clearance", "follow_up"]

_TABLES: dict[str, str] = {
    "lead": "leads",
    "account": "accounts",
    "contact": "contacts",
    "opportunity": "opportunities",
    "activity": "activities",
    "lead_lock": "lead_locks",
    "clearance": "clearances",
    "follow_up": "follow_ups",
}
assert set(_TABLES) == set(get_args(RecordType))


async def is_visible(ctx: Context, record_type: RecordType, record_id: UUID) -> bool:
    """Whether there is such a record and the asker sees it."""
    return bool(await ctx.fetch(_find(record_type, ctx.reach), id=record_id))


async def is_visible_to(ctx: Context, principal: UserPrincipal, record_type: RecordType, record_id: UUID) -> bool:
    """Whether somebody other than the asker sees the record, as this transaction has it."""
    theirs = {USER: principal.user_id, TEAMS: list(principal.team_ids)}
    return bool(await ctx.run(_find(record_type, reach(principal)), id=record_id, **theirs))


def model_of(record_type: str) -> Any:
    """The mapped class of records of this kind."""
    table = _TABLES[record_type]
    return next(m.class_ for m in Base.registry.mappers if getattr(m.class_, "__tablename__", "") == table)


@lru_cache(maxsize=64)
def _find(record_type: str, how_far: Reach) -> Statement:
    model = model_of(record_type)
    found = select(literal(1)).select_from(model).where(model.id == bindparam("id", type_=Uuid, required=True))
    return Statement(scope(found, model, how_far))
