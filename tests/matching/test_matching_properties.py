"""What holds for every input: symmetry, stability, bounds, and the shared key that locks and look-ups rely on."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.matching import Party, PartyValues, blocking_keys, normalise, score
from app.matching.text import fold
from app.matching.weights import DUPLICATE_AT, POSSIBLE_AT

FIELDS = (
    "name", "company", "first_name", "last_name", "street", "postal_code", "city", "state", "country", "phone",
    "email", "website", "vat_id", "birth_date",
)  # fmt: skip
TEXT = st.one_of(st.none(), st.text(max_size=60), st.text(alphabet="aeouAEäöüß .-&+0123GmbHKGsStr\0", max_size=40))
VALUES = st.builds(PartyValues, kind=st.sampled_from([None, "company", "person"]), **dict.fromkeys(FIELDS, TEXT))
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
