"""Legal forms of Germany, Austria, Switzerland and their neighbours, found in a folded name's tokens.

A table of phrases, longest first. Short forms that are also words ("AG", "SE", "AS") count only after the first word.
Tokens arrive with single letters already joined, so that "G.m.b.H." is `gmbh` and "e. K." is `ek`.
"""

import string
from functools import lru_cache

from rapidfuzz.distance import OSA

from app.matching.text import word_set

# canonical form: the ways to write it, folded
_FORMS: dict[str, str] = {
    "gmbh": "gmbh | gesmbh | ges mbh | gesellschaft mbh | mbh | gesellschaft mit beschrankter haftung | ggmbh | gesellsch mbh"
    " | gemeinnutzige gmbh | gmbh i g | gem gmbh | gesellschaft m b h | ges m b h | mit beschrankter haftung | beschrankter haftung"
    " | gesellschaft mit beschr haftung | ges mit beschr haftung",
    "ug": "ug | ug haftungsbeschrankt | unternehmergesellschaft haftungsbeschrankt | unternehmergesellschaft"
    " | haftungsbeschrankt | ug hb | ug haftungsbeschr | gug | ug haftungsbeschrnkt | haftungsbeschrnkt",
    "ag": "ag | aktiengesellschaft | gag | aktienges | akt ges | aktges | actges | actiengesellschaft"
    " | actien gesellschaft | aktien gesellschaft | act ges"
    " | aktiengesellsch | investmentaktiengesellschaft",
    "kg": "kg | kommanditgesellschaft | co kg | und co kg | kg aa"
    " | kommandit gesellschaft | kommanditges | komm ges | kommges | kom ges | cie kg"
    " | und cie kg | comp kg | keg | kommanditerwerbsgesellschaft",
    "kgaa": "kgaa | kommanditgesellschaft auf aktien | und co kgaa | co kgaa | komm ges auf aktien | kga a | kommanditges auf aktien",
    "ohg": "ohg | offene handelsgesellschaft | und co ohg | co ohg | og | offene gesellschaft"
    " | und co og | offene handelsges | oeg | offene erwerbsgesellschaft",
    "gbr": "gbr | gesbr | gesellschaft burgerlichen rechts | ges burgerlichen rechts | gesnbr | egbr | bgb gesellschaft",
    "ek": "ek | ekfm | ekfr | eingetragener kaufmann | eingetragene kauffrau | eingetragene kaufmann | eu | ekauffrau"
    " | eingetragener unternehmer | eingetragene unternehmerin | e kfm | e kfr | einzelunternehmen | einzelfirma",
    "ev": "ev | eingetragener verein",
    "eg": "eg | egen | egenmbh | eingetragene genossenschaft | reg genmbh | genmbh | egmbh | gen mbh | gen",
    "se": "se | societas europaea",
    "partg": "partg | partgmbb | partgesellschaft | partnerschaftsgesellschaft | partg mbb | partnerschaftsgesellschaft mbb"
    " | part mbb | mbb | partgmbb | part g | part g mbb | partnerschaft mbb | partnerschaftsgesellschaft mit beschrankter berufshaftung",
    "sa": "sa | societe anonyme",
    "sarl": "sarl | sagl | garl",
    "ltd": "ltd | limited | private limited company | company limited | co ltd | und co ltd | pty ltd | pty limited",
    "inc": "inc | incorporated | corp | corporation | llc | llp | plc",
    "bv": "bv | nv",
    "sro": "sro | spzoo | sp zoo | kft | doo | zrt | as | oy | ab | aps",
    "srl": "srl | spa | snc | sas",
    "stiftung": "rechtsfahige stiftung",
    "gewerkschaft": "bergrechtliche gewerkschaft",
    "kdor": "kor d o r | kdor | korperschaft des offentlichen rechts | anstalt des offentlichen rechts | aor",
    "co": "und co | und cie | und comp | und compagnie | und cokg | cie | compagnie",
}
# "Co." alone is a legal form only at the end, or before another one: not in "Co-Working".
_ONLY_LATER = word_set("ag se sa eg ev as ab og ek eu gen co bv nv spa sas inc ltd corp og kg oy gag aps ug")
_NOISE = word_set("il ig iins inl")  # in Liquidation, in Gründung, in Insolvenz


def _phrases() -> dict[str, list[tuple[tuple[str, ...], str]]]:
    table: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for form, ways in _FORMS.items():
        for way in ways.split("|"):
            phrase = tuple(way.split())
            table.setdefault(phrase[0], []).append((phrase, form))
    for found in table.values():
        found.sort(key=lambda entry: -len(entry[0]))
    return table


_TABLE = _phrases()


def _slips_of_gmbh() -> frozenset[str]:
    """ "gmbh" and whatever is one slip away from it: no word of any language looks like that."""
    word = "gmbh"
    slips = {word, "mgbh", "gbmh", "gmhb"}
    for at in range(len(word) + 1):
        slips.add(word[:at] + word[at + 1 :])
        for letter in string.ascii_lowercase:
            slips |= {word[:at] + letter + word[at:], word[:at] + letter + word[at + 1 :]}
    return frozenset(slips)


_GMBH = _slips_of_gmbh()
_LONG_WORDS = (
    "gesellschaft", "haftung", "beschrankter", "haftungsbeschrankt", "kommanditgesellschaft", "aktiengesellschaft",
    "unternehmergesellschaft",
)  # fmt: skip


@lru_cache(maxsize=1 << 15)
def mended(token: str) -> str:
    """A long word of a legal form, whatever slip is in it ("Geselschaft"); any other token as it is."""
    for word in _LONG_WORDS:
        slips = 1 if len(word) < 12 else 2
        if OSA.distance(token, word, score_cutoff=slips) <= slips:
            return word
    return token


def _spread_gmbh(tokens: list[str], at: int) -> int:
    """How many tokens from here make a "G.m.b.H." whose dots or letters went astray ("G.mb..H.", "G.m.b.dH."); else 0."""
    joined = ""
    for end in range(at, min(at + 4, len(tokens))):
        if end > at and len(tokens[end]) > 3:
            break
        joined += tokens[end]
        if len(joined) > 5:
            break
        if joined in _GMBH and (end + 1 == len(tokens) or len(tokens[end + 1]) > 1):
            return end + 1 - at
    return 0


def strip_legal_forms(tokens: list[str]) -> tuple[list[str], str]:
    """The tokens without legal forms, and the forms found: sorted, joined by a space ("gmbh kg").

    When nothing else is left, the tokens come back as they are: "Die AG GmbH" must not become nameless.
    """
    tokens = [mended(token) if len(token) > 5 else token for token in tokens]
    kept: list[str] = []
    forms: set[str] = set()
    count = len(tokens)
    at = 0
    while at < count:
        token = tokens[at]
        found = _TABLE.get(token)
        step = 0
        if found is not None and (at or token not in _ONLY_LATER):
            for phrase, form in found:
                size = len(phrase)
                if size == 1 or tuple(tokens[at : at + size]) == phrase:
                    step = size
                    if form != "co":
                        forms.add(form)
                    break
        if not step and at:
            size = len(token)
            if size < 6 and (step := _spread_gmbh(tokens, at)):
                forms.add("gmbh")
            elif token in _NOISE or (token == "co" and (at + 1 == count or tokens[at + 1] in _TABLE)):
                step = 1
            elif size < 3 and forms and at + 1 == count and token.isalpha() and token not in "ivx":
                step = 1  # what a slip left of "KG" or "Co"
        if step:
            at += step
        else:
            kept.append(token)
            at += 1
    if not kept:
        return tokens, ""
    return kept, " ".join(sorted(forms))
