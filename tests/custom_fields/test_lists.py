"""Lists filtered and sorted by custom fields: typed, paged without loss, only what one sees (ACC-10)."""

import itertools
import random
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tests.conftest import Api
from tests.custom_fields.support import VALUES, changed, defined, wrong
from tests.factories import make_account, make_user

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.rule("ACC-10")]

LIST = "/v1/accounts"
SORTED: dict[str, st.SearchStrategy[Any]] = {
    "text": st.text("abzß ÄöU9_", min_size=1, max_size=3).filter(str.strip),
    "number": st.sampled_from([-5, 0, 0.5, 1, 1.25, 10, 999999]),
    "money": st.sampled_from(["0.00", "9.99", "10.00", "100.00"]).map(lambda a: {"amount": a, "currency": "EUR"}),
    "date": st.sampled_from(["1999-12-31", "2000-01-01", "2026-03-02"]),
    "boolean": st.booleans(),
    "choice": st.sampled_from(["gold", "silver", "bronze"]),
}


async def names(client: httpx.AsyncClient, *custom: str, **more: Any) -> set[str]:
    """The names of the accounts that these filters find."""
    params = {"custom": list(custom), "fields": "name", "count": "true", **more}
    answer = await client.get(LIST, params=params)
    assert answer.status_code == 200, answer.text
    found = [item["name"] for item in answer.json()["items"]]
    assert len(found) == len(set(found)) == answer.json()["count"]
    return set(found)


async def test_each_kind_is_filtered_by_its_operators(api: Api, session: AsyncSession) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    eva = await make_user(session)
    client = await api.as_user(eva)
    for kind in VALUES:
        await defined(admin, kind, kind)
    await defined(admin, "link", "link")
    others = {
        "text": "Nord", "number": -3.25, "money": {"amount": "50.00", "currency": "CHF"}, "date": "2020-05-05",
        "choice": "silver", "multi_choice": ["silver", "bronze"], "boolean": False,
    }  # fmt: skip
    a = await make_account(session, eva, name="a")
    await make_account(session, eva, name="b", custom=VALUES | {"link": str(a.id)})
    await make_account(session, eva, name="c", custom=others)
    for filters, expected in (
        (["text:eq:süd"], "b"), (["text:eq:SUED"], "b"), (["text:eq:Su"], ""), (["text:starts:su"], "b"),
        (["text:starts:N", "text:starts:no"], "c"), (["text:ne:Süd"], "ac"), (["text:eq:Süd", "text:eq:Nord"], "bc"),
        (["text:eq:a:b"], ""), (["text:starts:%"], ""),
        (["number:eq:12.5"], "b"), (["number:eq:12.50", "number:eq:-3.25"], "bc"), (["number:gte:-3.25"], "bc"),
        (["number:gte:-3.24"], "b"), (["number:lte:12.5", "number:gte:0"], "b"), (["number:lte:0"], "c"),
        (["number:gte:13", "number:lte:12"], ""), (["number:ne:12.5"], "ac"),
        (["money:gte:12.30"], "bc"), (["money:lte:12.30"], "b"), (["money:eq:50"], "c"),
        (["date:eq:2026-03-02"], "b"), (["date:lte:2026-03-01"], "c"), (["date:gte:1999-01-01"], "bc"),
        (["choice:eq:gold"], "b"), (["choice:eq:gold", "choice:eq:silver"], "bc"), (["choice:ne:gold"], "ac"),
        (["multi_choice:eq:bronze"], "bc"), (["multi_choice:eq:silver"], "c"), (["multi_choice:ne:gold"], "ac"),
        (["boolean:eq:true"], "b"), (["boolean:eq:false"], "c"), (["boolean:ne:true"], "ac"),
        ([f"link:eq:{a.id}"], "b"), ([f"link:ne:{a.id}"], "ac"),
        *(([f"{kind}:set"], "bc") for kind in VALUES), *(([f"{kind}:empty"], "a") for kind in VALUES),
        (["choice:eq:gold", "number:gte:0", "text:set"], "b"), (["choice:eq:gold", "number:lte:0"], ""),
        (["choice:ne:gold", "choice:ne:silver"], "a"), (["link:empty", "boolean:set"], "c"),
    ):  # fmt: skip
        assert await names(client, *filters) == set(expected), filters
    assert await names(client, "choice:eq:gold", level="Z") == set()
    assert await names(client, "boolean:set", q="b") == {"b"}


async def test_what_cannot_be_is_named(api: Api, session: AsyncSession) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    client = await api.as_user(await make_user(session))
    for kind in VALUES:
        await defined(admin, kind, kind)
    await defined(admin, "link", "link")
    for one, code in (
        ("nothing:eq:5", "unknown_custom_field"), ("number:contains:5", "unknown_operator"), ("number:eq:x", "custom_value"),
        ("number:eq:1e5", "custom_value"), ("number:eq:NaN", "custom_value"), ("number:eq", "custom_form"),
        ("number:set:5", "custom_form"), ("date:eq:2026-02-30", "custom_value"), ("boolean:eq:ja", "custom_value"),
        ("choice:eq:tin", "custom_value"), ("link:eq:5", "custom_value"), ("text:eq:", "custom_value"),
        ("choice:gte:gold", "unknown_operator"), ("number", "string_pattern_mismatch"), ("a\0b:eq:1", "string_pattern_mismatch"),
    ):  # fmt: skip
        answer = await client.get(LIST, params={"custom": one})
        assert set(wrong(answer).values()) == {code}, (one, answer.text)
    assert "nothing" in (await client.get(LIST, params={"custom": ["nothing:eq:5", "number:set"]})).text
    for sort in ("custom.nothing", "-custom.multi_choice", "custom.link"):
        assert wrong(await client.get(LIST, params={"sort": sort})) == {"?sort": "unknown_custom_field"}
    for sort in ("custom", "custom.", "custom.a.b", "nothing", "--custom.text"):
        assert set(wrong(await client.get(LIST, params={"sort": sort}))) == {"?sort"}, sort
    assert (await client.get(LIST, params={"custom": ["number:eq:5"] * 21})).status_code == 422


async def test_a_retired_field_still_finds(api: Api, session: AsyncSession) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    eva = await make_user(session)
    client = await api.as_user(eva)
    field = await defined(admin, "size", "number")
    await make_account(session, eva, name="a", custom={"size": 5})
    await changed(admin, f"/v1/custom-fields/{field['id']}", {"retired": True})
    assert await names(client, "size:eq:5", sort="custom.size") == {"a"}


async def test_only_what_one_sees(api: Api, session: AsyncSession) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    eva, max_ = await make_user(session), await make_user(session)
    await defined(admin, "size", "number")
    for user, name in ((eva, "a"), (max_, "b")):
        await make_account(session, user, name=name, custom={"size": 5})
    await make_account(session, max_, name="c")
    client = await api.as_user(eva)
    for custom in (["size:eq:5"], ["size:set"], ["size:gte:1"]):
        assert await names(client, *custom) == {"a"}
    assert await names(client, "size:empty") == set()
    for sort in ("custom.size", "-custom.size"):
        assert await names(client, sort=sort) == {"a"}
    assert await names(admin, "size:set") == {"a", "b"}


@given(seed=st.integers(0, 1 << 32), kind=st.sampled_from(sorted(SORTED)), limit=st.integers(1, 5), data=st.data())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_pages_are_the_whole_list_in_order_with_what_has_no_value_last(
    api: Api, session: AsyncSession, seed: int, kind: str, limit: int, data: st.DataObject
) -> None:
    chance = random.Random(seed)
    eva = await make_user(session)
    client = await api.as_user(eva)
    key = f"k{seed}_{next(_numbers)}"
    admin = await api.as_user(await make_user(session, "admin"))
    await defined(admin, key, kind, minimum=None, maximum=None) if kind in (
        "number",
        "money",
        "date",
    ) else await defined(admin, key, kind)
    values = data.draw(st.lists(st.none() | SORTED[kind], max_size=9))
    made = {}
    for value in values:
        account = await make_account(session, eva, custom={} if value is None else {key: value})
        made[str(account.id)] = value
    folded = await session.execute(
        text("SELECT v, left(sort_key(v), 200) FROM unnest(CAST(:texts AS text[])) AS v"),
        {"texts": [value for value in values if isinstance(value, str)]},
    )
    keys = {value: (kept if kind == "text" else value) for value, kept in folded}

    def order(id_: str) -> Any:
        value = made[id_]
        plain = (
            float(value["amount"]) if isinstance(value, dict) else keys.get(value, value) if value is not None else 0
        )
        return plain, id_

    with_value = sorted((id_ for id_ in made if made[id_] is not None), key=order)
    without = sorted(id_ for id_ in made if made[id_] is None)
    if descending := chance.random() < 0.5:
        with_value, without = with_value[::-1], without[::-1]
    params: dict[str, Any] = {"sort": f"{'-' if descending else ''}custom.{key}", "limit": limit, "fields": "id"}
    found: list[str] = []
    while True:
        page = (await client.get(LIST, params=params)).json()
        found += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        assert len(page["items"]) == limit
        params["cursor"] = page["next_cursor"]
    assert found == with_value + without


_numbers = itertools.count()


async def test_a_cursor_is_of_its_filter_and_sort(api: Api, session: AsyncSession) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    eva = await make_user(session)
    client = await api.as_user(eva)
    await defined(admin, "size", "number")
    await defined(admin, "weight", "number")
    for number in range(4):
        await make_account(session, eva, custom={"size": number, "weight": number})
    params = {"custom": "size:gte:0", "sort": "custom.size", "limit": 2}
    first = await client.get(LIST, params=params)
    cursor = first.json()["next_cursor"]
    assert (await client.get(first.headers["Link"].split(">")[0].lstrip("<"))).json()["next_cursor"] is None
    for other in ({"custom": "size:gte:1"}, {"sort": "-custom.size"}, {"sort": "custom.weight"}, {"sort": "name"}):
        answer = await client.get(LIST, params={**params, **other, "cursor": cursor})
        assert answer.status_code == 422 and answer.json()["code"] == "invalid_cursor", other
    plain = (await client.get(LIST, params={"limit": 2})).json()["next_cursor"]
    assert (await client.get(LIST, params={**params, "cursor": plain})).json()["code"] == "invalid_cursor"
