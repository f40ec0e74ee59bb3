"""Messages between users (MSG-1)."""

from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.visibility import unscoped
from app.identity.models import Role, User
from app.leads.models import Lead
from app.messages import service
from app.messages.models import Message, MessageRecipient
from app.notifications.models import Notification
from app.projects.models import PROTECTION_PROJECT_ID
from tests.conftest import Api, Contexts
from tests.factories import make_user
from tests.notifications.test_notify import principal

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def a_lead(session: AsyncSession, owner: User, visibility: str) -> UUID:
    lead = Lead(
        project_id=PROTECTION_PROJECT_ID, status="new", name="Huber GmbH", visibility=visibility, created_by=owner.id
    )
    session.add(lead)
    await session.commit()
    return lead.id


async def inbox(client: AsyncClient, **params: str) -> list[str]:
    answer = await client.get("/v1/messages", params=params)
    assert answer.status_code == 200, answer.text
    return [item["subject"] for item in answer.json()["items"]]


@pytest.mark.rule("MSG-1")
async def test_a_message_about_a_record_reaches_users_and_role_holders(api: Api, session: AsyncSession) -> None:
    eva, otto = await make_user(session), await make_user(session)
    support, gone = await make_user(session, "ks"), await make_user(session, "ks", active=False)
    lead = await a_lead(session, eva, "all")
    client = await api.as_user(eva)
    body = {
        "recipient_ids": [str(otto.id)],
        "role_keys": ["ks"],
        "subject": "Rückfrage",
        "body": "Erste Zeile\nzweite Zeile",
        "record": {"type": "lead", "id": str(lead)},
    }
    sent = await client.post("/v1/messages", json=body)
    assert sent.status_code == 201, sent.text
    message = sent.json()
    assert {r["id"] for r in message["recipients"]} == {str(otto.id), str(support.id)} and str(gone.id) not in sent.text
    assert message["sender"]["id"] == str(eva.id) and message["record"] == body["record"]
    assert message["read_at"] is None and message["kind"] == "text"
    assert await inbox(client) == [] and await inbox(client, box="sent") == ["Rückfrage"]

    reader = await api.as_user(support)
    assert await inbox(reader, unread="true", record_type="lead", record_id=str(lead)) == ["Rückfrage"]
    read = await reader.post(f"{sent.headers['Location']}/read")
    assert read.status_code == 200 and read.json()["read_at"]
    again = await reader.post(f"{sent.headers['Location']}/read")
    assert again.json()["read_at"] == read.json()["read_at"]
    assert await inbox(reader, unread="true") == [] and await inbox(reader, unread="false") == ["Rückfrage"]
    assert await inbox(client, box="sent", unread="true") == ["Rückfrage"], "Otto has not read it"

    rows = (await session.execute(unscoped(select(Notification), reason="a test looks at all"))).scalars().all()
    assert {n.user_id for n in rows} == {otto.id, support.id}
    assert rows[0].texts["de"]["title"].endswith(": Rückfrage") and "zweite Zeile" in rows[0].texts["de"]["body"]


@pytest.mark.rule("MSG-1")
async def test_nobody_reads_the_messages_of_others(api: Api, session: AsyncSession) -> None:
    eva, otto, admin = await make_user(session), await make_user(session), await make_user(session, "admin")
    client = await api.as_user(eva)
    body = {"recipient_ids": [str(otto.id)], "subject": "Unter uns", "body": "…"}
    url = (await client.post("/v1/messages", json=body)).headers["Location"]
    for other in (admin, await make_user(session)):
        stranger = await api.as_user(other)
        assert (await stranger.get(url)).status_code == 404
        assert (await stranger.post(f"{url}/read")).status_code == 404
        assert await inbox(stranger) == [] and await inbox(stranger, box="sent") == []


async def test_only_records_that_the_sender_sees_can_be_linked(api: Api, session: AsyncSession) -> None:
    eva, otto = await make_user(session), await make_user(session)
    hidden = await a_lead(session, otto, "team")
    client = await api.as_user(eva)
    body = {"recipient_ids": [str(otto.id)], "subject": "s", "body": "b", "record": {"type": "lead", "id": str(hidden)}}
    answer = await client.post("/v1/messages", json=body)
    assert answer.status_code == 422 and answer.json()["errors"][0]["code"] == "unknown_record"
    own = await (await api.as_user(otto)).post("/v1/messages", json=body | {"recipient_ids": [str(eva.id)]})
    assert own.status_code == 201
    seen = (await client.get(own.headers["Location"])).json()
    assert seen["record"] == {"type": "lead", "id": str(hidden)} and "Huber" not in str(seen)


async def test_bad_messages_are_refused_field_by_field(api: Api, session: AsyncSession) -> None:
    eva = await make_user(session)
    client = await api.as_user(eva)
    body = {"recipient_ids": [str(uuid4())], "role_keys": ["nobody"], "subject": "s", "body": "b"}
    answer = await client.post("/v1/messages", json=body)
    assert answer.status_code == 422
    assert {e["pointer"]: e["code"] for e in answer.json()["errors"]} == {
        "/recipient_ids/0": "unknown_user",
        "/role_keys/0": "unknown_role",
    }
    alone = await client.post("/v1/messages", json={"subject": "s", "body": "b"})
    assert alone.json()["errors"][0]["code"] == "no_recipients"
    for wrong in ({"subject": "a\nb"}, {"body": "\0"}, {"body": ""}, {"extra": 1}, {"record": {"type": "user"}}):
        given = {"recipient_ids": [str(eva.id)], "subject": "s", "body": "b"} | wrong
        assert (await client.post("/v1/messages", json=given)).status_code == 422, wrong
    session.add(Role(key="silent", label_de="Stumm", label_en="Silent", permissions=["leads.read"]))
    await session.commit()
    silent = await api.as_user(await make_user(session, "silent"))
    assert (await silent.post("/v1/messages", json=body)).status_code == 403


async def test_the_same_id_is_sent_once(api: Api, session: AsyncSession) -> None:
    eva, otto = await make_user(session), await make_user(session)
    client = await api.as_user(eva)
    body = {
        "id": "019abcde-0000-7000-8000-00000000aaaa",
        "recipient_ids": [str(otto.id)],
        "subject": "s",
        "body": "b",
    }
    first = await client.post("/v1/messages", json=body)
    again = await client.post("/v1/messages", json=body)
    assert (first.status_code, again.status_code) == (201, 200) and first.json() == again.json()
    assert (await client.post("/v1/messages", json=body | {"subject": "x"})).status_code == 409
    assert await session.scalar(text("SELECT count(*) FROM message_recipients")) == 1


@pytest.mark.rule("CONV-4")
async def test_an_opportunity_request_shows_what_to_make(api: Api, session: AsyncSession, contexts: Contexts) -> None:
    eva, support = await make_user(session), await make_user(session, "ks")
    lead = uuid4()
    async with contexts.of(principal(eva)) as ctx:
        message = await service.send(
            ctx,
            recipients=[support.id, support.id],
            subject="Verkaufschance anlegen: Huber GmbH",
            body="Bitte anlegen.",
            record_type="lead",
            record_id=lead,
            kind="opportunity_request",
            request={"lead_id": lead, "account_id": lead, "amount": "12500.00", "currency": "EUR"},
        )
    assert isinstance(message, Message)
    client = await api.as_user(support)
    seen = (await client.get(f"/v1/messages/{message.id}")).json()
    assert seen["request"] == {
        "lead_id": str(lead),
        "account_id": str(lead),
        "amount": "12500.00",
        "currency": "EUR",
    }
    assert await inbox(client, kind="opportunity_request") == ["Verkaufschance anlegen: Huber GmbH"]
    (told,) = (await session.execute(unscoped(select(Notification), reason="a test looks at all"))).scalars()
    assert told.kind == "opportunity_requested" and "12.500,00 EUR" in told.texts["de"]["body"]
    rows = (await session.execute(select(MessageRecipient))).scalars().all()
    assert [r.user_id for r in rows] == [support.id]
