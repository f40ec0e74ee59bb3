"""Teams, their members, centres."""

from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.models import Team
from tests.conftest import Api
from tests.factories import make_team, make_user

ANY = {"If-Match": "*"}


@pytest.mark.rule("ID-3")
async def test_teams_of_each_kind(api: Api, session: AsyncSession) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    centre = await admin.post("/v1/centres", json={"code": "AT-LNZ", "name": "Centre Linz", "country": "AT"})
    assert centre.status_code == 201, centre.text
    id_ = centre.json()["id"]
    for body, country, of in (
        ({"name": "Zentrale", "kind": "head_office_key_accounts"}, None, None),
        ({"name": "KA Österreich", "kind": "country_key_accounts", "country": "AT"}, "AT", None),
        ({"name": "KA Linz", "kind": "centre_key_accounts", "centre_id": id_}, "AT", "Centre Linz"),
        ({"name": "Linz", "kind": "centre_local", "centre_id": id_, "country": "AT"}, "AT", "Centre Linz"),
    ):
        made = await admin.post("/v1/teams", json=body)
        assert made.status_code == 201, made.text
        team = made.json()
        assert (team["country"], team["centre"] and team["centre"]["name"], team["members"]) == (country, of, [])
    everybody = await api.as_user(await make_user(session, "mst"))
    names = [t["name"] for t in (await everybody.get("/v1/teams", params={"centre_id": id_})).json()["items"]]
    assert names == ["KA Linz", "Linz"]
    found = (await everybody.get("/v1/teams", params={"q": "ka oster"})).json()["items"]
    assert [t["kind"] for t in found] == ["country_key_accounts"]


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"kind": "private"}, "/kind", "literal_error"),
        ({"kind": "global"}, "/kind", "literal_error"),
        ({"kind": "centre_local"}, "/centre_id", "missing"),
        ({"kind": "centre_local", "centre_id": str(uuid4())}, "/centre_id", "unknown_centre"),
        ({"kind": "country_key_accounts"}, "/country", "missing"),
        ({"kind": "head_office_key_accounts", "centre_id": str(uuid4())}, "/centre_id", "centre_not_allowed"),
    ],
)
async def test_bad_teams(api: Api, session: AsyncSession, body: dict[str, str], pointer: str, code: str) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    answer = await admin.post("/v1/teams", json={"name": "X"} | body)
    assert answer.status_code == 422
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [(pointer, code)]


@pytest.mark.rule("ID-3")
async def test_members_come_and_go_at_once(api: Api, session: AsyncSession) -> None:
    team = await make_team(session)
    user = await make_user(session)
    client, admin = await api.as_user(user), await api.as_user(await make_user(session, "admin"))
    url = f"/v1/teams/{team.id}"
    member = f"{url}/members/{user.id}"
    before = await admin.get(url)
    for _ in range(2):
        assert (await admin.put(member)).status_code == 204
    after = await admin.get(url, headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200 and after.json()["members"] == [{"id": str(user.id), "name": user.name}]
    assert after.json()["version"] == 2, "the second time nothing happened"
    me = await client.get("/v1/me")
    assert {t["id"] for t in me.json()["teams"]} == {str(team.id), str(user.default_team_id)}
    chosen = await client.patch("/v1/me", json={"default_team_id": str(team.id)}, headers=ANY)
    assert chosen.status_code == 200

    assert (await admin.delete(member)).status_code == 204
    assert (await admin.delete(member)).status_code == 404
    me = await client.get("/v1/me")
    assert [t["kind"] for t in me.json()["teams"]] == ["private"]
    assert me.json()["default_team_id"] == me.json()["teams"][0]["id"], "the private team is the default again"


@pytest.mark.rule("ID-3")
async def test_a_private_team_stays_private(api: Api, session: AsyncSession) -> None:
    user, other = await make_user(session), await make_user(session)
    admin = await api.as_user(await make_user(session, "admin"))
    private = (await session.execute(select(Team).where(Team.user_id == user.id))).scalar_one()
    url = f"/v1/teams/{private.id}"
    answers = [
        await admin.put(f"{url}/members/{other.id}"),
        await admin.delete(f"{url}/members/{user.id}"),
        await admin.patch(url, json={"name": "x"}, headers=ANY),
    ]
    assert [(a.status_code, a.json()["code"]) for a in answers] == [(409, "private_team")] * 3
    assert (await admin.get(url)).json()["user_id"] == str(user.id)


async def test_who_may_not_and_what_is_not_there(api: Api, session: AsyncSession) -> None:
    team, user = await make_team(session), await make_user(session)
    client, admin = await api.as_user(user), await api.as_user(await make_user(session, "admin"))
    url = f"/v1/teams/{team.id}"
    assert (await client.put(f"{url}/members/{user.id}")).status_code == 403
    assert (await client.delete(f"{url}/members/{user.id}")).status_code == 403
    assert (await client.patch(url, json={"name": "x"}, headers=ANY)).status_code == 403
    assert (await admin.put(f"{url}/members/{uuid4()}")).status_code == 404
    assert (await admin.put(f"/v1/teams/{uuid4()}/members/{user.id}")).status_code == 404
    renamed = await admin.patch(url, json={"name": "Neu"}, headers={"If-Match": '"1"'})
    assert renamed.status_code == 200 and renamed.json()["name"] == "Neu"


async def test_centres(api: Api, session: AsyncSession) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    body = {"code": "DE-MUC", "name": "Centre München", "country": "DE"}
    made = await admin.post("/v1/centres", json=body)
    again = (await admin.post("/v1/centres", json=body)).json()
    assert again["code"] == "conflict" and [(e["pointer"], e["code"]) for e in again["errors"]] == [("/code", "taken")]
    url = made.headers["Location"]
    changed = await admin.patch(url, json={"name": "Centre München-Ost"}, headers={"If-Match": made.headers["ETag"]})
    assert changed.json()["name"] == "Centre München-Ost"
    assert (await admin.patch(url, json={"country": None}, headers=ANY)).status_code == 422
    client = await api.as_user(await make_user(session))
    assert (await client.patch(url, json={"name": "x"}, headers=ANY)).status_code == 403
    assert [c["code"] for c in (await client.get("/v1/centres", params={"q": "munchen"})).json()["items"]] == ["DE-MUC"]
    assert (await client.get(url)).status_code == 200
