"""What every peer is given: the records, cleaned as each library's documentation advises, and how it hands back its pairs.

Runs in an environment without the product. The cleaning is kind to the peers: small letters, umlauts spelt out, no accents
and punctuation, "Str." as "strasse", phone numbers as national digits, a company's name without its legal form as well.
"""

import argparse
import csv
import json
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path
from time import perf_counter
from typing import Any

Record = dict[str, str | None]
Scored = tuple[str, str, float]
Matcher = Callable[[list[Record], "Known | None"], tuple[Iterable[Scored], dict[str, Any]]]

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_OTHER = re.compile(r"[^a-z0-9]+")
_STREET = re.compile(r"str\b")
_LEGAL = re.compile(
    r"\b(?:gesellschaft mit beschraenkter haftung|mit beschraenkter haftung|unternehmergesellschaft|haftungsbeschraenkt"
    r"|kommanditgesellschaft|aktiengesellschaft|g ?m ?b ?h|ges ?m ?b ?h|gesmbh|mbh|ug|ag|kg|ohg|og|eg|e k|ek|e u|gbr"
    r"|se|co|ltd|limited|und)\b"
)


def cleaned(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text.lower().translate(_UMLAUTS))
    return _OTHER.sub(" ", folded).strip()


def national(phone: str) -> str:
    """The digits after the country's code."""
    digits = re.sub(r"\D", "", phone.replace("(0)", ""))
    digits = re.sub(r"^(?:00)?(?:49|43|41)", "", digits) if phone.strip()[:1] == "+" or digits[:2] == "00" else digits
    return digits.lstrip("0")


def prepared(row: dict[str, str]) -> Record:
    """A record of records.csv for a peer; None where nothing is known. The id number is left out."""
    street = _STREET.sub("strasse", cleaned(row["street"]))
    company = cleaned(row["company_name"])
    email = row["email"].strip().lower()
    record = {
        "id": row["id"],
        "source": row["source"],
        "company": company,
        "core": _OTHER.sub(" ", _LEGAL.sub(" ", company)).strip() or company,
        "first_name": cleaned(row["first_name"]),
        "last_name": cleaned(row["last_name"]),
        "street": street,
        "postal_code": row["postal_code"].strip(),
        "city": cleaned(row["city"]),
        "phone": national(row["phone"]),
        "email": email if email.count("@") == 1 else "",
        "birth_date": row["birth_date"] if re.fullmatch(r"\d{4}-\d\d-\d\d", row["birth_date"]) else "",
    }
    return {field: value or None for field, value in record.items()}


def read(folder: Path) -> list[Record]:
    with (folder / "records.csv").open(encoding="utf-8", newline="") as file:
        return [prepared(row) for row in csv.DictReader(file)]


class Known:
    """Labelled records to learn from: other ones than those that are judged."""

    def __init__(self, folder: Path) -> None:
        self.records = read(folder)
        with (folder / "pairs.csv").open(encoding="utf-8", newline="") as file:
            self.pairs = [(row["id_a"], row["id_b"]) for row in csv.DictReader(file)]


def filled(records: list[Record], least: float = 0.02) -> set[str]:
    """The columns that have something in them."""
    return {
        field for field in records[0] if sum(record[field] is not None for record in records) > least * len(records)
    }


def linking(records: list[Record]) -> bool:
    return len({record["source"] for record in records}) > 1


def serve(matcher: Matcher, version: str) -> None:
    """Read a folder, match, write `id_a,id_b,score,own` to a file, print the figures of the run as JSON.

    `own` is 1 for the pairs that the peer itself calls the same: those above its threshold, or in the clusters that it made
    (`own` among the matcher's figures). The seconds count what is done with the records after they were read, training
    included; loading the library is not.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--train", type=Path)
    parser.add_argument("--apart", action="store_true", help="another way to compare addresses: with_splink")
    arguments = parser.parse_args()
    with (arguments.folder / "records.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    known = Known(arguments.train) if arguments.train else None
    started = perf_counter()
    scored, more = matcher([prepared(row) for row in rows], known)
    scored = list(scored)
    seconds = perf_counter() - started
    threshold = 0.5
    pairs = {(min(one, two), max(one, two)): score for one, two, score in scored}
    clustered = more.pop("own", None)
    own = (
        {pair for pair, score in pairs.items() if score >= threshold}
        if clustered is None
        else {(min(pair), max(pair)) for pair in clustered}
    )
    with arguments.out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("id_a", "id_b", "score", "own"))
        writer.writerows([*pair, pairs.get(pair, threshold), int(pair in own)] for pair in sorted(pairs.keys() | own))
    json.dump({"seconds": seconds, "version": version} | more, sys.stdout)
