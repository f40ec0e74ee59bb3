"""Further e-mails and phones: whoever knows only a customer's second mailbox or phone finds them all the same (ACC-9)."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.matching import PartyValues, blocking_keys, normalise, score
from app.matching.keys import telling_keys
from app.matching.verdict import judge
from tests.matching.test_matching_properties import COMPANIES, PEOPLE, QUICK

pytestmark = pytest.mark.rule("DUP-1", "ACC-9")

FIRM = PartyValues(
    kind="company",
    name="Müller Bau GmbH",
    city="Ulm",
    country="DE",
    phone="0731 111111",
    email="office@zwiesele.de",
    phones=("0731 111111", "0731 222222"),
    emails=("office@zwiesele.de", "Rechnung@Zwiesele-Buch.de"),
)
EVA = PartyValues(
    kind="person",
    first_name="Eva",
    last_name="Roth",
    email="eva.roth@zwiesele.de",
    emails=("er77@gmx.de", "info@zwiesele.de"),
)
MAILS = st.lists(st.sampled_from(["info@mueller-bau.de", "ute17@web.de", "hm@gmx.de", "Hans.Mueller@gmx.de", "-"]))
NUMBERS = st.lists(st.sampled_from(["0711 123456", "0171 5556677", "0711/999999", "+49 711 123457", "x"]))
FURTHER = st.builds(lambda mails, numbers: (tuple(mails), tuple(numbers)), MAILS, NUMBERS)


def test_the_normal_form_leaves_out_the_primary_one() -> None:
    party = normalise(FIRM)
    assert (party.email, party.emails) == ("office@zwiesele.de", ("rechnung@zwiesele-buch.de",))
    assert (party.phone, party.phones) == ("+49731111111", ("+49731222222",))
    assert party.domains == ("zwiesele-buch.de", "zwiesele.de")
    again = replace(FIRM, emails=("RECHNUNG@zwiesele-buch.de", "", *FIRM.emails * 2), phones=FIRM.phones[::-1])
    assert normalise(again) == party
    many = normalise(replace(FIRM, emails=tuple(f"a{n}@b{n}.de" for n in range(50)), phones=("0731 33333",) * 50))
    assert (len(many.emails), len(many.phones)) == (20, 1)


@pytest.mark.parametrize("kind", ["company", "person"])
def test_keys_are_those_that_it_would_give_as_the_primary_one(kind: str) -> None:
    named = {"name": "Zwiesele Holzbau"} if kind == "company" else {"first_name": "Eva", "last_name": "Roth"}
    for mail, phone in product(("er77@gmx.de", "info@zwiesele.de"), ("0731 222222", "12345678")):
        bare = PartyValues(kind=kind, **named, email="x@y.at", phone="0731 111111")  # type: ignore[arg-type]
        primary = normalise(replace(bare, email=mail, phone=phone))
        further = normalise(replace(bare, emails=(mail,), phones=(phone,)))
        for keys in (blocking_keys, telling_keys):
            assert set(keys(further)) == set(keys(primary)) | set(keys(normalise(bare)))
    most = replace(
        bare, emails=tuple(f"a{n}@b{n}.de" for n in range(99)), phones=tuple(f"0731 1{n}11" for n in range(99))
    )
    assert len(blocking_keys(normalise(most))) <= 120


@pytest.mark.parametrize(
    "asked",
    [{"email": "rechnung@zwiesele-buch.de"}, {"phone": "+49 731 222222"}, {"email": "x@y.at", "phone": "0731/222222"}],
)
def test_the_second_one_finds_a_customer_like_the_first(asked: dict[str, str]) -> None:
    typed = normalise(PartyValues(name="Müller Bau", **asked))
    known, bare = normalise(FIRM), normalise(replace(FIRM, emails=(), phones=()))
    assert score(typed, bare).verdict == "possible", "by its name alone"
    assert score(typed, known).verdict == score(known, typed).verdict == "duplicate"
    only = normalise(PartyValues(**asked))
    assert score(only, known).verdict == "possible" and set(blocking_keys(only)) & set(blocking_keys(known))


def test_either_side_may_have_it_among_its_further_ones() -> None:
    other = normalise(PartyValues(name="Müller", phone="0731 99999", phones=("0731 222222",)))
    assert "phone_same" in {reason.code for reason in score(other, normalise(FIRM)).reasons}
    unlike = normalise(PartyValues(name="Müller", phone="0731 99999", phones=("0731 88888",)))
    assert {r.code for r in score(unlike, normalise(FIRM)).reasons} & {"phone_same", "phone_differs"} == {
        "phone_differs"
    }


def test_a_mailbox_of_ones_own_goes_before_a_department_s() -> None:
    known = normalise(EVA)
    own = normalise(PartyValues(kind="person", last_name="Roth", email="info@zwiesele.de", emails=("er77@gmx.de",)))
    assert score(own, known).verdict == "duplicate"
    both = normalise(replace(EVA, email="info@zwiesele.de", emails=("er77@gmx.de",)))
    again = normalise(replace(EVA, first_name="E.", email="info@zwiesele.de", emails=("er77@gmx.de",)))
    assert {r.code for r in score(both, again).reasons} >= {"email_same"}


def test_a_department_s_mailbox_says_of_people_what_it_ever_said() -> None:
    role = PartyValues(kind="person", first_name="Max", last_name="Kolb", email="info@zwiesele.de")
    primary = score(normalise(role), normalise(replace(EVA, email="info@zwiesele.de", emails=())))
    further = score(normalise(role), normalise(EVA))
    assert further.verdict == primary.verdict and "mailbox_same" in {r.code for r in further.reasons}
    slip = replace(EVA, email="eva.rott@zwiesele.de", emails=("info@zwiesele.de",))
    assert "email_similar" in {r.code for r in score(normalise(EVA), normalise(slip)).reasons}, "which says more"


@QUICK
@given(
    st.one_of(st.tuples(PEOPLE, PEOPLE), st.tuples(COMPANIES, COMPANIES), st.tuples(PEOPLE, COMPANIES)),
    FURTHER,
    FURTHER,
)
def test_a_score_is_symmetric_whatever_further_ones_there_are(
    pair: tuple[PartyValues, PartyValues], left: tuple[tuple[str, ...], ...], right: tuple[tuple[str, ...], ...]
) -> None:
    one, two = (
        normalise(replace(who, emails=mails, phones=phones))
        for who, (mails, phones) in zip(pair, (left, right), strict=True)
    )
    assert score(one, two) == score(two, one)
    assert all(reason.effect == "for" for reason in score(one, one).reasons)


@QUICK
@given(st.one_of(st.tuples(PEOPLE, PEOPLE), st.tuples(COMPANIES, COMPANIES)), st.booleans())
def test_one_that_both_have_never_lowers_the_verdict(pair: tuple[PartyValues, PartyValues], mail: bool) -> None:
    before = judge(*map(normalise, pair))[1]
    more = {"emails": ("jemand.anders@firma-x.de",)} if mail else {"phones": ("0171 9876543",)}
    assert judge(*(normalise(replace(who, **more)) for who in pair))[1] >= before
