"""Developers who ask for a customer that another one has, and what the country heads have decided."""

from dataclasses import replace
from datetime import datetime, timedelta

from app.core.db import new_id
from app.demo.checks import found_taken
from app.demo.companies import spelt_otherwise
from app.demo.draft import Draft
from app.demo.protection import Held, end, registered
from app.identity.models import User
from app.locks.models import Clearance
from app.projects.rules import Rules

_CHECKS = 45
_OPEN = 5
_DECIDED = ("granted", "granted", "granted", "shared", "shared", "refused", "refused", "refused")
_USED = 3
_REASONS = [
    "Der Kunde hat mich auf der Messe angesprochen.",
    "Ich betreue das Schwesterunternehmen seit zwei Jahren.",
    "Der Inhaber ist ein langjähriger Bekannter und möchte mit mir arbeiten.",
    "Seit vier Monaten kein Kontakt durch den bisherigen Bearbeiter, sagt der Kunde.",
]
_ANSWERS = {
    "granted": "Der bisherige Bearbeiter ist einverstanden.",
    "shared": "Bitte gemeinsam bearbeiten und den Standort aufteilen.",
    "refused": "Der Kunde ist in laufender Bearbeitung.",
}


def disputes(draft: Draft, rules: Rules, standing: list[Held]) -> None:
    """Checks of taken customers, and requests for clearance: open, decided, and used."""
    askable = [held for held in standing if len(draft.staff.of("developer", country=held.case.lead.country)) > 1]
    drawn = draft.random.sample(askable, _CHECKS)
    for held in drawn:
        found_taken(draft, _asker(draft, held), held.case, held.lock)
    for held, state in zip(drawn, [*["requested"] * _OPEN, *_DECIDED], strict=False):
        _request(draft, held, state)
    untouched = [held for held in askable if held not in drawn and held.case.lead.phase == "open"]
    for held in draft.random.sample(untouched, _USED):
        _use(draft, rules, held, _request(draft, held, "granted"))


def _asker(draft: Draft, held: Held) -> User:
    """Another developer of the customer's country."""
    others = draft.staff.of("developer", country=held.case.lead.country)
    return draft.random.choice([user for user in others if user is not held.case.holder])


def _request(draft: Draft, held: Held, state: str) -> Clearance:
    lock = held.lock
    asker = _asker(draft, held)
    asked_at = draft.later(max(lock.updated_at, draft.start_of(draft.today - timedelta(days=21))), 15)
    (head, *_) = draft.staff.of("country_head", country=lock.country)
    decided_at = None if state == "requested" else draft.later(asked_at, 4)
    clearance = draft.add(
        Clearance(
            id=new_id(),
            lock_id=lock.id,
            requested_by=asker.id,
            holder_id=lock.holder_id,
            customer_name=lock.customer_name,
            asker_sees=True,
            country=lock.country,
            reason=draft.random.choice(_REASONS),
            state=state,
            decided_by=head.id if decided_at else None,
            decided_at=decided_at,
            decision_reason=_ANSWERS.get(state),
            used_at=None,
            lead_id=None,
            created_by=asker.id,
            created_at=asked_at,
            updated_at=decided_at or asked_at,
        )
    )
    told = {"name": lock.customer_name, "reason": clearance.reason}
    draft.tell([head.id], "clearance_requested", ("clearance", clearance.id), asked_at, data=told, by=asker)
    if decided_at is not None:
        told = {"name": lock.customer_name, "decision": state, "reason": _ANSWERS[state]}
        both = [asker.id, lock.holder_id]
        draft.tell(both, "clearance_decided", ("clearance", clearance.id), decided_at, data=told, by=head)
    return clearance


def _use(draft: Draft, rules: Rules, held: Held, clearance: Clearance) -> None:
    """The cleared developer registers the customer; the lock of the one before is over."""
    used_at: datetime = draft.later(clearance.updated_at, 3)
    asker = next(user for user in draft.staff.users if user.id == clearance.requested_by)
    company = replace(held.case.company, name=spelt_otherwise(draft.random, held.case.company))
    new = registered(draft, rules, used_at, company=company, holder=asker)
    clearance.used_at = clearance.updated_at = used_at
    clearance.lead_id = new.case.lead.id
    end(held.lock, "transferred", used_at, clearance.decision_reason)
    told = {"name": held.lock.customer_name, "holder": f"{asker.first_name} {asker.last_name}"}
    draft.tell([held.lock.holder_id], "lock_transferred", ("lead_lock", held.lock.id), used_at, data=told, by=asker)
