"""Receipts of protection checks: of customers who were free, and of some who were taken."""

from datetime import datetime
from typing import Any
from uuid import UUID

from app.core.db import new_id
from app.demo.companies import spelt_otherwise
from app.demo.draft import Draft, plain_json
from app.demo.leads import Case
from app.identity.models import User
from app.leads.models import Lead
from app.leads.parties import values_of
from app.locks.models import LeadLock, ProtectionCheck
from app.locks.protection import Examination, Standing
from app.matching import PartyValues, normalise, score


def found_free(draft: Draft, user_id: UUID, lead: Lead, at: datetime) -> ProtectionCheck:
    """The check that came before the lead."""
    query = {"name": lead.company, "postal_code": lead.postal_code, "city": lead.city}
    return _receipt(draft, user_id, lead, at, query=query, answer=Examination("free", (), (), truncated=False))


def found_taken(draft: Draft, asker: User, case: Case, lock: LeadLock) -> None:
    """Another one asks about the customer, in a spelling of their own."""
    lead = case.lead
    name = spelt_otherwise(draft.random, case.company)
    match = score(normalise(PartyValues(name=name, city=lead.city)), normalise(values_of(lead)))
    if match.verdict == "none":
        return
    standing = Standing(
        record_type="lead",
        record_id=lead.id,
        match=match,
        visible=True,
        name=lead.name,
        postal_code=lead.postal_code,
        city=lead.city,
        country=lead.country,
        protection=lock.state,
        yours=False,
        cleared=False,
        holder_id=case.holder.id,
        holder_name=f"{case.holder.first_name} {case.holder.last_name}",
        until=lock.ends_on,
        lock_id=lock.id,
        account_id=lead.account_id,
    )
    heads = draft.staff.of("country_head", country=lead.country)
    ask = tuple({"id": head.id, "name": f"{head.first_name} {head.last_name}"} for head in heads)
    answer = Examination(standing.status, (standing,), ask, truncated=False)
    _receipt(
        draft, asker.id, lead, draft.later(lock.updated_at, 60), query={"name": name, "city": lead.city}, answer=answer
    )


def _receipt(
    draft: Draft, user_id: UUID, lead: Lead, at: datetime, *, query: dict[str, Any], answer: Examination
) -> ProtectionCheck:
    return draft.add(
        ProtectionCheck(
            id=new_id(),
            created_at=at,
            user_id=user_id,
            project_id=lead.project_id,
            query=query,
            answer=plain_json(answer.wire("de")),
        )
    )
