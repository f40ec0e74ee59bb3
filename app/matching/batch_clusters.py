"""The last piece of a scan: the clusters of its matches, ranked, a JSON object a line."""

from collections.abc import Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from app.matching.clusters import KINDS, Cluster, Edge, clusters_of, components, ranked
from app.matching.record import Party
from app.matching.verdict import judge

AT_ONCE = 2_000
"""Components whose parties are in memory together."""
_IDS_AT_ONCE = 20_000
_KINDS = "SELECT id, record_type FROM party WHERE id = ANY($1::bigint[])"
_DUMPS = "SELECT id, dump::text FROM party WHERE id = ANY($1::bigint[])"


async def clusters_in(connection: Any, found: NDArray[Any], apart: Sequence[tuple[int, int]]) -> list[Cluster]:
    """The ranked clusters of all matches of a scan; a record deleted meanwhile is left out. `apart`: dismissed pairs."""
    ids = np.unique(np.concatenate((found["one"], found["other"])))
    kinds = await _kinds_of(connection, ids)
    one, other = np.searchsorted(ids, found["one"]), np.searchsorted(ids, found["other"])
    there = (kinds[one] >= 0) & (kinds[other] >= 0)
    found, one, other = found[there], one[there], other[there]
    degrees = np.bincount(one, minlength=len(ids)) + np.bincount(other, minlength=len(ids))
    # Most pairs stand alone: they are clusters as they are, and need no objects.
    alone = (degrees[one] == 1) & (degrees[other] == 1)
    kept_apart = {(min(pair), max(pair)) for pair in apart}
    twins = alone & (kinds[one] == kinds[other])
    rows = (found[name][twins].tolist() for name in ("one", "other", "chance", "level"))
    clusters = [
        Cluster(KINDS[kind], (first, second), chance, level)
        for kind, first, second, chance, level in zip(kinds[one[twins]].tolist(), *rows, strict=True)
        if (first, second) not in kept_apart
    ]
    columns = (found[name][~alone].tolist() for name in ("one", "other", "chance", "bits", "level"))
    by_id = {
        int(id_): KINDS[kind]
        for part in (one, other)
        for id_, kind in zip(ids[part[~alone]], kinds[part[~alone]], strict=True)
    }
    rest = iter(components(Edge(*row) for row in zip(*columns, strict=True)))
    while some := list(islice(rest, AT_ONCE)):
        verdicts = _Verdicts(await connection.fetch(_DUMPS, sorted({i for part in some for e in part for i in e[:2]})))
        for part in some:
            clusters += clusters_of(part, by_id, verdicts, kept_apart)
    return ranked(clusters)


async def _kinds_of(connection: Any, ids: NDArray[np.int64]) -> NDArray[np.int8]:
    """What each party is, as a number in `KINDS`; −1 when it is gone."""
    kinds = np.full(len(ids), -1, np.int8)
    for begin in range(0, len(ids), _IDS_AT_ONCE):
        rows = await connection.fetch(_KINDS, ids[begin : begin + _IDS_AT_ONCE].tolist())
        kinds[np.searchsorted(ids, [row["id"] for row in rows])] = [KINDS.index(row["record_type"]) for row in rows]
    return kinds


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
