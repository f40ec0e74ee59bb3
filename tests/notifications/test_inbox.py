"""Notifications over HTTP, and by mail."""

import email
from email import policy
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.visibility import unscoped
from app.identity.models import User
from app.notifications import notify
from app.notifications.jobs import mail
from app.notifications.models import Notification
from tests.conftest import Api, Contexts
from tests.factories import make_user

pytestmark = pytest.mark.asyncio(loop_scope="session")


def mails(folder: Path) -> list[Path]:
    return list(folder.rglob("*.eml"))


async def tell(contexts: Contexts, user: User, name: str, kind: Any = "lead_assigned") -> UUID:
    record = uuid4()
    async with contexts.of() as ctx:
        await notify(ctx, [user.id], kind, record_type="lead", record_id=record, data={"name": name})
    return record


@pytest.mark.rule("LEAD-12")
async def test_a_user_reads_what_they_were_told_in_their_language(
    api: Api, session: AsyncSession, contexts: Contexts
) -> None:
    eva = await make_user(session)
    record = await tell(contexts, eva, "Huber")
    await tell(contexts, eva, "Anruf", "task_assigned")
    client = await api.as_user(eva)
    page = await client.get("/v1/notifications", headers={"Accept-Language": "de"})
    assert page.status_code == 200, page.text
    assert page.headers["Content-Language"] == "de" and page.headers["Vary"] == "Accept-Language"
    assert [n["title"] for n in page.json()["items"]] == [
        "Neue Aufgabe für Sie: Anruf",
        "Neuer Interessent für Sie: Huber",
    ]
    (item,) = (await client.get("/v1/notifications", params={"kind": "lead_assigned"})).json()["items"]
    assert item["title"] == "New lead for you: Huber" and item["body"] == "Leadwerk assigned the lead “Huber” to you."
    assert item["record"] == {"type": "lead", "id": str(record)} and item["data"]["name"] == "Huber"
    (short,) = (await client.get("/v1/notifications", params={"fields": "title", "limit": 1})).json()["items"]
    assert short == {"title": "New task for you: Anruf"}
    assert (await client.get("/v1/notifications", params={"record_id": str(record)})).json()["items"] == [item]


async def test_read_and_unread(api: Api, session: AsyncSession, contexts: Contexts) -> None:
    eva = await make_user(session)
    for name in ("a", "b", "c"):
        await tell(contexts, eva, name)
    client = await api.as_user(eva)
    items = (await client.get("/v1/notifications")).json()["items"]
    assert (await client.get("/v1/notifications/unread-count")).json() == {"count": 3}
    url = f"/v1/notifications/{items[0]['id']}"
    one = await client.get(url)
    assert one.json() == items[0]
    assert (await client.patch(url, json={"read": True})).status_code == 428
    read = await client.patch(url, json={"read": True}, headers={"If-Match": one.headers["ETag"]})
    assert read.status_code == 200 and read.json()["read_at"] and read.headers["ETag"] == '"2"'
    stale = await client.patch(url, json={"read": False}, headers={"If-Match": one.headers["ETag"]})
    assert stale.status_code == 412
    unread = (await client.get("/v1/notifications", params={"unread": "true"})).json()["items"]
    assert [n["data"]["name"] for n in unread] == ["b", "a"]
    some = await client.post("/v1/notifications/read-all", json={"until": unread[1]["created_at"]})
    assert some.json() == {"count": 1}
    assert (await client.post("/v1/notifications/read-all", json={})).json() == {"count": 0}
    again = await client.patch(url, json={"read": False}, headers={"If-Match": '"2"'})
    assert again.json()["read_at"] is None
    assert (await client.post("/v1/notifications/read-all", json={"until": "2026-01-01"})).status_code == 422


async def test_nobody_sees_what_others_were_told(api: Api, session: AsyncSession, contexts: Contexts) -> None:
    eva = await make_user(session)
    await tell(contexts, eva, "geheim")
    notification = (await session.execute(unscoped(select(Notification), reason="a test looks at all"))).scalar_one()
    for other in (await make_user(session), await make_user(session, "admin")):
        client = await api.as_user(other)
        assert (await client.get("/v1/notifications")).json()["items"] == []
        assert (await client.get("/v1/notifications/unread-count")).json() == {"count": 0}
        url = f"/v1/notifications/{notification.id}"
        assert (await client.get(url)).status_code == 404
        answer = await client.patch(url, json={"read": True}, headers={"If-Match": '"1"'})
        assert answer.status_code == 404
        await client.post("/v1/notifications/read-all", json={})
    await session.refresh(notification)
    assert notification.read_at is None


@pytest.mark.rule("LEAD-12")
@pytest.mark.parametrize(
    ("locale", "subject"), [("de", "Neuer Interessent für Sie: Müller"), ("en", "New lead for you: Müller")]
)
async def test_the_mail_is_in_the_readers_language(
    session: AsyncSession, contexts: Contexts, tmp_path: Path, locale: str, subject: str
) -> None:
    eva = await make_user(session, locale=locale)
    await tell(contexts, eva, "Müller")
    notification = (await session.execute(unscoped(select(Notification), reason="a test looks at all"))).scalar_one()
    for _ in range(2):
        async with contexts.of() as ctx:
            ctx.settings = ctx.settings.model_copy(update={"data_dir": tmp_path})
            await mail(ctx, {"notification_id": str(notification.id)})
    (path,) = mails(tmp_path)
    message = email.message_from_bytes(path.read_bytes(), policy=policy.default)
    assert message["Subject"] == subject and message["To"] == eva.email


async def test_who_has_left_gets_no_mail(session: AsyncSession, contexts: Contexts, tmp_path: Path) -> None:
    eva = await make_user(session)
    await tell(contexts, eva, "Müller")
    eva.active = False
    session.add(eva)
    await session.commit()
    notification = (await session.execute(unscoped(select(Notification), reason="a test looks at all"))).scalar_one()
    async with contexts.of() as ctx:
        ctx.settings = ctx.settings.model_copy(update={"data_dir": tmp_path})
        await mail(ctx, {"notification_id": str(notification.id)})
        await mail(ctx, {"notification_id": str(uuid4())})
    assert mails(tmp_path) == []
