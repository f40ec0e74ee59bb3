"""Merging: the preview, and the merge itself (DUP-4 to DUP-8)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.accounts.models import Account
from app.accounts.relations import hold_hierarchy
from app.activities.models import Activity
from app.contacts.models import Contact
from app.core.context import Context
from app.core.db import new_id
from app.core.permissions import Permission
from app.core.problems import Invalid, NotFound, Problem
from app.core.visibility import unscoped
from app.core.writing import already_created, request_hash
from app.duplicates.merging import move_dismissals
from app.indexing import queue_on, remove_record
from app.leads.models import Lead
from app.locks.models import LeadLock
from app.locks.service import end
from app.merges import rules, statements
from app.merges.fields import (
    REASONS,
    TERMS,
    Line,
    choosable,
    compare,
)
from app.merges.loading import WRITE, Loaded, fresh, load, name_of, queue, reindex, require_write
from app.merges.models import Merge
from app.merges.pairs import move_pairs, move_revenues
from app.merges.problems import MergeRefused
from app.merges.protection import merged_party, taken_by_others
from app.merges.rules import Records, Refusal
from app.merges.schemas import MergeCreate
from app.merges.winner import place_in_tree, set_columns
from app.notifications import notify
from app.projects.rules import rules_of

_NOT_CHOOSABLE = {"de": "Dieses Feld kann nicht gewählt werden.", "en": "This field cannot be chosen."}
_NOT_THERE = {"de": "Dieser Datensatz gehört nicht dazu.", "en": "This record is not one of them."}
_NOT_TEXT = {"de": "Nur Texte lassen sich aneinanderfügen.", "en": "Only texts can be joined."}
_TERMS = {"de": "Das Ende liegt vor dem Anfang.", "en": "The end lies before the beginning."}
_REQUIRED = {"de": "Das Projekt verlangt diese Angabe.", "en": "The project requires this value."}


async def preview(ctx: Context, body: MergeCreate) -> dict[str, Any]:
    """A `MergePreview`. Raises Forbidden, NotFound, Invalid."""
    _require(ctx, body)
    loaded = await load(ctx, body.record_type, body.record_ids, lock=False)
    records = loaded.records
    recommended, why = rules.recommend(records)
    winner_id = body.winner_id or recommended
    lines = _compare(records, winner_id, body)
    forbidden = await _refusals(ctx, loaded, winner_id, body, lines)
    forbidden += await _lacking(ctx, loaded.objects[winner_id], lines)
    others = [id_ for id_ in records.rows if id_ != recommended]
    moves: dict[str, int] = {}
    for id_ in records.rows:
        for kind, count in records.sub_records.get(id_, {}).items() if id_ != winner_id else ():
            moves[kind] = moves.get(kind, 0) + count
    erp = body.origin == "erp"
    return {
        "record_type": body.record_type,
        "winner_id": winner_id,
        "recommended": {
            "winner_id": recommended,
            "code": why,
            "reason": rules.REASONS[why][ctx.language],
            "binding": not rules.refusals(records, recommended, from_erp=erp)
            and all(rules.refusals(records, id_, from_erp=erp) for id_ in others),
        },
        "candidates": [
            {
                "id": id_,
                "version": row["version"],
                "name": name_of(row),
                "erp_id": row.get("erp_id"),
                "sub_records": records.sub_records.get(id_, {}),
            }
            for id_, row in records.rows.items()
        ],
        "fields": [
            {
                "field": line.field,
                "values": [{"record_id": id_, "value": value} for id_, value in line.values],
                "result": line.result,
                "taken_from": line.source,
                "reason": REASONS[line.reason][ctx.language],
                "differs": line.differs,
                "joinable": line.field == "description",
            }
            for line in lines
        ],
        "moves": moves,
        "forbidden": [{"pointer": p, "code": c, "message": text[ctx.language]} for p, c, text in forbidden],
        "versions": {str(id_): row["version"] for id_, row in records.rows.items()},
    }


async def merge(ctx: Context, body: MergeCreate) -> tuple[UUID, bool]:
    """Do it; returns the merge's id and whether it is new.

    Raises Forbidden, NotFound, Invalid, IdTaken, NotAManager, NotYourLead, MergeRefused, MergeInProgress, MergedMeanwhile,
    StalePreview.
    """
    _require(ctx, body)
    asked = request_hash(body)
    if await already_created(ctx, Merge, body.id, asked):
        assert body.id is not None
        return body.id, False
    assert body.winner_id is not None
    await queue(ctx, body.record_ids)
    if body.record_type == "account":
        await hold_hierarchy(ctx)
        await _queue_on_account(ctx, body)
        await ctx.run(statements.HOLD, ids=body.record_ids)
    loaded = await fresh(ctx, body)
    # Merging whom they belong to would touch these records too.
    named = {row.get(column) for row in loaded.records.rows.values() for column in ("account_id", "contact_id")}
    await queue(ctx, [UUID(id_) for id_ in named if id_])
    lines = _compare(loaded.records, body.winner_id, body)
    for record in loaded.objects.values():
        require_write(ctx, record)
    if body.record_type == "lead":
        await queue_on(ctx, merged_party(loaded.records, body.winner_id, lines))
    if refused := await _refusals(ctx, loaded, body.winner_id, body, lines):
        raise MergeRefused(errors=refused)
    if wrong := _wrong_terms(lines):
        raise Invalid(wrong)
    if lacking := await _lacking(ctx, loaded.objects[body.winner_id], lines):
        raise Invalid(lacking)
    return await _merge(ctx, body, loaded, lines, asked), True


async def _queue_on_account(ctx: Context, body: MergeCreate) -> None:
    """Wait until nobody else registers the customer that the accounts become. As whoever converts or renames, before the rows
    are taken: nobody waits in a circle. Where they are not those of the preview, `fresh` will say so.
    """
    assert body.winner_id is not None
    try:
        records = (await load(ctx, body.record_type, body.record_ids, lock=False)).records
    except NotFound:
        return
    await queue_on(ctx, merged_party(records, body.winner_id, _compare(records, body.winner_id, body)))


async def _merge(ctx: Context, body: MergeCreate, loaded: Loaded, lines: list[Line], asked: bytes) -> UUID:
    records, winner_id = loaded.records, body.winner_id
    assert winner_id is not None
    winner = loaded.objects[winner_id]
    losers = [id_ for id_ in records.rows if id_ != winner_id]
    merge_id = body.id or new_id()
    changed = set_columns(winner, loaded, lines)
    if isinstance(winner, Account):
        own = records.rows[winner_id]["parent_id"]
        changed |= await place_in_tree(ctx, winner, losers, own and UUID(own))
    winner.updated_at = ctx.now  # its version rises even when nothing else changes: who previewed it must look again
    effects = await _end_surplus_locks(ctx, records, winner_id)
    dismissals = await move_dismissals(ctx, body.record_type, losers, winner_id)
    if isinstance(winner, Contact) and body.origin == "user":
        effects += _clean_up_in_erp(ctx, winner, [records.rows[id_] for id_ in losers])
    await ctx.session.flush()
    pairs = await move_pairs(ctx, body.record_type, losers, winner_id, records.rows)
    revenues = await move_revenues(ctx, losers, winner_id) if body.record_type == "account" else []
    before = {column: records.rows[winner_id][column] for column in changed}
    undo = {
        "before": before,
        "losers": [records.rows[id_] for id_ in losers],
        "effects": effects,
        "dismissals": dismissals,
        "pairs": pairs,
        "revenues": revenues,
    }
    await ctx.run(
        statements.merge(body.record_type),
        winner=winner_id,
        losers=losers,
        merge=merge_id,
        origin=body.origin,
        fields={line.field: str(line.source) for line in lines if line.source != winner_id},
        columns=sorted(changed),
        undo=undo,
        now=ctx.now.isoformat(),
        by=ctx.user_id,
        hash=asked,
    )
    ctx.held.add(merge_id)
    if isinstance(winner, Lead):
        await ctx.run(statements.NAME_LOCKS, ids=[winner_id])
    for loser_id in losers:
        ctx.session.expunge(loaded.objects[loser_id])
        await remove_record(ctx, body.record_type, loser_id)
    await reindex(ctx, winner)
    if body.record_type == "account":
        # What came from the losers follows the winner's teams, whether or not these have changed.
        ctx.enqueue("team_following.follow", {"account_id": winner_id})
        ctx.enqueue("accounts.teams_by_rule", {"account_id": winner_id})
        ctx.enqueue("accounts.reclassify", {"account_id": winner_id})
    await _tell(ctx, loaded, winner_id)
    return merge_id


def _require(ctx: Context, body: MergeCreate) -> None:
    ctx.require(Permission.RECORDS_MERGE)
    ctx.require(WRITE[body.record_type])
    if body.origin == "erp":
        ctx.require(Permission.ERP_FOLLOW)


def _compare(records: Records, winner_id: UUID, body: MergeCreate) -> list[Line]:
    """The comparison with the client's choices. Raises Invalid."""
    errors: list[Refusal] = []
    known = choosable(body.record_type, records.rows)
    for field, source in body.fields.items():
        if field not in known:
            errors.append((f"/fields/{field}", "not_choosable", _NOT_CHOOSABLE))
        elif source == "all":
            if field != "description":
                errors.append((f"/fields/{field}", "not_joinable", _NOT_TEXT))
        elif source not in records.rows:
            errors.append((f"/fields/{field}", "not_among_them", _NOT_THERE))
    if errors:
        raise Invalid(errors)
    chosen: dict[str, Any] = dict(body.fields)
    if records.rows[winner_id].get("phase") == "converted":
        # What a lead was when it became a customer stays as it was (LEAD-6).
        chosen = dict.fromkeys(known, winner_id) | chosen
    elif (holder := _holder(records)) and str(holder) != records.rows[winner_id]["assignee_id"]:
        # Who holds the lock is the assignee: that of the record that brings it.
        chosen = {"assignee_id": next(lock.record_id for lock in records.locks)} | chosen
    return compare(body.record_type, winner_id, records.rows, chosen)


def _holder(records: Records) -> UUID | None:
    """Who holds the lock of leads that become one; None when nobody does, or several."""
    holders = {lock.holder_id for lock in records.locks} if records.record_type == "lead" else set()
    return holders.pop() if len(holders) == 1 else None


async def _refusals(
    ctx: Context, loaded: Loaded, winner_id: UUID, body: MergeCreate, lines: list[Line]
) -> list[Refusal]:
    records, erp = loaded.records, body.origin == "erp"
    refused = rules.refusals(records, winner_id, from_erp=erp)
    converted = records.rows[winner_id].get("phase") == "converted"
    if converted and any(line.source != winner_id for line in lines):
        refused.append(rules.refusal("/fields", "converted_is_closed"))
    assignee = next(line for line in lines if line.field == "assignee_id")
    vip = next((line for line in lines if line.field == "vip"), None)
    if vip and vip.result != any(value for _, value in vip.values) and not ctx.may(Permission.ACCOUNTS_SET_VIP):
        refused.append(rules.refusal("/fields/vip", "vip_not_yours"))
    if (holder := _holder(records)) and not converted and assignee.result != str(holder):
        refused.append(rules.refusal("/fields/assignee_id", "holder_stays"))
    if not erp and await taken_by_others(ctx, records, winner_id, lines):
        refused.append(rules.refusal("/record_ids", "customer_taken"))
    for number, record in enumerate(loaded.objects.values()):
        try:
            require_write(ctx, record)
        except Problem as problem:
            refused.append((f"/record_ids/{number}", problem.code, problem.detail))
    return refused


async def _lacking(ctx: Context, winner: Any, lines: list[Line]) -> list[Refusal]:
    """Fields that would become empty, though the lead's project asks for them (LEAD-1)."""
    empty = [line.field for line in lines if line.result in (None, "") and dict(line.values)[winner.id]]
    if not isinstance(winner, Lead) or not empty:
        return []
    required = (await rules_of(ctx, winner.project_id)).required_fields
    return [(f"/fields/{field}", "required", _REQUIRED) for field in empty if field in required]


def _wrong_terms(lines: list[Line]) -> list[Refusal]:
    """Terms chosen from two accounts may contradict each other (ACC-4)."""
    first, last = ({line.field: line.result for line in lines}.get(part) for part in TERMS)
    return [(f"/fields/{TERMS[1]}", "terms_order", _TERMS)] if first and last and first > last else []


async def _end_surplus_locks(ctx: Context, records: Records, winner_id: UUID) -> list[dict[str, Any]]:
    """Of several standing locks on leads that become one, all held by the same person, the longest stays, or the winner's."""
    if records.record_type != "lead" or len(records.locks) < 2:
        return []
    order = sorted(
        records.locks, key=lambda lock: (lock.ends_on is not None, lock.ends_on or 0, lock.record_id == winner_id)
    )
    stays = order[-1]
    effects = []
    for surplus in order[:-1]:
        statement = unscoped(
            select(LeadLock).where(LeadLock.id == surplus.id).with_for_update(),
            reason="who may merge the leads may merge their locks",
        )
        lock = (await ctx.session.execute(statement)).scalar_one()
        await end(ctx, lock, "released", "merged")
        effects.append({"kind": "lock_ended", "id": str(lock.id), "state": surplus.state, "for": str(stays.id)})
    return effects


def _clean_up_in_erp(ctx: Context, winner: Contact, losers: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Tasks for whoever merges: what the ERP knows of the losers has to be removed there by hand (DUP-5)."""
    effects = []
    for row in losers:
        if row["erp_id"] is None:
            continue
        task = Activity(
            id=new_id(),
            type="task",
            status="open",
            subject=f"Im ERP-System entfernen: {name_of(row)} ({row['erp_id']})"[:200],
            description=f"Der Kontakt {row['erp_id']} ging in {winner.erp_id} auf und ist im ERP-System von Hand zu löschen.",
            assignee_id=ctx.user_id,
            contact_id=winner.id,
            team_ids=winner.team_ids,
            created_by=ctx.user_id,
        )
        ctx.session.add(task)
        was = {
            "subject": task.subject,
            "description": task.description,
            "status": "open",
            "assignee_id": str(ctx.user_id),
        }
        effects.append({"kind": "task_made", "id": str(task.id), "was": was})
    return effects


async def _tell(ctx: Context, loaded: Loaded, winner_id: UUID) -> None:
    """Tell those whose record went into another one, if they see that one."""
    rows, objects = loaded.records.rows, loaded.objects
    losers = [id_ for id_ in rows if id_ != winner_id]
    people = {user for id_ in losers for user in (objects[id_].assignee_id, *getattr(objects[id_], "manager_ids", ()))}
    if rows[winner_id].get("visibility", "all") != "all":
        people &= {objects[winner_id].assignee_id, objects[winner_id].created_by}
    await notify(
        ctx,
        sorted(user for user in people if user is not None),
        "records_merged",
        record_type=loaded.records.record_type,
        record_id=winner_id,
        data={"name": name_of(rows[winner_id]), "losers": ", ".join(name_of(rows[id_]) for id_ in losers)[:500]},
    )
