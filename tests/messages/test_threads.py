"""Answers, threads and mentions (MSG-1)."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.visibility import unscoped
from app.identity.models import User
from app.notifications.mentions import mentioned
from app.notifications.models import Notification
from tests.conftest import Api
from tests.factories import make_account, make_team, make_user
from tests.messages.test_messages import a_lead

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def send(client: httpx.AsyncClient, status: int = 201, **body: Any) -> dict[str, Any]:
    answer = await client.post("/v1/messages", json={"body": "Text", **body})
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def threads(client: httpx.AsyncClient, **params: str) -> list[dict[str, Any]]:
    answer = await client.get("/v1/messages/threads", params=params)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def told(session: AsyncSession, kind: str) -> list[tuple[UUID, str]]:
    statement = select(Notification.user_id, Notification.texts).where(Notification.kind == kind)
    rows = await session.execute(unscoped(statement.order_by(Notification.id), reason="a test looks at all"))
    return [(row[0], row[1]["de"]["body"]) for row in rows]


@pytest.mark.rule("MSG-1")
async def test_an_answer_goes_to_all_who_take_part_and_each_sees_their_part_of_the_thread(
    api: Api, session: AsyncSession
) -> None:
    eva, otto, ida, gone = [await make_user(session) for _ in range(4)]
    lead = await a_lead(session, eva, "all")
    as_eva, as_otto, as_ida = [await api.as_user(user) for user in (eva, otto, ida)]
    record = {"type": "lead", "id": str(lead)}
    people = [str(user.id) for user in (otto, ida, gone)]
    first = await send(as_eva, recipient_ids=people, subject="Rückfrage", record=record)
    assert first["id"] == first["id"] and first["reply_to_id"] is None
    gone.active = False
    session.add(gone)
    await session.commit()
    answer = await send(as_otto, reply_to_id=first["id"], body="Ja")
    assert answer["thread_id"] == first["id"] and answer["reply_to_id"] == first["id"]
    assert answer["subject"] == "Rückfrage" and answer["record"] == record
    assert {person["id"] for person in answer["recipients"]} == {str(eva.id), str(ida.id)}
    aside = await send(as_ida, reply_to_id=answer["id"], recipient_ids=[str(eva.id)], subject="Nur für dich")
    assert aside["thread_id"] == first["id"]
    await send(as_eva, recipient_ids=[str(otto.id)], subject="Anderes")

    (newest, thread) = await threads(as_eva)
    assert newest["last_message"]["subject"] == "Anderes" and newest["unread_count"] == 0
    assert thread["id"] == first["id"] and thread["record"] == record
    assert thread["message_count"] == 3 and thread["unread_count"] == 2
    assert thread["last_message"]["id"] == aside["id"] and thread["last_message"]["excerpt"] == "Text"
    (_, seen_by_otto) = await threads(as_otto)
    assert seen_by_otto["last_message"]["id"] == answer["id"], "what was said aside is not Otto's"
    assert seen_by_otto["message_count"] == 2 and seen_by_otto["unread_count"] == 1
    assert [t["id"] for t in await threads(as_eva, unread="true")] == [first["id"]]
    assert [t["id"] for t in await threads(as_eva, record_id=str(lead))] == [first["id"]]
    page = await as_eva.get("/v1/messages/threads", params={"limit": 1})
    rest = await threads(as_eva, limit="1", cursor=page.json()["next_cursor"])
    assert [t["id"] for t in rest] == [first["id"]]

    async def listed(client: httpx.AsyncClient, **params: str) -> list[str]:
        items = (await client.get("/v1/messages", params=params)).json()["items"]
        return [item["id"] for item in items]

    assert await listed(as_eva, thread_id=first["id"]) == [aside["id"], answer["id"], first["id"]]
    assert await listed(as_otto, thread_id=first["id"]) == [answer["id"], first["id"]]
    assert await listed(as_eva, thread_id=first["id"], box="inbox") == [aside["id"], answer["id"]]
    assert await listed(as_eva, thread_id=first["id"], unread="true", box="all") == [aside["id"], answer["id"]]
    assert len(await listed(as_eva, box="all")) == 4
    stranger = await api.as_user(await make_user(session, "admin"))
    assert await threads(stranger) == [] and await listed(stranger, thread_id=first["id"]) == []


@pytest.mark.rule("MSG-1")
async def test_only_what_one_sent_or_received_can_be_answered(api: Api, session: AsyncSession) -> None:
    eva, otto, ida = [await make_user(session) for _ in range(3)]
    lead = await a_lead(session, eva, "all")
    as_eva, as_ida = await api.as_user(eva), await api.as_user(ida)
    first = await send(as_eva, recipient_ids=[str(otto.id)], subject="Unter uns")
    for client, body, pointer in (
        (as_ida, {"reply_to_id": first["id"]}, "/reply_to_id"),
        (as_ida, {"reply_to_id": first["id"], "recipient_ids": [str(eva.id)]}, "/reply_to_id"),
        (as_eva, {"reply_to_id": str(uuid4())}, "/reply_to_id"),
        (as_eva, {"reply_to_id": first["id"], "record": {"type": "lead", "id": str(lead)}}, "/record"),
        (as_eva, {"recipient_ids": [str(otto.id)]}, "/subject"),
    ):
        answer = await send(client, 422, **body)
        assert [error["pointer"] for error in answer["errors"]] == [pointer], (body, answer)


async def test_mentions_are_found_where_they_are_meant() -> None:
    text = "@eva.muster, bitte. (@Otto.Huber-Klein) x@y.com @@z @evä @ida.wolf. @eva.muster @nobody@else"
    assert mentioned(text) == ["eva.muster", "otto.huber-klein", "ida.wolf"]
    assert len(mentioned(" ".join(f"@a{i}" for i in range(50)))) == 20


def names(*users: User) -> str:
    return " ".join(f"@{user.user_name}" for user in users)


@pytest.mark.rule("MSG-1")
async def test_who_is_mentioned_in_a_note_and_sees_it_is_told_once_and_others_are_not(
    api: Api, session: AsyncSession
) -> None:
    team = await make_team(session)
    eva, mate, second = [await make_user(session, teams=[team]) for _ in range(3)]
    outsider, admin, gone = [
        await make_user(session),
        await make_user(session, "admin"),
        await make_user(session, teams=[team], active=False),
    ]
    account = await make_account(session, eva, team_ids=[team.id])
    client = await api.as_user(eva)
    everybody = names(mate, outsider, admin, gone, eva)
    text = f"Bitte ansehen: {everybody} @no.such"
    made = await client.post(
        "/v1/activities", json={"type": "note", "description": text, "account_id": str(account.id)}
    )
    assert made.status_code == 201, made.text
    found = await told(session, "mentioned")
    assert {user for user, _ in found} == {mate.id, admin.id}
    assert f"in einer Notiz erwähnt.\n\n{text}" in found[0][1]
    url, version = made.headers["Location"], {"If-Match": made.headers["ETag"]}
    changed = await client.patch(url, json={"description": f"{text} @{second.user_name}"}, headers=version)
    assert changed.status_code == 200, changed.text
    again = await told(session, "mentioned")
    assert [user for user, _ in again[2:]] == [second.id], "each person once for each note"


@pytest.mark.rule("MSG-1")
async def test_who_is_mentioned_in_a_message_sees_that_and_not_what_it_says(api: Api, session: AsyncSession) -> None:
    eva, otto, ida, outsider = [await make_user(session) for _ in range(4)]
    open_lead, hidden = await a_lead(session, eva, "all"), await a_lead(session, eva, "team")
    client = await api.as_user(eva)
    text = names(otto, ida)
    to = {"recipient_ids": [str(otto.id)], "subject": "Geheim", "body": f"Vertraulich {text}"}
    await send(client, **to, record={"type": "lead", "id": str(open_lead)})
    ((user, body),) = await told(session, "mentioned")
    assert user == ida.id and body.endswith("in einer Nachricht zu diesem Datensatz erwähnt.\n\n–")
    assert "Vertraulich" not in body
    await send(client, **to, record={"type": "lead", "id": str(hidden)})
    await send(client, **to)
    assert len(await told(session, "mentioned")) == 1, "nobody is told of what they do not see"
    assert outsider.id not in {user for user, _ in await told(session, "mentioned")}
