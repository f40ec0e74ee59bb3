"""Contact types: the list that administrators keep, and what records may name of it (ACC-9)."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from app.contact_types.models import ContactType
from app.contact_types.queries import CONTACT_TYPE
from app.contact_types.schemas import ContactTypeCreate, ContactTypeUpdate
from app.core.context import Context
from app.core.db import new_id
from app.core.permissions import Permission
from app.core.problems import Language, NotFound
from app.core.writing import already_created, assign, delete, request_hash, require_match
from app.identity.references import FieldProblem

_UNKNOWN: dict[Language, str] = {
    "de": "Diesen Kontakttyp gibt es nicht (mehr).",
    "en": "There is no such contact type (any more).",
}


async def create(ctx: Context, body: ContactTypeCreate) -> tuple[UUID, bool]:
    """Make one; returns its id and whether it is new. Raises Forbidden, IdTaken, Conflict (key taken)."""
    ctx.require(Permission.SETTINGS_MANAGE)
    asked = request_hash(body)
    if body.id is not None and await already_created(ctx, ContactType, body.id, asked):
        return body.id, False
    position = body.position
    if position is None:
        last = (await ctx.session.execute(select(func.max(ContactType.position)))).scalar_one()
        position = 0 if last is None else last + 1
    made = ContactType(
        **body.model_dump(exclude={"id", "position"}),
        position=position,
        id=body.id or new_id(),
        created_by=ctx.user_id,
        request_hash=asked,
    )
    ctx.session.add(made)
    await ctx.session.flush()
    return made.id, True


async def update(ctx: Context, id_: UUID, patch: ContactTypeUpdate, if_match: str | None) -> None:
    """Change one. Raises Forbidden, NotFound, StaleVersion."""
    found = await _locked(ctx, id_)
    await require_match(ctx, CONTACT_TYPE, found, if_match)
    assign(found, patch)
    await ctx.session.flush()


async def remove(ctx: Context, id_: UUID) -> None:
    """Delete one that no record has. Raises Forbidden, NotFound, InUse."""
    await delete(ctx, await _locked(ctx, id_))


async def wrong_type(ctx: Context, body: Any, record: Any = None) -> list[FieldProblem]:
    """What is wrong with the contact type that a body names. The one that the record has already may stay."""
    if "contact_type" not in body.model_fields_set or body.contact_type is None:
        return []
    if record is not None and record.contact_type == body.contact_type:
        return []
    statement = select(ContactType.id).where(ContactType.key == body.contact_type, ContactType.active)
    if (await ctx.session.execute(statement.with_for_update(read=True))).first() is None:
        return [("/contact_type", "unknown_contact_type", _UNKNOWN)]
    return []


async def _locked(ctx: Context, id_: UUID) -> ContactType:
    ctx.require(Permission.SETTINGS_MANAGE)
    found = await ctx.session.get(ContactType, id_, with_for_update=True)
    if found is None:
        raise NotFound
    return found
