"""Blocking keys: what two records must share to be compared at all.

Candidates are found by these keys and nothing else, and a registration takes its locks on all of them, so two records that
share none are never weighed against each other: neither the check nor the lock can disagree about them. The promise is
therefore one of recall: the corruptions listed in `tests/matching/test_keys.py` (legal form, umlauts, word order, split and
joined compounds, one typing error, a missing address) leave at least one key in common.
"""

from xxhash import xxh3_64_intdigest

from app.matching.givennames import full_form
from app.matching.reach import registered, role_mailbox
from app.matching.record import Party
from app.matching.text import sound
from app.matching.vocabulary import rarity

_HALF = 1 << 63
_WHOLE = 1 << 64
_PAIRED_WORDS = 4
_DISTINCT_BITS = 9.0
_LONGEST_SLIP = 14
_HALVED = 6
_WITH_PLACE = 2


def _rarest_first(word: str) -> tuple[float, str]:
    return -rarity(word), word


def _letters(word: str) -> str:
    """Its letters, each once, in order of the alphabet: what neighbours exchanged or letters doubled leave as they are."""
    return "".join(sorted(set(word)))


def _slips(texts: list[str], word: str) -> None:
    """Keys of a name of one word: whole or with any one letter left out, so that one slip never hides it."""
    if len(word) > _LONGEST_SLIP:
        texts += (f"x|{word[:7]}", f"y|{word[-7:]}")
    elif len(word) > 2:
        texts.append(f"z|{word}")
        if len(word) > 3:
            texts += (f"z|{word[:at]}{word[at + 1 :]}" for at in range(len(word)))


def _company(texts: list[str], words: tuple[str, ...], numbers: tuple[str, ...], postal: str, city: str) -> None:
    digits = " ".join(numbers)
    whole = sound("".join(words))
    texts.append(f"j|{whole}|{digits}")
    if len(whole) > _HALVED:
        # A long name by its first and its last sounds.
        texts += (f"g|{whole[:_HALVED]}|{digits}", f"h|{whole[-_HALVED:]}|{digits}")
    if len(words) == 1:
        _slips(texts, words[0])
    # The same choice in every process: by rarity, then by the word itself.
    picked = sorted(set(words), key=_rarest_first)[:_PAIRED_WORDS] if len(words) > 1 else words
    codes = [sound(word) or word for word in picked]
    for at, code in enumerate(codes):
        for other in codes[at + 1 :]:
            texts.append(f"p|{code}|{other}" if code < other else f"p|{other}|{code}")
    for at, code in enumerate(codes[:3]):
        if rarity(picked[at]) >= _DISTINCT_BITS:
            texts.append(f"r|{picked[at] if len(code) < 3 else code}")
        if postal and at < _WITH_PLACE:
            texts.append(f"w|{code}|{postal}")
        if city and not at:
            texts.append(f"c|{code}|{city}")
    if len(picked) > 1:
        one, two = picked[0], picked[1]
        texts += (
            f"t|{codes[0]}|{two[:3]}",
            f"s|{codes[0]}|{two[-3:]}",
            f"t|{codes[1]}|{one[:3]}",
            f"s|{codes[1]}|{one[-3:]}",
        )
        if len(picked) == 2:
            texts += (f"u|{codes[0]}|{_letters(two)}", f"u|{codes[1]}|{_letters(one)}")


def _person(texts: list[str], party: Party, city: str) -> None:
    firsts = party.first.split()
    lasts = party.last.split()
    given = sound("".join(firsts))
    family = sound("".join(lasts))
    # Hans is looked up as Johannes.
    formal = sound(full_form(firsts[0])) if firsts else ""
    if firsts and lasts:
        for one in {given, formal}:
            for two in {family, *map(sound, lasts)}:
                texts.append(f"p|{one}|{two}" if one < two else f"p|{two}|{one}")
        first, last = "".join(firsts), "".join(lasts)
        texts += (
            f"t|{family}|{first[:3]}",
            f"s|{family}|{first[-3:]}",
            f"t|{given}|{last[:3]}",
            f"s|{given}|{last[-3:]}",
            f"u|{family}|{_letters(first)}",
            f"u|{given}|{_letters(last)}",
        )
    elif family:
        texts.append(f"l|{family}")
    names = {formal, family} - {""}
    if party.postal:
        texts += (f"w|{code}|{party.postal}" for code in names)
    if city:
        texts += (f"c|{code}|{city}" for code in names)
    if party.birth:
        year = party.birth[:4]
        texts += (f"g|{code}|{year}" for code in names)
        if city:
            texts.append(f"k|{city}|{year}")
    for email in _emails(party):
        if not role_mailbox(email):
            local, _, domain = email.partition("@")
            texts += (f"o|{local}", f"q|{sound(local)}|{domain[:2]}")


def blocking_keys(party: Party) -> list[int]:
    """The record's keys: typed 64-bit hashes, signed, sorted, each once. Empty only for a party that says nothing.

    Some 16 for real records, two or three more for each further e-mail and one for each further phone. The hashes are stored: a
    change of what goes into one needs a rebuilt index.
    """
    texts: list[str] = []
    city = sound(party.city.replace(" ", "")) if party.city else ""
    if party.words or party.numbers:
        _company(texts, party.words, party.numbers, party.postal, city)
    for other in (party.short, party.former):
        if other:
            _company(texts, other, (), party.postal, city)
    if party.first or party.last:
        _person(texts, party, city)
    if party.birth:
        texts.append(f"b|{party.birth}")
    texts += (f"f|{phone}" for phone in _phones(party))
    someone = party.first or party.last
    texts += (f"e|{email}" for email in _emails(party) if not someone or role_mailbox(email))
    texts += (f"d|{registered(host)}" for host in party.domains)
    if party.vat:
        texts.append(f"v|{party.vat}")
    if party.house and party.street:
        # By postal code and by city, since either may be missing or wrong.
        texts += (f"a|{party.street[:3]}|{party.house}|{place}" for place in (party.postal, city) if place)
    return _hashes(texts)


def telling_keys(party: Party) -> list[int]:
    """Those of the keys that make a match by themselves, under whatever name: phone, mailbox, VAT id."""
    texts = [f"f|{phone}" for phone in _phones(party)]
    texts += (f"e|{email}" for email in _emails(party))
    if party.vat:
        texts.append(f"v|{party.vat}")
    return _hashes(texts)


def _emails(party: Party) -> tuple[str, ...]:
    return (party.email, *party.emails) if party.email else party.emails


def _phones(party: Party) -> tuple[str, ...]:
    return (party.phone, *party.phones) if party.phone else party.phones


def _hashes(texts: list[str]) -> list[int]:
    keys = {xxh3_64_intdigest(text.encode()) for text in texts}
    return sorted(key - _WHOLE if key >= _HALF else key for key in keys)
