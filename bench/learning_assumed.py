"""What learning is told: which findings exclude each other, what can't be counted, and how far a count is believed."""

# Of each group a pair has at most one finding, and exactly one when both sides know the field. Where a value's own rarity
# counts, the first one is full agreement.
GROUPS: dict[str, tuple[str, ...]] = {
    "first_name": tuple(
        f"first_name_{level}" for level in ("same", "variant", "similar", "part", "initial", "close", "unlike", "differs")
    ),
    "last_name": tuple(
        f"last_name_{level}" for level in ("same", "similar", "part", "initial", "close", "unlike", "differs")
    ),
    "birth_date": (
        "birth_date_same", "birth_year_same", "birth_year_fits", "birth_date_swapped", "birth_date_similar",
        "birth_date_two_parts", "birth_date_close", "birth_year_only", "birth_date_unlike", "birth_date_differs",
    ),
    "postal_code": ("postal_code_same", "postal_code_similar", "postal_code_area", "postal_code_differs"),
    "city": ("city_same", "city_similar", "city_differs"),
    "city_given_postal_code": ("city_same_too", "city_differs_though"),
    "street_elsewhere": ("street_same_elsewhere", "street_similar_elsewhere", "street_differs_too"),
    "phone": ("phone_same", "phone_similar", "phone_differs"),
    "email": ("email_same", "mailbox_same", "email_local_same", "email_similar", "email_close", "email_differs"),
}  # fmt: skip

GIVEN_THE_PLACE = ("city_given_postal_code",)

SHIFTS = frozenset(
    [
        f"{name}_{level}"
        for name in ("first_name", "last_name")
        for level in ("same", "variant", "similar", "part", "close")
    ]
    + ["city_same", "city_similar"]
)
"""Findings whose bits are added to the rarity of the name or town."""

# Set by hand: no labelled folder tells, or what it tells holds for that folder alone.
ASSUMED: dict[str, float] = {
    # Company names: agreement is worth the rarity of the words. Firms that share most of a name and an address are sisters
    # far more often than chance says, so what differs weighs more than a count of random pairs would give.
    "name_same": 0.0,
    "name_same_without_legal_form": 0.0,
    "name_word_order": -0.5,
    "name_compound": -0.5,
    "name_similar": 0.0,
    "name_phonetic": 0.0,
    "name_part": 0.0,
    "name_conflict": -9.0,
    "name_extra": -1.5,
    "name_sister_firm": -9.0,
    "number_same": 3.0,
    "number_differs": -20.0,
    "number_missing": -6.0,
    "legal_form_differs": -1.5,
    # people
    "last_name_variant": -3.0,
    "names_swapped": -3.0,
    # Streets and house numbers: neighbours in a sample of records are families and sister firms far more often than strangers.
    "city_same_too": 0.3,
    "city_differs_though": -2.5,
    "street_same": 6.0,
    "street_similar": 4.5,
    "street_differs": -3.0,
    "street_same_elsewhere": 1.0,
    "street_similar_elsewhere": 0.5,
    "street_differs_too": 0.0,
    "house_number_same": 3.5,
    "house_number_similar": 1.0,
    "house_number_differs": -2.0,
    # given the postal code differs, the city says little more
    "city_differs_too": -1.0,
    "address_swapped": 8.0,
    "house_number_same_elsewhere": 0.5,
    "house_number_same_though": 2.0,
    "country_differs": -4.0,
    # codes of a few houses, as in Britain
    "postal_unit_same": 12.0,
    "postal_unit_area": 6.0,
    # births long ago spread over centuries, those of customers over sixty years
    "birth_long_ago": 3.0,
    # reach
    "email_fits_name": 4.0,
    "domain_same": 9.0,
    "domain_related": 3.0,
    "domain_differs": -2.0,
    "vat_id_same": 20.0,
    "vat_id_similar": 5.0,
    "vat_id_differs": -10.0,
    # across kinds
    "contact_same": 4.0,
    "employer_same": 4.0,
}

# A sales organisation's customers live in one region and its contacts work in the same firms: random pairs of a whole
# country say more than holds there.
CEILINGS: dict[str, float] = {
    "first_name_same": 0.0,
    "last_name_same": 0.0,
    "first_name_variant": -1.0,
    "first_name_initial": 3.0,
    "last_name_initial": 3.0,
    # "Naumann" and "Gutmann": names are built of the same parts.
    "first_name_close": -6.0,
    "last_name_close": -7.5,
    "first_name_unlike": -0.5,
    "last_name_unlike": -0.5,
    "first_name_similar": -2.0,
    "last_name_similar": -1.5,
    "last_name_part": -2.0,
    "first_name_part": -2.0,
    "birth_date_same": 13.0,
    "birth_year_same": 6.0,
    "birth_year_fits": 4.0,
    "birth_date_swapped": 9.0,
    "birth_date_similar": 8.0,
    "birth_date_two_parts": 5.0,
    "birth_date_close": 4.0,
    "postal_code_same": 9.0,
    "postal_code_similar": 5.0,
    "postal_code_area": 3.0,
    "city_same": 0.0,
    "city_same_too": 0.3,
    "street_same": 6.5,
    "street_similar": 5.0,
    "street_same_elsewhere": 1.5,
    "street_similar_elsewhere": 1.0,
    "house_number_same": 3.5,
    "house_number_similar": 1.5,
    "phone_same": 13.0,
    "phone_similar": 5.0,
    "email_same": 15.0,
    "mailbox_same": 6.0,
    "email_local_same": 6.0,
    "email_similar": 9.0,
    "email_close": 6.0,
}
# Nothing is so surely another party's as to outweigh all else: people marry, move and mistype.
FLOORS: dict[str, float] = {
    "first_name_variant": -3.5,
    "first_name_part": -4.5,
    "last_name_part": -4.5,
    "birth_date_differs": -5.5,
    "first_name_differs": -6.0,
    "last_name_differs": -6.0,
    "phone_differs": -1.0,
    "email_differs": -1.0,
    "postal_code_differs": -4.0,
    "street_differs": -4.0,
    "house_number_differs": -3.0,
    "city_differs": -4.0,
    "city_differs_though": -3.0,
}
