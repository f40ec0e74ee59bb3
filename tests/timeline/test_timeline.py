"""Timelines: everything about a record in one list, and each item only for those who may see it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.activities.models import Activity, ActivityContact
from app.contacts.models import Departure
from app.core.db import new_id
from app.identity.models import Team, User
from tests.activities.test_activities import make_lead
from tests.conftest import Api
from tests.factories import lead_body, make_account, make_contact, make_opportunity, make_team, make_user

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)


async def make_activity(session: AsyncSession, user: User, type_: str, **values: Any) -> Activity:
    """An activity of this user, as the database keeps it."""
    at = values.pop("at", NOON)
    statuses = {"call": "held", "meeting": "held", "email": "sent", "visit_report": "submitted"}
    own: dict[str, Any] = {"status": statuses.get(type_, "done")}
    own["starts_at" if type_ in statuses else "done_at"] = at
    activity = Activity(
        **(
            {
                "type": type_,
                "subject": f"{type_} {new_id()}",
                "assignee_id": user.id,
                "created_by": user.id,
                "team_ids": [user.default_team_id],
                "participant_ids": [],
            }
            | own
            | values
        )
    )
    session.add(activity)
    await session.commit()
    return activity


async def send(api: Api, sender: User, recipient: User, account_id: UUID) -> None:
    """A message about the account."""
    body = {"recipient_ids": [str(recipient.id)], "subject": "Frage", "body": "Wie geht es weiter?"}
    answer = await (await api.as_user(sender)).post(
        "/v1/messages", json=body | {"record": {"type": "account", "id": str(account_id)}}
    )
    assert answer.status_code == 201, answer.text


async def titles(client: httpx.AsyncClient, path: str, **params: Any) -> list[str]:
    """The titles of all items, read in pages of two."""
    found, cursor = [], None
    while True:
        answer = await client.get(path, params={"limit": 2, **params, **({"cursor": cursor} if cursor else {})})
        assert answer.status_code == 200, answer.text
        found += [item["title"] for item in answer.json()["items"]]
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            return found
        assert 'rel="next"' in answer.headers["Link"]


async def test_an_account_shows_its_own_and_what_belongs_to_it(api: Api, session: AsyncSession) -> None:
    user = await make_user(session, "rm")
    client = await api.as_user(user)
    account = await make_account(session, user)
    contact = await make_contact(session, user, account)
    chance = await make_opportunity(session, user, account)
    elsewhere = await make_account(session, user)
    days = [NOON + timedelta(days=n) for n in range(6)]
    await make_activity(session, user, "call", account_id=account.id, contact_id=contact.id, subject="both", at=days[0])
    await make_activity(session, user, "note", contact_id=contact.id, subject="contact's alone", at=days[1])
    await make_activity(session, user, "task", opportunity_id=chance.id, subject="chance's alone", at=days[2])
    moved = {"contact_id": contact.id, "account_id": elsewhere.id}
    await make_activity(session, user, "email", subject="from before", at=days[3], **moved)
    beside = await make_activity(session, user, "meeting", account_id=elsewhere.id, subject="took part", at=days[4])
    session.add(ActivityContact(activity_id=beside.id, contact_id=contact.id))
    await session.commit()
    await make_activity(session, user, "note", account_id=elsewhere.id, subject="of another one", at=days[5])

    kinds = ["call", "meeting", "task", "note", "email"]
    path = f"/v1/accounts/{account.id}/timeline"
    assert await titles(client, path, kind=kinds) == ["from before", "chance's alone", "contact's alone", "both"]
    ofs = {
        item["title"]: item["record"]["type"]
        for item in (await client.get(path, params={"kind": kinds})).json()["items"]
    }
    assert ofs["both"] == "contact"
    assert ofs["chance's alone"] == "opportunity"
    # Of a contact, also those in which they take part.
    path = f"/v1/contacts/{contact.id}/timeline"
    assert await titles(client, path, kind=kinds) == ["took part", "from before", "contact's alone", "both"]
    assert await titles(client, f"/v1/opportunities/{chance.id}/timeline", kind=kinds) == ["chance's alone"]


async def test_every_kind_of_item_is_there(api: Api, session: AsyncSession) -> None:
    user, other = await make_user(session, "rm"), await make_user(session, "rm")
    client = await api.as_user(user)
    teams = [user.default_team_id, other.default_team_id]
    account = await make_account(session, user, created_by=user.id, team_ids=teams)
    contact = await make_contact(session, user, account)
    await make_activity(session, user, "visit_report", account_id=account.id, description="x" * 300)
    await send(api, other, user, account.id)
    session.add(Departure(contact_id=contact.id, relationship="left", left_on=NOON.date(), was={}, created_by=user.id))
    chance = await make_opportunity(session, user, account, stage_entered_at=datetime.now(UTC) + timedelta(hours=1))
    await client.post(f"/v1/accounts/{account.id}/attachments", params={"filename": "A.pdf"}, content=b"%PDF-1.7")
    due = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    made = await client.post(
        "/v1/follow-ups", json={"record": {"type": "account", "id": str(account.id)}, "note": "Anfragen", "due_at": due}
    )
    assert made.status_code == 201, made.text

    path = f"/v1/accounts/{account.id}/timeline"
    items = (await client.get(path)).json()["items"]
    by_kind: dict[str, list[Any]] = {}
    for item in items:
        by_kind.setdefault(item["kind"], []).append(item)
    assert items == sorted(items, key=lambda item: item["at"], reverse=True)
    assert by_kind["visit_report"][0]["excerpt"] == "x" * 200
    assert by_kind["visit_report"][0]["who"] == {"id": str(user.id), "name": f"{user.first_name} {user.last_name}"}
    assert by_kind["message"][0]["title"] == "Frage"
    assert by_kind["attachment"][0]["size"] == 8
    assert by_kind["follow_up"][0]["status"] == "open"
    assert items[0]["kind"] == "follow_up", "what is to come comes first"
    events = {(item["event"], item["record"]["type"]) for item in by_kind["milestone"]}
    expected = {("created", "account"), ("departed", "contact"), ("created", "opportunity")}
    assert events == expected | {("stage_entered", "opportunity")}
    upcoming = (await client.get(path, params={"upcoming": "true"})).json()["items"]
    assert {item["kind"] for item in upcoming} == {"follow_up", "milestone"}
    past = (await client.get(path, params={"upcoming": "false"})).json()["items"]
    assert len(past) + len(upcoming) == len(items)
    assert {item["kind"] for item in (await client.get(path, params={"kind": "message"})).json()["items"]} == {
        "message"
    }
    assert chance.id


async def test_each_item_is_there_for_those_who_may_see_it(api: Api, session: AsyncSession) -> None:
    team: Team = await make_team(session)
    owner, viewer = await make_user(session, "rm"), await make_user(session, "rm", teams=[team])
    account = await make_account(session, owner, team_ids=[owner.default_team_id, team.id])
    hidden = await make_contact(session, owner, account)
    for n in range(12):
        teams = [owner.default_team_id, team.id] if n % 4 == 0 else [owner.default_team_id]
        day = NOON + timedelta(days=n)
        await make_activity(session, owner, "note", account_id=account.id, subject=str(n), team_ids=teams, at=day)
    # Whose contact is hidden is not told through what hangs on the contact alone.
    await make_activity(session, owner, "note", contact_id=hidden.id, subject="hidden's", team_ids=[team.id])
    await send(api, owner, owner, account.id)
    path = f"/v1/accounts/{account.id}/timeline"
    seen = await titles(await api.as_user(viewer), path, kind=["note", "message"])
    assert seen == ["8", "4", "0"]
    admin = await make_user(session, "admin")
    all_ = await titles(await api.as_user(admin), path, kind=["note", "message"])
    assert len(all_) == 13, "nobody reads others' messages"
    assert (await (await api.as_user(viewer)).get(f"/v1/contacts/{hidden.id}/timeline")).status_code == 404
    assert (await (await api.as_user(viewer)).get(f"/v1/contacts/{hidden.id}/summary")).status_code == 404


async def test_a_page_costs_three_statements_and_cursors_are_bound(
    api: Api, session: AsyncSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = await make_user(session, "rm")
    client = await api.as_user(user)
    account = await make_account(session, user)
    for n in range(3):
        await make_activity(session, user, "note", account_id=account.id, subject=str(n), at=NOON)
    path = f"/v1/accounts/{account.id}/timeline"
    from app.core.context import Context  # noqa: PLC0415  (only here)

    asked: list[str] = []
    fetch = Context.fetch

    async def counted(self: Context, statement: Any, **values: Any) -> Any:
        asked.append(statement.sql)
        return await fetch(self, statement, **values)

    monkeypatch.setattr(Context, "fetch", counted)
    first = (await client.get(path, params={"limit": 1})).json()
    assert len(asked) == 3
    again = await client.get(path, params={"limit": 1, "cursor": first["next_cursor"]})
    assert again.json()["items"][0]["id"] != first["items"][0]["id"]
    wrong = await client.get(path, params={"limit": 1, "kind": "note", "cursor": first["next_cursor"]})
    assert wrong.status_code == 422
    assert (await client.get(path, params={"kinds": "note"})).status_code == 422
    # The same moment thrice: none is lost or told twice.
    assert sorted(await titles(client, path, kind="note")) == ["0", "1", "2"]


async def test_who_may_not_read_some_kinds_gets_the_others(api: Api, session: AsyncSession) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    role = {"key": "clerk", "label_de": "Büro", "label_en": "Clerk", "permissions": ["accounts.read"]}
    assert (await admin.post("/v1/roles", json=role)).status_code == 201
    user = await make_user(session, "clerk")
    account = await make_account(session, user)
    await make_activity(session, user, "note", account_id=account.id)
    client = await api.as_user(user)
    items = (await client.get(f"/v1/accounts/{account.id}/timeline")).json()["items"]
    assert [item["kind"] for item in items] == ["milestone"]
    assert (await client.get(f"/v1/accounts/{account.id}/summary")).status_code == 403
    assert (await client.get(f"/v1/leads/{account.id}/timeline")).status_code == 403


async def test_after_merging_the_winner_has_it_all(api: Api, session: AsyncSession) -> None:
    admin = await make_user(session, "admin")
    client = await api.as_user(admin)
    winner, loser = await make_account(session, admin), await make_account(session, admin)
    await make_activity(session, admin, "note", account_id=loser.id, subject="the loser's")
    ids = [str(winner.id), str(loser.id)]
    body = {"record_type": "account", "record_ids": ids, "winner_id": ids[0], "versions": dict.fromkeys(ids, 1)}
    assert (await client.post("/v1/merges", json=body)).status_code == 201
    moved = await client.get(f"/v1/accounts/{loser.id}/timeline", follow_redirects=True)
    shown = {(item["kind"], item.get("event"), item["title"]) for item in moved.json()["items"]}
    assert shown == {("note", None, "the loser's"), ("milestone", "merged", "1"), ("milestone", "created", None)}


async def test_a_lead_shows_its_own(api: Api, session: AsyncSession) -> None:
    user = await make_user(session, "developer")
    client = await api.as_user(user)
    made = await client.post("/v1/leads", json=lead_body(user.id))
    id_, name = UUID(made.json()["id"]), made.json()["name"]
    await make_activity(session, user, "note", lead_id=id_, subject="Notiz")
    items = (await client.get(f"/v1/leads/{id_}/timeline")).json()["items"]
    assert [(item["kind"], item["record"]["name"]) for item in items] == [("milestone", name), ("note", name)]


@pytest.mark.rule("HIST-1")
async def test_what_belongs_in_several_ways_comes_once(api: Api, session: AsyncSession) -> None:
    user = await make_user(session, "admin")
    client = await api.as_user(user)
    account, elsewhere = await make_account(session, user), await make_account(session, user)
    contact = await make_contact(session, user, account)
    lead = await make_lead(session, user, lean=False, account_id=account.id, contact_id=contact.id)
    chance = await make_opportunity(session, user, account, contact_id=contact.id)
    links = {"lead_id": lead.id, "opportunity_id": chance.id}
    took = await make_activity(session, user, "meeting", lead_id=lead.id, subject="takes part", at=NOON)
    session.add(ActivityContact(activity_id=took.id, contact_id=contact.id))
    later = [NOON + timedelta(days=n) for n in (1, 2, 3)]
    await make_activity(session, user, "note", subject="lead and chance", at=later[0], **links)
    await make_activity(session, user, "note", subject="all", at=later[1], contact_id=contact.id, **links)
    moved = {"account_id": elsewhere.id, "contact_id": contact.id, "lead_id": lead.id}
    await make_activity(session, user, "note", subject="from elsewhere", at=later[2], **moved)
    once = ["from elsewhere", "all", "lead and chance", "takes part"]
    for path in (f"/v1/contacts/{contact.id}", f"/v1/accounts/{account.id}"):
        assert await titles(client, f"{path}/timeline", kind=["meeting", "note"]) == once
        assert await titles(client, f"{path}/summary", kind=["meeting", "note"]) == once
        shown = (await client.get(f"{path}/summary", params={"count": True})).json()
        assert (shown["counts"]["meeting"], shown["counts"]["note"]) == (1, 3) and len(shown["items"]) == 4
