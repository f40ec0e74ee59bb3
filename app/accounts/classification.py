"""What kind of customer an account is, computed from what the ERP says of it (ACC-2). Pure: the same inputs give the same."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, get_args

from app.core.clock import add_months

Type = Literal["potential", "small_customer", "customer"]
Status = Literal["new", "active", "former"]
TYPES, STATUSES = get_args(Type), get_args(Status)

THRESHOLD = Decimal(1000)
"""Revenue of a year from which an account counts as a customer, in the account's own currency."""
YEARS = 5
"""Calendar years that are looked at: this one and the four before."""
ACTIVE_MONTHS = 6

Text = Mapping[str, str]

REASONS: dict[str, Text] = {
    "never_ordered": {
        "de": "Es gibt weder einen Auftrag noch Umsatz.",
        "en": "There is neither an order nor any revenue.",
    },
    "ordered_lately": {
        "de": "Der letzte Auftrag ist jünger als sechs Monate.",
        "en": "The last order is younger than six months.",
    },
    "not_ordered_lately": {
        "de": "Seit dem letzten Auftrag sind sechs Monate oder mehr vergangen.",
        "en": "Six months or more have passed since the last order.",
    },
    "revenue_without_order": {
        "de": "Es gab Umsatz, aber kein letzter Auftrag ist bekannt.",
        "en": "There was revenue, but no last order is known.",
    },
    "revenue_over": {
        "de": "In mindestens einem der letzten fünf Jahre lag der Umsatz bei 1.000 oder darüber.",
        "en": "In at least one of the last five years revenue was 1,000 or more.",
    },
    "revenue_under": {
        "de": "In keinem der letzten fünf Jahre erreichte der Umsatz 1.000.",
        "en": "In none of the last five years did revenue reach 1,000.",
    },
}


@dataclass(frozen=True, slots=True)
class Classification:
    """Type and status, each with the code of its reason, and the day on which time alone may change them."""

    type: Type
    status: Status
    type_reason: str
    status_reason: str
    changes_on: date | None


def first_year(today: date) -> int:
    """The earliest calendar year whose revenue still counts."""
    return today.year - YEARS + 1


def active_until(last_order_on: date) -> date:
    """The first day on which an order of that day is no longer younger than six months."""
    return add_months(last_order_on, ACTIVE_MONTHS)


def classify(revenues: Mapping[int, Decimal], last_order_on: date | None, today: date) -> Classification:
    """The type by revenue (by calendar year), the status by the last order.

    An account that never ordered and has no revenue of any year is a potential customer and new.
    """
    changes: list[date] = []
    has_revenue = any(amount > 0 for amount in revenues.values())
    good_years = [
        year for year, amount in revenues.items() if amount >= THRESHOLD and first_year(today) <= year <= today.year
    ]
    type_: Type
    if good_years:
        type_, type_reason = "customer", "revenue_over"
        changes.append(date(max(good_years) + YEARS, 1, 1))
    elif has_revenue or last_order_on is not None:
        type_, type_reason = "small_customer", "revenue_under"
    else:
        type_, type_reason = "potential", "never_ordered"
    status: Status
    if last_order_on is None:
        status, status_reason = ("former", "revenue_without_order") if has_revenue else ("new", "never_ordered")
    elif today < (until := active_until(last_order_on)):
        status, status_reason = "active", "ordered_lately"
        changes.append(until)
    else:
        status, status_reason = "former", "not_ordered_lately"
    return Classification(type_, status, type_reason, status_reason, min(changes, default=None))
