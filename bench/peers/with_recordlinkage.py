"""The recordlinkage toolkit on a folder: `python -m bench.peers.with_recordlinkage FOLDER OUT`.

Blocking on several columns, comparison vectors of similarities cut at .9, and its `ECMClassifier`, which learns without labels.
Street and postal code are compared as one: taken for independent they bring real companies from F1 .81 down to .65.
"""

import logging
import warnings
from importlib.metadata import version
from typing import Any

import pandas as pd
import recordlinkage

from bench.peers.common import Known, Record, Scored, filled, linking, serve

BLOCKS = ("core", "last_name", "first_name", "birth_date", "postal_code", "phone", "email", "street")
SIMILAR = ("core", "first_name", "last_name", "address", "city", "email")
EXACT = ("phone", "birth_date")


def match(records: list[Record], _: Known | None) -> tuple[list[Scored], dict[str, Any]]:
    columns = filled(records) | {"address"}
    people = sum(record["last_name"] is not None or record["first_name"] is not None for record in records)
    columns -= {"core"} if people > len(records) / 2 else {"first_name", "last_name"}
    data = pd.DataFrame(records).set_index("id")
    address = data["street"].fillna("") + " " + data["postal_code"].fillna("")
    data["address"] = address.str.strip().replace("", None)
    frames = [part for _, part in data.groupby("source")] if linking(records) else [data]
    indexer = recordlinkage.Index()
    for column in BLOCKS:
        if column in columns:
            indexer.block(column)
    pairs = indexer.index(*frames)
    compare = recordlinkage.Compare()
    for column in SIMILAR:
        if column in columns:
            compare.string(column, column, method="jarowinkler", threshold=0.9, label=column)
    for column in EXACT:
        if column in columns:
            compare.exact(column, column, label=column)
    vectors = compare.compute(pairs, *frames).fillna(0).astype(int)
    vectors = vectors.loc[
        :, (vectors != vectors.iloc[0]).any()
    ]  # it fails on a field that is always or never alike (its issue 75)
    classifier = recordlinkage.ECMClassifier()
    classifier.fit(vectors)
    chances = classifier.prob(vectors)
    chances = chances[chances > 0.0001]
    return [(one, two, float(chance)) for (one, two), chance in chances.items()], {"comparisons": len(pairs)}


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    warnings.filterwarnings("ignore")
    serve(match, version("recordlinkage"))
