"""Filters of lists by how records are reached, for accounts and contacts alike (ACC-9)."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field
from sqlalchemy import ARRAY, Boolean, Text, bindparam

from app.accounts.reach import e164
from app.core.filters import Filter
from app.core.resource import ListQuery
from app.core.types import Line

_HOMES = ("AT", "DE", "CH", "LI")
"""Where a number without country code may be."""


class ReachQuery(ListQuery):
    """What accounts and contacts can be found by."""

    email: list[Line] = Field(
        default_factory=list, max_length=20, description="Any of the e-mail addresses, in any case of letters."
    )
    phone: list[Line] = Field(
        default_factory=list, max_length=20, description="Any of the numbers, in any notation; the whole number."
    )
    domain: list[Line] = Field(default_factory=list, max_length=20, description="The domain of any e-mail address.")
    has_email: bool | None = None
    consent: list[Literal["granted", "refused"]] = Field(
        default_factory=list, max_length=2, description="Any e-mail address with this consent."
    )
    contact_type: list[Line] = Field(default_factory=list, max_length=20)


def reach_filters(model: Any) -> dict[str, Filter]:
    """The filters of `ReachQuery`, but for those of plain columns."""
    return {
        "email": _any_key(model, lambda wanted: [one.lower() for one in wanted]),
        "domain": _any_key(model, lambda wanted: ["@" + one.lower().lstrip("@") for one in wanted]),
        "phone": _any_key(model, _numbers),
        "consent": _any_key(model, lambda wanted: [f"consent:{one}" for one in wanted]),
        "has_email": lambda name: (
            model.email.is_not(None) == bindparam(name, type_=Boolean, required=True),
            lambda value: value,
        ),
    }


def _any_key(model: Any, keys: Any) -> Filter:
    return lambda name: (
        model.reach_keys.op("&&", is_comparison=True)(bindparam(name, type_=ARRAY(Text), required=True)),
        keys,
    )


def _numbers(wanted: Sequence[str]) -> list[str]:
    found = [e164(one, home) for one in wanted for home in _HOMES]
    return list(dict.fromkeys(number for number in found if number is not None))
