"""One new record against a stock with splink: `python -m bench.peers.online_splink FOLDER --queries 200`.

Source `a` of the folder is the stock, source `b` is asked. A model for each kind, trained on both (the stock alone has no
pair to learn from); each new record goes
through `predict_between`, as the documentation has it for incremental linkage, with term frequencies of the stock registered
once. What is measured is one call, the record already prepared. Prints milliseconds as JSON.
"""

import argparse
import json
import logging
import random
import resource
from importlib.metadata import version
from pathlib import Path
from statistics import quantiles
from time import perf_counter

from bench.peers.common import Record, filled, read
from bench.peers.with_splink import frame, trained, word_counts


class Stock:
    """The records of one kind, and the model that was trained on them."""

    def __init__(self, records: list[Record], kind: str) -> None:
        columns = filled(records) - {"id", "source", "company"}
        columns -= {"core"} if kind == "person" else {"first_name", "last_name", "birth_date"}
        self._counts = word_counts(records)
        data = frame(records, self._counts)
        self._linker, self._api, _ = trained(data, columns, kind, link=False, pairs=1e6)
        stock = data[data["source"] == "a"].drop(columns="source")
        self._stock = self._api.register(stock, dataset_display_name="stock")
        for column in self._linker._settings_obj._term_frequency_columns:  # noqa: SLF001 (there is no public list)
            self._linker.table_management.compute_tf_table(column.unquote().name)
        self._asked = 0

    def ask(self, record: Record) -> tuple[float, int]:
        """How long it took, and how many were found."""
        one = frame([record], self._counts).drop(columns="source")
        self._asked += 1
        began = perf_counter()
        new = self._api.register(one, dataset_display_name=f"asked_{self._asked}")
        found = self._linker.inference.predict_between(self._stock, new, threshold_match_probability=0.5)
        number = len(found.as_record_list())
        seconds = perf_counter() - began
        found.drop_table_from_database_and_remove_from_cache()
        return seconds, number


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--queries", type=int, default=200)
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    records = read(arguments.folder)
    stocks: dict[str, Stock] = {}
    began = perf_counter()
    for kind in ("company", "person"):
        own = [one for one in records if kind_of(one) == kind]
        if own:
            stocks[kind] = Stock(own, kind)
    prepared = perf_counter() - began
    asked = [one for one in records if one["source"] == "b"]
    random.Random(1).shuffle(asked)
    stocked = sum(one["source"] == "a" for one in records)
    del records
    for one in asked[:20]:
        stocks[kind_of(one)].ask(one)
    took = [stocks[kind_of(one)].ask(one) for one in asked[20 : 20 + arguments.queries]]
    cuts = quantiles([seconds for seconds, _ in took], n=100, method="inclusive")
    print(
        json.dumps(
            {
                "version": version("splink"),
                "stock": stocked,
                "queries": len(took),
                "p50": round(1000 * cuts[49], 2),
                "p95": round(1000 * cuts[94], 2),
                "p99": round(1000 * cuts[98], 2),
                "asked_with_a_find": sum(number > 0 for _, number in took),
                "training_seconds": round(prepared, 1),
                "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000,
            }
        )
    )


def kind_of(record: Record) -> str:
    return "person" if record["first_name"] or record["last_name"] else "company"


if __name__ == "__main__":
    main()
