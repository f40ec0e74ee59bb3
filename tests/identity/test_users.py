"""Users, as an administrator and as everybody sees them."""

from uuid import uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.models import Team
from tests.conftest import Api
from tests.factories import make_team, make_user
from tests.identity.support import PASSWORD, post, refreshed, signed_in, status_with, with_password

EVA = {"email": "eva@firma.example.com", "first_name": "Eva", "last_name": "Größ-Öttl", "roles": ["developer"]}


@pytest.mark.rule("ID-3")
async def test_a_new_user_has_a_private_team_and_is_invited(api: Api, session: AsyncSession) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    answer = await admin.post("/v1/users", json=EVA | {"roles": ["rm", "developer", "rm"], "country": "DE"})
    assert answer.status_code == 201, answer.text
    user = answer.json()
    assert answer.headers["Location"] == f"/v1/users/{user['id']}"
    assert user["user_name"] == "eva.groess-oettl" and user["name"] == "Eva Größ-Öttl"
    assert user["roles"] == ["developer", "rm"] and user["active"] is True
    (team,) = user["teams"]
    assert (team["kind"], team["name"], team["id"]) == ("private", "Eva Größ-Öttl", user["default_team_id"])
    (job,) = (await session.execute(text("SELECT payload FROM outbox WHERE job = 'identity.password_mail'"))).scalars()
    assert (
        job["user_id"] == user["id"] and job["invitation"] is True and set(job) == {"user_id", "reset_id", "invitation"}
    )


async def test_user_names_are_made_and_numbered(api: Api, session: AsyncSession) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    names = []
    for i in range(3):
        body = {"email": f"li{i}@x.example.com", "first_name": "李", "last_name": "Müller", "roles": ["mst"]}
        names.append((await admin.post("/v1/users", json=body)).json()["user_name"])
    assert names == ["li.mueller", "li.mueller2", "li.mueller3"]


async def test_what_is_taken_is_told_field_by_field(api: Api, session: AsyncSession) -> None:
    there = await make_user(session)
    admin = await api.as_user(await make_user(session, "admin"))
    body = EVA | {"user_name": there.user_name, "email": there.email.upper()}
    answer = await admin.post("/v1/users", json=body)
    assert answer.status_code == 409 and answer.json()["code"] == "login_taken"
    assert [e["pointer"] for e in answer.json()["errors"]] == ["/user_name", "/email"]


async def test_the_same_id_and_content_is_made_once(api: Api, session: AsyncSession) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    body = EVA | {"id": "019abcde-0000-7000-8000-00000000aaaa"}
    first, again = await admin.post("/v1/users", json=body), await admin.post("/v1/users", json=body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert (await admin.post("/v1/users", json=body | {"first_name": "Ida"})).json()["code"] == "id_taken"


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"roles": ["developer", "nope"]}, "/roles/1", "unknown_role"),
        ({"roles": []}, "/roles", "too_short"),
        ({"email": "no"}, "/email", "string_too_short"),
        ({"email": "no at all"}, "/email", "email_invalid"),
        ({"user_name": "Eva@Firma"}, "/user_name", "string_pattern_mismatch"),
        ({"time_zone": "Europe/Wien"}, "/time_zone", "unknown_time_zone"),
        ({"time_zone": "../../etc/passwd"}, "/time_zone", "string_pattern_mismatch"),
        ({"first_name": "\x00"}, "/first_name", "string_pattern_mismatch"),
        ({"country": "XX"}, "/country", "unknown_country"),
        ({"password_hash": "x"}, "/password_hash", "extra_forbidden"),
    ],
)
async def test_bad_input(api: Api, session: AsyncSession, change: dict[str, object], pointer: str, code: str) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    answer = await admin.post("/v1/users", json=EVA | change)
    assert answer.status_code == 422, answer.text
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [(pointer, code)]


async def test_list_filters_and_sorts(api: Api, session: AsyncSession) -> None:
    team = await make_team(session)
    await make_user(session, "bdm", country="CH", first_name="Ägid", last_name="Zoller", teams=[team])
    await make_user(session, "bdm", "ks", country="CH", first_name="Zita", last_name="Abel", active=False)
    await make_user(session, "ks", country="DE", first_name="Bea", last_name="100%ig")
    client = await api.as_user(await make_user(session, "developer"))

    async def names(**parameters: object) -> list[str]:
        answer = await client.get("/v1/users", params=parameters)  # type: ignore[arg-type]
        assert answer.status_code == 200, answer.text
        return [u["name"] for u in answer.json()["items"]]

    assert await names(country="CH") == ["Ägid Zoller", "Zita Abel"]
    assert await names(country="CH", sort="-name") == ["Zita Abel", "Ägid Zoller"]
    assert await names(role=["ks"], active="false") == ["Zita Abel"]
    assert set(await names(role=["ks", "bdm"])) >= {"Ägid Zoller", "Zita Abel", "Bea 100%ig"}
    assert await names(q="AGID") == ["Ägid Zoller"]
    assert await names(q="0%i") == ["Bea 100%ig"] and await names(q="b_a") == []
    assert await names(team_id=str(team.id)) == ["Ägid Zoller"]
    page = (await client.get("/v1/users", params={"limit": 1, "count": "true", "country": "CH"})).json()
    assert page["count"] == 2
    rest = await names(limit=1, country="CH", cursor=page["next_cursor"])
    assert rest == ["Zita Abel"]
    assert (await client.get("/v1/users", params={"sort": "password_hash"})).status_code == 422
    assert "password_hash" not in (await client.get("/v1/users")).text


@pytest.mark.rule("ID-9")
async def test_deactivation_ends_everything_at_once(api: Api, session: AsyncSession) -> None:
    user = await with_password(session)
    device = await signed_in(api, user)
    admin = await api.as_user(await make_user(session, "admin"))
    url = f"/v1/users/{user.id}"
    tag = (await admin.get(url)).headers["ETag"]
    assert (await admin.patch(url, json={"active": False})).status_code == 428
    gone = await admin.patch(url, json={"active": False}, headers={"If-Match": tag})
    assert gone.status_code == 200 and gone.json()["active"] is False
    assert await status_with(api, device["access_token"]) == 401
    assert (await refreshed(api, device["refresh_token"])).status_code == 401
    assert (await post(api, "/sessions", {"login": user.user_name, "password": PASSWORD})).status_code == 401
    stale = await admin.patch(url, json={"active": True}, headers={"If-Match": tag})
    assert stale.status_code == 412 and stale.json()["current"]["active"] is False
    back = await admin.patch(url, json={"active": True}, headers={"If-Match": gone.headers["ETag"]})
    assert back.status_code == 200
    assert await status_with(api, device["access_token"]) == 401, "old sessions stay dead"
    assert (await post(api, "/sessions", {"login": user.user_name, "password": PASSWORD})).status_code == 201


@pytest.mark.rule("ID-2")
async def test_a_changed_role_counts_at_once_and_changes_the_version(api: Api, session: AsyncSession) -> None:
    user = await make_user(session, "mst")
    client, admin = await api.as_user(user), await api.as_user(await make_user(session, "admin"))
    url = f"/v1/users/{user.id}"
    before = await admin.get(url)
    assert (await client.post("/v1/projects", json={"key": "fair", "name": "Messe"})).status_code == 403
    roles = {"roles": ["admin", "mst"]}
    after = await admin.patch(url, json=roles, headers={"If-Match": before.headers["ETag"]})
    assert after.json()["roles"] == ["admin", "mst"] and after.headers["ETag"] != before.headers["ETag"]
    assert (await client.post("/v1/projects", json={"key": "fair", "name": "Messe"})).status_code == 201


@pytest.mark.rule("ID-2")
@pytest.mark.parametrize("change", [{"active": False}, {"roles": ["developer"]}])
async def test_the_last_administrator_stays(api: Api, session: AsyncSession, change: dict[str, object]) -> None:
    one, two = await make_user(session, "admin"), await make_user(session, "admin")
    client = await api.as_user(one)
    anybody = {"If-Match": "*"}
    assert (await client.patch(f"/v1/users/{two.id}", json=change, headers=anybody)).status_code == 200
    refused = await client.patch(f"/v1/users/{one.id}", json=change, headers=anybody)
    assert refused.status_code == 409 and refused.json()["code"] == "last_administrator"
    assert (await client.get("/v1/me")).json()["roles"] == ["admin"]


async def test_a_new_name_renames_the_private_team(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    admin = await api.as_user(await make_user(session, "admin"))
    answer = await admin.patch(f"/v1/users/{user.id}", json={"last_name": "Neu"}, headers={"If-Match": "*"})
    assert answer.json()["name"] == "Eva Neu"
    found = select(Team.name).where(Team.user_id == user.id)
    assert (await session.execute(found)).scalar_one() == "Eva Neu"


@pytest.mark.parametrize("role", ["mst", "developer", "country_head", "integration"])
async def test_only_administrators_change_users(api: Api, session: AsyncSession, role: str) -> None:
    other = await make_user(session)
    client = await api.as_user(await make_user(session, role))
    assert (await client.get(f"/v1/users/{other.id}")).status_code == 200
    assert (await client.post("/v1/users", json=EVA)).status_code == 403
    change = await client.patch(f"/v1/users/{other.id}", json={"roles": ["admin"]}, headers={"If-Match": "*"})
    assert change.status_code == 403


async def test_what_is_not_there(api: Api, session: AsyncSession) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    assert (await admin.get(f"/v1/users/{uuid4()}")).status_code == 404
    answer = await admin.patch(f"/v1/users/{uuid4()}", json={"active": False}, headers={"If-Match": "*"})
    assert answer.status_code == 404
    assert (await api.anyone.get("/v1/users")).status_code == 401


async def test_hashes_stay_out_of_the_change_log(api: Api, session: AsyncSession) -> None:
    user = await with_password(session)
    user.password_hash = "$argon2id$another"
    await session.commit()
    logged = await session.execute(
        text("SELECT old, new FROM change_log WHERE record_id = :id AND record_type = 'users'"), {"id": user.id}
    )
    rows = [dict(row) for row in logged.mappings()]
    assert any((row["new"] or {}).get("password_hash") == "***" for row in rows)
    assert "argon2" not in repr(rows)
