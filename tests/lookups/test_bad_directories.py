"""Directories that are down, slow, rude or broken: entering a company goes on, soon (ACC-12)."""

import asyncio
import logging
import time
from email.utils import formatdate
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from structlog.testing import capture_logs

from app.core.context import Context
from app.lookups import breaker as breakers
from app.lookups.directory import CompanyQuery, DirectoryFailed, Found, Question
from app.lookups.service import look_up as use_case
from app.lookups.transport import LARGEST, Transport, new_client
from app.settings import Settings
from tests.conftest import Api
from tests.factories import make_user
from tests.lookups.conftest import VALID, Start, company, results
from tests.lookups.server import (
    Behaviour,
    Directory,
    answers,
    breaks_off,
    directory,
    drips,
    hangs,
    hangs_up,
    never_ends,
    talks_nonsense,
    zipped,
)
from tests.lookups.test_lookups import MUELLER, PATH, look_up, states

pytestmark = pytest.mark.rule("ACC-12")

BAD: dict[str, tuple[Behaviour, str, str]] = {
    "hangs": (hangs, "unavailable", "timeout"),
    "drips": (drips, "unavailable", "timeout"),
    "never ends": (never_ends, "unavailable", "too_large"),
    "one huge answer": (answers(b"[" + b" " * LARGEST + b"]"), "unavailable", "too_large"),
    "hangs up": (hangs_up, "unavailable", "unreachable"),
    "breaks off": (breaks_off, "unavailable", "unreachable"),
    "no HTTP": (talks_nonsense, "unavailable", "unreachable"),
    "500": (answers({}, 500), "unavailable", "server_error"),
    "503 for an hour": (answers({}, 503, Retry_After="3600"), "unavailable", "server_error"),
    "429": (answers({}, 429), "rate_limited", "busy"),
    "429 for an hour": (answers({}, 429, Retry_After="3600"), "rate_limited", "busy"),
    "429 until a date": (
        answers({}, 429, Retry_After=formatdate(time.time() + 300, usegmt=True)),
        "rate_limited",
        "busy",
    ),
    "wrong key": (answers({}, 403), "unavailable", "refused"),
    "not there": (answers({}, 404), "unavailable", "bad_answer"),
    "a page": (answers(b"<html>Wartung</html>", Content_Type="text/html"), "unavailable", "bad_answer"),
    "no content type": (answers({}, Content_Type=""), "unavailable", "bad_answer"),
    "broken JSON": (answers(b'{"results": [{"company"'), "unavailable", "bad_answer"),
    "no UTF-8": (answers(b'{"results": "\xff\xfe"}'), "unavailable", "bad_answer"),
    "very deep JSON": (answers(b"[" * 100_000), "unavailable", "bad_answer"),
    "another shape": (answers(["x"]), "unavailable", "bad_answer"),
    "another shape inside": (answers({"results": {"a": 1}}), "unavailable", "bad_answer"),
    "zipped unasked": (zipped(results(company())), "unavailable", "bad_answer"),
    "204": (answers(b"", 204), "unavailable", "bad_answer"),
    "our question is wrong": (answers({"error": "invalid"}, 400), "unavailable", "bad_answer"),
}


@pytest.mark.parametrize("how", BAD)
async def test_the_others_answer_all_the_same(
    api: Api, session: AsyncSession, start: Start, vies: Directory, northdata: Directory, how: str
) -> None:
    behaviour, state, reason = BAD[how]
    start(lookup_seconds=0.6)
    northdata.does(behaviour)
    client = await api.as_user(await make_user(session))
    started = time.monotonic()
    answer = await client.get(PATH, params=MUELLER, headers={"Accept-Language": "de"})
    assert time.monotonic() - started < 3
    body = answer.json()
    assert answer.status_code == 200 and states(body) == {"vies": "ok", "northdata": state}
    assert [s["directory"] for s in body["suggestions"]] == ["vies"]
    told = body["directories"][1]
    assert told["reason"] == reason and "von Hand" in told["message"] and not told["kept"]
    if "hour" in how:
        assert 3500 <= told["retry_after"] <= 3600 and len(northdata.requests) == 1
    rows = await session.execute(text("SELECT directory FROM lookup_answers"))
    assert list(rows.scalars()) == ["vies"], "what failed is not kept"


async def test_a_redirect_is_never_followed(
    api: Api, session: AsyncSession, start: Start, northdata: Directory
) -> None:
    client = await api.as_user(await make_user(session))
    async with directory(answers(results(company()))) as inside:
        northdata.does(answers({}, 302, Location=f"{inside.url}/latest/meta-data"))
        body = await look_up(client, name="Müller")
        assert body["directories"][1]["reason"] == "redirected" and inside.requests == []
    assert len(northdata.requests) == 1


@pytest.mark.parametrize(
    ("error", "state", "tries"),
    [
        ("MS_UNAVAILABLE", "unavailable", 3),
        ("TIMEOUT", "unavailable", 3),
        ("GLOBAL_MAX_CONCURRENT_REQ", "rate_limited", 3),
        ("IP_BLOCKED", "unavailable", 1),
        ("SOMETHING_NEW", "unavailable", 1),
    ],
)
async def test_errors_of_vies(
    api: Api, session: AsyncSession, start: Start, vies: Directory, error: str, state: str, tries: int
) -> None:
    start(lookup_seconds=2.5)
    plain = {"isValid": False, "userError": error, "name": "---", "address": "---"}
    wrapped = {"actionSucceed": False, "errorWrappers": [{"error": error, "message": "x"}]}
    vies.does(answers(plain), answers(wrapped))
    client = await api.as_user(await make_user(session))
    body = await look_up(client, vat_id="ATU13585627")
    assert states(body)["vies"] == state and len(vies.requests) == tries
    assert body["vat_check"]["status"] == "unknown", "an outage says nothing about the number"


async def test_invalid_input_is_an_answer(api: Api, session: AsyncSession, start: Start, vies: Directory) -> None:
    vies.does(answers({"actionSucceed": False, "errorWrappers": [{"error": "INVALID_INPUT"}]}, 400))
    body = await look_up(await api.as_user(await make_user(session)), vat_id="ATU13585627")
    assert states(body)["vies"] == "ok" and body["vat_check"]["status"] == "invalid"


@pytest.mark.parametrize(
    "first", [answers({}, 503), answers({}, 503, Retry_After="0"), hangs_up, answers({}, 429, Retry_After="0")]
)
async def test_a_moment_of_weakness_is_forgiven(
    api: Api, session: AsyncSession, start: Start, northdata: Directory, first: Behaviour
) -> None:
    northdata.does(first, answers(results(company())))
    body = await look_up(await api.as_user(await make_user(session)), name="Müller")
    assert states(body)["northdata"] == "ok" and len(northdata.requests) == 2


async def test_odd_values_are_left_out_and_the_rest_is_taken(
    api: Api, session: AsyncSession, start: Start, northdata: Directory
) -> None:
    odd = company(
        "Müller\x00  Maschinen\u2028bau\nGmbH",
        address={"street": 12, "postalCode": "4" * 50, "city": "Linz\t", "country": "Österreich"},
        register={"id": ["x"], "uniqueKey": 7},
        status=["active"],
        northDataUrl="javascript:alert(1)",
        extras=[{"items": [{"id": "email", "value": "keine"}, {"id": ["phone"], "value": "1"}, "x"]}, 3, {"items": 1}],
    )
    broken: list[Any] = [
        {},
        {"company": None},
        {"company": {"name": "x"}},
        {"person": {}},
        "x",
        company(" "),
        company("x" * 300),
    ]
    northdata.does(answers(results(odd, *broken)))
    body = await look_up(await api.as_user(await make_user(session)), name="Müller")
    for suggestion in body["suggestions"]:
        fields = {name: value for name, value in suggestion["fields"].items() if value is not None}
        assert fields == {"legal_form": "GmbH", "city": "Linz"} | {"name": fields["name"]}
        assert suggestion["source_url"] is suggestion["status"] is suggestion["register_number"] is None
    assert states(body)["northdata"] == "ok"


class Time:
    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


def test_the_breaker_opens_tries_and_closes() -> None:
    now = Time()
    breaker = breakers.Breaker(now)
    for _ in range(breakers.FAILURES):
        assert breaker.wait() == 0
        breaker.failed()
    assert 20 < breaker.wait() < 40
    now.at += 40
    assert breaker.wait() == 0, "one may try"
    assert breaker.wait() == 1, "the others wait for what comes of it"
    breaker.failed()
    assert breaker.wait() > 20
    now.at += 40
    assert breaker.wait() == 0
    breaker.gave_up()
    assert breaker.wait() == 0, "who gave up does not keep the others out"
    breaker.succeeded()
    assert breaker.wait() == 0 and breaker.failures == 0
    breaker.asked_to_wait(10_000, rate_limited=True)
    assert breaker.wait() == breakers.LONGEST and breaker.rate_limited


async def test_a_directory_that_keeps_failing_is_left_alone(
    api: Api, session: AsyncSession, start: Start, northdata: Directory, vies: Directory
) -> None:
    start(lookup_seconds=0.2, lookups_per_minute=1000)
    northdata.does(hangs)
    client = await api.as_user(await make_user(session))
    for number in range(breakers.FAILURES):
        await look_up(client, name=f"Müller {number}")
    asked = len(northdata.requests)
    body = await look_up(client, **MUELLER)
    assert len(northdata.requests) == asked
    assert states(body)["northdata"] == "unavailable"
    assert body["directories"][1]["reason"] == "paused" and body["directories"][1]["retry_after"] > 1


async def test_one_member_state_that_is_down_does_not_pause_the_others(
    api: Api, session: AsyncSession, start: Start, vies: Directory
) -> None:
    start(lookup_seconds=0.1, lookup_providers=("vies",))
    down = answers({"isValid": False, "userError": "MS_UNAVAILABLE"})
    vies.does(down)
    client = await api.as_user(await make_user(session))
    for _ in range(breakers.FAILURES + 1):
        body = await look_up(client, vat_id="ATU13585627")
    assert body["directories"][0]["reason"] == "paused"
    vies.does(answers(VALID | {"name": "---", "address": "---"}))
    assert (await look_up(client, vat_id="DE136695976"))["vat_check"]["status"] == "valid"


async def test_wrong_questions_say_nothing_about_the_directory(
    start: Start, northdata: Directory, rollback: Any
) -> None:
    client = new_client(1)
    transport = Transport("northdata", northdata.url, client, 1)
    northdata.does(answers({}, 400))

    def read(_: Any) -> Found:
        raise DirectoryFailed("bad_answer")

    for _ in range(breakers.FAILURES + 2):
        with pytest.raises(DirectoryFailed, match="bad_answer"):
            await transport.ask(Question("/x"), read)
    await client.aclose()


async def test_a_slow_directory_takes_only_its_own_connections(
    start: Start, northdata: Directory, rollback: Any
) -> None:
    directories = start(lookup_seconds=1.0)
    northdata.does(hangs)
    asked = [CompanyQuery(name=f"Müller {n}", vat_id="ATU13585627") for n in range(40)]
    one = directories.enabled["northdata"]
    slow = [asyncio.create_task(one.search(question)) for query in asked if (question := one.question(query))]
    await asyncio.sleep(0.3)
    vies = directories.enabled["vies"]
    question = vies.question(asked[0])
    assert question is not None
    assert (await asyncio.wait_for(vies.search(question), 0.9)).vat_valid
    assert northdata.at_once == 8
    failed = await asyncio.gather(*slow, return_exceptions=True)
    assert all(isinstance(failure, DirectoryFailed) for failure in failed)


async def test_no_transaction_is_open_while_a_directory_is_asked(
    api: Api, session: AsyncSession, start: Start, northdata: Directory, rollback: AsyncConnection, monkeypatch: Any
) -> None:
    """Else forty people who enter companies while a directory is slow would stop everybody's work."""
    directories = start()
    contexts: list[Context] = []
    ask = directories.ask

    async def watched(questions: Any) -> Any:
        assert contexts[0]._session is None
        return await ask(questions)

    async def noted(ctx: Context, *arguments: Any) -> Any:
        contexts.append(ctx)
        return await use_case(ctx, *arguments)

    monkeypatch.setattr(directories, "ask", watched)
    monkeypatch.setattr("app.lookups.service.look_up", noted)
    await look_up(await api.as_user(await make_user(session)), name="Müller")
    assert contexts and northdata.requests


async def test_neither_the_key_nor_what_was_asked_is_logged(
    api: Api, session: AsyncSession, start: Start, northdata: Directory, secret: str, caplog: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    with capture_logs() as events:
        northdata.does(answers({}, 500))
        await look_up(await api.as_user(await make_user(session)), name="Geheimfirma Zwetschkenroeder")
        northdata.does(talks_nonsense)
        await look_up(await api.as_user(await make_user(session)), name="Geheimfirma Zwetschkenroeder")
    logged = repr(events) + caplog.text
    assert "Zwetschkenroeder" not in logged and secret not in logged


def test_settings_that_cannot_work_are_refused_at_the_start() -> None:
    def made(**values: Any) -> Settings:
        return Settings(_env_file=None, **values)  # type: ignore[call-arg]  # pydantic-settings' own argument

    assert made(lookup_providers=" VIES, northdata ,vies", northdata_key="k").lookup_providers == ("vies", "northdata")
    assert made(lookup_providers="").lookup_providers == ()
    for wrong in (
        {"lookup_providers": "northdata"},
        {"lookup_providers": "dun"},
        {"vies_url": "file:///etc/passwd"},
        {"vies_url": "https://"},
        {
            "environment": "production",
            "secret_key": "x" * 40,
            "lookup_providers": "vies",
            "vies_url": "http://vies.example",
        },
    ):
        with pytest.raises(ValidationError):
            made(**wrong)
