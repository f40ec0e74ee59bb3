"""A renamed company's contacts: at once as far as that is possible, by a job where it is not."""

import asyncio
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest

from app.accounts import service as accounts
from app.accounts.models import Account
from app.contacts.jobs import company_renamed
from app.core.context import Context
from app.indexing import index_again
from tests.factories import make_account, make_contact, make_user
from tests.reindexing.conftest import agrees, committed, value, with_context

JOBS = "SELECT count(*) FROM outbox WHERE job = 'contacts.company_renamed' AND done_at IS NULL"


async def company(url: str, contacts: int) -> UUID:
    """A company and its contacts, all in the index."""
    async with committed(url) as session:
        user = await make_user(session)
        account = await make_account(session, user)
        made = [(await make_contact(session, user, account)).id for _ in range(contacts)]

    async def index(ctx: Context) -> None:
        await index_again(ctx, "account", [account.id])
        await index_again(ctx, "contact", made)

    await with_context(url, index)
    assert await agrees(url)
    return account.id


async def rename(ctx: Context, account_id: UUID) -> None:
    account = await ctx.load(Account, account_id)
    account.name = "Berger Logistik AG"
    await accounts.index_with_contacts(ctx, account)


async def work(url: str) -> int:
    """Do the jobs until there are none; how many it took."""
    done = 0
    while payload := await value(
        url,
        "UPDATE outbox SET done_at = now() WHERE id = (SELECT min(id) FROM outbox WHERE done_at IS NULL) RETURNING payload",
    ):
        body: dict[str, Any] = orjson.loads(payload)
        await with_context(url, lambda ctx, body=body: company_renamed(ctx, body))
        done += 1
    return done


def test_what_somebody_is_changing_is_left_to_the_job_and_nobody_waits(scratch: str) -> None:
    async def story() -> None:
        account_id = await company(scratch, 3)
        other = await asyncpg.connect(scratch)
        async with other.transaction():
            await other.execute("UPDATE contacts SET description = 'x' WHERE id = (SELECT id FROM contacts LIMIT 1)")
            await asyncio.wait_for(with_context(scratch, lambda ctx: rename(ctx, account_id)), 3)
            assert await value(scratch, JOBS) == 1
            assert not await agrees(scratch)
        await other.close()
        assert await work(scratch) == 1
        assert await agrees(scratch)

    asyncio.run(story())


def test_very_many_are_indexed_in_steps(scratch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        account_id = await company(scratch, 8)
        monkeypatch.setattr("app.indexing.STEP", 3)
        await with_context(scratch, lambda ctx: rename(ctx, account_id))
        assert await value(scratch, JOBS) == 1
        assert await work(scratch) == 3
        assert await agrees(scratch)

    asyncio.run(story())


def test_a_few_need_no_job(scratch: str) -> None:
    async def story() -> None:
        account_id = await company(scratch, 8)
        await with_context(scratch, lambda ctx: rename(ctx, account_id))
        assert await value(scratch, JOBS) == 0
        assert await agrees(scratch)

    asyncio.run(story())
