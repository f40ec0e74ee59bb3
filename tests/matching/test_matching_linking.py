"""Two sources: who is whom."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.matching.linking import CLEARLY, LINK_AT, choose, link

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


@pytest.mark.rule("DUP-1")
def test_a_possible_pair_is_linked_when_both_have_no_other_choice() -> None:
    sure, only, rival, weak = (
        (1, 10, 30.0, 2, 0.99),
        (2, 11, 12.0, 1, 0.6),
        (2, 12, 9.0, 1, 0.55),
        (3, 13, 9.0, 1, LINK_AT - 0.1),
    )
    assert choose([sure, only, weak]) == [(1, 10), (2, 11)]
    assert choose([sure, only, rival]) == [(1, 10)]
    assert choose([(1, 11, 20.0, 1, 0.7), (1, 10, 30.0, 2, 0.99)]) == [(1, 10)]


@given(PAIRS, st.randoms(use_true_random=False))
def test_the_choice_does_not_depend_on_the_order(pairs: list[tuple[int, int, float]], random: object) -> None:
    scored = [(left, right, bits, 2 if bits > 15 else 1, min(1.0, bits / 20)) for left, right, bits in pairs]
    shuffled = list(scored)
    random.shuffle(shuffled)  # type: ignore[attr-defined] # hypothesis types its generators as object
    assert choose(scored) == choose(shuffled)
