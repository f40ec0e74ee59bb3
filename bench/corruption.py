"""Writes a record once more, as somebody else would: slips of typing, hearing and scanning, other spellings, gaps.

Rates are chances per record (and per field that is filled, for slips and gaps). What is exchanged for what was drawn up
for the bench alone and knows nothing of the matcher's vocabulary.
"""

import re
from random import Random
from typing import NamedTuple

from bench.corruption_words import (
    ADDED,
    DISTRICTS,
    FORMS,
    NEIGHBOURS,
    NICKNAMES,
    PARTS,
    PLACE_ENDS,
    SCANS,
    SHORT,
    SOUNDS,
    SPELT,
    STREET,
    TITLES,
)
from bench.population_draw import Inventor
from bench.population_places import NOTATIONS, Row, notated


class Profile(NamedTuple):
    """How often what happens to a copy."""

    slip: float  # typing error, per text field
    hear: float = 0.0  # written as it sounds, per name
    scan: float = 0.0  # letters that a scanner takes for others, per text field
    umlauts: float = 0.25  # another spelling of ä, ö, ü, ß, per text field that has one
    case: float = 0.08  # all in capitals or small letters, per record
    legal: float = 0.45  # legal form written otherwise; a third of them leave it out
    shorten: float = 0.15  # words of a company abbreviated
    order: float = 0.06  # words of a company, or first and last name, in another order
    join: float = 0.12  # compound written apart or together, hyphens
    word: float = 0.06  # a word of a company left out or added
    initial: float = 0.05
    nickname: float = 0.06
    married: float = 0.015  # a double name, or half of one; a quarter of them another name altogether
    title: float = 0.04
    street: float = 0.4  # Straße, Str., -str.
    house: float = 0.06  # house number left out or written otherwise
    place: float = 0.08  # "am Main" left out, a district added
    moved: float = 0.06
    phone_style: float = 0.6
    phone_other: float = 0.12
    email_other: float = 0.15
    date: float = 0.05
    gap: float = 0.1  # per field


PROFILES = {
    "light": Profile(slip=0.02, hear=0.01, umlauts=0.15, legal=0.25, shorten=0.05, order=0.02, join=0.04, word=0.02, initial=0.02,
                     nickname=0.02, married=0.005, title=0.02, street=0.3, house=0.02, place=0.04, moved=0.02, phone_other=0.05,
                     email_other=0.06, date=0.02, gap=0.04),
    "typical": Profile(slip=0.08, hear=0.04, scan=0.005),
    "heavy": Profile(slip=0.2, hear=0.12, scan=0.02, umlauts=0.4, case=0.15, legal=0.6, shorten=0.25, order=0.12, join=0.2, word=0.12,
                     initial=0.1, nickname=0.1, married=0.03, title=0.06, street=0.5, house=0.12, place=0.12, moved=0.12,
                     phone_other=0.2, email_other=0.25, date=0.1, gap=0.2),
    "ocr": Profile(slip=0.02, scan=0.45, umlauts=0.2, case=0.12, legal=0.35, shorten=0.3, join=0.2, initial=0.12, nickname=0.02,
                   date=0.08, gap=0.08),
    "few-fields": Profile(slip=0.08, hear=0.04, scan=0.005, gap=0.1),
}  # fmt: skip
MIXTURE = (("light", 35), ("typical", 40), ("heavy", 15), ("ocr", 10))


class Corruptor:
    """`copy(row, profile)` is the row as it was entered the second time. `inventor` gives new addresses, names and numbers."""

    def __init__(self, random: Random, inventor: Inventor) -> None:
        self._chance = random.random
        self._invent = inventor
        self._pick = inventor.pick

    # ----- texts

    def slip(self, text: str) -> str:
        """One typing error."""
        if len(text) < 3:
            return text
        at, way = int(self._chance() * len(text)), self._chance()
        letter = text[at]
        if way < 0.3 and (near := NEIGHBOURS.get(letter.lower())):
            new = self._pick(near)
            return text[:at] + (new.upper() if letter.isupper() else new) + text[at + 1 :]
        if way < 0.55:
            at = min(at, len(text) - 2)
            return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
        if way < 0.8:
            return text[:at] + text[at + 1 :]
        if way < 0.93 or letter.lower() not in NEIGHBOURS:
            return text[:at] + letter + text[at:]
        return text[:at] + self._pick(NEIGHBOURS[letter.lower()]) + text[at:]

    def exchanged(self, text: str, table: list[tuple[str, str]], tries: int = 30) -> str:
        """One of the table's exchanges, somewhere in the text, if one is found."""
        for _ in range(tries):
            old, new = self._pick(table)
            start = text.find(old, int(self._chance() * len(text)))
            if start >= 0:
                return text[:start] + new + text[start + len(old) :]
        return text

    def umlauts(self, text: str) -> str:
        """Umlauts spelt out, or without their dots."""
        bare = self._chance() < 0.3
        for letter, two in SPELT:
            if letter in text:
                text = text.replace(letter, two[0] if bare else two)
        return text

    # ----- companies

    def company(self, name: str, rates: Profile, row: Row) -> str:
        chance = self._chance
        if chance() < rates.legal:
            name = self.legal_form(name)
        if chance() < rates.shorten:
            name = self._shortened(name)
        if chance() < rates.join:
            name = self._joined(name)
        if chance() < rates.word:
            name = self._other_words(name, row)
        if chance() < rates.order:
            parts = name.split()
            at = 1 + int(chance() * min(2, len(parts) - 1))
            name = " ".join(parts[at:] + parts[:at])
        if chance() < rates.initial:
            head, _, rest = name.partition(" ")
            if rest.count(" ") and head in self._invent.given_names:
                name = f"{head[0]}. {rest}"
        return name

    def legal_form(self, name: str) -> str:
        """The legal form written otherwise or left out."""
        for form, ways in FORMS:
            if name.endswith(form) and not name[-len(form) - 1 : -len(form)].isupper():
                stem = name[: -len(form)]
                if self._chance() < 0.33 and len(stem.split()) > 0:
                    return stem.rstrip(" -&,") or name
                way = self._pick(ways)
                return f"{stem.rstrip() if way.startswith(' ') else stem}{way}"
        return name

    def _shortened(self, name: str) -> str:
        """A usual abbreviation, else a long word cut."""
        start = int(self._chance() * len(SHORT))
        for old, new in SHORT[start:] + SHORT[:start]:
            if f" {old} " in f" {name} " or (len(old) > 4 and old in name):
                return name.replace(old, new, 1)
        parts = name.split()
        long = [at for at, part in enumerate(parts) if len(part) > 9 and part.isalpha()]
        if long:
            at = self._pick(long)
            parts[at] = parts[at][: 4 + int(self._chance() * 3)] + "."
        return " ".join(parts)

    def _joined(self, name: str) -> str:
        way = self._chance()
        if way < 0.45 and (found := PARTS.search(name)):
            glue = self._pick([" ", "-", "-"])
            return name[: found.start()] + glue + found[1].title() + name[found.end() :]
        if "-" in name[1:-1]:
            return name.replace("-", self._pick([" ", " ", ""]), 1)
        parts = name.split(" ")
        if len(parts) > 2:
            at = int(self._chance() * (len(parts) - 2))
            parts[at : at + 2] = [parts[at] + self._pick(["", "-", "-"]) + parts[at + 1]]
        return " ".join(parts)

    def _other_words(self, name: str, row: Row) -> str:
        parts = name.split()
        if self._chance() < 0.5 and len(parts) > 3:
            del parts[1 + int(self._chance() * (len(parts) - 2))]
            return " ".join(parts)
        way = self._pick(ADDED)
        what = (
            row["city"]
            if way in ("Filiale {}", "Niederlassung {}", "{}")
            else f"{self._invent.given()} {self._invent.surname()}"
        )
        return f"{name} {way.format(what)}" if what else name

    # ----- people

    def _person(self, row: Row, rates: Profile) -> None:
        chance = self._chance
        first, last = row["first_name"], row["last_name"]
        if first and chance() < rates.nickname:
            ways = NICKNAMES.get(first)
            first = self._pick(ways) if ways else first.split("-")[0].split(" ")[0]
        elif first and chance() < rates.initial:
            first = f"{first[0]}."
        elif first and chance() < rates.initial / 2:
            first = f"{first} {self._invent.given()}"
        if last and chance() < rates.married:
            if "-" in last:
                last = self._pick(last.split("-"))
            else:
                other = self._invent.surname()
                last = self._pick([f"{last}-{other}", f"{other}-{last}", f"{last} {other}", other])
        if chance() < rates.title:
            if first and chance() < 0.7:
                first = self._pick(TITLES).format(first)
            elif last:
                last = self._pick(TITLES[:6]).format(last)
        if chance() < rates.order:
            first, last = (last, first) if chance() < 0.8 else ("", f"{first} {last}".strip())
        row["first_name"], row["last_name"] = first, last

    # ----- addresses, numbers, dates

    def _address(self, row: Row, rates: Profile) -> None:
        chance = self._chance
        if chance() < rates.moved:
            _, address = self._invent.place(row["country"] or None)
            kept = chance() < 0.5  # within the town
            for field in ("street", "postal_code", "city", "state"):
                if row[field] and not (kept and field != "street"):
                    row[field] = address[field]
        street = row["street"]
        if street and chance() < rates.street:
            street = STREET.sub(self._street_type, street, count=1)
        if street and chance() < rates.house:
            before, _, house = street.rpartition(" ")
            if before and house[:1].isdigit():
                number = re.sub(r"\D.*", "", house)
                house = self._pick(
                    ["", number, f"{number}a", f"{number} b", f"{int(number) + 1}", f"{number}/1", f"Nr. {house}"]
                )
                street = f"{before} {house}".strip()
        row["street"] = street
        city = row["city"]
        if city and chance() < rates.place:
            shorter = PLACE_ENDS.sub("", city)
            if shorter != city:
                city = self._pick([shorter, city.replace(" am ", "/").replace("(", "").replace(")", "")])
            elif city.startswith("St. "):
                city = "Sankt" + city[3:]
            else:
                city = f"{city}{self._pick(['-', ' '])}{self._pick(DISTRICTS)}"
        row["city"] = city

    def _street_type(self, found: re.Match[str]) -> str:
        new = self._pick(["str.", "str.", "str", "strasse", "Str.", "-Str."])
        if found["type"][0] == "S":
            return str(new).removeprefix("-").title()
        return str(new)

    def phone(self, text: str, country: str) -> str:
        """The same number in another notation."""
        code = {"AT": "43", "CH": "41"}.get(country, "49")
        text = text.removesuffix("-0").replace("(0)", " ").strip()
        digits = re.sub(r"\D", "", text)
        national = digits.removeprefix("00").removeprefix(code) if text[0] == "+" or digits[:2] == "00" else digits
        national = national.lstrip("0")
        parts = [part for part in re.split(r"[^0-9]+", text.removeprefix(f"+{code}").removeprefix(f"00{code}")) if part]
        area = parts[0].lstrip("0") if len(parts) > 1 else national[:3]
        if not national.startswith(area):
            area = national[:3]
        return notated(code, area, national[len(area) :], self._pick(NOTATIONS))

    def _reach(self, row: Row, rates: Profile) -> None:
        chance = self._chance
        if row["phone"]:
            if chance() < rates.phone_other:
                town, _ = self._invent.place(row["country"] or None)
                row["phone"] = self._invent.phone(town, 0.5)
            elif chance() < rates.phone_style:
                row["phone"] = self.phone(row["phone"], row["country"])
            if chance() < rates.slip / 2:
                row["phone"] = self._other_digit(row["phone"])
        if row["email"] and chance() < rates.email_other:
            domain = row["email"].rpartition("@")[2]
            if row["kind"] == "company":
                local = self._pick(["info", "office", "verkauf", "einkauf", "zentrale", "mail", "kontakt"])
                row["email"] = f"{local}@{domain}"
                if chance() < 0.4:
                    row["email"] = self._invent.person_email(self._invent.given(), self._invent.surname(), "DE", domain)
            else:
                row["email"] = self._invent.person_email(row["first_name"], row["last_name"], row["country"] or "DE")

    def _other_digit(self, text: str) -> str:
        at = self._pick([at for at, letter in enumerate(text) if letter.isdigit()])
        return f"{text[:at]}{int(self._chance() * 10)}{text[at + 1 :]}"

    def date(self, text: str) -> str:
        """A wrong digit, day and month exchanged, or another year."""
        year, month, day = int(text[:4]), int(text[5:7]), int(text[8:])
        way = self._chance()
        if way < 0.35 and day <= 12:
            month, day = day, month
        elif way < 0.6:
            year += self._pick([-1, 1, -10, 10])
        elif way < 0.85:
            day = 1 + int(self._chance() * 28)
        else:
            month = 1 + int(self._chance() * 12)
        return f"{year:04d}-{month:02d}-{day:02d}"

    def copy(self, original: Row, profile: str) -> Row:
        rates, chance = PROFILES[profile], self._chance
        row = original.copy()
        company = row["kind"] == "company"
        if row["company_name"]:
            row["company_name"] = self.company(row["company_name"], rates, row)
        if not company:
            self._person(row, rates)
        self._address(row, rates)
        self._reach(row, rates)
        if row["birth_date"] and chance() < rates.date:
            row["birth_date"] = self.date(row["birth_date"])
        names = ("company_name",) if company else ("first_name", "last_name", "company_name")
        for field in (*names, "street", "city"):
            text = row[field]
            if not text:
                continue
            if chance() < rates.umlauts:
                text = self.umlauts(text)
            if chance() < rates.slip:
                text = self.slip(text)
            if chance() < rates.hear:
                text = self.exchanged(text, SOUNDS)
            if chance() < rates.scan:
                for _ in range(1 + int(2 * chance())):
                    text = self.exchanged(text, SCANS)
            row[field] = text
        if row["email"] and chance() < rates.slip / 2:
            row["email"] = self.slip(row["email"])
        if row["postal_code"] and chance() < rates.slip / 2:
            row["postal_code"] = self._other_digit(row["postal_code"])
        if chance() < rates.case:
            upper = chance() < 0.6
            for field in (*names, "street", "city"):
                row[field] = row[field].upper() if upper else row[field].lower()
        self._gaps(row, rates.gap, profile)
        return row

    def _gaps(self, row: Row, rate: float, profile: str) -> None:
        chance = self._chance
        given = [
            field
            for field in ("street", "postal_code", "city", "state", "phone", "email", "birth_date", "other_id")
            if row[field]
        ]
        if profile == "few-fields" and given:
            kept = self._pick(given)
            for field in given:
                if field != kept and field != "state" and not (kept == "postal_code" and field == "city"):
                    row[field] = ""
        for field in given:
            if chance() < rate:
                row[field] = ""
        if row["kind"] == "person" and row["first_name"] and row["last_name"] and chance() < rate / 3:
            row["first_name"] = ""
        if row["kind"] == "person" and row["company_name"] and chance() < 2 * rate:
            row["company_name"] = ""
