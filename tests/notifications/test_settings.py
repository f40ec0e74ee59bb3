"""How users want to be told: settings by kind, the digest's hour, forgetting."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.visibility import unscoped
from app.identity.models import User
from app.notifications import notify
from app.notifications.digests import next_time
from app.notifications.jobs import digest, tidy
from app.notifications.models import Notification
from tests.conftest import Api, Contexts
from tests.factories import make_user

pytestmark = pytest.mark.asyncio(loop_scope="session")
URL = "/v1/me/notification-settings"


async def tell(contexts: Contexts, user: User, kind: str, *names: str) -> None:
    async with contexts.of() as ctx:
        for name in names:
            data = {"name": name, "reason": None, "decision": "granted"}
            await notify(ctx, [user.id], kind, record_type="lead", record_id=uuid4(), data=data)  # type: ignore[arg-type]


async def jobs(session: AsyncSession, name: str) -> list[tuple[datetime, dict[str, str]]]:
    found = await session.execute(
        text("SELECT due_at, payload FROM outbox WHERE job = :name AND done_at IS NULL ORDER BY id"), {"name": name}
    )
    return [(row[0], row[1]) for row in found]


@pytest.mark.rule("LEAD-12")
async def test_settings_are_the_defaults_until_they_are_changed_and_changes_are_merged(
    api: Api, session: AsyncSession
) -> None:
    client = await api.as_user(await make_user(session))
    first = await client.get(URL)
    assert first.headers["ETag"] == '"0"' and first.json()["digest_hour"] == 8
    assert first.json()["kinds"]["lead_assigned"] == {"in_app": True, "email": "at_once", "always": []}
    assert first.json()["kinds"]["clearance_decided"]["always"] == ["in_app"]
    assert (await client.get(URL, headers={"If-None-Match": '"0"'})).status_code == 304
    assert (await client.patch(URL, json={"digest_hour": 7})).status_code == 428
    wish = {"digest_hour": 7, "kinds": {"lead_assigned": {"email": "never"}, "manager_added": {"in_app": False}}}
    changed = await client.patch(URL, json=wish, headers={"If-Match": '"0"'})
    assert changed.status_code == 200 and changed.headers["ETag"] == '"1"', changed.text
    stale = await client.patch(URL, json={}, headers={"If-Match": '"0"'})
    assert stale.status_code == 412 and stale.json()["current"]["digest_hour"] == 7
    wish = {"kinds": {"lead_assigned": {"in_app": False}, "manager_added": None}}
    again = (await client.patch(URL, json=wish, headers={"If-Match": '"1"'})).json()
    assert again["kinds"]["lead_assigned"] == {"in_app": False, "email": "never", "always": []}
    assert again["kinds"]["manager_added"]["in_app"] is True and again["digest_hour"] == 7
    other = await api.as_user(await make_user(session))
    assert (await other.get(URL)).json()["version"] == 0


@pytest.mark.parametrize(
    ("wish", "pointer"),
    [
        ({"kinds": {"clearance_decided": {"in_app": False}}}, "/kinds/clearance_decided/in_app"),
        ({"kinds": {"cross_sell_found": {"email": "digest"}}}, "/kinds/cross_sell_found/email"),
        ({"kinds": {"no_such_kind": {}}}, "/kinds/no_such_kind"),
        ({"digest_hour": 24}, "/digest_hour"),
        ({"digest_hour": None}, "/digest_hour"),
    ],
)
async def test_what_cannot_be_switched_off_and_what_there_is_not_is_refused(
    api: Api, session: AsyncSession, wish: dict[str, object], pointer: str
) -> None:
    client = await api.as_user(await make_user(session))
    answer = await client.patch(URL, json=wish, headers={"If-Match": "*"})
    assert answer.status_code == 422, answer.text
    assert any(error["pointer"].startswith(pointer) for error in answer.json()["errors"])


@pytest.mark.rule("LEAD-12")
async def test_what_is_switched_off_is_not_in_the_inbox_and_what_is_only_mailed_is_mailed(
    api: Api, session: AsyncSession, contexts: Contexts
) -> None:
    user = await make_user(session)
    client = await api.as_user(user)
    wish = {"kinds": {"lead_assigned": {"in_app": False}, "task_assigned": {"in_app": False, "email": "never"}}}
    await client.patch(URL, json=wish, headers={"If-Match": '"0"'})
    await tell(contexts, user, "lead_assigned", "a")
    await tell(contexts, user, "task_assigned", "b")
    await tell(contexts, user, "manager_added", "c")
    items = (await client.get("/v1/notifications")).json()["items"]
    assert [item["data"]["name"] for item in items] == ["c"]
    assert (await client.get("/v1/notifications/unread-count")).json() == {"count": 1}
    mailed = await jobs(session, "notifications.mail")
    assert len(mailed) == 2
    hidden = {UUID(payload["notification_id"]) for _, payload in mailed} - {UUID(items[0]["id"])}
    url = f"/v1/notifications/{hidden.pop()}"
    assert (await client.get(url)).status_code == 404
    assert (await client.patch(url, json={"read": True}, headers={"If-Match": "*"})).status_code == 404


@pytest.mark.rule("LEAD-12")
async def test_a_digest_has_what_is_unread_in_its_readers_language_and_asks_for_the_next(
    api: Api, session: AsyncSession, contexts: Contexts
) -> None:
    user = await make_user(session, time_zone="Europe/Berlin")
    client = await api.as_user(user)
    wish = {"digest_hour": 17, "kinds": {"lead_assigned": {"email": "digest"}}}
    await client.patch(URL, json=wish, headers={"If-Match": '"0"'})
    for hour in (18, 9):  # the job follows the hour
        await client.patch(URL, json={"digest_hour": hour}, headers={"If-Match": "*"})
    ((due_at, payload),) = await jobs(session, "notifications.digest")
    assert due_at == next_time(datetime.now(UTC), "Europe/Berlin", 9, weekdays_only=False)
    await tell(contexts, user, "lead_assigned", "read", "unread", "also unread")
    newest = (await client.get("/v1/notifications")).json()["items"][-1]
    await client.patch(f"/v1/notifications/{newest['id']}", json={"read": True}, headers={"If-Match": "*"})
    await session.execute(text("UPDATE outbox SET done_at = now()"))
    await session.commit()
    for _ in range(2):
        async with contexts.of() as ctx:
            await digest(ctx, payload)
    ((_, mail),) = await jobs(session, "mail.send")
    assert mail["to"] == user.email and mail["subject"] == "Leadwerk: 2 Benachrichtigungen"
    assert mail["text"].index(": unread") < mail["text"].index(": also unread") and ": read" not in mail["text"]
    assert len(await jobs(session, "notifications.digest")) == 1
    user.active = False
    session.add(user)
    await session.commit()
    await tell(contexts, user, "lead_assigned", "gone")
    async with contexts.of() as ctx:
        await digest(ctx, payload)
    assert len(await jobs(session, "mail.send")) == 1


@pytest.mark.parametrize(
    ("now", "zone", "hour", "weekdays_only", "expected"),
    [
        ("2026-03-02T06:59:59+00:00", "Europe/Vienna", 8, False, "2026-03-02T07:00:00+00:00"),
        ("2026-03-02T07:00:00+00:00", "Europe/Vienna", 8, False, "2026-03-03T07:00:00+00:00"),
        ("2026-03-28T07:00:00+00:00", "Europe/Vienna", 8, False, "2026-03-29T06:00:00+00:00"),  # summer time begins
        ("2026-03-28T12:00:00+00:00", "Europe/Vienna", 2, False, "2026-03-29T01:00:00+00:00"),  # there is no 02:00
        ("2026-10-24T12:00:00+00:00", "Europe/Vienna", 2, False, "2026-10-25T00:00:00+00:00"),  # there are two
        ("2026-10-25T00:00:00+00:00", "Europe/Vienna", 2, False, "2026-10-26T01:00:00+00:00"),
        ("2026-03-06T08:00:00+00:00", "Europe/Vienna", 8, True, "2026-03-09T07:00:00+00:00"),  # a Friday
        ("2026-03-02T23:00:00+00:00", "Pacific/Auckland", 8, False, "2026-03-03T19:00:00+00:00"),
    ],
)
async def test_the_next_digest_comes_at_the_readers_hour(
    now: str, zone: str, hour: int, weekdays_only: bool, expected: str
) -> None:
    moment = next_time(datetime.fromisoformat(now), zone, hour, weekdays_only=weekdays_only)
    assert moment.isoformat() == expected


async def test_old_notifications_are_forgotten_and_lost_digests_asked_for_again(
    api: Api, session: AsyncSession, contexts: Contexts
) -> None:
    user = await make_user(session)
    client = await api.as_user(user)
    await client.patch(URL, json={"kinds": {"lead_assigned": {"email": "digest"}}}, headers={"If-Match": '"0"'})
    await session.execute(text("DELETE FROM outbox"))
    now = datetime.now(UTC)
    kept = []
    for days, read, stays in ((89, True, True), (91, True, False), (364, False, True), (366, False, False)):
        at = now - timedelta(days=days)
        id_ = UUID(int=(int(at.timestamp() * 1000) << 80) + 7)
        values = {"kind": "lead_assigned", "data": {}, "texts": {}, "created_at": at, "read_at": at if read else None}
        await session.execute(insert(Notification).values(id=id_, user_id=user.id, **values))
        kept += [id_] if stays else []
    await session.commit()
    async with contexts.of() as ctx:
        await tidy(ctx, {})
    statement = unscoped(select(Notification.id).order_by(Notification.id.desc()), reason="a test looks at all")
    assert list((await session.execute(statement)).scalars()) == kept
    assert len(await jobs(session, "notifications.digest")) == 1
