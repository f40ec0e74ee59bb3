"""The review: one request links the report and makes tasks and an opportunity of it (VISIT-4, ACC-5)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from tests.conftest import Api
from tests.factories import make_contact, make_team, make_user
from tests.visit_reports.scene import STRANGER, action, make_scene, report_of, sent
from tests.visit_reports.test_submit import account_now, events, told

pytestmark = pytest.mark.rule("VISIT-4")
REVIEW = "/v1/visit-reports/review"


async def reasons(client: Any, **params: Any) -> dict[str, list[str]]:
    answer = await client.get(REVIEW, params=params)
    assert answer.status_code == 200, answer.text
    return {one["id"]: one["reasons"] for one in answer.json()["items"]}


def at(shown: dict[str, Any]) -> str:
    return f"/v1/visit-reports/{shown['id']}/review"


def matching(shown: dict[str, Any]) -> dict[str, str]:
    return {"If-Match": f'"{shown["version"]}"'}


@pytest.mark.rule("ACC-5")
async def test_the_list_says_what_is_to_be_done(api: Api, session: AsyncSession) -> None:
    scene = await make_scene(api, session)
    contact = await make_contact(session, scene.reviewer, scene.account, team_ids=[scene.team.id])
    past = (datetime.now(UTC) - timedelta(days=3)).isoformat()
    full = await sent(scene.mst, report_of(contact_id=str(contact.id)))
    alone = await sent(scene.mst, report_of(visited_at=past, cross_sell=True))
    busy = await sent(scene.mst, report_of(scene.account.id, follow_up_actions=[action()]))
    found = await reasons(scene.rm)
    assert next(iter(found)) == alone["id"]
    assert found == {
        alone["id"]: ["no_account", "no_contact", "cross_sell"],
        full["id"]: ["unreviewed"],
        busy["id"]: ["no_contact", "follow_up_actions"],
    }
    assert set(await reasons(scene.rm, reason="no_account")) == {alone["id"]}
    assert set(await reasons(scene.rm, reason=["unreviewed", "follow_up_actions"])) == {full["id"], busy["id"]}
    assert set(await reasons(scene.rm, created_by=str(scene.technician.id), centre_id=str(scene.centre.id))) == set(
        found
    )
    assert await reasons(scene.rm, created_by=str(scene.manager.id)) == {}
    one = (await scene.rm.get(REVIEW, params={"limit": 1, "count": "true"})).json()
    assert one["count"] == 3 and one["next_cursor"] and one["items"][0]["age_days"] == 0
    further = (await scene.rm.get(REVIEW, params={"limit": 5, "cursor": one["next_cursor"]})).json()["items"]
    assert {item["id"] for item in further} == {full["id"], busy["id"]}
    assert (await scene.mst.get(REVIEW)).status_code == 403
    elsewhere = await api.as_user(await make_user(session, "rm", teams=[await make_team(session)]))
    assert await reasons(elsewhere) == {}


@pytest.mark.rule("VISIT-3", "OPP-1", "LEAD-12")
async def test_one_request_does_it_all(api: Api, session: AsyncSession) -> None:
    scene = await make_scene(api, session)
    contact = await make_contact(session, scene.reviewer, scene.account, team_ids=[scene.team.id])
    field_sales = await make_user(session, "adm", teams=[scene.team])
    todo, never = action("Angebot für Trommel", due_on="2026-12-01"), action("Prospekt")
    shown = await sent(scene.mst, report_of(cross_sell=True, follow_up_actions=[todo, never]))
    body = {
        "account_id": str(scene.account.id),
        "contact_id": str(contact.id),
        "actions": [
            {"id": todo["id"], "task": {"assignee_id": str(scene.manager.id)}},
            {"id": never["id"], "dismiss": True, "reason": "Hat er schon."},
        ],
        "cross_sell": {"opportunity": {"name": "Schlauchtrommel", "expected_revenue": {"amount": "900.00"}}},
        "amendment": "Mit Herrn Berger geklärt.",
    }
    client = await api.as_user(field_sales)
    answer = await client.post(at(shown), json=body, headers=matching(shown))
    assert answer.status_code == 200, answer.text
    now = answer.json()
    assert now["status"] == "reviewed" and now["reviewed_by"]["id"] == str(field_sales.id)
    assert now["account"]["id"] == str(scene.account.id) and now["contact"]["id"] == str(contact.id)
    assert now["opportunity"]["name"] == "Schlauchtrommel" and now["cross_sell_outcome"] == "opportunity"
    assert [a["text"] for a in now["amendments"]] == ["Mit Herrn Berger geklärt."]
    first, second = now["follow_up_actions"]
    assert second["dismissed"] and second["reason"] == "Hat er schon." and second["task_id"] is None
    task = (await client.get(f"/v1/activities/{first['task_id']}")).json()
    assert (task["type"], task["status"], task["subject"]) == ("task", "open", "Angebot für Trommel")
    assert task["follows"]["id"] == shown["id"] and task["account"]["id"] == str(scene.account.id)
    assert task["assignee"]["id"] == str(scene.manager.id) and task["due_at"].startswith("2026-12-01T16:00")
    assert [n.user_id for n in await told(session, "task_assigned")] == [scene.manager.id]
    assert len(await events(session)) == 1 and (await account_now(session, scene.account)).last_visit_on
    assert await reasons(client) == {}
    again = await client.post(at(shown), json=body, headers=matching(shown))
    assert (again.status_code, again.json()["current"]["id"]) == (412, shown["id"])


async def test_the_same_review_sent_again_gets_the_same_answer(api: Api, session: AsyncSession) -> None:
    scene = await make_scene(api, session)
    todo = action()
    shown = await sent(scene.mst, report_of(scene.account.id, follow_up_actions=[todo]))
    body = {"actions": [{"id": todo["id"], "task": {}}], "accept_missing": ["contact"]}
    headers = {**matching(shown), "Idempotency-Key": "review-1"}
    answers = [await scene.rm.post(at(shown), json=body, headers=headers) for _ in range(2)]
    assert [a.status_code for a in answers] == [200, 200] and answers[0].json() == answers[1].json()
    assert answers[0].json()["status"] == "reviewed"
    tasks = (await scene.rm.get("/v1/activities", params={"type": "task"})).json()["items"]
    assert len(tasks) == 1


async def test_what_is_left_out_stays_in_the_list(api: Api, session: AsyncSession) -> None:
    scene = await make_scene(api, session)
    one, two = action("Eins"), action("Zwei")
    shown = await sent(scene.mst, report_of(scene.account.id, follow_up_actions=[one, two], cross_sell=True))
    body: dict[str, Any] = {"actions": [{"id": one["id"], "dismiss": True}], "accept_missing": ["contact"]}
    now = (await scene.rm.post(at(shown), json=body, headers=matching(shown))).json()
    assert now["status"] == "submitted" and now["reviewed_by"] is None
    assert await reasons(scene.rm) == {shown["id"]: ["no_contact", "follow_up_actions", "cross_sell"]}
    settled = await scene.rm.post(at(shown), json=body, headers=matching(now))
    assert [e["code"] for e in settled.json()["errors"]] == ["settled"]
    body = {"actions": [{"id": two["id"], "task": {}}], "cross_sell": {"dismiss": True}, "accept_missing": ["contact"]}
    now = (await scene.rm.post(at(shown), json=body, headers=matching(now))).json()
    assert now["status"] == "reviewed" and await reasons(scene.rm) == {}
    more = await scene.mst.post(f"/v1/activities/{shown['id']}/amendments", json={"text": "Noch etwas"})
    assert more.json()["status"] == "submitted"
    assert shown["id"] in await reasons(scene.rm)


async def test_who_may_make_no_opportunities_gives_the_manager_a_task(api: Api, session: AsyncSession) -> None:
    scene = await make_scene(api, session)
    shown = await sent(scene.mst, report_of(scene.account.id, cross_sell=True, cross_sell_note="Trommel"))
    body = {"cross_sell": {"opportunity": {"name": "Trommel"}}}
    answer = await scene.rm.post(at(shown), json=body, headers=matching(shown))
    assert (answer.status_code, answer.json()["code"]) == (403, "opportunity_not_yours")
    body = {"cross_sell": {"task": {}}}
    now = (await scene.rm.post(at(shown), json=body, headers=matching(shown))).json()
    assert now["cross_sell_outcome"] == "task"
    (task,) = (await scene.rm.get("/v1/activities", params={"type": "task"})).json()["items"]
    assert task["assignee"]["id"] == str(scene.manager.id) and task["description"] == "Trommel"
    assert task["follows"]["id"] == shown["id"]


async def test_all_or_nothing(api: Api, session: AsyncSession) -> None:
    scene = await make_scene(api, session)
    todo = action()
    shown = await sent(scene.mst, report_of(follow_up_actions=[todo]))
    other = action()
    body: dict[str, Any] = {"account_id": str(scene.account.id), "actions": [{"id": other["id"], "task": {}}]}
    answer = await scene.rm.post(at(shown), json=body, headers=matching(shown))
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [("/actions/0/id", "unknown_action")]
    body = {"actions": [{"id": todo["id"], "task": {}}], "cross_sell": {"dismiss": True}}
    answer = await scene.rm.post(at(shown), json=body, headers=matching(shown))
    assert {e["code"] for e in answer.json()["errors"]} == {"about_nothing", "no_cross_sell"}
    both = {"actions": [{"id": todo["id"], "task": {}, "dismiss": True}]}
    answer = await scene.rm.post(at(shown), json=both, headers=matching(shown))
    assert answer.json()["errors"][0]["code"] == "one_way"
    assert (await scene.rm.post(at(shown), json={})).status_code == 428
    assert (await scene.rm.get(f"/v1/activities/{shown['id']}")).json() == shown
    assert (await scene.mst.post(at(shown), json={}, headers=matching(shown))).status_code == 403


@pytest.mark.rule("LEAD-2", "CONV-5")
async def test_tasks_of_an_unconverted_lead_wait_for_the_customer(api: Api, session: AsyncSession) -> None:
    scene = await make_scene(api, session)
    todo = action()
    shown = await sent(scene.mst, report_of(unknown_customer=STRANGER, follow_up_actions=[todo]))
    body = {"actions": [{"id": todo["id"], "task": {}}]}
    now = (await scene.rm.post(at(shown), json=body, headers=matching(shown))).json()
    task = (await scene.rm.get(f"/v1/activities/{now['follow_up_actions'][0]['task_id']}")).json()
    assert task["lead"]["id"] == shown["lead"]["id"]
