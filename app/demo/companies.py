"""Invents companies and people, each unlike all others: the product's own matcher says so."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from anyascii import anyascii

from app.demo import places, words
from app.demo.places import TOWNS, Town
from app.demo.words import TRADES, Trade
from app.matching import Party, PartyValues, blocking_keys, normalise
from app.matching.verdict import judge

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_ALONE = {"AT": "e.U.", "DE": "e.K.", "CH": "GmbH"}
_FORMS = {
    "AT": (["GmbH", "GmbH & Co. KG", "KG", "OG", "AG", "e.U."], [62, 12, 9, 8, 4, 5]),
    "DE": (["GmbH", "GmbH & Co. KG", "KG", "UG (haftungsbeschränkt)", "AG", "OHG", "e.K."], [58, 17, 8, 6, 4, 4, 3]),
    "CH": (["AG", "GmbH"], [60, 40]),
}


@dataclass(frozen=True, slots=True)
class Company:
    """An invented company. `name` is its legal wording, `short` how people call it."""

    name: str
    short: str
    legal_form: str
    industry: str
    town: Town
    street: str
    phone: str
    email: str
    website: str
    vat_id: str

    @property
    def domain(self) -> str:
        """Of its website and its people's addresses; `.example` belongs to nobody."""
        return self.website.removeprefix("www.")

    def values(self) -> PartyValues:
        """As the matcher reads a lead of it: the less is known, the sooner two look alike."""
        town = self.town
        return PartyValues(
            name=self.name,
            company=self.short,
            postal_code=town.postal_code,
            city=town.name,
            state=town.state,
            country=town.country,
        )


@dataclass(frozen=True, slots=True)
class Person:
    """An invented person at a company."""

    salutation: str
    title: str | None
    first_name: str
    last_name: str
    job_title: str
    phone: str
    email: str


def plain(text: str) -> str:
    """Small letters and digits, joined by hyphens: for addresses."""
    return re.sub(r"[^a-z0-9]+", "-", anyascii(text.lower().translate(_UMLAUTS)).lower()).strip("-")


class Registry:
    """Who is there already, compared as the product compares: by blocking keys, then field by field."""

    def __init__(self) -> None:
        self._parties: list[tuple[Party, object]] = []
        self._by_key: dict[int, list[int]] = {}

    def enter(self, values: PartyValues, owner: object) -> bool:
        """Keep the party unless it is, or may be, another owner's; says whether it was kept."""
        party = normalise(values)
        keys = blocking_keys(party)
        near = {at for key in keys for at in self._by_key.get(key, ())}
        if any(self._parties[at][1] != owner and judge(party, self._parties[at][0])[1] for at in near):
            return False
        for key in keys:
            self._by_key.setdefault(key, []).append(len(self._parties))
        self._parties.append((party, owner))
        return True


class Inventor:
    """Draws companies and people; the same ones for the same seed, in the same order."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._registry = Registry()
        self._names: set[str] = set()
        self._domains: set[str] = set()
        self._count = 0
        weights = [max(3, 40 - at) for at in range(len(words.SURNAMES))]
        self._surnames = (words.SURNAMES, weights)

    def company(self, country: str) -> Company:
        """A company of that country that nobody could take for one drawn before."""
        while True:
            town = self._random.choice(TOWNS[country])
            trade = self._random.choice(TRADES)
            short, owner_named = self._short_name(town, trade)
            forms, weights = _FORMS[country]
            form = _ALONE[country] if owner_named else self._random.choices(forms, weights)[0]
            found = self.named(f"{short} {form}", short, form, trade.industry, town)
            if found is not None:
                return found

    def named(self, name: str, short: str, legal_form: str, industry: str, town: Town) -> Company | None:
        """A company of that name, with all else invented; None when it resembles one that is there."""
        if (key := " ".join(sorted(plain(short).split("-")))) in self._names:
            return None
        self._count += 1
        domain = plain(short)
        if domain in self._domains:
            domain = f"{domain}-{plain(town.name)}"
        domain += ".example"
        country = town.country
        company = Company(
            name=name,
            short=short,
            legal_form=legal_form,
            industry=industry,
            town=town,
            street=places.street(self._random.choice(places.STREETS), self._random.randint(1, 120), country),
            phone=places.phone(town, self._count),
            email=f"{self._random.choice(['office', 'office', 'info', 'kontakt'])}@{domain}",
            website=f"www.{domain}",
            vat_id=places.vat_id(country, self._count),
        )
        if not self._registry.enter(company.values(), company):
            return None
        self._names.add(key)
        self._domains.add(plain(short))
        return company

    def person(self, company: Company) -> Person:
        """Somebody who works there, perhaps of the family that the company is named after."""
        while True:
            woman = self._random.random() < 0.45
            first = self._random.choice(words.WOMEN if woman else words.MEN)
            last = self._surname()
            title = self._random.choice(words.TITLES) if self._random.random() < 0.12 else None
            self._count += 1
            person = Person(
                salutation="Frau" if woman else "Herr",
                title=title,
                first_name=first,
                last_name=last,
                job_title=self._random.choice(words.JOB_TITLES)[woman],
                phone=places.phone(company.town, self._count),
                email=f"{plain(first)}.{plain(last)}@{company.domain}",
            )
            values = PartyValues(
                kind="person",
                company=company.name,
                first_name=first,
                last_name=last,
                country=company.town.country,
                phone=person.phone,
                email=person.email,
            )
            if self._registry.enter(values, company):
                return person

    def _surname(self) -> str:
        if self._random.random() < 0.45:
            return self._random.choice(words.FRONTS) + self._random.choice(words.BACKS)
        return self._random.choices(*self._surnames)[0]

    def _short_name(self, town: Town, trade: Trade) -> tuple[str, bool]:
        """A name without legal form, and whether it is a person's own business."""
        what = trade.in_germany if trade.in_germany and town.country == "DE" else trade.name
        name = self._surname()
        match self._random.choices(range(7), [38, 12, 8, 14, 6, 16, 6])[0]:
            case 0:
                return f"{name} {what}", False
            case 1:
                return f"{what} {name}", False
            case 2:
                return f"{name} & {self._surname()} {what}", False
            case 3:
                first = self._random.choice(words.MEN if self._random.random() < 0.8 else words.WOMEN)
                return f"{first} {name} {what}", True
            case 4:
                return f"Gebrüder {name} {what}", False
            case 5:
                return self._random.choice(words.COINED_FRONTS) + self._random.choice(
                    words.COINED_BACKS
                ) + f" {what}", False
            case _:
                return f"{self._random.choice(words.REGIONS[town.state].split())} {what}", False


def spelt_otherwise(random: Random, company: Company) -> str:
    """The company's name as somebody else would type it."""
    front, _, back = company.short.rpartition(" ")
    forms: Sequence[str] = {
        "GmbH": ["Ges.m.b.H.", "GesmbH", "Gesellschaft mbH"],
        "GmbH & Co. KG": ["GmbH & Co KG", "GmbH und Co KG", "Ges.m.b.H. & Co. KG"],
    }.get(company.legal_form, [company.legal_form])
    ways = [
        f"{back} {front} {forms[0]}",
        f"{company.short.lower().translate(_UMLAUTS)}",
        f"{company.short} {random.choice(forms)}",
        f"{company.short.translate(_UMLAUTS | str.maketrans({'Ä': 'Ae', 'Ö': 'Oe', 'Ü': 'Ue'}))} {random.choice(forms)}",
        f"{company.short.upper()}",
    ]
    return random.choice(ways)
