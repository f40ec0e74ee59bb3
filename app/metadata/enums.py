"""`/v1/enums`: lists of values. Countries, currencies, languages and time zones have the names of the CLDR; states and
suggestions are the product's own.

What records hold in fields that take any text is not listed: it would tell of records that the asker does not see.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from babel import Locale
from babel.core import get_global
from babel.numbers import get_territory_currencies

from app.core import countries
from app.core.problems import Language, NotFound
from app.core.subdivisions import SUBDIVISIONS
from app.metadata import labels
from app.metadata.service import Rendered, render

Options = list[dict[str, Any]]
SUGGESTED = ("industries", "levels", "legal-forms", "salutations", "titles", "sources")
_USUAL = {
    "countries": ("AT", "DE", "CH", "LI"),
    "currencies": ("EUR", "CHF"),
    "languages": ("de", "en"),
    "time-zones": ("Europe/Vienna", "Europe/Berlin", "Europe/Zurich"),
}
"""Told first."""

_UMLAUTS = str.maketrans("äöüÄÖÜ", "aouAOU")


@lru_cache(maxsize=2)
def _names(language: str) -> Locale:
    return Locale.parse(language)


def _both(find: Callable[[Locale], str]) -> labels.Text:
    return {"de": find(_names("de")), "en": find(_names("en"))}


def _option(value: str, find: Callable[[Locale], str]) -> dict[str, Any]:
    return {"value": value, "label": _both(find)}


def _countries() -> Iterator[dict[str, Any]]:
    for code in countries.CODES:
        yield _option(code, lambda locale, code=code: locale.territories[code])  # type: ignore[misc]  # the loop's own code


def _currencies() -> Iterator[dict[str, Any]]:
    known = {c for territory in get_global("territory_currencies") for c in get_territory_currencies(territory)}
    for code in known:
        yield _option(code, lambda locale, code=code: f"{locale.currencies.get(code, code)} ({code})")  # type: ignore[misc]  # likewise


def _languages() -> Iterator[dict[str, Any]]:
    for code in map(str, _names("en").languages):
        if len(code) == 2 and code in _names("de").languages:
            yield _option(code, lambda locale, code=code: locale.languages[code])  # type: ignore[misc]  # likewise


def _time_zones() -> Iterator[dict[str, Any]]:
    territories: Mapping[str, str] = get_global("zone_territories")
    for zone in available_timezones() & territories.keys():
        territory = territories[zone]

        def name(locale: Locale, zone: str = zone, territory: str = territory) -> str:
            city = locale.time_zones.get(zone, {}).get("city") or zone.rsplit("/", 1)[-1].replace("_", " ")
            return f"{city} ({locale.territories[territory]})" if territory in countries.CODES else str(city)

        yield _option(zone, name)
    yield {"value": "UTC", "label": {"de": "UTC", "en": "UTC"}}


def _states(country: str | None) -> Iterator[dict[str, Any]]:
    for code, subdivisions in SUBDIVISIONS.items():
        if country in (None, code):
            for one in subdivisions:
                yield {"value": one.name_de, "label": {"de": one.name_de, "en": one.name_en}, "country": code}


_MADE: dict[str, Callable[[], Iterable[dict[str, Any]]]] = {
    "countries": _countries,
    "currencies": _currencies,
    "languages": _languages,
    "time-zones": _time_zones,
}
_CLOSED = set(_MADE)
NAMES = (*_MADE, "states", *SUGGESTED)


def _in_order(name: str, options: Iterable[dict[str, Any]], language: Language) -> Options:
    usual = {value: place for place, value in enumerate(_USUAL.get(name, ()))}

    def key(option: dict[str, Any]) -> tuple[int, str]:
        return usual.get(option["value"], len(usual)), option["label"][language].translate(_UMLAUTS).lower()

    return sorted(options, key=key)


def _summary(name: str) -> dict[str, Any]:
    path = f"/v1/enums/{name}"
    return {"name": name, "label": labels.enum(name), "path": path, "closed": name in _CLOSED}


@lru_cache(maxsize=1)
def all_enums() -> Rendered:
    """All lists in short."""
    return render({"enums": [_summary(name) for name in NAMES]})


def one_enum(name: str, country: str | None, language: Language) -> Rendered:
    """The list with its values: states of the country if one is given. Raises NotFound."""
    if name not in NAMES:
        raise NotFound
    return _enum(name, country if name == "states" else None, language)


@lru_cache(maxsize=512)
def _enum(name: str, country: str | None, language: Language) -> Rendered:
    if name == "states":
        options = _in_order(name, _states(country), language)
    elif name in _MADE:
        options = _in_order(name, _MADE[name](), language)
    else:
        options = [{"value": value, "label": label} for value, label in labels.names(f"enums.{name}").items()]
    return render({**_summary(name), "options": options})
