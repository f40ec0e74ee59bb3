"""A customer whom the technician did not find becomes a lead, once; the report is never refused because of them (VISIT-1, LEAD-9)."""

from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.visibility import unscoped
from app.leads.models import Lead
from app.projects.models import VISITS_PROJECT_ID, Project
from tests.conftest import Api
from tests.factories import lead_body, make_user
from tests.visit_reports.scene import STRANGER, Scene, make_scene, report_of, sent
from tests.visit_reports.test_submit import account_now, events, told

pytestmark = pytest.mark.rule("VISIT-1")
ANY = {"If-Match": "*"}


async def reported(scene: Scene, **values: Any) -> dict[str, Any]:
    return await sent(scene.mst, report_of(unknown_customer={**STRANGER, **values}))


async def test_the_customer_becomes_a_lead(api: Api, session: AsyncSession) -> None:
    scene = await make_scene(api, session)
    body = report_of(unknown_customer=STRANGER)
    shown = await sent(scene.mst, body)
    assert shown["unknown_customer"]["outcome"] == "lead" and shown["unknown_customer"]["name"] == STRANGER["name"]
    assert (await sent(scene.mst, body, 200))["lead"] == shown["lead"]
    lead = (await scene.rm.get(f"/v1/leads/{shown['lead']['id']}")).json()
    assert (lead["name"], lead["source"], lead["project_id"]) == (
        STRANGER["name"],
        "visit_report",
        str(VISITS_PROJECT_ID),
    )
    assert (lead["first_name"], lead["last_name"], lead["description"]) == ("Anna", "Berger", STRANGER["note"])
    found = await scene.rm.get("/v1/leads", params={"source": "visit_report", "count": "true"})
    assert found.json()["count"] == 1


async def test_the_same_customer_reported_again_is_the_same_lead(api: Api, session: AsyncSession) -> None:
    scene = await make_scene(api, session)
    first = await reported(scene)
    colleague = await api.as_user(await make_user(session, "mst", teams=[scene.team]))
    again = await sent(colleague, report_of(unknown_customer=STRANGER))
    assert again["unknown_customer"]["outcome"] == "linked" and again["lead"]["id"] == first["lead"]["id"]


@pytest.mark.rule("LOCK-3")
async def test_a_customer_of_somebody_else_makes_no_lead_and_loses_no_report(api: Api, session: AsyncSession) -> None:
    scene = await make_scene(api, session)
    holder = await make_user(session, "developer")
    names = ("name", "street", "postal_code", "city", "country", "phone")
    body = lead_body(holder.id, **{name: STRANGER[name] for name in names if name not in ("street", "phone")})
    body["company"] = STRANGER["name"]
    made = await (await api.as_user(holder)).post("/v1/leads", json=body)
    assert made.status_code == 201, made.text
    shown = await reported(scene)
    assert shown["lead"] is None and shown["unknown_customer"]["outcome"] == "taken"
    review = (await scene.rm.get("/v1/visit-reports/review")).json()["items"]
    assert [one["id"] for one in review] == [shown["id"]]


async def test_where_the_project_asks_for_more_no_lead_is_made(api: Api, session: AsyncSession) -> None:
    """Without a project for visits the default one takes them: one of customer protection asks for the revenue."""
    scene = await make_scene(api, session)
    await session.execute(update(Project).where(Project.id == VISITS_PROJECT_ID).values(active=False))
    await session.commit()
    shown = await reported(scene)
    assert shown["lead"] is None and shown["unknown_customer"]["outcome"] == "incomplete"


@pytest.mark.rule("LEAD-2")
async def test_a_lean_lead_holds_only_what_its_project_asks_for(api: Api, session: AsyncSession) -> None:
    scene = await make_scene(api, session)
    lean = {"lean": True, "required_fields": ["name", "city", "postal_code", "country", "status"]}
    await session.execute(update(Project).where(Project.id == VISITS_PROJECT_ID).values(lean))
    await session.commit()
    shown = await reported(scene)
    assert shown["unknown_customer"]["outcome"] == "lead"
    lead = (await scene.rm.get(f"/v1/leads/{shown['lead']['id']}")).json()
    assert lead["description"] is None and lead["phone"] is None and lead["city"] == "Linz"


@pytest.mark.rule("LEAD-2")
async def test_a_lead_of_a_lean_project_gets_no_reports(api: Api, session: AsyncSession) -> None:
    scene = await make_scene(api, session)
    first = await reported(scene)
    await session.execute(update(Project).where(Project.id == VISITS_PROJECT_ID).values(lean=True))
    await session.commit()
    again = await reported(scene)
    assert first["unknown_customer"]["outcome"] == "lead"
    assert again["lead"] is None and again["unknown_customer"]["outcome"] == "known"


async def test_who_may_make_no_leads_still_reports(api: Api, session: AsyncSession) -> None:
    scene = await make_scene(api, session)
    manager = await api.as_user(scene.manager)
    shown = await sent(manager, report_of(unknown_customer=STRANGER))
    assert shown["lead"] is None and shown["unknown_customer"]["outcome"] == "not_allowed"


async def test_a_known_and_an_unknown_customer_do_not_go_together(api: Api, session: AsyncSession) -> None:
    scene = await make_scene(api, session)
    both = report_of(scene.account.id, unknown_customer=STRANGER)
    answer = await scene.mst.post("/v1/activities", json=both)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "known_or_unknown")


@pytest.mark.rule("VISIT-3", "CONV-1")
async def test_when_the_lead_is_converted_the_visit_counts_for_the_customer(api: Api, session: AsyncSession) -> None:
    scene = await make_scene(api, session)
    shown = await sent(scene.mst, report_of(unknown_customer=STRANGER, cross_sell=True))
    assert len(await told(session)) == 1
    body = {
        "outcome": "create",
        "account": {"level": "B", "industry": "Maschinenbau", "legal_form": "GmbH", "segment": "local"},
        "activity": {"type": "task", "subject": "Willkommen"},
    }
    answer = await scene.rm.post(f"/v1/leads/{shown['lead']['id']}/conversion", json=body)
    assert answer.status_code in (200, 201), answer.text
    now = (await scene.rm.get(f"/v1/activities/{shown['id']}")).json()
    assert now["account"] is not None and now["lead"]["id"] == shown["lead"]["id"]
    (event,) = await events(session)
    assert str(event.account_id) == now["account"]["id"] and str(event.activity_id) == shown["id"]
    account = (await scene.rm.get(f"/v1/accounts/{now['account']['id']}")).json()
    assert account["last_visit_on"] == event.visited_on.isoformat()
    assert len(await told(session)) == 1


async def test_a_lead_that_is_deleted_leaves_the_report(api: Api, session: AsyncSession) -> None:
    scene = await make_scene(api, session)
    shown = await reported(scene)
    removed = await scene.rm.delete(f"/v1/leads/{shown['lead']['id']}")
    assert removed.status_code == 204, removed.text
    now = (await scene.rm.get(f"/v1/activities/{shown['id']}")).json()
    assert now["lead"] is None and now["unknown_customer"]["name"] == STRANGER["name"]
    count = await session.execute(unscoped(Lead.__table__.select(), reason="none is left"))
    assert count.all() == []
    assert (await account_now(session, scene.account)).last_visit_on is None
