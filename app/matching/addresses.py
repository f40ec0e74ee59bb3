"""Two addresses: by the chain rule, each part given the one before."""

from functools import lru_cache

from rapidfuzz.distance import OSA

from app.matching.places import BOX
from app.matching.record import Party
from app.matching.text import same_sound, scanned_alike
from app.matching.vocabulary import city_bits
from app.matching.weights import BITS

_distance = OSA.distance
_COMMON_STARTS = frozenset(
    ("sankt", "markt", "gross", "klein", "neu", "bad", "alt", "ober", "unter", "new", "port", "mount")
)

# Bits of a town that a postal code nearby has said already; the larger the town, the less is left.
_SAID = {"postal_code_similar": 4.0, "postal_code_area": 6.5, "postal_unit_area": 6.5}
_FINE = 5


def near(a: str, b: str) -> bool:
    """One slip, or two in a word of nine letters and more; never in a word of three."""
    if a == b:
        return bool(a)
    short = min(len(a), len(b))
    if short < 4:
        return False
    slips = 2 if short >= 9 else 1
    return _distance(a, b, score_cutoff=slips) <= slips


def compare_addresses(a: Party, b: Party, found: list[tuple[str, float]]) -> None:
    """Postal code, then city given that, then street given the place, then the house number given the street."""
    bits = BITS
    place = 0  # 1 the same, −1 another
    said = 0.0
    if a.postal and b.postal:
        code = postal_level(a.postal, b.postal)
        said = _SAID.get(code, 0.0)
        place = 1 if code in ("postal_code_same", "postal_unit_same") else -1 if code == "postal_code_differs" else 0
        found.append((code, bits[code]))
    if a.city and b.city:
        same = a.city == b.city or same_town(a.city, b.city)
        if place == 1:
            # The postal code has said most of it.
            if same or city_alike(a.city, b.city):
                found.append(("city_same_too", bits["city_same_too"]))
            elif _crossed(a, b):
                found.append(("address_swapped", bits["address_swapped"]))
                return
            else:
                found.append(("city_differs_though", bits["city_differs_though"]))
        elif same:
            place = 1
            rare = min(city_bits(a.city), city_bits(b.city)) + bits["city_same"]
            found.append(("city_same", max(rare - said, 0.0)))
        elif city_alike(a.city, b.city):
            place = 1
            rare = min(city_bits(a.city), city_bits(b.city)) + bits["city_similar"]
            found.append(("city_similar", max(rare - said, 0.0)))
        elif _crossed(a, b):
            found.append(("address_swapped", bits["address_swapped"]))
            return
        else:
            code = "city_differs_too" if place < 0 else "city_differs"
            found.append((code, bits[code]))
            place = -1
    if a.country and b.country and a.country != b.country:
        place = -1
        found.append(("country_differs", bits["country_differs"]))
    if a.street or b.street or a.house or b.house:
        _streets(a, b, found, here=place >= 0)


def _crossed(a: Party, b: Party) -> bool:
    """Street and town entered in each other's field."""
    if not (a.street and b.street):
        return False
    town, other = a.city.replace(" ", ""), b.city.replace(" ", "")
    return near(town, b.street) and near(other.replace("street", "str"), a.street)


def _streets(a: Party, b: Party, found: list[tuple[str, float]], *, here: bool) -> None:
    bits = BITS
    if a.street and b.street:
        if (a.street == BOX) != (b.street == BOX):
            return
        if a.street == b.street:
            code = "street_same" if here else "street_same_elsewhere"
        elif near(a.street, b.street) or _street_alike(a.street, b.street):
            code = "street_similar" if here else "street_similar_elsewhere"
        else:
            code = "street_differs" if here else "street_differs_too"
        found.append((code, bits[code]))
        if code == "street_differs_too":
            return
        if code == "street_differs":
            if a.house and a.house == b.house:
                # Streets are renamed and misheard.
                found.append(("house_number_same_though", bits["house_number_same_though"]))
            return
    if a.house and b.house:
        if not here:
            if a.house == b.house and a.street and b.street:
                found.append(("house_number_same_elsewhere", bits["house_number_same_elsewhere"]))
        else:
            code = house_level(a.house, b.house)
            found.append((code, bits[code]))


def postal_level(a: str, b: str) -> str:
    """The code for two postal codes."""
    # "TQ13 8DF" is one street of a town, the part before the last three a district; five digits are the town.
    digits = a.isdigit() and b.isdigit()
    fine = not digits and min(len(a), len(b)) >= _FINE
    if a == b:
        return "postal_unit_same" if fine else "postal_code_same"
    size = 3 if digits else max(len(a), len(b)) - 3
    area = min(len(a), len(b)) >= size >= 2 and a[:size] == b[:size]
    if len(a) == len(b) and _distance(a, b, score_cutoff=1) <= 1:
        return "postal_unit_area" if fine and area else "postal_code_similar"
    if area:
        return "postal_unit_area" if fine else "postal_code_area"
    return "postal_code_differs"


def house_level(a: str, b: str) -> str:
    """The code for two house numbers: 5a is near 5, 46-48 near 46, 72 near 27."""
    if a == b:
        return "house_number_same"
    one, two = _first_number(a), _first_number(b)
    if one == two or (len(one) > 1 and sorted(one) == sorted(two)) or one in _range(b) or two in _range(a):
        return "house_number_similar"
    return "house_number_differs"


def _range(house: str) -> tuple[str, ...]:
    """The further numbers of "46-48" or "3/5"."""
    if house.isdigit():
        return ()
    numbers = "".join(sign if sign.isdigit() else " " for sign in house).split()
    return tuple(numbers[1:])


def _first_number(house: str) -> str:
    end = 0
    while end < len(house) and house[end].isdigit():
        end += 1
    return house[:end]


@lru_cache(maxsize=1 << 14)
def _street_alike(a: str, b: str) -> bool:
    """One contains the other, or they sound or look the same."""
    short, long = (a, b) if len(a) <= len(b) else (b, a)
    if (
        len(short) >= 6
        and short.removesuffix("str")
        and short.removesuffix("str") in long
        and len(long) <= len(short) + 8
    ):
        return True
    return same_sound(short, long) or scanned_alike(min(a, b), max(a, b))


@lru_cache(maxsize=1 << 14)
def city_alike(a: str, b: str) -> bool:
    """Spelt, said or scanned almost the same, or its letters in another order."""
    if near(a, b):
        return True
    one, two = a.replace(" ", ""), b.replace(" ", "")
    short, long = (one, two) if len(one) <= len(two) else (two, one)
    if len(short) < 4:
        return False
    if same_sound(short, long) or scanned_alike(min(one, two), max(one, two)):
        return True
    return len(short) >= 5 and (
        sorted(one) == sorted(two)
        or (len(short) >= 6 and _distance(one, two, score_cutoff=3) <= 2 + (len(short) >= 10))
    )


@lru_cache(maxsize=1 << 14)
def same_town(a: str, b: str) -> bool:
    """ "Frankfurt" and "Frankfurt Main", "Köln Mülheim" and "Köln", "Freiburg Br" and "Freiburg Breisgau"."""
    one, two = a.split(), b.split()
    if len(one) > len(two):
        one, two = two, one
    if len(one) == len(two) == 1:
        return False
    if one[0] != two[0] or len(one[0]) < 3:
        return False
    if one[0] in _COMMON_STARTS and len(one) < 2:
        return False
    return all(x.startswith(y) or y.startswith(x) for x, y in zip(one[1:], two[1:], strict=False))
