"""Nothing that changes a record escapes its history."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tests.conftest import Api
from tests.factories import lead_body, make_user


@pytest.mark.rule("LIST-4")
async def test_each_change_with_old_and_new_value_by_whom(api: Api, session: AsyncSession) -> None:
    anna = await make_user(session, first_name="Anna")
    client = await api.as_user(anna)
    made = await client.post("/v1/leads", json=lead_body(anna.id))
    url = made.headers["Location"]
    await client.patch(url, json={"city": "Wels"}, headers={"If-Match": made.headers["ETag"]})
    await session.execute(text("UPDATE leads SET city = 'Steyr' WHERE id = :id"), {"id": made.json()["id"]})
    await session.commit()

    first = (await client.get(f"{url}/history", params={"limit": 2})).json()
    by_hand, by_anna = first["items"]
    assert by_anna["actor"] == {"id": str(anna.id), "name": anna.name}
    assert by_anna["changes"] == [{"field": "city", "old": "Linz", "new": "Wels"}]
    assert by_hand["changes"] == [{"field": "city", "old": "Wels", "new": "Steyr"}]
    rest = (await client.get(f"{url}/history", params={"limit": 2, "cursor": first["next_cursor"]})).json()
    (created,) = rest["items"]
    assert created["operation"] == "insert" and rest["next_cursor"] is None
    assert {"field": "name", "old": None, "new": made.json()["name"]} in created["changes"]
    forged = await client.get(f"{url}/history", params={"cursor": "AAAA"})
    assert forged.status_code == 422


@pytest.mark.rule("LIST-4")
async def test_only_for_who_sees_the_record(api: Api, session: AsyncSession) -> None:
    anna, bert = await make_user(session), await make_user(session)
    body = {
        "name": "Zellinger AG", "level": "A", "industry": "x", "legal_form": "AG", "city": "Wels", "country": "AT",
    }  # fmt: skip
    made = await (await api.as_user(anna)).post("/v1/accounts", json=body)
    url = f"{made.headers['Location']}/history"
    assert (await (await api.as_user(anna)).get(url)).status_code == 200
    assert (await (await api.as_user(bert)).get(url)).status_code == 404
    technician = await api.as_user(await make_user(session, "mst"))
    assert (await technician.get(url)).status_code == 403
    admin = await api.as_user(await make_user(session, "admin"))
    assert (await admin.delete(made.headers["Location"])).status_code == 204
    assert (await admin.get(url)).json()["items"][0]["operation"] == "delete"
    assert (await (await api.as_user(anna)).get(url)).status_code == 404


@pytest.mark.rule("LIST-4", "ID-1")
async def test_a_password_is_never_in_the_history(api: Api, session: AsyncSession) -> None:
    eva = await make_user(session)
    await session.execute(text("UPDATE users SET password_hash = 'geheim' WHERE id = :id"), {"id": eva.id})
    await session.commit()
    admin = await api.as_user(await make_user(session, "admin"))
    answer = await admin.get(f"/v1/users/{eva.id}/history")
    assert answer.json()["items"][0]["changes"] == [{"field": "password_hash", "old": None, "new": "***"}]
    assert "geheim" not in answer.text
