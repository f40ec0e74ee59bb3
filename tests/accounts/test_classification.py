"""Type and status: the table, the ERP's figures, the night, and the answer to "why?" (ACC-2)."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.classification import classify
from app.accounts.jobs import reclassify
from app.accounts.models import Account
from app.core import history
from app.core.visibility import unscoped
from tests.conftest import Api, Contexts
from tests.factories import make_account, make_user

TODAY = date(2026, 11, 22)
NEVER = None

TABLE: list[tuple[str, dict[int, str], date | None, tuple[str, str, date | None]]] = [
    # what the ERP says: revenue by year, last order → type, status, when time alone changes it
    ("nothing at all", {}, NEVER, ("potential", "new", NEVER)),
    ("a year of nothing", {2025: "0.00"}, NEVER, ("potential", "new", NEVER)),
    ("ordered today, no revenue yet", {}, TODAY, ("small_customer", "active", date(2027, 5, 22))),
    ("just under the threshold", {2025: "999.99"}, date(2025, 3, 1), ("small_customer", "former", NEVER)),
    ("exactly the threshold", {2025: "1000.00"}, date(2025, 3, 1), ("customer", "former", date(2030, 1, 1))),
    ("good and active", {2026: "5000.00"}, date(2026, 10, 1), ("customer", "active", date(2027, 4, 1))),
    ("a day younger than six months", {}, date(2026, 5, 23), ("small_customer", "active", date(2026, 11, 23))),
    ("six months to the day", {}, date(2026, 5, 22), ("small_customer", "former", NEVER)),
    ("end of August has no 31st of February", {}, date(2026, 8, 31), ("small_customer", "active", date(2027, 2, 28))),
    ("the oldest year that counts", {2022: "1000.00"}, date(2022, 3, 1), ("customer", "former", date(2027, 1, 1))),
    ("a year too old", {2021: "90000.00"}, date(2021, 3, 1), ("small_customer", "former", NEVER)),
    (
        "the latest good year decides",
        {2022: "2000.00", 2024: "1500.00"},
        NEVER,
        ("customer", "former", date(2029, 1, 1)),
    ),
    ("several small years do not add up", {2024: "600.00", 2025: "600.00"}, NEVER, ("small_customer", "former", NEVER)),
    ("turn of the year before the order ages", {2022: "1000.00"}, TODAY, ("customer", "active", date(2027, 1, 1))),
]


@pytest.mark.rule("ACC-2")
@pytest.mark.parametrize(
    ("revenues", "last_order_on", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_the_table(
    revenues: dict[int, str], last_order_on: date | None, expected: tuple[str, str, date | None]
) -> None:
    found = classify({year: Decimal(amount) for year, amount in revenues.items()}, last_order_on, TODAY)
    assert (found.type, found.status, found.changes_on) == expected


@pytest.mark.rule("ACC-2")
@pytest.mark.parametrize(("revenues", "last_order_on"), [row[1:3] for row in TABLE], ids=[row[0] for row in TABLE])
def test_nothing_changes_before_the_day_that_is_named_and_something_does_on_it(
    revenues: dict[int, str], last_order_on: date | None
) -> None:
    amounts = {year: Decimal(amount) for year, amount in revenues.items()}
    today, day = classify(amounts, last_order_on, TODAY), TODAY
    for _ in range(6 * 366):
        day += timedelta(days=1)
        found = classify(amounts, last_order_on, day)
        if day == today.changes_on:
            assert (found.type, found.status) != (today.type, today.status)
            return
        assert (found.type, found.status) == (today.type, today.status), day
    assert today.changes_on is None


def figures(last_order_on: date | None, **years: str) -> dict[str, Any]:
    revenues = [{"year": int(y[1:]), "revenue": {"amount": a, "currency": "EUR"}} for y, a in years.items()]
    return {"last_order_on": last_order_on and last_order_on.isoformat(), "revenues": revenues}


@pytest.mark.rule("ACC-2")
async def test_the_erp_says_and_the_account_follows_at_once(api: Api, session: AsyncSession) -> None:
    seller = await make_user(session)
    account = await make_account(session, seller)
    erp, client = await api.as_user(await make_user(session, "integration")), await api.as_user(seller)
    url, today = f"/v1/accounts/{account.id}", datetime.now(UTC).date()
    years = {f"y{today.year - 1}": "1500.00"}
    said = await erp.put(f"{url}/erp-figures", json={"erp_id": "K-1"} | figures(today - timedelta(days=400), **years))
    assert said.status_code == 200, said.text
    record = said.json()
    assert (record["type"], record["status"], record["erp_id"]) == ("customer", "former", "K-1")

    why = (await client.get(f"{url}/classification", headers={"Accept-Language": "de"})).json()
    assert why["status"]["code"] == "not_ordered_lately" and "sechs Monate" in why["status"]["reason"]
    assert why["type"]["code"] == "revenue_over" and why["up_to_date"] is True
    assert why["revenues"] == [
        {
            "year": today.year - 1,
            "revenue": {"amount": "1500.00", "currency": "EUR"},
            "counts": True,
            "reaches_threshold": True,
        }
    ]
    assert why["last_order_on"] == (today - timedelta(days=400)).isoformat() and why["years"][-1] == today.year

    again = await erp.put(f"{url}/erp-figures", json=figures(today))
    assert (again.json()["type"], again.json()["status"], again.json()["erp_id"]) == ("small_customer", "active", "K-1")
    assert again.json()["version"] == record["version"] + 1
    parts = [item["part"] for item in (await client.get(f"{url}/history")).json()["items"]]
    assert parts.count("account_revenues") == 2  # the year came and went
    for kind in ("former", "active"):
        found = (await client.get("/v1/accounts", params={"status": kind})).json()["items"]
        assert [a["id"] for a in found] == ([str(account.id)] if kind == "active" else [])


@pytest.mark.rule("ACC-2")
@pytest.mark.parametrize("field", ["type", "status", "last_order_on", "last_visit_on", "erp_id"])
async def test_nobody_sets_what_is_computed_or_the_erps(api: Api, session: AsyncSession, field: str) -> None:
    user = await make_user(session, "admin")
    account = await make_account(session, user)
    client = await api.as_user(user)
    answer = await client.patch(f"/v1/accounts/{account.id}", json={field: "2026-01-01"}, headers={"If-Match": "*"})
    sources = {"last_order_on": "erp", "erp_id": "erp", "last_visit_on": "visits"}
    reason = f"read_only_{sources.get(field, 'computed')}"
    assert answer.status_code == 422
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [(f"/{field}", reason)]


@pytest.mark.rule("ACC-2")
@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"last_order_on": "2199-01-01"}, "/last_order_on"),
        ({"revenues": [{"year": 2026, "revenue": {"amount": "-1", "currency": "EUR"}}]}, "/revenues/0/revenue/amount"),
        ({"revenues": [{"year": 2026, "revenue": {"amount": "1"}}] * 2}, "/revenues/1/year"),
        ({"revenue": 5}, "/revenue"),
    ],
)
async def test_figures_that_cannot_be_are_refused(
    api: Api, session: AsyncSession, body: dict[str, Any], pointer: str
) -> None:
    account = await make_account(session, await make_user(session))
    erp = await api.as_user(await make_user(session, "integration"))
    answer = await erp.put(f"/v1/accounts/{account.id}/erp-figures", json=body)
    assert answer.status_code == 422 and [e["pointer"] for e in answer.json()["errors"]] == [pointer]


@pytest.mark.rule("ACC-2")
async def test_only_the_interface_brings_figures(api: Api, session: AsyncSession) -> None:
    seller = await make_user(session, "country_head")
    account = await make_account(session, seller)
    client = await api.as_user(seller)
    assert (await client.put(f"/v1/accounts/{account.id}/erp-figures", json={})).status_code == 403
    stranger = await api.as_user(await make_user(session))
    assert (await stranger.get(f"/v1/accounts/{account.id}/classification")).status_code == 404


@pytest.mark.rule("ACC-2")
async def test_the_night_changes_those_that_time_changes_and_no_others(
    session: AsyncSession, contexts: Contexts
) -> None:
    user, today = await make_user(session), datetime.now(ZoneInfo("Europe/Vienna")).date()
    old = {"type": "small_customer", "status": "active", "last_order_on": today - timedelta(days=300)}
    aged = await make_account(session, user, **old, reclassify_on=today)
    other = await make_account(session, user, **old, reclassify_on=today + timedelta(days=1))
    new = await make_account(session, user)
    found = await session.execute(unscoped(select(Account.id, Account.version), reason="test"))
    versions = {row.id: row.version for row in found}
    async with contexts.of() as ctx:
        await reclassify(ctx, {})
    rows = {
        row.id: row
        for row in await session.execute(
            unscoped(select(Account.id, Account.status, Account.version, Account.reclassify_on), reason="test")
        )
    }
    assert (rows[aged.id].status, rows[aged.id].version) == ("former", versions[aged.id] + 1)
    assert rows[aged.id].reclassify_on is None
    assert (rows[other.id].status, rows[other.id].version) == ("active", versions[other.id])
    assert rows[new.id].version == versions[new.id]
    logged = select(func.count()).where(history.table.c.record_id == aged.id, history.table.c.operation == "update")
    assert (await session.execute(logged)).scalar_one() == 1
    async with contexts.of() as ctx:  # a second night: nothing is left
        await reclassify(ctx, {})
    assert (await session.execute(logged)).scalar_one() == 1
