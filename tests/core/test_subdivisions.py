"""States by ISO 3166-2: any usual spelling finds the same one."""

import pytest

from app.core import subdivisions
from app.core.countries import CODES

pytestmark = pytest.mark.rule("ACC-9")


@pytest.mark.parametrize(
    ("country", "text", "name"),
    [
        ("AT", "AT-4", "Oberösterreich"),
        ("AT", "OÖ", "Oberösterreich"),
        ("AT", "ooe", "Oberösterreich"),
        ("AT", "OBEROESTERREICH", "Oberösterreich"),
        ("AT", "Oberosterreich", "Oberösterreich"),
        ("AT", "Upper Austria", "Oberösterreich"),
        ("AT", "Stmk.", "Steiermark"),
        ("AT", "NÖ", "Niederösterreich"),
        ("DE", "BY", "Bayern"),
        ("DE", "bavaria", "Bayern"),
        ("DE", "NRW", "Nordrhein-Westfalen"),
        ("DE", "Baden Wuerttemberg", "Baden-Württemberg"),
        ("CH", "ZH", "Zürich"),
        ("CH", "Zurich", "Zürich"),
        ("CH", "Genève", "Genf"),
        ("CH", "Sankt Gallen", "St. Gallen"),
        ("LI", "Vaduz", "Vaduz"),
        ("IT", "BZ", "Südtirol"),
        ("IT", "Alto Adige", "Südtirol"),
        ("LU", "Luxembourg", "Luxemburg"),
        ("PL", "Lodz", "Łódzkie"),
    ],
)
def test_a_state_is_found_by_code_name_and_short_form(country: str, text: str, name: str) -> None:
    found = subdivisions.find(country, text)
    assert found is not None and found.name_de == name


@pytest.mark.parametrize(("country", "text"), [("AT", "4"), ("AT", "Bayern"), ("DE", "OÖ"), ("IT", "21"), ("AT", "-")])
def test_what_is_no_state_of_the_country_is_none(country: str, text: str) -> None:
    assert subdivisions.find(country, text) is None


def test_every_state_is_found_by_each_of_its_own_names_and_kept_under_one() -> None:
    for country, parts in subdivisions.SUBDIVISIONS.items():
        assert country in CODES
        assert len({one.name_de for one in parts}) == len(parts) == len({one.code for one in parts})
        for one in parts:
            for name in (one.code, one.name_de):
                assert subdivisions.find(country, name) is one, name
    assert {c: len(subdivisions.SUBDIVISIONS[c]) for c in ("AT", "CH", "DE", "LI")} == {
        "AT": 9, "CH": 26, "DE": 16, "LI": 11
    }  # fmt: skip
