"""Notes and tasks over HTTP, and the follow-on activity of a conversion."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.activities.models import Activity
from app.activities.service import create_follow_on
from app.core.visibility import unscoped
from app.leads.models import Lead
from app.notifications.models import Notification
from app.projects.models import PROTECTION_PROJECT_ID, Project, ProjectStatus
from tests.conftest import Api, Contexts, OneConnection
from tests.factories import make_account, make_contact, make_opportunity, make_team, make_user

ANY = {"If-Match": "*"}
NOBODY = "019abcde-0000-7000-8000-000000000bad"


async def make_lead(session: AsyncSession, assignee: Any, *, lean: bool = True, **values: Any) -> Lead:
    """A lead of the protection project, or of one that is not lean; everybody sees it."""
    project_id = PROTECTION_PROJECT_ID
    if not lean:
        project = Project(
            key="fair",
            name="Messe",
            required_fields=[],
            lean=False,
            visibility="all",
            lock_enabled=False,
            lock_months=6,
            lock_steps=[],
            lock_starts="last_step",
        )
        session.add(project)
        await session.flush()
        session.add(
            ProjectStatus(project_id=project.id, key="new", position=1, category="open", label_de="Neu", label_en="New")
        )
        await session.flush()
        project_id = project.id
    lead = Lead(
        **(
            {
                "project_id": project_id,
                "status": "new",
                "visibility": "all",
                "assignee_id": assignee.id,
                "team_ids": [assignee.default_team_id],
                "name": "Kranz GmbH",
            }
            | values
        )
    )
    session.add(lead)
    await session.commit()
    return lead


async def told(session: AsyncSession, user_id: Any) -> list[str]:
    """The kinds of the user's notifications."""
    statement = select(Notification.kind).where(Notification.user_id == user_id)
    return list((await session.execute(unscoped(statement, reason="the test looks at every inbox"))).scalars())


@pytest.mark.rule("LEAD-2")
@pytest.mark.parametrize("body", [{"type": "note", "description": "x"}, {"type": "task", "subject": "x"}])
async def test_a_lean_lead_takes_nothing_convert_first(api: Api, session: AsyncSession, body: dict[str, str]) -> None:
    user = await make_user(session)
    lead = await make_lead(session, user)
    client = await api.as_user(user)
    refused = await client.post("/v1/activities", json=body | {"lead_id": str(lead.id)})
    assert refused.status_code == 409 and refused.json()["code"] == "convert_first"
    assert "Convert" in refused.json()["detail"]
    account = await make_account(session, user)
    beside = await client.post("/v1/activities", json=body | {"lead_id": str(lead.id), "account_id": str(account.id)})
    assert beside.status_code == 409, "not together with another record either"
    statement = unscoped(select(Activity.id).where(Activity.lead_id == lead.id), reason="the test looks at all")
    assert (await session.execute(statement)).first() is None


@pytest.mark.rule("LEAD-6")
async def test_other_projects_leads_take_notes_while_they_are_open(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    lead = await make_lead(session, user, lean=False)
    client = await api.as_user(user)
    note = {"type": "note", "description": "Ruft zurück", "lead_id": str(lead.id)}
    made = await client.post("/v1/activities", json=note)
    assert made.status_code == 201, made.text
    assert made.json()["lead"] == {"id": str(lead.id), "name": "Kranz GmbH"}
    lead.phase = "discarded"
    await session.commit()
    closed = await client.post("/v1/activities", json=note)
    assert closed.status_code == 409 and closed.json()["code"] == "lead_closed"


@pytest.mark.rule("ACT-1")
async def test_a_note_belongs_to_its_record_s_teams(api: Api, session: AsyncSession) -> None:
    team = await make_team(session)
    author, mate, stranger = await make_user(session), await make_user(session, teams=[team]), await make_user(session)
    account = await make_account(session, author, team_ids=[team.id])
    contact = await make_contact(session, author, account, team_ids=[team.id])
    client = await api.as_user(author)
    made = await client.post(
        "/v1/activities", json={"type": "note", "description": "Lange " * 30, "contact_id": str(contact.id)}
    )
    assert made.status_code == 201, made.text
    note, url = made.json(), made.headers["Location"]
    assert note["team_ids"] == [str(team.id)]
    assert note["account"]["id"] == str(account.id), "the person's account is linked with it"
    assert note["subject"].startswith("Lange Lange") and len(note["subject"]) <= 80
    assert (note["status"], note["assignee"], note["created_by"]["id"]) == ("done", None, str(author.id))
    assert (await (await api.as_user(mate)).get(url)).status_code == 200
    for path in (url, "/v1/activities"):
        seen = await (await api.as_user(stranger)).get(path)
        assert seen.status_code == 404 if path == url else seen.json()["items"] == []
    patched = await client.patch(url, json={"status": "open", "due_at": None}, headers=ANY)
    assert {e["pointer"]: e["code"] for e in patched.json()["errors"]} == dict.fromkeys(
        ["/status", "/due_at"], "not_of_this_type"
    )


@pytest.mark.rule("LEAD-12")
@pytest.mark.rule("TASK-1")
async def test_whoever_gets_a_task_is_told_and_completes_it(api: Api, session: AsyncSession) -> None:
    author, technician, other = await make_user(session), await make_user(session, "mst"), await make_user(session)
    account = await make_account(session, author)
    client, theirs = await api.as_user(author), await api.as_user(technician)
    body = {
        "type": "task",
        "subject": "Angebot bringen",
        "due_at": "2026-12-01T09:00:00+01:00",
        "assignee_id": str(technician.id),
        "account_id": str(account.id),
    }
    made = await client.post("/v1/activities", json=body)
    assert made.status_code == 201, made.text
    url = made.headers["Location"]
    assert made.json()["status"] == "open" and made.json()["due_at"].startswith("2026-12-01T08:00:00")
    assert await told(session, technician.id) == ["task_assigned"] and await told(session, author.id) == []

    assert (await theirs.patch(url, json={"subject": "x"}, headers=ANY)).status_code == 403
    done = await theirs.patch(url, json={"status": "done"}, headers={"If-Match": made.headers["ETag"]})
    assert done.status_code == 200, done.text
    assert done.json()["status"] == "done" and done.json()["done_at"] is not None
    again = await client.patch(url, json={"status": "open"}, headers=ANY)
    assert again.json()["done_at"] is None
    handed = await client.patch(url, json={"assignee_id": str(other.id)}, headers=ANY)
    assert handed.status_code == 200 and await told(session, other.id) == ["task_assigned"]
    assert (await theirs.get(url)).status_code == 404
    assert (await theirs.patch(url, json={"status": "done"}, headers=ANY)).status_code == 404
    mine = await client.post("/v1/activities", json=body | {"assignee_id": None})
    assert mine.json()["assignee"]["id"] == str(author.id)
    assert (await theirs.post("/v1/activities", json=body)).status_code == 403


async def test_wrong_input_is_told_field_by_field(api: Api, session: AsyncSession) -> None:
    user, other = await make_user(session), await make_user(session)
    hidden = await make_account(session, other)
    client = await api.as_user(user)

    async def errors(**body: Any) -> dict[str, str]:
        answer = await client.post("/v1/activities", json=body)
        assert answer.status_code == 422, answer.text
        return {e["pointer"]: e["code"] for e in answer.json()["errors"]}

    assert await errors() == {"": "union_tag_not_found"}
    assert await errors(type="fax") == {"": "union_tag_invalid"}
    assert await errors(type="task") == {"/subject": "missing"}
    assert await errors(type="note", due_at="2026-12-01T09:00:00Z") == {
        "/description": "missing",
        "/due_at": "extra_forbidden",
    }
    assert await errors(type="task", subject="x", due_at="morgen", account_id="x") == {
        "/due_at": "datetime_parsing",
        "/account_id": "uuid_parsing",
    }
    assert await errors(type="note", description="x") == {"": "about_nothing"}
    assert await errors(
        type="task",
        subject="x",
        account_id=str(hidden.id),
        contact_id=NOBODY,
        lead_id=NOBODY,
        opportunity_id=NOBODY,
        assignee_id=NOBODY,
    ) == dict.fromkeys(["/account_id", "/contact_id", "/lead_id", "/opportunity_id"], "unknown_record") | {
        "/assignee_id": "unknown_user"
    }
    one, two = await make_account(session, user), await make_account(session, user)
    of_two = await make_opportunity(session, user, two)
    assert await errors(type="note", description="x", account_id=str(one.id), opportunity_id=str(of_two.id)) == {
        "/opportunity_id": "of_another_account"
    }


async def test_lists_answer_my_open_tasks_and_tasks_i_created(
    api: Api, session: AsyncSession, one_connection: OneConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, mate = await make_user(session), await make_user(session)
    account = await make_account(session, user)
    opportunity = await make_opportunity(session, user, account)
    client = await api.as_user(user)

    async def make(**body: Any) -> str:
        answer = await client.post("/v1/activities", json={"account_id": str(account.id), **body})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    late = await make(type="task", subject="Später", due_at="2027-01-02T00:00:00Z")
    soon = await make(type="task", subject="Bald", due_at="2027-01-01T00:00:00Z", opportunity_id=str(opportunity.id))
    some_day = await make(type="task", subject="Irgendwann")
    theirs = await make(type="task", subject="Deine", assignee_id=str(mate.id))
    note = await make(type="note", description="Notiz")
    asked: list[str] = []
    fetch = one_connection.fetch

    async def counting(sql: str, *args: object) -> Any:
        asked.append(sql)
        return await fetch(sql, *args)

    monkeypatch.setattr(one_connection, "fetch", counting)

    async def ids(**params: Any) -> list[str]:
        asked.clear()
        answer = await client.get("/v1/activities", params=params)
        assert answer.status_code == 200, answer.text
        assert len([sql for sql in asked if "device_sessions" not in sql]) == 1
        return [item["id"] for item in answer.json()["items"]]

    open_tasks = {"type": "task", "status": "open", "assignee_id": str(user.id)}
    assert await ids(**open_tasks, sort="due_at") == [soon, late, some_day]
    assert set(await ids(type="task", created_by=str(user.id))) == {late, soon, some_day, theirs}
    assert await ids(type="note") == [note]
    assert await ids(due_after="2027-01-01T00:00:00Z", due_before="2027-01-02T00:00:00Z") == [soon]
    assert await ids(opportunity_id=str(opportunity.id)) == [soon]
    assert len(await ids(account_id=str(account.id))) == 5
    assert await ids(q="SPATER") == [late]
    page = (await client.get("/v1/activities", params={**open_tasks, "sort": "due_at", "limit": 2})).json()
    assert await ids(**open_tasks, sort="due_at", limit=2, cursor=page["next_cursor"]) == [some_day]


@pytest.mark.rule("CONV-2")
async def test_the_follow_on_activity_is_filled_from_the_customer(
    api: Api, session: AsyncSession, contexts: Contexts
) -> None:
    owner, colleague = await make_user(session), await make_user(session)
    account = await make_account(
        session, owner, name="Kranz GmbH", street="Weg 1", postal_code="4020", phone="0732 1", email="a@kranz.at"
    )
    contact = await make_contact(session, owner, account, first_name="Eva", last_name="Kranz", phone="0664 2")
    due = datetime(2027, 1, 1, 9, tzinfo=UTC)
    async with contexts.of() as ctx:
        made = await create_follow_on(
            ctx,
            type="task",
            subject="Nachfassen",
            account=account,
            contact=contact,
            assignee_id=colleague.id,
            due_at=due,
            description=None,
        )
        bare = await create_follow_on(
            ctx,
            type="note",
            subject="Notiz",
            account=account,
            contact=None,
            assignee_id=colleague.id,
            due_at=due,
            description="x",
        )
    client = await api.as_user(colleague)
    task = (await client.get(f"/v1/activities/{made.id}")).json()
    assert task["account"]["id"] == str(account.id) and task["contact"] == {"id": str(contact.id), "name": "Eva Kranz"}
    assert task["customer"] == {
        "name": "Kranz GmbH",
        "contact": "Eva Kranz",
        "street": "Weg 1",
        "postal_code": "4020",
        "city": "Linz",
        "country": "AT",
        "phone": "0664 2",
        "email": "a@kranz.at",
    }
    assert task["status"] == "open" and task["assignee"]["id"] == str(colleague.id)
    assert await told(session, colleague.id) == ["task_assigned"]
    note = (await (await api.as_user(owner)).get(f"/v1/activities/{bare.id}")).json()
    assert (note["status"], note["assignee"]) == ("done", None) and "due_at" not in note
    assert note["customer"]["contact"] is None and note["customer"]["phone"] == "0732 1"


async def test_delete_and_the_same_request_again(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    account = await make_account(session, user)
    client = await api.as_user(user)
    body = {
        "id": "019abcde-0000-7000-8000-0000000ac701",
        "type": "note",
        "description": "x",
        "account_id": str(account.id),
    }
    first, again = await client.post("/v1/activities", json=body), await client.post("/v1/activities", json=body)
    assert (first.status_code, again.status_code) == (201, 200) and first.json() == again.json()
    other = await client.post("/v1/activities", json=body | {"description": "y"})
    assert other.status_code == 409 and other.json()["code"] == "id_taken"
    url = first.headers["Location"]
    assert (await client.delete(url)).status_code == 204
    assert (await client.get(url)).status_code == 404
