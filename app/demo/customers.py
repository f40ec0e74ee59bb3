"""The demo's customers: accounts that belong to centres and countries, with their people and what is done with them."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.accounts import parties as account_parties
from app.accounts import reach
from app.accounts.models import Account
from app.contacts import parties as contact_parties
from app.contacts.models import Contact
from app.core.db import new_id
from app.demo import words
from app.demo.companies import Company, Person, spelt_otherwise
from app.demo.draft import Draft
from app.demo.franchise import billed, colleague, placed
from app.demo.working_day import activities, follow_ups
from app.identity.models import User
from app.opportunities.cards import enter
from app.opportunities.models import Opportunity, Stage

_ACCOUNTS = 1200
_TWICE = 12
_OPPORTUNITIES = 230
_WON = ["Bestes Preis-Leistungs-Verhältnis", "Schnelle Reaktionszeit", "Empfehlung eines Partners"]
_LOST = ["Preis", "Bleibt beim bisherigen Anbieter", "Projekt verschoben", "Kein Bedarf"]


def managed(draft: Draft, stages: list[Stage]) -> None:
    """Accounts without a lock: they are taken by who manages them. Some are there twice, spelt otherwise."""
    drawn: list[tuple[Account, Company]] = []
    for _ in range(_ACCOUNTS - _TWICE):
        company = draft.company()
        drawn.append((_managed(draft, company, company.name), company))
    for _, company in draft.random.sample(drawn, _TWICE):
        _managed(draft, company, spelt_otherwise(draft.random, company))
    for account, _ in draft.random.sample(drawn, _OPPORTUNITIES):
        stage = draft.random.choices(stages, [6, 5, 5, 4, 3, 2, *[1] * len(stages)][: len(stages)])[0]
        made = draft.during(draft.day(200, 1))
        opportunity(draft, account, None, stage, made, assignee_id=account.assignee_id, created_by=account.assignee_id)
    accounts = [account for account, _ in drawn]
    activities(draft, accounts)
    follow_ups(draft, accounts)


def _managed(draft: Draft, company: Company, name: str) -> Account:
    random = draft.random
    assignee = colleague(draft, company)
    made_at = draft.during(draft.day(1000, 1))
    account = account_of(
        draft,
        company,
        assignee,
        made_at,
        name=name,
        manager_ids=[colleague(draft, company, but=assignee.id).id] if draft.chance(0.2) else [],
        access=random.choices(["managers", "public_read", "public_write"], [70, 25, 5])[0],
        erp_id=f"K-{100_000 + len(draft.all(Account))}" if draft.chance(0.25) else None,
        source=random.choice(words.SOURCES),
        expected_revenue=draft.amount() if draft.chance(0.5) else None,
        created_by=assignee.id,
        **placed(draft, company),
    )
    billed(draft, account)
    for _ in range(random.choices([0, 1, 2], [15, 60, 25])[0]):
        contact_of(draft, account, draft.inventor.person(company), draft.later(made_at, 60), created_by=assignee.id)
    recent = made_at >= draft.start_of(draft.today - timedelta(days=30))
    if account.manager_ids and recent:
        draft.tell(
            account.manager_ids, "manager_added", ("account", account.id), made_at, data={"name": name}, by=assignee
        )
    return account


def account_of(
    draft: Draft, company: Company, assignee: User, at: datetime, *, expected_revenue: float | None, **more: Any
) -> Account:
    """The company as an account; `more` are columns."""
    values = {
        "name": company.name,
        "assignee_id": assignee.id,
        "manager_ids": [],
        "access": "managers",
        "level": draft.random.choice(words.LEVELS),
        "industry": company.industry,
        "legal_form": company.legal_form,
        "street": company.street,
        "postal_code": company.town.postal_code,
        "city": company.town.name,
        "state": company.town.state,
        "country": company.town.country,
        "phone": company.phone,
        "email": company.email,
        "website": company.website,
        "vat_id": company.vat_id if draft.chance(0.7) else None,
        "description": None,
        "erp_id": None,
        "lead_id": None,
    }
    account = draft.add(
        Account(
            **(values | more),
            id=new_id(),
            expected_revenue_amount=None if expected_revenue is None else Decimal(expected_revenue),
            expected_revenue_currency=None if expected_revenue is None else "EUR",
            created_at=at,
            updated_at=at,
        )
    )
    reach.complete(account, reach.OF_ACCOUNTS)
    draft.know("account", account.id, account_parties.values_of(account))
    return account


def contact_of(
    draft: Draft,
    account: Account,
    person: Person,
    at: datetime,
    *,
    lead_id: UUID | None = None,
    created_by: UUID | None,
) -> Contact:
    """A new person at the account."""
    born = date(1960, 1, 1) + timedelta(days=draft.random.randrange(14_000)) if draft.chance(0.2) else None
    contact = draft.add(
        Contact(
            id=new_id(),
            account_id=account.id,
            salutation=person.salutation,
            title=person.title,
            first_name=person.first_name,
            last_name=person.last_name,
            job_title=person.job_title,
            assignee_id=account.assignee_id,
            manager_ids=[],
            team_ids=account.team_ids,
            teams_follow=True,
            access=account.access,
            country=account.country,
            phone=person.phone,
            email=person.email,
            birth_date=born,
            source=account.source,
            lead_id=lead_id,
            created_by=created_by,
            created_at=at,
            updated_at=at,
        )
    )
    reach.complete(contact, reach.OF_CONTACTS)
    draft.know("contact", contact.id, contact_parties.values_of(contact, account.name))
    return contact


def opportunity(
    draft: Draft,
    account: Account,
    contact: Contact | None,
    stage: Stage,
    at: datetime,
    *,
    assignee_id: UUID,
    created_by: UUID | None,
    **more: Any,
) -> Opportunity:
    """A chance of an order that has reached this stage."""
    entered = draft.later(at, 45)
    reasons = {"won": _WON, "lost": _LOST}.get(stage.category)
    values = {
        "name": f"Flatrate {account.name}",
        "contact_id": contact.id if contact else None,
        "lead_id": None,
        "amount": account.expected_revenue_amount or Decimal(draft.amount()),
        "currency": "EUR",
        "message_id": None,
    }
    made = Opportunity(
        **(values | more),
        id=new_id(),
        account_id=account.id,
        pipeline_id=stage.pipeline_id,
        close_on=entered.date() if reasons else draft.today + timedelta(days=draft.random.randint(10, 150)),
        close_reason=draft.random.choice(reasons) if reasons else None,
        assignee_id=assignee_id,
        team_ids=account.team_ids,
        teams_follow=True,
        created_by=created_by,
        created_at=at,
        updated_at=entered,
    )
    enter(made, stage, entered, None)
    return draft.add(made)
