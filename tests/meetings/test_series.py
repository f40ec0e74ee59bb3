"""Recurring and all-day meetings over HTTP: their occurrences changed, held and left out, and who is told (ACT-1)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.models import User
from tests.conftest import Api
from tests.factories import make_account, make_contact, make_team, make_user

ANY = {"If-Match": "*"}
WEEKLY = {
    "type": "meeting",
    "subject": "Vertriebsrunde",
    "starts_at": "2027-03-16T09:00:00+01:00",
    "ends_at": "2027-03-16T10:00:00+01:00",
    "time_zone": "Europe/Vienna",
    "location": "Linz",
    "recurrence": "FREQ=WEEKLY;BYDAY=TU;COUNT=10",
}
ALL = {"from": "2027-01-01T00:00:00Z", "to": "2027-12-31T00:00:00Z"}


async def made(client: httpx.AsyncClient, **values: Any) -> dict[str, Any]:
    answer = await client.post("/v1/activities", json={**WEEKLY, **values})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def occurrences(client: httpx.AsyncClient, id_: str, **query: str) -> list[dict[str, Any]]:
    answer = await client.get(f"/v1/activities/{id_}/occurrences", params=query or ALL)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def told(session: AsyncSession, user: User) -> list[str]:
    rows = await session.execute(
        text("SELECT kind FROM notifications WHERE user_id = :user ORDER BY id"), {"user": user.id}
    )
    return list(rows.scalars())


def errors(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 422, answer.text
    return {e["pointer"]: e["code"] for e in answer.json()["errors"]}


@pytest.mark.rule("ACT-1")
async def test_a_series_keeps_the_clock_across_summer_time(api: Api, session: AsyncSession) -> None:
    client = await api.as_user(await make_user(session))
    series = await made(client)
    assert series["recurrence"] == "FREQ=WEEKLY;COUNT=10;BYDAY=TU" and series["series_id"] is None
    assert series["recurs_until"] == "2027-05-18T08:00:00+00:00"
    found = await occurrences(client, series["id"])
    assert len(found) == 10
    assert [o["starts_at"] for o in found[:3]] == [
        "2027-03-16T08:00:00+00:00",
        "2027-03-23T08:00:00+00:00",
        "2027-03-30T07:00:00+00:00",
    ]
    window = await occurrences(client, series["id"], **{"from": "2027-03-30T00:00:00Z", "to": "2027-03-31T00:00:00Z"})
    assert [o["occurrence_at"] for o in window] == ["2027-03-30T07:00:00+00:00"]
    endless = await made(client, recurrence="FREQ=DAILY")
    assert endless["recurs_until"] is None
    query = {"overdue": "true", "assignee_id": series["assignee"]["id"]}
    assert (await client.get("/v1/activities", params=query)).json()["items"] == []


@pytest.mark.rule("ACT-1")
async def test_an_all_day_meeting_is_its_days_in_its_zone(api: Api, session: AsyncSession) -> None:
    client = await api.as_user(await make_user(session))
    body = {"type": "meeting", "subject": "Messe", "all_day": True, "time_zone": "Europe/Vienna"}
    fair = await client.post("/v1/activities", json={**body, "starts_on": "2027-03-27", "ends_on": "2027-03-28"})
    shown = fair.json()
    assert (shown["starts_at"], shown["ends_at"]) == ("2027-03-26T23:00:00+00:00", "2027-03-28T22:00:00+00:00")
    assert (shown["all_day"], shown["starts_on"], shown["ends_on"]) == (True, "2027-03-27", "2027-03-28")
    one = (await client.post("/v1/activities", json={**body, "starts_on": "2027-03-27"})).json()
    assert one["ends_on"] == "2027-03-27"
    daily = {**body, "starts_on": "2027-03-27", "recurrence": "FREQ=DAILY;UNTIL=20270329"}
    series = (await client.post("/v1/activities", json=daily)).json()
    days = [(o["starts_on"], o["starts_at"][11:16]) for o in await occurrences(client, series["id"])]
    assert days == [("2027-03-27", "23:00"), ("2027-03-28", "23:00"), ("2027-03-29", "22:00")]
    assert series["recurs_until"] == "2027-03-29T22:00:00+00:00"

    address = f"/v1/activities/{one['id']}"
    moved = await client.patch(address, json={"starts_on": "2027-04-01", "ends_on": "2027-04-02"}, headers=ANY)
    assert moved.json()["ends_at"] == "2027-04-02T22:00:00+00:00"
    timed = {"all_day": False, "starts_at": "2027-04-01T08:00:00Z"}
    moved = await client.patch(address, json=timed, headers=ANY)
    assert moved.json()["starts_on"] is None and moved.json()["ends_at"] is None
    whole = await client.patch(address, json={"all_day": True, "starts_on": "2027-04-05"}, headers=ANY)
    assert whole.json()["starts_at"] == "2027-04-04T22:00:00+00:00"


@pytest.mark.rule("ACT-1")
@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({"recurrence": "FREQ=SECONDLY"}, {"/recurrence": "rule_too_fine"}),
        ({"recurrence": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, {"/recurrence": "start_not_in_rule"}),
        ({"all_day": True, "starts_on": "2027-03-16"}, {"/starts_at": "all_day", "/ends_at": "all_day"}),
        ({"starts_on": "2027-03-16"}, {"/starts_on": "not_all_day"}),
        ({"starts_at": None}, {"/starts_at": "missing"}),
        ({"all_day": True, "starts_at": None, "ends_at": None}, {"/starts_on": "missing"}),
        (
            {"all_day": True, "starts_at": None, "ends_at": None, "starts_on": "2027-03-16", "ends_on": "2027-03-15"},
            {"/ends_on": "ends_before_start"},
        ),
        ({"ends_at": "2027-12-16T10:00:00+01:00"}, {"/ends_at": "too_long"}),
        ({"status": "held"}, {"/status": "series_goes_on"}),
    ],
)
async def test_what_makes_no_sense_is_refused(
    api: Api, session: AsyncSession, values: dict[str, Any], wrong: dict[str, str]
) -> None:
    client = await api.as_user(await make_user(session))
    assert errors(await client.post("/v1/activities", json={**WEEKLY, **values})) == wrong


@pytest.mark.rule("ACT-1")
async def test_an_occurrence_is_held_moved_and_left_out(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    client = await api.as_user(user)
    contact = await make_contact(session, user, await make_account(session, user))
    series = await made(client, contact_ids=[str(contact.id)])
    address = f"/v1/activities/{series['id']}/occurrences"
    held = {"occurrence_at": "2027-03-16T08:00:00Z", "status": "held", "result": "Gut"}
    answer = await client.post(address, json=held)
    assert answer.status_code == 201, answer.text
    one = answer.json()
    assert (one["series_id"], one["status"], one["subject"]) == (series["id"], "held", "Vertriebsrunde")
    assert [c["id"] for c in one["contacts"]] == [str(contact.id)]
    assert one["ends_at"] == "2027-03-16T09:00:00+00:00"
    again = await client.post(address, json=held)
    assert again.status_code == 409 and again.json()["code"] == "occurrence_changed"
    assert again.json()["activity_id"] == one["id"]

    moved = await client.post(
        address,
        json={
            "id": "0199f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1d",
            "occurrence_at": "2027-03-30T07:00:00Z",
            "starts_at": "2027-03-31T12:00:00Z",
        },
    )
    assert moved.json()["ends_at"] == "2027-03-31T13:00:00+00:00"
    replay = {
        "id": "0199f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1d",
        "occurrence_at": "2027-03-30T07:00:00Z",
        "starts_at": "2027-03-31T12:00:00Z",
    }
    assert (await client.post(address, json=replay)).status_code == 200
    for _ in range(2):
        assert (await client.delete(f"{address}/2027-03-23T08:00:00Z")).status_code == 204
    assert (await client.delete(f"{address}/2027-03-24T08:00:00Z")).status_code == 404
    assert (await client.delete(f"{address}/2027-03-30T07:00:00Z")).json()["code"] == "occurrence_changed"
    wrong = await client.post(address, json={"occurrence_at": "2027-03-24T08:00:00Z", "status": "held"})
    assert errors(wrong) == {"/occurrence_at": "no_occurrence"}

    found = await occurrences(client, series["id"])
    assert [(o["starts_at"][:16], o["status"], o["activity_id"]) for o in found[:3]] == [
        ("2027-03-16T08:00", "held", one["id"]),
        ("2027-03-31T12:00", "planned", moved.json()["id"]),
        ("2027-04-06T07:00", "planned", None),
    ]
    assert len(found) == 9
    shown = (await client.get(f"/v1/activities/{series['id']}")).json()
    assert shown["status"] == "planned" and shown["is_open"], "an occurrence that was held does not close the series"
    assert shown["excluded_at"] == ["2027-03-23T08:00:00+00:00"]

    back = await client.post(address, json={"occurrence_at": "2027-03-23T08:00:00Z", "location": "Wels"})
    assert back.status_code == 201, back.text
    assert (await client.delete(f"/v1/activities/{back.json()['id']}")).status_code == 204
    assert len(await occurrences(client, series["id"])) == 9, "a deleted occurrence does not come back"

    assert (await client.delete(f"/v1/activities/{series['id']}")).status_code == 204
    kept = (await client.get(f"/v1/activities/{one['id']}")).json()
    assert (kept["status"], kept["series_id"]) == ("held", None), "what was held stays"


@pytest.mark.rule("ACT-1")
async def test_changed_occurrences_follow_their_series(api: Api, session: AsyncSession) -> None:
    user, other = await make_user(session), await make_user(session)
    client = await api.as_user(user)
    series = await made(client)
    address, of_series = f"/v1/activities/{series['id']}/occurrences", f"/v1/activities/{series['id']}"

    async def one(at: str, **values: Any) -> str:
        answer = await client.post(address, json={"occurrence_at": at, **values})
        assert answer.status_code == 201, answer.text
        return f"/v1/activities/{answer.json()['id']}"

    held = await one("2027-03-16T08:00:00Z", status="held")
    here = await one("2027-03-23T08:00:00Z", location="Wels")
    moved = await one("2027-03-30T07:00:00Z", starts_at="2027-04-01T12:00:00Z")
    await client.delete(f"{address}/2027-04-06T07:00:00Z")

    later = {"starts_at": "2027-03-16T11:00:00+01:00", "ends_at": "2027-03-16T12:30:00+01:00", "location": "Graz"}
    assert (await client.patch(of_series, json={**later, "assignee_id": str(other.id)}, headers=ANY)).status_code == 200
    now = {path: (await client.get(path)).json() for path in (held, here, moved)}
    assert now[held]["starts_at"] == "2027-03-16T08:00:00+00:00" and now[held]["assignee"]["id"] == str(user.id)
    assert (now[here]["starts_at"], now[here]["location"]) == ("2027-03-23T10:00:00+00:00", "Wels")
    assert now[here]["ends_at"] == "2027-03-23T11:30:00+00:00" and now[here]["assignee"]["id"] == str(other.id)
    assert (now[moved]["starts_at"], now[moved]["location"]) == ("2027-04-01T12:00:00+00:00", "Graz")
    assert len(await occurrences(client, series["id"])) == 9, "what was left out stays out"

    rule = {"starts_at": "2027-03-16T11:00:00+01:00", "recurrence": "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU"}
    assert (await client.patch(of_series, json=rule, headers=ANY)).status_code == 200
    alone = (await client.get(here)).json()
    assert alone["series_id"] is None and alone["starts_at"] == "2027-03-23T10:00:00+00:00", "its day has none any more"
    assert (await client.get(held)).json()["series_id"] == series["id"]
    single = await client.patch(of_series, json={"recurrence": None}, headers=ANY)
    assert single.json()["recurrence"] is None and single.json()["excluded_at"] == []
    assert (await client.get(held)).json()["series_id"] is None
    assert (await client.get(address, params=ALL)).json()["code"] == "not_recurring"


@pytest.mark.rule("ACT-1")
async def test_a_series_is_cut_in_two(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    client = await api.as_user(user)
    series = await made(client)
    address = f"/v1/activities/{series['id']}"
    changed = await client.post(
        f"{address}/occurrences", json={"occurrence_at": "2027-04-06T07:00:00Z", "location": "Wels"}
    )
    await client.delete(f"{address}/occurrences/2027-04-13T07:00:00Z")
    cut = {"id": "0199f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1d", "occurrence_at": "2027-03-30T07:00:00Z"}
    rest = await client.post(f"{address}/split", json=cut)
    assert rest.status_code == 201, rest.text
    assert (await client.post(f"{address}/split", json=cut)).status_code == 200
    assert rest.json()["recurrence"] == "FREQ=WEEKLY;COUNT=8;BYDAY=TU"
    assert len(await occurrences(client, series["id"])) == 2
    found = await occurrences(client, rest.json()["id"])
    assert len(found) == 7 and found[1]["activity_id"] == changed.json()["id"]
    assert (await client.get(address)).json()["recurs_until"] == "2027-03-23T09:00:00+00:00"
    first = await client.post(f"{address}/split", json={"occurrence_at": "2027-03-16T08:00:00Z"})
    assert errors(first) == {"/occurrence_at": "first_occurrence"}


@pytest.mark.rule("ACT-1")
async def test_a_series_is_overdue_and_can_be_held_when_it_is_over(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    client = await api.as_user(user)
    start = (datetime.now(UTC) - timedelta(days=10)).replace(microsecond=0)
    values = {"starts_at": start.isoformat(), "ends_at": None, "recurrence": "FREQ=DAILY;COUNT=3", "time_zone": "UTC"}
    over = await made(client, **values)
    still = await made(client, **{**values, "recurrence": "FREQ=DAILY;COUNT=30"})
    query = {"overdue": "true", "assignee_id": str(user.id)}
    assert [i["id"] for i in (await client.get("/v1/activities", params=query)).json()["items"]] == [over["id"]]
    query["overdue"] = "false"
    assert [i["id"] for i in (await client.get("/v1/activities", params=query)).json()["items"]] == [still["id"]]
    held = await client.patch(f"/v1/activities/{over['id']}", json={"status": "held"}, headers=ANY)
    assert held.status_code == 200, held.text
    goes_on = await client.patch(f"/v1/activities/{still['id']}", json={"status": "held"}, headers=ANY)
    assert errors(goes_on) == {"/status": "series_goes_on"}


@pytest.mark.rule("ACT-1", "LEAD-12")
async def test_who_takes_part_is_told_once(api: Api, session: AsyncSession) -> None:
    user, guest, late = await make_user(session), await make_user(session), await make_user(session)
    client = await api.as_user(user)
    series = await made(client, participant_ids=[str(guest.id)])
    address = f"/v1/activities/{series['id']}"
    assert await told(session, guest) == ["meeting_invited"]
    await client.patch(address, json={"description": "Bitte pünktlich"}, headers=ANY)
    assert await told(session, guest) == ["meeting_invited"]
    both = {"participant_ids": [str(guest.id), str(late.id)], "location": "Graz"}
    await client.patch(address, json=both, headers=ANY)
    assert await told(session, guest) == ["meeting_invited", "meeting_changed"]
    assert await told(session, late) == ["meeting_invited"]
    await client.delete(f"{address}/occurrences/2027-03-23T08:00:00Z")
    moved = {"occurrence_at": "2027-03-30T07:00:00Z", "starts_at": "2027-03-31T12:00:00Z"}
    await client.post(f"{address}/occurrences", json=moved)
    await client.patch(address, json={"status": "cancelled"}, headers=ANY)
    assert await told(session, late) == ["meeting_invited", "meeting_cancelled", "meeting_changed", "meeting_cancelled"]
    past = await made(client, participant_ids=[str(late.id)], starts_at="2020-03-17T08:00:00Z", ends_at=None)
    await client.delete(f"/v1/activities/{past['id']}")
    assert len(await told(session, late)) == 4, "nobody is told about what is over"
    row = await session.execute(
        text("SELECT texts->'de'->>'body' FROM notifications WHERE user_id = :user ORDER BY id"), {"user": late.id}
    )
    assert row.scalars().first() == (
        f"{user.first_name} {user.last_name} lädt Sie zu der Besprechung „Vertriebsrunde“ ein.\n\n"
        "Tag: 16.03.2027\nUhrzeit: 09:00\nOrt: Graz"
    )


@pytest.mark.rule("ACT-1", "ID-3")
async def test_occurrences_are_for_those_who_see_them(api: Api, session: AsyncSession) -> None:
    user, stranger, reader = await make_user(session), await make_user(session), await make_user(session, "mst")
    client = await api.as_user(user)
    series = await made(client, participant_ids=[str(reader.id)])
    address = f"/v1/activities/{series['id']}/occurrences"
    body = {"occurrence_at": "2027-03-16T08:00:00Z", "participant_ids": []}
    for who, read, write in ((stranger, 404, 404), (reader, 200, 403)):
        other = await api.as_user(who)
        assert (await other.get(address, params=ALL)).status_code == read
        assert (await other.post(address, json=body)).status_code == write
        assert (await other.delete(f"{address}/2027-03-16T08:00:00Z")).status_code == write
        split = await other.post(f"/v1/activities/{series['id']}/split", json={"occurrence_at": "2027-03-23T08:00:00Z"})
        assert split.status_code == write
    assert (await client.post(address, json=body)).status_code == 201
    seen = await occurrences(await api.as_user(reader), series["id"])
    assert len(seen) == 9, "an occurrence that somebody does not see is not shown as it was before, either"
    team = await make_team(session)
    assert (
        await (await api.as_user(await make_user(session, teams=[team]))).get(address, params=ALL)
    ).status_code == 404
    too_long = await client.get(address, params={"from": "2027-01-01T00:00:00Z", "to": "2029-01-01T00:00:00Z"})
    assert errors(too_long) == {"?to": "too_long"}


@pytest.mark.rule("ACT-1")
async def test_what_was_held_outlives_its_series_and_what_is_planned_ends_with_it(
    api: Api, session: AsyncSession
) -> None:
    mate = await make_user(session)
    client = await api.as_user(await make_user(session))
    series = await made(client, participant_ids=[str(mate.id)])
    address = f"/v1/activities/{series['id']}"
    ids = []
    for at, values in (
        ("2027-03-16T08:00:00Z", {"status": "held", "result": "Vertrag"}),
        ("2027-03-30T07:00:00Z", {"subject": "Messe"}),
    ):
        answer = await client.post(f"{address}/occurrences", json={"occurrence_at": at, **values})
        ids.append(answer.json()["id"])
    assert (await client.patch(address, json={"status": "cancelled"}, headers=ANY)).status_code == 200
    assert [(await client.get(f"/v1/activities/{id_}")).json()["status"] for id_ in ids] == ["held", "cancelled"]
    assert (await told(session, mate)).count("meeting_cancelled") == 1
    assert (await client.delete(address)).status_code == 204
    held, planned = [await client.get(f"/v1/activities/{id_}") for id_ in ids]
    assert (held.json()["result"], held.json()["series_id"], planned.status_code) == ("Vertrag", None, 404)
    log = text(
        "SELECT count(*) FROM change_log WHERE record_id = :id AND record_type = 'activities' AND operation = 'delete'"
    )
    assert (await session.execute(log, {"id": ids[1]})).scalar_one() == 1, "whoever syncs hears that it is gone"
