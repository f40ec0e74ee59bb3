"""What spelling alone does not show: other forms of a name, numbers in part, former names, boxes, scanned books."""

import pytest

from app.matching import Party, PartyValues, blocking_keys, normalise, score
from app.matching.givennames import full_form, same_given_name


def company(name: str, **more: str) -> Party:
    return normalise(PartyValues(kind="company", name=name, **more))


def person(first: str, last: str, **more: str) -> Party:
    return normalise(PartyValues(kind="person", first_name=first, last_name=last, **more))


def meet(a: Party, b: Party) -> str:
    assert score(a, b) == score(b, a)
    return score(a, b).verdict if set(blocking_keys(a)) & set(blocking_keys(b)) else "none"


def codes(a: Party, b: Party) -> set[str]:
    return {reason.code for reason in score(a, b).reasons}


HERE = {"street": "Industriestr. 12", "postal_code": "74172", "city": "Neckarsulm"}
BORN = {"birth_date": "1980-12-31", "city": "Schönaich"}


@pytest.mark.rule("DUP-1")
@pytest.mark.parametrize(
    ("one", "two"),
    [("Hans", "Johannes"), ("Sepp", "Josef"), ("Kathi", "Katharina"), ("Bill", "William"), ("Rob", "Robert"), ("Karl", "Carl"),
     ("Toni", "Antonia"), ("Lisa", "Elisabeth")],
)  # fmt: skip
def test_forms_of_one_given_name(one: str, two: str) -> None:
    assert same_given_name(one.lower(), two.lower())
    assert meet(person(one, "Müllerschön", **BORN), person(two, "Müllerschön", **BORN)) == "duplicate"


@pytest.mark.parametrize(
    ("one", "two"), [("jan", "jana"), ("paul", "paula"), ("maria", "margarete"), ("hans", "helmut")]
)
def test_names_of_their_own(one: str, two: str) -> None:
    assert not same_given_name(one, two)


def test_one_form_finds_all() -> None:
    assert full_form("hans") == full_form("johann") == "johannes"
    assert full_form("zwiesele") == "zwiesele"


@pytest.mark.rule("DUP-1")
def test_two_namesakes_in_a_large_town_are_not_one() -> None:
    for place in ({"city": "Berlin"}, {"city": "Stuttgart"}, {"city": "Köln", "postal_code": "50667"}):
        assert meet(person("Thomas", "Müller", **place), person("Thomas", "Müller", **place)) == "possible"


@pytest.mark.rule("DUP-1")
def test_a_name_alone_is_never_sure() -> None:
    assert meet(person("Max", "Müllerschön"), person("Max", "Müllerschön")) == "possible"
    assert meet(company("Müller Maschinenbau"), company("Müller Maschinenbau GmbH")) == "possible"


@pytest.mark.rule("DUP-1")
@pytest.mark.parametrize("other", ["Zwiesele Zimmerei", "Zimmerei Zwiesele GmbH", "Zwiesle Zimmerei"])
def test_one_trade_in_one_town(other: str) -> None:
    town = {"postal_code": "4600", "city": "Wels", "country": "AT"}
    assert meet(company("Zwiesele Zimmerei", **town), company(other, **town)) == "duplicate"
    assert meet(company("Qualmann Zimmerei", **town), company(other, **town)) == "none"


@pytest.mark.parametrize(
    ("one", "two"),
    [("+49 711 123456", "+49 711 123457"), ("0711 123456", "123456"), ("0711 123456", "0711 123456-12")],
)
def test_a_phone_number_in_part_is_little(one: str, two: str) -> None:
    a, b = company("Zwiesele", phone=one), company("Zwiesele", phone=two)
    assert "phone_similar" in codes(a, b)


def test_a_role_mailbox_is_not_one_persons() -> None:
    office = {"email": "info@zwiesele-bau.de", "phone": "07132 123456"}
    assert meet(person("Max", "Roth", **office), person("Eva", "Kern", **office)) == "possible"
    assert "mailbox_same" in codes(person("Max", "Roth", **office), person("Eva", "Kern", **office))


def test_branches_under_one_domain_are_told_apart() -> None:
    ulm, graz = company("Zwiesele Ulm", website="ulm.zwiesele.de"), company("Zwiesele Graz", website="graz.zwiesele.de")
    assert "domain_related" in codes(ulm, graz)
    assert "domain_same" in codes(ulm, company("Zwiesele Ulm", website="www.zwiesele.de"))
    hosted = company("Roth", website="roth.jimdosite.com"), company("Kern", website="kern.jimdosite.com")
    assert "domain_differs" in codes(*hosted)


@pytest.mark.rule("DUP-1")
def test_a_former_name_counts() -> None:
    today = company("Qualmann GmbH (vormals Zwiesele Ferntal GmbH)", **HERE)
    assert (today.words, today.former) == (("qualmann",), ("zwiesele", "ferntal"))
    assert meet(today, company("Zwiesele Ferntal", **HERE)) == "duplicate"
    assert meet(today, company("Qualmann GmbH", **HERE)) == "duplicate"
    one, two = (
        company("Chemische Fabrik vorm. Zwiesele", city="Ulm"),
        company("Chemische Fabrik vorm. Qualmann", city="Ulm"),
    )
    assert meet(one, two) != "duplicate"


def test_a_post_office_box_is_no_street() -> None:
    box = company("Zwiesele", street="Postfach 12 34", postal_code="74172")
    assert (box.street, box.house) == ("postfach", "1234")
    assert not {code for code in codes(box, company("Zwiesele", **HERE)) if code.startswith("street")}


@pytest.mark.parametrize(
    ("one", "two"),
    [("Halle (Saale)", "Halle"), ("St. Pölten", "Sankt Pölten"), ("Köln-Mülheim", "Köln"), ("Freiburg i. Br.", "Freiburg im Breisgau")],
)  # fmt: skip
def test_towns(one: str, two: str) -> None:
    assert "city_same" in codes(company("Zwiesele", city=one), company("Zwiesele", city=two))


@pytest.mark.parametrize(("one", "two"), [("46-48", "46"), ("5a", "5"), ("72", "27"), ("46-48", "48")])
def test_house_numbers_in_part(one: str, two: str) -> None:
    a, b = company("Zwiesele", street=f"Ring {one}", city="Ulm"), company("Zwiesele", street=f"Ring {two}", city="Ulm")
    assert "house_number_similar" in codes(a, b)


@pytest.mark.rule("DUP-1")
@pytest.mark.parametrize(
    "scanned",
    [
        "Adlerwerlce Act.-Ges.",
        "Adierwerke A.-G.",
        "Ad1erwerke Aktiengesellschaft",
        "Adlerwerkc Akt.-Ges.",
        "Adlcrwerke AG",
    ],
)
def test_old_books_as_a_scanner_reads_them(scanned: str) -> None:
    assert meet(company("Adlerwerke A.-G.", **HERE), company(scanned, **HERE)) == "duplicate"


@pytest.mark.parametrize(
    ("one", "two", "code"),
    [
        ("1980-12-03", "1980-03-12", "birth_date_swapped"), ("1980-12-31", "1980-12-30", "birth_date_similar"),
        ("1980-12-31", "1980", "birth_year_fits"), ("1980-12-31", "1980-07-31", "birth_date_two_parts"),
        ("1980-12-31", "1955-03-02", "birth_date_differs"), ("19801-2-31", "1980-12-31", "birth_date_same"),
    ],
)  # fmt: skip
def test_birth_dates(one: str, two: str, code: str) -> None:
    assert code in codes(person("Eva", "Roth", birth_date=one), person("Eva", "Roth", birth_date=two))


def test_street_and_town_in_each_others_field() -> None:
    one = person("Eva", "Roth", street="Lindenhof", city="Zwieselstadt", postal_code="70173")
    two = person("Eva", "Roth", street="Zwieselstadt", city="Lindenhof", postal_code="70173")
    assert "address_swapped" in codes(one, two)
