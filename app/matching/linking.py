"""From scored pairs of two sources to who is whom: at best one partner each, unless a source repeats itself.

A pure function over pairs of ids. It weighs partners against each other and never a pair by itself: whoever calls it has
already left out the pairs that are no match.
"""

from collections.abc import Hashable, Iterable
from typing import Any, Protocol, TypeVar


class _Ordered(Hashable, Protocol):
    def __lt__(self, other: Any, /) -> bool: ...


Left = TypeVar("Left", bound=_Ordered)
Right = TypeVar("Right", bound=_Ordered)

CLEARLY = 5.0
"""Bits by which one partner must be better to drop the other: 32 times as likely."""
_ITSELF = 2  # a pair is among the choices of either side
LINK_AT = 0.5
"""From this score on, "possible" is enough between two sources when neither side has anybody else near."""


def link(
    pairs: Iterable[tuple[Left, Right, float]], *, clearly: float = CLEARLY, strictly: bool = False
) -> list[tuple[Left, Right, float]]:
    """The pairs that remain when nobody keeps a partner beside a clearly better one; best first, in a fixed order.

    The pairs are (id of one source, id of the other, bits) in any order; bits are `verdict.bits_of` what `judge` found.
    A pair goes only if either side has a partner that is better by `clearly` bits and stays itself: a source with
    duplicates of its own keeps them all. `strictly` gives everybody one partner at most; of equals the smaller id wins.
    """
    kept: list[tuple[Left, Right, float]] = []
    best_left: dict[Left, float] = {}
    best_right: dict[Right, float] = {}
    for pair in sorted(pairs, key=lambda one: (-one[2], one[0], one[1])):
        left, right, bits = pair
        if strictly:
            if left in best_left or right in best_right:
                continue
        elif best_left.get(left, bits) - bits >= clearly or best_right.get(right, bits) - bits >= clearly:
            continue
        best_left.setdefault(left, bits)
        best_right.setdefault(right, bits)
        kept.append(pair)
    return kept


def choose(pairs: Iterable[tuple[Left, Right, float, int, float]]) -> list[tuple[Left, Right]]:
    """The pairs of two sources that are one party each: (id, id, bits, level, score) in, with `judge`'s level and score.

    "Duplicate" stays unless a partner is clearly better, as `link` has it. "Possible" of `LINK_AT` and more joins them when
    it is the only choice of both sides: that nobody else comes near is evidence, too, which two records alone can't give.
    """
    offered = [pair for pair in pairs if pair[3] > 0]
    near: dict[tuple[str, Left | Right], list[float]] = {}
    for left, right, bits, _, _ in offered:
        near.setdefault(("left", left), []).append(bits)
        near.setdefault(("right", right), []).append(bits)
    judged = {(left, right): (level, score) for left, right, _, level, score in offered}
    kept: list[tuple[Left, Right]] = []
    for left, right, bits in link((left, right, bits) for left, right, bits, _, _ in offered):
        level, score = judged[left, right]
        rivals = [*near["left", left], *near["right", right]]
        if level > 1 or (score >= LINK_AT and sum(other > bits - CLEARLY for other in rivals) == _ITSELF):
            kept.append((left, right))
    return kept
