"""Two parties' ways to be reached: phone, e-mail, internet domain, VAT id."""

from dataclasses import replace
from functools import lru_cache

from rapidfuzz.distance import OSA

from app.matching.reach import free_mailer, registered, role_mailbox
from app.matching.record import Party
from app.matching.text import fold
from app.matching.weights import BITS

_distance = OSA.distance
_ONLY_DIGITS = str.maketrans("", "", "abcdefghijklmnopqrstuvwxyz@.-_")
_NO_SIGNS = str.maketrans("", "", ".-_")


def facing(a: Party, b: Party) -> tuple[Party, Party]:
    """The two with an e-mail and a phone that both have as their primary ones, where there are such; else as they are.

    Of several, one person's mailbox goes before a department's, and then the first in order: whoever is asked about whom.
    """
    if (a.emails or b.emails) and (a.email != b.email or not a.email or role_mailbox(a.email)):
        both = {a.email, *a.emails}.intersection((b.email, *b.emails)) - {""}
        if both:
            email = min(both, key=lambda one: (role_mailbox(one), one))
            if not (a.kind == b.kind == "person" and role_mailbox(email) and _alike(a.email, b.email)):
                a, b = replace(a, email=email), replace(b, email=email)
    if (a.phones or b.phones) and (a.phone != b.phone or not a.phone):
        both = {a.phone, *a.phones}.intersection((b.phone, *b.phones)) - {""}
        if both:
            a, b = replace(a, phone=min(both)), replace(b, phone=min(both))
    return a, b


def _alike(a: str, b: str) -> bool:
    """Whether two addresses say more of people than a department's mailbox would."""
    return bool(a and b) and a != b and email_level(*sorted((a, b))) != "email_differs"


def compare_reach(a: Party, b: Party, found: list[tuple[str, float]]) -> bool:
    """Findings about phone, e-mail, domain, VAT id. True when one that belongs to one party alone agrees."""
    sure = False
    if a.vat and b.vat:
        if a.vat == b.vat:
            found.append(("vat_id_same", BITS["vat_id_same"]))
            sure = True
        elif a.vat[:2] == b.vat[:2]:
            code = "vat_id_similar" if _distance(a.vat, b.vat, score_cutoff=1) <= 1 else "vat_id_differs"
            found.append((code, BITS[code]))
    if a.phone and b.phone:
        code = "phone_same" if a.phone == b.phone else phone_level(*sorted((a.phone, b.phone), key=len))
        found.append((code, BITS[code]))
        sure = sure or code == "phone_same"
    mail = a.kind == "person" and b.kind == "person"  # people have mail at many domains
    if a.email and b.email:
        code = email_level(a.email, b.email) if a.email < b.email else email_level(b.email, a.email)
        if code == "email_same" and mail and role_mailbox(a.email):
            code = "mailbox_same"
        found.append((code, BITS[code]))
        sure = sure or code == "email_same"
        mail = mail or code != "email_differs"
    if a.domains and b.domains and not mail:
        code = _domain_level(a.domains, b.domains)
        found.append((code, BITS[code]))
    return sure


@lru_cache(maxsize=1 << 14)
def phone_level(short: str, long: str) -> str:
    """The code for two numbers that differ: a slip, no area code, or another extension is little, but something."""
    if len(short) > 8:
        if _distance(short, long, score_cutoff=1) <= 1:
            return "phone_similar"
        if long.startswith(short) and len(long) - len(short) <= 4:
            return "phone_similar"  # 0711 1234 and 0711 1234-56
        same = _same_start(short, long)
        if len(long) == len(short) and same >= len(long) - 2 and same >= 9:
            return "phone_similar"
    # "+49 123456": what was typed without its area code was read as if it began with one.
    bare = short[3:] if short[:1] == "+" else short.lstrip("0")
    if len(bare) >= 6 and long.endswith(bare):
        return "phone_similar"
    return "phone_differs"


def _same_start(a: str, b: str) -> int:
    count = 0
    for one, two in zip(a, b, strict=False):
        if one != two:
            break
        count += 1
    return count


@lru_cache(maxsize=1 << 15)
def email_level(a: str, b: str) -> str:
    """The code for two addresses. A slip is little, but not in a digit: max17@ and max18@ are two people."""
    if a == b:
        return "email_same"
    if a.translate(_ONLY_DIGITS) != b.translate(_ONLY_DIGITS):
        return "email_differs"
    local, _, domain = a.partition("@")
    other, _, elsewhere = b.partition("@")
    if local == other:
        if _distance(domain, elsewhere, score_cutoff=2) <= 2 and not (free_mailer(domain) and free_mailer(elsewhere)):
            return "email_similar"
        return "email_local_same" if len(local) >= 6 and not role_mailbox(a) else "email_differs"
    short = min(len(a), len(b))
    found = _distance(a.translate(_NO_SIGNS), b.translate(_NO_SIGNS))
    if found <= (1 if short < 16 else 2):
        return "email_similar"
    if found <= short // 5 and (domain == elsewhere) < free_mailer(domain) + 1:
        return "email_close" if domain != elsewhere or found <= 2 else "email_differs"
    return "email_differs"


def _domain_level(a: tuple[str, ...], b: tuple[str, ...]) -> str:
    if not set(a).isdisjoint(b):
        return "domain_same"
    own_a, own_b = {registered(host) for host in a}, {registered(host) for host in b}
    if own_a.isdisjoint(own_b):
        return "domain_differs"
    # ulm.firma.de and firma.de are one; ulm.firma.de and graz.firma.de share a roof.
    return "domain_same" if own_a & set(a) or own_b & set(b) else "domain_related"


def mail_fits(mail: str, last: str, first: str) -> bool:
    """True when an address carries a person's family name, and no other given name's start: "erika.kelly52@" of a Kelly."""
    local = mail.partition("@")[0]
    last = last.replace(" ", "")
    if len(last) < 4:
        return False
    at = fold(local).translate(_NO_SIGNS).find(last)
    return at >= 0 and (not first or local[0] in (first[0], last[0]))


@lru_cache(maxsize=1 << 14)
def made_of_name(mail: str, last: str, *, digits: bool, anywhere: bool = False) -> bool:
    """True for an address at a free mailer, or `anywhere`, that is made of the name alone: its owner's namesake may have the
    like.

    With `digits` whatever numbers follow: "stock47" and "steck47" are two who were born in one year.
    """
    local, _, domain = mail.partition("@")
    return (
        (anywhere or free_mailer(domain))
        and (digits or not any(map(str.isdigit, local)))
        and bool(last)
        and last.replace(" ", "")[:4] in fold(local)
    )
