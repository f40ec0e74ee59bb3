"""The promise that locks and look-ups rest on: spellings of one customer share a key."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.matching import PartyValues, blocking_keys, normalise

SURNAMES = ("Müller", "Schäfer", "Zwiesele", "Groß", "Kötter", "Weiß", "Hübner", "Lindqvist", "Obermayer", "Jürgensen")
TRADES = ("Maschinenbau", "Elektrotechnik", "Bäckerei", "Holzbau", "Sanitär", "Immobilien", "Straßenbau", "Metallbau")
FORMS = ("GmbH", "GmbH & Co. KG", "AG", "e.K.", "OHG", "UG (haftungsbeschränkt)", "KG", "Ges.m.b.H.", "", "SE", "Sàrl")
PLACES = (("Hauptstraße 5", "70173", "Stuttgart"), ("Am Ring 12a", "1010", "Wien"), ("Bahnhofstr. 1", "8001", "Zürich"))


def keys(values: PartyValues) -> set[int]:
    return set(blocking_keys(normalise(values)))


@st.composite
def one_slip(draw: st.DrawFn, word: str) -> str:
    """A word of six letters or more with a letter dropped, doubled, changed, or exchanged with its neighbour."""
    at = draw(st.integers(0, len(word) - 2))
    how = draw(st.sampled_from(["drop", "double", "change", "swap"]))
    if how == "drop":
        return word[:at] + word[at + 1 :]
    if how == "double":
        return word[: at + 1] + word[at:]
    if how == "swap":
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return word[:at] + draw(st.sampled_from("aeinrstlm")) + word[at + 1 :]


UMLAUTS = (str, lambda name: name.translate(str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})),
           lambda name: name.translate(str.maketrans({"ä": "a", "ö": "o", "ü": "u", "ß": "ss"})), str.upper, str.lower)  # fmt: skip


@pytest.mark.rule("LOCK-6")
@settings(max_examples=400, deadline=None)
@given(st.data())
def test_spellings_of_a_company_share_a_key(data: st.DataObject) -> None:
    surname, trade = data.draw(st.sampled_from(SURNAMES)), data.draw(st.sampled_from(TRADES))
    street, postal, city = data.draw(st.sampled_from(PLACES))
    one = PartyValues(kind="company", name=f"{surname} {trade} {data.draw(st.sampled_from(FORMS))}",
                      street=street, postal_code=postal, city=city)  # fmt: skip
    words = [surname, trade]
    slip = data.draw(st.sampled_from([None, 0, 1]))
    if slip is not None and len(words[slip]) >= 6:
        words[slip] = data.draw(one_slip(words[slip]))
    if data.draw(st.booleans()):
        words.reverse()
    typed = data.draw(st.sampled_from(UMLAUTS))(data.draw(st.sampled_from([" ", "-", "  ", " & "])).join(words))
    two = PartyValues(name=f"{typed} {data.draw(st.sampled_from(FORMS))}")
    assert keys(one) & keys(two), (one.name, two.name)


@pytest.mark.rule("LOCK-6")
@settings(max_examples=300, deadline=None)
@given(st.data())
def test_spellings_of_a_person_share_a_key(data: st.DataObject) -> None:
    first = data.draw(st.sampled_from(["Maximilian", "Jürgen", "Ute", "Karl-Heinz", "Anna Maria", "Björn"]))
    last = data.draw(st.sampled_from(SURNAMES))
    one = PartyValues(kind="person", first_name=first, last_name=last)
    names = [first, last]
    slip = data.draw(st.sampled_from([None, 0, 1]))
    if slip is not None and len(names[slip]) >= 6:
        names[slip] = data.draw(one_slip(names[slip]))
    if data.draw(st.booleans()):
        names.reverse()
    change = data.draw(st.sampled_from(UMLAUTS))
    two = PartyValues(kind="person", first_name=change(names[0]), last_name=change(names[1]))
    assert keys(one) & keys(two), (one, two)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ({"phone": "0711 123456"}, {"phone": "+49 (711) 123-456"}),
        ({"email": "A@firma.de"}, {"email": "a@firma.de"}),
        ({"email": "a@firma.de"}, {"website": "www.firma.de"}),
        ({"vat_id": "DE 123456789"}, {"vat_id": "de123456789"}),
        ({"birth_date": "1980-12-31"}, {"birth_date": "31.12.1980"}),
        ({"street": "Königstr. 5", "postal_code": "70173"}, {"street": "Koenigstraße 5", "postal_code": "70173"}),
        (
            {"street": "Königstr. 5", "city": "Köln"},
            {"street": "Koenigstraße 5", "city": "Koeln", "postal_code": "50667"},
        ),
    ],
)
def test_other_agreements_share_a_key(one: dict[str, str], two: dict[str, str]) -> None:
    assert keys(PartyValues(**one)) & keys(PartyValues(**two))


def test_who_says_nothing_has_no_keys() -> None:
    assert blocking_keys(normalise(PartyValues())) == []


def test_keys_are_the_same_in_every_process() -> None:
    long = normalise(PartyValues(name="Quarzonik Feldfrucht Zwiesele Ferntal Wellenruh Ostheide"))
    assert sum(blocking_keys(long)) == -3361968755892121036
    assert blocking_keys(normalise(PartyValues(email="info@firma.de"))) == [-6264669751842490503, 1614316418588442327]
