"""A visit report is submitted, perhaps days later and more than once; its effects come once (VISIT-1 to VISIT-3, ACC-8)."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Account
from app.core.db import new_id
from app.core.visibility import unscoped
from app.erp_events.models import ErpEvent
from app.notifications.models import Notification
from tests.conftest import Api
from tests.factories import make_account, make_contact, make_opportunity, make_team, make_user
from tests.visit_reports.scene import action, make_scene, report_of, sent

WHY = "what the test looks at"


async def account_now(session: AsyncSession, account: Account) -> Any:
    columns = select(Account.last_visit_on, Account.visit_priority, Account.version).where(Account.id == account.id)
    return (await session.execute(unscoped(columns, reason=WHY))).one()


async def told(session: AsyncSession, kind: str = "cross_sell_found") -> list[Any]:
    rows = await session.execute(unscoped(select(Notification).where(Notification.kind == kind), reason=WHY))
    return list(rows.scalars())


async def events(session: AsyncSession) -> list[Any]:
    return list(
        (
            await session.execute(
                unscoped(select(ErpEvent).order_by(ErpEvent.created_at, ErpEvent.id), reason="the test looks")
            )
        ).scalars()
    )


@pytest.mark.rule("VISIT-1")
async def test_a_report_shows_what_was_sent(api: Api, session: AsyncSession) -> None:
    scene = await make_scene(api, session)
    contact = await make_contact(session, scene.reviewer, scene.account, team_ids=[scene.team.id])
    body = report_of(
        scene.account.id,
        contact_id=str(contact.id),
        cross_sell=True,
        cross_sell_note="Trommel undicht",
        follow_up_actions=[action("Angebot", due_on="2026-12-01"), action("Anrufen")],
        visited_at="2026-11-17T10:30:00+01:00",
        time_zone="Europe/Vienna",
    )
    shown = await sent(scene.mst, body)
    assert shown["assignee"]["id"] == shown["created_by"]["id"] == str(scene.technician.id)
    assert shown["account"]["id"] == str(scene.account.id) and shown["contact"]["id"] == str(contact.id)
    assert (shown["status"], shown["cross_sell"], shown["cross_sell_note"]) == ("submitted", True, "Trommel undicht")
    assert datetime.fromisoformat(shown["visited_at"]) == datetime(2026, 11, 17, 9, 30, tzinfo=UTC)
    assert [(a["text"], a["due_on"], a["task_id"]) for a in shown["follow_up_actions"]] == [
        ("Angebot", "2026-12-01", None),
        ("Anrufen", None, None),
    ]
    assert shown["amendments"] == [] and shown["unknown_customer"] is None and shown["reviewed_by"] is None


@pytest.mark.rule("VISIT-1", "VISIT-2", "VISIT-3")
async def test_sent_again_it_is_the_same_report_without_a_second_effect(api: Api, session: AsyncSession) -> None:
    scene = await make_scene(api, session)
    body = report_of(scene.account.id, cross_sell=True)
    first = await sent(scene.mst, body)
    version = (await account_now(session, scene.account)).version
    for _ in range(2):
        again = await sent(scene.mst, body, 200)
        assert again == first
    assert len(await events(session)) == 1 and len(await told(session)) == 1
    assert (await account_now(session, scene.account)).version == version
    other = await scene.mst.post("/v1/activities", json={**body, "subject": "Anders"})
    assert (other.status_code, other.json()["code"]) == (409, "id_taken")


@pytest.mark.rule("VISIT-1")
async def test_wrong_reports_are_refused(api: Api, session: AsyncSession) -> None:
    scene = await make_scene(api, session)
    twice = action()
    late = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    wrong = report_of(scene.account.id, visited_at=late, follow_up_actions=[twice, twice])
    answer = await scene.mst.post("/v1/activities", json=wrong)
    found = {error["pointer"]: error["code"] for error in answer.json()["errors"]}
    assert found == {"/visited_at": "in_the_future", "/follow_up_actions/1/id": "twice"}
    hidden = await make_account(session, await make_user(session))
    answer = await scene.mst.post("/v1/activities", json=report_of(hidden.id))
    assert [e["code"] for e in answer.json()["errors"]] == ["unknown_record"]
    soon = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    await sent(scene.mst, report_of(scene.account.id, visited_at=soon))


@pytest.mark.rule("VISIT-3", "ACC-8")
async def test_a_visit_clears_the_priority_and_dates_the_account(api: Api, session: AsyncSession) -> None:
    scene = await make_scene(api, session, visit_priority=True, last_visit_on=date(2026, 1, 5))
    shown = await sent(scene.mst, report_of(scene.account.id))
    account = await account_now(session, scene.account)
    assert account.visit_priority is False and account.last_visit_on >= datetime.now(UTC).date() - timedelta(days=1)
    (event,) = await events(session)
    assert event.kind == "visit_report_submitted" and event.account_id == scene.account.id
    assert event.activity_id == UUID(shown["id"]) and event.visited_on == account.last_visit_on


@pytest.mark.rule("VISIT-3", "ACC-8")
async def test_an_older_visit_that_is_sent_later_moves_nothing_back(api: Api, session: AsyncSession) -> None:
    scene = await make_scene(api, session, last_visit_on=date(2026, 11, 10))
    flag = {"visit_priority": True}
    answer = await scene.rm.patch(f"/v1/accounts/{scene.account.id}", json=flag, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text
    version = (await account_now(session, scene.account)).version
    await sent(scene.mst, report_of(scene.account.id, visited_at="2026-11-04T10:00:00+01:00"))
    account = await account_now(session, scene.account)
    assert (account.last_visit_on, account.visit_priority, account.version) == (date(2026, 11, 10), True, version)
    assert [event.visited_on for event in await events(session)] == [date(2026, 11, 4)]
    await sent(scene.mst, report_of(scene.account.id))
    assert (await account_now(session, scene.account)).visit_priority is False


@pytest.mark.rule("VISIT-3")
async def test_the_day_is_the_one_where_the_visit_was(api: Api, session: AsyncSession) -> None:
    scene = await make_scene(api, session)
    body = report_of(scene.account.id, visited_at="2026-11-09T23:30:00Z", time_zone="Europe/Vienna")
    await sent(scene.mst, body)
    assert (await account_now(session, scene.account)).last_visit_on == date(2026, 11, 10)


@pytest.mark.rule("VISIT-2")
async def test_cross_sell_tells_the_managers_of_the_accounts_centre(api: Api, session: AsyncSession) -> None:
    scene = await make_scene(api, session)
    elsewhere = await make_team(session)
    await make_user(session, "cm", teams=[elsewhere])
    await make_user(session, "cm", teams=[scene.team], active=False)
    franchisee = await make_user(session, "fn", teams=[scene.team])
    await sent(scene.mst, report_of(scene.account.id))
    assert await told(session) == []
    shown = await sent(scene.mst, report_of(scene.account.id, cross_sell=True, cross_sell_note="Trommel undicht"))
    (one,) = await told(session)
    assert one.user_id == scene.manager.id and str(one.record_id) == shown["id"]
    assert scene.account.name in one.texts["de"]["title"] and "Trommel undicht" in one.texts["de"]["body"]
    mails = await session.execute(
        text("SELECT count(*) FROM outbox WHERE job = 'notifications.mail' AND payload->>'notification_id' = :id"),
        {"id": str(one.id)},
    )
    assert mails.scalar_one() == 1
    scene.manager.active = False
    await session.commit()
    await sent(scene.mst, report_of(scene.account.id, cross_sell=True))
    assert {n.user_id for n in await told(session)} == {scene.manager.id, franchisee.id}
    franchisee.active = False
    await session.commit()
    admin = await make_user(session, "admin")
    await sent(scene.mst, report_of(cross_sell=True))
    assert {n.user_id for n in await told(session)} >= {scene.manager.id, franchisee.id, admin.id}


@pytest.mark.rule("VISIT-1", "VISIT-4")
async def test_a_report_without_an_account_is_seen_by_the_authors_centre(api: Api, session: AsyncSession) -> None:
    scene = await make_scene(api, session)
    shown = await sent(scene.mst, report_of())
    assert shown["account"] is None
    assert (await scene.rm.get(f"/v1/activities/{shown['id']}")).status_code == 200
    elsewhere = await api.as_user(await make_user(session, "rm", teams=[await make_team(session)]))
    assert (await elsewhere.get(f"/v1/activities/{shown['id']}")).status_code == 404
    assert await events(session) == []


@pytest.mark.rule("VISIT-1", "VISIT-4")
async def test_a_report_with_a_contact_alone_is_of_the_accounts_teams(api: Api, session: AsyncSession) -> None:
    scene = await make_scene(api, session)
    contact = await make_contact(session, scene.technician, scene.account)
    shown = await sent(scene.mst, report_of(contact_id=str(contact.id)))
    assert shown["account"]["id"] == str(scene.account.id) and shown["team_ids"] == [str(scene.team.id)]
    assert (await scene.rm.get(f"/v1/activities/{shown['id']}")).status_code == 200
    assert len(await events(session)) == 1


@pytest.mark.rule("VISIT-3", "DUP-4")
async def test_a_merge_takes_reports_and_their_events_along(api: Api, session: AsyncSession) -> None:
    scene = await make_scene(api, session, erp_id=None, last_visit_on=date(2026, 10, 1))
    double = await make_account(session, scene.reviewer, team_ids=[scene.team.id], centre_id=scene.centre.id)
    shown = await sent(scene.mst, report_of(double.id, visited_at="2026-11-12T10:00:00+01:00"))
    ids = [str(scene.account.id), str(double.id)]
    versions = {id_: (await scene.rm.get(f"/v1/accounts/{id_}")).json()["version"] for id_ in ids}
    body = {"record_type": "account", "record_ids": ids, "winner_id": ids[0], "versions": versions}
    merged = await scene.rm.post("/v1/merges", json=body)
    assert merged.status_code == 201, merged.text
    assert (await scene.rm.get(f"/v1/activities/{shown['id']}")).json()["account"]["id"] == ids[0]
    assert [str(event.account_id) for event in await events(session)] == [ids[0]]
    assert (await account_now(session, scene.account)).last_visit_on == date(2026, 11, 12)


@pytest.mark.rule("ID-2", "VISIT-1")
async def test_what_a_technician_may_and_may_not(api: Api, session: AsyncSession) -> None:
    scene = await make_scene(api, session)
    contact = await make_contact(session, scene.reviewer, scene.account, team_ids=[scene.team.id])
    shown = await sent(scene.mst, report_of(scene.account.id))
    account, person = f"/v1/accounts/{scene.account.id}", f"/v1/contacts/{contact.id}"
    for path in (account, person, f"/v1/activities/{shown['id']}", "/v1/activities"):
        assert (await scene.mst.get(path)).status_code == 200, path
    task = {"type": "task", "subject": "x", "account_id": str(scene.account.id)}
    note = {"type": "note", "description": "x", "account_id": str(scene.account.id)}
    for body in (task, note):
        assert (await scene.mst.post("/v1/activities", json=body)).status_code == 403
    for path in (account, person):
        answer = await scene.mst.patch(path, json={"description": "x"}, headers={"If-Match": "*"})
        assert answer.status_code == 403, answer.text
    assert (await scene.mst.get("/v1/visit-reports/review")).status_code == 403
    ks = await api.as_user(await make_user(session, "ks", teams=[scene.team]))
    assert (await ks.post("/v1/activities", json=report_of(scene.account.id))).status_code == 403


@pytest.mark.rule("VISIT-1")
async def test_submitting_costs_few_statements(api: Api, session: AsyncSession) -> None:
    scene = await make_scene(api, session, visit_priority=True)
    counted: list[str] = []
    raw: Any = (await (await session.connection()).get_raw_connection()).driver_connection
    body = report_of(scene.account.id, cross_sell=True)
    with raw.query_logger(lambda record: counted.append(record.query)):
        await sent(scene.mst, body)
    work = [q for q in counted if not q.startswith(("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "COMMIT"))]
    assert len(work) <= 15, work


async def test_records_of_kinds_that_one_may_not_read_are_unknown(api: Api, session: AsyncSession) -> None:
    scene = await make_scene(api, session)
    chance = await make_opportunity(session, scene.reviewer, scene.account, team_ids=[scene.team.id])
    assert (await scene.mst.get(f"/v1/opportunities/{chance.id}")).status_code == 403
    body = report_of(scene.account.id, opportunity_id=str(chance.id))
    answer = await scene.mst.post("/v1/activities", json=body)
    assert answer.status_code == 422, answer.text
    wrong = [(error["pointer"], error["code"]) for error in answer.json()["errors"]]
    assert wrong == [("/opportunity_id", "unknown_record")]
    assert (await sent(scene.rm, body | {"id": str(new_id())}))["opportunity"]["id"] == str(chance.id)
