"""Field by field: what speaks for two records being one party, what against, in bits.

Callers compare records that share a blocking key; nothing here looks for others. A field that either side lacks says
nothing. Findings are pairs of a stable code and its bits; `cap` limits the verdict whatever the sum is.
"""

from rapidfuzz.distance import OSA

from app.matching.names import compare_names
from app.matching.people import compare_births, compare_people, employer, owner_is
from app.matching.record import Party
from app.matching.weights import BITS

NONE, POSSIBLE, DUPLICATE = 0, 1, 2
_OWN = {"vat_id_same", "phone_same", "email_same", "birth_date_same"}

_distance = OSA.distance


class Evidence:
    """What a comparison found.

    `named`: 1 the names agree fully, in whatever spelling; 0 as far as known; −1 no. `coined`: in a rare company word.
    """

    __slots__ = ("cap", "coined", "found", "named")

    def __init__(self) -> None:
        self.found: list[tuple[str, float]] = []
        self.cap = DUPLICATE
        self.named = -1
        self.coined = False


def _reach(a: Party, b: Party, found: list[tuple[str, float]]) -> bool:
    """Phone, e-mail, domain, VAT id. True when one that belongs to one party alone agrees."""
    sure = False
    if a.vat and b.vat:
        if a.vat == b.vat:
            found.append(("vat_id_same", BITS["vat_id_same"]))
            sure = True
        elif a.vat[:2] == b.vat[:2]:
            found.append(("vat_id_differs", BITS["vat_id_differs"]))
    if a.phone and b.phone:
        if a.phone == b.phone:
            found.append(("phone_same", BITS["phone_same"]))
            sure = True
        else:
            found.append(("phone_differs", BITS["phone_differs"]))
    mail = a.kind == "person" and b.kind == "person"  # people have mail at many domains
    if a.email and b.email:
        if a.email == b.email:
            found.append(("email_same", BITS["email_same"]))
            sure = mail = True
        else:
            mail = mail or _similar_email(a.email, b.email)
            code = "email_similar" if _similar_email(a.email, b.email) else "email_differs"
            found.append((code, BITS[code]))
    if a.domains and b.domains and not mail:
        if a.domains == b.domains or not set(a.domains).isdisjoint(b.domains):
            found.append(("domain_same", BITS["domain_same"]))
        else:
            found.append(("domain_differs", BITS["domain_differs"]))
    return sure


_NO_DIGITS = str.maketrans("", "", "0123456789")
_ONLY_DIGITS = str.maketrans("", "", "abcdefghijklmnopqrstuvwxyz@.-_")


def _similar_email(a: str, b: str) -> bool:
    """A slip or two apart, but not in a digit: max17@ and max18@ are two people. Or the same at another provider."""
    if a.translate(_ONLY_DIGITS) != b.translate(_ONLY_DIGITS):
        return False
    local, _, domain = a.partition("@")
    other, _, elsewhere = b.partition("@")
    if local == other and (len(local) >= 6 or _distance(domain, elsewhere, score_cutoff=1) <= 1):
        return True
    slips = 1 if min(len(a), len(b)) < 16 else 2
    return _distance(a, b, score_cutoff=slips) <= slips


def near(a: str, b: str) -> bool:
    """One slip, or two in a word of nine letters and more; never in a word of three."""
    short = min(len(a), len(b))
    if short < 4:
        return False
    slips = 2 if short >= 9 else 1
    return _distance(a, b, score_cutoff=slips) <= slips


def _address(a: Party, b: Party, found: list[tuple[str, float]]) -> None:
    """By the chain rule: postal code, then city given that, then street given the place, then the house number."""
    bits = BITS
    place = 0  # 1 the same, −1 another
    if a.postal and b.postal:
        if a.postal == b.postal:
            code, place = "postal_code_same", 1
        elif _distance(a.postal, b.postal, score_cutoff=1) <= 1:
            code = "postal_code_similar"
        else:
            code, place = "postal_code_differs", -1
        found.append((code, bits[code]))
    if a.city and b.city:
        same = a.city == b.city or _same_town(a.city, b.city)
        if place == 1:
            # The postal code has said most of it.
            if same or near(a.city, b.city):
                found.append(("city_same", bits["city_same_after_postal"]))
            else:
                found.append(("city_differs", bits["city_differs_after_postal"]))
        elif same:
            place = 1
            found.append(("city_same", bits["city_same"]))
        elif near(a.city, b.city):
            place = 1
            found.append(("city_similar", bits["city_similar"]))
        else:
            found.append(("city_differs", bits["city_differs_too" if place < 0 else "city_differs"]))
            place = -1
    if a.country and b.country and a.country != b.country:
        place = -1
        found.append(("country_differs", bits["country_differs"]))
    here = place >= 0
    if a.street and b.street:
        if a.street == b.street:
            found.append(("street_same", bits["street_same" if here else "street_same_elsewhere"]))
        elif near(a.street, b.street):
            if here:
                found.append(("street_similar", bits["street_similar"]))
        elif here:
            found.append(("street_differs", bits["street_differs"]))
            return
        else:
            return
    if a.house and b.house:
        if a.house == b.house:
            found.append(("house_number_same", bits["house_number_same" if here else "house_number_same_elsewhere"]))
        elif not here:
            return
        elif _first_number(a.house) == _first_number(b.house):
            found.append(("house_number_similar", bits["house_number_similar"]))
        else:
            found.append(("house_number_differs", bits["house_number_differs"]))


def _first_number(house: str) -> str:
    end = 0
    while end < len(house) and house[end].isdigit():
        end += 1
    return house[:end]


def _same_town(a: str, b: str) -> bool:
    """ "Frankfurt" and "Frankfurt Main", "Köln Mülheim" and "Köln": the first word, unless it is as common as "Bad"."""
    one, two = a.partition(" ")[0], b.partition(" ")[0]
    return (
        one == two
        and len(one) > 3
        and one not in ("sankt", "markt", "gross", "klein", "neu")
        and (a == one or b == two)
    )


def compare(a: Party, b: Party) -> Evidence:
    """All findings about two records. Symmetric."""
    evidence = Evidence()
    found = evidence.found
    sure = _reach(a, b, found)
    company_a, company_b = bool(a.words or a.numbers), bool(b.words or b.numbers)
    named: int | None
    person_a, person_b = bool(a.first or a.last), bool(b.first or b.last)
    # Of unknown kind and with both names (a lead): whatever the other one is.
    is_person_a = a.kind == "person" or (not a.kind and person_a and (not company_a or b.kind == "person"))
    is_person_b = b.kind == "person" or (not b.kind and person_b and (not company_b or a.kind == "person"))
    if is_person_a and is_person_b:
        named = compare_people(a, b, found) if person_a and person_b else None
        compare_births(a, b, found)
        if company_a and company_b:
            employer(a, b, found)
        # A household shares name, address and phone; a birth date or a mailbox is one person's own.
        sure = any(code in ("birth_date_same", "email_same") for code, _ in found)
    elif is_person_a or is_person_b:
        # A company and a person: a sole trader, a contact of that company, or a bare name typed for either.
        named = owner_is(b, a, found) if is_person_a else owner_is(a, b, found)
        if (a.kind and b.kind) or named != 1:
            evidence.cap = POSSIBLE
    else:
        named = None
        if company_a and company_b:
            named, evidence.coined = compare_names(a, b, found)
        if person_a and person_b and a.last == b.last and (a.first == b.first or not a.first or not b.first):
            found.append(("contact_same", BITS["contact_same"]))
    _address(a, b, found)
    if named is None:
        # Without a name on both sides one agreement is not enough: a switchboard number and an address are shared.
        if sum(code in _OWN for code, _ in found) < 2:
            evidence.cap = min(evidence.cap, POSSIBLE)
    else:
        evidence.named = named
        # Of people a name may be half known; a company whose name says more is another until something else agrees.
        if not sure and (named < 0 or (named == 0 and not is_person_a and not is_person_b)):
            evidence.cap = min(evidence.cap, POSSIBLE)
    return evidence
