"""Field by field: what speaks for two records being one party, what against, in bits.

Callers compare records that share a blocking key; nothing here looks for others. A field that either side lacks says
nothing. Findings are pairs of a stable code and its bits; `cap` limits the verdict whatever the sum is.
"""

from math import log2

from app.matching.addresses import compare_addresses
from app.matching.contacts import compare_reach, facing, made_of_name, mail_fits
from app.matching.names import compare_names
from app.matching.people import compare_births, compare_people, employer, owner_is
from app.matching.record import Party
from app.matching.vocabulary import known_first_name
from app.matching.weights import (
    BITS,
    CAUTION,
    HOME,
    MOVED,
    NAME_ALONE,
    NAME_CONFLICT,
    NAME_ELSEWHERE,
    NAME_IN_PART,
    NAMESAKES,
    OTHER_WORD,
    POSSIBLE_AT,
    PRIOR,
)

NONE, POSSIBLE, DUPLICATE = 0, 1, 2
_OWN = frozenset(("vat_id_same", "phone_same", "email_same", "birth_date_same"))
SHARED_REACH = frozenset(("phone_same", "email_same", "mailbox_same", "domain_same", "vat_id_same"))
# What thousands share: it does not confirm who has no name.
_OF_THE_PLACE = frozenset(("postal_code_same", "postal_code_similar", "postal_code_area", "city_same", "city_similar",
                           "domain_same", "domain_related", "house_number_same", "house_number_similar"))  # fmt: skip
_SAME_PLACE = frozenset(("postal_code_same", "postal_unit_same", "postal_code_similar", "city_same", "city_similar",
                         "street_same", "street_similar"))  # fmt: skip
_OTHER_PLACE = frozenset(("postal_code_differs", "city_differs", "city_differs_too", "country_differs"))
_SAME_REACH = frozenset(("domain_same", "phone_similar", "email_similar"))
_EXACT_NAME = frozenset(("name_same", "name_same_without_legal_form", "name_compound", "name_word_order"))
_OF_THE_NAME = frozenset(("email_local_same", "email_similar", "email_close"))
_SLIGHT = 2.0
_LONG_NAME = 3
_HALF_A_DATE = 3.0
_ALMOST = 4.0
_ADDRESS_MOST = 22.0  # bits that a whole address can give
_HOPELESS = CAUTION * log2(POSSIBLE_AT / (1 - POSSIBLE_AT)) - PRIOR - 1.0

# What is said of people: by names, by what is one person's own, by what is nobody's but theirs or their home's, by a slip.
_NAME, _PERSONAL, _ANCHOR, _SLIP, _OTHER_POSTAL, _MORE, _BORN_OTHERWISE, _AWAY, _OTHERS = (
    1,
    2,
    4,
    8,
    16,
    32,
    64,
    128,
    256,
)


def _flags(code: str) -> int:
    flags = 0
    if code.startswith(("first_name", "last_name", "names_swapped")):
        flags |= _NAME
        if not code.endswith(("_same", "_swapped")):
            flags |= _SLIP
    if code.startswith(
        ("first_name", "names_swapped", "birth_", "email_same", "email_local", "email_similar", "email_close")
    ):
        flags |= _PERSONAL
    if code.startswith(("birth_", "street_", "phone_", "email_", "mailbox_", "house_number_same", "postal_unit_same")):
        flags |= _ANCHOR
    if code in ("postal_code_area", "postal_code_similar", "postal_code_differs", "postal_unit_area"):
        flags |= _OTHER_POSTAL
    if code in ("birth_date_differs", "birth_date_unlike"):
        flags |= _BORN_OTHERWISE
    if code in _OTHER_PLACE:
        flags |= _AWAY
    return flags


_FLAGS = {code: flags for code in BITS if (flags := _flags(code))}


class Evidence:
    """What a comparison found.

    `named`: 1 the names agree fully, in whatever spelling; 0 as far as known; −1 no. `coined`: in a rare company word.
    `personal`: of two people, the bits that tell one from others at the same address; else None. `doubt`: bits to take off.
    """

    __slots__ = ("cap", "coined", "doubt", "found", "named", "personal")

    def __init__(self) -> None:
        self.found: list[tuple[str, float]] = []
        self.cap = DUPLICATE
        self.named = -1
        self.coined = False
        self.doubt = 0.0
        self.personal: float | None = None


def compare(a: Party, b: Party, *, thorough: bool = True) -> Evidence:
    """All findings about two records. Symmetric.

    Unless `thorough`, it stops as soon as the rest can't make them "possible" any more: half of all candidates end there.
    """
    if a.emails or b.emails or a.phones or b.phones:
        a, b = facing(a, b)
    evidence = Evidence()
    found = evidence.found
    sure = compare_reach(a, b, found)
    company_a, company_b = bool(a.words or a.numbers), bool(b.words or b.numbers)
    named: int | None
    person_a, person_b = bool(a.first or a.last), bool(b.first or b.last)
    # Of unknown kind and with both names (a lead): whatever the other one is.
    is_person_a = a.kind == "person" or (not a.kind and person_a and (not company_a or b.kind == "person"))
    is_person_b = b.kind == "person" or (not b.kind and person_b and (not company_b or a.kind == "person"))
    if is_person_a and is_person_b:
        named = compare_people(a, b, found) if person_a and person_b else None
        compare_births(a, b, found)
        if (a.email or b.email) and not (a.last and b.last):
            _mail_for_name(a, b, found)
        if company_a and company_b:
            employer(a, b, found)
        # A household shares name, address and phone; a birth date or a mailbox is one person's own.
        sure = _surely_one(found)
        _mail_of_the_name(a, b, found)
    elif is_person_a or is_person_b:
        # A company and a person: a sole trader, a contact of that company, or a bare name typed for either.
        named = owner_is(b, a, found) if is_person_a else owner_is(a, b, found)
        if (a.kind and b.kind) or named != 1:
            evidence.cap = POSSIBLE
    else:
        named = None
        if company_a and company_b:
            named, evidence.coined = compare_names(a, b, found)
            if named < 0 and sure:
                # Sister firms share a switchboard and a mailbox.
                sure = any(code == "vat_id_same" for code, _ in found)
        if person_a and person_b and a.last == b.last and (a.first == b.first or not a.first or not b.first):
            found.append(("contact_same", BITS["contact_same"]))
    if (
        not thorough
        and named is not None
        and named < 0
        and not sure
        and _ADDRESS_MOST + sum([weight for _, weight in found]) < _HOPELESS
        and not any(code in SHARED_REACH for code, _ in found)
    ):
        evidence.cap = NONE
        return evidence
    compare_addresses(a, b, found)
    if is_person_a and is_person_b:
        _weigh_people(a, b, evidence)
    elif (is_person_a or is_person_b) and not any(weight > 0 for code, weight in found if code != "owner_name_same"):
        evidence.cap = POSSIBLE  # a name alone
    if named is None:
        # Without a name on both sides one agreement is not enough: a switchboard number and an address are shared.
        codes = {code for code, weight in found if weight > 1.0}
        if not codes & _OWN or len(codes - _OF_THE_PLACE) < 2:
            evidence.cap = min(evidence.cap, POSSIBLE)
    else:
        if is_person_a and is_person_b and named < 0 <= evidence.named:
            named = 0  # no two given names: a slip, or a name gone astray
        evidence.named = named
        if not is_person_a and not is_person_b:
            _weigh_companies(evidence, named, min(len(a.words), len(b.words)), sure=sure)
        # Of people a name may be half known; a company whose name says more is another until something else agrees.
        if not sure and (named < 0 or (named == 0 and not is_person_a and not is_person_b)):
            evidence.cap = min(evidence.cap, POSSIBLE)
    return evidence


def _weigh_companies(evidence: Evidence, named: int, words: int, *, sure: bool) -> None:
    """Names alone, names in part, names in conflict, names elsewhere: what they need beyond the others to count."""
    found = evidence.found
    bits = sum([weight for _, weight in found])
    if not _more_than_names(found):
        evidence.doubt = NAME_ALONE
        if named == 0 and not evidence.coined and bits < NAME_IN_PART:
            evidence.cap = NONE
    if sure or any(code in SHARED_REACH for code, _ in found):
        return
    if named < 0 and bits < NAME_CONFLICT:
        evidence.cap = NONE  # one trade in one town
    if evidence.cap == DUPLICATE and _elsewhere(found):
        # It may have moved, or have a namesake.
        exact = any(code in _EXACT_NAME for code, _ in found)
        evidence.doubt = MOVED if exact else 3 * MOVED
        alike = exact and not any(code == "legal_form_differs" for code, _ in found)
        if not alike or words < (_LONG_NAME - evidence.coined):
            evidence.cap = POSSIBLE  # every town has its Rathaus-Apotheke
        if not exact and bits < NAME_ELSEWHERE:
            evidence.cap = NONE


def _more_than_names(found: list[tuple[str, float]]) -> bool:
    return any(weight > 0 and not code.startswith(("name_", "number_")) for code, weight in found)


def _surely_one(found: list[tuple[str, float]]) -> bool:
    """A birth date, or almost, when one of the names agrees; a mailbox; the same birth date under any name."""
    differ = 0
    almost = False
    for code, weight in found:
        if code in ("birth_date_same", "email_same"):
            return True
        almost = almost or (code.startswith("birth_") and weight >= _ALMOST)
        differ += code in ("first_name_differs", "last_name_differs")
    return almost and differ < 2


def _elsewhere(found: list[tuple[str, float]]) -> bool:
    """Another town, and no number, address or domain in common."""
    codes = {code for code, _ in found}
    if codes & _SAME_PLACE or codes & _SAME_REACH:
        return False
    return bool(codes & _OTHER_PLACE)


def _weigh_people(a: Party, b: Party, evidence: Evidence) -> None:
    """What people share with their family, their office or their namesakes in town."""
    personal, seen = HOME, 0
    for code, weight in evidence.found:
        flags = _FLAGS.get(code, 0)
        if flags & _PERSONAL:
            personal += weight
        seen |= flags & (_SLIP | _OTHER_POSTAL | _BORN_OTHERWISE | _AWAY)
        if weight > 0:
            if weight > _HALF_A_DATE:
                seen |= flags & _ANCHOR
            if not flags & _NAME:
                seen |= _MORE
        if code == "first_name_differs":
            if known_first_name(a.first) and known_first_name(b.first):
                seen |= _OTHERS
            elif min(len(a.first), len(b.first)) > 1:
                personal += OTHER_WORD
                evidence.named = 0
    evidence.personal = personal
    if seen & _OTHERS and not any(code == "birth_date_same" for code, _ in evidence.found):
        evidence.cap = POSSIBLE  # a couple's mailbox
    if not seen & _ANCHOR:
        # Name and town: there may be two of them.
        evidence.doubt = NAMESAKES * (1.0 + (0.5 if seen & _SLIP else 0.0) + (0.5 if seen & _OTHER_POSTAL else 0.0))
        if not seen & _MORE:
            evidence.cap = POSSIBLE
        if seen & _BORN_OTHERWISE and seen & _AWAY:
            evidence.cap = NONE  # a namesake


def _mail_of_the_name(a: Party, b: Party, found: list[tuple[str, float]]) -> None:
    """ "eva.roth@" at two providers says no more than the name Eva Roth does."""
    if not (a.email and b.email):
        return
    for at, (code, weight) in enumerate(found):
        if code in _OF_THE_NAME and weight > _SLIGHT:
            local = code == "email_local_same"  # every firm makes its people's addresses that way
            digits = a.last != b.last and not local
            if made_of_name(a.email, a.last, digits=digits, anywhere=local) and made_of_name(
                b.email, b.last, digits=digits, anywhere=local
            ):
                found[at] = (code, _SLIGHT)


def _mail_for_name(a: Party, b: Party, found: list[tuple[str, float]]) -> None:
    """A family name that one record lacks may stand in its e-mail address."""
    for one, two in ((a, b), (b, a)):
        if one.email and two.last and not one.last and not two.email and mail_fits(one.email, two.last, two.first):
            found.append(("email_fits_name", BITS["email_fits_name"]))
            return
