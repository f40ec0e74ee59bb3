"""Reminders: set, moved, forgotten; told once, by what is so when they are due (FUP-1)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

import workers.jobs  # noqa: F401  (registers what reminders say)
from app.accounts.models import Account
from app.activities.models import Activity
from app.core.context import Context
from app.core.db import new_id
from app.core.visibility import unscoped
from app.identity.models import User
from app.notifications.models import Notification
from app.reminders import remind, sending
from app.reminders.jobs import forget as forget_old
from app.reminders.sending import CannotTell, Due, send_due
from tests.conftest import Api, Contexts
from tests.factories import make_account, make_team, make_user

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.rule("FUP-1")]

ANY = {"If-Match": "*"}


async def rows(session: AsyncSession) -> list[tuple[UUID, datetime, bool, str | None]]:
    found = await session.execute(
        text("SELECT user_id, due_at, sent_at IS NOT NULL, outcome FROM reminders ORDER BY due_at")
    )
    return [(row[0], row[1], row[2], row[3]) for row in found]


async def told(session: AsyncSession, user: User) -> list[tuple[str, str]]:
    """Kind and German text of what the user was told."""
    statement = select(Notification).where(Notification.user_id == user.id).order_by(Notification.id)
    found = (await session.execute(unscoped(statement, reason="a test looks at all"))).scalars()
    return [(one.kind, f"{one.texts['de']['title']} / {one.texts['de']['body']}") for one in found]


async def task(client: httpx.AsyncClient, account: Account, **body: Any) -> str:
    made = await client.post(
        "/v1/activities", json={"type": "task", "subject": "Anrufen", "account_id": str(account.id)} | body
    )
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def send(contexts: Contexts, **offset: Any) -> int:
    async with contexts.of(**offset) as ctx:
        return len((await send_due(ctx, limit=100)).taken)


def at(minutes: int) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=minutes)


async def test_set_again_it_moves_and_to_the_same_time_changes_nothing(
    session: AsyncSession, contexts: Contexts
) -> None:
    user, record = await make_user(session), new_id()
    first, second = at(-5), at(-1)
    for due_at, sent_before in ((first, False), (first, True), (second, True)):
        if sent_before:
            await session.execute(text("UPDATE reminders SET sent_at = now(), outcome = 'told'"))
            await session.commit()
        async with contexts.of() as ctx:
            values = {"record_id": record, "user_id": user.id, "due_at": due_at}
            await remind(ctx, record_type="activity", kind="task_reminder", **values)  # type: ignore[arg-type]  # by name
        sent = sent_before and due_at == first
        assert await rows(session) == [(user.id, due_at, sent, "told" if sent else None)]


async def test_told_once_in_the_app_and_by_mail_when_the_product_s_clock_says_so(
    api: Api, session: AsyncSession, contexts: Contexts
) -> None:
    user = await make_user(session)
    client = await api.as_user(user)
    account = await make_account(session, user, name="Kranz GmbH")
    due_at = datetime(2027, 5, 3, 22, 30, tzinfo=UTC)
    id_ = await task(client, account, remind_at=at(60).isoformat(), due_at=due_at.isoformat())
    assert await send(contexts, minutes=59) == 0
    await session.execute(
        unscoped(update(Account).where(Account.id == account.id).values(name="Kranz Bau GmbH"), reason="a new name")
    )
    await session.commit()
    assert [await send(contexts, minutes=61) for _ in range(3)] == [1, 0, 0]
    assert await told(session, user) == [
        ("task_reminder", "Erinnerung: Anrufen / Die Aufgabe „Anrufen“ (Kranz Bau GmbH) ist fällig: 04.05.2027.")
    ]
    mails = await session.execute(text("SELECT count(*) FROM outbox WHERE job = 'notifications.mail'"))
    assert mails.scalar_one() == 1
    async with contexts.of(minutes=61) as ctx:
        assert await sending.next_due(ctx) is None
    (item,) = (await client.get("/v1/notifications")).json()["items"]
    assert item["record"] == {"type": "activity", "id": id_}


async def test_the_reminder_goes_with_the_activity(api: Api, session: AsyncSession, contexts: Contexts) -> None:
    team = await make_team(session)
    eva, otto = await make_user(session, teams=[team]), await make_user(session, teams=[team])
    client = await api.as_user(eva)
    account = await make_account(session, eva, team_ids=[team.id])
    soon, later = at(10), at(20)
    id_ = await task(client, account, remind_at=soon.isoformat(), assignee_id=str(otto.id))
    assert [row[:2] for row in await rows(session)] == [(otto.id, soon)]

    async def patch(**body: Any) -> list[tuple[UUID, datetime]]:
        answer = await client.patch(f"/v1/activities/{id_}", json=body, headers=ANY)
        assert answer.status_code == 200, answer.text
        return [row[:2] for row in await rows(session)]

    assert await patch(remind_at=later.isoformat()) == [(otto.id, later)]
    assert await patch(assignee_id=str(eva.id)) == [(eva.id, later)]
    assert await patch(subject="Anders") == [(eva.id, later)]
    assert await patch(status="done") == []
    assert await patch(status="open") == [(eva.id, later)]
    assert await patch(remind_at=None) == []
    assert await patch(remind_at=at(-5).isoformat(), status="deferred") == []
    assert await patch(status="open") == [], "its time had passed before it was opened again"
    assert len(await patch(remind_at=later.isoformat())) == 1
    assert (await client.delete(f"/v1/activities/{id_}")).status_code == 204
    assert await rows(session) == []
    for body in (
        {"type": "call", "status": "planned", "starts_at": at(30).isoformat()},
        {"type": "meeting", "starts_at": at(30).isoformat()},
    ):
        await task(client, account, remind_at=soon.isoformat(), **body)
    await task(client, account, type="call", status="held", remind_at=soon.isoformat())
    assert [row[:2] for row in await rows(session)] == [(eva.id, soon)] * 2, "what was held reminds nobody"
    assert await send(contexts, minutes=11) == 2
    assert {kind for kind, _ in await told(session, eva)} == {"call_reminder", "meeting_reminder"}


async def test_nothing_is_said_of_what_is_closed_or_another_one_s_by_now(
    api: Api, session: AsyncSession, contexts: Contexts
) -> None:
    eva, otto = await make_user(session), await make_user(session)
    client = await api.as_user(eva)
    account = await make_account(session, eva)
    closed, given, gone = [await task(client, account, remind_at=at(5).isoformat()) for _ in range(3)]
    for id_, values in ((closed, {"status": "done"}), (given, {"assignee_id": otto.id})):
        behind = update(Activity).where(Activity.id == UUID(id_)).values(**values)
        await session.execute(unscoped(behind, reason="behind the service's back"))
    await session.execute(text("DELETE FROM activities WHERE id = :id"), {"id": gone})
    await session.commit()
    assert await send(contexts, minutes=6) == 3
    assert await told(session, eva) == await told(session, otto) == []
    assert {row[3] for row in await rows(session)} == {"void"}


async def test_who_has_lost_sight_of_the_record_is_reminded_of_their_note_alone(
    api: Api, session: AsyncSession, contexts: Contexts
) -> None:
    team = await make_team(session)
    eva, otto = await make_user(session, teams=[team]), await make_user(session, teams=[team])
    admin, gone = await make_user(session, "admin"), await make_user(session, teams=[team])
    client = await api.as_user(eva)
    account = await make_account(session, eva, name="Kranz GmbH", team_ids=[team.id])
    on = {"record": {"type": "account", "id": str(account.id)}, "note": "Nachfassen", "due_on": "2026-01-02"}
    for user in (eva, otto, admin, gone):
        body = on if user is eva else on | {"assignee_id": str(user.id)}
        made = await client.post("/v1/follow-ups", json=body)
        assert made.status_code == 201, made.text
    for model, id_, values in (
        (Account, account.id, {"team_ids": [eva.default_team_id]}),
        (User, gone.id, {"active": False}),
    ):
        change: Any = update(model).where(model.id == id_).values(**values)
        await session.execute(unscoped(change, reason="the test takes it from their sight"))
    await session.commit()
    assert await send(contexts) == 4
    due = [[text_ for kind, text_ in await told(session, one) if kind == "follow_up_due"] for one in (eva, otto, admin)]
    assert all("Nachfassen" in texts[0] and len(texts) == 1 for texts in due)
    assert ["Kranz GmbH" in texts[0] for texts in due] == [True, False, True]
    assert [kind for kind, _ in await told(session, gone)] == ["follow_up_handed_over"]


async def test_what_cannot_be_said_leaves_nothing_told(
    api: Api, session: AsyncSession, contexts: Contexts, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = await make_user(session)
    await task(await api.as_user(user), await make_account(session, user), remind_at=at(1).isoformat())

    async def broken(ctx: Context, due: Sequence[Due]) -> dict[UUID, dict[str, Any]]:
        return {one.id: {} for one in due}

    monkeypatch.setitem(sending.SOURCES, "activity", broken)
    with pytest.raises(CannotTell):
        await send(contexts, minutes=2)
    assert [row[2] for row in await rows(session)] == [False] and await told(session, user) == []
    monkeypatch.delitem(sending.SOURCES, "activity")
    assert await send(contexts, minutes=2) == 0, "left to a process that knows what to say"


async def test_sent_ones_are_forgotten_after_a_month(session: AsyncSession, contexts: Contexts) -> None:
    user = await make_user(session)
    for days in (10, 40):
        async with contexts.of() as ctx:
            await remind(
                ctx, record_type="activity", record_id=new_id(), user_id=user.id, due_at=at(-1), kind="task_reminder"
            )
        await session.execute(
            text("UPDATE reminders SET sent_at = now() - make_interval(days => :d) WHERE sent_at IS NULL"), {"d": days}
        )
        await session.commit()
    async with contexts.of() as ctx:
        await forget_old(ctx, {})
    assert len(await rows(session)) == 1
