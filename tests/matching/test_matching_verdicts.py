"""Spellings that sales people type, and what the matcher must say to them."""

import pytest

from app.matching import Party, PartyValues, blocking_keys, explain, normalise, score
from app.matching.texts import TEXTS

MUELLER = PartyValues(
    kind="company", name="Müller Maschinenbau GmbH & Co. KG", street="Königstraße 5", postal_code="70173",
    city="Stuttgart", country="DE", phone="0711 123456", email="info@mueller-maschinenbau.de",
)  # fmt: skip


def company(name: str, **more: str) -> Party:
    return normalise(PartyValues(kind="company", name=name, **more))


def person(first: str, last: str, **more: str) -> Party:
    return normalise(PartyValues(kind="person", first_name=first, last_name=last, **more))


def meet(a: Party, b: Party) -> str:
    """The verdict as callers get it: nothing without a shared key."""
    assert score(a, b) == score(b, a)
    if not set(blocking_keys(a)) & set(blocking_keys(b)):
        return "none"
    return score(a, b).verdict


@pytest.mark.rule("LOCK-1")
@pytest.mark.parametrize(
    "typed",
    [
        "mueller maschinenbau", "Müller Maschinenbau GmbH & Co KG", "Maschinenbau Mueller", "Müler Maschinenbau",
        "Mueller Masch.bau", "Muller Maschinenbau", "MÜLLER MASCHINENBAU", "Müller-Maschinenbau", "Maschinenbau-Müller GmbH",
        "Müller Maschinen-Bau", "Müller Maschinen Bau", "MuellerMaschinenbau", "Müller Masch. Bau", "Miller Maschinenbau",
        "Müller Maschinenbau GmbH", "Müller Maschinenbau Gesellschaft m.b.H.", "Müller Maschinenbau Ges.m.b.H. & Co KG",
        "Müller Maschinenbau G.m.b.H. u. Co. KG", "Müller Maschinenbau AG", "Firma Müller Maschinenbau",
        "Müller Maschienenbau", "Müller Mashcinenbau", "Müller Maschinebau", "Mülller Maschinenbau", "Mu\u0308ller Maschinenbau",
        "  müller   maschinenbau  ", "Mueller Maschinenbau Stuttgart", "Müller Maschinenbau, Stuttgart", "Müller & Maschinenbau",
    ],
)  # fmt: skip
def test_a_name_alone_finds_the_customer(typed: str) -> None:
    assert meet(normalise(PartyValues(name=typed)), normalise(MUELLER)) != "none"


@pytest.mark.rule("DUP-1")
@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Wellenruh Ferien am Deich GmbH u. Co", "Wellenruh Ferien am Deich GmbH & Co. KG"),
        ("Bäckerei Zwiesele OHG", "Baeckerei Zwiesele"),
        ("Grünwald & Söhne Holzbau KG", "Gruenwald u. Soehne Holzbau"),
        ("Straßenbau Kößler GmbH", "Strassenbau Koessler Gesellschaft mit beschränkter Haftung"),
        ("Sprayhaus Ulmen UG (haftungsbeschränkt)", "Sprayhaus Ulmen Unternehmergesellschaft (haftungsbeschraenkt)"),
        ("Tischlerei Qualmann e.K.", "Tischlerei Qualmann e. K."),
        ("Wohnbau Genossenschaft Elbtal eG", "Elbtal Wohnbau-Genossenschaft e.G."),
        ("Hutter Sanitär Ges.m.b.H.", "Hutter Sanitär GesmbH"),
        ("Zanger Hoch- und Tiefbau GmbH", "Zanger Hoch & Tiefbau"),
        ("Filmproduktionsgesellschaft Kwark mbH", "Kwark Filmproduktions GmbH"),
        ("D.I.E. Systemhaus Pirna GmbH", "DIE Systemhaus Pirna"),
        ("Gebr. Wollschläger GbR Obstbau", "Gebrüder Wollschlaeger Obstbau"),
        ("Fromagerie Le Pré Sàrl", "fromagerie le pre sarl"),
        ("Nordlicht Windpark III GmbH & Co. KG", "Nordlicht Windpark 3 GmbH & Co. KG"),
        ("Quarzonik Produktionstechnologie GmbH", "Quarzonik Produktionstechnoolgie GmbH u. Co KG"),
        ("Ostheider Rinder & Feldfrucht GmbH", "OstheiderRinder und Feldfrucht"),
    ],
)
def test_a_distinctive_name_is_a_duplicate_in_every_spelling(one: str, two: str) -> None:
    assert meet(company(one), company(two)) == "duplicate"


@pytest.mark.rule("DUP-1")
@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Windpark Projekt 17 GmbH & Co. KG", "Windpark Projekt 18 GmbH & Co. KG"),
        ("Solarpark Haselünne II GmbH", "Solarpark Haselünne III GmbH"),
        ("Müller Maschinenbau GmbH", "Müller Immobilien GmbH"),
        ("Müller Maschinenbau GmbH", "Schmidt Maschinenbau GmbH"),
        ("Huber Bau GmbH", "Gruber Bau GmbH"),
        ("Bäckerei Meier", "Metzgerei Meier"),
        ("Müller GmbH", "Müller Verwaltungs GmbH"),
        ("Elektro Wagner", "Elektro Wegener Anlagenbau"),
        ("Autohaus Nord GmbH", "Autohaus Süd GmbH"),
        ("Müller", "Müller Maschinenbau GmbH"),
    ],
)
def test_other_companies_are_left_alone(one: str, two: str) -> None:
    assert meet(company(one), company(two)) == "none"


AT_ONE_PLACE = {"street": "Industriestr. 12", "postal_code": "74172", "city": "Neckarsulm", "country": "DE"}


@pytest.mark.rule("DUP-1")
@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Zwiesele Bau GmbH & Co. KG", "Zwiesele Bau Verwaltungs GmbH"),
        ("Zwiesele Bau GmbH", "Zwiesele Immobilien GmbH"),
        ("Nordlicht Vorrat 54 UG", "Nordlicht Vorrat 61 UG"),
        ("Nordlicht Vertrieb 118 GmbH", "Nordlicht Vertrieb MWQZ GmbH"),
        ("Zwiesele Holding GmbH", "Zwiesele GmbH"),
    ],
)
def test_sister_firms_at_one_address_are_never_merged(one: str, two: str) -> None:
    assert meet(company(one, **AT_ONE_PLACE), company(two, **AT_ONE_PLACE)) != "duplicate"


@pytest.mark.rule("DUP-1")
@pytest.mark.parametrize(
    "other",
    [
        {"street": "Königstr. 5", "postal_code": "70173", "city": "Stuttgart"},
        {"street": "Koenigstrasse 5", "postal_code": "70173"},
        {"street": "KÖNIGSTR 5", "city": "Stuttgart-Mitte"},
        {"postal_code": "D-70173", "city": "Stutgart"},
        {"street": "Königstraße 5", "postal_code": "71073", "city": "Stuttgart"},
        {"phone": "+49 711 123456"},
        {"phone": "0049 (0)711/12 34 56"},
        {"email": "INFO@mueller-maschinenbau.de"},
        {"website": "https://www.mueller-maschinenbau.de/kontakt"},
    ],
)
def test_a_common_name_is_a_duplicate_once_something_else_agrees(other: dict[str, str]) -> None:
    assert meet(normalise(MUELLER), company("Mueller Maschinenbau", **other)) == "duplicate"


@pytest.mark.parametrize(
    "other",
    [
        {"street": "Hauptstr. 1", "postal_code": "20095", "city": "Hamburg"},
        {"postal_code": "1010", "city": "Wien", "country": "AT"},
    ],
)
def test_a_common_name_elsewhere_is_somebody_else(other: dict[str, str]) -> None:
    assert meet(normalise(MUELLER), company("Müller Bau", **other)) == "none"
    assert meet(normalise(MUELLER), company("Müller Maschinenbau", **other)) != "duplicate"


def test_a_distinctive_name_elsewhere_may_have_moved() -> None:
    one = company("Zwiesele Ferntal GmbH", street="Am Markt 1", postal_code="70173", city="Stuttgart")
    two = company("Zwiesele Ferntal GmbH", street="Bergweg 8", postal_code="20095", city="Hamburg")
    assert meet(one, two) != "none"
    one = company("Zwiesele GmbH", street="Am Markt 1", postal_code="70173", city="Stuttgart")
    two = company("Zwiesele GmbH", street="Bergweg 8", postal_code="20095", city="Hamburg")
    assert meet(one, two) == "possible"


def test_the_vat_id_decides() -> None:
    one = company("Müller Bau GmbH", vat_id="DE 123 456 789", city="Ulm")
    assert meet(one, company("Bau Müller", vat_id="DE123456789")) == "duplicate"
    assert meet(one, company("Müller Bau GmbH", vat_id="DE987654321")) == "none"


MAX = PartyValues(
    kind="person", first_name="Max", last_name="Müllerschön", street="Lange Straße 134", postal_code="71101",
    city="Schönaich", country="DE", phone="0171 92229377", email="max.muellerschoen@example.org", birth_date="1980-12-31",
)  # fmt: skip


@pytest.mark.rule("DUP-1")
@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ({"first_name": "Max", "last_name": "Muellerschoen", "city": "Schoenaich"}, "duplicate"),
        ({"first_name": "Dr. Max", "last_name": "Müllerschön", "phone": "+4917192229377"}, "duplicate"),
        ({"first_name": "Müllerschön", "last_name": "Max", "postal_code": "71101"}, "duplicate"),
        ({"first_name": "Maks", "last_name": "Müllerschön", "birth_date": "31.12.1980"}, "duplicate"),
        ({"name": "Müllerschön, Max", "birth_date": "1980-12-31"}, "duplicate"),
        ({"name": "Dipl.-Ing. Max Müllerschön", "street": "Lange Str. 134", "city": "Schönaich"}, "duplicate"),
        ({"last_name": "Müllerschön", "email": "max.muellerschoen@example.org"}, "duplicate"),
        (
            {"first_name": "M.", "last_name": "Müllerschön", "street": "Lange Str. 134", "postal_code": "71101"},
            "duplicate",
        ),
        ({"first_name": "Max", "last_name": "Müllerschön"}, "possible"),
        (
            {"first_name": "Erika", "last_name": "Müllerschön", "street": "Lange Str. 134", "postal_code": "71101"},
            "possible",
        ),
        ({"first_name": "Erika", "last_name": "Schulz"}, "none"),
        ({"first_name": "Moritz", "last_name": "Müllerschön"}, "none"),
        ({"first_name": "Max", "last_name": "Müllerschön", "birth_date": "1955-03-02", "city": "Kiel"}, "none"),
    ],
)
def test_persons(values: dict[str, str], verdict: str) -> None:
    assert meet(normalise(MAX), normalise(PartyValues(kind="person", **values))) == verdict


def test_a_household_is_not_one_person() -> None:
    home = {"street": "Lange Str. 134", "postal_code": "71101", "city": "Schönaich", "phone": "07031 651234"}
    assert meet(person("Max", "Müllerschön", **home), person("Erika", "Müllerschön", **home)) == "possible"


def test_a_married_name_with_the_same_birth_date_and_home() -> None:
    home = {"street": "Lange Str. 134", "postal_code": "71101", "birth_date": "1980-12-31"}
    assert meet(person("Erika", "Müllerschön", **home), person("Erika", "Qualmann", **home)) == "duplicate"


def test_mail_addresses_that_differ_in_digits_are_two() -> None:
    one = score(person("", "", email="max17@example.org"), person("", "", email="max18@example.org"))
    assert [reason.code for reason in one.reasons] == ["email_differs"]


def test_a_sole_trader_is_the_person() -> None:
    firm = company("Bäckerei Qualmann Inh. Max Müllerschön", city="Schönaich")
    assert (firm.words, firm.first, firm.last) == (("backerei", "qualmann"), "max", "mullerschon")
    assert meet(firm, normalise(MAX)) == "possible"
    assert meet(company("Max Müllerschön e.K.", city="Schönaich"), normalise(MAX)) == "possible"


def test_a_bare_name_finds_the_person_too() -> None:
    assert meet(normalise(PartyValues(name="Max Müllerschön")), normalise(MAX)) == "possible"
    assert meet(normalise(PartyValues(name="muellerschoen max")), normalise(MAX)) == "possible"


def test_a_lead_with_company_and_person_finds_the_contact() -> None:
    lead = normalise(
        PartyValues(name="Qualmann GmbH", first_name="Max", last_name="Müllerschön", phone="0171 92229377")
    )
    assert meet(lead, normalise(MAX)) == "duplicate"


def test_a_contact_of_the_company_is_shown_but_is_not_the_company() -> None:
    contact = normalise(PartyValues(kind="person", first_name="Eva", last_name="Roth", company="Zwiesele Ferntal GmbH"))
    assert meet(company("Zwiesele Ferntal"), contact) == "possible"


def test_a_shared_switchboard_alone_is_no_duplicate() -> None:
    assert meet(company("", phone="0711 123456"), normalise(MUELLER)) != "duplicate"


def test_what_is_missing_says_nothing() -> None:
    bare = score(company("Zwiesele Ferntal"), company("Zwiesele Ferntal", city="Ulm", phone="0731 1234567"))
    assert {reason.field for reason in bare.reasons} == {"name"}


@pytest.mark.rule("DUP-1")
def test_reasons_say_what_speaks_for_and_against() -> None:
    match = score(normalise(MUELLER), company("Mueller Maschinenbau", city="Stuttgart", phone="0711 999999"))
    effects = {reason.code: reason.effect for reason in match.reasons}
    assert effects == {"name_same_without_legal_form": "for", "city_same": "for", "phone_differs": "against"}
    assert [abs(reason.weight) for reason in match.reasons] == sorted(
        (abs(reason.weight) for reason in match.reasons), reverse=True
    )
    name = match.reasons[0]
    assert explain(name, "de-AT") == "Der Name ist bis auf die Rechtsform gleich."
    assert explain(name, "en") == "The name is the same but for the legal form."


def test_every_code_has_texts_in_both_languages() -> None:
    for german, english in TEXTS.values():
        assert german.endswith(".") and english.endswith(".") and german != english
