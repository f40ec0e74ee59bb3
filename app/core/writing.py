"""What creating and changing a record have in common: client-made ids, versions, merge patches."""

import hashlib
from collections.abc import Mapping
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import Select, Text, Uuid, and_, bindparam, false, func, literal, or_, select
from sqlalchemy.exc import IntegrityError

from app.core.context import Context
from app.core.etags import require_version
from app.core.problems import IdTaken, InUse, RecordMerged
from app.core.records import is_visible, model_of
from app.core.redirects import MERGEABLE
from app.core.redirects import table as redirects
from app.core.resource import Resource
from app.core.statements import Statement, prepared
from app.core.types import Money
from app.core.visibility import unscoped

M = TypeVar("M")

_KINDS = {
    "account_contacts": ("Kontakte", "contacts"),
    "accounts": ("Kunden", "accounts"),
    "activities": ("Aktivitäten", "activities"),
    "attachments": ("Anhänge", "attachments"),
    "clearances": ("Freigaben", "clearances"),
    "contacts": ("Kontakte", "contacts"),
    "conversions": ("Konvertierungen", "conversions"),
    "lead_locks": ("Kundensperren", "lead locks"),
    "leads": ("Interessenten", "leads"),
    "opportunities": ("Verkaufschancen", "opportunities"),
    "projects": ("Projekte", "projects"),
}

_QUEUE = Statement(
    select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("id", type_=Text, required=True), 41)))
)


def absent() -> Any:
    """Default of a field of an update that may be left out but not be null."""
    return Field(default_factory=lambda: None)


def request_hash(body: BaseModel) -> bytes:
    """What was asked for, as a hash: the same content gives the same."""
    return hashlib.sha256(body.model_dump_json(exclude_unset=True).encode()).digest()


async def already_created(ctx: Context, model: type[Any], id_: UUID | None, asked: bytes) -> bool:
    """Whether this client-made id was created before by the same request; IdTaken when by another one, RecordMerged when what
    it made went into another record that the asker sees.

    Kinds that can be matched and merged share their ids: these name a record by themselves.
    Two requests with one id queue, so that the second sees what the first has made.
    """
    if id_ is None:
        return False
    await ctx.run(_QUEUE, id=str(id_))
    row = (await ctx.run(_known(model), id=id_))[0]
    if row["other_kind"]:
        raise IdTaken
    if row["winner_id"] is not None:
        if model is model_of(row["merged_kind"]) and await is_visible(ctx, row["merged_kind"], row["winner_id"]):
            raise RecordMerged(extra={"winner_id": row["winner_id"]})
        raise IdTaken
    if row["id"] is None:
        return False
    if row["request_hash"] != asked or row["created_by"] != ctx.user_id:
        raise IdTaken
    return True


@prepared
def _known(model: type[Any]) -> Select[Any]:
    """Who made the record with this id, if it is there, and which one it went into, if it was merged."""
    wanted = select(bindparam("id", type_=Uuid, required=True).label("id")).subquery()
    kinds = [model_of(kind) for kind in MERGEABLE]
    shared = literal(model in kinds)
    others = [kind for kind in kinds if model in kinds and kind is not model]
    taken = or_(false(), *(select(other.id).where(other.id == wanted.c.id).exists() for other in others))
    merged = (redirects.c.winner_id, redirects.c.record_type.label("merged_kind"))
    found = (
        select(model.id, model.request_hash, model.created_by, *merged, taken.label("other_kind"))
        .select_from(wanted)
        .join(model, model.id == wanted.c.id, isouter=True)
        .join(redirects, and_(redirects.c.loser_id == wanted.c.id, shared), isouter=True)
    )
    return unscoped(found, reason="an id is taken, seen or not")


async def require_match(ctx: Context, resource: Resource, record: Any, if_match: str | None) -> None:
    """Raise PreconditionRequired or StaleVersion unless If-Match names the record's version."""

    async def current() -> bytes:
        return (await resource.json(ctx, record.id))[0]

    await require_version(record.version, if_match, current)


def columns_of(values: Mapping[str, Any], *, money: tuple[str, ...] = ()) -> dict[str, Any]:
    """Fields as columns: those that `money` names become `…_amount` and `…_currency`."""
    columns: dict[str, Any] = {}
    for name, value in values.items():
        if name in money:
            columns[f"{name}_amount"] = value.amount if isinstance(value, Money) else None
            columns[f"{name}_currency"] = value.currency if isinstance(value, Money) else None
        else:
            columns[name] = value
    return columns


def assign(record: M, patch: BaseModel, *, money: tuple[str, ...] = (), leave: tuple[str, ...] = ()) -> M:
    """Set on the record what the merge patch names, but for `leave`; null empties. `money`: see `columns_of`."""
    named = {name: getattr(patch, name) for name in patch.model_fields_set.difference(leave)}
    for column, value in columns_of(named, money=money).items():
        setattr(record, column, value)
    return record


async def delete(ctx: Context, record: Any) -> None:
    """Delete the record. Raises InUse when another one names it: PostgreSQL knows them all, and no race slips through."""
    await ctx.session.delete(record)
    try:
        await ctx.session.flush()
    except IntegrityError as error:
        raise in_use(error) from None


def in_use(error: IntegrityError) -> InUse:
    """What to say when PostgreSQL refuses to delete a record, since another one names it."""
    table = str(getattr(getattr(error.orig, "__cause__", None), "table_name", None) or "")
    german, english = _KINDS.get(table, ("andere", "others"))
    return InUse(de=german, en=english, extra={"used_by": table})
