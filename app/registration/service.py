"""Leads: registering, changing and deleting them under their project's rules."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, delete, select
from sqlalchemy.exc import IntegrityError

from app.activities.models import Activity
from app.core.context import Context
from app.core.db import new_id
from app.core.inserts import insert_all
from app.core.permissions import Permission
from app.core.problems import Forbidden, Invalid
from app.core.statements import Statement
from app.core.visibility import unscoped
from app.core.writing import already_created, assign, columns_of, in_use, request_hash, require_match
from app.core.writing import delete as delete_record
from app.custom_fields import checked
from app.duplicates.dismissals import Ref, dismissed_with, remember_named
from app.identity.models import User
from app.identity.references import FieldProblem
from app.indexing import find_matches, index_new, index_record, queue_on, remove_record
from app.leads.access import may_change
from app.leads.models import Lead
from app.leads.parties import values_of
from app.leads.problems import LeadClosed
from app.leads.queries import LEAD
from app.leads.schemas import LeadCreate, LeadFields, LeadUpdate
from app.locks.models import ProtectionCheck
from app.locks.protection import Examination, examine, refuse_unless_free
from app.locks.service import advance, end, live_lock, open_clearances, take, use_clearances
from app.matching import Party, normalise
from app.notifications import notify
from app.projects.rules import Rules, rules_of
from app.visits.service import lead_removed

IDENTITY_FIELDS = frozenset(
    {"name", "company", "first_name", "last_name", "street", "postal_code", "city", "country", "phone", "email"}
    | {"website", "vat_id", "birth_date"}
)
"""A change of one of these may make the lead another customer: the examination is made again."""

MONEY = ("expected_revenue",)

_ALLOWED_ALWAYS = frozenset({"id", "project_id", "receipt_id", "not_duplicate_of"})


async def create(
    ctx: Context, body: LeadCreate, *, team_ids: Sequence[UUID] = (), exclude: Sequence[UUID] = ()
) -> tuple[UUID, bool]:
    """Register a lead; returns its id and whether it is new. `team_ids` see it instead of the asker's default team; `exclude`
    are records that are known to be others, such as the person at the company that they left.

    Raises Forbidden, Invalid (all that lacks at once, LEAD-1), IdTaken, CustomerTaken, CustomerYours, PossiblyTaken.
    """
    ctx.require(Permission.LEADS_CREATE)
    asked = request_hash(body)
    if await already_created(ctx, Lead, body.id, asked):
        assert body.id is not None
        return body.id, False
    rules = await rules_of(ctx, body.project_id, for_new=True)
    errors = await checked(ctx, "lead", body, required=not rules.lean)
    lead = Lead(
        id=body.id or new_id(),
        project_id=rules.project_id,
        phase="open",
        team_ids=list(team_ids) or ([ctx.user.default_team_id] if ctx.user.default_team_id else []),
        visibility=rules.visibility,
        created_by=ctx.user.user_id,
        created_at=ctx.now,
        request_hash=asked,
        receipt_id=body.receipt_id,
        **columns_of(
            {name: getattr(body, name) for name in ("status", "name", "custom", *LeadFields.model_fields)}, money=MONEY
        ),
    )
    await _check_rules(ctx, lead, body, rules, errors)
    party = normalise(values_of(lead))
    examination = None
    if rules.lock_enabled:
        clearances = []
        await queue_on(ctx, party)
        examination = await examine(
            ctx, party, country=lead.country, exclude=exclude, distinct_from=body.not_duplicate_of
        )
        refuse_unless_free(ctx, examination)
        if examination.status == "cleared":
            matched = [s for s in examination.standings if s.status == "cleared"]
            clearances = await open_clearances(
                ctx, [s.lock_id for s in matched if s.lock_id], [s.account_id for s in matched if s.account_id]
            )
        lock = take(ctx, lead)
        await advance(ctx, lead, rules, lock)
        await insert_all(ctx, lead, lock)
        await use_clearances(ctx, clearances, lead)
    else:
        if body.not_duplicate_of:
            examination = await examine(ctx, party, country=lead.country)
        await insert_all(ctx, lead)
    await index_new(ctx, [("lead", lead.id, party)])
    if body.not_duplicate_of and examination is not None:
        await remember_named(ctx, Ref("lead", lead.id), examination.standings, body.not_duplicate_of)
    await _tell_assignee(ctx, lead)
    return lead.id, True


async def update(ctx: Context, lead_id: UUID, patch: LeadUpdate, if_match: str | None) -> None:
    """Change an open lead. Another assignee takes over its lock too.

    Raises NotFound, Forbidden, NotYourLead, StaleVersion, LeadClosed, Invalid, CustomerTaken, CustomerYours, PossiblyTaken.
    """
    ctx.require(Permission.LEADS_UPDATE)
    lead = await ctx.load(Lead, lead_id)
    may_change(ctx, lead)
    await require_match(ctx, LEAD, lead, if_match)
    if lead.phase != "open":
        raise LeadClosed(phase=lead.phase)
    rules = await rules_of(ctx, lead.project_id)
    before, known_as = lead.assignee_id, normalise(values_of(lead))
    errors = await checked(ctx, "lead", patch, lead.custom)
    assign(lead, patch, money=MONEY, leave=("not_duplicate_of",))
    await _check_rules(ctx, lead, patch, rules, errors)
    party = normalise(values_of(lead))
    renamed = bool(patch.model_fields_set & IDENTITY_FIELDS)
    examination = None
    if renamed and rules.lock_enabled:
        examination = await _examine_again(ctx, lead, party, known_as, patch.not_duplicate_of)
    elif patch.not_duplicate_of:
        examination = await examine(ctx, party, country=lead.country, exclude=[lead.id])
    if patch.not_duplicate_of and examination is not None:
        await remember_named(ctx, Ref("lead", lead.id), examination.standings, patch.not_duplicate_of)
    if renamed:
        await index_record(ctx, "lead", lead.id, party)
    lock = await live_lock(ctx, lead.id)
    if lock is not None:
        lock.customer_name, lock.country = lead.name, lead.country
    if rules.statuses[lead.status] == "discarded":
        lead.phase = "discarded"
        if lock is not None:
            await end(ctx, lock, "released", None)
    if lead.assignee_id != before:
        ctx.require(Permission.LEADS_ASSIGN)
        if lock is not None and lead.assignee_id is not None:
            lock.holder_id = lead.assignee_id
        await _tell_assignee(ctx, lead)


async def remove(ctx: Context, lead_id: UUID, if_match: str | None) -> None:
    """Delete an open lead with its lock and notes; its history stays, and what was reported of visits.

    Raises NotFound, Forbidden, NotYourLead, LeadClosed, InUse (files hang on it or on its notes).
    """
    ctx.require(Permission.LEADS_DELETE)
    lead = await ctx.load(Lead, lead_id)
    may_change(ctx, lead)
    if if_match is not None:
        await require_match(ctx, LEAD, lead, if_match)
    if lead.phase != "open":
        raise LeadClosed(phase=lead.phase)
    lock = await live_lock(ctx, lead.id)
    if lock is not None:
        await end(ctx, lock, "released", None)
    await lead_removed(ctx, lead.id)
    notes = delete(Activity).where(Activity.lead_id == lead.id, Activity.account_id.is_(None))
    try:
        await ctx.session.execute(unscoped(notes, reason="a lead's own notes go with it, whoever wrote them"))
    except IntegrityError as error:
        raise in_use(error) from None
    await delete_record(ctx, lead)
    await remove_record(ctx, "lead", lead.id)


async def _examine_again(ctx: Context, lead: Lead, party: Party, known_as: Party, named: Sequence[UUID]) -> Examination:
    """A lead under a new name must not slip into another one's customer. Whom it shared the customer with before, it may."""
    await queue_on(ctx, party)
    known = await find_matches(ctx, known_as)
    mine: list[UUID] = [lead.id, *(found.record_id for found in known.found if found.match.verdict == "duplicate")]
    others = [*(other.id for other in await dismissed_with(ctx, lead.id)), *named]
    examination = await examine(ctx, party, country=lead.country, exclude=mine, distinct_from=others)
    refuse_unless_free(ctx, examination)
    return examination


_USER = Statement(select(User.active).where(User.id == bindparam("id", type_=Uuid, required=True)))
_RECEIPT = Statement(
    unscoped(
        select(ProtectionCheck.user_id).where(ProtectionCheck.id == bindparam("id", type_=Uuid, required=True)),
        reason="only whose receipt it is",
    )
)


async def _check_rules(
    ctx: Context, lead: Lead, body: LeadCreate | LeadUpdate, rules: Rules, errors: list[FieldProblem]
) -> None:
    """All that the project's rules find wrong, in one answer with `errors` (LEAD-1, LEAD-2)."""

    def wrong(field: str, code: str, german: str, english: str) -> None:
        errors.append((f"/{field}", code, {"de": german, "en": english}))

    for field in rules.required_fields:
        column = "expected_revenue_amount" if field == "expected_revenue" else field
        if getattr(lead, column) in (None, ""):
            wrong(field, "missing", "Diese Angabe fehlt.", "This is required.")
    if not lead.name and "name" not in rules.required_fields:
        wrong("name", "missing", "Diese Angabe fehlt.", "This is required.")
    for field in sorted(body.model_fields_set - _ALLOWED_ALWAYS):
        if not rules.allows(field) and getattr(body, field) not in (None, {}):
            wrong(
                field,
                "convert_first",
                "Ein geschützter Interessent enthält nur, was zur Prüfung nötig ist; alles Weitere nach der Konvertierung.",
                "A protected lead holds only what a check needs; add this after conversion.",
            )
    category = rules.statuses.get(lead.status or rules.first_status("open"))
    if lead.status and (category is None or (category == "converted" and lead.phase == "open")):
        known = ", ".join(key for key, found in rules.statuses.items() if found != "converted")
        wrong("status", "unknown_status", f"Erlaubt sind: {known}.", f"Allowed are: {known}.")
    if lead.status is None and "status" not in rules.required_fields:
        lead.status = rules.first_status("open")
    if lead.assignee_id is None and rules.lock_enabled and "assignee_id" not in rules.required_fields:
        lead.assignee_id = ctx.user_id
    await _check_people(ctx, body, wrong)
    if errors:
        raise Invalid(errors)


async def _check_people(ctx: Context, body: LeadCreate | LeadUpdate, wrong: Any) -> None:
    if body.assignee_id is not None and body.assignee_id != ctx.user_id:
        if isinstance(body, LeadCreate) and not ctx.may(Permission.LEADS_ASSIGN):
            raise Forbidden(permission=Permission.LEADS_ASSIGN.value)
        rows = await ctx.fetch(_USER, id=body.assignee_id)
        if not rows or not rows[0]["active"]:
            wrong("assignee_id", "unknown_user", "Diesen Benutzer gibt es nicht.", "There is no such user.")
    if isinstance(body, LeadCreate) and body.receipt_id is not None:
        rows = await ctx.fetch(_RECEIPT, id=body.receipt_id)
        if not rows or rows[0]["user_id"] != ctx.user_id:
            wrong("receipt_id", "unknown_receipt", "Diese Prüfung gibt es nicht.", "There is no such check of yours.")


async def _tell_assignee(ctx: Context, lead: Lead) -> None:
    if lead.assignee_id is not None and lead.assignee_id != ctx.user_id:
        await notify(
            ctx, [lead.assignee_id], "lead_assigned", record_type="lead", record_id=lead.id, data={"name": lead.name}
        )
