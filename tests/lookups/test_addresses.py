"""Addresses that come as one text (ACC-12)."""

import pytest

from app.lookups.addresses import address_parts

pytestmark = pytest.mark.rule("ACC-12")


@pytest.mark.parametrize(
    ("country", "text", "street", "postal_code", "city"),
    [
        ("AT", "Industriestraße 12\nAT-4020 Linz", "Industriestraße 12", "4020", "Linz"),
        ("AT", "Am Hof 2/3/14\nA-1010 Wien\n", "Am Hof 2/3/14", "1010", "Wien"),
        ("PT", "RUA DE SANTA CATARINA 112\n4000-447 PORTO", "RUA DE SANTA CATARINA 112", "4000-447", "PORTO"),
        ("NL", "\nDAMRAK 00001\n1012LG AMSTERDAM\n", "DAMRAK 00001", "1012LG", "AMSTERDAM"),
        ("FR", "12 RUE DE LA PAIX\n75002 PARIS", "12 RUE DE LA PAIX", "75002", "PARIS"),
        ("LT", "Ausros g. 56-3, LT-28147 Utena", "Ausros g. 56-3", "28147", "Utena"),
        ("LU", "1, RUE DU FORT\nL-1234 LUXEMBOURG", "1, RUE DU FORT", "1234", "LUXEMBOURG"),
        ("SE", "BOX 123 \n123 45 STOCKHOLM", "BOX 123", "123 45", "STOCKHOLM"),
        ("IT", "VIA ROMA 1 \n20121 MILANO MI\n", "VIA ROMA 1", "20121", "MILANO"),
        ("SI", "DUNAJSKA CESTA 5, 1000 LJUBLJANA", "DUNAJSKA CESTA 5", "1000", "LJUBLJANA"),
        ("CZ", "Dlouhá 1\n110 00 Praha 1", "Dlouhá 1", "110 00", "Praha 1"),
    ],
)
def test_what_is_certain_is_taken_apart(country: str, text: str, street: str, postal_code: str, city: str) -> None:
    parts = address_parts(text, country)
    assert (parts["street"], parts["postal_code"], parts["city"]) == (street, postal_code, city)


@pytest.mark.parametrize(
    ("country", "text"),
    [
        ("DE", "---"),
        ("AT", "Linz"),
        ("AT", "4020 Linz"),
        ("AT", "Haus Maria\nDorf 3\nAT-4020 Linz"),
        ("AT", "Dorf 3\nDE-80331 München"),
        ("IE", "1 MAIN STREET\nDUBLIN 2"),
        ("RO", "MUN. BUCUREŞTI, SECTOR 1\nSTR. X NR. 1"),
        ("CZ", "Dlouhá 1\nPRAHA 1\n110 00 PRAHA 1"),
        ("HR", "ULICA 1, ZAGREB, 10000 ZAGREB, HRVATSKA"),
        ("AT", "x\n4020 " + "y" * 400),
        ("AT", ""),
        ("XX", "a\n1234 b"),
    ],
)
def test_what_is_not_stays_a_text(country: str, text: str) -> None:
    assert address_parts(text, country) == {}
