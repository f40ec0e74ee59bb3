"""Activities of every type over HTTP: their own fields, statuses and rules, who takes part, who sees them (ACT-1)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.models import CalendarShare
from tests.conftest import Api
from tests.factories import make_account, make_contact, make_user

ANY = {"If-Match": "*"}
TYPES: dict[str, dict[str, Any]] = {
    "call": {"subject": "Anruf", "result": "Will ein Angebot", "direction": "inbound"},
    "meeting": {"subject": "Besprechung", "starts_at": "2026-12-03T09:00:00+01:00", "location": "Linz"},
    "task": {"subject": "Aufgabe", "due_at": "2026-12-01T09:00:00Z"},
    "note": {"description": "Notiz"},
    "email": {"subject": "Mail", "from_address": "a@b.example.com", "to_addresses": ["c@d.example.com"]},
    "visit_report": {"subject": "Besuch", "description": "Halle gesehen", "visited_at": "2026-11-20T09:00:00Z"},
}
OWN = {
    "call": {"direction", "starts_at", "result", "participants", "contacts"},
    "meeting": {"location", "starts_at", "result", "participants", "contacts"},
    "task": {"due_at", "done_at"},
    "note": set(),
    "email": {"sent_at", "from_address", "to_addresses", "cc_addresses", "contacts"},
    "visit_report": {"visited_at"},
}


@pytest.mark.rule("ACT-1")
async def test_each_type_shows_its_own_fields(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    account = await make_account(session, user)
    client = await api.as_user(user)
    for type_, body in TYPES.items():
        made = await client.post("/v1/activities", json={"type": type_, "account_id": str(account.id), **body})
        assert made.status_code == 201, made.text
        shown = made.json()
        assert OWN[type_] <= set(shown)
        others = set().union(*(OWN[other] for other in OWN)) - OWN[type_]
        assert not (others & set(shown)), type_
        got = (await client.get(made.headers["Location"])).json()
        assert got == shown
    listed = (
        await client.get("/v1/activities", params={"account_id": str(account.id), "fields": "type,due_at"})
    ).json()
    assert {item["type"] for item in listed["items"]} == set(TYPES)
    assert [set(item) for item in listed["items"] if item["type"] != "task"] == [{"type"}] * 5
    assert [set(item) for item in listed["items"] if item["type"] == "task"] == [{"type", "due_at"}]
    none = (await client.get("/v1/activities", params={"account_id": str(account.id), "fields": "location"})).json()
    assert {} in none["items"] and {"location": "Linz"} in none["items"]


@pytest.mark.rule("ACT-1")
@pytest.mark.parametrize(
    ("type_", "patch", "wrong"),
    [
        ("call", {"location": "x"}, {"/location": "not_of_this_type"}),
        ("call", {"status": "done"}, {"/status": "not_of_this_type"}),
        ("task", {"status": "held"}, {"/status": "not_of_this_type"}),
        ("task", {"starts_at": "2026-12-01T09:00:00Z"}, {"/starts_at": "not_of_this_type"}),
        ("email", {"assignee_id": "019abcde-0000-7000-8000-000000000bad"}, {"/assignee_id": "not_of_this_type"}),
        ("meeting", {"ends_at": "2026-12-03T07:00:00Z"}, {"/ends_at": "ends_before_start"}),
    ],
)
async def test_a_type_refuses_what_is_another_s(
    api: Api, session: AsyncSession, type_: str, patch: dict[str, Any], wrong: dict[str, str]
) -> None:
    user = await make_user(session)
    account = await make_account(session, user)
    client = await api.as_user(user)
    made = await client.post("/v1/activities", json={"type": type_, "account_id": str(account.id), **TYPES[type_]})
    refused = await client.patch(made.headers["Location"], json=patch, headers=ANY)
    assert refused.status_code == 422, refused.text
    assert {e["pointer"]: e["code"] for e in refused.json()["errors"]} == wrong
    assert (await client.get(made.headers["Location"])).json() == made.json(), "nothing is half done"


@pytest.mark.rule("ACT-1")
async def test_who_takes_part_sees_it_and_contacts_are_named(api: Api, session: AsyncSession) -> None:
    host, guest, stranger = await make_user(session), await make_user(session), await make_user(session)
    account = await make_account(session, host)
    contact = await make_contact(session, host, account, first_name="Anna", last_name="Berger")
    theirs = await make_contact(session, stranger)
    client = await api.as_user(host)
    body = {"type": "meeting", "account_id": str(account.id), **TYPES["meeting"]}
    wrong = await client.post("/v1/activities", json=body | {"contact_ids": [str(contact.id), str(theirs.id)]})
    assert {e["pointer"] for e in wrong.json()["errors"]} == {"/contact_ids/1"}, "hidden contacts are unknown"
    made = await client.post(
        "/v1/activities",
        json=body | {"participant_ids": [str(guest.id), str(guest.id)], "contact_ids": [str(contact.id)] * 2},
    )
    assert made.json()["participants"] == [{"id": str(guest.id), "name": guest.name}]
    assert made.json()["contacts"] == [{"id": str(contact.id), "name": "Anna Berger"}]
    alone = await client.post("/v1/activities", json=body)
    assert (alone.json()["participants"], alone.json()["contacts"]) == ([], []), "another meeting's are not its own"
    url = made.headers["Location"]
    for user, status in ((guest, 200), (stranger, 404)):
        assert (await (await api.as_user(user)).get(url)).status_code == status
    taker = await api.as_user(guest)
    for refused in (
        await taker.patch(url, json={"assignee_id": str(guest.id)}, headers=ANY),
        await taker.patch(url, json={"subject": "Meine"}, headers=ANY),
        await taker.delete(url),
    ):
        assert (refused.status_code, refused.json()["code"]) == (403, "calendar_read_only"), "who takes part reads"
    mine = await (await api.as_user(guest)).get("/v1/activities", params={"participant_id": str(guest.id)})
    assert [item["id"] for item in mine.json()["items"]] == [made.json()["id"]]
    changed = await client.patch(url, json={"participant_ids": [], "contact_ids": []}, headers=ANY)
    assert (changed.json()["participants"], changed.json()["contacts"]) == ([], [])
    assert (await (await api.as_user(guest)).get(url)).status_code == 404


@pytest.mark.rule("ACT-1")
async def test_open_and_overdue_ones_stay_until_they_are_closed(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    account = await make_account(session, user)
    client = await api.as_user(user)
    past = (datetime.now(UTC) - timedelta(days=400)).isoformat()
    future = (datetime.now(UTC) + timedelta(days=4)).isoformat()

    async def make(**body: Any) -> Any:
        answer = await client.post("/v1/activities", json={"account_id": str(account.id), "subject": "x", **body})
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def ids(**params: Any) -> list[str]:
        answer = await client.get("/v1/activities", params={"assignee_id": str(user.id), "sort": "at", **params})
        return [item["id"] for item in answer.json()["items"]]

    call = await make(type="call", status="planned", starts_at=past)
    task = await make(type="task", due_at=past)
    later = await make(type="task", due_at=future)
    held = await make(type="call", starts_at=past)
    assert set(await ids(open="true")) == {call["id"], task["id"], later["id"]}
    assert set(await ids(overdue="true")) == {call["id"], task["id"]}
    assert set(await ids(overdue="false")) == {later["id"], held["id"]}
    for one, status in ((call, "held"), (task, "deferred")):
        changed = await client.patch(f"/v1/activities/{one['id']}", json={"status": status}, headers=ANY)
        assert changed.status_code == 200 and changed.json()["is_open"] is False
    assert await ids(open="true") == [later["id"]]
    again = await client.patch(f"/v1/activities/{task['id']}", json={"status": "open"}, headers=ANY)
    assert again.json()["is_open"] and set(await ids(overdue="true")) == {task["id"]}


@pytest.mark.rule("ID-8")
async def test_a_shared_calendar_shows_calls_and_meetings_and_nothing_else(api: Api, session: AsyncSession) -> None:
    owner, reader = await make_user(session), await make_user(session)
    account = await make_account(session, owner)
    client = await api.as_user(owner)
    urls = {}
    for type_ in ("call", "meeting", "task", "note"):
        made = await client.post("/v1/activities", json={"type": type_, "account_id": str(account.id), **TYPES[type_]})
        urls[type_] = made.headers["Location"]
    colleague = await api.as_user(reader)
    assert [(await colleague.get(url)).status_code for url in urls.values()] == [404] * 4
    session.add(CalendarShare(owner_id=owner.id, user_id=reader.id, mode="read"))
    await session.commit()
    assert [(await colleague.get(url)).status_code for url in urls.values()] == [200, 200, 404, 404]
