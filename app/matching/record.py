"""What goes into the matcher and what it keeps.

`PartyValues` is what a caller has, in the spelling of whoever typed it. `Party` is the same in normal form: it is stored
next to the record and loaded again for scoring, so `load` does no normalising and is cheap (2 µs).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["company", "person"]


@dataclass(frozen=True, slots=True)
class PartyValues:
    """A company or person as entered. None and "" both mean unknown; unknown is never evidence against.

    `name` is the legal wording of a company (or all that was typed, when the kind is unknown), `company` a short or other
    name of it (for a person: the employer), `street` includes the house number, `country` is ISO alpha-2 and
    `birth_date` ISO 8601 (a German `31.12.1980` is understood). `emails` and `phones` are further ones; the primary one may be
    among them.
    """

    kind: Kind | None = None
    name: str | None = None
    company: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    street: str | None = None
    postal_code: str | None = None
    city: str | None = None
    state: str | None = None
    country: str | None = None
    phone: str | None = None
    email: str | None = None
    website: str | None = None
    vat_id: str | None = None
    birth_date: str | None = None
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()

    @classmethod
    def of(cls, row: Iterable[Any]) -> "PartyValues":
        """The values of a row of the database: the fields in their order, further e-mails and phones as lists or null."""
        *plain, emails, phones = row
        values: list[Any] = [*plain, tuple(emails or ()), tuple(phones or ())]
        return cls(*values)


@dataclass(frozen=True, slots=True)
class Party:
    """A record in normal form; "" and () mean unknown.

    `words` are the company name's content words in the order given, without legal form, stop words and numbers;
    `numbers` are its numbers, sorted, Roman ones included, since they tell sister firms apart. `short` are the words of the
    other company name where that differs, `former` those of the name it had before. `first` and `last` hold words separated
    by spaces. `domains` leaves out free mailers. `street` has no spaces and no house number; `city` no "am Rhein". `emails` and
    `phones` are those beside the primary one, sorted, 20 of each at most.
    """

    kind: str = ""
    words: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    legal: str = ""
    short: tuple[str, ...] = ()
    first: str = ""
    last: str = ""
    street: str = ""
    house: str = ""
    postal: str = ""
    city: str = ""
    state: str = ""
    country: str = ""
    phone: str = ""
    email: str = ""
    domains: tuple[str, ...] = ()
    vat: str = ""
    birth: str = ""
    former: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()

    def dump(self) -> list[Any]:
        """The fields as a list that JSON can hold; `load` takes it back. The first item is the layout's version."""
        return [
            3, self.kind, list(self.words), list(self.numbers), self.legal, list(self.short), self.first, self.last,
            self.street, self.house, self.postal, self.city, self.state, self.country, self.phone, self.email,
            list(self.domains), self.vat, self.birth, list(self.former), list(self.emails), list(self.phones),
        ]  # fmt: skip

    @staticmethod
    def load(dump: Sequence[Any]) -> "Party":
        """The party that was dumped. Raises ValueError for another layout: the index must then be rebuilt."""
        if dump[0] != 3:
            raise ValueError(f"unknown layout of a stored party: {dump[0]!r}")
        _, kind, words, numbers, legal, short, first, last, street, house, postal, city, state, country, phone, email, \
            domains, vat, birth, former, emails, phones = dump  # fmt: skip
        return Party(
            kind, tuple(words), tuple(numbers), legal, tuple(short), first, last, street, house, postal, city, state,
            country, phone, email, tuple(domains), vat, birth, tuple(former), tuple(emails), tuple(phones),
        )  # fmt: skip
