"""Accounts over HTTP: what one must say, what one may not, who sees and changes them."""

from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Account
from app.core import history
from app.core.visibility import unscoped
from app.matching.index import party
from app.notifications.models import Notification
from tests.conftest import Api, OneConnection
from tests.factories import make_account, make_contact, make_team, make_user

BODY: dict[str, Any] = {
    "name": "Müller Maschinenbau GmbH & Co. KG",
    "level": "B",
    "industry": "Maschinenbau",
    "legal_form": "GmbH & Co. KG",
    "city": "Linz",
    "country": "AT",
}


async def told(session: AsyncSession, user_id: Any) -> list[str]:
    """The kinds of the user's notifications."""
    statement = select(Notification.kind).where(Notification.user_id == user_id).order_by(Notification.created_at)
    return list((await session.execute(unscoped(statement, reason="the test looks at every inbox"))).scalars())


@pytest.mark.rule("ACC-1")
async def test_all_required_fields_that_lack_are_told_at_once(api: Api, session: AsyncSession) -> None:
    client = await api.as_user(await make_user(session))
    answer = await client.post("/v1/accounts", json={})
    assert answer.status_code == 422
    errors = {e["pointer"]: e["code"] for e in answer.json()["errors"]}
    assert errors == dict.fromkeys(["/name", "/level", "/industry", "/legal_form", "/city", "/country"], "missing")


@pytest.mark.rule("ACC-1")
async def test_the_asker_and_their_default_team_stand_in(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    client = await api.as_user(user)
    answer = await client.post("/v1/accounts", json=BODY)
    assert answer.status_code == 201, answer.text
    account = answer.json()
    assert account["assignee"] == {"id": str(user.id), "name": user.name}
    assert account["team_ids"] == [str(user.default_team_id)] and account["manager_ids"] == []
    assert (account["type"], account["status"], account["access"]) == ("potential", "new", "managers")
    assert answer.headers["Location"] == f"/v1/accounts/{account['id']}"

    user.default_team_id = None
    await session.commit()
    homeless = await client.post("/v1/accounts", json=BODY | {"name": "Qualmann Orgelbau AG"})
    assert homeless.status_code == 422
    assert [e["pointer"] for e in homeless.json()["errors"]] == ["/team_ids"]


@pytest.mark.rule("ACC-1")
@pytest.mark.rule("ACC-2")
async def test_what_is_computed_or_the_erp_s_cannot_be_set(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    client = await api.as_user(user)
    answer = await client.post(
        "/v1/accounts",
        json=BODY | {"type": "customer", "status": "active", "erp_id": "4711"},
        headers={"Accept-Language": "de"},
    )
    assert answer.status_code == 422
    errors = {e["pointer"]: e for e in answer.json()["errors"]}
    assert {p: e["code"] for p, e in errors.items()} == {
        "/type": "read_only_computed",
        "/status": "read_only_computed",
        "/erp_id": "read_only_erp",
    }
    assert errors["/erp_id"]["message"] == "Dieses Feld kommt aus dem ERP-System."
    account = await make_account(session, user)
    patched = await client.patch(f"/v1/accounts/{account.id}", json={"type": "customer"}, headers={"If-Match": "*"})
    assert patched.status_code == 422


async def test_everything_wrong_is_told_field_by_field(api: Api, session: AsyncSession) -> None:
    client = await api.as_user(await make_user(session))
    wrong = {
        "email": "eva@",
        "phone": "ruf mich an",
        "website": "javascript:alert(1)",
        "vat_id": "12",
        "country": "XX",
        "name": "a\x00b",
        "expected_revenue": {"amount": "-1", "currency": "EUR"},
    }
    answer = await client.post("/v1/accounts", json=BODY | wrong)
    assert answer.status_code == 422
    errors = {e["pointer"]: e["code"] for e in answer.json()["errors"]}
    assert errors == {
        "/email": "email_invalid",
        "/phone": "phone_invalid",
        "/website": "website_invalid",
        "/vat_id": "vat_id_invalid",
        "/country": "unknown_country",
        "/name": "string_pattern_mismatch",
        "/expected_revenue/amount": "amount_form",
    }
    nobody = "019abcde-0000-7000-8000-000000000bad"
    people = {"assignee_id": nobody, "manager_ids": [nobody], "team_ids": [nobody]}
    answer = await client.post("/v1/accounts", json=BODY | people)
    assert answer.status_code == 422
    assert {e["pointer"]: e["code"] for e in answer.json()["errors"]} == {
        "/assignee_id": "unknown_user",
        "/manager_ids/0": "unknown_user",
        "/team_ids/0": "unknown_team",
    }
    gone = await make_user(session, active=False)
    answer = await client.post("/v1/accounts", json=BODY | {"assignee_id": str(gone.id)})
    assert [e["pointer"] for e in answer.json()["errors"]] == ["/assignee_id"]


async def test_values_are_kept_as_entered_and_the_vat_id_in_capitals(api: Api, session: AsyncSession) -> None:
    client = await api.as_user(await make_user(session))
    values = {
        "phone": " 0732 / 77 00-11 ",
        "email": "office@müller-bau.at",
        "website": "www.müller-bau.at",
        "vat_id": "atu 123 456 78",
        "expected_revenue": {"amount": "12500.5", "currency": "EUR"},
    }
    answer = await client.post("/v1/accounts", json=BODY | values)
    assert answer.status_code == 201, answer.text
    account = answer.json()
    assert account["phone"] == "0732 / 77 00-11" and account["vat_id"] == "ATU12345678"
    assert account["email"] == "office@müller-bau.at" and account["website"] == "www.müller-bau.at"
    assert account["expected_revenue"] == {"amount": "12500.50", "currency": "EUR"}
    emptied = await client.patch(
        answer.headers["Location"], json={"expected_revenue": None, "phone": None}, headers={"If-Match": '"1"'}
    )
    assert emptied.status_code == 200, emptied.text
    assert emptied.json()["expected_revenue"] is None and emptied.json()["phone"] is None
    needed = await client.patch(answer.headers["Location"], json={"city": None}, headers={"If-Match": "*"})
    assert needed.status_code == 422


@pytest.mark.rule("ID-5")
async def test_access_decides_who_sees_and_who_changes(api: Api, session: AsyncSession) -> None:
    owner, manager, mate, stranger = [await make_user(session) for _ in range(4)]
    team = await make_team(session)
    mate = await make_user(session, teams=[team])
    account = await make_account(session, owner, manager_ids=[manager.id], team_ids=[team.id])
    url = f"/v1/accounts/{account.id}"
    clients = {u.id: await api.as_user(u) for u in (owner, manager, mate, stranger)}

    async def answers(user: Any) -> tuple[int, int]:
        read = await clients[user.id].get(url)
        write = await clients[user.id].patch(url, json={"level": "A"}, headers={"If-Match": "*"})
        listed = await clients[user.id].get("/v1/accounts")
        assert (read.status_code == 200) == (str(account.id) in [a["id"] for a in listed.json()["items"]])
        return read.status_code, write.status_code

    for one in (owner, manager, mate):
        assert await answers(one) == (200, 200)
    assert await answers(stranger) == (404, 404)

    account.access = "public_read"
    await session.commit()
    assert await answers(stranger) == (200, 403)
    refused = await clients[stranger.id].patch(url, json={"level": "A"}, headers={"If-Match": "*"})
    assert refused.json()["code"] == "not_a_manager"

    account.access = "public_write"
    await session.commit()
    assert await answers(stranger) == (200, 200)
    taking_over = await clients[stranger.id].patch(
        url, json={"assignee_id": str(stranger.id)}, headers={"If-Match": "*"}
    )
    assert taking_over.status_code == 403
    closing = await clients[stranger.id].patch(url, json={"access": "managers"}, headers={"If-Match": "*"})
    assert closing.status_code == 403


async def test_administrators_see_and_change_all_and_technicians_only_read(api: Api, session: AsyncSession) -> None:
    owner = await make_user(session)
    account = await make_account(session, owner, access="public_write")
    url = f"/v1/accounts/{account.id}"
    admin = await api.as_user(await make_user(session, "admin"))
    changed = await admin.patch(url, json={"access": "managers"}, headers={"If-Match": "*"})
    assert changed.status_code == 200
    assert (await admin.get(url)).status_code == 200
    technician = await make_user(session, "mst")
    client = await api.as_user(technician)
    assert (await client.get(url)).status_code == 404
    account.team_ids = [technician.default_team_id]  # type: ignore[list-item]  # set by the factory
    await session.commit()
    assert (await client.get(url)).status_code == 200
    assert (await client.patch(url, json={"level": "A"}, headers={"If-Match": "*"})).status_code == 403
    assert (await client.post("/v1/accounts", json=BODY)).status_code == 403


@pytest.mark.rule("ID-5")
async def test_each_newly_added_manager_is_told_once_and_nobody_of_their_own_act(
    api: Api, session: AsyncSession
) -> None:
    owner, first, second = [await make_user(session) for _ in range(3)]
    client = await api.as_user(owner)
    answer = await client.post(
        "/v1/accounts", json=BODY | {"manager_ids": [str(first.id), str(first.id), str(owner.id)]}
    )
    assert answer.status_code == 201, answer.text
    assert answer.json()["manager_ids"] == [str(first.id), str(owner.id)]
    url = answer.headers["Location"]
    both = {"manager_ids": [str(first.id), str(second.id)]}
    assert (await client.patch(url, json=both, headers={"If-Match": '"1"'})).status_code == 200
    assert (await client.patch(url, json={"level": "C"}, headers={"If-Match": '"2"'})).status_code == 200
    assert await told(session, owner.id) == []
    assert await told(session, first.id) == ["manager_added"]
    assert await told(session, second.id) == ["manager_added"]


async def test_who_gives_a_customer_away_is_told_the_outcome_and_sees_it_no_more(
    api: Api, session: AsyncSession
) -> None:
    owner, other = await make_user(session), await make_user(session)
    client = await api.as_user(owner)
    made = await client.post("/v1/accounts", json=BODY | {"assignee_id": str(other.id)})
    assert made.status_code == 201
    assert made.json()["manager_ids"] == [str(owner.id)], "the creator stays a manager unless they say otherwise"
    url = made.headers["Location"]
    away = {"manager_ids": [], "team_ids": [str(other.default_team_id)]}
    given = await client.patch(url, json=away, headers={"If-Match": '"1"'})
    assert given.status_code == 200 and given.json()["assignee"]["id"] == str(other.id)
    assert (await client.get(url)).status_code == 404
    assert (await client.patch(url, json=away, headers={"If-Match": "*"})).status_code == 404


async def test_a_manager_who_has_left_does_not_stand_in_the_way_of_a_change(api: Api, session: AsyncSession) -> None:
    owner, gone = await make_user(session), await make_user(session, active=False)
    account = await make_account(session, owner, manager_ids=[gone.id])
    client = await api.as_user(owner)
    answer = await client.patch(
        f"/v1/accounts/{account.id}",
        json={"level": "A", "manager_ids": [str(gone.id)]},
        headers={"If-Match": '"1"'},
    )
    assert answer.status_code == 200, answer.text


async def test_the_same_request_again_makes_nothing_twice(api: Api, session: AsyncSession) -> None:
    client = await api.as_user(await make_user(session))
    body = BODY | {"id": "019abcde-0000-7000-8000-0000000acc01"}
    first = await client.post("/v1/accounts", json=body)
    again = await client.post("/v1/accounts", json=body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    other = await (await api.as_user(await make_user(session))).post("/v1/accounts", json=body)
    assert other.status_code == 409 and other.json()["code"] == "id_taken"


async def test_a_stale_change_is_refused_with_the_record_as_it_is(api: Api, session: AsyncSession) -> None:
    owner = await make_user(session)
    account = await make_account(session, owner)
    client = await api.as_user(owner)
    url = f"/v1/accounts/{account.id}"
    assert (await client.patch(url, json={"level": "A"}, headers={"If-Match": '"1"'})).status_code == 200
    stale = await client.patch(url, json={"level": "C"}, headers={"If-Match": '"1"'})
    assert stale.status_code == 412 and stale.json()["current"]["level"] == "A"
    assert (await client.patch(url, json={"level": "C"})).status_code == 428


@pytest.mark.rule("LOCK-1")
@pytest.mark.rule("DUP-1")
async def test_the_duplicate_index_follows_in_the_same_transaction(api: Api, session: AsyncSession) -> None:
    admin = await make_user(session, "admin")
    client = await api.as_user(admin)
    made = await client.post("/v1/accounts", json=BODY)
    id_ = made.json()["id"]
    indexed = select(party.c.dump).where(party.c.record_type == "account", party.c.record_id == id_)
    before = (await session.execute(indexed)).scalar_one()
    await client.patch(f"/v1/accounts/{id_}", json={"name": "Ganz Anders AG"}, headers={"If-Match": '"1"'})
    assert (await session.execute(indexed)).scalar_one() != before
    assert (await client.delete(f"/v1/accounts/{id_}")).status_code == 204
    assert (await session.execute(indexed)).first() is None


async def test_delete_only_what_nothing_hangs_on_and_keep_its_history(api: Api, session: AsyncSession) -> None:
    owner = await make_user(session)
    admin = await api.as_user(await make_user(session, "admin"))
    used, free = await make_account(session, owner), await make_account(session, owner)
    of_erp = await make_account(session, owner, erp_id="4711")
    await make_contact(session, owner, used)

    refused = await admin.delete(f"/v1/accounts/{used.id}")
    assert refused.status_code == 409, refused.text
    assert (refused.json()["code"], refused.json()["used_by"]) == ("in_use", "contacts")
    assert "contacts" in refused.json()["detail"]
    assert (await admin.get(f"/v1/accounts/{used.id}")).status_code == 200
    of_the_erp = await admin.delete(f"/v1/accounts/{of_erp.id}")
    assert of_the_erp.status_code == 409 and of_the_erp.json()["code"] == "erp_record"
    not_allowed = await (await api.as_user(owner)).delete(f"/v1/accounts/{free.id}")
    assert not_allowed.status_code == 403
    assert (await admin.delete(f"/v1/accounts/{free.id}")).status_code == 204
    assert (await admin.get(f"/v1/accounts/{free.id}")).status_code == 404
    assert (await admin.delete(f"/v1/accounts/{free.id}")).status_code == 404
    tombstones = select(func.count()).where(history.table.c.record_id == free.id, history.table.c.operation == "delete")
    assert (await session.execute(tombstones)).scalar_one() == 1


async def test_lists_filter_and_sort(api: Api, session: AsyncSession) -> None:
    owner, mate = await make_user(session), await make_user(session)
    team = await make_team(session)
    linz = await make_account(session, owner, name="Österreichische Öfen AG", city="Linz", postal_code="4020")
    wien = await make_account(
        session, owner, name="Zander KG", city="Wien", country="AT", level="A", team_ids=[team.id]
    )
    bern = await make_account(session, owner, name="Änderungsschneiderei", city="Bern", country="CH", industry="Mode")
    await make_account(session, mate, name="Unsichtbar GmbH", city="Linz")
    client = await api.as_user(owner)

    async def names(**params: Any) -> list[str]:
        answer = await client.get("/v1/accounts", params={"sort": "name", **params})
        assert answer.status_code == 200, answer.text
        return [item["name"] for item in answer.json()["items"]]

    assert await names() == [bern.name, linz.name, wien.name]
    assert await names(sort="-name") == [wien.name, linz.name, bern.name]
    assert await names(q="osterreichische OFEN") == [linz.name]
    assert await names(q="%") == []
    assert await names(city=["linz", "WIEN"]) == [linz.name, wien.name]
    assert await names(country="CH") == [bern.name]
    assert await names(postal_code="4020") == [linz.name]
    assert await names(level="A") == [wien.name] == await names(team_id=str(team.id))
    assert await names(industry="Mode") == [bern.name]
    assert await names(assignee_id=str(mate.id)) == []
    assert await names(created_after="2020-01-01T00:00:00Z", created_before="2020-01-02T00:00:00+01:00") == []
    page = await client.get("/v1/accounts", params={"limit": 2, "sort": "name", "count": "true"})
    assert page.json()["count"] == 3
    rest = await client.get(page.links["next"]["url"])
    assert [a["name"] for a in rest.json()["items"]] == [wien.name] and rest.json()["next_cursor"] is None


@pytest.mark.parametrize(
    "params",
    [
        {"created_after": "2020-01-01T00:00:00"},
        {"created_after": "0001-01-01T00:00:00+23:59"},
        {"created_before": "9999-12-31T23:59:59-23:59"},
        {"country": "Österreich"},
        {"assignee_id": "x"},
        {"q": ""},
        {"q": "a\x00"},
        {"sort": "level"},
        {"levl": "A"},
        {"fields": "password"},
    ],
)
async def test_bad_filters_are_refused(api: Api, session: AsyncSession, params: dict[str, str]) -> None:
    client = await api.as_user(await make_user(session))
    answer = await client.get("/v1/accounts", params=params)
    assert answer.status_code == 422, answer.text


async def test_nobody_comes_in_without_signing_in(api: Api) -> None:
    assert (await api.anyone.get("/v1/accounts")).status_code == 401
    assert (await api.anyone.post("/v1/accounts", json=BODY)).status_code == 401


async def test_nothing_is_kept_of_a_refused_change(api: Api, session: AsyncSession) -> None:
    owner = await make_user(session)
    account = await make_account(session, owner)
    client = await api.as_user(owner)
    answer = await client.patch(
        f"/v1/accounts/{account.id}",
        json={"name": "Neu GmbH", "manager_ids": ["019abcde-0000-7000-8000-000000000bad"]},
        headers={"If-Match": "*"},
    )
    assert answer.status_code == 422
    statement = unscoped(select(Account.name, Account.version).where(Account.id == account.id), reason="the test looks")
    assert (await session.execute(statement)).one() == (account.name, 1)


@pytest.mark.parametrize("path", ["/v1/accounts", "/v1/contacts"])
async def test_a_list_is_one_query_however_long(
    api: Api, session: AsyncSession, one_connection: OneConnection, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    user = await make_user(session)
    for _ in range(8):
        await make_contact(session, user, await make_account(session, user))
    client = await api.as_user(user)
    asked: list[str] = []
    fetch = one_connection.fetch

    async def counting(sql: str, *args: object) -> Any:
        asked.append(sql)
        return await fetch(sql, *args)

    monkeypatch.setattr(one_connection, "fetch", counting)
    answer = await client.get(path)
    assert len(answer.json()["items"]) == 8
    assert len([sql for sql in asked if "device_sessions" not in sql]) == 1
