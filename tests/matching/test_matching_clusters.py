"""Clusters: no chains through weak links, the same whatever the order, nothing lost and nothing twice."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.matching.clusters import LARGEST, Cluster, Edge, clusters_of, components, ranked

Verdicts = dict[tuple[int, int], tuple[float, float, int]]
"""By pair: chance, bits, level."""
_BY_LEVEL = {0: (0.01, -9.0), 1: (0.5, 0.0), 2: (0.99, 9.0)}


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Verdicts, dict[int, str], set[tuple[int, int]]]:
    """What the matcher says about every pair of some records, their kinds, and what was dismissed."""
    records = range(1, draw(st.integers(2, 9)) + 1)
    kinds = {record: draw(st.sampled_from(("account", "account", "account", "lead"))) for record in records}
    verdicts = {}
    for pair in combinations(records, 2):
        level = draw(st.sampled_from((0, 1, 2, 2)))
        chance, bits = _BY_LEVEL[level]
        verdicts[pair] = (chance, bits + draw(st.integers(0, 3)), level)
    apart = draw(st.sets(st.sampled_from(sorted(verdicts)), max_size=2))
    return verdicts, kinds, apart


def cluster(verdicts: Verdicts, kinds: dict[int, str], apart: set[tuple[int, int]], edges: list[Edge]) -> list[Cluster]:
    found = []
    for part in components(edges):
        found += clusters_of(part, kinds, lambda a, b: (verdicts[a, b][0], verdicts[a, b][2]), apart)
    return ranked(found)


def edges_of(verdicts: Verdicts, level: int = 2) -> list[Edge]:
    return [Edge(*pair, *verdict) for pair, verdict in verdicts.items() if verdict[2] >= level]


@pytest.mark.rule("DUP-9")
@given(world=worlds(), data=st.data())
@settings(max_examples=300, deadline=None)
def test_the_rules_hold_whatever_the_pairs_and_in_whatever_order(
    world: tuple[Verdicts, dict[int, str], set[tuple[int, int]]], data: st.DataObject
) -> None:
    verdicts, kinds, apart = world
    edges = edges_of(verdicts)
    found = cluster(verdicts, kinds, apart, edges)
    members = [record for one in found for record in one.members]
    assert len(members) == len(set(members)), "a record is in one cluster at most"
    for one in found:
        pairs = list(combinations(one.members, 2))
        assert len(one.members) > 1 and {kinds[record] for record in one.members} == {one.kind}
        assert all(verdicts[pair][2] >= 1 and pair not in apart for pair in pairs), "no pair speaks against it"
        joined = components(edge for edge in edges if edge[:2] in pairs)
        assert len(joined) == 1 and {r for edge in joined[0] for r in edge[:2]} == set(one.members)
        assert one.score == pytest.approx(sum(verdicts[pair][0] for pair in pairs) / len(pairs))
        assert one.level == min(verdicts[pair][2] for pair in pairs)
        assert all(kinds[other] != one.kind for other in one.related)
    where = {record: at for at, one in enumerate(found) for record in one.members}
    for edge in edges:
        free = edge.one not in where and edge.other not in where
        assert not free or kinds[edge.one] != kinds[edge.other] or edge[:2] in apart, (
            "a pair that nothing bars is found"
        )
    assert cluster(verdicts, kinds, apart, data.draw(st.permutations(edges))) == found


@pytest.mark.rule("DUP-9")
def test_a_chain_is_no_cluster_when_its_ends_have_nothing_in_common() -> None:
    verdicts = {(1, 2): (0.99, 20.0, 2), (2, 3): (0.95, 10.0, 2), (1, 3): (0.0, -9.0, 0)}
    kinds = dict.fromkeys((1, 2, 3), "account")
    (found,) = cluster(verdicts, kinds, set(), edges_of(verdicts))
    assert found.members == (1, 2), "the surer pair stands"
    verdicts[1, 3] = (0.4, 0.0, 1)
    (found,) = cluster(verdicts, kinds, set(), edges_of(verdicts))
    assert found.members == (1, 2, 3) and found.level == 1, "its ends may be one"


def test_a_lead_of_a_customer_stands_beside_the_customers_not_among_them() -> None:
    verdicts = {(1, 2): (0.99, 20.0, 2), (2, 3): (0.99, 25.0, 2), (1, 3): (0.99, 25.0, 2)}
    (found,) = cluster(verdicts, {1: "account", 2: "account", 3: "lead"}, set(), edges_of(verdicts))
    assert found.members == (1, 2) and found.related == (3,)


def test_a_record_that_was_entered_fifty_times_comes_in_clusters_that_can_be_merged() -> None:
    verdicts = dict.fromkeys(combinations(range(50), 2), (0.99, 20.0, 2))
    found = cluster(verdicts, dict.fromkeys(range(50), "contact"), set(), edges_of(verdicts))
    assert sum(len(one.members) for one in found) == 50
    assert all(len(one.members) <= LARGEST for one in found) and len(found) <= 10


def test_the_most_rewarding_cluster_comes_first() -> None:
    big = Cluster("lead", (7, 8, 9), 0.9, 2)
    sure, unsure = Cluster("contact", (3, 4), 0.99, 2), Cluster("contact", (1, 2), 0.9, 1)
    customers = Cluster("account", (5, 6), 0.99, 2)
    assert ranked([unsure, sure, customers, big]) == [big, customers, sure, unsure]
