"""The customer-protection story of the demo: leads in every state, their locks, checks and clearances."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple

from app.core.clock import add_months
from app.core.db import new_id
from app.demo.checks import found_free
from app.demo.companies import Company
from app.demo.draft import Draft, working_day
from app.demo.leads import Case, convert, register
from app.demo.places import TOWNS
from app.identity.models import User
from app.locks.models import LeadLock
from app.locks.service import NOTICE_DAYS
from app.opportunities.models import Stage
from app.projects.rules import Rules

_OPEN, _WORKING, _DISCARDED = 220, 330, 90
_ENDING_SOON = (2, 3, 5, 6, 7, 9, 11, 13, 15, 17, 18, 20, 22, 24, 25, 27, 28, 29, 30, 30)
"""Days that locks still have."""
_ACTIVE, _EXTENDED, _UNREQUESTED, _RELEASED, _EXPIRED = 74, 4, 8, 6, 38
_RECEIPTS = 0.35


class Held(NamedTuple):
    """A lead of the protection project with its lock."""

    case: Case
    lock: LeadLock


def protected(draft: Draft, rules: Rules, stages: list[Stage]) -> list[Held]:
    """All leads of the protection project; returns those whose lock stands."""
    standing = [_anna(draft, rules, stages)]
    for category, count in (("open", _OPEN), ("working", _WORKING)):
        standing += [registered(draft, rules, draft.during(draft.day(150, 1)), category=category) for _ in range(count)]
    for _ in range(_DISCARDED):
        _discard(draft, registered(draft, rules, draft.during(draft.day(240, 10)), category="discarded"))
    for ends_on in _ends(draft, rules):
        held = _converted(draft, rules, stages, ends_on)
        if held.lock.state == "active":
            standing.append(held)
    for _ in range(_UNREQUESTED):
        held = registered(draft, rules, draft.during(draft.day(120, 30)))
        convert(draft, rules, held.case, draft.later(held.case.lead.created_at, 25), stages[0], ask=False)
        held.lock.account_id = held.case.lead.account_id
        standing.append(held)
    for _ in range(_EXTENDED):
        held = _converted(draft, rules, stages, draft.today + timedelta(days=draft.random.randint(5, 25)))
        _extend(draft, held.lock)
        standing.append(held)
    for _ in range(_RELEASED):
        held = _converted(draft, rules, stages, draft.today + timedelta(days=draft.random.randint(60, 120)))
        end(held.lock, "released", draft.later(held.lock.updated_at, 40), "Kunde hat sich anders entschieden.")
    return standing


def timetable(draft: Draft) -> None:
    """Tell what the product has told about locks that end soon or have ended, and plan what is to come."""
    for lock in draft.all(LeadLock):
        if lock.state not in ("active", "expired") or lock.ends_on is None:
            continue
        name = next(f"{u.first_name} {u.last_name}" for u in draft.staff.users if u.id == lock.holder_id)
        told = [lock.holder_id, *(head.id for head in draft.staff.of("country_head", country=lock.country))]
        data = {"name": lock.customer_name, "holder": name, "until": lock.ends_on}
        key = f"lock:{lock.id}:{lock.ends_on.isoformat()}"
        for days in NOTICE_DAYS:
            day = lock.ends_on - timedelta(days=days)
            if draft.today - timedelta(days=40) < day <= draft.today:
                at = draft.start_of(day) + timedelta(seconds=5)
                draft.tell(
                    told, "lock_expiring", ("lead_lock", lock.id), at, data={**data, "days": days}, key=f"{key}:{days}"
                )
        if lock.state == "active":
            draft.in_force(lock)
        elif lock.ends_on > draft.today - timedelta(days=40):
            at = draft.start_of(lock.ends_on) + timedelta(seconds=5)
            draft.tell(told, "lock_expired", ("lead_lock", lock.id), at, data=data, key=f"{key}:end")


def _anna(draft: Draft, rules: Rules, stages: list[Stage]) -> Held:
    """The customer of the examples: Müller Maschinenbau in Linz, whom Anna Berger has."""
    linz = next(town for town in TOWNS["AT"] if town.postal_code == "4020")
    company = draft.inventor.named(
        "Müller Maschinenbau GmbH & Co. KG", "Müller Maschinenbau", "GmbH & Co. KG", "mechanical_engineering", linz
    )
    assert company is not None, "drawn first, so that nobody resembles it"
    ends_on = draft.today + timedelta(days=130)
    return _converted(draft, rules, stages, ends_on, company=company, holder=draft.staff.named("anna.berger"))


def _ends(draft: Draft, rules: Rules) -> Iterator[date]:
    """The days on which locks end or have ended."""
    for days in _ENDING_SOON:
        yield draft.today + timedelta(days=days)
    longest = (add_months(draft.today, rules.lock_months) - draft.today).days
    for _ in range(_ACTIVE):
        yield draft.today + timedelta(days=draft.random.randint(31, max(32, longest - 2)))
    for _ in range(_EXPIRED):
        yield draft.today - timedelta(days=draft.random.randint(1, 200))


def registered(
    draft: Draft,
    rules: Rules,
    at: datetime,
    *,
    category: str = "open",
    company: Company | None = None,
    holder: User | None = None,
) -> Held:
    """A lead with its pending lock and, of some, the receipt of the check before it."""
    company = company or draft.company()
    if holder is None:
        roles = ("developer",) if draft.chance(0.9) else ("fn", "bdm")
        holder = draft.random.choice(draft.staff.of(*roles, country=company.town.country))
    case = register(draft, rules, company, holder, at, category=category)
    lead = case.lead
    if draft.chance(_RECEIPTS):
        lead.receipt_id = found_free(draft, lead.created_by or holder.id, lead, at - timedelta(minutes=9)).id
    lock = LeadLock(
        id=new_id(),
        lead_id=lead.id,
        project_id=lead.project_id,
        holder_id=holder.id,
        visibility=lead.visibility,
        customer_name=lead.name,
        country=lead.country,
        state="pending",
        created_by=lead.created_by,
        created_at=at,
        updated_at=at,
    )
    return Held(case, draft.add(lock))


def _converted(
    draft: Draft,
    rules: Rules,
    stages: list[Stage],
    ends_on: date,
    *,
    company: Company | None = None,
    holder: User | None = None,
) -> Held:
    """A customer whose lock ends about that day, and has ended if that lies behind us."""
    starts_on = working_day(add_months(ends_on, -rules.lock_months))
    if ends_on > draft.today >= add_months(starts_on, rules.lock_months):
        starts_on += timedelta(days=3)  # not before the weekend but after it, or it would be over
    ends_on = add_months(starts_on, rules.lock_months)
    made = working_day(starts_on - timedelta(days=draft.random.randint(4, 45)))
    held = registered(draft, rules, draft.during(made), company=company, holder=holder)
    at = draft.during(starts_on)
    age = (draft.today - starts_on).days
    stage = draft.random.choices(stages, [max(1, 60 - age) if s.category == "open" else age // 8 for s in stages])[0]
    convert(draft, rules, held.case, at, stage, ask=True)
    lock = held.lock
    lock.account_id = held.case.lead.account_id
    lock.state, lock.starts_on, lock.ends_on, lock.updated_at = "active", starts_on, ends_on, at
    if ends_on <= draft.today:
        end(lock, "expired", draft.start_of(ends_on) + timedelta(seconds=5), None)
    return held


def _extend(draft: Draft, lock: LeadLock) -> None:
    """The country head has prolonged the lock."""
    assert lock.ends_on is not None
    at = draft.later(draft.start_of(draft.today - timedelta(days=10)), 8)
    lock.ends_on, lock.updated_at = add_months(lock.ends_on, 3), at
    (head, *_) = draft.staff.of("country_head", country=lock.country)
    told = {"name": lock.customer_name, "until": lock.ends_on}
    draft.tell([lock.holder_id, head.id], "lock_extended", ("lead_lock", lock.id), at, data=told, by=head)


def _discard(draft: Draft, held: Held) -> None:
    at = draft.later(held.lock.created_at, 40)
    held.case.lead.updated_at = at
    end(held.lock, "released", at, None)


def end(lock: LeadLock, state: str, at: datetime, reason: str | None) -> None:
    """Let the lock be over."""
    lock.state, lock.ended_at, lock.updated_at, lock.end_reason = state, at, at, reason
