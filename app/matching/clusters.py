"""From pairs to clusters: which records are one and the same party. Pure.

A cluster grows from the surest pair down, and only by pairs that are called a match; but it takes in a record, or another
cluster, only if *every* pair between the two is at least "possible" and none was dismissed. So A~B and B~C make no cluster of
three when A and C have nothing in common: one piece of evidence against keeps them apart, and the surer pair stands. Records
of different kinds (a lead and its customer) are never in one cluster; they are named beside it.

The same pairs give the same clusters in whatever order they come.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations, product
from math import fsum
from typing import NamedTuple

LARGEST = 10
"""Records of one cluster: as many as can be merged in one go. What is more comes as further clusters, and again at the next scan."""
RELATED = 10


class Edge(NamedTuple):
    """A pair that was called a match: `one` < `other`; `bits` is its evidence, `level` 1 possible or 2 duplicate."""

    one: int
    other: int
    chance: float
    bits: float
    level: int


Verdict = Callable[[int, int], tuple[float, int]]
"""Chance and level of any pair, the smaller id first: what `judge` says."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Records that are one: `score` is the mean chance of its pairs, `level` that of its weakest pair."""

    kind: str
    members: tuple[int, ...]
    score: float
    level: int
    related: tuple[int, ...] = ()
    """Records of other kinds that match one of them, the surest first."""

    @property
    def gain(self) -> float:
        """What a look at it is worth: how many records may go, times how sure that is."""
        return self.score * (len(self.members) - 1)


def components(edges: Iterable[Edge]) -> list[list[Edge]]:
    """The edges by what hangs together, however loosely; in a fixed order."""
    root: dict[int, int] = {}

    def find(one: int) -> int:
        while (up := root.setdefault(one, one)) != one:
            root[one] = one = root[up]
        return one

    ordered = sorted(edges)
    for edge in ordered:
        first, second = sorted((find(edge.one), find(edge.other)))
        root[second] = first
    parts: dict[int, list[Edge]] = defaultdict(list)
    for edge in ordered:
        parts[find(edge.one)].append(edge)
    return list(parts.values())


def clusters_of(
    edges: Collection[Edge],
    kinds: Mapping[int, str],
    verdict: Verdict,
    apart: Collection[tuple[int, int]] = frozenset(),
    *,
    largest: int = LARGEST,
) -> list[Cluster]:
    """The clusters of one component (or of all). `verdict` is asked about pairs that are no edge; `apart` are dismissed pairs."""
    known = {(edge.one, edge.other): (edge.chance, edge.level) for edge in edges}

    def level_of(one: int, other: int) -> int:
        pair = (one, other) if one < other else (other, one)
        if pair in apart:
            return 0
        if pair not in known:
            known[pair] = verdict(*pair)
        return known[pair][1]

    members: dict[int, set[int]] = {}
    for edge in sorted(edges, key=lambda e: (-e.bits, e.one, e.other)):
        one, other = edge.one, edge.other
        if kinds[one] != kinds[other] or (one, other) in apart:
            continue
        left, right = members.setdefault(one, {one}), members.setdefault(other, {other})
        if left is right or len(left) + len(right) > largest:
            continue
        if all(level_of(a, b) for a, b in product(sorted(left), sorted(right))):
            left |= right
            for record in right:
                members[record] = left
    related = _related(edges, kinds, apart)
    found = []
    for group in {id(group): group for group in members.values()}.values():
        if len(group) > 1:
            ordered = tuple(sorted(group))
            pairs = [known[pair] for pair in combinations(ordered, 2)]
            beside: dict[int, float] = {}
            for record in ordered:
                for bits, other in related.get(record, ()):
                    beside[other] = max(bits, beside.get(other, bits))
            found.append(
                Cluster(
                    kinds[ordered[0]],
                    ordered,
                    fsum(chance for chance, _ in pairs) / len(pairs),
                    min(level for _, level in pairs),
                    tuple(sorted(beside, key=lambda other: (-beside[other], other))[:RELATED]),
                )
            )
    return sorted(found, key=lambda cluster: cluster.members)


def _related(
    edges: Iterable[Edge], kinds: Mapping[int, str], apart: Collection[tuple[int, int]]
) -> dict[int, list[tuple[float, int]]]:
    related: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for edge in edges:
        if kinds[edge.one] != kinds[edge.other] and (edge.one, edge.other) not in apart:
            related[edge.one].append((edge.bits, edge.other))
            related[edge.other].append((edge.bits, edge.one))
    return related


KINDS = ("account", "contact", "lead")


def ranked(clusters: Iterable[Cluster]) -> list[Cluster]:
    """The most rewarding first: by `gain`; of equals customers before people before leads, then the older records."""
    return sorted(clusters, key=lambda cluster: (-round(cluster.gain, 6), KINDS.index(cluster.kind), cluster.members))
