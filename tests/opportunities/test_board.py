"""The board: columns with counts, sums and the newest cards, in one statement."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from tests.conftest import Api, OneConnection
from tests.factories import make_account, make_opportunity, make_user, stage_id


@pytest.mark.rule("OPP-1")
async def test_columns_show_counts_sums_and_weighted_sums_per_currency(api: Api, session: AsyncSession) -> None:
    user, mate = await make_user(session), await make_user(session)
    account = await make_account(session, user)
    await make_opportunity(session, user, account, amount=Decimal("100.10"), probability=10)
    await make_opportunity(session, user, account, amount=Decimal("200.00"), probability=50)
    await make_opportunity(session, user, account, amount=Decimal("50.55"), probability=33, currency="CHF")
    await make_opportunity(session, mate, await make_account(session, mate), amount=Decimal("9999.00"))
    await make_opportunity(session, user, account, stage_id=stage_id(5), status="won", probability=100)
    client = await api.as_user(user)
    answer = await client.get("/v1/opportunities/board")
    assert answer.status_code == 200, answer.text
    columns = answer.json()["columns"]
    assert [c["key"] for c in columns] == ["contact", "needs", "offer", "negotiation", "won", "lost"]
    first = columns[0]
    assert (first["label"], first["probability"], first["category"]) == ("First contact", 10, "open")
    assert first["count"] == 3, "what the asker may not see counts nowhere"
    assert first["sums"] == [
        {"amount": "50.55", "currency": "CHF"},
        {"amount": "300.10", "currency": "EUR"},
    ]
    assert first["weighted_sums"] == [
        {"amount": "16.68", "currency": "CHF"},
        {"amount": "110.01", "currency": "EUR"},
    ]
    assert columns[1] == columns[1] | {"count": 0, "sums": [], "weighted_sums": [], "cards": [], "next_cursor": None}
    assert columns[4]["count"] == 1 and columns[4]["cards"][0]["probability"] == 100
    german = await client.get("/v1/opportunities/board", headers={"Accept-Language": "de"})
    assert german.json()["columns"][0]["label"] == "Erstkontakt"


async def test_a_column_goes_on_in_the_list(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    account = await make_account(session, user, name="Kranz AG")
    made = [await make_opportunity(session, user, account) for _ in range(5)]
    for opportunity in made:
        await session.refresh(opportunity)
    client = await api.as_user(user)
    filters = {"q": "kranz", "assignee_id": str(user.id)}
    board = (await client.get("/v1/opportunities/board", params=filters | {"cards": 2})).json()
    column = board["columns"][0]
    assert column["count"] == 5 and len(column["cards"]) == 2
    rest = await client.get(
        "/v1/opportunities",
        params=filters | {"stage_id": column["stage_id"], "cursor": column["next_cursor"], "limit": 10},
    )
    assert rest.status_code == 200, rest.text
    ids = [card["id"] for card in column["cards"]] + [item["id"] for item in rest.json()["items"]]
    assert ids == [str(o.id) for o in sorted(made, key=lambda o: (o.created_at, o.id), reverse=True)]
    other = await client.get("/v1/opportunities", params={"cursor": column["next_cursor"]})
    assert other.status_code == 422, "a cursor belongs to its filters"


async def test_filters_narrow_the_board(api: Api, session: AsyncSession) -> None:
    user, mate = await make_user(session), await make_user(session)
    account = await make_account(session, user)
    await make_opportunity(session, user, account, name="Öfen")
    await make_opportunity(session, mate, account, name="Pumpen")
    client = await api.as_user(user)

    async def counts(**params: Any) -> int:
        answer = await client.get("/v1/opportunities/board", params=params)
        assert answer.status_code == 200, answer.text
        return sum(column["count"] for column in answer.json()["columns"])

    assert await counts() == 2
    assert await counts(assignee_id=str(mate.id)) == 1
    assert await counts(q="OFEN") == 1
    assert await counts(q="ofen", assignee_id=str(mate.id)) == 0
    unknown = await client.get(
        "/v1/opportunities/board", params={"pipeline_id": "019abcde-0000-7000-8000-000000000bad"}
    )
    assert unknown.status_code == 422 and unknown.json()["errors"][0]["pointer"] == "?pipeline_id"
    assert (await client.get("/v1/opportunities/board", params={"cards": 101})).status_code == 422
    assert (await client.get("/v1/opportunities/board", params={"nope": 1})).status_code == 422


async def test_board_and_list_take_the_same_few_queries_however_many_cards(
    api: Api, session: AsyncSession, one_connection: OneConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = await make_user(session)
    client = await api.as_user(user)
    asked: list[str] = []
    fetch = one_connection.fetch

    async def counting(sql: str, *args: object) -> Any:
        asked.append(sql)
        return await fetch(sql, *args)

    monkeypatch.setattr(one_connection, "fetch", counting)

    async def queries(path: str) -> int:
        asked.clear()
        assert (await client.get(path)).status_code == 200
        return len([sql for sql in asked if "device_sessions" not in sql])

    paths = ("/v1/opportunities", "/v1/opportunities/board", "/v1/pipelines")
    before = [await queries(path) for path in paths]
    account = await make_account(session, user)
    for i in range(12):
        await make_opportunity(session, user, account, stage_id=stage_id(1 + i % 4))
    assert [await queries(path) for path in paths] == before == [1, 2, 1]
