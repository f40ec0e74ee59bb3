"""Changing, forgetting and resetting passwords."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.principal import SystemPrincipal
from app.identity import jobs, tokens
from app.identity.models import DeviceSession, PasswordReset
from app.identity.passwords import Holder, violations
from tests.conftest import SECRET, Api, Contexts
from tests.factories import make_user
from tests.identity.support import (
    NEW_PASSWORD,
    PASSWORD,
    bearing,
    post,
    refreshed,
    signed_in,
    status_with,
    with_password,
)

EVA = Holder("eva.muster", "e.muster-huber@firma.example.com", "Eva", "Muster")


@pytest.mark.rule("ID-1")
@pytest.mark.parametrize(
    ("password", "broken"),
    [
        (PASSWORD, []),
        ("Grüße aus der Wüste", []),
        ("Eva isst Wassermelonen", []),
        ("elf Zeichen", ["password_too_short"]),
        ("a" * 100 + "bcdef" * 20, []),
        ("a" * 101 + "bcdef" * 20, ["password_too_long"]),
        ("abababababab", ["password_too_simple"]),
        ("mein MUSTER-Passwort", ["password_contains_name"]),
        ("xx eva.muster xx", ["password_contains_name"]),
        ("xx E.Muster-Huber xx", ["password_contains_name"]),
        ("1q2w3e4r5t6z", ["password_common"]),
        ("Passwort2026!!", ["password_common"]),
        ("QWERTZUIOPÜ123", ["password_common"]),
        ("muster", ["password_too_short", "password_contains_name"]),
    ],
)
def test_the_policy(password: str, broken: list[str]) -> None:
    assert violations(password, EVA) == broken


@pytest.mark.rule("ID-1")
async def test_the_policy_is_shown_to_everybody(api: Api) -> None:
    answer = await api.anyone.get("/v1/auth/password-policy")
    assert answer.status_code == 200
    policy = answer.json()
    assert (policy["min_length"], policy["max_length"]) == (12, 200)
    assert {
        "code": "password_too_short",
        "label": {"de": "Mindestens 12 Zeichen.", "en": "At least 12 characters."},
    } in (policy["rules"])


@pytest.mark.rule("ID-1")
async def test_changing_the_password_keeps_this_device_alone(api: Api, session: AsyncSession) -> None:
    user = await with_password(session)
    here, there = await signed_in(api, user), await signed_in(api, user)
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert (await bearing(api, here["access_token"]).put("/v1/me/password", json=body)).status_code == 204
    assert await status_with(api, here["access_token"]) == 200
    assert (await refreshed(api, here["refresh_token"])).status_code == 200
    assert await status_with(api, there["access_token"]) == 401
    assert (await refreshed(api, there["refresh_token"])).status_code == 401
    assert (await post(api, "/sessions", {"login": user.user_name, "password": PASSWORD})).status_code == 401
    me = (await signed_in(api, user, NEW_PASSWORD))["user"]
    assert me["password_changed_at"]  # type: ignore[index]


@pytest.mark.rule("ID-1")
async def test_umlauts_may_be_composed_either_way(api: Api, session: AsyncSession) -> None:
    user = await with_password(session)
    client = bearing(api, (await signed_in(api, user))["access_token"])
    body = {"current_password": PASSWORD, "new_password": "Gr\u00fc\u00dfe aus der W\u00fcste"}
    assert (await client.put("/v1/me/password", json=body)).status_code == 204
    await signed_in(api, user, "Gru\u0308\u00dfe aus der Wu\u0308ste")


@pytest.mark.rule("ID-1")
async def test_what_is_wrong_is_told_all_at_once(api: Api, session: AsyncSession) -> None:
    user = await with_password(session)
    client = bearing(api, (await signed_in(api, user))["access_token"])
    body = {"current_password": "falsch", "new_password": user.last_name}
    answer = await client.put("/v1/me/password", json=body)
    assert answer.status_code == 422
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [
        ("/current_password", "wrong_password"),
        ("/new_password", "password_too_short"),
        ("/new_password", "password_contains_name"),
    ]
    same = await client.put("/v1/me/password", json={"current_password": PASSWORD, "new_password": PASSWORD})
    assert [e["code"] for e in same.json()["errors"]] == ["password_unchanged"]
    assert "falsch" not in answer.text


@pytest.mark.rule("ID-9")
async def test_guessing_the_current_password_is_throttled(api: Api, session: AsyncSession) -> None:
    client = bearing(api, (await signed_in(api, await with_password(session)))["access_token"])
    body = {"current_password": "falsch", "new_password": NEW_PASSWORD}
    codes = [(await client.put("/v1/me/password", json=body)).status_code for _ in range(11)]
    assert codes == [422] * 10 + [429]


async def ask(api: Api, login: str) -> None:
    answer = await post(api, "/password-resets", {"login": login})
    assert (answer.status_code, answer.json()) == (202, {"status": "accepted"})


async def asked_for(session: AsyncSession) -> list[dict[str, object]]:
    found = await session.execute(
        text("SELECT payload FROM outbox WHERE job = 'identity.password_mail' AND done_at IS NULL ORDER BY id")
    )
    return list(found.scalars())


async def run(contexts: Contexts, payload: dict[str, object], **offset: float) -> str:
    """Do the job; returns the mail's text."""
    mailbox = contexts.services.settings.data_dir / "mailbox"
    before = set(mailbox.glob("*")) if mailbox.exists() else set()
    async with contexts.of(SystemPrincipal("identity.password_mail"), **offset) as ctx:
        await jobs.password_mail(ctx, payload)
    (mail,) = set(mailbox.glob("*")) - before
    return mail.read_text(encoding="utf-8")


def token_of(payload: dict[str, object]) -> str:
    return tokens.reset_token(SECRET, UUID(str(payload["reset_id"])))


@pytest.mark.rule("ID-1")
async def test_a_forgotten_password_is_set_anew_once(api: Api, session: AsyncSession, contexts: Contexts) -> None:
    user = await with_password(session)
    device = await signed_in(api, user)
    await ask(api, user.email)
    (payload,) = await asked_for(session)
    token = token_of(payload)
    assert token not in repr(payload), "the queue never holds the secret"
    mail = await run(contexts, payload)
    assert user.email in mail
    stored = (await session.execute(select(PasswordReset).where(PasswordReset.user_id == user.id))).scalar_one()
    assert stored.token_hash != token.encode() and stored.used_at is None

    weak = await post(api, "/password-resets/confirmations", {"token": token, "new_password": "kurz"})
    assert weak.status_code == 422 and weak.json()["errors"][0]["pointer"] == "/new_password"
    body = {"token": token, "new_password": NEW_PASSWORD}
    assert (await post(api, "/password-resets/confirmations", body)).status_code == 204
    again = await post(api, "/password-resets/confirmations", body | {"new_password": "fünf schlaue Füchse"})
    assert again.status_code == 422 and again.json()["code"] == "reset_token_invalid"

    assert await status_with(api, device["access_token"]) == 401
    assert (await post(api, "/sessions", {"login": user.user_name, "password": PASSWORD})).status_code == 401
    await signed_in(api, user, NEW_PASSWORD)


@pytest.mark.rule("ID-1")
async def test_nobody_learns_who_has_an_account(api: Api, session: AsyncSession, contexts: Contexts) -> None:
    user, gone = await with_password(session), await with_password(session, active=False)
    for login in (user.user_name, gone.email, "nobody@nowhere.example.com"):
        await ask(api, login)
    payloads = await asked_for(session)
    assert [p["user_id"] for p in payloads] == [str(user.id), str(gone.id), None]
    async with contexts.of() as ctx:
        for payload in payloads[1:]:
            await jobs.password_mail(ctx, payload)
    assert (await session.execute(select(PasswordReset))).first() is None


@pytest.mark.rule("ID-1")
async def test_links_end(api: Api, session: AsyncSession, contexts: Contexts) -> None:
    user = await with_password(session)
    await ask(api, user.user_name)
    await ask(api, user.user_name)
    (payload,) = await asked_for(session)
    await run(contexts, payload, minutes=-61)
    body = {"token": token_of(payload), "new_password": NEW_PASSWORD}
    late = await post(api, "/password-resets/confirmations", body)
    assert late.json()["code"] == "reset_token_invalid", "an hour has passed"
    made_up = await post(api, "/password-resets/confirmations", body | {"token": "made-up"})
    assert made_up.json()["code"] == "reset_token_invalid"


@pytest.mark.rule("ID-1")
async def test_a_used_link_uses_up_the_others(api: Api, session: AsyncSession, contexts: Contexts) -> None:
    user = await with_password(session)
    first = {"user_id": str(user.id), "reset_id": "019abcde-0000-7000-8000-000000000001", "invitation": False}
    second = first | {"reset_id": "019abcde-0000-7000-8000-000000000002"}
    for payload in (first, second):
        await run(contexts, payload)
    body = {"token": token_of(second), "new_password": NEW_PASSWORD}
    assert (await post(api, "/password-resets/confirmations", body)).status_code == 204
    other = await post(api, "/password-resets/confirmations", body | {"token": token_of(first)})
    assert other.json()["code"] == "reset_token_invalid"


@pytest.mark.rule("ID-1")
async def test_the_job_run_twice_mails_the_same_link(session: AsyncSession, contexts: Contexts) -> None:
    user = await make_user(session)
    payload = {"user_id": str(user.id), "reset_id": "019abcde-0000-7000-8000-000000000003", "invitation": True}
    await run(contexts, payload)
    async with contexts.of(days=1) as ctx:
        await jobs.password_mail(ctx, payload)
    reset = (await session.execute(select(PasswordReset).where(PasswordReset.user_id == user.id))).scalar_one()
    assert timedelta(days=6, hours=23) < reset.expires_at - datetime.now(UTC) < timedelta(days=7, minutes=1)


async def test_asking_is_throttled(api: Api, session: AsyncSession) -> None:
    user = await with_password(session)
    for _ in range(10):
        await ask(api, user.email)
    blocked = await post(api, "/password-resets", {"login": user.email})
    assert blocked.status_code == 429 and int(blocked.headers["Retry-After"]) >= 1


@pytest.mark.parametrize("language", ["de", "en"])
async def test_the_mailed_link_opens_a_page(api: Api, language: str) -> None:
    client = api.client(**{"Accept-Language": language})
    answer = await client.get("/v1/auth/password-resets/form")
    assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html")
    assert f'lang="{language}"' in answer.text and "$" not in answer.text
    assert "'unsafe" not in answer.headers["Content-Security-Policy"]
    assert "http://" not in answer.text and "https://" not in answer.text, "it needs nothing from elsewhere"


async def test_what_ended_long_ago_is_forgotten(session: AsyncSession, contexts: Contexts) -> None:
    user, now = await make_user(session), datetime.now(UTC)

    def device(ends: int, revoked: int | None = None) -> DeviceSession:
        return DeviceSession(
            user_id=user.id,
            refresh_hash=b"-",
            created_at=now,
            last_used_at=now,
            expires_at=now + timedelta(days=ends),
            revoked_at=None if revoked is None else now + timedelta(days=revoked),
        )

    kept = [device(5), device(-29), device(5, -29)]
    session.add_all([*kept, device(-31), device(5, -31)])
    await session.commit()
    async with contexts.of() as ctx:
        await jobs.tidy(ctx, {})
    left = await session.execute(select(DeviceSession.id).where(DeviceSession.user_id == user.id))
    assert set(left.scalars()) == {d.id for d in kept}
