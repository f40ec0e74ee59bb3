"""What happens to custom values later: history, merges and their undoing, conversion (ACC-10)."""

from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tests.conftest import Api
from tests.custom_fields.support import ACCOUNT, changed, defined, wrong
from tests.factories import make_account, make_user
from tests.merges.support import body_of, merged, previewed

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.rule("ACC-10")]


async def rows_of(session: AsyncSession, record_id: Any) -> list[tuple[Any, ...]]:
    """What lists know of the record: key, text, number."""
    found = await session.execute(
        text(
            "SELECT f.key, v.key, v.number::float FROM custom_values v JOIN custom_fields f ON f.no = v.field "
            "WHERE v.record_id = :id ORDER BY 1, 2"
        ),
        {"id": record_id},
    )
    return [tuple(row) for row in found]


@pytest.mark.rule("LIST-4")
async def test_the_history_tells_each_field_by_itself(api: Api, session: AsyncSession) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    client = await api.as_user(await make_user(session))
    for key, kind in (("size", "number"), ("level", "choice"), ("note", "text")):
        await defined(admin, key, kind)
    made = await client.post("/v1/accounts", json=ACCOUNT | {"custom": {"size": 5, "note": "x"}})
    url = made.headers["Location"]
    await changed(client, url, {"industry": "y", "custom": {"size": 7, "level": "gold", "note": "x"}})
    await changed(client, url, {"custom": {"note": None}})
    await changed(client, url, {"level": "C"})
    last, emptied, both, first = (await client.get(f"{url}/history")).json()["items"]
    assert [change["field"] for change in last["changes"]] == ["level"]
    assert emptied["changes"] == [{"field": "custom.note", "old": "x", "new": None}]
    assert both["changes"] == [
        {"field": "custom.level", "old": None, "new": "gold"},
        {"field": "custom.size", "old": 5, "new": 7},
        {"field": "industry", "old": "x", "new": "y"},
    ]
    fields = {change["field"] for change in first["changes"]}
    assert {"custom.size", "custom.note", "name"} <= fields and "custom" not in fields


@pytest.mark.rule("DUP-4", "DUP-8")
async def test_a_merge_fills_what_the_winner_lacks_and_the_undoing_brings_it_back(
    api: Api, session: AsyncSession
) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    eva = await make_user(session)
    client = await api.as_user(eva)
    for key, kind in (("size", "number"), ("level", "choice"), ("note", "text"), ("several", "multi_choice")):
        await defined(admin, key, kind)
    a = await make_account(session, eva, custom={"size": 1, "note": "eins"})
    b = await make_account(session, eva, custom={"size": 2, "level": "gold", "several": ["gold", "silver"]})
    shown = await previewed(client, "account", [a.id, b.id], winner_id=str(a.id))
    lines = {line["field"]: line for line in shown["fields"] if line["field"].startswith("custom.")}
    assert {name: (line["result"], line["taken_from"], line["differs"]) for name, line in lines.items()} == {
        "custom.level": ("gold", str(b.id), False),
        "custom.note": ("eins", str(a.id), False),
        "custom.several": (["gold", "silver"], str(b.id), False),
        "custom.size": (1, str(a.id), True),
    }
    body = await body_of(client, "account", [a.id, b.id], fields={"custom.size": str(b.id), "custom.note": str(b.id)})
    for bad, code in (("custom.nothing", "not_choosable"), ("custom", "not_choosable")):
        assert wrong(await client.post("/v1/merges", json=body | {"fields": {bad: str(b.id)}})) == {
            f"/fields/{bad}": code
        }
    joined = await client.post("/v1/merges", json=body | {"fields": {"custom.note": "all"}})
    assert wrong(joined) == {"/fields/custom.note": "not_joinable"}
    done = await client.post("/v1/merges", json=body)
    assert done.status_code == 201, done.text
    url = f"/v1/accounts/{a.id}"
    assert (await client.get(url)).json()["custom"] == {"size": 2, "level": "gold", "several": ["gold", "silver"]}
    assert [row[0] for row in await rows_of(session, a.id)] == ["level", "several", "several", "size"]
    assert await rows_of(session, b.id) == []
    # What was entered since stays, and is told; the rest is as it was.
    await changed(client, url, {"custom": {"level": "bronze"}})
    undone = await client.post(f"/v1/merges/{done.json()['id']}/undo")
    assert undone.json()["kept"] == [
        {"kind": "field", "field": "custom.level", "record_id": str(a.id), "reason": "changed"}
    ]
    assert (await client.get(url)).json()["custom"] == {"size": 1, "note": "eins", "level": "bronze"}
    other = (await client.get(f"/v1/accounts/{b.id}")).json()["custom"]
    assert other == {"size": 2, "level": "gold", "several": ["gold", "silver"]}
    assert [row[0] for row in await rows_of(session, b.id)] == ["level", "several", "several", "size"]


async def test_a_value_of_a_deleted_field_that_comes_back_can_be_emptied(api: Api, session: AsyncSession) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    eva = await make_user(session)
    client = await api.as_user(eva)
    field = await defined(admin, "size", "number")
    a, b = await make_account(session, eva, custom={"size": 1}), await make_account(session, eva, custom={"size": 2})
    done = (await merged(client, "account", [a.id, b.id])).json()
    await changed(client, f"/v1/accounts/{a.id}", {"custom": {"size": None}})
    assert (await admin.delete(f"/v1/custom-fields/{field['id']}")).status_code == 204
    await client.post(f"/v1/merges/{done['id']}/undo")
    url = f"/v1/accounts/{b.id}"
    assert (await client.get(url)).json()["custom"] == {"size": 2}
    assert wrong(await changed(client, url, {"custom": {"size": 3}})) == {"/custom/size": "unknown_field"}
    assert (await changed(client, url, {"custom": {"size": None}})).json()["custom"] == {}


async def test_what_goes_past_the_application_is_found_all_the_same(api: Api, session: AsyncSession) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    eva = await make_user(session)
    await defined(admin, "at", "date")
    await defined(admin, "several", "multi_choice")
    account = await make_account(session, eva, custom={"at": "2000-01-02", "several": ["gold", "tin"]})
    expected = [("at", None, 1.0), ("several", "gold", None), ("several", "tin", None)]
    assert await rows_of(session, account.id) == expected
    await session.execute(text("UPDATE accounts SET city = 'Wels' WHERE id = :id"), {"id": account.id})
    assert await rows_of(session, account.id) == expected
    await session.execute(text("UPDATE accounts SET custom = custom - 'at' WHERE id = :id"), {"id": account.id})
    assert await rows_of(session, account.id) == expected[1:]
    await session.execute(text("DELETE FROM accounts WHERE id = :id"), {"id": account.id})
    assert await rows_of(session, account.id) == []


async def converted(
    api: Api, session: AsyncSession, values: dict[str, Any]
) -> tuple[httpx.AsyncClient, httpx.AsyncClient, dict[str, Any]]:
    """An administrator, a developer, and their lead, in a project that lets leads hold more."""
    admin = await api.as_user(await make_user(session, "admin"))
    await make_user(session, "ks")
    for record_type in ("account", "contact", "opportunity"):
        target = await defined(admin, f"{record_type}_size", "number", record_type=record_type)
        await defined(admin, f"size_{record_type}", "number", record_type="lead", maps_to_id=target["id"])
    level = await defined(admin, "level", "choice", choices=[{"key": "gold", "label_de": "G", "label_en": "G"}])
    await defined(admin, "level", "choice", record_type="lead", maps_to_id=level["id"])
    project = (await admin.post("/v1/projects", json={"key": "open", "name": "Offen"})).json()
    client = await api.as_user(await make_user(session))
    lead = {
        "name": "Zellinger AG", "status": "new", "project_id": project["id"], "city": "Wels", "country": "AT",
        "last_name": "Huber", "custom": values, "expected_revenue": {"amount": "5.00"},
    }  # fmt: skip
    made = await client.post("/v1/leads", json=lead)
    assert made.status_code == 201, made.text
    return admin, client, made.json()


COMPLETE = {"level": "A", "industry": "x", "legal_form": "AG"}


@pytest.mark.rule("CONV-1")
async def test_conversion_carries_mapped_values_over(api: Api, session: AsyncSession) -> None:
    values = {"size_account": 1, "size_contact": 2, "size_opportunity": 3, "level": "silver"}
    admin, client, lead = await converted(api, session, values)
    await defined(admin, "must", "text", required=True)
    url = f"/v1/leads/{lead['id']}/conversion"
    missing = (await client.get(url)).json()["missing"]
    assert [field["field"] for field in missing if field["field"].startswith("custom.")] == ["custom.must"]
    body = {"outcome": "create", "account": COMPLETE, "request_opportunity": True}
    assert wrong(await client.post(url, json=body)) == {"/account/custom/must": "missing"}
    body["account"] = COMPLETE | {"custom": {"must": "da"}}
    done = await client.post(url, json=body)
    assert done.status_code == 201, done.text
    account = (await client.get(f"/v1/accounts/{done.json()['account']['id']}")).json()
    # The customer's field has no such choice as the lead's: it stays there alone.
    assert account["custom"] == {"account_size": 1, "must": "da"}
    contact = (await client.get(f"/v1/contacts/{done.json()['contact']['id']}")).json()
    assert contact["custom"] == {"contact_size": 2}
    assert (await client.get(f"/v1/leads/{lead['id']}")).json()["custom"] == values
    made = await admin.post("/v1/opportunities", json={"message_id": done.json()["message_id"]})
    assert made.status_code == 201, made.text
    assert made.json()["custom"] == {"opportunity_size": 3}


@pytest.mark.rule("CONV-2")
async def test_into_a_customer_that_is_there_only_what_is_chosen(api: Api, session: AsyncSession) -> None:
    _, client, lead = await converted(api, session, {"size_account": 1, "level": "gold"})
    account = await client.post("/v1/accounts", json=ACCOUNT | {"custom": {"account_size": 9}})
    if account.status_code == 409:  # the customer of the asker's own lead
        ref = account.json()["matches"][0]["ref"]
        account = await client.post(
            "/v1/accounts", json=ACCOUNT | {"custom": {"account_size": 9}, "not_duplicate_of": [ref]}
        )
    assert account.status_code == 201, account.text
    target = account.json()["id"]
    url = f"/v1/leads/{lead['id']}/conversion"
    body = {"outcome": "update", "account_id": target, "take": ["custom.level"]}
    refused = await client.post(url, json=body | {"take": ["custom.nothing"]})
    assert wrong(refused) == {"/take/custom.nothing": "nothing_to_take"}
    done = await client.post(url, json=body)
    assert done.status_code == 201, done.text
    assert done.json()["applied"] == [{"field": "custom.level", "old": None, "new": "gold"}]
    assert (await client.get(f"/v1/accounts/{target}")).json()["custom"] == {"account_size": 9, "level": "gold"}
