"""From findings to an answer: a probability, a verdict, and reasons in words."""

from math import exp2, floor, fsum
from typing import Literal, NamedTuple

from app.matching.compare import DUPLICATE, NONE, POSSIBLE, SHARED_REACH, Evidence, compare
from app.matching.record import Party
from app.matching.texts import FIELDS, TEXTS
from app.matching.weights import CAUTION, DUPLICATE_AT, HOME_SURE, POSSIBLE_AT, PRIOR

Verdict = Literal["duplicate", "possible", "none"]
_SAYS_LITTLE = {"legal_form_differs", "name_extra", "phone_differs", "email_differs"}
_WORTH_NAMING = 0.05
_PLACE = {
    "postal_code_differs",
    "city_differs_too",
    "street_differs_too",
    "street_same_elsewhere",
    "city_differs",
    "street_differs",
    "house_number_differs",
}
_VERDICTS: tuple[Verdict, Verdict, Verdict] = ("none", "possible", "duplicate")


class Reason(NamedTuple):
    """One finding. `code` is stable; `weight` is in bits, negative when it speaks against."""

    field: str
    effect: Literal["for", "against"]
    code: str
    weight: float


class Match(NamedTuple):
    """What two records are to each other: `score` between 0 and 1, reasons with the weightiest first."""

    score: float
    verdict: Verdict
    reasons: tuple[Reason, ...]


def _weightiest(finding: tuple[str, float]) -> tuple[float, str]:
    return -abs(finding[1]), finding[0]


_SHORT_OF = 0.01


def _worth_showing(evidence: Evidence) -> bool:
    """A phone number, address or domain that agrees, under whatever name. A bare name that agrees, however common; a
    distinctive one also in part, or in another town.
    """
    if any(code in SHARED_REACH for code, _ in evidence.found):
        return True
    if evidence.named < 0 or (evidence.named == 0 and not evidence.coined):
        return False
    against = {code for code, weight in evidence.found if weight < 0} - _SAYS_LITTLE
    return not against or (evidence.named > 0 and evidence.coined and against <= _PLACE)


def _chance(bits: float) -> float:
    return 1.0 / (1.0 + exp2(-max(-60.0, min(60.0, (bits + PRIOR) / CAUTION))))


def bits_of(found: list[tuple[str, float]]) -> float:
    """How much the findings say together: what orders one record's candidates (a chance ends at 1)."""
    return fsum(weight for _, weight in found)


def judge(a: Party, b: Party) -> tuple[float, int, list[tuple[str, float]]]:
    """`score` without its reasons in words: chance, level (0 none, 1 possible, 2 duplicate) and bare findings.

    Of level 0 the findings may lack what could not change it.
    """
    evidence = compare(a, b, thorough=False)
    # fsum, so that the sum does not depend on who asks.
    bits = fsum(weight for _, weight in evidence.found)
    if evidence.cap == NONE:
        bits = min(bits, 0.0)
    chance = _chance(bits)
    if evidence.doubt and chance >= DUPLICATE_AT:
        # Enough to show, not enough to be sure.
        chance = max(_chance(bits - evidence.doubt), min(chance, DUPLICATE_AT - _SHORT_OF))
    if evidence.personal is not None and evidence.personal < HOME_SURE:
        chance = min(chance, 0.5)
    level = DUPLICATE if chance >= DUPLICATE_AT else POSSIBLE if chance >= POSSIBLE_AT else NONE
    if level == NONE and _worth_showing(evidence):
        level, chance = POSSIBLE, POSSIBLE_AT
    if level > evidence.cap:
        level = evidence.cap
        chance = (DUPLICATE_AT if level == POSSIBLE else POSSIBLE_AT) - _SHORT_OF
    return chance, level, evidence.found


def match_of(chance: float, level: int, found: list[tuple[str, float]]) -> Match:
    """What `judge` gave, in words."""
    reasons = [
        Reason(FIELDS[code], "for" if weight > 0 else "against", code, round(weight, 1))
        for code, weight in sorted(found, key=_weightiest)
        if abs(weight) >= _WORTH_NAMING
    ]
    return Match(floor(chance * 10_000) / 10_000, _VERDICTS[level], tuple(reasons))


def score(a: Party, b: Party) -> Match:
    """Compare two parties; symmetric, pure, never raises.

    Meant for records that share a blocking key (`blocking_keys`): only those are ever compared, so "duplicate" and
    "possible" imply a shared key for every caller. The score never contradicts the verdict's boundaries: a capped verdict
    has a capped score.
    """
    return match_of(*judge(a, b))


def explain(reason: Reason, language: str) -> str:
    """The reason in a short sentence, German for "de" (and "de-AT" …), English otherwise."""
    german, english = TEXTS[reason.code]
    return german if language[:2].lower() == "de" else english
