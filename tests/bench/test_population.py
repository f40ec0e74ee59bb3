"""Generated populations: the same for the same seed, in the right format, and their pairs are true."""

import csv
import re
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from bench.corruption import PROFILES, Corruptor
from bench.matching import read, values
from bench.population import fields_of, population, write
from bench.population_draw import COLUMNS, EMPTY, Inventor
from bench.population_words import TOWNS


def test_the_same_seed_gives_the_same_rows_and_another_one_others() -> None:
    first, again, other = (list(population(400, seed=seed)) for seed in (3, 3, 4))
    assert first == again
    assert first != other


def test_the_files_are_what_the_benches_read(tmp_path: Path) -> None:
    counted = write(tmp_path, population(1_000, duplicates=0.4, seed=1))
    with (tmp_path / "records.csv").open(encoding="utf-8", newline="") as file:
        assert tuple(next(csv.reader(file))) == COLUMNS
    rows, pairs = read(tmp_path)
    assert counted == (1_000, len(pairs)) == (len(rows), len(pairs))
    ids = {row["id"] for row in rows}
    assert len(ids) == 1_000
    assert pairs and {one for pair in pairs for one in pair} <= ids
    assert Counter(row["kind"] for row in rows).keys() == {"company", "person"}
    for row in rows:
        assert row["company_name"] or row["first_name"] or row["last_name"]
        assert not row["birth_date"] or re.fullmatch(r"\d{4}-\d\d-\d\d", row["birth_date"])
        values(row)


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7])
def test_so_many_records_are_copies_as_asked_for(share: float) -> None:
    rows = list(population(1_000, duplicates=share, seed=2))
    assert len(rows) == 1_000
    assert len({row["entity"] for row in rows}) == 1_000 - round(1_000 * share)
    sizes = Counter(row["entity"] for row in rows)
    assert all(int(row["size"]) == sizes[row["entity"]] for row in rows)


def test_two_sources_hold_a_party_once_each(tmp_path: Path) -> None:
    rows = list(population(600, sources=(500, 100), duplicates=0.5, seed=5))
    assert Counter(row["source"] for row in rows) == {"a": 500, "b": 100}
    assert all(count == 1 for count in Counter((row["entity"], row["source"]) for row in rows).values())
    assert write(tmp_path, rows) == (600, 50)
    source = {row["id"]: row["source"] for row in rows}
    assert {(source[one], source[two]) for one, two in read(tmp_path)[1]} == {("a", "b")}


def test_only_the_fields_asked_for_are_filled() -> None:
    rows = list(population(200, kind="person", fields=("name", "city", "birth_date"), seed=6))
    assert fields_of(["name"]) == {"company_name", "first_name", "last_name"}
    assert not any(row["street"] or row["phone"] or row["email"] or row["country"] for row in rows)
    assert any(row["city"] for row in rows) and any(row["birth_date"] for row in rows)
    with pytest.raises(ValueError, match="shoe_size"):
        fields_of(["shoe_size"])


def test_names_come_by_the_frequencies_handed_in(tmp_path: Path) -> None:
    (tmp_path / "gecko_de_given_name.csv").write_text("given_name,count,gender\nXaver,1,m\n", encoding="utf-8")
    (tmp_path / "gecko_de_last_name.csv").write_text("last_name,count\nHintertupf,9\nTupf,1\n", encoding="utf-8")
    rows = population(500, kind="person", profile="light", duplicates=0, seed=7, frequencies=tmp_path)
    counted = Counter(row["last_name"] for row in rows)
    assert counted["Hintertupf"] > 4 * counted["Tupf"] > 0


def test_real_companies_come_first(tmp_path: Path) -> None:
    path = tmp_path / "companies.csv"
    path.write_text("name,street,no,plz,city,state\nAachener Echt GmbH,Dom,1,52062,Aachen,Hesse\n", encoding="utf-8")
    first = next(Inventor(Random(1), companies=path).companies())
    assert (first["company_name"], first["street"], first["state"]) == ("Aachener Echt GmbH", "Dom 1", "Hessen")


@pytest.mark.parametrize("profile", list(PROFILES))
def test_a_copy_differs_and_keeps_a_name(profile: str) -> None:
    random = Random(8)
    inventor = Inventor(random)
    corruptor = Corruptor(random, inventor)
    parties = [next(inventor.companies()) for _ in range(150)] + [next(inventor.people()) for _ in range(150)]
    copies = [corruptor.copy(party, profile) for party in parties]
    assert sum(copy != party for party, copy in zip(parties, copies, strict=True)) > 150
    assert all(copy["company_name"] or copy["first_name"] or copy["last_name"] for copy in copies)


def test_a_number_in_another_notation_stays_the_same_number() -> None:
    random = Random(9)
    inventor = Inventor(random)
    corruptor = Corruptor(random, inventor)

    def national(text: str) -> str:
        text = text.removesuffix("-0").replace("(0)", "")
        digits = re.sub(r"\D", "", text)
        return (digits.removeprefix("00")[2:] if text.startswith(("+", "00")) else digits).lstrip("0")

    for _ in range(300):
        town, _ = inventor.place()
        phone = inventor.phone(town, 0.3)
        assert national(corruptor.phone(phone, town.country)) == national(phone)


def test_dates_stay_dates_and_slips_stay_near() -> None:
    random = Random(10)
    corruptor = Corruptor(random, Inventor(random))
    for _ in range(200):
        assert re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d)", corruptor.date("1971-05-12"))
        assert abs(len(corruptor.slip("Maschinenbau")) - 12) <= 1
    assert corruptor.umlauts("Größe") in ("Groesse", "Grose")
    assert EMPTY["id"] == ""


def test_towns_have_postal_codes_of_their_country() -> None:
    for country, length in (("DE", 5), ("AT", 4), ("CH", 4)):
        for town in TOWNS[country]:
            assert town.weight > 0 and town.area_code.isdigit() and town.postal_codes
            assert all(code.isdigit() and len(code) == length for code in town.postal_codes), town
