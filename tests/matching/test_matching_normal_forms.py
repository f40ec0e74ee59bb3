"""One normal form for the many ways to write the same thing."""

import pytest

from app.matching import Party, PartyValues, normalise
from app.matching.text import fold, sound


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("muller", "657"), ("muler", "657"), ("schmidt", "862"), ("schmitt", "862"), ("meyer", "67"), ("maier", "67"),
        ("wikipedia", "3412"), ("breschnew", "17863"), ("philipp", "351"), ("xaver", "4837"), ("christoph", "47823"),
        ("chemie", "46"), ("deutz", "28"), ("acht", "042"), ("", ""), ("h", ""),
    ],
)  # fmt: skip
def test_cologne_phonetics(word: str, code: str) -> None:
    assert sound(word) == code


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("Müller", "muller"), ("Mueller", "muller"), ("Muller", "muller"), ("MÜLLER", "muller"), ("Mu\u0308ller", "muller"),
        ("Straße", "strasse"), ("STRASSE", "strasse"), ("Bäuerle", "bauerle"), ("Baeuerle", "bauerle"), ("Bauer", "bauer"),
        ("Steuer", "steuer"), ("Quelle", "quelle"), ("Öl", "ol"), ("Œuvre", "ouvre"), ("Łódź", "lodz"), ("Sàrl", "sarl"),
    ],
)  # fmt: skip
def test_umlauts(typed: str, folded: str) -> None:
    assert fold(typed) == folded


@pytest.mark.parametrize(
    ("name", "words", "numbers", "legal"),
    [
        ("Müller GmbH & Co. KG", ("muller",), (), "gmbh kg"),
        ("Müller GmbH&Co.KG", ("muller",), (), "gmbh kg"),
        ("Müller G.m.b.H.", ("muller",), (), "gmbh"),
        ("Müller Ges.m.b.H.", ("muller",), (), "gmbh"),
        ("Müller Gesellschaft m.b.H.", ("muller",), (), "gmbh"),
        ("Müller UG (haftungsbeschränkt) & Co. KG", ("muller",), (), "kg ug"),
        ("Müller e. K.", ("muller",), (), "ek"),
        ("Müller OHG", ("muller",), (), "ohg"),
        ("Müller GesbR", ("muller",), (), "gbr"),
        ("Lagerhaus eGen", ("lagerhaus",), (), "eg"),
        ("Sportfreunde e.V.", ("sportfreunde",), (), "ev"),
        ("Uhren SA", ("uhren",), (), "sa"),
        ("Uhren Sàrl", ("uhren",), (), "sarl"),
        ("Werke SE & Co. KGaA", ("werke",), (), "kgaa se"),
        ("AG Consult GmbH", ("ag", "consult"), (), "gmbh"),
        ("Kranzlein & Co.", ("kranzlein",), (), ""),
        ("F. J. Zwiesele", ("fj", "zwiesele"), (), ""),
        ("C & A", ("ca",), (), ""),
        ("Windpark III", ("windpark",), ("3",), ""),
        ("3. Ostheide Windkraft", ("ostheide", "windkraft"), ("3",), ""),
        ("Verwaltungs-GmbH Zett", ("verwaltung", "zett"), (), "gmbh"),
        ("Zett Verwaltungsgmbh", ("zett", "verwaltung"), (), "gmbh"),
        ("GmbH", ("gmbh",), (), ""),
        ("und", ("und",), (), ""),
        ("!!!", (), (), ""),
    ],
)  # fmt: skip
def test_company_names(name: str, words: tuple[str, ...], numbers: tuple[str, ...], legal: str) -> None:
    party = normalise(PartyValues(name=name))
    assert (party.words, party.numbers, party.legal) == (words, numbers, legal)


@pytest.mark.parametrize(
    ("typed", "street", "house"),
    [
        ("Königstr. 5", "konigstr", "5"), ("Königstraße 5", "konigstr", "5"), ("Koenigstrasse 5a", "konigstr", "5a"),
        ("Carl-Zeiss-Str. 2", "carlzeissstr", "2"), ("Hauptstr. 46-48", "hauptstr", "46-48"), ("Hauptstr. 46 - 48", "hauptstr", "46-48"),
        ("36", "", "36"), ("2 A", "", "2a"), ("Lange Gasse 3", "langeg", "3"), ("Platz der Freiheit 7", "plderfreiheit", "7"),
        ("Straße des 17. Juni 135", "strdes17juni", "135"), ("Am Markt", "ammarkt", ""), ("12 High Street", "highstr", "12"),
    ],
)  # fmt: skip
def test_streets(typed: str, street: str, house: str) -> None:
    party = normalise(PartyValues(street=typed))
    assert (party.street, party.house) == (street, house)


@pytest.mark.parametrize(
    ("values", "field", "normal"),
    [
        (PartyValues(phone="0711/12 34 56"), "phone", "+49711123456"),
        (PartyValues(phone="01 5125550", country="AT"), "phone", "+4315125550"),
        (PartyValues(phone="044 668 18 00", country="CH"), "phone", "+41446681800"),
        (PartyValues(phone="+41 44 668 18 00"), "phone", "+41446681800"),
        (PartyValues(phone="nachfragen"), "phone", ""),
        (PartyValues(email=" Max+crm@GoogleMail.com "), "email", "max@gmail.com"),
        (PartyValues(email="kein at"), "email", ""),
        (PartyValues(email="max@firma.de"), "domains", ("firma.de",)),
        (PartyValues(email="max@gmx.de"), "domains", ()),
        (PartyValues(website="https://www.shop.firma.co.at/x?y"), "domains", ("firma.co.at",)),
        (PartyValues(vat_id="ATU 12345678"), "vat", "ATU12345678"),
        (PartyValues(vat_id="123456789", country="DE"), "vat", "DE123456789"),
        (PartyValues(vat_id="CHE-123.456.789 MWST"), "vat", "CHE123456789"),
        (PartyValues(birth_date="31.12.1980"), "birth", "1980-12-31"),
        (PartyValues(birth_date="1980-02-31"), "birth", ""),
        (PartyValues(postal_code="D-70173"), "postal", "70173"),
        (PartyValues(city="Frankfurt a. M."), "city", "frankfurt m"),
        (PartyValues(city="Frankfurt am Main"), "city", "frankfurt main"),
        (PartyValues(city="Munich"), "city", "munchen"),
        (PartyValues(country="de"), "country", "DE"),
        (PartyValues(first_name="Prof. Dr. Karl-Heinz"), "first", "karl heinz"),
        (PartyValues(last_name="von der Leyen"), "last", "leyen"),
        (PartyValues(last_name="Müller-Lüdenscheidt"), "last", "muller ludenscheidt"),
    ],
)  # fmt: skip
def test_other_fields(values: PartyValues, field: str, normal: object) -> None:
    assert getattr(normalise(values), field) == normal


def test_a_stored_party_of_another_layout_is_refused() -> None:
    dump = normalise(PartyValues(name="Zwiesele")).dump()
    with pytest.raises(ValueError, match="layout"):
        Party.load([0, *dump[1:]])
