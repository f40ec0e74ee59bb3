"""The historical summary of a record (HIST-1)."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.activities.models import STATUSES
from tests.conftest import Api
from tests.factories import make_account, make_contact, make_team, make_user
from tests.timeline.test_timeline import NOON, make_activity

SHOWN = {
    ("call", "held"): "held",
    ("call", "cancelled"): "not_held",
    ("meeting", "held"): "held",
    ("meeting", "cancelled"): "not_held",
    ("email", "sent"): "sent",
    ("email", "received"): "received",
    ("email", "archived"): "archived",
    ("note", "done"): "done",
    ("task", "done"): "done",
    ("task", "deferred"): "deferred",
}


@pytest.mark.rule("HIST-1")
async def test_the_summary_shows_exactly_what_was_done(api: Api, session: AsyncSession) -> None:
    user = await make_user(session, "rm")
    client = await api.as_user(user)
    account = await make_account(session, user)
    contact = await make_contact(session, user, account)
    expected: list[tuple[str, str, str]] = []
    for type_, statuses in STATUSES.items():
        for status in statuses:
            name = f"{type_} {status}"
            about = {"contact_id": contact.id} if len(expected) % 2 else {"account_id": account.id}
            await make_activity(session, user, type_, status=status, subject=name, at=NOON, **about)
            if (shown := SHOWN.get((type_, status))) is not None:
                expected.append((name, type_, shown))
    path = f"/v1/accounts/{account.id}/summary"
    found, cursor = [], ""
    while cursor is not None:
        asked: dict[str, str] = {"limit": "3", "count": "true"} | ({"cursor": cursor} if cursor else {})
        answer = await client.get(path, params=asked)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert (page["header"] is None) == bool(cursor)
        found += [(item["title"], item["kind"], item["status"]) for item in page["items"]]
        cursor = page["next_cursor"]
    assert sorted(found) == sorted(expected)
    assert page["counts"] == {"call": 2, "meeting": 2, "email": 3, "note": 1, "task": 2}
    calls = (await client.get(path, params={"kind": "call", "count": "true"})).json()
    assert {item["status"] for item in calls["items"]} == {"held", "not_held"}
    assert calls["counts"] == {"call": 2}
    later = {"at_after": (NOON + timedelta(seconds=1)).isoformat()}
    assert (await client.get(path, params=later)).json()["items"] == []


@pytest.mark.rule("HIST-1")
async def test_the_header_says_how_things_stand(api: Api, session: AsyncSession) -> None:
    team = await make_team(session)
    user, other = await make_user(session, "rm", teams=[team]), await make_user(session, "rm")
    client = await api.as_user(user)
    account = await make_account(session, user)
    now = datetime.now(UTC)
    of = {"account_id": account.id}
    path = f"/v1/accounts/{account.id}/summary"
    empty = (await client.get(path)).json()["header"]
    assert empty == {
        "last_call": None,
        "last_meeting": None,
        "last_visit": None,
        "next_planned": None,
        "open_tasks": 0,
        "open_follow_ups": 0,
    }
    last = await make_activity(session, user, "call", at=now - timedelta(days=2), **of)
    await make_activity(session, user, "call", at=now - timedelta(days=9), **of)
    await make_activity(session, user, "call", at=now - timedelta(days=1), status="cancelled", **of)
    await make_activity(session, other, "call", at=now - timedelta(hours=1), **of)  # not seen
    visit = await make_activity(session, user, "visit_report", at=now - timedelta(days=3), **of)
    await make_activity(session, user, "meeting", at=now + timedelta(days=9), status="planned", **of)
    soon = await make_activity(session, user, "call", at=now + timedelta(days=2), status="planned", **of)
    await make_activity(session, user, "task", status="open", done_at=None, **of)
    due = (now + timedelta(days=30)).isoformat()
    made = await client.post(
        "/v1/follow-ups", json={"record": {"type": "account", "id": str(account.id)}, "note": "Anfragen", "due_at": due}
    )
    assert made.status_code == 201
    header = (await client.get(path)).json()["header"]
    shown = {name: value["id"] for name, value in header.items() if isinstance(value, dict)}
    assert shown == {"last_call": str(last.id), "last_visit": str(visit.id), "next_planned": str(soon.id)}
    assert (header["open_tasks"], header["open_follow_ups"]) == (1, 1)
