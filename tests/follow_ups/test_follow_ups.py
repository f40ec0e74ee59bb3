"""Follow-ups over HTTP: made, read, put off, handed over, done (FUP-1)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import pytest
from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Account
from app.core.db import new_id
from app.core.visibility import unscoped
from app.follow_ups.jobs import move, said
from app.follow_ups.models import FollowUp
from app.identity.models import Role, User
from app.reminders.sending import Due
from tests.activities.test_activities import make_lead, told
from tests.conftest import Api, Contexts, OneConnection
from tests.conversion.test_conversion import COMPLETION
from tests.factories import lead_body, make_account, make_contact, make_opportunity, make_team, make_user
from tests.merges.support import merged

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.rule("FUP-1")]

ANY = {"If-Match": "*"}
URL = "/v1/follow-ups"
VIENNA = ZoneInfo("Europe/Vienna")


def day(days: int) -> str:
    return (datetime.now(VIENNA).date() + timedelta(days=days)).isoformat()


async def make(client: httpx.AsyncClient, type_: str, id_: Any, **body: Any) -> dict[str, Any]:
    when = {} if body.keys() & {"due_on", "due_at", "in_days", "in_working_days"} else {"in_days": 3}
    answer = await client.post(
        URL, json={"record": {"type": type_, "id": str(id_)}, "note": "Nachfassen"} | when | body
    )
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def reminders(session: AsyncSession, record_id: str) -> list[tuple[UUID, datetime]]:
    rows = await session.execute(
        text("SELECT user_id, due_at FROM reminders WHERE record_id = :id"), {"id": UUID(record_id)}
    )
    return [(row[0], row[1]) for row in rows]


async def listed(client: httpx.AsyncClient, **params: Any) -> list[str]:
    answer = await client.get(URL, params=params)
    assert answer.status_code == 200, answer.text
    return [item["note"] for item in answer.json()["items"]]


async def test_on_a_record_of_every_kind(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    client = await api.as_user(user)
    account = await make_account(session, user, name="Kranz GmbH")
    contact = await make_contact(session, user, account, first_name="Anna", last_name="Berger")
    opportunity = await make_opportunity(session, user, account, name="Flatrate")
    lead = await make_lead(session, user, lean=False, name="Messe AG")
    task = {"type": "task", "account_id": str(account.id), "subject": "Anrufen"}
    activity = (await client.post("/v1/activities", json=task)).json()["id"]
    for type_, id_, name in (
        ("account", account.id, "Kranz GmbH"),
        ("contact", contact.id, "Anna Berger"),
        ("opportunity", opportunity.id, "Flatrate"),
        ("lead", lead.id, "Messe AG"),
        ("activity", activity, "Anrufen"),
    ):
        made = await make(client, type_, id_, due_on="2027-01-15")
        assert made["record"] == {"type": type_, "id": str(id_), "name": name}
        assert (made["due_on"], made["due_at"]) == ("2027-01-15", "2027-01-15T07:00:00+00:00")
        assert made["assignee"]["id"] == made["created_by"]["id"] == str(user.id)
        assert (made["status"], made["snoozed"], made["done_by"]) == ("open", 0, None)
        assert (await client.get(f"{URL}/{made['id']}")).json() == made
        assert await reminders(session, made["id"]) == [(user.id, datetime(2027, 1, 15, 7, tzinfo=UTC))]
        page = (await client.get(URL, params={"record_type": type_, "record_id": str(id_)})).json()
        assert page["items"] == [made]
    assert await told(session, user.id) == []


@pytest.mark.rule("LEAD-2")
async def test_a_lean_lead_takes_none_convert_first(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    client = await api.as_user(user)
    lead = await make_lead(session, user)
    body = {"record": {"type": "lead", "id": str(lead.id)}, "note": "x", "in_days": 1}
    answer = await client.post(URL, json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "convert_first")
    assert await session.scalar(text("SELECT count(*) FROM follow_ups")) == 0


async def test_what_is_wrong_is_named(api: Api, session: AsyncSession) -> None:
    user, other = await make_user(session), await make_user(session)
    client = await api.as_user(user)
    account, hidden = await make_account(session, user), await make_account(session, other)
    on = {"type": "account", "id": str(account.id)}
    for body, pointer, code in (
        ({"record": on}, "/due_on", "one_of"),
        ({"record": on, "in_days": 1, "due_on": "2027-01-01"}, "/in_days", "one_of"),
        ({"record": {"type": "account", "id": str(hidden.id)}, "in_days": 1}, "/record/id", "unknown_record"),
        ({"record": {"type": "activity", "id": str(hidden.id)}, "in_days": 1}, "/record/id", "unknown_record"),
        ({"record": on, "in_days": 1, "assignee_id": str(account.id)}, "/assignee_id", "unknown_user"),
        ({"record": on, "in_days": 1, "assignee_id": str(other.id)}, "/assignee_id", "cannot_see_record"),
        ({"record": on, "in_days": 0}, "/in_days", "greater_than_equal"),
        ({"record": on, "in_days": 1, "note": "  "}, "/note", "string_too_short"),
    ):
        answer = await client.post(URL, json={"note": "x"} | body)
        assert answer.status_code == 422, answer.text
        assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [(pointer, code)], body
    made = await make(client, "account", account.id)
    for path, body in (("snooze", {}), ("snooze", {"in_days": 1, "in_working_days": 1}), ("hand-over", {})):
        assert (await client.post(f"{URL}/{made['id']}/{path}", json=body)).status_code == 422
    both = await client.patch(
        f"{URL}/{made['id']}", json={"due_on": day(1), "due_at": "2027-01-01T00:00:00Z"}, headers=ANY
    )
    assert both.status_code == 422
    assert (await client.patch(f"{URL}/{made['id']}", json={"note": "y"})).status_code == 428
    session.add(Role(key="still", label_de="Still", label_en="Still", permissions=["accounts.read"]))
    await session.commit()
    still = await api.as_user(await make_user(session, "still"))
    assert (await still.post(URL, json={"record": on, "note": "x", "in_days": 1})).status_code == 403
    assert (await still.get(URL)).status_code == (await still.get(f"{URL}/counts")).status_code == 403


async def test_the_same_request_makes_one(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    client = await api.as_user(user)
    account = await make_account(session, user)
    body = {"id": "019abcde-0000-7000-8000-00000000fff1", "record": {"type": "account", "id": str(account.id)}}
    body |= {"note": "x", "in_working_days": 5}
    first, again = await client.post(URL, json=body), await client.post(URL, json=body)
    assert (first.status_code, again.status_code) == (201, 200) and first.json() == again.json()
    assert (await client.post(URL, json=body | {"note": "y"})).status_code == 409


async def test_lists_and_counts_by_when_they_are_due(
    api: Api, session: AsyncSession, one_connection: OneConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, other = await make_user(session), await make_user(session)
    client = await api.as_user(user)
    account = await make_account(session, user, access="public_read")
    for note, days in (("gestern", -1), ("heute", 0), ("morgen", 1), ("fertig", -2)):
        made = await make(client, "account", account.id, note=note, due_on=day(days))
    await client.post(f"{URL}/{made['id']}/done", json=None)
    await make(client, "account", account.id, note="des anderen", assignee_id=str(other.id))
    assert await listed(client) == ["fertig", "gestern", "heute", "morgen"]
    assert await listed(client, state="due") == ["gestern", "heute"]
    assert await listed(client, state="overdue") == ["gestern"]
    assert await listed(client, state="coming") == ["morgen"]
    assert await listed(client, state="open", sort="-due_at") == ["morgen", "heute", "gestern"]
    assert await listed(client, state="done") == ["fertig"]
    assert await listed(client, state="open", due_before=f"{day(0)}T00:00:00+00:00") == ["gestern"]
    assert await listed(client, created_by=str(user.id), assignee_id=str(other.id)) == ["des anderen"]
    assert "des anderen" in await listed(client, record_id=str(account.id))
    assert (await client.get(f"{URL}/counts")).json() == {"due": 2, "overdue": 1, "coming": 1}
    first = (await client.get(URL, params={"limit": 3, "count": "true"})).json()
    rest = (await client.get(URL, params={"limit": 3, "cursor": first["next_cursor"]})).json()
    assert first["count"] == 4 and [one["note"] for one in rest["items"]] == ["morgen"]

    fetched: list[str] = []
    fetch = one_connection.fetch

    async def counted(sql: str, *args: object) -> Any:
        fetched.append(sql)
        return await fetch(sql, *args)

    monkeypatch.setattr(one_connection, "fetch", counted)
    await listed(client, state="due")
    assert len([sql for sql in fetched if "follow_ups" in sql]) == 1


async def test_put_off_done_and_opened_again(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    client = await api.as_user(user)
    account = await make_account(session, user)
    made = await make(client, "account", account.id, due_on=day(-1))
    url = f"{URL}/{made['id']}"
    off = (await client.post(f"{url}/snooze", json={"in_days": 7})).json()
    assert (off["due_on"], off["snoozed"]) == (day(7), 1)
    at = "2027-05-01T12:30:00+00:00"
    off = (await client.post(f"{url}/snooze", json={"due_at": at})).json()
    assert (off["due_on"], off["due_at"], off["snoozed"]) == (None, at, 2)
    assert await reminders(session, made["id"]) == [(user.id, datetime(2027, 5, 1, 12, 30, tzinfo=UTC))]
    key = {"Idempotency-Key": "einmal"}
    done = await client.post(f"{url}/done", headers=key)
    again = await client.post(f"{url}/done", headers=key)
    assert done.json() == again.json() and done.json()["done_at"] and done.json()["done_by"]["id"] == str(user.id)
    third = (await client.post(f"{url}/done")).json()
    assert third["version"] == done.json()["version"]
    assert await reminders(session, made["id"]) == []
    for path, body in (("snooze", {"in_days": 1}), ("hand-over", {"assignee_id": str(user.id)})):
        refused = await client.post(f"{url}/{path}", json=body)
        assert (refused.status_code, refused.json()["code"]) == (409, "follow_up_done")
    opened = (await client.patch(url, json={"status": "open"}, headers=ANY)).json()
    assert (opened["status"], opened["done_at"], opened["done_by"]) == ("open", None, None)
    assert len(await reminders(session, made["id"])) == 1
    moved = (await client.patch(url, json={"due_on": "2027-07-01", "note": "neu"}, headers=ANY)).json()
    assert (moved["due_at"], moved["note"]) == ("2027-07-01T06:00:00+00:00", "neu")
    assert await reminders(session, made["id"]) == [(user.id, datetime(2027, 7, 1, 6, tzinfo=UTC))]
    history = (await client.get(f"{url}/history")).json()["items"]
    assert {c["field"] for c in history[0]["changes"]} == {"due_on", "due_at", "note"}
    assert (await client.delete(url)).status_code == 204
    assert await reminders(session, made["id"]) == [] and (await client.get(url)).status_code == 404


async def test_who_opens_again_what_was_due_long_ago_is_not_reminded(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    client = await api.as_user(user)
    made = await make(client, "account", (await make_account(session, user)).id, due_on=day(-5))
    await client.post(f"{URL}/{made['id']}/done")
    await client.patch(f"{URL}/{made['id']}", json={"status": "open"}, headers=ANY)
    assert await reminders(session, made["id"]) == []


async def test_handed_over_to_who_sees_the_record_and_told_at_once(api: Api, session: AsyncSession) -> None:
    team = await make_team(session)
    eva = await make_user(session, teams=[team])
    jane = await make_user(session, teams=[team], time_zone="America/New_York")
    stranger, gone = await make_user(session), await make_user(session, active=False)
    client = await api.as_user(eva)
    account = await make_account(session, eva, name="Kranz GmbH", team_ids=[team.id])
    made = await make(client, "account", account.id, due_on="2027-01-15")
    url = f"{URL}/{made['id']}/hand-over"
    for user, code in ((stranger, "cannot_see_record"), (gone, "unknown_user")):
        refused = await client.post(url, json={"assignee_id": str(user.id)})
        assert refused.status_code == 422 and "Kranz" not in refused.text
        assert [e["code"] for e in refused.json()["errors"]] == [code]
    over = (await client.post(url, json={"assignee_id": str(jane.id)})).json()
    assert (over["assignee"]["id"], over["due_on"]) == (str(jane.id), "2027-01-15")
    assert over["due_at"] == "2027-01-15T13:00:00+00:00", "eight o'clock in New York"
    assert await told(session, jane.id) == ["follow_up_handed_over"]
    assert await reminders(session, made["id"]) == [(jane.id, datetime(2027, 1, 15, 13, tzinfo=UTC))]
    again = (await client.post(url, json={"assignee_id": str(jane.id)})).json()
    assert again["version"] == over["version"] and len(await told(session, jane.id)) == 1


async def test_who_sees_it_and_who_may_change_it(api: Api, session: AsyncSession) -> None:
    team = await make_team(session)
    eva, otto = await make_user(session, teams=[team]), await make_user(session, teams=[team])
    account = await make_account(session, eva, name="Kranz GmbH", team_ids=[team.id])
    made = await make(await api.as_user(eva), "account", account.id)
    url = f"{URL}/{made['id']}"

    async def answers(user: User) -> list[int]:
        client = await api.as_user(user)
        return [
            (await client.get(url)).status_code,
            (await client.patch(url, json={"note": "x"}, headers=ANY)).status_code,
            (await client.post(f"{url}/snooze", json={"in_days": 1})).status_code,
            (await client.post(f"{url}/done")).status_code,
            (await client.post(f"{url}/hand-over", json={"assignee_id": str(eva.id)})).status_code,
            (await client.delete(url)).status_code,
        ]

    assert await answers(otto) == [200, 403, 403, 403, 403, 403]
    assert await answers(await make_user(session)) == [404] * 6
    assert (await answers(await make_user(session, "admin")))[:3] == [200, 200, 200]


async def test_who_has_lost_sight_of_the_record_keeps_the_note_without_its_name(
    api: Api, session: AsyncSession
) -> None:
    team = await make_team(session)
    eva, otto = await make_user(session, teams=[team]), await make_user(session, teams=[team])
    client, other = await api.as_user(eva), await api.as_user(otto)
    account = await make_account(session, eva, name="Kranz GmbH", team_ids=[team.id])
    made = await make(client, "account", account.id, assignee_id=str(otto.id))
    assert (await other.get(f"{URL}/{made['id']}")).json()["record"]["name"] == "Kranz GmbH"
    hide = update(Account).where(Account.id == account.id).values(team_ids=[eva.default_team_id])
    await session.execute(unscoped(hide, reason="the test hides it"))
    await session.commit()
    seen = await other.get(f"{URL}/{made['id']}")
    assert seen.json()["record"]["name"] is None and "Kranz" not in seen.text and seen.json()["note"] == "Nachfassen"
    assert "Kranz" not in (await other.get(URL)).text and await listed(other) == ["Nachfassen"]
    assert (await client.get(f"{URL}/{made['id']}")).json()["record"]["name"] == "Kranz GmbH"


@pytest.mark.rule("DUP-4")
async def test_they_go_to_the_winner_of_a_merge_and_back(api: Api, session: AsyncSession) -> None:
    user = await make_user(session, "admin")
    client = await api.as_user(user)
    winner, loser = await make_contact(session, user), await make_contact(session, user)
    made = await make(client, "contact", loser.id)
    merge = await merged(client, "contact", [str(winner.id), str(loser.id)], winner_id=str(winner.id))
    assert merge.status_code == 201 and merge.json()["moved"]["follow_ups"] == 1, merge.text
    assert (await client.get(f"{URL}/{made['id']}")).json()["record"]["id"] == str(winner.id)
    assert len(await reminders(session, made["id"])) == 1
    undone = await client.post(f"/v1/merges/{merge.json()['id']}/undo")
    assert undone.status_code == 200, undone.text
    assert (await client.get(f"{URL}/{made['id']}")).json()["record"]["id"] == str(loser.id)


async def test_they_go_with_the_record_and_leave_their_history(api: Api, session: AsyncSession) -> None:
    user = await make_user(session, "admin")
    client = await api.as_user(user)
    account = await make_account(session, user)
    made = await make(client, "account", account.id)
    assert (await client.delete(f"/v1/accounts/{account.id}", headers=ANY)).status_code == 204
    assert (await client.get(f"{URL}/{made['id']}")).status_code == 404
    items = (await client.get(f"{URL}/{made['id']}/history")).json()["items"]
    assert [item["operation"] for item in items] == ["delete", "insert"]


@pytest.mark.rule("CONV-1")
async def test_what_is_open_goes_on_at_the_customer_when_a_lead_is_converted(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    await make_user(session, "ks")
    client = await api.as_user(user)
    lead = (await client.post("/v1/leads", json=lead_body(user.id))).json()["id"]
    for note, status in (("offen", "open"), ("fertig", "done")):
        await session.execute(
            text(
                "INSERT INTO follow_ups (id, lead_id, note, assignee_id, created_by, due_at, status, done_at) VALUES "
                "(gen_random_uuid(), :lead, :note, :user, :user, now(), :status, CASE :status WHEN 'done' THEN now() END)"
            ),
            {"lead": UUID(lead), "note": note, "user": user.id, "status": status},
        )
    await session.commit()
    body = {"outcome": "create", "account": COMPLETION}
    converted = await client.post(f"/v1/leads/{lead}/conversion", json=body)
    assert converted.status_code == 201, converted.text
    account = converted.json()["account"]["id"]
    assert await listed(client, record_id=account) == ["offen"]
    assert await listed(client, record_id=lead) == ["fertig"]


async def test_days_follow_the_assignee_s_clock(api: Api, session: AsyncSession, contexts: Contexts) -> None:
    user = await make_user(session)
    client = await api.as_user(user)
    account = await make_account(session, user)
    on_day = await make(client, "account", account.id, due_on="2027-01-15")
    at_moment = await make(client, "account", account.id, due_at="2027-01-15T07:00:00Z")
    await client.patch("/v1/me", json={"time_zone": "America/New_York"}, headers=ANY)
    (job,) = (await session.execute(text("SELECT payload FROM outbox WHERE job = 'follow_ups.move'"))).scalars()
    async with contexts.of() as ctx:
        await move(ctx, job)
    for made, hour in ((on_day, 13), (at_moment, 7)):
        at = datetime(2027, 1, 15, hour, tzinfo=UTC)
        assert (await client.get(f"{URL}/{made['id']}")).json()["due_at"] == at.isoformat()
        assert await reminders(session, made["id"]) == [(user.id, at)]


async def test_of_a_kind_that_one_may_not_read_only_ones_own_note_is_there(
    api: Api, session: AsyncSession, contexts: Contexts
) -> None:
    team = await make_team(session)
    manager, technician = [await make_user(session, role, teams=[team]) for role in ("rm", "mst")]
    me, tech = await api.as_user(manager), await api.as_user(technician)
    account = await make_account(session, manager, team_ids=[team.id])
    chance = await make_opportunity(session, manager, account, name="Geheime Flatrate", team_ids=[team.id])
    made = await make(me, "opportunity", chance.id, note="Rabatt anbieten")
    assert (await tech.get(f"/v1/opportunities/{chance.id}")).status_code == 403
    assert await listed(tech, record_id=str(chance.id)) == await listed(tech, created_by=str(manager.id)) == []
    assert (await tech.get(f"{URL}/{made['id']}")).status_code == 404
    # Whose it is keeps the note, without the record's name.
    row = update(FollowUp).where(FollowUp.id == UUID(made["id"])).values(assignee_id=technician.id)
    await session.execute(unscoped(row, reason="made while they could read opportunities"))
    await session.commit()
    own = (await tech.get(f"{URL}/{made['id']}")).json()
    assert (own["note"], own["record"]["name"]) == ("Rabatt anbieten", None)
    assert (await tech.get(URL)).json()["items"] == [own]
    assert (await me.get(f"{URL}/{made['id']}")).json()["record"]["name"] == "Geheime Flatrate"
    due = Due(new_id(), technician.id, "follow_up", UUID(made["id"]), "follow_up_due", datetime.now(UTC))
    async with contexts.of() as ctx:
        assert (await said(ctx, [due]))[due.id]["name"] is None


@pytest.mark.rule("ID-8")
async def test_a_shared_calendar_shares_no_follow_ups(api: Api, session: AsyncSession) -> None:
    owner, reader = await make_user(session, "rm"), await make_user(session, "rm")
    me, other = await api.as_user(owner), await api.as_user(reader)
    account = await make_account(session, owner)
    meeting = {"type": "meeting", "subject": "Gespräch", "starts_at": "2026-12-01T10:00:00Z"}
    id_ = (await me.post("/v1/activities", json=meeting | {"account_id": str(account.id)})).json()["id"]
    made = await make(me, "activity", id_, note="privat")
    shared = await me.post("/v1/calendar-shares", json={"user_id": str(reader.id), "mode": "read"})
    assert shared.status_code == 201, shared.text
    assert (await other.get(f"/v1/activities/{id_}")).status_code == 200
    assert await listed(other, record_id=id_) == []
    assert (await other.get(f"{URL}/{made['id']}")).status_code == 404
