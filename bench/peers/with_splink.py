"""splink on a folder, as its documentation recommends: `python -m bench.peers.with_splink FOLDER OUT`.

DuckDB backend; the comparisons of its own library (names, dates of birth, e-mails) with term frequencies; the probability of
a match from deterministic rules, u by random sampling, m by EM over several blocking rules. For company names its authors
advise comparing words by their frequency (discussion 2022 of the project), since whole names are too different.
"""

import logging
import sys
from collections import Counter
from importlib.metadata import version
from typing import Any

import pandas as pd
import splink.comparison_level_library as cll
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from bench.peers.common import Known, Record, Scored, filled, linking, serve

_LEFT, _RIGHT = '"tokens_l"', '"tokens_r"'


def _shared_frequency() -> str:
    """The product of the relative frequencies of the words that both names have: the smaller, the more telling."""
    others = f"list_transform({_RIGHT}, lambda y: y.token)"
    both = f"list_filter({_LEFT}, lambda x: list_contains({others}, x.token))"
    return f"coalesce(list_aggregate(list_transform({both}, lambda x: x.frequency), 'product'), 1.0)"


def company_comparison() -> cl.CustomComparison:
    levels: list[Any] = [
        cll.NullLevel("core"),
        cll.ExactMatchLevel("core", term_frequency_adjustments=True),
        cll.JaroWinklerLevel("core", 0.95),
    ]
    levels += [
        {"sql_condition": f"{_shared_frequency()} <= {limit}", "label_for_charts": f"shared words {limit}"}
        for limit in (1e-9, 1e-7, 1e-5, 1e-3)
    ]
    levels.insert(5, cll.JaroWinklerLevel("core", 0.88))
    levels.append(cll.ElseLevel())
    return cl.CustomComparison(levels, output_column_name="core")


def name_comparison(column: str) -> cl.CustomComparison:
    """The library's `NameComparison` with its level for exchanged first and last names, as `ForenameSurnameComparison` has."""
    levels = [
        cll.NullLevel(column),
        cll.ExactMatchLevel(column, term_frequency_adjustments=True),
        cll.ColumnsReversedLevel("first_name", "last_name"),
        *(cll.JaroWinklerLevel(column, threshold) for threshold in (0.92, 0.88, 0.7)),
        cll.ElseLevel(),
    ]
    return cl.CustomComparison(levels, output_column_name=column)


def address_comparison() -> cl.CustomComparison:
    """Street, postal code and city in one comparison: they go together, which the model can't know of three."""
    same_place = cll.Or(cll.ExactMatchLevel("postal_code"), cll.JaroWinklerLevel("city", 0.9))
    levels = [
        cll.And(cll.NullLevel("street"), cll.NullLevel("postal_code"), cll.NullLevel("city")),
        cll.And(cll.ExactMatchLevel("street"), cll.Or(cll.ExactMatchLevel("postal_code"), cll.ExactMatchLevel("city"))),
        cll.And(cll.JaroWinklerLevel("street", 0.9), same_place),
        cll.ExactMatchLevel("street", term_frequency_adjustments=True),
        cll.JaroWinklerLevel("street", 0.9),
        cll.And(cll.NullLevel("street"), cll.ExactMatchLevel("postal_code")),
        cll.And(cll.ExactMatchLevel("postal_code"), cll.JaroWinklerLevel("city", 0.9)),
        cll.ExactMatchLevel("postal_code", term_frequency_adjustments=True),
        cll.JaroWinklerLevel("city", 0.9),
        cll.ElseLevel(),
    ]
    return cl.CustomComparison(levels, output_column_name="address")


APART = "--apart" in sys.argv
"""Street, postal code and city in three comparisons, as for any other fields. Better where an address is as free of the others as
in made-up sets (febrl1: F1 .996 for .992), worse elsewhere (.71 for .90 on real companies, .77 for .83 on invented people).
"""


def comparisons(columns: set[str], kind: str) -> list[Any]:
    """Those of the columns that are filled. First and last name in one comparison did worse (.94 for .96 on people)."""
    found = (
        [company_comparison()] if kind == "company" else [name_comparison("first_name"), name_comparison("last_name")]
    )
    if "birth_date" in columns:
        found.append(cl.DateOfBirthComparison("birth_date", input_is_string=True))
    if "email" in columns:
        found.append(cl.EmailComparison("email"))
    if "phone" in columns:
        found.append(cl.LevenshteinAtThresholds("phone", [1]).configure(term_frequency_adjustments=True))
    if {"street", "postal_code", "city"} <= columns and not APART:
        return [*found, address_comparison()]
    if "street" in columns:
        found.append(cl.JaroWinklerAtThresholds("street", [0.95, 0.85]).configure(term_frequency_adjustments=True))
    if "postal_code" in columns:
        found.append(cl.LevenshteinAtThresholds("postal_code", [1]).configure(term_frequency_adjustments=True))
    if "city" in columns:
        found.append(cl.JaroWinklerAtThresholds("city", [0.9]).configure(term_frequency_adjustments=True))
    return found


PREDICT = {
    "company": [
        ("core",), ("start", "postal_code"), ("street", "postal_code"), ("phone",), ("email",), ("domain",), ("start", "city"),
        ("rare",), ("rare2", "postal_code"), ("start", "street"),
    ],
    "person": [
        ("first_name", "last_name"), ("last_name", "postal_code"), ("first_name", "postal_code"), ("birth_date",), ("phone",),
        ("email",), ("street", "last_name"), ("street", "first_name"), ("street", "postal_code"), ("first_name", "city"),
        ("last_name", "city"), ("initials", "postal_code"),
    ],
}  # fmt: skip
"""Columns of the blocking rules, of which those count whose columns are filled."""
TRAIN = {
    "company": [("core",), ("street", "postal_code"), ("phone",)],
    "person": [("first_name", "last_name"), ("birth_date",), ("email",)],
}
SURE = {
    "company": [("core", "postal_code"), ("core", "street"), ("core", "phone"), ("core", "email")],
    "person": [
        ("first_name", "last_name", "birth_date"), ("first_name", "last_name", "street"), ("first_name", "last_name", "phone"),
        ("email",), ("first_name", "last_name", "postal_code"),
    ],
}  # fmt: skip


LOOSE = {
    "company": [("rare2",), ("start",), ("postal_code",)],
    "person": [("first_name",), ("last_name",), ("initials", "city")],
}
"""Rules that small sets can afford beside."""
SMALL = 20_000


def usable(rules: list[tuple[str, ...]], columns: set[str]) -> list[tuple[str, ...]]:
    return [rule for rule in rules if set(rule) <= columns]


def word_counts(records: list[Record]) -> Counter[str]:
    return Counter(word for record in records for word in set((record["core"] or "").split()))


def frame(records: list[Record], counts: Counter[str] | None = None) -> pd.DataFrame:
    """The records with the columns that blocking and comparing need; words are counted in them or, by `counts`, in a stock."""
    counts = word_counts(records) if counts is None else counts
    total = sum(counts.values()) or 1
    rows = []
    for record in records:
        words = sorted(set((record["core"] or "").split()), key=lambda word: (counts[word], word))
        first, last, email = record["first_name"], record["last_name"], record["email"]
        rows.append(
            record
            | {
                "full_name": f"{first} {last}" if first and last else None,
                "initials": f"{first[:2]}{last[:2]}" if first and last else None,
                "start": (record["core"] or "")[:6] or None,
                "rare": words[0] if words and counts[words[0]] < 60 else None,
                "rare2": words[1] if len(words) > 1 else None,
                "domain": email.rpartition("@")[2] if email else None,
                "tokens": [{"token": word, "frequency": max(1, counts[word]) / total} for word in words],
            }
        )
    return pd.DataFrame(rows)


def model(data: pd.DataFrame, columns: set[str], kind: str, *, link: bool, pairs: float = 1e6) -> Linker:
    """A trained model. It is told nothing of which pairs are true."""
    return trained(data, columns, kind, link=link, pairs=pairs)[0]


def trained(
    data: pd.DataFrame, columns: set[str], kind: str, *, link: bool, pairs: float
) -> tuple[Linker, DuckDBAPI, list[Any]]:
    """The model with its database and its registered records."""
    api = DuckDBAPI()
    derived = {
        "full_name", "initials", "start", "rare", "rare2", "tokens"
    } | ({"domain"} if "email" in columns else set())  # fmt: skip
    rules = usable(PREDICT[kind] + (LOOSE[kind] if len(data) <= SMALL else []), columns | derived)
    settings = SettingsCreator(
        link_type="link_only" if link else "dedupe_only",
        unique_id_column_name="id",
        comparisons=comparisons(columns, kind),
        blocking_rules_to_generate_predictions=[block_on(*rule) for rule in rules],
        additional_columns_to_retain=[],
        retain_intermediate_calculation_columns=False,
        retain_matching_columns=False,
    )
    by_source = list(data.groupby("source")) if link else [("records", data)]
    parts = [
        api.register(part.drop(columns="source"), dataset_display_name=f"source_{name}") for name, part in by_source
    ]
    linker = Linker(parts if link else parts[0], settings, log_level=logging.ERROR)
    training = linker.training
    sure = usable(SURE[kind], columns) or [rules[0]]
    training.estimate_probability_two_random_records_match([block_on(*rule) for rule in sure], recall=0.8)
    training.estimate_u_using_random_sampling(max_pairs=pairs, seed=1)
    for rule in usable(TRAIN[kind], columns):
        training.estimate_parameters_using_expectation_maximisation(block_on(*rule))
    return linker, api, parts


def match(records: list[Record], _: Known | None) -> tuple[list[Scored], dict[str, Any]]:
    columns = filled(records) - {"id", "source", "company"}
    people = sum(record["last_name"] is not None or record["first_name"] is not None for record in records)
    kind = "person" if people > len(records) / 2 else "company"
    linker = model(frame(records), columns, kind, link=linking(records))
    found = linker.inference.predict(threshold_match_probability=0.0001).as_pandas_dataframe()
    scored = list(zip(found["id_l"], found["id_r"], found["match_probability"], strict=True))
    return scored, {}


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    serve(match, version("splink"))
