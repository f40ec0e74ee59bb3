"""Persons' names, birth dates, and the cases where a person stands next to a company."""

from functools import lru_cache

from rapidfuzz.distance import OSA

from app.matching.givennames import same_given_name
from app.matching.record import Party
from app.matching.text import same_sound, scanned_alike
from app.matching.vocabulary import first_name_bits, known_first_name, last_name_bits, rarity
from app.matching.weights import BITS

_distance = OSA.distance
_LONG_AGO = "1890"
Found = list[tuple[str, float]]
# How two names agree, from well to badly. The first five say that they may be one name.
SAME, VARIANT, SIMILAR, PART, INITIAL, CLOSE, UNLIKE, DIFFERS = range(8)
_LEVELS = ("same", "variant", "similar", "part", "initial", "close", "unlike", "differs")
_FIRST = tuple(f"first_name_{level}" for level in _LEVELS)
_LAST = tuple(f"last_name_{level}" for level in _LEVELS)
_FIRST_SHIFT = tuple(BITS[code] for code in _FIRST)
_LAST_SHIFT = tuple(BITS[code] for code in _LAST)


@lru_cache(maxsize=1 << 15)
def likeness(a: str, b: str) -> int:
    """How two names written differently agree. `a` is the smaller of the two, so that the answer is the same both ways."""
    one, two = a.replace(" ", ""), b.replace(" ", "")
    if one == two:
        return SAME
    short, long = (one, two) if len(one) <= len(two) else (two, one)
    size = len(short)
    if size == 1:
        return INITIAL if long[0] == short else DIFFERS
    slips = 1 if size < 8 else 2
    found = _distance(one, two)
    if size >= 3 and found <= slips:
        return SIMILAR
    if " " in a or " " in b:
        words_a, words_b = a.split(), b.split()
        if common := set(words_a).intersection(words_b):
            # "Hans Georg" is not Hans Jürgen, but Anna Maria may go by Maria.
            return PART if len(common) == min(len(set(words_a)), len(set(words_b))) else CLOSE
        if _initials(words_a, words_b):
            return INITIAL
    if size >= 3:
        if same_sound(short, long) or scanned_alike(short, long):
            return SIMILAR
        if long.startswith(short):
            return PART
    if size >= 4 and (found <= (2 if size < 7 else 3) or (len(one) == len(two) and sorted(one) == sorted(two))):
        return CLOSE
    if found <= (len(long) - 1) // 2:
        return UNLIKE
    return DIFFERS


def _initials(a: list[str], b: list[str]) -> bool:
    """ "K H" next to "Karl Heinz": every word of the shorter one begins a word in the same place."""
    return all(one.startswith(two) or two.startswith(one) for one, two in zip(a, b, strict=False))


def _first(a: str, b: str) -> int:
    if a == b:
        return SAME
    level = likeness(a, b) if a < b else likeness(b, a)
    if level != SAME:
        if same_given_name(a, b) or ((" " in a) != (" " in b) and same_given_name(_call_name(a), _call_name(b))):
            return VARIANT
        if level in (SIMILAR, PART, CLOSE, UNLIKE) and _two_names(a, b):
            return DIFFERS
    return level


def _call_name(names: str) -> str:
    return names.partition(" ")[0]


def _two_names(a: str, b: str) -> bool:
    """Two names of their own though they look alike: Jan and Jana, Paul and Paula share a home, not a person."""
    if not (known_first_name(a) and known_first_name(b)):
        return False
    # Spellings of one name end alike and differ in the letters that sound alike: Stefan, Stephan.
    one, two = _plain(a), _plain(b)
    if one == two:
        return False
    return one[-1] != two[-1] or _distance(one, two) > 1 or not same_sound(*sorted((a, b), key=len))


def _plain(name: str) -> str:
    plain = name.replace("ph", "f").replace("th", "t").replace("ck", "k").replace("c", "k").replace("y", "i")
    return plain[:-1] if plain.endswith("ie") else plain


def _last(a: str, b: str) -> int:
    if a == b:
        return SAME
    return likeness(a, b) if a < b else likeness(b, a)


def _worth(level: int, rare: float, shift: float) -> float:
    """Bits of names that agree so: as many as the name is rare, less what such an agreement costs."""
    if level <= PART:
        return max(rare + shift, 0.5)
    if level == CLOSE:
        return max(rare + shift, -2.5)
    return shift


def _shared(a: str, b: str) -> str:
    """The words two names have in common, else the shorter one."""
    common = sorted(set(a.split()) & set(b.split()))
    return " ".join(common) or min(a, b, key=len)


def _bits(level: int, a: str, b: str, shifts: tuple[float, ...], *, family: bool) -> float:
    rare_of = last_name_bits if family else first_name_bits
    if level == SAME:
        rare = rare_of(a)
    elif level == PART:
        rare = rare_of(_shared(a, b))
    elif level <= CLOSE:
        rare = min(rare_of(a), rare_of(b))
    else:
        rare = 0.0
    return _worth(level, rare, shifts[level])


def compare_people(a: Party, b: Party, found: Found) -> int:
    """Findings about the names of two persons: 1 names agree, 0 partly known, −1 they conflict."""
    first = _first(a.first, b.first) if a.first and b.first else -1
    last = _last(a.last, b.last) if a.last and b.last else -1
    straight_first = _bits(first, a.first, b.first, _FIRST_SHIFT, family=False) if first >= 0 else 0.0
    straight_last = _bits(last, a.last, b.last, _LAST_SHIFT, family=True) if last >= 0 else 0.0
    if not (SAME <= first <= PART and SAME <= last <= PART):
        swapped = _swapped(a, b, straight_first + straight_last)
        if swapped is not None:
            found.append(("names_swapped", swapped[0]))
            return swapped[1]
    if last >= 0:
        found.append((_LAST[last], straight_last))
    if first >= 0:
        found.append((_FIRST[first], straight_first))
    if first >= UNLIKE or last >= UNLIKE:
        partly = (first == UNLIKE and 0 <= last <= SIMILAR) or (last == UNLIKE and 0 <= first <= SIMILAR)
        return 0 if partly else -1
    return 0 if first < 0 or last < 0 or first in (INITIAL, CLOSE) or last in (INITIAL, CLOSE) else 1


def _swapped(a: Party, b: Party, straight: float) -> tuple[float, int] | None:
    """First name taken for the last: bits and how well the names agree, if that explains them better."""
    crossed = _last(a.first, b.last) if a.first and b.last else -1
    other = _last(a.last, b.first) if a.last and b.first else -1
    if not (0 <= crossed <= PART or 0 <= other <= PART):
        return None
    bits = BITS["names_swapped"]
    for level, one, two in ((crossed, a.first, b.last), (other, a.last, b.first)):
        if level >= 0:
            # The rarer of the two readings may be wrong.
            bits += min(
                _bits(level, one, two, _FIRST_SHIFT, family=False), _bits(level, one, two, _LAST_SHIFT, family=True)
            )
    if bits <= straight + 1.0 or bits <= 0:
        return None
    both = 0 <= crossed <= PART and 0 <= other <= PART
    return bits, 1 if both else -1 if UNLIKE in (crossed, other) or DIFFERS in (crossed, other) else 0


def compare_births(a: Party, b: Party, found: Found) -> None:
    """What the birth dates say."""
    if a.birth and b.birth:
        code = birth_level(a.birth, b.birth)
        bits = BITS[code]
        if bits > 0 and a.birth < _LONG_AGO and b.birth < _LONG_AGO:
            bits += BITS["birth_long_ago"]
        found.append((code, bits))


def birth_level(a: str, b: str) -> str:
    """The code for two dates, each written as ISO 8601 and in normal form."""
    if a == b:
        # Whoever knew the year alone writes the first of January.
        return "birth_date_same" if a[5:] != "01-01" else "birth_year_same"
    year = a[:4] == b[:4]
    if year and (a[5:] == "01-01" or b[5:] == "01-01"):
        return "birth_year_fits"
    month, day = a[5:7] == b[5:7], a[8:] == b[8:]
    if year and a[5:7] == b[8:] and a[8:] == b[5:7]:
        return "birth_date_swapped"
    slips = _distance(a.replace("-", ""), b.replace("-", ""), score_cutoff=3)
    if slips == 1:
        return "birth_date_similar"
    if year + month + day == 2:
        return "birth_date_two_parts"
    if slips == 2:
        return "birth_date_close"
    return "birth_year_only" if year else "birth_date_unlike" if slips == 3 else "birth_date_differs"


def employer(a: Party, b: Party, found: Found) -> None:
    """The same company is a hint for two contacts; another one is none against: people change jobs."""
    if set(a.words) == set(b.words) or (a.short and a.short == b.words) or (b.short and b.short == a.words):
        found.append(("employer_same", BITS["employer_same"]))


def owner_is(company: Party, person: Party, found: Found) -> int | None:
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
