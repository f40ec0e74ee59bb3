"""From findings to an answer: a probability, a verdict, and reasons in words."""

from typing import Literal, NamedTuple

from app.matching.compare import DUPLICATE, NONE, POSSIBLE, compare
from app.matching.record import Party
from app.matching.texts import FIELDS, TEXTS
from app.matching.weights import DISTINCTIVE, DUPLICATE_AT, POSSIBLE_AT, PRIOR

Verdict = Literal["duplicate", "possible", "none"]
_NOT_AGAINST = ("legal_form_differs", "name_extra", "phone_differs", "email_differs")
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


def _weight(reason: Reason) -> float:
    return -abs(reason[3])


def _worth_showing(named: int, bits: float, against: bool) -> bool:
    """A bare name that agrees, however common; a distinctive one also in part, or in another town."""
    if named > 0:
        return bits >= DISTINCTIVE or not against
    return named == 0 and bits >= DISTINCTIVE and not against


def score(a: Party, b: Party, *, prior: float = PRIOR) -> Match:
    """Compare two parties; symmetric, pure, never raises. `prior`: see `weights.prior_for`.

    Meant for records that share a blocking key (`blocking_keys`): only those are ever compared, so "duplicate" and
    "possible" imply a shared key for every caller. The score never contradicts the verdict's boundaries: a capped verdict
    has a capped score.
    """
    evidence = compare(a, b)
    bits = prior
    name = 0.0
    against = False
    for code, weight in evidence.found:
        bits += weight
        if code.startswith("name_") and weight > 0:
            name = weight
        elif weight < -0.9 and code not in _NOT_AGAINST:
            against = True
    chance = 1.0 / (1.0 + 2.0 ** -max(-60.0, min(60.0, bits)))
    level = DUPLICATE if chance >= DUPLICATE_AT else POSSIBLE if chance >= POSSIBLE_AT else NONE
    if level == NONE and _worth_showing(evidence.named, name, against):
        level, chance = POSSIBLE, POSSIBLE_AT
    if level > evidence.cap:
        level = evidence.cap
        chance = DUPLICATE_AT - 0.01 if level == POSSIBLE else POSSIBLE_AT - 0.01
    reasons = [
        Reason(FIELDS[code], "for" if weight > 0 else "against", code, round(weight, 1))
        for code, weight in evidence.found
    ]
    reasons.sort(key=_weight)
    return Match(round(chance, 4), _VERDICTS[level], tuple(reasons))


def explain(reason: Reason, language: str) -> str:
    """The reason in a short sentence, German for "de" (and "de-AT" …), English otherwise."""
    german, english = TEXTS[reason.code]
    return german if language[:2].lower() == "de" else english
