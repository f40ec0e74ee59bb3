"""What all invented parties are drawn from: names by frequency, towns and streets, phone numbers in every notation."""

import csv
import re
from bisect import bisect
from collections.abc import Iterable, Sequence
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Generic, TypeVar

from bench import population_words as words
from bench.population_words import Town

Row = dict[str, str]
Item = TypeVar("Item")

_COUNTRIES = (("DE", 0.86), ("AT", 0.1), ("CH", 0.04))
_PLAIN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})
_NOT_PLAIN = re.compile(r"[^a-z0-9]+")
NOTATIONS = (
    "+{c} {a} {l}", "+{c} {a} {l}", "0{a}/{l}", "0{a} / {s}", "(0{a}) {l}", "0{a}-{l}", "+{c} (0) {a} {s}", "+{c} (0){a}/{l}",
    "0{a}{l}", "0{a} {l}", "0{a} {s}", "00{c}{a}{l}", "+{c}{a}{l}", "+{c}-{a}-{l}", "0{a} {l}-0",
)  # fmt: skip
"""Country code, area code, the rest as one number or in groups of two. The last one names the switchboard."""


def notated(country: str, area: str, local: str, notation: str) -> str:
    grouped = " ".join(local[at : at + 2] for at in range(0, len(local), 2))
    return notation.format(c=country, a=area, l=local, s=grouped)


class Weighted(Generic[Item]):
    """Draws from a table by weight."""

    def __init__(self, random: Random, pairs: Iterable[tuple[Item, float]]) -> None:
        table = list(pairs)
        self._items = [item for item, _ in table]
        self._sums = list(accumulate(weight for _, weight in table))
        self._chance = random.random

    def __call__(self) -> Item:
        return self._items[bisect(self._sums, self._chance() * self._sums[-1])]


def ranked(items: Sequence[str]) -> list[tuple[str, float]]:
    """Weights that fall with the rank, as the frequencies of names do."""
    return [(item, 1 / (at + 4)) for at, item in enumerate(items)]


def plain(text: str) -> str:
    return _NOT_PLAIN.sub("", text.translate(_PLAIN).lower())


def counts(path: Path, name: str) -> list[tuple[str, float]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [(row[name], float(row["count"])) for row in csv.DictReader(file)]


class Source:
    """Names, places and numbers. `frequencies` is a folder with counted German names, else the bench's own are taken."""

    def __init__(self, random: Random, frequencies: Path | None = None) -> None:
        self.random = random
        self._chance = random.random
        if frequencies is None:
            given = ranked(words.MEN) + ranked(words.WOMEN)
            surnames = ranked(words.SURNAMES)
            self._rare_surname = 0.35
        else:
            given = counts(frequencies / "gecko_de_given_name.csv", "given_name")
            surnames = counts(frequencies / "gecko_de_last_name.csv", "last_name")
            self._rare_surname = 0.08  # what lists of frequent names leave out
        self.given_names = {name for name, _ in given}
        self._ranks = {name: at for at, (name, _) in enumerate(surnames)}
        self.given, self._surnames = Weighted(random, given), Weighted(random, surnames)
        self._towns = {
            country: Weighted(random, [(town, town.weight**0.75) for town in towns])
            for country, towns in words.TOWNS.items()
        }
        self._country = Weighted(random, _COUNTRIES)
        self._streets = Weighted(random, ranked(words.STREETS))

    def surname(self) -> str:
        if self._chance() < self._rare_surname:
            return self.pick(words.SURNAME_FRONTS) + self.pick(words.SURNAME_BACKS)
        return self._surnames()

    def pick(self, items: Sequence[Item]) -> Item:
        return items[int(self._chance() * len(items))]

    def place(self, country: str | None = None, town: Town | None = None) -> tuple[Town, Row]:
        """A town and an address in it."""
        town = town or self._towns[country or self._country()]()
        street = self._streets() if self._chance() < 0.55 else self._rare_street(town)
        if town.country == "CH":
            street = street.replace("ß", "ss")
        number = 1 + int(150 * self._chance() ** 2)
        house = f"{number}"
        if (more := self._chance()) < 0.08:
            house += self.pick(["a", " a", "b", " b", "c"])
        elif more < 0.11:
            house += f"-{number + self.pick([2, 4, 6])}"
        return town, {
            "street": f"{street} {house}",
            "postal_code": self.pick(town.postal_codes),
            "city": town.name,
            "state": town.state,
            "country": town.country,
        }

    def _rare_street(self, town: Town) -> str:
        way = self._chance()
        if way < 0.35:
            return f"{self.pick(words.SURNAME_FRONTS)}{self.pick(words.SURNAME_BACKS)}{self.pick(words.STREET_TYPES)}"
        if way < 0.6:
            return f"{self.given()}-{self.surname()}-Straße"
        if way < 0.8:
            other = self._towns[town.country]().name.split()[0]
            return f"{other.removesuffix('e')}er {self.pick(['Straße', 'Straße', 'Weg', 'Allee', 'Platz'])}"
        before = self.pick(["Am", "Im", "An der", "Auf dem", "Zum", "Beim"])
        return f"{before} {self.pick(words.SURNAME_FRONTS)}{self.pick(words.SURNAME_BACKS)}"

    def phone(self, town: Town, mobile: float) -> str:
        if self._chance() < mobile:
            area = self.pick(words.MOBILE[town.country])
            local = f"{int(self._chance() * 10**7):07d}"
        else:
            area = town.area_code
            digits = max(4, (7 if town.country == "CH" else 9) - (0 if town.country == "CH" else len(area)))
            local = f"{2 + int(self._chance() * 7)}{int(self._chance() * 10 ** (digits - 1)):0{digits - 1}d}"
        return notated({"DE": "49", "AT": "43", "CH": "41"}[town.country], area, local, self.pick(NOTATIONS))

    def vat_id(self, country: str) -> str:
        number = int(self._chance() * 10**9)
        return {"DE": f"DE{number:09d}", "AT": f"ATU{number // 10:08d}", "CH": f"CHE{number:09d}"}[country]
