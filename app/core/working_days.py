"""Working days: a country's week, Monday to Friday as a rule, without its public holidays and those of the state."""

import sys
from datetime import date, timedelta
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from typing import TYPE_CHECKING, cast

from app.core.subdivisions import find

if TYPE_CHECKING:
    from holidays import HolidayBase

_WEEKEND = (5, 6)


def add_working_days(day: date, count: int, country: str | None = None, state: str | None = None) -> date:
    """The `count`-th working day after `day`, which itself need not be one.

    `country` is ISO 3166-1, `state` a name or code as addresses have it; one that is not known has only the country's own
    holidays, and a country that is not known has none.
    """
    left = count
    while left > 0:
        day += timedelta(days=1)
        left -= is_working_day(day, country, state)
    return day


def is_working_day(day: date, country: str | None = None, state: str | None = None) -> bool:
    """Whether people work on that day; see `add_working_days`."""
    holidays = _holidays(country, state) if country else None
    return day.weekday() not in _WEEKEND if holidays is None else holidays.is_working_day(day)


@lru_cache(maxsize=256)
def _holidays(country: str, state: str | None) -> "HolidayBase | None":
    """The country's calendar, which grows by the years that are asked for."""
    name = _modules().get(country)
    if name is None:
        return None
    known: type[HolidayBase] = getattr(import_module(f"holidays.countries.{name[0]}"), name[1])
    part = find(country, state) if state else None
    code = part.code.partition("-")[2] if part else None
    return known(subdiv=code if code in known.subdivisions else None)


@lru_cache(maxsize=1)
def _modules() -> dict[str, tuple[str, str]]:
    """The library's module and class for each country."""
    spec = find_spec("holidays.countries")
    # The package itself would load all its 250 countries: twice the memory, for a handful that are ever asked for.
    if spec is not None and spec.name not in sys.modules:
        sys.modules[spec.name] = module_from_spec(spec)
    registry = import_module("holidays.registry")
    countries = cast("dict[str, tuple[str, ...]]", registry.COUNTRIES)
    return {names[1]: (module, names[0]) for module, names in countries.items()}
