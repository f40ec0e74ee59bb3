"""A submitted report is amended, never overwritten (VISIT-1); links that lack are added later (VISIT-3)."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.contacts.models import AccountContact
from app.core.db import new_id
from tests.conftest import Api
from tests.factories import make_account, make_contact, make_team, make_user
from tests.visit_reports.scene import action, make_scene, report_of, sent
from tests.visit_reports.test_submit import account_now, events, told

ANY = {"If-Match": "*"}


def url(shown: dict[str, Any], tail: str = "") -> str:
    return f"/v1/activities/{shown['id']}{tail}"


@pytest.mark.rule("VISIT-1")
async def test_what_was_submitted_is_not_overwritten(api: Api, session: AsyncSession) -> None:
    scene = await make_scene(api, session)
    shown = await sent(scene.mst, report_of(scene.account.id))
    for patch in ({"subject": "Anders"}, {"description": "Anders"}, {"visited_at": "2026-11-01T10:00:00Z"}):
        for client in (scene.mst, scene.rm):
            answer = await client.patch(url(shown), json=patch, headers=ANY)
            assert (answer.status_code, answer.json()["code"]) == (409, "amend_instead")
            assert "/amendments" in answer.json()["detail"]
    answer = await scene.mst.patch(url(shown), json={"assignee_id": str(scene.reviewer.id)}, headers=ANY)
    assert answer.status_code == 422
    assert (await scene.mst.get(url(shown))).json() == shown


@pytest.mark.rule("VISIT-1")
async def test_amendments_stand_beside_the_report_in_order(api: Api, session: AsyncSession) -> None:
    scene = await make_scene(api, session)
    shown = await sent(scene.mst, report_of(scene.account.id))
    first = {"id": str(new_id()), "text": "Er heißt Berger."}
    answer = await scene.mst.post(url(shown, "/amendments"), json=first)
    assert answer.status_code == 201, answer.text
    assert answer.json()["version"] > shown["version"]
    again = await scene.mst.post(url(shown, "/amendments"), json=first)
    assert (again.status_code, again.json()) == (200, answer.json())
    taken = await scene.mst.post(url(shown, "/amendments"), json={**first, "text": "Doch Bergmann."})
    assert taken.status_code == 409
    more = {"text": "Und zwei Stapler.", "follow_up_actions": [action("Stapler anbieten")]}
    answer = await scene.rm.post(url(shown, "/amendments"), json=more)
    now = answer.json()
    assert [(a["text"], a["created_by"]["id"]) for a in now["amendments"]] == [
        ("Er heißt Berger.", str(scene.technician.id)),
        ("Und zwei Stapler.", str(scene.reviewer.id)),
    ]
    assert now["description"] == shown["description"] and [a["text"] for a in now["follow_up_actions"]] == [
        "Stapler anbieten"
    ]
    history = (await scene.rm.get(url(shown, "/history"))).json()["items"]
    assert any("Berger" in str(item) for item in history)


@pytest.mark.rule("VISIT-1")
async def test_only_the_author_and_reviewers_amend(api: Api, session: AsyncSession) -> None:
    scene = await make_scene(api, session)
    shown = await sent(scene.mst, report_of(scene.account.id))
    ks = await api.as_user(await make_user(session, "ks", teams=[scene.team]))
    other = await api.as_user(await make_user(session, "mst", teams=[scene.team]))
    stranger = await api.as_user(await make_user(session, "rm", teams=[await make_team(session)]))
    for client, status in ((ks, 403), (other, 403), (stranger, 404)):
        assert (await client.post(url(shown, "/amendments"), json={"text": "x"})).status_code == status
        assert (await client.patch(url(shown), json={"contact_id": str(new_id())}, headers=ANY)).status_code == status
    task = {"type": "task", "subject": "x", "account_id": str(scene.account.id)}
    made = (await scene.rm.post("/v1/activities", json=task)).json()
    assert (await scene.rm.post(url(made, "/amendments"), json={"text": "x"})).status_code == 404


@pytest.mark.rule("VISIT-2")
async def test_cross_sell_that_is_amended_tells_once(api: Api, session: AsyncSession) -> None:
    scene = await make_scene(api, session)
    shown = await sent(scene.mst, report_of(scene.account.id))
    for text in ("Auch Schläuche", "Viele Schläuche"):
        body = {"text": text, "cross_sell": True, "cross_sell_note": text}
        assert (await scene.mst.post(url(shown, "/amendments"), json=body)).status_code == 201
    assert len(await told(session)) == 1
    now = (await scene.mst.get(url(shown))).json()
    assert now["cross_sell"] and now["cross_sell_note"] == "Auch Schläuche\n\nViele Schläuche"


@pytest.mark.rule("VISIT-3")
async def test_a_visit_that_was_on_another_day_corrects_the_date(api: Api, session: AsyncSession) -> None:
    scene = await make_scene(api, session)
    await sent(scene.mst, report_of(scene.account.id, visited_at="2026-11-02T10:00:00+01:00"))
    shown = await sent(scene.mst, report_of(scene.account.id, visited_at="2026-11-12T10:00:00+01:00"))
    right = {"text": "Falscher Tag", "visited_at": "2026-11-03T10:00:00+01:00"}
    answer = await scene.mst.post(url(shown, "/amendments"), json=right)
    amendment = answer.json()["amendments"][0]
    assert answer.json()["visited_at"] == amendment["visited_at"]
    assert amendment["visited_at_before"] == shown["visited_at"]
    assert (await account_now(session, scene.account)).last_visit_on == date(2026, 11, 3)
    told_erp = [(event.kind, event.visited_on) for event in await events(session)]
    assert sorted(told_erp) == [
        ("visit_report_corrected", date(2026, 11, 3)),
        ("visit_report_submitted", date(2026, 11, 2)),
        ("visit_report_submitted", date(2026, 11, 12)),
    ]


@pytest.mark.rule("VISIT-1", "VISIT-2", "VISIT-3")
async def test_an_account_that_is_linked_later_gets_the_effects_once(api: Api, session: AsyncSession) -> None:
    scene = await make_scene(api, session, visit_priority=True)
    contact = await make_contact(session, scene.reviewer, scene.account, team_ids=[scene.team.id])
    shown = await sent(scene.mst, report_of(cross_sell=True))
    assert len(await told(session)) == 1 and await events(session) == []
    foreign = await make_account(session, await make_user(session))
    hidden = await scene.mst.patch(url(shown), json={"account_id": str(foreign.id)}, headers=ANY)
    assert hidden.json()["errors"][0]["code"] == "unknown_record"
    linked = await scene.mst.patch(url(shown), json={"contact_id": str(contact.id)}, headers=ANY)
    assert linked.status_code == 200, linked.text
    assert linked.json()["account"]["id"] == str(scene.account.id)
    assert linked.json()["team_ids"] == [str(scene.team.id)]
    assert len(await events(session)) == 1 and len(await told(session)) == 1
    assert (await account_now(session, scene.account)).visit_priority is False
    other = await make_account(session, scene.reviewer, team_ids=[scene.team.id])
    again = await scene.rm.patch(url(shown), json={"account_id": str(other.id)}, headers=ANY)
    assert again.json()["errors"][0]["code"] == "already_linked"


@pytest.mark.rule("VISIT-1")
async def test_reports_are_kept(api: Api, session: AsyncSession) -> None:
    scene = await make_scene(api, session)
    shown = await sent(scene.mst, report_of(scene.account.id))
    for client in (scene.mst, scene.rm, await api.as_user(scene.manager)):
        assert (await client.delete(url(shown))).status_code == 403
    admin = await api.as_user(await make_user(session, "admin"))
    assert (await admin.delete(url(shown))).status_code == 204


@pytest.mark.rule("VISIT-1")
async def test_the_technician_adds_photos_to_their_own_report_only(api: Api, session: AsyncSession) -> None:
    scene = await make_scene(api, session)
    shown = await sent(scene.mst, report_of(scene.account.id))
    photo = {"filename": "Halle.jpg", "id": str(new_id())}
    for status in (201, 200):
        answer = await scene.mst.post(url(shown, "/attachments"), params=photo, content=b"\xff\xd8\xff\xe0photo")
        assert answer.status_code == status, answer.text
    assert len((await scene.rm.get(url(shown, "/attachments"))).json()["items"]) == 1
    other = await api.as_user(await make_user(session, "mst", teams=[scene.team]))
    task = {"type": "task", "subject": "x", "account_id": str(scene.account.id)}
    made = (await scene.rm.post("/v1/activities", json=task)).json()
    for client, record in ((other, shown), (scene.mst, made)):
        answer = await client.post(url(record, "/attachments"), params={"filename": "x.txt"}, content=b"x")
        assert answer.status_code == 403, answer.text


@pytest.mark.rule("VISIT-3")
async def test_account_and_contact_fit_when_one_is_linked_later(api: Api, session: AsyncSession) -> None:
    scene = await make_scene(api, session)
    other = await make_account(session, scene.reviewer, team_ids=[scene.team.id])
    moved, both = [await make_contact(session, scene.reviewer, team_ids=[scene.team.id]) for _ in range(2)]
    reports = [await sent(scene.mst, report_of(contact_id=str(one.id))) for one in (moved, both)]
    for one in (moved, both):
        answer = await scene.rm.patch(f"/v1/contacts/{one.id}", json={"account_id": str(other.id)}, headers=ANY)
        assert answer.status_code == 200, answer.text
    session.add(AccountContact(account_id=scene.account.id, contact_id=both.id, relation="owner"))
    await session.commit()
    to = {"account_id": str(scene.account.id)}
    answer = await scene.rm.patch(url(reports[0]), json=to, headers=ANY)
    assert answer.status_code == 422, answer.text
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [("/account_id", "of_another_account")]
    answer = await scene.rm.patch(url(reports[1]), json=to, headers=ANY)
    assert answer.status_code == 200, answer.text
    shown = await sent(scene.mst, report_of(scene.account.id))
    assert (await scene.rm.patch(url(shown), json={"contact_id": str(moved.id)}, headers=ANY)).status_code == 422
    answer = await scene.rm.patch(url(shown), json={"contact_id": str(both.id)}, headers=ANY)
    assert answer.status_code == 200 and answer.json()["account"]["id"] == to["account_id"]
