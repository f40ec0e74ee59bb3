"""Fields and values that change at the same moment, in several processes: nothing is lost, nothing slips through (ACC-10)."""

import asyncio
import random
import time
from pathlib import Path

import httpx
import pytest

from app.core.embedded import EmbeddedServers
from tests.conftest import sign_in
from tests.custom_fields.support import ACCOUNT, OF_KIND, defined
from tests.factories import make_account, make_user
from tests.live import Live, live

ROUNDS = 3
URL = "/v1/custom-fields"


@pytest.mark.rule("ACC-10")
def test_fields_change_while_values_are_written(servers: EmbeddedServers, tmp_path: Path) -> None:
    with live(servers, tmp_path, apis=2) as stack:
        asyncio.run(_race(stack))


async def _race(stack: Live) -> None:
    async with stack.session() as session:
        eva, boss = await make_user(session), await make_user(session, "admin")
        tokens = [await sign_in(session, user.id) for user in (eva, boss)]
        accounts = [(await make_account(session, eva)).id for _ in range(5)]
    people, admins = [
        [
            httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30)
            for url in stack.urls
        ]
        for token in tokens
    ]
    chance = random.Random(1)

    async def write(number: int, key: str, value: object) -> int:
        url = f"/v1/accounts/{accounts[number]}"
        await asyncio.sleep(chance.random() * 0.03)
        tag = (await people[number % 2].get(url)).headers["ETag"]
        answer = await people[number % 2].patch(url, json={"custom": {key: value}}, headers={"If-Match": tag})
        assert answer.status_code in (200, 422), answer.text
        return answer.status_code

    async def holders(key: str, value: str | None = None) -> int:
        (row,) = await stack.sql(
            "SELECT count(*) FILTER (WHERE jsonb_exists(custom, $1) AND ($2::text IS NULL OR custom ->> $1 = $2)), "
            "(SELECT count(*) FROM custom_values v JOIN custom_fields f ON f.no = v.field "
            " WHERE f.key = $1 AND ($2::text IS NULL OR v.key = $2)) FROM accounts",
            key,
            value,
        )
        assert row[0] == row[1], "the table that lists use says something else"
        return int(row[0])

    for turn in range(ROUNDS):
        key = f"key{turn}"
        same = {"record_type": "account", "key": key, "kind": "choice", "label_de": "x", "label_en": "x"}
        both = await asyncio.gather(*(admin.post(URL, json=same | OF_KIND["choice"]) for admin in admins))
        assert sorted(answer.status_code for answer in both) == [201, 422]
        field = next(answer.json() for answer in both if answer.status_code == 201)
        url = f"{URL}/{field['id']}"

        async def drop(choices: list[object], version: int, at: str = url) -> int:
            await asyncio.sleep(chance.random() * 0.05)
            answer = await admins[0].patch(at, json={"choices": choices}, headers={"If-Match": f'"{version}"'})
            return answer.status_code

        async def delete(at: str = url) -> int:
            await asyncio.sleep(chance.random() * 0.05)
            return (await admins[1].delete(at)).status_code

        writes = [write(number, key, "gold") for number in range(len(accounts))]
        left, *statuses = await asyncio.gather(drop(field["choices"][1:], 1), *writes)
        assert (await holders(key, "gold") == 0) == (left == 200) == (200 not in statuses)
        await asyncio.gather(*(write(number, key, None) for number in range(len(accounts))))
        writes = [write(number, key, "silver") for number in range(len(accounts))]
        gone, *_ = await asyncio.gather(delete(), *writes)
        assert gone in (204, 409)
        assert (await holders(key) == 0) == (gone == 204)
    (row,) = await stack.sql("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    assert row[0] == 0
    # A new required field counts in the other process as soon as that hears of it.
    await defined(admins[0], "must", "text", required=True)
    deadline = time.monotonic() + 5
    while (answer := await people[1].post("/v1/accounts", json=ACCOUNT)).status_code != 422:
        assert time.monotonic() < deadline, answer.text
        await people[1].delete(answer.headers["Location"])
    assert (await people[0].post("/v1/accounts", json=ACCOUNT)).status_code == 422
    for client in (*people, *admins):
        await client.aclose()
