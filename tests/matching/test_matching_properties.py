"""What holds for every input: symmetry, stability, bounds, and the shared key that locks and look-ups rely on."""

import json
import time
from dataclasses import replace
from math import fsum, log2

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.matching import Party, PartyValues, blocking_keys, normalise, score
from app.matching.compare import NONE, compare
from app.matching.text import fold
from app.matching.texts import TEXTS
from app.matching.verdict import judge
from app.matching.weights import BITS, CAUTION, DUPLICATE_AT, POSSIBLE_AT, PRIOR

FIELDS = (
    "name", "company", "first_name", "last_name", "street", "postal_code", "city", "state", "country", "phone",
    "email", "website", "vat_id", "birth_date",
)  # fmt: skip
TEXT = st.one_of(st.none(), st.text(max_size=60), st.text(alphabet="aeouAEäöüß .-&+0123GmbHKGsStr\0", max_size=40))
VALUES = st.builds(PartyValues, kind=st.sampled_from([None, "company", "person"]), **dict.fromkeys(FIELDS, TEXT))
UNSAID = {"birth_long_ago"}
"""Weights that are added to another finding's."""
QUICK = settings(max_examples=150, deadline=None)


@QUICK
@given(st.text(max_size=200))
def test_folding_twice_changes_nothing(text: str) -> None:
    once = fold(text)
    assert fold(once) == once
    assert once.isascii()


@QUICK
@given(VALUES)
def test_a_party_survives_storage(values: PartyValues) -> None:
    party = normalise(values)
    assert Party.load(json.loads(json.dumps(party.dump()))) == party
    assert "\0" not in json.dumps(party.dump(), ensure_ascii=False)


@QUICK
@given(VALUES)
def test_keys_are_sorted_signed_and_few(values: PartyValues) -> None:
    keys = blocking_keys(normalise(values))
    assert keys == sorted(set(keys))
    assert all(-(2**63) <= key < 2**63 for key in keys)
    assert len(keys) <= 80


@QUICK
@given(VALUES, VALUES)
def test_a_score_is_symmetric_and_in_bounds(one: PartyValues, two: PartyValues) -> None:
    a, b = normalise(one), normalise(two)
    match = score(a, b)
    assert match == score(b, a)
    assert 0 <= match.score <= 1
    assert (match.verdict == "duplicate") == (match.score >= DUPLICATE_AT)
    assert (match.verdict == "none") == (match.score < POSSIBLE_AT)
    for reason in match.reasons:
        assert (reason.effect == "for") == (reason.weight > 0)


@QUICK
@given(VALUES)
def test_a_record_never_speaks_against_itself(values: PartyValues) -> None:
    party = normalise(values)
    assert all(reason.effect == "for" for reason in score(party, party).reasons)


@QUICK
@given(VALUES, VALUES)
def test_giving_up_early_never_changes_a_verdict(one: PartyValues, two: PartyValues) -> None:
    a, b = normalise(one), normalise(two)
    early, whole = compare(a, b, thorough=False), compare(a, b)
    if early.cap == NONE and whole.cap != NONE:
        assert judge(a, b)[1] == NONE
        assert fsum(weight for _, weight in whole.found) < CAUTION * log2(POSSIBLE_AT / (1 - POSSIBLE_AT)) - PRIOR


NAMES = st.sampled_from(["Müller", "Schmidt", "Zwiesele", "Kaya", "Meyer-Lüdenscheidt", "Groß"])
GIVEN = st.sampled_from(["Hans", "Johanna", "Karl-Heinz", "Ute", "Mehmet", "E."])
FIRMS = st.sampled_from(
    ["Müller Bau GmbH", "Zwiesele Holzbau KG", "Bau Müller", "Windpark 3 GmbH", "Qualmann", "C & A"]
)
PEOPLE = st.builds(
    PartyValues,
    kind=st.just("person"),
    first_name=st.none() | GIVEN,
    last_name=st.none() | NAMES,
    street=st.sampled_from([None, "Ring 5", "Ring 7", "Am Markt 1"]),
    postal_code=st.sampled_from([None, "70173", "70174", "1010"]),
    city=st.sampled_from([None, "Stuttgart", "Wien", "Stuttgart-Mitte"]),
    birth_date=st.sampled_from([None, "1980-12-31", "1980-12-13", "1955-01-01"]),
    email=st.sampled_from([None, "hans.mueller@gmx.de", "info@zwiesele.de", "ute17@web.de"]),
    phone=st.sampled_from([None, "0711 123456", "0711 123457", "0171 5556677"]),
)
COMPANIES = st.builds(
    PartyValues,
    kind=st.just("company"),
    name=FIRMS,
    street=st.sampled_from([None, "Ring 5", "Postfach 12 34", "Am Markt 1"]),
    postal_code=st.sampled_from([None, "70173", "1010"]),
    city=st.sampled_from([None, "Stuttgart", "Wien"]),
    email=st.sampled_from([None, "info@mueller-bau.de", "bau@gmx.de"]),
    phone=st.sampled_from([None, "0711 123456", "0711 123457"]),
)
OF_BOTH = st.sampled_from([
    ("phone", "0171 9876543"), ("email", "jemand.anders@firma-x.de"), ("vat_id", "DE123456789"),
    ("birth_date", "1971-03-04"), ("website", "www.firma-y.de"),
])  # fmt: skip


@pytest.mark.rule("DUP-1")
@QUICK
@given(st.one_of(st.tuples(PEOPLE, PEOPLE), st.tuples(COMPANIES, COMPANIES)), OF_BOTH)
def test_an_equal_value_on_both_sides_never_lowers_the_verdict(
    pair: tuple[PartyValues, PartyValues], more: tuple[str, str]
) -> None:
    one, two = pair
    field, value = more
    if getattr(one, field) or getattr(two, field) or (field == "birth_date" and one.kind == "company"):
        return
    before = judge(normalise(one), normalise(two))[1]
    after = judge(normalise(replace(one, **{field: value})), normalise(replace(two, **{field: value})))[1]
    assert after >= before


@pytest.mark.rule("DUP-1")
@QUICK
@given(st.one_of(st.tuples(PEOPLE, PEOPLE), st.tuples(COMPANIES, COMPANIES)), OF_BOTH)
def test_what_one_side_lacks_says_nothing(pair: tuple[PartyValues, PartyValues], more: tuple[str, str]) -> None:
    one, two = pair
    field, value = more
    if field in {"email", "website"} or getattr(one, field) or getattr(two, field):
        return  # an address may carry the name, and either may carry the domain
    a, b = normalise(one), normalise(two)
    richer = normalise(replace(one, **{field: value}))
    assert judge(a, b) == judge(richer, b)


@pytest.mark.parametrize(
    "text",
    ["a" * 500, " " * 500, "\0" * 500, "ß" * 500, "a." * 250, "1 " * 250, "1-" * 250, "(" * 500, "@" * 500, "." * 500,
     "\U0001f600" * 500, "漢字" * 250, "a b " * 125, "e" * 500, "\u0308" * 500, "ﷺ" * 500, "x" * 100_000, "inh " * 125,
     "str. " * 100, "und u & " * 60, "9" * 500, "IX " * 166],
)  # fmt: skip
def test_hostile_values_take_bounded_time(text: str) -> None:
    started = time.process_time()
    values = PartyValues(None, *[text] * 14)
    party = normalise(values)
    blocking_keys(party)
    score(party, normalise(PartyValues("person", *[text[::-1] + "x"] * 14)))
    assert time.process_time() - started < 0.25


def test_every_finding_has_a_weight_and_texts_in_both_languages() -> None:
    assert set(BITS) - set(TEXTS) == UNSAID
    assert set(TEXTS) - set(BITS) == {"owner_name_same"}
    for german, english in TEXTS.values():
        assert german.endswith(".") and english.endswith(".") and german != english
