"""Invents clean parties: companies with their sister firms, people with their households. All chance comes from one `Random`.

Nobody is alone in real data, and that is what makes matching hard. Drawn on purpose, and each a different party:
- sister firms at one address, often with one phone or domain: "Kern Verwaltungs GmbH" beside "Kern GmbH & Co. KG";
- projects that differ in a number: "Windpark Heide 2 GmbH & Co. KG";
- firms of one name in two towns, and addresses that house many firms;
- households of one address and phone; twins of one birth date; people of one name in one town.
"""

import csv
import re
from bisect import bisect
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Generic, TypeVar

from bench import population_words as words
from bench.population_words import Town

Row = dict[str, str]
Item = TypeVar("Item")

COLUMNS = (
    "id", "source", "kind", "company_name", "first_name", "last_name", "street", "postal_code", "city", "state", "country",
    "phone", "email", "birth_date", "other_id",
)  # fmt: skip
VALUES = COLUMNS[3:]
"""`other_id` holds a company's VAT id."""
EMPTY = dict.fromkeys(COLUMNS, "")

# How often a clean record lacks a field, as in customer lists.
MISSING = {
    "person": {
        "street": 0.12,
        "postal_code": 0.08,
        "city": 0.05,
        "phone": 0.35,
        "email": 0.4,
        "birth_date": 0.4,
        "state": 0.5,
    },
    "company": {
        "street": 0.1,
        "postal_code": 0.05,
        "city": 0.03,
        "phone": 0.35,
        "email": 0.45,
        "other_id": 0.7,
        "state": 0.5,
    },
}
_COUNTRIES = (("DE", 0.86), ("AT", 0.1), ("CH", 0.04))
_PLAIN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})
_NOT_PLAIN = re.compile(r"[^a-z0-9]+")
_STATES = {
    "Bavaria": "Bayern", "Hesse": "Hessen", "Lower Saxony": "Niedersachsen", "North Rhine-Westphalia": "Nordrhein-Westfalen",
    "Rhineland-Palatinate": "Rheinland-Pfalz", "Saxony": "Sachsen", "Saxony-Anhalt": "Sachsen-Anhalt", "Thuringia": "Thüringen",
    "Mecklenburg-Western Pomerania": "Mecklenburg-Vorpommern",
}  # fmt: skip


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


def _counts(path: Path, name: str) -> list[tuple[str, float]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [(row[name], float(row["count"])) for row in csv.DictReader(file)]


class Inventor:
    """Draws parties. `frequencies` is a folder with counted names, `companies` a CSV of real ones that are used first."""

    def __init__(self, random: Random, frequencies: Path | None = None, companies: Path | None = None) -> None:
        self.random = random
        self._chance = random.random
        if frequencies is None:
            given = ranked(words.MEN) + ranked(words.WOMEN)
            surnames = ranked(words.SURNAMES)
            self._rare_surname = 0.35
        else:
            given = _counts(frequencies / "gecko_de_given_name.csv", "given_name")
            surnames = _counts(frequencies / "gecko_de_last_name.csv", "last_name")
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
        forms = {"DE": words.FORMS, "AT": words.FORMS_AT, "CH": words.FORMS_CH}
        self._forms = {country: Weighted(random, pairs) for country, pairs in forms.items()}
        providers = {"DE": words.PROVIDERS, "AT": words.PROVIDERS_AT, "CH": words.PROVIDERS_CH}
        self._providers = {country: Weighted(random, pairs) for country, pairs in providers.items()}
        self._patterns = Weighted(random, self._ways())
        self._shells = [self.place() for _ in range(20)]
        self._recent: dict[str, deque[Row]] = {"company": deque(maxlen=500), "person": deque(maxlen=500)}
        self._real = self._read(companies) if companies else iter(())

    # ----- places and ways to reach

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

    # ----- people

    def person_email(self, first: str, last: str, country: str, domain: str | None = None) -> str:
        one, two = plain(first) or "x", plain(last) or "y"
        host = domain or self._providers[country]()
        way = self._chance()
        if domain or way < 0.45:
            local = f"{one}.{two}" if way < 0.75 else f"{one[0]}.{two}" if way < 0.9 else two
        elif way < 0.6:
            local = f"{one[0]}.{two}"
        elif way < 0.7:
            local = f"{two}{one[0]}"
        elif way < 0.8:
            local = f"{one}{two}"
        elif way < 0.9:
            local = f"{one}_{two}"
        else:
            local = one + self.pick(words.SYLLABLES) + self.pick(words.SYLLABLES)
        if not domain and self._chance() < 0.55:
            local += str(int(self._chance() * 100))
        return f"{local}@{host}"

    def birth_date(self, youngest: int = 2006, oldest: int = 1935) -> str:
        year = oldest + int((youngest - oldest) * self._chance() ** 0.8)
        return f"{year}-{1 + int(12 * self._chance()):02d}-{1 + int(28 * self._chance()):02d}"

    def _person(self, first: str, last: str, town: Town, address: Row) -> Row:
        phone = self.phone(town, 0.6)
        email = self.person_email(first, last, town.country)
        return {**EMPTY, "kind": "person", "first_name": first, "last_name": last, **address, "phone": phone,
                "email": email, "birth_date": self.birth_date()}  # fmt: skip

    def people(self) -> Iterator[Row]:
        """Everybody of one household, without end."""
        while True:
            kept = self._recent["person"]
            if len(kept) > 50 and self._chance() < 0.008:
                # Another of that name, a common one, in that town.
                like = min(
                    (self.pick(kept) for _ in range(8)), key=lambda one: self._ranks.get(one["last_name"], 9_999)
                )
                town = next((one for one in words.TOWNS[like["country"]] if one.name == like["city"]), None)
                town, address = self.place(like["country"], town)
                yield self._person(like["first_name"], like["last_name"], town, address)
                continue
            town, address = self.place()
            last = self.surname()
            if self._chance() < 0.03:
                last += f"-{self.surname()}"
            first = self.given()
            if self._chance() < 0.03:
                first += f"{self.pick(['-', ' '])}{self.given()}"
            head = self._person(first, last, town, address)
            kept.append(head)
            yield head
            size = self._chance()
            for at in range(0 if size < 0.88 else 1 if size < 0.96 else 2):
                other = self._person(self.given(), last, town, address)
                other["phone"] = head["phone"] if self._chance() < 0.6 else other["phone"]
                if at and self._chance() < 0.15:
                    other["birth_date"] = head["birth_date"]
                elif self._chance() < 0.01:
                    other["first_name"] = head["first_name"]  # father and son
                if other["first_name"] != first or other["birth_date"] != head["birth_date"]:
                    yield other

    def employee(self, company: Row) -> Row:
        """Somebody who works there, under the firm's address."""
        first, last = self.given(), self.surname()
        domain = company["email"].rpartition("@")[2]
        address = {field: company[field] for field in ("street", "postal_code", "city", "state", "country")}
        email = self.person_email(first, last, company["country"], domain)
        return {**EMPTY, "kind": "person", "company_name": company["company_name"], "first_name": first, "last_name": last,
                **address, "phone": company["phone"], "email": email, "birth_date": ""}  # fmt: skip

    # ----- companies

    def coined(self) -> str:
        if self._chance() < 0.5:
            return self.pick(words.COINED) + self.pick(words.COINED_ENDS)
        return "".join(self.pick(words.SYLLABLES) for _ in range(3 if self._chance() < 0.7 else 2)).title()

    def _letters(self) -> str:
        return "".join(self.pick("ABCDEFGHIKLMNPRSTUVWZ") for _ in range(3 if self._chance() < 0.75 else 2))

    def trade(self) -> str:
        if self._chance() < 0.55:
            return self.pick(words.TRADES)
        return self.pick(words.TRADE_HEADS) + self.pick(words.TRADE_TAILS)

    def _ways(self) -> list[tuple[Callable[[Town], str], float]]:
        """How names of firms are made, and how often; the legal form comes behind."""
        pick, name, trade, given = self.pick, self.surname, self.trade, self.given
        return [
            (lambda _: f"{name()} {trade()}", 16),
            (lambda _: f"{given()} {name()} {trade()}", 7),
            (lambda _: f"{given()} {name()}", 8),
            (lambda _: f"{given()[0]}. {name()} {trade()}", 2),
            (lambda _: f"{trade()} {name()}", 6),
            (lambda _: f"{trade()} {given()} {name()}", 2),
            (lambda _: f"{name()} & {name()} {trade()}", 3),
            (lambda _: f"{name()} {pick(['+', '&', 'und', '-'])} {name()}", 3),
            (lambda _: f"{name()} & {pick(['Partner', 'Sohn', 'Söhne', 'Co.', 'Kollegen'])} {trade()}", 2),
            (lambda _: f"{pick(['Gebr.', 'Gebrüder'])} {name()} {trade()}", 2),
            (lambda _: name(), 4),
            (lambda _: self.coined(), 6),
            (lambda _: f"{self.coined()} {trade()}", 9),
            (lambda _: f"{self._letters()} {trade()}", 8),
            (lambda _: f"{self._letters()} {name()} {trade()}", 2),
            (lambda _: f"{self._letters()} - {pick(words.TRADE_HEADS)}{pick(words.TRADE_TAILS)} und {trade()}", 1),
            (lambda _: f"{pick(words.ENGLISH)} {pick(words.ENGLISH_ENDS)}", 3),
            (lambda _: f"{pick(words.ENGLISH)} {pick(words.ENGLISH)} {trade()}", 1),
            (lambda town: f"{town.name.split()[0]}er {trade()}", 2),
            (lambda town: f"{trade()} {town.name}", 3),
            (lambda _: f"{pick(words.LANDSCAPES)} {trade()}", 2),
            (lambda _: f"{pick(words.SIGNS)}-{pick(words.HOUSES)}", 1),
            (lambda _: f"{pick(['Dr.', 'Dipl.-Ing.', 'Dr. Ing.'])} {name()} {trade()}", 1),
            (lambda _: f"{pick(words.TRADE_HEADS)}- und {trade()} {name()}", 2),
            (lambda _: f"{name()} {trade()} {pick(['Deutschland', 'International', 'Europe', 'Süd', 'Nord'])}", 2),
        ]

    def _company(self, name: str, form: str, town: Town, address: Row) -> Row:
        core = "".join(plain(word) for word in name.split()[:2])[:24] or "firma"
        if self._chance() < 0.3:
            core = plain(name.split(maxsplit=1)[0]) or core
        if self._chance() < 0.25:
            core = f"{core}-{plain(town.name.split()[0])}"
        local = self.pick(["info", "info", "info", "kontakt", "office", "mail", "service", "buchhaltung"])
        tld = {"DE": "de", "AT": "at", "CH": "ch"}[town.country] if self._chance() < 0.85 else "com"
        email = f"{local}@{core}.{tld}"
        if self._chance() < 0.1:
            email = f"{core}@{self._providers[town.country]()}"
        return {**EMPTY, "kind": "company", "company_name": f"{name} {form}".strip(), **address,
                "phone": self.phone(town, 0.12), "email": email, "other_id": self.vat_id(town.country)}  # fmt: skip

    def _sisters(self, name: str, form: str, town: Town, address: Row, first: Row) -> Iterator[Row]:
        """Other firms of the same owners at the same address, no two of one purpose."""
        head = name.split()
        stem = " ".join(head[:2]) if head[0] in self.given_names or self._chance() < 0.3 else head[0]
        others: dict[str, str] = {}
        if form in ("GmbH & Co. KG", "GmbH & Co KG") and self._chance() < 0.4:
            purpose = self.pick(["Verwaltungs", "Verwaltungs", "Beteiligungs", "Geschäftsführungs"])
            others[purpose] = f"{self.pick([name, stem])} {purpose}"
        if self._chance() < 0.06:
            for _ in range(1 + int(2 * self._chance())):
                purpose = self.pick(words.HOLDINGS)
                others.setdefault(purpose, f"{stem} {purpose}")
        for purpose, other in others.items():
            if purpose.removesuffix("s") in name:
                continue
            ending = self.pick([" GmbH", "-GmbH", "gesellschaft mbH", " UG (haftungsbeschränkt)"])
            sister = self._company(other, "", town, address)
            sister["company_name"] = f"{other}{ending}" if other.endswith("s") else f"{other} GmbH"
            for field, chance in (("phone", 0.5), ("email", 0.35)):
                if self._chance() < chance:
                    sister[field] = first[field]
            yield sister

    def companies(self) -> Iterator[Row]:
        """Firms, those of one owner one after another, without end."""
        for name, town, address in self._real:
            yield self._company(name, "", town, address)
        kept = self._recent["company"]
        while True:
            town, address = self.pick(self._shells) if self._chance() < 0.01 else self.place()
            form = self._forms[town.country]()
            if len(kept) > 50 and self._chance() < 0.012:
                like = self.pick(kept)  # the same name elsewhere
                if like["city"] != town.name:
                    yield self._company(like["company_name"], "", town, address)
                continue
            if self._chance() < 0.02:
                stem, at = (
                    f"{self.pick(words.PARKS)} {self._rare_street(town).split()[-1].title()}",
                    int(self._chance() * 3),
                )
                for number in range(1, 2 + at):
                    yield self._company(f"{stem} {self.pick(['', 'Nr. '])}{number}", "GmbH & Co. KG", town, address)
                continue
            name = self._patterns()(town)
            first = self._company(name, form, town, address)
            kept.append(first)
            yield first
            yield from self._sisters(name, form, town, address, first)

    def _read(self, path: Path) -> Iterator[tuple[str, Town, Row]]:
        """Real companies with their addresses, in another order; what is no address of Germany is left out."""
        with path.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if len(row["plz"]) == 5 and row["name"] and row["city"]]
        self.random.shuffle(rows)
        areas = {code[:3]: town.area_code for town in words.TOWNS["DE"] for code in town.postal_codes}
        for row in rows:
            state = _STATES.get(row["state"], row["state"])
            town = Town(row["city"], state, "DE", areas.get(row["plz"][:3], "7" + row["plz"][1:4]), 1, (row["plz"],))
            address = {"street": f"{row['street']} {row['no']}".strip(), "postal_code": row["plz"], "city": row["city"],
                       "state": state, "country": "DE"}  # fmt: skip
            yield row["name"].strip(), town, address

    def with_gaps(self, row: Row) -> Row:
        """The record as it gets into a list: some fields were never asked for."""
        for field, rate in MISSING[row["kind"]].items():
            if self._chance() < rate:
                row[field] = ""
        return row


NOTATIONS = (
    "+{c} {a} {l}", "+{c} {a} {l}", "0{a}/{l}", "0{a} / {s}", "(0{a}) {l}", "0{a}-{l}", "+{c} (0) {a} {s}", "+{c} (0){a}/{l}",
    "0{a}{l}", "0{a} {l}", "0{a} {s}", "00{c}{a}{l}", "+{c}{a}{l}", "+{c}-{a}-{l}", "0{a} {l}-0",
)  # fmt: skip
"""Country code, area code, the rest as one number or in groups of two. The last one names the switchboard."""


def notated(country: str, area: str, local: str, notation: str) -> str:
    grouped = " ".join(local[at : at + 2] for at in range(0, len(local), 2))
    return notation.format(c=country, a=area, l=local, s=grouped)
