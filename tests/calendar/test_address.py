"""Private calendar addresses, read as calendar programs read them (ID-8)."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import icalendar
import pytest
import recurring_ical_events
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.calendar.addresses import hash_of
from tests.calendar.test_calendar import made
from tests.conftest import Api
from tests.factories import make_account, make_user


async def address(client: httpx.AsyncClient, **body: str) -> str:
    answer = await client.post("/v1/me/calendar-address", json=body)
    assert answer.status_code == 201, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    return urlsplit(answer.json()["url"]).path


def occurrences(file: bytes, since: datetime, until: datetime) -> set[tuple[Any, ...]]:
    """What a calendar program shows: start and end (instants, or days), and the first word of the summary."""
    found = recurring_ical_events.of(icalendar.Calendar.from_ical(file)).between(since, until)

    def when(value: Any) -> str:
        return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value.isoformat()

    return {(when(e.start), when(e.end), str(e["SUMMARY"]).split(" – ")[0]) for e in found}


@pytest.mark.rule("ID-8", "ACT-1")
async def test_a_calendar_program_shows_what_the_calendar_shows(api: Api, session: AsyncSession) -> None:
    user, host = await make_user(session), await make_user(session)
    client, hosting = await api.as_user(user), await api.as_user(host)
    account = await make_account(session, user, name="Müller, Söhne; & Co. KG")
    nine = {"starts_at": "2027-03-16T09:00:00+01:00", "ends_at": "2027-03-16T10:30:00+01:00"}
    series = await made(
        client,
        subject="Runde",
        description="Erste Zeile\nZweite; mit Komma, und Ümläuten " + "ß" * 200,
        location="Linz",
        recurrence="FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20270601",
        account_id=str(account.id),
        **nine,
    )
    of_series = f"/v1/activities/{series['id']}/occurrences"
    moved = {"occurrence_at": "2027-03-30T07:00:00Z", "starts_at": "2027-03-31T15:00:00Z", "subject": "Verlegt"}
    await client.post(of_series, json=moved)
    await client.delete(f"{of_series}/2027-04-01T07:00:00Z")
    await client.post(of_series, json={"occurrence_at": "2027-04-06T07:00:00Z", "status": "cancelled"})
    night = "2027-03-27T02:30:00+01:00"  # a time that the next day does not have
    await made(client, subject="Nachts", recurrence="FREQ=DAILY;COUNT=4", starts_at=night)
    days = {"starts_at": None, "all_day": True, "starts_on": "2027-03-26", "ends_on": "2027-03-28"}
    fair = await made(client, subject="Messe", recurrence="FREQ=MONTHLY;COUNT=3;BYDAY=-1FR", **days)
    await client.delete(f"/v1/activities/{fair['id']}/occurrences/2027-04-29T22:00:00Z")
    await made(client, subject="Urlaub", starts_at=None, all_day=True, starts_on="2027-04-02")
    await made(client, "call", subject="Anruf", status="planned", account_id=str(account.id))
    tokyo = {
        "starts_at": "2027-03-16T09:00:00+09:00",
        "ends_at": "2027-03-16T10:00:00+09:00",
        "time_zone": "Asia/Tokyo",
    }
    await made(client, subject="Tokio", recurrence="FREQ=MONTHLY;BYMONTHDAY=16", **tokyo)
    guests = {"participant_ids": [str(user.id)], **nine, "recurrence": "FREQ=WEEKLY;BYDAY=TU;COUNT=4"}
    invited = await made(hosting, subject="Gast", **guests)
    without = {"occurrence_at": "2027-03-23T08:00:00Z", "participant_ids": []}
    await hosting.post(f"/v1/activities/{invited['id']}/occurrences", json=without)
    only = await made(hosting, subject="Serie", recurrence="FREQ=WEEKLY;BYDAY=TU", **nine)
    once = {"occurrence_at": "2027-03-30T07:00:00Z", "participant_ids": [str(user.id)], "subject": "Einmal"}
    await hosting.post(f"/v1/activities/{only['id']}/occurrences", json=once)

    path = await address(client)
    answer = await api.anyone.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    lines = answer.content.split(b"\r\n")
    assert all(len(line) <= 75 for line in lines), "folded"
    read = icalendar.Calendar.from_ical(answer.content)
    assert not read.errors and not any(part.errors for part in read.walk())
    assert not read.get_missing_tzids()
    event = next(e for e in read.walk("VEVENT") if e["UID"] == series["id"] and "RRULE" in e)
    assert event["SUMMARY"] == "Runde – Müller, Söhne; & Co. KG"
    assert event["DESCRIPTION"].startswith("Erste Zeile\nZweite; mit Komma, und Ümläuten ß")
    assert event["CLASS"] == "PRIVATE" and event["STATUS"] == "CONFIRMED"

    for since, until in (
        (datetime(2027, 3, 1, tzinfo=UTC), datetime(2027, 6, 8, tzinfo=UTC)),
        (datetime(2027, 9, 20, tzinfo=UTC), datetime(2027, 12, 20, tzinfo=UTC)),
    ):
        query = {"from": since.isoformat(), "to": until.isoformat()}
        expected = set()
        for e in (await client.get("/v1/calendar", params=query)).json()["items"]:
            if e["all_day"]:
                end = (date.fromisoformat(e["ends_on"]) + timedelta(days=1)).isoformat()
                expected.add((e["starts_on"], end, e["subject"]))
            else:
                expected.add((e["starts_at"], e["ends_at"] or e["starts_at"], e["subject"]))
        assert expected
        assert occurrences(answer.content, since, until) == expected


@pytest.mark.rule("ID-8")
async def test_an_address_is_secret_and_dies_when_it_is_renewed(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    client = await api.as_user(user)
    assert (await client.get("/v1/me/calendar-address")).status_code == 404
    first = await address(client)
    token = first.rsplit("/", 1)[1].removesuffix(".ics")
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", token), "256 bits"
    kept = (await session.execute(text("SELECT token_hash FROM calendar_addresses"))).scalars().all()
    assert hash_of(token) in kept and token.encode() not in kept
    shown = (await client.get("/v1/me/calendar-address")).json()
    assert set(shown) == {"details", "created_at", "last_used_at"} and shown["last_used_at"] is None
    answer = await api.anyone.get(first)
    assert answer.status_code == 200 and answer.headers["Cache-Control"].startswith("private")
    assert (await client.get("/v1/me/calendar-address")).json()["last_used_at"] is not None
    second = await address(client, details="busy")
    assert (await api.anyone.get(first)).status_code == 404
    assert (await api.anyone.get(second)).status_code == 200
    await session.execute(text("UPDATE users SET active = false WHERE id = :id"), {"id": user.id})
    assert (await api.anyone.get(second)).status_code == 404, "the owner has left"
    await session.execute(text("UPDATE users SET active = true WHERE id = :id"), {"id": user.id})
    assert (await client.delete("/v1/me/calendar-address")).status_code == 204
    assert (await client.delete("/v1/me/calendar-address")).status_code == 204
    assert (await api.anyone.get(second)).status_code == 404
    assert (await api.anyone.get("/v1/calendars/x.ics")).status_code == 404
    assert (await api.anyone.get(f"/v1/calendars/{'x' * 300}.ics")).status_code in (404, 422)


@pytest.mark.rule("ID-8")
async def test_a_program_that_has_it_is_told_so(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    client = await api.as_user(user)
    account = await make_account(session, user)
    event = await made(client, subject="Geheim", location="Linz", account_id=str(account.id))
    path = await address(client)
    tag = (await api.anyone.get(path)).headers["ETag"]
    again = await api.anyone.get(path, headers={"If-None-Match": tag})
    assert again.status_code == 304 and not again.content
    await client.patch(f"/v1/activities/{event['id']}", json={"location": "Wels"}, headers={"If-Match": "*"})
    changed = await api.anyone.get(path, headers={"If-None-Match": tag})
    assert changed.status_code == 200 and b"Wels" in changed.content
    busy = (await api.anyone.get(await address(client, details="busy"))).text
    assert "Beschäftigt" in busy and "Geheim" not in busy and "Wels" not in busy and account.name not in busy


@pytest.mark.rule("ID-8")
async def test_an_address_cannot_be_asked_without_end(api: Api, session: AsyncSession) -> None:
    client = await api.as_user(await make_user(session))
    path = await address(client)
    statuses = {(await api.anyone.get(path)).status_code for _ in range(32)}
    assert statuses == {200, 429}
