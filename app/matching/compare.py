"""Field by field: what speaks for two records being one party, what against, in bits.

Callers compare records that share a blocking key; nothing here looks for others. A field that either side lacks says
nothing. Findings are pairs of a stable code and its bits; `cap` limits the verdict whatever the sum is.
"""

from app.matching.addresses import compare_addresses
from app.matching.contacts import compare_reach, mail_fits
from app.matching.names import compare_names
from app.matching.people import compare_births, compare_people, employer, owner_is
from app.matching.record import Party
from app.matching.weights import BITS, HOME

NONE, POSSIBLE, DUPLICATE = 0, 1, 2
_OWN = frozenset(("vat_id_same", "phone_same", "email_same", "birth_date_same"))
# What a household or an office shares tells its people apart no better than it tells them from strangers.
_PERSONAL = ("first_name", "names_swapped", "birth_", "email_same", "email_local", "email_similar", "email_close")


class Evidence:
    """What a comparison found.

    `named`: 1 the names agree fully, in whatever spelling; 0 as far as known; −1 no. `coined`: in a rare company word.
    `personal`: of two people, the bits that tell one from others at the same address; else None.
    """

    __slots__ = ("cap", "coined", "found", "named", "personal")

    def __init__(self) -> None:
        self.found: list[tuple[str, float]] = []
        self.cap = DUPLICATE
        self.named = -1
        self.coined = False
        self.personal: float | None = None


def compare(a: Party, b: Party) -> Evidence:
    """All findings about two records. Symmetric."""
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
        if not (a.first and a.last and b.first and b.last):
            _mail_for_name(a, b, found)
        evidence.personal = HOME + sum(weight for code, weight in found if code.startswith(_PERSONAL))
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
            if named < 0 and sure and any(code in ("name_sister_firm", "number_differs") for code, _ in found):
                # Sister firms share a switchboard and a mailbox.
                sure = any(code == "vat_id_same" for code, _ in found)
        if person_a and person_b and a.last == b.last and (a.first == b.first or not a.first or not b.first):
            found.append(("contact_same", BITS["contact_same"]))
    compare_addresses(a, b, found)
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


def _mail_for_name(a: Party, b: Party, found: list[tuple[str, float]]) -> None:
    """A family name that one record lacks may stand in its e-mail address."""
    for one, two in ((a, b), (b, a)):
        if one.email and two.last and not one.last and not two.email and mail_fits(one.email, two.last, two.first):
            found.append(("email_fits_name", BITS["email_fits_name"]))
            return
