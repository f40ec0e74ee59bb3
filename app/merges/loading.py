"""The records of a merge: who may touch them, as objects and rows, in the duplicate index."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, select

from app.accounts import access
from app.accounts import service as accounts
from app.accounts.models import Account
from app.contacts import service as contacts
from app.contacts.models import Contact
from app.core.context import Context
from app.core.permissions import Permission
from app.core.principal import Reach
from app.core.problems import NotFound
from app.core.statements import prepared
from app.core.visibility import scope, visible
from app.indexing import index_record
from app.leads.access import may_change
from app.leads.models import Lead
from app.leads.parties import values_of as lead_values
from app.merges import statements
from app.merges.models import Merge
from app.merges.problems import MergedMeanwhile, MergeInProgress, StalePreview
from app.merges.rules import Lock, Records
from app.merges.schemas import MergeCreate

MODELS: dict[str, type[Lead] | type[Account] | type[Contact]] = {"lead": Lead, "account": Account, "contact": Contact}
WRITE = {
    "lead": Permission.LEADS_UPDATE,
    "account": Permission.ACCOUNTS_WRITE,
    "contact": Permission.CONTACTS_WRITE,
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """The records as objects, and all that the rules look at."""

    objects: Mapping[UUID, Any]
    records: Records


async def queue(ctx: Context, ids: Sequence[UUID]) -> None:
    """Have these records for a merge until commit. Raises MergeInProgress when another merge has one of them."""
    if ids and not (await ctx.run(statements.QUEUE, ids=list(ids)))[0]["free"]:
        raise MergeInProgress


async def load(ctx: Context, record_type: str, ids: list[UUID], *, lock: bool) -> Loaded:
    """The visible records in the order of `ids`, locked for update or else with what hangs on them counted; with the standing
    locks of leads and accounts. Raises NotFound unless all are there.
    """
    model: Any = MODELS[record_type]
    statement = visible(model, ctx.principal).add_columns(func.to_jsonb(model.__table__.table_valued()))
    statement = statement.where(model.id.in_(ids)).order_by(model.id)
    if lock:
        statement = statement.with_for_update(of=model).execution_options(populate_existing=True)
    found = {row[0].id: row for row in await ctx.session.execute(statement)}
    if len(found) < len(ids):
        raise NotFound
    rows = {id_: found[id_][1] for id_ in ids}
    locks: list[Lock] = []
    if record_type != "contact":
        locks = [
            Lock(row["id"], row[f"{record_type}_id"], row["holder_id"], row["state"], row["ends_on"])
            for row in await ctx.run(statements.LOCKS, ids=ids)
            if row[f"{record_type}_id"] in rows
        ]
    counts: dict[UUID, dict[str, int]] = {}
    if not lock:
        for row in await ctx.run(statements.sub_records(record_type), ids=ids):
            counts.setdefault(row["id"], {})[row["kind"]] = row["count"]
    return Loaded({id_: found[id_][0] for id_ in ids}, Records(record_type, rows, locks, counts))


async def fresh(ctx: Context, body: MergeCreate) -> Loaded:
    """The records, locked, as the preview showed them. Raises NotFound, MergedMeanwhile, StalePreview."""
    try:
        loaded = await load(ctx, body.record_type, body.record_ids, lock=True)
    except NotFound:
        for row in await ctx.run(statements.NEWER, ids=body.record_ids):
            lost = not set(row["loser_ids"]).isdisjoint(body.record_ids)
            if lost and await ctx.fetch(_visible_merge(ctx.reach), id=row["id"]):
                raise MergedMeanwhile(extra={"merge_id": row["id"]}) from None
        raise
    ctx.held |= loaded.records.rows.keys()
    versions = {id_: row["version"] for id_, row in loaded.records.rows.items()}
    if versions != body.versions:
        for row in await ctx.run(statements.NEWER, ids=body.record_ids):
            if row["winner_version"] > body.versions.get(row["winner_id"], 1 << 62):
                raise MergedMeanwhile(extra={"merge_id": row["id"]})
        raise StalePreview(extra={"versions": {str(id_): version for id_, version in versions.items()}})
    return loaded


@prepared
def _visible_merge(how_far: Reach) -> Any:
    return scope(select(Merge.id).where(Merge.id == bindparam("id", type_=Uuid, required=True)), Merge, how_far)


def require_write(ctx: Context, record: Lead | Account | Contact) -> None:
    """Raise NotYourLead or NotAManager unless the asker may change everything about the record, its people too (DUP-7)."""
    if isinstance(record, Lead):
        may_change(ctx, record)
    else:
        access.require_write(ctx, record, access.ACCESS_FIELDS)


def name_of(row: Mapping[str, Any]) -> str:
    """What a record is called."""
    if "job_title" in row:
        return " ".join(part for part in (row["first_name"], row["last_name"]) if part)
    return str(row["name"])


async def reindex(ctx: Context, record: Lead | Account | Contact) -> None:
    """Put the record into the duplicate index as it is now; an account with its contacts, who may be new to it."""
    match record:
        case Lead():
            await index_record(ctx, "lead", record.id, lead_values(record))
        case Account():
            await accounts.index_with_contacts(ctx, record)
        case Contact():
            await contacts.index(ctx, record)
