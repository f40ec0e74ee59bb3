"""dedupe on a folder, as its documentation recommends: `python -m bench.peers.with_dedupe FOLDER OUT --train FOLDER`.

Variables with `has_missing`; it learns from labelled pairs (`training_data_dedupe`) of other records than those it is judged on;
index predicates on, recall 1. Its own answer are the pairs within the clusters of `partition` at its default threshold, .5. When
two sources are linked it is `RecordLink.join`.
"""

import io
import logging
import random
from importlib.metadata import version
from itertools import combinations
from typing import Any

import dedupe
from dedupe import serializer, variables

from bench.peers.common import Known, Record, Scored, filled, linking, serve

DISTINCT = 5_000
"""Labelled pairs that are not the same, as many as in its own benchmark."""
SAME = 400
"""Labelled pairs that are: a week's work for a person. Its time to learn grows with them; with 1,200 it took from four minutes to
over a quarter of an hour for 2,500 records (and reached .964 on real companies).
"""


def fields(columns: set[str], kind: str) -> list[Any]:
    """A company's name as text (words weighted by frequency) and as string; all that can be missing says so."""
    found: list[Any] = []
    if kind == "company":
        found += [variables.String("core", has_missing=True), variables.Text("company", has_missing=True)]
    else:
        found += [variables.String(name, has_missing=True) for name in ("first_name", "last_name") if name in columns]
    found += [variables.String(name, has_missing=True) for name in ("street", "city", "email") if name in columns]
    found += [
        variables.ShortString(name, has_missing=True)
        for name in ("postal_code", "phone", "birth_date")
        if name in columns
    ]
    return found


def clusters(known: Known) -> dict[str, str]:
    """Each labelled record's cluster."""
    root = {str(record["id"]): str(record["id"]) for record in known.records}

    def find(one: str) -> str:
        while root[one] != one:
            root[one] = root[root[one]]
            one = root[one]
        return one

    for one, two in known.pairs:
        root[find(one)] = find(two)
    return {one: find(one) for one in root}


def written(pairs: Any) -> io.StringIO:
    """The labels as the file that `prepare_training` reads: only so is every labelled record known to its learner."""
    file = io.StringIO()
    same = sorted(pairs["match"], key=str)
    serializer.write_training({**pairs, "match": random.sample(same, min(SAME, len(same)))}, file)
    file.seek(0)
    return file


def match(records: list[Record], known: Known | None) -> tuple[list[Scored], dict[str, Any]]:
    if known is None:
        raise SystemExit("dedupe learns from labelled records: --train FOLDER")
    random.seed(1)
    columns = filled(records) - {"id", "source"}
    people = sum(record["last_name"] is not None or record["first_name"] is not None for record in records)
    kind = "person" if people > len(records) / 2 else "company"
    cluster = clusters(known)

    def rows(own: list[Record]) -> dict[str, dict[str, Any]]:
        return {str(one["id"]): {name: one[name] for name in one if name not in ("id", "source")} for one in own}

    labelled = {key: row | {"cluster": cluster[key]} for key, row in rows(known.records).items()}
    data = rows(records)
    if linking(records):
        sides = sorted({str(record["source"]) for record in records})
        source = {str(record["id"]): record["source"] for record in [*records, *known.records]}
        linker = dedupe.RecordLink(fields(columns, kind), num_cores=1)
        parts = [{key: row for key, row in labelled.items() if source[key] == side} for side in sides]
        pairs = dedupe.training_data_link(*parts, "cluster", DISTINCT)
        linker.prepare_training(*parts, training_file=written(pairs))
        linker.train(index_predicates=True)
        halves = [{key: row for key, row in data.items() if source[key] == side} for side in sides]
        return [(one, two, float(score)) for (one, two), score in linker.join(*halves, threshold=0.0)], {}
    deduper = dedupe.Dedupe(fields(columns, kind), num_cores=1)
    deduper.prepare_training(
        labelled, training_file=written(dedupe.training_data_dedupe(labelled, "cluster", DISTINCT))
    )
    deduper.train(index_predicates=True)
    # What `partition` does, with the scores of the single pairs kept.
    scores = deduper.score(deduper.pairs(data))
    found = [
        (str(one), str(two), float(score)) for (one, two), score in zip(scores["pairs"], scores["score"], strict=True)
    ]
    own = [pair for ids, _ in deduper.cluster(scores, 0.5) for pair in combinations(ids, 2)]
    return found, {"own": own, "predicates": len(deduper.predicates)}


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    serve(match, version("dedupe"))
