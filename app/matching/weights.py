"""The figures of the comparison, in bits (log2 of how much likelier a finding is for one and the same party).

Provenance: set by hand after Fellegi and Sunter (1969), then adjusted on half of a labelled set of German companies and
persons, and checked on the other half. They are read by code, so that learned figures can take their place.
"""

from math import log2

PRIOR = -17.0
"""Odds of two random records being one party, in bits: those of a stock of some 130,000 records."""


def prior_for(stock: int) -> float:
    """The same for a stock of so many records, each with some one duplicate: what a scan or an import passes on."""
    return -log2(max(1000, stock))


DUPLICATE_AT = 0.8
"""The figures are cautious: of the pairs scored .8 and more, fewer than 1 in 300 were false on the labelled sets."""
POSSIBLE_AT = 0.3
COINED = 13.0
"""A company word so rare makes a name that agrees "possible" even in another place: parties move."""

BITS: dict[str, float] = {
    # company name; agreement itself is worth the rarity of its words, see compare.py
    "name_conflict": -9.0,
    "name_extra": -1.5,
    "name_sister_firm": -9.0,
    "number_differs": -14.0,
    "number_missing": -6.0,
    "legal_form_same": 1.0,
    "legal_form_differs": -2.0,
    # person
    "first_name_initial": 2.0,
    "first_name_unlike": -3.0,
    "first_name_differs": -7.0,
    "last_name_unlike": -3.0,
    "last_name_differs": -7.0,
    "names_swapped": -1.5,
    "birth_date_same": 13.0,
    "birth_date_similar": 6.0,
    "birth_date_same_year": 2.5,  # and the same month or day
    "birth_date_differs": -7.0,
    # address, each given the one before
    "postal_code_same": 9.0,
    "postal_code_similar": 4.0,
    "postal_code_differs": -2.5,
    "city_same_after_postal": 0.3,
    "city_differs_after_postal": -2.0,
    "city_same": 6.5,
    "city_similar": 5.0,
    "city_differs": -3.5,
    "city_differs_too": -1.0,  # as the postal code does
    "street_same": 6.5,
    "street_similar": 4.5,
    "street_differs": -3.5,
    "street_same_elsewhere": 1.5,
    "house_number_same": 3.5,
    "house_number_same_elsewhere": 1.0,
    "house_number_similar": 0.5,
    "house_number_differs": -2.0,
    "country_differs": -4.0,
    # reach
    "phone_same": 13.0,
    "phone_differs": -1.0,
    "email_same": 15.0,
    "email_similar": 5.0,
    "email_differs": -1.0,
    "domain_same": 9.0,
    "domain_differs": -2.0,
    "vat_id_same": 20.0,
    "vat_id_differs": -10.0,
    # across kinds
    "contact_same": 4.0,
    "employer_same": 4.0,
}
