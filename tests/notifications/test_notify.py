"""Telling users: who is told, once, in which words."""

from datetime import date
from typing import Any, get_args
from uuid import uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.principal import SystemPrincipal, UserPrincipal
from app.core.visibility import unscoped
from app.identity.models import User
from app.notifications import Told, notify, notify_managers, notify_many, texts
from app.notifications.models import Notification, NotificationSettings
from tests.conftest import Contexts
from tests.factories import make_user

pytestmark = pytest.mark.asyncio(loop_scope="session")


def principal(user: User) -> UserPrincipal:
    return UserPrincipal(user.id, user.user_name, f"{user.first_name} {user.last_name}", uuid4(), frozenset(), ())


async def told(session: AsyncSession) -> list[Notification]:
    statement = unscoped(select(Notification).order_by(Notification.id), reason="a test looks at all")
    return list((await session.execute(statement)).scalars())


async def mails(session: AsyncSession) -> int:
    return int(await session.scalar(text("SELECT count(*) FROM outbox WHERE job = 'notifications.mail'")) or 0)


@pytest.mark.rule("LEAD-12")
async def test_everybody_concerned_is_told_except_who_did_it(session: AsyncSession, contexts: Contexts) -> None:
    eva, otto, gone = await make_user(session), await make_user(session), await make_user(session, active=False)
    record = uuid4()
    async with contexts.of(principal(eva)) as ctx:
        await notify(
            ctx,
            [eva.id, otto.id, otto.id, gone.id, uuid4(), None],
            "lead_assigned",
            record_type="lead",
            record_id=record,
            data={"name": "Huber {x} GmbH"},
        )
    (one,) = await told(session)
    assert one.user_id == otto.id and one.record_id == record and one.read_at is None
    assert one.texts["de"] == {
        "title": "Neuer Interessent für Sie: Huber {x} GmbH",
        "body": f"Eva {eva.last_name} hat Ihnen den Interessenten „Huber {{x}} GmbH“ zugewiesen.",
    }
    assert await mails(session) == 1


async def test_the_same_key_is_told_once(session: AsyncSession, contexts: Contexts) -> None:
    user = await make_user(session)
    for _ in range(2):
        async with contexts.of(SystemPrincipal("locks.notice")) as ctx:
            await notify(
                ctx,
                [user.id],
                "lock_expiring",
                record_type="lead_lock",
                record_id=uuid4(),
                data={"name": "Huber", "holder": "Eva", "days": 30, "until": date(2026, 8, 31)},
                key="lock:1:30",
            )
    (one,) = await told(session)
    assert "am 31.08.2026" in one.texts["de"]["body"]
    assert one.texts["en"]["title"] == "Lead lock ends in 30 days: Huber"
    assert "on 31 August 2026" in one.texts["en"]["body"]
    assert await mails(session) == 1


async def test_nothing_is_told_when_the_change_fails(session: AsyncSession, contexts: Contexts) -> None:
    user = await make_user(session)

    async def fail() -> None:
        async with contexts.of() as ctx:
            await notify(ctx, [user.id], "task_assigned", record_type="task", record_id=uuid4(), data={"name": "x"})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await told(session) == [] and await mails(session) == 0


SAMPLE: dict[str, Any] = {
    "name": "Huber\r\nBcc: x",
    "by": "Eva",
    "holder": "Otto",
    "until": date(2026, 8, 1),
    "days": 7,
    "reason": None,
    "decision": "shared",
    "amount": {"amount": "1234567.80", "currency": "EUR"},
    "subject": "Huber\r\nBcc: x",
    "excerpt": "e",
    "losers": "Hueber",
    "day": date(2026, 8, 1),
    "location": "Linz",
    "note": None,
    "place": "note",
    "job": "duplicate_scan",
    "outcome": "failed",
    "mode": "write",
    "about": "Huber GmbH",
    "time": "09:30",
}


@pytest.mark.parametrize("kind", texts.TABLE)
async def test_every_kind_has_its_words_in_both_languages(kind: str) -> None:
    for language, text_ in texts.render(kind, SAMPLE).items():
        assert text_["title"] and text_["body"], language
        assert "\n" not in text_["title"] and "\r" not in text_["title"]
        assert "{" not in text_["title"] + text_["body"]


async def test_money_and_choices_are_written_for_readers() -> None:
    asked = texts.render("opportunity_requested", SAMPLE)
    assert "1.234.567,80 EUR" in asked["de"]["body"] and "1,234,567.80 EUR" in asked["en"]["body"]
    decided = texts.render("clearance_decided", SAMPLE)
    assert "geteilt" in decided["de"]["title"] and decided["en"]["body"].endswith("Reason: –")


@pytest.mark.rule("LEAD-12")
async def test_many_are_told_in_one_statement_each_by_their_settings(session: AsyncSession, contexts: Contexts) -> None:
    users = [await make_user(session) for _ in range(5)]
    wishes: list[dict[str, Any]] = [
        {},
        {"task_assigned": {"in_app": False}},
        {"task_assigned": {"email": "digest"}},
        {"task_assigned": {"in_app": False, "email": "never"}},
        {"lead_assigned": {"in_app": False, "email": "never"}},
    ]
    for user, kinds in zip(users, wishes, strict=True):
        session.add(NotificationSettings(user_id=user.id, kinds=kinds))
    await session.commit()
    data, gone = {"name": "Angebot"}, await make_user(session, active=False)
    told_ = [Told(user.id, "task_assigned", "activity", uuid4(), data, "k") for user in [*users, users[0], gone]]
    async with contexts.of() as ctx:
        run, statements = ctx.run, 0

        async def counting(*args: Any, **values: Any) -> Any:
            nonlocal statements
            statements += 1
            return await run(*args, **values)

        ctx.run = counting  # type: ignore[method-assign]
        await notify_many(ctx, told_)
        await ctx.flush_jobs()
        assert statements == 2, "the notifications, and the mails to send"
    rows = {row.user_id: (row.in_app, row.mail) for row in await told(session)}
    assert [rows.get(user.id) for user in users] == [
        (True, "at_once"),
        (False, "at_once"),
        (True, "digest"),
        None,
        (True, "at_once"),
    ]
    assert await mails(session) == 3


async def test_what_nobody_can_switch_off_is_told_whatever_the_settings_say(
    session: AsyncSession, contexts: Contexts
) -> None:
    user = await make_user(session)
    off = {"in_app": False, "email": "never"}
    session.add(NotificationSettings(user_id=user.id, kinds=dict.fromkeys(texts.TABLE, off)))
    await session.commit()
    async with contexts.of() as ctx:
        await notify_many(ctx, [Told(user.id, kind, "lead", uuid4(), SAMPLE) for kind in get_args(texts.Kind)])
    assert {(row.kind, row.in_app, row.mail) for row in await told(session)} == {
        ("clearance_requested", True, "never"),
        ("clearance_decided", True, "never"),
        ("cross_sell_found", True, "at_once"),
    }


@pytest.mark.rule("ID-5")
async def test_each_newly_added_manager_is_told(session: AsyncSession, contexts: Contexts) -> None:
    old, new, boss = [await make_user(session) for _ in range(3)]
    account = uuid4()
    async with contexts.of(principal(boss)) as ctx:
        await notify_managers(
            ctx,
            before=[old.id],
            after=[old.id, new.id, boss.id],
            record_type="account",
            record_id=account,
            name="Huber",
        )
    (one,) = await told(session)
    assert one.user_id == new.id and one.kind == "manager_added" and one.record_id == account
