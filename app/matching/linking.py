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
