"""How much a word tells: its rarity in bits (−log2 of its share among names), from counted frequencies.

The tables are counted by `bench/learning.py`; these functions are the only doors to them. What is in none of them gets a
cautious figure: a stock from elsewhere has common names of its own that no German table knows.
"""

import re
from functools import lru_cache

from app.matching import givennames
from app.matching.text import word_set
from app.matching.weights import frequencies

# Words that a name may have or lack.
STOP = word_set(
    """und u der die das des den dem fur von vom zu zum zur am im in an auf bei beim mit the and of fa firma gesellschaft"""
)
# Sister firms differ by such a word alone: "X GmbH & Co. KG" and its general partner "X Verwaltungs GmbH".
SISTER = word_set(
    """verwaltung verwaltungs beteiligung beteiligungs beteiligungen holding vermogensverwaltung immobilien
    immobilienverwaltung grundstucks grundstucksverwaltung grundbesitz besitz management geschaftsfuhrung geschaftsfuhrungs
    komplementar service services vertrieb vertriebs vermietung vermietungs betrieb betriebs produktion produktions
    logistik invest capital consulting international deutschland osterreich schweiz stiftung treuhand objekt projekt
    handel handels verpachtung verpachtungs leasing hausverwaltung vermogens grundstucksgesellschaft solar energie
    software akademie transport transporte export import austria germany switzerland europe europa beratung
    unternehmensberatung finanz assekuranz versicherungsmakler personal personalservice forderverein bautrager
    wohnbau projektentwicklung entwicklung entwicklungs anlagen haustechnik elektrotechnik technik systeme solutions
    gastronomie hotel gruppe group"""
)

_COMPANY = frequencies("company_words")
_LAST = frequencies("last_names")
_FIRST = frequencies("first_names")
_CITY = frequencies("cities")
_ENDINGS = re.compile(
    r"(bau|technik|handel|handels|service|verwaltung|beteiligung|systeme|beratung|planung|betrieb|vertrieb|immobilien|transporte"
    r"|verarbeitung|werke|haus|park|markt|makler|dienst|dienste|entwicklung|vermietung|gesellschaft|industrie|anlagen|fabrik)$"
)
_UNKNOWN_LAST = 11.0
_UNKNOWN_FIRST = 9.0
_UNKNOWN_CITY = 8.5
_COINED_WORD = 13.5
_SHORT_WORD = {1: 8.0, 2: 10.0, 3: 11.5, 4: 12.5}


@lru_cache(maxsize=1 << 16)
def rarity(word: str) -> float:
    """Bits that agreeing on this word of a company name is worth: 4 (Verwaltung) to 13.5 (a coined word)."""
    bits = _COMPANY.get(word)
    if bits is not None:
        return bits
    bits = _SHORT_WORD.get(len(word), _COINED_WORD)
    if word in _LAST:
        bits = min(bits, _LAST[word] + 2.0)
    elif word in _FIRST:
        bits = min(bits, _FIRST[word] + 3.0)
    elif len(word) > 5 and _ENDINGS.search(word):
        bits = 11.0
    return bits


def _name_bits(table: dict[str, float], name: str, unknown: float) -> float:
    bits = table.get(name)
    if bits is None:
        # Of two names the rarer one, and a little for the other.
        if " " in name:
            return min(13.0, max(_name_bits(table, word, unknown) for word in name.split()) + 2.0)
        bits = unknown if len(name) > 3 else unknown - 2.0
    return bits


@lru_cache(maxsize=1 << 15)
def last_name_bits(name: str) -> float:
    """Bits that agreeing on a family name is worth: 5.5 (Müller) to 13."""
    return _name_bits(_LAST, name, _UNKNOWN_LAST)


@lru_cache(maxsize=1 << 15)
def first_name_bits(name: str) -> float:
    """The same of a given name: from 4."""
    return _name_bits(_FIRST, name, _UNKNOWN_FIRST)


def city_bits(city: str) -> float:
    """The same of a town: large ones say little."""
    return _CITY.get(city, _UNKNOWN_CITY)


def known_first_name(name: str) -> bool:
    """True for a name that people are given, or several, not a slip of one."""
    if " " in name:
        return all(known_first_name(word) for word in name.split())
    return name in _FIRST or givennames.known(name)
