"""Telling users: who is told, once, in which words."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.principal import SystemPrincipal, UserPrincipal
from app.core.visibility import unscoped
from app.identity.models import User
from app.notifications import notify, notify_managers, texts
from app.notifications.models import Notification
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
