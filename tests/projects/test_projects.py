"""Projects over HTTP."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from tests.conftest import Api
from tests.factories import make_user

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.rule("LOCK-2")
async def test_the_default_project_protects_customers_for_six_months(api: Api, session: AsyncSession) -> None:
    client = await api.as_user(await make_user(session))
    answer = await client.get("/v1/projects", params={"key": "protection"})
    assert answer.status_code == 200, answer.text
    (project,) = answer.json()["items"]
    assert project["lock_enabled"] and project["lock_months"] == 6
    assert project["lock_steps"] == ["lead", "converted", "opportunity_requested"]
    assert [s["key"] for s in project["statuses"]] == ["new", "contacted", "qualified", "converted", "discarded"]


async def test_only_administrators_change_rules(api: Api, session: AsyncSession) -> None:
    client = await api.as_user(await make_user(session))
    answer = await client.post("/v1/projects", json={"key": "fair", "name": "Messe"})
    assert answer.status_code == 403
    assert answer.json()["code"] == "forbidden"


async def test_create_change_and_the_same_again(api: Api, session: AsyncSession) -> None:
    client = await api.as_user(await make_user(session, "admin"))
    body = {"id": "019abcde-0000-7000-8000-00000000abcd", "key": "fair", "name": "Messe"}
    first = await client.post("/v1/projects", json=body, headers={"Idempotency-Key": "k1"})
    assert first.status_code == 201, first.text
    again = await client.post("/v1/projects", json=body)
    assert again.status_code == 200 and again.json() == first.json()
    replayed = await client.post("/v1/projects", json=body, headers={"Idempotency-Key": "k1"})
    assert replayed.status_code == 201 and replayed.headers["Idempotent-Replayed"] == "true"
    reused = await client.post("/v1/projects", json=body | {"name": "x"}, headers={"Idempotency-Key": "k1"})
    assert reused.status_code == 422 and reused.json()["code"] == "idempotency_key_reused"
    other = await client.post("/v1/projects", json=body | {"name": "x"})
    assert other.status_code == 409 and other.json()["code"] == "id_taken"

    url = first.headers["Location"]
    lacking = await client.patch(url, json={"name": "Herbstmesse"})
    assert lacking.status_code == 428
    changed = await client.patch(url, json={"name": "Herbstmesse"}, headers={"If-Match": first.headers["ETag"]})
    assert changed.status_code == 200, changed.text
    assert changed.json()["name"] == "Herbstmesse" and changed.headers["ETag"] == '"2"'
    stale = await client.patch(url, json={"name": "zu spät"}, headers={"If-Match": first.headers["ETag"]})
    assert stale.status_code == 412 and stale.json()["current"]["name"] == "Herbstmesse"
    same = await client.get(url, headers={"If-None-Match": '"2"'})
    assert same.status_code == 304


async def test_bad_input_is_listed_field_by_field(api: Api, session: AsyncSession) -> None:
    client = await api.as_user(await make_user(session, "admin"))
    answer = await client.post("/v1/projects", json={"key": "A b", "nope": 1}, headers={"Accept-Language": "de"})
    assert answer.status_code == 422
    assert {e["pointer"] for e in answer.json()["errors"]} == {"/key", "/name", "/nope"}
    assert answer.headers["Content-Language"] == "de"
    broken = await client.post("/v1/projects", content=b"{", headers={"Content-Type": "application/json"})
    assert broken.status_code == 400
    wrong = await client.request("PUT", "/v1/projects")
    assert wrong.status_code == 405 and wrong.headers["Allow"] == "GET, POST"


async def test_pages_follow_each_other(api: Api, session: AsyncSession) -> None:
    client = await api.as_user(await make_user(session, "admin"))
    for i in range(5):
        await client.post("/v1/projects", json={"key": f"p{i}", "name": f"Projekt {i}"})
    names: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await client.get("/v1/projects", params={"limit": 2, "count": "true", **cursor})).json()
        assert page["count"] == 7
        names += [p["name"] for p in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert names == ["Besuche", "Kundenschutz", *(f"Projekt {i}" for i in range(5))]
    forged = await client.get("/v1/projects", params={"cursor": "x" * 40})
    assert forged.status_code == 422


async def test_a_body_that_is_too_large_is_told_so(api: Api, session: AsyncSession) -> None:
    client = await api.as_user(await make_user(session, "admin"))
    answer = await client.post("/v1/projects", json={"key": "x", "name": "y" * 1_200_000})
    assert answer.status_code == 413 and answer.json()["code"] == "too_large"


async def test_versions_are_compared_as_http_wants_it(api: Api, session: AsyncSession) -> None:
    client = await api.as_user(await make_user(session, "admin"))
    url = (await client.post("/v1/projects", json={"key": "fair", "name": "Messe"})).headers["Location"]
    for known in ('"1"', 'W/"1"', '"0", "1"', "*"):
        assert (await client.get(url, headers={"If-None-Match": known})).status_code == 304, known
    assert (await client.get(url, headers={"If-None-Match": '"2"'})).status_code == 200
    assert (await client.patch(url, json={"lock_months": "3"}, headers={"If-Match": '"1"'})).status_code == 422
    assert (await client.patch(url, json={"name": "x"}, headers={"If-Match": " "})).status_code == 428
