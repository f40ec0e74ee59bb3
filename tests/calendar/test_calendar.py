"""Calendars: what stands in them, with whom they are shared, when colleagues are free (ID-8)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.models import User
from tests.conftest import Api
from tests.factories import make_account, make_user

ANY = {"If-Match": "*"}
SPRING = {"from": "2027-03-01T00:00:00Z", "to": "2027-04-15T00:00:00Z"}


async def made(client: httpx.AsyncClient, type_: str = "meeting", **values: Any) -> dict[str, Any]:
    body = {"type": type_, "subject": "Termin", "starts_at": "2027-03-16T09:00:00+01:00", "time_zone": "Europe/Vienna"}
    answer = await client.post("/v1/activities", json={**body, **values})
    assert answer.status_code == 201, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def calendar(client: httpx.AsyncClient, **query: Any) -> list[dict[str, Any]]:
    answer = await client.get("/v1/calendar", params={**SPRING, **query})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def share(owner: httpx.AsyncClient, user: User, mode: str = "read") -> str:
    answer = await owner.post("/v1/calendar-shares", json={"user_id": str(user.id), "mode": mode})
    assert answer.status_code == 201, answer.text
    return f"/v1/calendar-shares/{answer.json()['id']}"


@pytest.mark.rule("ID-8", "ACT-1")
async def test_the_calendar_shows_each_occurrence_in_its_place(api: Api, session: AsyncSession) -> None:
    user, host = await make_user(session), await make_user(session)
    client, hosting = await api.as_user(user), await api.as_user(host)
    account = await make_account(session, user)
    rule = {"recurrence": "FREQ=WEEKLY;BYDAY=TU", "ends_at": "2027-03-16T10:00:00+01:00"}
    series = await made(client, subject="Runde", account_id=str(account.id), **rule)
    occurrences = f"/v1/activities/{series['id']}/occurrences"
    moved = {"occurrence_at": "2027-03-23T08:00:00Z", "starts_at": "2027-03-24T08:00:00Z"}
    changed = (await client.post(occurrences, json=moved)).json()
    await client.delete(f"{occurrences}/2027-04-06T07:00:00Z")
    await client.post(occurrences, json={"occurrence_at": "2027-04-13T07:00:00Z", "status": "cancelled"})
    days = {"starts_at": None, "all_day": True, "starts_on": "2027-02-27", "ends_on": "2027-03-01"}
    fair = await made(client, subject="Messe", **days)
    call = await made(
        client, "call", subject="Anruf", status="planned", starts_at="2027-03-17T08:00:00Z", account_id=str(account.id)
    )
    guest = await made(hosting, subject="Gast", starts_at="2027-03-18T08:00:00Z", participant_ids=[str(user.id)])
    task = {"type": "task", "subject": "Angebot", "due_at": "2027-03-19T08:00:00Z", "account_id": str(account.id)}
    await client.post("/v1/activities", json=task)
    await made(client, subject="Fremd", assignee_id=str(host.id), starts_at="2027-03-18T08:00:00Z")
    await made(client, subject="Abgesagt", status="cancelled", starts_at="2027-03-18T08:00:00Z")

    found = await calendar(client)
    assert [(e["subject"], e["starts_at"][:16]) for e in found] == [
        ("Messe", "2027-02-26T23:00"),
        ("Runde", "2027-03-16T08:00"),
        ("Anruf", "2027-03-17T08:00"),
        ("Gast", "2027-03-18T08:00"),
        ("Runde", "2027-03-24T08:00"),
        ("Runde", "2027-03-30T07:00"),
    ]
    assert [e["activity_id"] for e in found] == [
        *(fair["id"], series["id"], call["id"], guest["id"], changed["id"], series["id"])
    ]
    assert {e["series_id"] for e in found if e["subject"] == "Runde"} == {series["id"]}
    assert found[4]["occurrence_at"] == "2027-03-23T08:00:00+00:00"
    assert found[0]["all_day"] and (found[0]["starts_on"], found[0]["ends_on"]) == ("2027-02-27", "2027-03-01")
    assert found[1]["account"] == {"id": str(account.id), "name": account.name}
    assert [e["subject"] for e in await calendar(client, types="task")] == ["Angebot"]
    none = await client.get("/v1/calendar", params={**SPRING, "to": "2027-08-01T00:00:00Z"})
    assert none.json()["errors"][0]["code"] == "too_long"
    backwards = await client.get("/v1/calendar", params={"from": SPRING["to"], "to": SPRING["from"]})
    assert backwards.json()["errors"][0]["code"] == "ends_before_start"


@pytest.mark.rule("ID-8")
async def test_a_calendar_is_read_while_it_is_shared(api: Api, session: AsyncSession) -> None:
    owner, friend, stranger = await make_user(session), await make_user(session), await make_user(session)
    own, other = await api.as_user(owner), await api.as_user(friend)
    account = await make_account(session, owner)
    event = await made(own, account_id=str(account.id))
    invited = await made(await api.as_user(stranger), subject="Gast", participant_ids=[str(owner.id)])
    task = {"type": "task", "subject": "Angebot", "due_at": "2027-03-19T08:00:00Z", "account_id": str(account.id)}
    hidden = (await own.post("/v1/activities", json=task)).json()
    asked = {**SPRING, "user_id": str(owner.id), "types": ["call", "meeting", "task"]}
    assert (await other.get("/v1/calendar", params=asked)).status_code == 404
    shared = await share(own, friend)
    found = await calendar(other, **asked)
    assert {e["activity_id"] for e in found} == {event["id"], invited["id"]}
    assert (await other.get(f"/v1/activities/{event['id']}")).status_code == 200
    assert (await other.get(f"/v1/activities/{hidden['id']}")).status_code == 404
    assert (await other.get(f"/v1/accounts/{account.id}")).status_code == 404
    told = text("SELECT kind, texts->'de'->>'body' FROM notifications WHERE user_id = :user")
    rows = (await session.execute(told, {"user": friend.id})).all()
    assert rows == [("calendar_shared", f"Sie dürfen den Kalender von {owner.first_name} {owner.last_name} lesen.")]
    assert (await own.delete(shared)).status_code == 204
    assert (await other.get("/v1/calendar", params=asked)).status_code == 404
    assert (await other.get(f"/v1/activities/{event['id']}")).status_code == 404


@pytest.mark.rule("ID-8")
async def test_only_a_write_share_lets_another_one_write(api: Api, session: AsyncSession) -> None:
    owner, friend = await make_user(session), await make_user(session)
    technician = await make_user(session, "mst")
    own, other, reading = await api.as_user(owner), await api.as_user(friend), await api.as_user(technician)
    series = await made(own, recurrence="FREQ=WEEKLY;BYDAY=TU")
    address = f"/v1/activities/{series['id']}"
    shared = await share(own, friend)
    await share(own, technician, "write")

    async def attempts(client: httpx.AsyncClient) -> list[int]:
        return [
            (await client.patch(address, json={"location": "Wels"}, headers=ANY)).status_code,
            (await client.post(f"{address}/occurrences", json={"occurrence_at": "2027-03-16T08:00:00Z"})).status_code,
            (await client.delete(f"{address}/occurrences/2027-03-23T08:00:00Z")).status_code,
            (await client.post(f"{address}/split", json={"occurrence_at": "2027-03-30T07:00:00Z"})).status_code,
        ]

    async def steps() -> dict[str, bool]:
        answer = (await other.get(f"{address}/access")).json()
        return {step["code"]: step["passed"] for step in answer["steps"] if step["about"] == "change"}

    assert await attempts(other) == [403] * 4
    assert (await other.delete(address)).json()["code"] == "calendar_read_only"
    assert (
        await other.post(f"{address}/attachments", params={"filename": "x.pdf"}, content=b"%PDF")
    ).status_code == 403
    assert (await steps())["may_write"] is False and (await steps())["calendar_write"] is False
    assert await attempts(reading) == [403] * 4, "a share gives no right that the roles do not give"
    assert (await other.patch(shared, json={"mode": "write"}, headers=ANY)).json()["code"] == "not_your_calendar"
    assert (await own.patch(shared, json={"mode": "write"}, headers=ANY)).status_code == 200
    assert (await steps())["calendar_write"] is True
    assert await attempts(other) == [200, 201, 204, 201]
    mine = await made(other, subject="Für sie", assignee_id=str(owner.id))
    assert mine["assignee"]["id"] == str(owner.id)
    cancelled = await other.patch(address, json={"status": "cancelled"}, headers=ANY)
    assert cancelled.status_code == 200
    assert (await own.patch(shared, json={"mode": "read"}, headers=ANY)).status_code == 200
    assert (await other.patch(address, json={"status": "planned"}, headers=ANY)).status_code == 403
    by_others = await made(await api.as_user(await make_user(session)), participant_ids=[str(owner.id)])
    await own.patch(shared, json={"mode": "write"}, headers=ANY)
    foreign = await other.patch(f"/v1/activities/{by_others['id']}", json={"location": "x"}, headers=ANY)
    assert foreign.json()["code"] == "calendar_read_only", "what the owner is only invited to is not theirs to move"


@pytest.mark.rule("ID-8")
async def test_shares_are_listed_for_both_and_nobody_else(api: Api, session: AsyncSession) -> None:
    owner, friend = await make_user(session), await make_user(session)
    own, other = await api.as_user(owner), await api.as_user(friend)
    admin = await api.as_user(await make_user(session, "admin"))
    shared = await share(own, friend)
    for client, filter_ in ((own, {"owner_id": str(owner.id)}), (other, {"user_id": str(friend.id)})):
        items = (await client.get("/v1/calendar-shares", params={**filter_, "count": "true"})).json()["items"]
        assert [(i["owner"]["id"], i["user"]["id"], i["mode"]) for i in items] == [
            (str(owner.id), str(friend.id), "read")
        ]
    assert (await admin.get("/v1/calendar-shares")).json()["items"] == []
    for answer in (
        await admin.get(shared),
        await admin.patch(shared, json={"mode": "write"}, headers=ANY),
        await admin.delete(shared),
    ):
        assert answer.status_code == 404
    again = await own.post("/v1/calendar-shares", json={"user_id": str(friend.id)})
    assert again.status_code == 409
    for user_id in (str(owner.id), "019abcde-0000-7000-8000-000000000bad"):
        assert (await own.post("/v1/calendar-shares", json={"user_id": user_id})).status_code == 422
    assert (await other.get(shared)).status_code == 200
    assert (await other.delete(shared)).status_code == 204, "who is given it can do without"


@pytest.mark.rule("ID-8")
async def test_free_and_busy_say_when_and_nothing_else(api: Api, session: AsyncSession) -> None:
    asker, first, second = await make_user(session), await make_user(session), await make_user(session)
    client, one, two = await api.as_user(asker), await api.as_user(first), await api.as_user(second)
    weekly = {"recurrence": "FREQ=WEEKLY;BYDAY=TU,MO", "starts_at": "2027-03-22T09:00:00+01:00"}
    await made(one, subject="Geheim", ends_at="2027-03-22T10:00:00+01:00", **weekly)
    await made(one, subject="Geheim", starts_at="2027-03-29T09:30:00+02:00", ends_at="2027-03-29T11:00:00+02:00")
    await made(two, starts_at=None, all_day=True, starts_on="2027-03-30", participant_ids=[str(first.id)])
    await made(two, status="cancelled", starts_at="2027-03-29T12:00:00Z", ends_at="2027-03-29T13:00:00Z")
    ask = {
        "user_ids": [str(first.id), str(second.id)],
        "from": "2027-03-27T00:00:00+01:00",
        "to": "2027-04-01T00:00:00+02:00",
        "suggest": {"minutes": 120, "time_zone": "Europe/Vienna", "day_ends": "12:30"},
    }
    answer = await client.post("/v1/calendar/free-busy", json=ask)
    assert answer.status_code == 200, answer.text
    assert "Geheim" not in answer.text
    whole_day = {"starts_at": "2027-03-29T22:00:00+00:00", "ends_at": "2027-03-30T22:00:00+00:00"}
    assert answer.json()["users"] == [
        {
            "user_id": str(first.id),
            "busy": [{"starts_at": "2027-03-29T07:00:00+00:00", "ends_at": "2027-03-29T09:00:00+00:00"}, whole_day],
        },
        {"user_id": str(second.id), "busy": [whole_day]},
    ]
    assert answer.json()["free"] == [{"starts_at": "2027-03-31T06:00:00+00:00", "ends_at": "2027-03-31T10:30:00+00:00"}]
    short = await client.post("/v1/calendar/free-busy", json={**ask, "suggest": {**ask["suggest"], "minutes": 60}})  # type: ignore[dict-item]
    assert [f["starts_at"][:16] for f in short.json()["free"]] == [
        *("2027-03-29T06:00", "2027-03-29T09:00", "2027-03-31T06:00")
    ]
    await session.execute(text("UPDATE users SET active = false WHERE id = :id"), {"id": second.id})
    for wrong in ({"to": "2027-06-01T00:00:00Z"}, {"user_ids": []}, {"user_ids": [str(second.id)]}):
        assert (await client.post("/v1/calendar/free-busy", json={**ask, **wrong})).status_code == 422


@pytest.mark.rule("ID-8")
async def test_too_many_events_are_not_cut_off_unsaid(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    client = await api.as_user(user)
    copy = text(
        "INSERT INTO activities (id, type, subject, status, assignee_id, starts_at, recurrence, time_zone, created_by) "
        "SELECT gen_random_uuid(), 'meeting', 'x', 'planned', :user, :at, 'FREQ=DAILY', 'UTC', :user "
        "FROM generate_series(1, 120)"
    )
    await session.execute(copy, {"user": user.id, "at": datetime(2027, 1, 1, tzinfo=UTC)})
    end = datetime(2027, 3, 1, tzinfo=UTC) + timedelta(days=90)
    answer = await client.get("/v1/calendar", params={**SPRING, "to": end.isoformat()})
    assert answer.status_code == 422 and answer.json()["code"] == "too_many_events"
