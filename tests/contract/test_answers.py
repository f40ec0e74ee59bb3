"""What answers promise and generated requests do not try: smaller ones, pages, versions, replays."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from tests.arch.situations import request_of
from tests.arch.world import body_of, make_world, path_of
from tests.conftest import Api
from tests.contract.schemas import Document, json_schema, named_operations, resolve


async def test_fields_makes_answers_smaller(api: Api, session: AsyncSession, document: Document) -> None:
    user, ids = await make_world(api, session, "admin")
    client = await api.as_user(user)
    tried = 0
    for name, path, _, operation in named_operations(document):
        if "fields" not in {p["name"] for p in operation.get("parameters", [])}:
            continue
        whole = (await client.get(path_of(path, ids), params={"limit": 2})).json()["items"]
        for field in fields_of(document, operation):
            answer = await client.get(path_of(path, ids), params={"fields": f"id,{field}", "limit": 2})
            assert answer.status_code == 200, (name, field, answer.text)
            shown = [{"id", field} & set(item) for item in whole]  # of a union, each shows what its type has
            assert [set(found) for found in answer.json()["items"]] == shown, (name, field)
            tried += 1
        unknown = await client.get(path_of(path, ids), params={"fields": "nosuch"})
        assert unknown.status_code == 422, name
    assert tried > 50


async def test_every_sort_order_pages_through(api: Api, session: AsyncSession, document: Document) -> None:
    user, ids = await make_world(api, session, "admin")
    client = await api.as_user(user)
    for name, path, _, operation in named_operations(document):
        parameters = {p["name"]: p["schema"] for p in operation.get("parameters", [])}
        if "cursor" not in parameters:
            continue
        orders = parameters.get("sort", {}).get("enum") or [None]
        if "{list_name}" in path:  # each call list says which of these it has
            lists = {one["name"]: one for one in (await client.get("/v1/call-lists")).json()["items"]}
            orders = lists[ids["list_name"]]["sorts"]
            assert set(orders) <= set(parameters["sort"]["enum"]), name
        for order in orders:
            query = {"sort": order} if order else {}
            short = {"fields": "id"} if "fields" in parameters else {}
            url = path_of(path, ids)
            whole = (await client.get(url, params={**query, "limit": 200})).json()["items"]
            seen: list[Any] = []
            cursor: dict[str, str] = {}
            for _ in range(10):
                answer = await client.get(url, params={**query, **cursor, **short, "limit": 1})
                assert answer.status_code == 200, (name, order, answer.text)
                page = answer.json()
                seen += [item.get("id", item) for item in page["items"]]
                if page["next_cursor"] is None:
                    assert "Link" not in answer.headers
                    break
                assert 'rel="next"' in answer.headers["Link"]
                cursor = {"cursor": page["next_cursor"]}
            assert seen == [item.get("id", item) for item in whole][: len(seen)], (name, order)
            assert len(seen) == min(len(whole), 10), (name, order)


async def test_what_has_a_version_answers_304_and_412(api: Api, session: AsyncSession, document: Document) -> None:
    user, ids = await make_world(api, session, "admin")
    client = await api.as_user(user)
    for name, path, method, operation in named_operations(document):
        if "304" not in operation["responses"] or not json_schema(operation["responses"]["200"]):
            continue  # files have tests of their own
        first = await client.get(path_of(path, ids))
        assert first.status_code == 200, (name, first.text)
        version = first.json().get("version")  # metadata have none: their ETag is of the content
        assert version is None or first.headers["ETag"] == f'"{version}"', name
        again = await client.get(path_of(path, ids), headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b""), name
        change = document["paths"][path].get("patch")
        if change:
            answer = await client.patch(path_of(path, ids), json=body_of(change, ids), headers={"If-Match": '"999"'})
            assert answer.status_code in (412, 403), (name, method, answer.text)
            if answer.status_code == 412:
                assert answer.json()["current"]["version"] == first.json()["version"], name


async def test_every_post_can_be_sent_again(
    api: Api, session: AsyncSession, rollback: AsyncConnection, document: Document
) -> None:
    user, ids = await make_world(api, session, "admin")
    client = await api.as_user(user)
    replayed = 0
    for name, path, method, operation in named_operations(document):
        if method != "post" or "Idempotency-Key" not in {p["name"] for p in operation.get("parameters", [])}:
            continue
        request = request_of(path, operation, ids)
        request["headers"]["Idempotency-Key"] = f"again-{name}"
        untouched = await rollback.begin_nested()
        answers = [await client.post(**request) for _ in range(2)]
        await untouched.rollback()
        if not answers[0].is_success:
            continue
        assert answers[0].content == answers[1].content, name
        assert answers[0].status_code == answers[1].status_code, name
        assert answers[1].headers["Idempotent-Replayed"] == "true", name
        assert answers[0].headers.get("Location") == answers[1].headers.get("Location"), name
        replayed += 1
    assert replayed > 12


def fields_of(document: Document, operation: dict[str, Any]) -> list[str]:
    """The fields of what a list lists; of a union, those of all its types."""
    page = resolve(document, json_schema(resolve(document, operation["responses"]["200"])) or {})
    item = resolve(document, page["properties"]["items"]["items"])
    kinds = [resolve(document, kind) for kind in item.get("oneOf", [item])]
    return list(dict.fromkeys(field for kind in kinds for field in kind["properties"]))


async def test_days_and_times_are_written_out(api: Api, session: AsyncSession, document: Document) -> None:
    """Numbers are no dates, times name their zone, and no time is too far away for PostgreSQL."""
    user, ids = await make_world(api, session, "admin")
    client = await api.as_user(user)
    tried = 0
    for name, path, method, operation in named_operations(document):
        for parameter in operation.get("parameters", []):
            if parameter["schema"].get("format") in ("date", "date-time"):
                for wrong in ("0", "1772000000", "2026-03-02T08:15:00", "0001-01-01", "9999-12-31T23:59:59Z"):
                    given = {parameter["name"]: wrong}
                    in_path = parameter["in"] == "path"
                    url = path_of(path, ids | given if in_path else ids)
                    answer = await client.request(method, url, params={} if in_path else given)
                    assert answer.status_code == 422, (name, parameter["name"], wrong, answer.text)
                tried += 1
    assert tried >= 5
