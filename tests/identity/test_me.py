"""One's own profile."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from tests.conftest import Api
from tests.factories import make_team, make_user
from tests.identity.support import with_password


@pytest.mark.rule("ID-1")
async def test_the_profile_is_shown_and_changed(api: Api, session: AsyncSession) -> None:
    team = await make_team(session)
    client = await api.as_user(await make_user(session, "developer", "rm", teams=[team]))
    before = await client.get("/v1/me")
    assert before.status_code == 200
    assert before.json()["roles"] == ["developer", "rm"]
    permissions = before.json()["permissions"]
    assert permissions == sorted(set(permissions)) and "contacts.delete" in permissions
    change = {
        "first_name": "Evelyn",
        "phone": "+43 732 123456",
        "locale": "en",
        "time_zone": "America/Argentina/Buenos_Aires",
        "signature": "Mit Gruß\nEvelyn",
        "default_team_id": str(team.id),
    }
    after = await client.patch("/v1/me", json=change, headers={"If-Match": before.headers["ETag"]})
    assert after.status_code == 200, after.text
    me = after.json()
    assert {k: me[k] for k in change} == change
    assert me["name"].startswith("Evelyn ")
    assert [t["name"] for t in me["teams"] if t["kind"] == "private"] == [me["name"]]
    emptied = await client.patch("/v1/me", json={"phone": None}, headers={"If-Match": after.headers["ETag"]})
    assert emptied.json()["phone"] is None and emptied.json()["signature"] == "Mit Gruß\nEvelyn"


@pytest.mark.rule("ID-3")
async def test_the_default_team_must_be_ones_own(api: Api, session: AsyncSession) -> None:
    foreign = await make_team(session)
    client = await api.as_user(await make_user(session))
    answer = await client.patch("/v1/me", json={"default_team_id": str(foreign.id)}, headers={"If-Match": "*"})
    assert answer.status_code == 422
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [("/default_team_id", "not_your_team")]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"email": "me@elsewhere.example.com"}, "extra_forbidden"),
        ({"roles": ["admin"]}, "extra_forbidden"),
        ({"active": False}, "extra_forbidden"),
        ({"default_team_id": None}, "uuid_type"),
        ({"first_name": None}, "string_type"),
        ({"first_name": "  "}, "string_too_short"),
        ({"locale": "fr"}, "literal_error"),
        ({"time_zone": "Mars/Base"}, "unknown_time_zone"),
        ({"phone": "call me"}, "phone_invalid"),
        ({"signature": "x" * 5001}, "string_too_long"),
    ],
)
async def test_what_one_cannot_change(api: Api, session: AsyncSession, change: dict[str, object], code: str) -> None:
    client = await api.as_user(await make_user(session))
    answer = await client.patch("/v1/me", json=change, headers={"If-Match": "*"})
    assert answer.status_code == 422, answer.text
    assert [e["code"] for e in answer.json()["errors"]] == [code]


async def test_versions(api: Api, session: AsyncSession) -> None:
    client = await api.as_user(await with_password(session))
    assert (await client.patch("/v1/me", json={"locale": "en"})).status_code == 428
    stale = await client.patch("/v1/me", json={"locale": "en"}, headers={"If-Match": '"99"'})
    assert stale.status_code == 412 and stale.json()["current"]["locale"] == "de"
    assert "argon2" not in stale.text
    again = await client.get("/v1/me", headers={"If-None-Match": stale.headers["ETag"]})
    assert again.status_code == 200
    assert (await api.anyone.get("/v1/me")).status_code == 401
