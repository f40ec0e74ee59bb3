"""The last piece of a scan: the clusters of its matches, ranked, a JSON object a line."""

from collections.abc import Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from app.matching.clusters import Cluster, Edge, clusters_of, components, ranked
from app.matching.record import Party
from app.matching.verdict import judge

AT_ONCE = 2_000
"""Components whose parties are in memory together."""
_KINDS = "SELECT id, record_type FROM party WHERE id = ANY($1::bigint[])"
_DUMPS = "SELECT id, dump::text FROM party WHERE id = ANY($1::bigint[])"


async def clusters_in(connection: Any, found: NDArray[Any], apart: Sequence[tuple[int, int]]) -> list[Cluster]:
    """The ranked clusters of all matches of a scan; a record deleted meanwhile is left out. `apart`: dismissed pairs."""
    ids = np.unique(np.concatenate((found["one"], found["other"]))).tolist()
    kinds: dict[int, str] = dict(map(tuple, await connection.fetch(_KINDS, ids)))
    columns = (found[name].tolist() for name in ("one", "other", "chance", "bits", "level"))
    edges = (Edge(*row) for row in zip(*columns, strict=True))
    parts = components(edge for edge in edges if edge.one in kinds and edge.other in kinds)
    kept_apart = {(min(pair), max(pair)) for pair in apart}
    clusters: list[Cluster] = []
    large: list[list[Edge]] = []
    for part in parts:
        if len(part) == 1:
            clusters += clusters_of(part, kinds, _never, kept_apart)
        else:
            large.append(part)
    rest = iter(large)
    while some := list(islice(rest, AT_ONCE)):
        verdicts = _Verdicts(await connection.fetch(_DUMPS, sorted({i for part in some for e in part for i in e[:2]})))
        for part in some:
            clusters += clusters_of(part, kinds, verdicts, kept_apart)
    return ranked(clusters)


def _never(one: int, other: int) -> tuple[float, int]:
    raise AssertionError((one, other))


class _Verdicts:
    """Asks `judge` about pairs that were no candidates of each other."""

    def __init__(self, rows: Sequence[tuple[int, str]]) -> None:
        self._dumps: dict[int, str] = dict(map(tuple, rows))  # type: ignore[arg-type]  # rows are tuples
        self._loaded: dict[int, Party] = {}

    def __call__(self, one: int, other: int) -> tuple[float, int]:
        a, b = self._party(one), self._party(other)
        if a is None or b is None:
            return 0.0, 0
        chance, level, _ = judge(a, b)
        return chance, level

    def _party(self, id_: int) -> Party | None:
        party = self._loaded.get(id_)
        if party is None and (dump := self._dumps.get(id_)) is not None:
            party = self._loaded[id_] = Party.load(orjson.loads(dump))
        return party


def as_lines(clusters: Sequence[Cluster]) -> bytes:
    """As the file of a scan keeps them."""
    return b"\n".join(orjson.dumps(asdict(cluster)) for cluster in clusters)


def read_lines(path: Path, begin: int, number: int) -> list[Cluster]:
    """So many clusters of the file from there on."""
    with path.open("rb") as file:
        lines = islice(file, begin, begin + number)
        return [
            Cluster(**{**row, "members": tuple(row["members"]), "related": tuple(row["related"])})
            for row in map(orjson.loads, lines)
        ]
