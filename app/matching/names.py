"""Company names: words aligned by spelling and sound, weighed by how rare they are."""

from functools import lru_cache

from rapidfuzz.distance import OSA

from app.matching.addresses import near
from app.matching.givennames import same_given_name
from app.matching.record import Party
from app.matching.text import same_sound, scanned_alike, word_set
from app.matching.vocabulary import SISTER, STOP, known_first_name, rarity
from app.matching.weights import BITS, COINED, MOST_OF_A_NAME

_distance = OSA.distance
# Branches that differ by where they are.
_SIDES = word_set("nord sud ost west mitte nordost nordwest sudost sudwest nordlich sudlich ostlich westlich")
_LONG = 8
_BADLY = 4
_TOWN_IN_A_NAME = 3.0
_STOP_WORDS = sorted(word for word in STOP if len(word) > 2)


@lru_cache(maxsize=1 << 15)
def alike(a: str, b: str) -> float:
    """How far two words agree: .85 one slip, .65 the same sound, .6 two slips, or one abbreviates
    the other, 0 not. `a` is the smaller.
    """
    short, long = (a, b) if len(a) <= len(b) else (b, a)
    size = len(short)
    if a in _SIDES and b in _SIDES:
        return 0.0
    if size >= 4:
        found = _distance(a, b, score_cutoff=2)
        if found == 1:
            return 0.85
        if found == 2 and size >= _LONG:
            return 0.6
    if size >= 3:
        if same_sound(short, long):
            return 0.65
        if long.startswith(short):
            # "Masch" is Maschinenbau, but "Grundstücks" is not the Grundstücksverwaltung next door.
            return 0.0 if long[size:].lstrip("s") in SISTER else 0.6
        if size >= 5 and scanned_alike(a, b):
            return 0.65
        if size < 5 and len(long) < 5 and (sorted(a) == sorted(b) or size != len(long)):
            # An acronym with neighbours exchanged, or with a letter lost; another letter makes another firm.
            return 0.5 if _distance(a, b, score_cutoff=1) <= 1 else 0.0
    elif size == 1 and long[0] == short and known_first_name(long):
        return 0.4  # "H. Kleyer" is Heinrich Kleyer
    if size >= 3 and same_given_name(a, b):
        return 0.6
    if long == "gebruder" and size == len("gebr") and _distance(short, "gebr", score_cutoff=1) <= 1:
        return 0.6
    return 0.0


@lru_cache(maxsize=1 << 13)
def _slight(word: str) -> bool:
    """A word that a name may have or lack though no list knows it: a stray letter, "kmit", "tzu"."""
    size = len(word)
    if size < 2 or word in STOP:
        return True
    return size < 5 and any(abs(len(stop) - size) < 2 and _distance(stop, word) <= 1 for stop in _STOP_WORDS)


def _aligned(a: tuple[str, ...], b: tuple[str, ...]) -> tuple[float, list[str], list[str], str]:
    """Bits of the words in common, the words left over on each side, and the code that describes the agreement."""
    if b < a:  # one order, so that the answer does not depend on who asks
        bits, rest_b, rest_a, code = _aligned(b, a)
        return bits, rest_a, rest_b, code
    if a == b:
        return sum(map(rarity, a)), [], [], "name_same_without_legal_form"
    set_a, set_b = set(a), set(b)
    common = set_a & set_b
    bits = sum(map(rarity, common))
    rest_a = [word for word in a if word not in common]
    rest_b = [word for word in b if word not in common]
    if not rest_a and not rest_b:
        return bits, rest_a, rest_b, "name_word_order"
    code = "name_part"
    if "".join(a) == "".join(b) or "".join(rest_a) == "".join(rest_b):
        return max(sum(map(rarity, a)), sum(map(rarity, b))), [], [], "name_compound"
    if rest_a and rest_b:
        for word in list(rest_a):
            best, other = 0.0, ""
            first, last = word[0], word[-1]
            for candidate in rest_b:
                # Both ends differ: no slip does that, and this saves most of the work.
                if first != candidate[0] and last != candidate[-1]:
                    continue
                found = alike(word, candidate) if word < candidate else alike(candidate, word)
                if found > best:
                    best, other = found, candidate
            if other:
                bits += best * min(rarity(word), rarity(other))
                rest_a.remove(word)
                rest_b.remove(other)
                code = "name_phonetic" if best == 0.65 else "name_similar"
        if not rest_a and not rest_b:
            return bits, rest_a, rest_b, code
        left_a, left_b = "".join(rest_a), "".join(rest_b)
        short = min(len(left_a), len(left_b))
        if short >= 6 and _distance(left_a, left_b, score_cutoff=1 + short // 12) <= 1 + short // 12:
            bits += 0.85 * min(sum(map(rarity, rest_a)), sum(map(rarity, rest_b)))
            return bits, [], [], "name_similar"
    return bits, rest_a, rest_b, code


def _best(a: Party, b: Party) -> tuple[float, list[str], list[str], str]:
    """The names aligned, or a short or former name where that explains the other one fully."""
    # Both say what they were called: "Chemische Fabrik vorm. Hofmann" is not the one that was Schering's.
    both = bool(a.former and b.former)
    found = _aligned(a.words + a.former, b.words + b.former) if both else _aligned(a.words, b.words)
    if (found[1] or found[2]) and (a.short or b.short or a.former or b.former):
        for one in (a.words, a.short, a.former):
            for two in (b.words, b.short, b.former):
                if one and two and not both:
                    other = _aligned(one, two)
                    if not other[1] and not other[2] and (found[1] or found[2] or other[0] > found[0]):
                        found = other
    return found


def _sister(word: str) -> bool:
    """A word that tells sister firms apart, a slip in it or not."""
    return word in SISTER or (len(word) > 6 and _like_sister(word))


@lru_cache(maxsize=1 << 14)
def _like_sister(word: str) -> bool:
    if word.endswith(("verwaltung", "beteiligung", "vermogen", "holding", "immobilien")):
        return True
    return any(abs(len(word) - len(other)) < 2 and _distance(word, other, score_cutoff=1) <= 1 for other in SISTER)


def _of_the_town(words: tuple[str, ...], a: Party, b: Party) -> float:
    """Bits that the town's name in both names is overrated by: the address says the same."""
    return sum(
        rarity(word) - _TOWN_IN_A_NAME
        for word in set(words)
        if word in b.words and word in a.city.split() and word in b.city.split() and rarity(word) > _TOWN_IN_A_NAME
    )


def _without_slight(a: list[str], b: list[str]) -> tuple[list[str], list[str]]:
    return [word for word in a if not _slight(word)], [word for word in b if not _slight(word)]


def compare_names(a: Party, b: Party, found: list[tuple[str, float]]) -> tuple[int, bool]:
    """Findings about two company names: 1 they agree, 0 one says more than the other, −1 words or numbers conflict.

    And whether they agree in a word that hardly any other name has.
    """
    bits, rest_a, rest_b, code = _best(a, b)
    if bool(rest_a) != bool(rest_b) and not (a.former or b.former):
        # "Autohaus Müller Stuttgart" is the Autohaus Müller of Stuttgart; two towns in two names are two branches.
        town = a.city if not b.city or a.city == b.city else b.city if not a.city else ""
        if town:
            rest_a = [word for word in rest_a if f" {word} " not in f" {town} "]
            rest_b = [word for word in rest_b if f" {word} " not in f" {town} "]
    if rest_a and rest_b and len(rest_a) != len(rest_b):
        rest_a, rest_b = _without_slight(rest_a, rest_b)
    if len(rest_a) == len(rest_b) == 1 and a.house and a.house == b.house and near(a.street, b.street):
        # In one house, what is badly written or scanned is rather that than another firm.
        one, two = rest_a[0], rest_b[0]
        if min(len(one), len(two)) >= _BADLY and _distance(one, two) <= max(2, len(one) // 4):
            bits += 0.4 * min(rarity(one), rarity(two))
            rest_a, rest_b, code = [], [], "name_similar"
    verdict = 1
    if bits and a.city and b.city:
        bits -= _of_the_town(a.words, a, b)
    if bits:
        if code == "name_same_without_legal_form" and a.legal == b.legal:
            code = "name_same"
        found.append((code, min(bits + BITS[code], MOST_OF_A_NAME)))
    numbers_a, numbers_b = a.numbers, b.numbers
    if (rest_a and rest_b) or (rest_a and numbers_b and not numbers_a) or (rest_b and numbers_a and not numbers_b):
        verdict = -1
        # "Hübner Werbeagentur" next to "Hübner Vermögensverwaltung"
        sister = bits > 0 and any(map(_sister, rest_a)) != any(map(_sister, rest_b))
        code = "name_sister_firm" if sister else "name_conflict"
        found.append((code, BITS[code]))
    elif rest_a or rest_b:
        rest = rest_a or rest_b
        verdict = 1 if all(map(_slight, rest)) else 0
        sister = any(map(_sister, rest))
        name = "name_sister_firm" if sister else "name_extra"
        found.append((name, BITS[name]))
        if sister:
            verdict = -1
    if numbers_a != numbers_b:
        if numbers_a and numbers_b:
            verdict = -1
            found.append(("number_differs", BITS["number_differs"]))
        else:
            verdict = min(verdict, 0)
            found.append(("number_missing", BITS["number_missing"]))
    elif numbers_a and bits:
        found.append(("number_same", BITS["number_same"]))
    if a.legal and b.legal and a.legal != b.legal:
        found.append(("legal_form_differs", BITS["legal_form_differs"]))
    if verdict > 0:
        # One slip makes a common word look rare.
        coined = code not in ("name_similar", "name_phonetic") and max(map(rarity, a.words), default=0.0) >= COINED
    elif verdict == 0:
        coined = any(rarity(word) >= COINED for word in {*a.words, *a.short} & {*b.words, *b.short})
    else:
        coined = False
    return verdict, coined
