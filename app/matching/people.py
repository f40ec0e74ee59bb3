"""Persons' names, birth dates, and the cases where a person stands next to a company."""

from rapidfuzz.distance import OSA

from app.matching.record import Party
from app.matching.text import same_sound
from app.matching.vocabulary import first_name_bits, known_first_name, last_name_bits, rarity
from app.matching.weights import BITS

_distance = OSA.distance


def _likeness(a: str, b: str) -> float:
    """How far two names agree, as a key of `_CODES`; 0 when they differ."""
    if a == b:
        return 1.0
    one, two = a.replace(" ", ""), b.replace(" ", "")
    if one == two:
        return 0.9
    short, long = (one, two) if len(one) <= len(two) else (two, one)
    size = len(short)
    if size == 1:
        return 0.25 if long[0] == short else 0.0
    slips = 1 if size < 8 else 2
    if size >= 3 and _distance(one, two, score_cutoff=slips) <= slips:
        return 0.7
    if " " in a or " " in b:
        words_a, words_b = set(a.split()), set(b.split())
        if not words_a.isdisjoint(words_b):
            return 0.6
    if size >= 3 and same_sound(short, long):
        return 0.65
    if size >= 3 and long.startswith(short):
        return 0.55
    if size >= 2 and _distance(one, two, score_cutoff=len(long) // 2) <= (len(long) - 1) // 2:
        return 0.1
    return 0.0


_CODES = {
    1.0: "same",
    0.9: "same",
    0.7: "similar",
    0.65: "similar",
    0.6: "part",
    0.55: "part",
    0.25: "initial",
    0.1: "unlike",
}


def compare_people(a: Party, b: Party, found: list[tuple[str, float]]) -> int:
    """Findings about the names of two persons: 1 names agree, 0 partly known, −1 they conflict."""
    first = _likeness(a.first, b.first) if a.first and b.first else -1.0
    if 0 < first < 0.9 and first != 0.25 and _two_names(a.first, b.first):
        first = 0.0
    last = _likeness(a.last, b.last) if a.last and b.last else -1.0
    if first <= 0.25 and last <= 0.25:
        crossed = _likeness(a.first, b.last) if a.first and b.last else -1.0
        other = _likeness(a.last, b.first) if a.last and b.first else -1.0
        if max(crossed, other) > 0.5 and (min(crossed, other) > 0.5 or min(crossed, other) < 0):
            bits = 0.0
            if crossed > 0:
                bits += crossed * min(last_name_bits(b.last), first_name_bits(a.first))
            if other > 0:
                bits += other * min(last_name_bits(a.last), first_name_bits(b.first))
            found.append(("names_swapped", bits + BITS["names_swapped"]))
            return 1 if min(crossed, other) > 0 else 0
    named = 1
    if last >= 0:
        if last == 0.1:
            found.append(("last_name_unlike", BITS["last_name_unlike"]))
            named = 0 if first > 0.5 else -1
        elif last:
            bits = last * min(last_name_bits(a.last), last_name_bits(b.last))
            found.append((f"last_name_{_CODES[last]}", bits))
        else:
            found.append(("last_name_differs", BITS["last_name_differs"]))
            named = -1
    else:
        named = 0
    if first >= 0:
        if first == 0.25:
            found.append(("first_name_initial", BITS["first_name_initial"]))
            named = min(named, 0)
        elif first == 0.1:
            found.append(("first_name_unlike", BITS["first_name_unlike"]))
            named = min(named, 0) if last > 0.5 else -1
        elif first:
            found.append(
                (f"first_name_{_CODES[first]}", first * min(first_name_bits(a.first), first_name_bits(b.first)))
            )
        else:
            found.append(("first_name_differs", BITS["first_name_differs"]))
            named = -1
    else:
        named = min(named, 0)
    return named


def _two_names(a: str, b: str) -> bool:
    """Two names of their own though they look alike: Jan and Jana, Paul and Paula share a home, not a person."""
    if not (known_first_name(a) and known_first_name(b)):
        return False
    return a[-1] != b[-1] or not same_sound(*sorted((a, b), key=len))


def compare_births(a: Party, b: Party, found: list[tuple[str, float]]) -> None:
    """What the birth dates say."""
    if a.birth and b.birth:
        if a.birth == b.birth:
            found.append(("birth_date_same", BITS["birth_date_same"]))
        elif _near_date(a.birth, b.birth):
            found.append(("birth_date_similar", BITS["birth_date_similar"]))
        elif a.birth[:4] == b.birth[:4] and (a.birth[5:7] == b.birth[5:7] or a.birth[8:] == b.birth[8:]):
            found.append(("birth_date_similar", BITS["birth_date_same_year"]))
        else:
            found.append(("birth_date_differs", BITS["birth_date_differs"]))


def _near_date(a: str, b: str) -> bool:
    """One digit off, two neighbours swapped, or day and month exchanged."""
    if _distance(a, b, score_cutoff=1) <= 1:
        return True
    return a[:4] == b[:4] and a[5:7] == b[8:] and a[8:] == b[5:7]


def employer(a: Party, b: Party, found: list[tuple[str, float]]) -> None:
    """The same company is a hint for two contacts; another one is none against: people change jobs."""
    if set(a.words) == set(b.words) or (a.short and a.short == b.words) or (b.short and b.short == a.words):
        found.append(("employer_same", BITS["employer_same"]))


def owner_is(company: Party, person: Party, found: list[tuple[str, float]]) -> int | None:
    """A company's record against a person's: the company is named after the person, is theirs, or employs them."""
    if company.last and person.last and company.last == person.last and company.first == person.first:
        bits = last_name_bits(person.last) + first_name_bits(person.first)
        found.append(("owner_name_same", bits))
        return 1
    words = {*company.words, *company.short}
    names = {*person.first.split(), *person.last.split()}
    if person.first and person.last and names <= words:
        bits = last_name_bits(person.last) + first_name_bits(person.first)
        found.append(("owner_name_same", bits))
        return 1 if names == words else 0
    if person.words and set(person.words) == set(company.words) and person.numbers == company.numbers:
        found.append(("employer_same", min(20.0, sum(map(rarity, set(person.words))))))
        return 0
    return None
