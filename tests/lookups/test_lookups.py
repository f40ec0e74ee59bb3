"""Looking a company up while it is entered: suggestions, and nothing else (ACC-12)."""

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Account
from app.core.visibility import unscoped
from app.lookups import cache
from app.lookups.directory import CompanyQuery
from app.lookups.jobs import forget
from tests.conftest import Api, Contexts
from tests.factories import make_account, make_user
from tests.lookups.conftest import VALID, Start, company, results
from tests.lookups.server import Directory, answers

pytestmark = pytest.mark.rule("ACC-12")

MUELLER = {"name": "Müller Maschinenbau", "city": "Linz", "country": "AT", "vat_id": "ATU 1358 5627"}
PATH = "/v1/lookups/companies"


async def look_up(client: httpx.AsyncClient, **query: str) -> dict[str, Any]:
    answer = await client.get(PATH, params=query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def states(body: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["state"] for one in body["directories"]}


async def test_both_directories_suggest_what_an_account_takes(
    api: Api, session: AsyncSession, start: Start, vies: Directory, northdata: Directory, secret: str
) -> None:
    client = await api.as_user(await make_user(session))
    before = (
        await session.execute(unscoped(select(func.count(Account.id)), reason="the test counts all"))
    ).scalar_one()
    body = await look_up(client, **MUELLER)
    assert states(body) == {"vies": "ok", "northdata": "ok"}
    assert body["vat_check"] == {"vat_id": "ATU13585627", "status": "valid"}
    by_directory = {s["directory"]: s for s in body["suggestions"]}
    assert by_directory["vies"]["fields"] == {
        "name": "MÜLLER MASCHINENBAU GMBH",
        "legal_form": "GmbH",
        "street": "Industriestraße 12",
        "postal_code": "4020",
        "city": "Linz",
        "state": None,
        "country": "AT",
        "phone": None,
        "email": None,
        "website": None,
        "vat_id": "ATU13585627",
    }
    theirs = by_directory["northdata"]
    assert theirs["fields"]["email"] == "office@mueller.example.com" and theirs["fields"]["phone"] == "+43 732 123456"
    assert (theirs["register_number"], theirs["register_court"]) == ("FN 123456a", "Linz")
    assert (theirs["source_id"], theirs["status"]) == ("12203550103038", "active")
    assert all(s["confidence"] > 0.9 for s in body["suggestions"])

    (asked,) = vies.requests
    assert asked.path == "/ms/AT/vat/U13585627" and asked.query == {}
    (asked,) = northdata.requests
    assert asked.path == "/search/v1/universal" and asked.headers["x-api-key"] == secret
    assert asked.query["query"] == "Müller Maschinenbau, Linz" and asked.query["countries"] == "AT"
    assert asked.query["domain"] == "company" and asked.query["limit"] == "10"

    # Suggestions only: nothing was stored, and what the client takes goes the usual way.
    after = (await session.execute(unscoped(select(func.count(Account.id)), reason="the test counts all"))).scalar_one()
    assert after == before
    taken = {name: value for name, value in theirs["fields"].items() if value is not None}
    made = await client.post("/v1/accounts", json={**taken, "level": "B", "industry": "Maschinenbau"})
    assert made.status_code == 201, made.text


async def test_the_likeliest_comes_first_and_only_a_few_are_taken(
    api: Api, session: AsyncSession, start: Start, northdata: Directory
) -> None:
    client = await api.as_user(await make_user(session))
    others = [company(f"Huber {word} GmbH") for word in ("Reisen", "Dach", "Optik")] * 2000
    northdata.does(answers(results(others[0], company(), *others[:90])))
    body = await look_up(client, name="Müller Maschinenbau", city="Linz")
    assert len(body["suggestions"]) == 10
    confident = [s["confidence"] for s in body["suggestions"]]
    assert confident == sorted(confident, reverse=True)
    assert body["suggestions"][0]["fields"]["name"] == "Müller Maschinenbau GmbH"


async def test_a_register_number_finds_and_ranks(
    api: Api, session: AsyncSession, start: Start, northdata: Directory
) -> None:
    client = await api.as_user(await make_user(session))
    body = await look_up(client, register_number="FN123456A", country="AT")
    assert northdata.requests[0].query["query"] == "FN123456A" and body["suggestions"][0]["confidence"] >= 0.95
    await look_up(client, register_number="HRB 103038", city="Hamburg", country="DE")
    assert northdata.requests[1].query["query"] == "Amtsgericht Hamburg, HRB 103038"
    assert states(body) == {"vies": "not_asked", "northdata": "ok"}


@pytest.mark.parametrize(
    ("vat_id", "country", "asked", "check"),
    [
        ("ATU12345678", None, None, {"vat_id": "ATU12345678", "status": "malformed"}),
        ("U13585627", "AT", "/ms/AT/vat/U13585627", {"vat_id": "ATU13585627", "status": "valid"}),
        ("GR 094259216", None, "/ms/EL/vat/094259216", {"vat_id": "EL094259216", "status": "valid"}),
        ("094259216", "GR", "/ms/EL/vat/094259216", {"vat_id": "EL094259216", "status": "valid"}),
        ("CHE-123.456.788", None, None, {"vat_id": "CHE123456788", "status": "unknown"}),
        ("12345", None, None, {"vat_id": "12345", "status": "malformed"}),
        ("AT/../../x?y=1#", None, None, {"vat_id": "ATXY1", "status": "malformed"}),
    ],
)
async def test_a_mistyped_vat_id_does_not_leave_the_house(
    api: Api,
    session: AsyncSession,
    start: Start,
    vies: Directory,
    vat_id: str,
    country: str | None,
    asked: str | None,
    check: dict[str, str],
) -> None:
    client = await api.as_user(await make_user(session))
    body = await look_up(client, vat_id=vat_id, **({"country": country} if country else {}))
    assert body["vat_check"] == check
    assert [request.path for request in vies.requests] == ([asked] if asked else [])


async def test_what_people_type_only_ever_is_a_parameter(
    api: Api, session: AsyncSession, start: Start, northdata: Directory
) -> None:
    client = await api.as_user(await make_user(session))
    evil = "../admin?api_key=x&limit=9999#@evil.example/ \u202eHTTP/1.1"
    await look_up(client, name=evil, register_number="x&countries=DE")
    (asked,) = northdata.requests
    assert asked.path == "/search/v1/universal" and asked.query["query"] == evil and asked.query["limit"] == "10"
    assert "countries" not in asked.query and " " not in asked.target


async def test_states_that_keep_names_to_themselves_still_confirm(
    api: Api, session: AsyncSession, start: Start, vies: Directory
) -> None:
    client = await api.as_user(await make_user(session))
    vies.does(answers(VALID | {"name": "---", "address": "---"}))
    body = await look_up(client, vat_id="DE136695976")
    assert body["suggestions"] == [] and body["vat_check"]["status"] == "valid"
    vies.does(answers(VALID | {"isValid": False, "userError": "INVALID", "name": "---", "address": "---"}))
    body = await look_up(client, vat_id="ATU13585627")
    assert body["suggestions"] == [] and body["vat_check"]["status"] == "invalid"


async def test_whether_the_customer_is_here_is_said_by_the_one_matcher(
    api: Api, session: AsyncSession, start: Start, contexts: Contexts
) -> None:
    owner, other = await make_user(session), await make_user(session)
    body = {"name": "Müller Maschinenbau GmbH", "level": "B", "industry": "M", "legal_form": "GmbH"}
    place = {"city": "Linz", "country": "AT", "postal_code": "4020", "vat_id": "ATU13585627"}
    made = await (await api.as_user(owner)).post("/v1/accounts", json=body | place)
    assert made.status_code == 201, made.text
    for user, seen in ((owner, True), (other, False)):
        (suggestion, *_) = (await look_up(await api.as_user(user), name="Müller Maschinenbau", city="Linz"))[
            "suggestions"
        ]
        assert suggestion["known"]["verdict"] == "duplicate"
        (match,) = suggestion["known"]["matches"]
        assert match["ref"] == made.json()["id"]
        assert (match["record"] is not None, match["name"] is not None) == (seen, seen)  # DUP-3
        assert match["holder"]["id"] == str(owner.id)


async def test_an_answer_is_paid_for_once(
    api: Api, session: AsyncSession, start: Start, vies: Directory, northdata: Directory, contexts: Contexts
) -> None:
    first = await look_up(await api.as_user(await make_user(session)), **MUELLER)
    start()  # another process
    again = await look_up(await api.as_user(await make_user(session)), **MUELLER)
    assert len(vies.requests) == len(northdata.requests) == 1
    assert [one["kept"] for one in first["directories"]] == [False, False]
    assert [one["kept"] for one in again["directories"]] == [True, True]
    assert again["suggestions"] == first["suggestions"] and again["vat_check"] == first["vat_check"]
    assert [one["answered_at"] is not None for one in again["directories"]] == [True, True]

    kept = (await session.execute(select(cache.table))).all()
    assert len(kept) == 2 and all(len(row.question) == 32 for row in kept), "a hash of what was asked, no more"
    days = {row.directory: (row.expires_at - row.fetched_at).days for row in kept}
    assert days == {"vies": 1, "northdata": 7}


async def test_nothing_found_is_kept_for_minutes(
    api: Api, session: AsyncSession, start: Start, vies: Directory, northdata: Directory
) -> None:
    client = await api.as_user(await make_user(session))
    northdata.does(answers(results()))
    vies.does(answers(VALID | {"isValid": False, "userError": "INVALID"}))
    for _ in range(2):
        assert (await look_up(client, **MUELLER))["suggestions"] == []
    assert len(northdata.requests) == len(vies.requests) == 1
    for row in await session.execute(select(cache.table)):
        assert (row.expires_at - row.fetched_at).total_seconds() == 600


async def test_kept_answers_end(
    api: Api, session: AsyncSession, start: Start, northdata: Directory, contexts: Contexts
) -> None:
    client = await api.as_user(await make_user(session))
    await look_up(client, name="Müller")
    await session.execute(text("UPDATE lookup_answers SET expires_at = now() - interval '1 second'"))
    await session.commit()
    await look_up(client, name="Müller")
    assert len(northdata.requests) == 2
    await look_up(client, name="Huber")
    await session.execute(
        text(
            "UPDATE lookup_answers SET expires_at = now() - interval '1 second' WHERE ctid = (SELECT max(ctid) FROM lookup_answers)"
        )
    )
    await session.commit()
    async with contexts.of() as ctx:
        await forget(ctx, {})
    assert (await session.execute(select(func.count()).select_from(cache.table))).scalar_one() == 1


async def test_the_same_question_at_the_same_time_is_one(start: Start, northdata: Directory, rollback: Any) -> None:
    directories = start()
    northdata.does(answers(results(company()), after=0.2))
    question = directories.enabled["northdata"].question(CompanyQuery(name="Müller"))
    assert question is not None
    waiting = [asyncio.create_task(directories.ask({"northdata": question})) for _ in range(20)]
    await asyncio.sleep(0.05)
    waiting[0].cancel()  # who asked first has gone: the others still get their answer
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert len(northdata.requests) == 1
    assert isinstance(outcomes[0], asyncio.CancelledError)
    assert all(outcome["northdata"].state == "ok" for outcome in outcomes[1:] if isinstance(outcome, dict))


async def test_who_may_enter_companies_may_look_them_up(api: Api, session: AsyncSession, start: Start) -> None:
    assert (await api.anyone.get(PATH, params={"name": "Müller"})).status_code == 401
    for role, status in (("mst", 200), ("cm", 200), ("ks", 403)):
        client = await api.as_user(await make_user(session, role))
        assert (await client.get(PATH, params={"name": "Müller"})).status_code == status, role


async def test_a_question_must_say_something(
    api: Api, session: AsyncSession, start: Start, northdata: Directory
) -> None:
    client = await api.as_user(await make_user(session))
    for query in ({}, {"city": "Linz"}):
        answer = await client.get(PATH, params=query)
        assert answer.status_code == 422 and answer.json()["errors"][0]["code"] == "too_little"
    for query in ({"name": ""}, {"name": "x" * 201}, {"name": "a\x00b"}, {"country": "XX", "name": "a"}, {"nmae": "a"}):
        assert (await client.get(PATH, params=query)).status_code == 422, query
    assert northdata.requests == []


async def test_each_question_may_cost_money(
    api: Api, session: AsyncSession, start: Start, northdata: Directory
) -> None:
    start(lookups_per_minute=2)
    client = await api.as_user(await make_user(session))
    for name in ("Huber", "Maier"):
        await look_up(client, name=name)
    refused = await client.get(PATH, params={"name": "Müller"})
    assert refused.status_code == 429 and int(refused.headers["Retry-After"]) > 0
    assert len(northdata.requests) == 2
    await look_up(client, name="Huber")  # kept: costs nothing


async def test_nobody_is_asked_unless_the_installation_says_so(
    api: Api, session: AsyncSession, start: Start, vies: Directory, northdata: Directory
) -> None:
    start(lookup_providers=())
    client = await api.as_user(await make_user(session))
    body = await look_up(client, **MUELLER)
    assert states(body) == {"vies": "disabled", "northdata": "disabled"} and body["suggestions"] == []
    assert body["vat_check"] == {"vat_id": "ATU13585627", "status": "unknown"}
    assert vies.requests == northdata.requests == []
    start(lookup_providers=("vies",))
    assert states(await look_up(client, **MUELLER)) == {"vies": "ok", "northdata": "disabled"}


async def test_an_index_that_is_being_renewed_keeps_nobody_from_looking_up(
    api: Api, session: AsyncSession, start: Start
) -> None:
    user = await make_user(session)
    await make_account(session, user)
    await session.execute(text("UPDATE index_state SET version = version + 1"))
    await session.commit()
    body = await look_up(await api.as_user(user), name="Müller Maschinenbau")
    assert [s["known"] for s in body["suggestions"]] == [None]
