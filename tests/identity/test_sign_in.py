"""Signing in, refreshing, devices."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity import passwords, tokens
from app.identity.models import DeviceSession
from tests.conftest import SECRET, Api
from tests.factories import make_user
from tests.identity.support import PASSWORD, bearing, post, refreshed, signed_in, status_with, with_password


async def move_back(session: AsyncSession, session_id: str, seconds: float) -> None:
    """As if the last replacement had happened earlier."""
    when = datetime.now(UTC) - timedelta(seconds=seconds)
    await session.execute(update(DeviceSession).where(DeviceSession.id == session_id).values(replaced_at=when))
    await session.commit()


@pytest.mark.rule("ID-1")
@pytest.mark.parametrize("how", ["user_name", "email", "in capitals", "with spaces around"])
async def test_sign_in_by_user_name_or_email(api: Api, session: AsyncSession, how: str) -> None:
    user = await with_password(session, "developer")
    login = {
        "user_name": user.user_name,
        "email": user.email,
        "in capitals": user.user_name.upper(),
        "with spaces around": f"  {user.email} ",
    }[how]
    answer = await post(api, "/sessions", {"login": login, "password": PASSWORD, "device_name": "iPad von Eva"})
    assert answer.status_code == 201, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.json()
    assert body["token_type"] == "Bearer" and body["expires_in"] == 900
    assert body["user"]["id"] == str(user.id) and body["user"]["roles"] == ["developer"]
    assert "leads.create" in body["user"]["permissions"]
    assert [t["kind"] for t in body["user"]["teams"]] == ["private"]
    assert "password" not in answer.text.replace("password_changed_at", "")
    assert await status_with(api, body["access_token"]) == 200


@pytest.mark.rule("ID-1")
async def test_the_answer_does_not_tell_what_was_wrong(api: Api, session: AsyncSession) -> None:
    user = await with_password(session)
    gone = await with_password(session, active=False)
    invited = await make_user(session)
    answers = [
        await post(api, "/sessions", {"login": login, "password": password})
        for login, password in (
            (user.user_name, "falsch"),
            ("nobody.atall", PASSWORD),
            (gone.user_name, PASSWORD),
            (invited.user_name, PASSWORD),
        )
    ]
    seen = {(a.status_code, a.headers["WWW-Authenticate"], a.json()["code"], a.json()["detail"]) for a in answers}
    assert seen == {(401, "Bearer", "sign_in_failed", answers[0].json()["detail"])}


@pytest.mark.rule("ID-1")
async def test_an_unknown_login_costs_a_hash_too(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not passwords._HASHER.current_hasher.check_needs_rehash(passwords._NOBODYS)
    verified: list[str] = []

    def verify(password: str, stored: str) -> bool:
        verified.append(stored)
        return True

    monkeypatch.setattr(passwords._HASHER, "verify", verify)
    assert not await passwords.verify_password(PASSWORD, None)
    assert verified == [passwords._NOBODYS]


@pytest.mark.rule("ID-9")
async def test_failures_are_throttled_per_account_and_address(api: Api, session: AsyncSession) -> None:
    user = await with_password(session)
    wrong = {"login": user.user_name, "password": "falsch"}
    for _ in range(3):
        assert (await post(api, "/sessions", wrong)).status_code == 401
    for _ in range(15):
        await signed_in(api, user)
    for _ in range(7):
        assert (await post(api, "/sessions", wrong)).status_code == 401
    blocked = await post(api, "/sessions", {"login": user.user_name.upper(), "password": PASSWORD})
    assert blocked.status_code == 429 and blocked.json()["code"] == "too_many_requests"
    assert 1 <= int(blocked.headers["Retry-After"]) <= 60
    elsewhere = httpx.ASGITransport(api.app, client=("198.51.100.7", 1))
    async with httpx.AsyncClient(transport=elsewhere, base_url="http://test") as client:
        body = {"login": user.user_name, "password": PASSWORD}
        assert (await client.post("/v1/auth/sessions", json=body)).status_code == 201


@pytest.mark.rule("ID-9")
async def test_refresh_gives_a_new_pair_each_time(api: Api, session: AsyncSession) -> None:
    user = await with_password(session)
    first = await signed_in(api, user)
    seen = [first["refresh_token"]]
    for _ in range(3):
        answer = await refreshed(api, seen[-1])
        assert answer.status_code == 200, answer.text
        assert answer.json()["session_id"] == first["session_id"]
        assert await status_with(api, answer.json()["access_token"]) == 200
        seen.append(answer.json()["refresh_token"])
    assert len(set(seen)) == 4
    row = (await session.execute(select(DeviceSession).where(DeviceSession.id == first["session_id"]))).scalar_one()
    assert row.generation == 4
    stored = repr([getattr(row, column.key) for column in DeviceSession.__table__.columns])
    assert not any(token in stored for token in seen)


@pytest.mark.rule("ID-9")
async def test_a_lost_answer_is_given_again_within_the_grace(api: Api, session: AsyncSession) -> None:
    first = await signed_in(api, await with_password(session))
    lost = (await refreshed(api, first["refresh_token"])).json()
    await move_back(session, first["session_id"], 29)
    again = await refreshed(api, first["refresh_token"])
    assert again.status_code == 200
    assert again.json()["refresh_token"] == lost["refresh_token"], "the chain must not fork"
    assert (await refreshed(api, lost["refresh_token"])).status_code == 200


@pytest.mark.rule("ID-9")
@pytest.mark.parametrize("which", ["the one just replaced, too late", "an older one at once"])
async def test_reuse_ends_the_whole_session(api: Api, session: AsyncSession, which: str) -> None:
    first = await signed_in(api, await with_password(session))
    newest = (await refreshed(api, first["refresh_token"])).json()
    if which == "an older one at once":
        newest = (await refreshed(api, newest["refresh_token"])).json()
    else:
        await move_back(session, first["session_id"], 31)
    reused = await refreshed(api, first["refresh_token"])
    assert reused.status_code == 401 and reused.json()["code"] == "refresh_token_reused"
    dead = await refreshed(api, newest["refresh_token"])
    assert dead.status_code == 401 and dead.json()["code"] == "refresh_token_invalid"
    assert await status_with(api, newest["access_token"]) == 401
    row = (await session.execute(select(DeviceSession).where(DeviceSession.id == first["session_id"]))).scalar_one()
    assert row.revoked_because == "refresh_token_reused"


@pytest.mark.rule("ID-9")
async def test_a_made_up_token_ends_nothing(api: Api, session: AsyncSession) -> None:
    first = await signed_in(api, await with_password(session))
    good = tokens.read_refresh(SECRET, first["refresh_token"])
    assert good is not None
    forged = tokens.write_refresh("another key", tokens.RefreshToken(good.session_id, b"x" * 32))
    for text in (forged, "x", "ä".encode().hex(), "A" * 86, first["refresh_token"][:-4] + "AAAA"):
        answer = await refreshed(api, text)
        assert (answer.status_code, answer.json()["code"]) == (401, "refresh_token_invalid"), text
    assert (await refreshed(api, first["refresh_token"])).status_code == 200


@pytest.mark.rule("ID-9")
async def test_a_session_ends_when_it_is_not_used(api: Api, session: AsyncSession) -> None:
    first = await signed_in(api, await with_password(session))
    past = datetime.now(UTC) - timedelta(seconds=1)
    await session.execute(update(DeviceSession).values(expires_at=past).where(DeviceSession.id == first["session_id"]))
    await session.commit()
    assert (await refreshed(api, first["refresh_token"])).json()["code"] == "refresh_token_invalid"


@pytest.mark.rule("ID-9")
async def test_devices_are_listed_and_signed_out(api: Api, session: AsyncSession) -> None:
    user = await with_password(session)
    other = await signed_in(api, await with_password(session))
    phone = await signed_in(api, user, device_name="Telefon")
    desk = await signed_in(api, user)
    client = bearing(api, desk["access_token"])
    devices = (await client.get("/v1/auth/devices")).json()["items"]
    assert {(d["id"], d["device_name"], d["current"]) for d in devices} == {
        (phone["session_id"], "Telefon", False),
        (desk["session_id"], None, True),
    }
    assert devices[0]["user_agent"].startswith("python-httpx") and devices[0]["address"] == "127.0.0.1"
    page = (await client.get("/v1/auth/devices", params={"limit": 1, "count": "true"})).json()
    assert page["count"] == 2 and page["next_cursor"]

    assert (await client.delete(f"/v1/auth/devices/{other['session_id']}")).status_code == 404
    assert (await client.delete(f"/v1/auth/devices/{phone['session_id']}")).status_code == 204
    assert (await client.delete(f"/v1/auth/devices/{phone['session_id']}")).status_code == 404
    assert await status_with(api, phone["access_token"]) == 401
    assert (await refreshed(api, phone["refresh_token"])).json()["code"] == "refresh_token_invalid"
    assert [d["id"] for d in (await client.get("/v1/auth/devices")).json()["items"]] == [desk["session_id"]]

    assert (await client.delete("/v1/auth/sessions/current")).status_code == 204
    assert await status_with(api, desk["access_token"]) == 401
    assert await status_with(api, other["access_token"]) == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"login": "a"},
        {"login": "", "password": "x"},
        {"login": "a\x00b", "password": "x"},
        {"login": "a", "password": "x" * 1001},
        {"login": "a" * 255, "password": "x"},
        {"login": 1, "password": ["x"]},
        {"login": "a", "password": "x", "nope": 1},
    ],
)
async def test_bad_input_is_refused(api: Api, body: dict[str, object]) -> None:
    answer = await post(api, "/sessions", body)
    assert answer.status_code == 422 and answer.json()["code"] == "invalid"
    assert "xxxx" not in answer.text
