"""Two sources: who is whom."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.matching.linking import CLEARLY, link

PAIRS = st.dictionaries(
    st.tuples(st.integers(0, 6), st.integers(0, 6)), st.floats(0, 60, allow_nan=False), max_size=30
).map(lambda found: [(left, right, bits) for (left, right), bits in found.items()])


@pytest.mark.rule("DUP-1")
def test_the_clearly_better_partner_wins() -> None:
    assert link([(1, 10, 30.0), (1, 11, 20.0), (2, 11, 19.0)]) == [(1, 10, 30.0), (2, 11, 19.0)]


def test_a_source_with_duplicates_keeps_them() -> None:
    pairs = [(1, 10, 30.0), (1, 11, 28.0), (2, 11, 27.0)]
    assert link(pairs) == pairs
    assert link(pairs, strictly=True) == [(1, 10, 30.0), (2, 11, 27.0)]


@given(PAIRS, st.randoms(use_true_random=False))
def test_the_order_does_not_matter(pairs: list[tuple[int, int, float]], random: object) -> None:
    shuffled = list(pairs)
    random.shuffle(shuffled)  # type: ignore[attr-defined] # hypothesis types its generators as object
    assert link(pairs) == link(shuffled)
    assert link(pairs, strictly=True) == link(shuffled, strictly=True)


@given(PAIRS)
def test_nobody_loses_a_partner_without_having_a_clearly_better_one(pairs: list[tuple[int, int, float]]) -> None:
    kept = link(pairs)
    for pair in pairs:
        better = [one for one in kept if (one[0] == pair[0] or one[1] == pair[1]) and one[2] - pair[2] >= CLEARLY]
        assert (pair in kept) == (not better)


@given(PAIRS)
def test_strictly_means_one_each(pairs: list[tuple[int, int, float]]) -> None:
    kept = link(pairs, strictly=True)
    assert len({left for left, _, _ in kept}) == len({right for _, right, _ in kept}) == len(kept)
