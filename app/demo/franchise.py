"""Where the demo's customers belong, and what its ERP knows of them: by the product's own rules."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.accounts.classification import classify
from app.accounts.models import SEGMENTS, Account, AccountRevenue
from app.accounts.placement import TEAM_KINDS
from app.core.particulars import plain_code
from app.demo.companies import Company
from app.demo.draft import Draft
from app.demo.staff import AREAS
from app.identity.models import User

_SHARES = (3, 6, 4, 12, 75)
_YEARS = 6


def centre_of(company: Company) -> str:
    """The code of the centre that answers for the company's address; nothing where there is none."""
    country, code = company.town.country, plain_code(company.town.country, company.town.postal_code)
    for centre, areas in AREAS.items():
        if centre.startswith(country) and any(first <= code[: len(first)] <= last for first, last in areas):
            return centre
    return ""


def placed(draft: Draft, company: Company) -> dict[str, Any]:
    """Segment, centre and teams of a new customer there."""
    segment, centre = draft.random.choices(SEGMENTS, _SHARES)[0], centre_of(company)
    places = {"head_office_key_accounts": "", "country_key_accounts": company.town.country}
    teams = [team for kind in TEAM_KINDS[segment] if (team := draft.staff.teams.get((kind, places.get(kind, centre))))]
    return {
        "segment": segment,
        "centre_id": draft.staff.centre_ids.get(centre),
        "team_ids": teams,
        "rule_team_ids": teams,
    }


def colleague(draft: Draft, company: Company, but: UUID | None = None) -> User:
    """Somebody who works on customers at the centre of the company, or else in its country."""
    staff, centre = draft.staff, centre_of(company)
    country = [u for u in staff.of("rm", "adm", "fn", "cm", "bdm", country=company.town.country) if u.id != but]
    return draft.random.choice([u for u in country if staff.centres.get(u.id) == centre] or country)


def billed(draft: Draft, account: Account) -> None:
    """What the ERP says of the account, and the type and status that follow; visits, for those that are planned."""
    if account.erp_id is None:
        return
    random, year = draft.random, draft.today.year
    account.last_order_on = draft.today - timedelta(days=int(random.triangular(1, 1500, 60)))
    last = account.last_order_on.year
    revenues = {
        y: Decimal(int(random.triangular(80, 9000, 700))) for y in range(max(last - _YEARS, year - 7), last + 1)
    }
    for y, amount in revenues.items():
        draft.add(AccountRevenue(account_id=account.id, year=y, amount=amount, currency="EUR"))
    found = classify(revenues, account.last_order_on, draft.today)
    account.type, account.status, account.reclassify_on = found.type, found.status, found.changes_on
    account.vip = found.type == "customer" and draft.chance(0.08)
    if draft.chance(0.6):
        account.visit_interval_days = random.choice((28, 56, 84))
        account.visit_priority = draft.chance(0.05)
