"""The comparison with other libraries counts rightly and is fair; the libraries themselves are not run here."""

import csv
from pathlib import Path

import pytest

from bench import matching_peers
from bench.matching import read
from bench.matching_peers import Result, best_f1, compared, halves, judged, rounds, table
from bench.peers.common import Known, cleaned, filled, linking, national, prepared
from bench.population import population, write
from bench.population_draw import COLUMNS, VALUES


def result(name: str, f1: float, seconds: list[float]) -> Result:
    return Result(name, {"f1": f1, "precision": 1.0, "recall": f1}, f1, seconds, "1.0")


def test_the_best_f1_takes_pairs_of_one_score_together() -> None:
    assert best_f1([(0.9, True), (0.5, True), (0.4, False)], 2) == 1.0
    assert best_f1([(0.9, True), (0.9, False)], 1) == 0.6667
    assert best_f1([], 3) == 0.0


def test_a_peer_is_judged_by_its_own_answer_and_by_its_best_threshold() -> None:
    rows = [
        {"id_a": "1", "id_b": "2", "score": "0.9", "own": "1"},
        {"id_a": "1", "id_b": "3", "score": "0.8", "own": "1"},
        {"id_a": "4", "id_b": "5", "score": "0.85", "own": "0"},
    ]
    own, best = judged(rows, {("1", "2"), ("4", "5")})
    assert own == {"f1": 0.5, "precision": 0.5, "recall": 0.5}
    assert best == 1.0


def test_ratios_are_ours_to_theirs() -> None:
    against = compared(result("product", 0.99, [1.0, 9.0, 2.0]), result("splink", 0.96, [4.0]))
    assert against == {"errors": 0.25, "errors_at_best": 0.25, "seconds": 0.5}
    assert compared(result("product", 0.99, [1.0]), result("splink", 1.0, [0.0]))["errors"] is None


def test_the_table_names_single_rounds_and_failures() -> None:
    failed = Result("dedupe", {}, 0.0, failed="no compiler")
    text = table("set", [result("product", 0.99, [1.0, 2.0, 3.0]), result("splink", 0.96, [4.0]), failed])
    lines = text.splitlines()
    assert lines[2].startswith("product") and "2.00" in lines[2] and "round" not in lines[2]
    assert "0.25" in lines[3] and "0.50" in lines[3] and "one round" in lines[3]
    assert lines[4] == "dedupe         failed: no compiler"
    assert "failed" in table("set", [failed, result("splink", 0.96, [4.0])])


def test_rounds_take_turns_and_leave_out_who_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, population(50, seed=1))
    asked: list[str] = []

    def peer(name: str, *_: object) -> Result:
        asked.append(name)
        if name == "dedupe":
            raise RuntimeError("no compiler")
        return result(name, 0.9, [2.0])

    def product(_: Path) -> Result:
        asked.append("product")
        return result("product", 0.99, [1.0])

    monkeypatch.setattr(matching_peers, "peer", peer)
    monkeypatch.setattr(matching_peers, "product", product)
    found = rounds(["product", "dedupe", "splink"], 3, tmp_path, None, tmp_path)
    assert asked == ["product", "dedupe", "splink", "product", "splink", "product", "splink"]
    assert [(one.matcher, one.failed, one.seconds) for one in found] == [
        ("product", "", [1.0] * 3), ("dedupe", "no compiler", []), ("splink", "", [2.0] * 3),
    ]  # fmt: skip


def test_nothing_learnt_from_is_judged(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    write(folder, population(300, duplicates=0.4, seed=2))
    train, test = halves(folder, tmp_path)
    (learnt, learnt_pairs), (asked, asked_pairs), (whole, pairs) = read(train), read(test), read(folder)
    ids = {row["id"] for row in learnt}, {row["id"] for row in asked}
    assert not ids[0] & ids[1]
    assert len(learnt) + len(asked) == len(whole)
    assert learnt_pairs | asked_pairs == pairs
    known = Known(train)
    assert len(known.records) == len(learnt) and len(known.pairs) == len(learnt_pairs)


def test_peers_get_all_values_but_the_id_number() -> None:
    row = dict.fromkeys(COLUMNS, "") | {
        "id": "7", "source": "a", "kind": "company", "company_name": "Müller-Bau GmbH & Co. KG", "street": "Höfer Str. 4a",
        "postal_code": "01067", "city": "Dresden", "phone": "+49 (0)351 / 12 34", "email": "Info@X.de",
        "birth_date": "1970-01-31", "other_id": "DE123",
    }  # fmt: skip
    assert prepared(row) == {
        "id": "7", "source": "a", "company": "mueller bau gmbh co kg", "core": "mueller bau", "first_name": None,
        "last_name": None, "street": "hoefer strasse 4a", "postal_code": "01067", "city": "dresden", "phone": "3511234",
        "email": "info@x.de", "birth_date": "1970-01-31",
    }  # fmt: skip
    assert set(VALUES) - {"other_id", "state", "country", "company_name"} <= set(prepared(row))


def test_the_cleaning_is_kind() -> None:
    assert national("0351 1234") == national("0049351/1234") == national("+49 351 1234") == "3511234"
    assert cleaned("  Café & Söhne ") == "cafe soehne"
    only = prepared(dict.fromkeys(COLUMNS, "") | {"company_name": "GmbH & Co. KG"})
    assert only["core"] == "gmbh co kg"  # a name that is nothing but legal form is kept


def test_what_a_set_is_like(tmp_path: Path) -> None:
    write(tmp_path, population(200, sources=(150, 50), kind="person", fields=("name", "city"), seed=3))
    with (tmp_path / "records.csv").open(encoding="utf-8", newline="") as file:
        records = [prepared(row) for row in csv.DictReader(file)]
    assert filled(records) == {"id", "source", "first_name", "last_name", "city"}
    assert linking(records)
