"""Invents clean parties: companies with their sister firms, people with their households. All chance comes from one `Random`.

Nobody is alone in real data, and that is what makes matching hard. Drawn on purpose, and each a different party:
- sister firms at one address, often with one phone or domain: "Kern Verwaltungs GmbH" beside "Kern GmbH & Co. KG";
- projects that differ in a number: "Windpark Heide 2 GmbH & Co. KG";
- firms of one name in two towns, and addresses that house many firms;
- households of one address and phone; twins of one birth date; people of one name in one town.
"""

import csv
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from zlib import crc32

from bench import population_words as words
from bench.population_places import Row, Source, Weighted, plain
from bench.population_words import Town

COLUMNS = (
    "id", "source", "kind", "company_name", "first_name", "last_name", "street", "postal_code", "city", "state", "country",
    "phone", "email", "birth_date", "other_id",
)  # fmt: skip
VALUES = COLUMNS[3:]
"""`other_id` holds a company's VAT id."""
EMPTY = dict.fromkeys(COLUMNS, "")

# How often a clean record lacks a field, as in customer lists.
MISSING = {
    "person": {"street": 0.12, "postal_code": 0.08, "city": 0.05, "phone": 0.35, "email": 0.4, "birth_date": 0.4, "state": 0.5},
    "company": {"street": 0.1, "postal_code": 0.05, "city": 0.03, "phone": 0.35, "email": 0.45, "other_id": 0.7, "state": 0.5},
}  # fmt: skip
_STATES = {
    "Bavaria": "Bayern", "Hesse": "Hessen", "Lower Saxony": "Niedersachsen", "North Rhine-Westphalia": "Nordrhein-Westfalen",
    "Rhineland-Palatinate": "Rheinland-Pfalz", "Saxony": "Sachsen", "Saxony-Anhalt": "Sachsen-Anhalt", "Thuringia": "Thüringen",
    "Mecklenburg-Western Pomerania": "Mecklenburg-Vorpommern",
}  # fmt: skip


class Inventor(Source):
    """Draws parties. `companies` is a CSV of real ones (name, street, no, plz, city, state) that are used first."""

    def __init__(self, random: Random, frequencies: Path | None = None, companies: Path | None = None) -> None:
        super().__init__(random, frequencies)
        forms = {"DE": words.FORMS, "AT": words.FORMS_AT, "CH": words.FORMS_CH}
        self._forms = {country: Weighted(random, pairs) for country, pairs in forms.items()}
        providers = {"DE": words.PROVIDERS, "AT": words.PROVIDERS_AT, "CH": words.PROVIDERS_CH}
        self._providers = {country: Weighted(random, pairs) for country, pairs in providers.items()}
        self._patterns = Weighted(random, self._ways())
        self._shells = [self.place() for _ in range(20)]
        self._recent: dict[str, deque[Row]] = {"company": deque(maxlen=500), "person": deque(maxlen=500)}
        self._hosts = bytearray(1 << 21)
        self._real = self._read(companies) if companies else iter(())

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
                    other["first_name"] = first  # father and son
                    other["email"] = self.person_email(first, last, town.country)
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

    def _host(self, name: str, town: Town) -> str:
        """A domain made from the name that no other firm has."""
        parts = [plain(word) for word in name.split()]
        core = "".join(parts[:2])[:24] or "firma"
        if self._chance() < 0.3 and len(parts[0]) > 6:
            core = parts[0]
        tld = {"DE": "de", "AT": "at", "CH": "ch"}[town.country] if self._chance() < 0.85 else "com"
        if self._chance() < 0.2:
            core += f"-{plain(town.name.split()[0])}"
        for more in ("", f"-{plain(town.name.split()[0])}", f"-{int(self._chance() * 10_000)}"):
            host = f"{core}{more}.{tld}"
            # A bit for each domain that was given: two megabytes hold a million, and some are thought taken that are not.
            at, bit = divmod(crc32(host.encode()) % (8 * len(self._hosts)), 8)
            if not self._hosts[at] & 1 << bit:
                break
        self._hosts[at] |= 1 << bit
        return host

    def _company(self, name: str, form: str, town: Town, address: Row) -> Row:
        host = self._host(name, town)
        local = self.pick(["info", "info", "info", "kontakt", "office", "mail", "service", "buchhaltung"])
        email = f"{local}@{host}"
        if self._chance() < 0.1:
            email = f"{host.partition('.')[0]}@{self._providers[town.country]()}"
        return {**EMPTY, "kind": "company", "company_name": f"{name} {form}".strip(), **address,
                "phone": self.phone(town, 0.12), "email": email, "other_id": self.vat_id(town.country)}  # fmt: skip

    def _sisters(self, name: str, form: str, town: Town, address: Row, first: Row) -> Iterator[Row]:
        """Other firms of the same owners at the same address, no two of one purpose."""
        head = name.split()
        at = next((at for at, word in enumerate(head) if word[-1] not in ".-" and word not in self.given_names), 0)
        stem = " ".join(head[: at + (2 if self._chance() < 0.3 else 1)]).rstrip(" &+-").removesuffix(" und")
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
            rows = [
                row
                for row in csv.DictReader(file)
                if len(row["plz"]) == 5 and row["name"] and 0 < len(row["city"]) <= 40
            ]
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
