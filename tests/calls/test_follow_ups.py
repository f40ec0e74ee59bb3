"""The next call of a held one (CALL-3)."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.activities.models import Activity
from app.calls.follow_ups import days_later
from app.core.db import Database
from app.core.visibility import unscoped
from tests.activities.test_activities import told
from tests.calls.support import ANY, log, now, pointers
from tests.conftest import Api, OneConnection
from tests.factories import make_account, make_contact, make_team, make_user

pytestmark = pytest.mark.rule("CALL-3")


async def calls_of(session: AsyncSession, account_id: Any) -> list[Activity]:
    """The account's calls in their order."""
    statement = select(Activity).where(Activity.account_id == account_id).order_by(Activity.starts_at)
    statement = statement.execution_options(populate_existing=True)
    return list((await session.execute(unscoped(statement, reason="the test looks at all"))).scalars())


@pytest.mark.parametrize("days", [1, 2, 5, 7, 30, 60])
async def test_the_next_call_has_the_same_people_and_records(api: Api, session: AsyncSession, days: int) -> None:
    team = await make_team(session)
    user, mate, colleague = await make_user(session), await make_user(session), await make_user(session)
    account = await make_account(session, user, team_ids=[team.id])
    contact, second = [await make_contact(session, user, account, team_ids=[team.id]) for _ in range(2)]
    client = await api.as_user(user)
    call = await log(
        client,
        contact_id=contact.id,
        assignee_id=mate.id,
        participant_ids=[str(colleague.id)],
        contact_ids=[str(second.id)],
        call_type="vip_customer",
        starts_at="2026-03-01T10:30:00+01:00",
        time_zone="Europe/Vienna",
        follow_up={"in_days": days},
    )
    following = (await client.get(f"/v1/activities/{call['follow_up']['id']}")).json()
    expected = {"type": "call", "status": "planned", "subject": "Nachverfolgen", "follow_up": None}
    expected |= {"follows": {"id": call["id"], "name": "Anruf"}, "description": None, "result": None, "ends_at": None}
    same = ("account", "contact", "assignee", "participants", "contacts", "team_ids", "call_type", "time_zone")
    expected |= {name: call[name] for name in same}
    assert {name: following[name] for name in expected} == expected
    assert following["contacts"] and following["participants"]
    assert call["follow_up"] == {"id": following["id"], "name": "Nachverfolgen", "starts_at": following["starts_at"]}
    day = date(2026, 3, 1) + timedelta(days=days)
    summer = day >= date(2026, 3, 29)
    assert following["starts_at"] == f"{day:%Y-%m-%d}T{'08' if summer else '09'}:30:00+00:00", "by the clock of Vienna"
    assert await told(session, mate.id) == ["call_assigned"]
    assert await told(session, user.id) == []
    shown = (await client.get("/v1/activities", params={"type": "call", "open": "true", "sort": "at"})).json()
    assert [item["id"] for item in shown["items"]] == [following["id"]]


@pytest.mark.parametrize(
    ("start", "days", "expected"),
    [
        ("2026-03-28T23:30:00+01:00", 1, "2026-03-29T23:30:00+02:00"),
        ("2026-10-24T23:30:00+02:00", 1, "2026-10-25T23:30:00+01:00"),
        ("2026-03-28T02:30:00+01:00", 1, "2026-03-29T03:30:00+02:00"),  # the clock skips 2:30
        ("2026-10-24T02:30:00+02:00", 1, "2026-10-25T02:30:00+02:00"),  # 2:30 comes twice: the first
        ("2026-10-25T02:30:00+01:00", 7, "2026-11-01T02:30:00+01:00"),
        ("2026-01-31T08:00:00+01:00", 60, "2026-04-01T08:00:00+02:00"),
        ("2026-02-26T23:30:00+00:00", 2, "2026-03-01T00:30:00+01:00"),  # it is past midnight in Vienna
    ],
)
def test_days_are_counted_by_the_clock(start: str, days: int, expected: str) -> None:
    there = days_later(datetime.fromisoformat(start), "Europe/Vienna", days)
    assert there == datetime.fromisoformat(expected)


async def test_a_planned_call_is_completed_and_followed_up_in_one_request(api: Api, session: AsyncSession) -> None:
    user = await make_user(session, time_zone="Europe/Vienna")
    account = await make_account(session, user)
    contact = await make_contact(session, user, account)
    client = await api.as_user(user)
    call = await log(client, contact_id=contact.id, status="planned", starts_at=now(days=1))
    url, patch = f"/v1/activities/{call['id']}", {"status": "held", "starts_at": now(hours=-1)}
    patched = await client.patch(url, json=patch | {"follow_up": {"in_days": 7}}, headers={"If-Match": '"1"'})
    assert patched.status_code == 200, patched.text
    first = patched.json()["follow_up"]["id"]
    again = await client.patch(url, json={"follow_up": {"in_days": 30}}, headers=ANY)
    assert (again.status_code, again.json()["code"], again.json()["follow_up_id"]) == (
        409,
        "already_followed_up",
        first,
    )
    assert (await client.patch(f"/v1/activities/{first}", json={"status": "cancelled"}, headers=ANY)).status_code == 200
    at = now(days=3)
    later = await client.patch(url, json={"follow_up": {"at": at}}, headers=ANY)
    assert later.status_code == 200, "once the first is cancelled; and a held call gets one later"
    found = later.json()["follow_up"]
    assert found["id"] != first and datetime.fromisoformat(found["starts_at"]) == datetime.fromisoformat(at)
    back = await client.patch(f"/v1/activities/{first}", json={"status": "planned"}, headers=ANY)
    assert back.status_code == 409, "there is one"
    assert (await client.delete(f"/v1/activities/{found['id']}")).status_code == 204
    assert (await client.get(url)).json()["follow_up"] is None


async def test_sent_again_it_makes_one(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    account = await make_account(session, user)
    client = await api.as_user(user)
    body = {"type": "call", "subject": "x", "account_id": str(account.id), "follow_up": {"in_days": 1}}
    keyed = body | {"starts_at": now()}
    for sent, headers in (
        (body | {"id": "019abcde-0000-7000-8000-0000000ca110"}, {}),
        (keyed, {"Idempotency-Key": "019abcde-one"}),
    ):
        first, again = [await client.post("/v1/activities", json=sent, headers=headers) for _ in range(2)]
        assert first.status_code == 201 and again.json() == first.json(), again.text
    assert len(await calls_of(session, account.id)) == 4


async def test_what_cannot_be_followed_up(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    account = await make_account(session, user)
    left = await make_contact(session, user, account, relationship="left", do_not_contact=True)
    unwanted = await make_contact(session, user, account, do_not_contact=True)
    client = await api.as_user(user)

    async def wrong(**body: Any) -> dict[str, str]:
        sent = {"type": "call", "subject": "x", "account_id": str(account.id), "follow_up": {"in_days": 5}} | body
        return pointers(await client.post("/v1/activities", json=sent))

    assert await wrong(status="planned", starts_at=now(days=1)) == {"/follow_up": "not_held"}
    assert await wrong(status="cancelled") == {"/follow_up": "not_held"}
    assert await wrong(contact_id=str(left.id)) == {"/follow_up": "contact_left"}
    assert await wrong(contact_id=str(unwanted.id)) == {"/follow_up": "do_not_contact"}
    assert await wrong(follow_up={"at": now(days=-1)}) == {"/follow_up/at": "before_the_call"}
    assert (
        await wrong(follow_up={})
        == await wrong(follow_up={"in_days": 1, "at": now(days=2)})
        == {"/follow_up": "either"}
    )
    for days in (0, 3, 61, -1, "5", True, 1.5, None):
        assert set(await wrong(follow_up={"in_days": days})) <= {"/follow_up/in_days", "/follow_up"}, days
    assert await calls_of(session, account.id) == [], "nothing was kept"
    held = await log(client, contact_id=left.id)
    url = f"/v1/activities/{held['id']}"
    assert pointers(await client.patch(url, json={"follow_up": {"in_days": 60}}, headers=ANY)) == {
        "/follow_up": "contact_left"
    }
    assert pointers(await client.patch(url, json={"follow_up": None}, headers=ANY)) == {
        "/follow_up": "model_attributes_type"
    }
    note = {"type": "note", "description": "x", "account_id": str(account.id), "follow_up": {"in_days": 1}}
    assert pointers(await client.post("/v1/activities", json=note)) == {"/follow_up": "extra_forbidden"}


async def test_whoever_is_gone_is_assigned_no_next_call(api: Api, session: AsyncSession) -> None:
    user, gone = await make_user(session), await make_user(session)
    account = await make_account(session, user)
    client = await api.as_user(user)
    call = await log(client, account_id=account.id, assignee_id=gone.id)
    gone.active = False
    await session.commit()
    patched = await client.patch(f"/v1/activities/{call['id']}", json={"follow_up": {"in_days": 2}}, headers=ANY)
    following = (await client.get(f"/v1/activities/{patched.json()['follow_up']['id']}")).json()
    assert following["assignee"]["id"] == str(user.id)


async def test_logging_a_call_with_its_follow_up_takes_few_statements(
    api: Api, session: AsyncSession, one_connection: OneConnection, database: Database
) -> None:
    user = await make_user(session)
    account = await make_account(session, user)
    contact = await make_contact(session, user, account, email="a.berger@kranz.at")
    client = await api.as_user(user)
    await log(client, contact_id=contact.id)  # whatever is kept from the first request on
    by_session: list[str] = []
    prepared: list[str] = []
    raw, engine = one_connection.raw, database.engine.sync_engine
    assert raw is not None

    def executed(_: Any, __: Any, sql: str, *___: Any) -> None:
        by_session.append(sql)

    def fetched(record: Any) -> None:
        if record.query not in by_session:
            prepared.append(record.query)

    async def count(**body: Any) -> int:
        by_session.clear()
        prepared.clear()
        await log(client, account_id=account.id, contact_id=contact.id, **body)
        return len([sql for sql in (*by_session, *prepared) if "SAVEPOINT" not in sql and "device_sessions" not in sql])

    event.listen(engine, "before_cursor_execute", executed)
    raw.add_query_logger(fetched)
    try:
        assert await count() <= 5, "account, contact, insert, answer, and who it is for"
        assert await count(follow_up={"in_days": 60}) <= 7
        everything = {"consent": {"answer": "granted"}, "call_type": "vip_customer"}
        answers = [{"question": "satisfied", "value": True}]
        assert await count(follow_up={"in_days": 60}, **everything, answers=answers) <= 10
    finally:
        raw.remove_query_logger(fetched)
        event.remove(engine, "before_cursor_execute", executed)


async def test_what_a_call_shows_beside_its_own_row_raises_its_version(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    client = await api.as_user(user)
    account = await make_account(session, user)
    people = [str((await make_contact(session, user, account)).id) for _ in range(2)]
    call = await log(client, account_id=account.id)
    url = f"/v1/activities/{call['id']}"
    changed = await client.patch(url, json={"contact_ids": people[:1]}, headers={"If-Match": '"1"'})
    assert changed.json()["version"] == 2
    lost = await client.patch(url, json={"contact_ids": people[1:]}, headers={"If-Match": '"1"'})
    assert lost.status_code == 412
    followed = await client.patch(url, json={"follow_up": {"in_days": 5}}, headers={"If-Match": '"2"'})
    assert followed.json()["version"] == 3


async def test_a_cancelled_next_call_is_not_planned_beside_another(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    client = await api.as_user(user)
    call = await log(client, account_id=(await make_account(session, user)).id, follow_up={"in_days": 5})
    first = f"/v1/activities/{call['follow_up']['id']}"
    assert (await client.patch(first, json={"status": "cancelled"}, headers=ANY)).status_code == 200
    url = f"/v1/activities/{call['id']}"
    second = (await client.patch(url, json={"follow_up": {"in_days": 7}}, headers=ANY)).json()["follow_up"]["id"]
    refused = await client.patch(first, json={"status": "planned"}, headers=ANY)
    assert (refused.status_code, refused.json()["follow_up_id"]) == (409, second)
