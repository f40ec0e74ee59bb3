"""Dismissals follow their records into a merge, and come back with its undo."""

import json
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.duplicates.dismissals import Ref, pair_of, remember
from app.duplicates.merging import move_dismissals, move_dismissals_back
from tests.conftest import Api, Contexts
from tests.factories import make_account, make_contact, make_user
from tests.merges.support import merged

pytestmark = pytest.mark.rule("DUP-9")


class Stock:
    """Records by name, and what of them is dismissed."""

    def __init__(self, session: AsyncSession, contexts: Contexts) -> None:
        self.session, self.contexts = session, contexts
        self.refs: dict[str, Ref] = {}

    def ids(self, names: str) -> list[UUID]:
        return [self.refs[name].id for name in names]

    async def dismiss(self, *pairs: str, reason: str | None = None) -> None:
        async with self.contexts.of() as ctx:
            await remember(ctx, [pair_of(self.refs[a], self.refs[b]) for a, b in pairs], reason=reason)

    async def withdraw(self, pair: str) -> None:
        first, second = pair_of(*(self.refs[name] for name in pair))
        gone = text("DELETE FROM duplicate_dismissals WHERE first_id = :a AND second_id = :b")
        await self.session.execute(gone, {"a": first.id, "b": second.id})
        await self.session.commit()

    async def rows(self) -> list[Any]:
        everything = "SELECT to_jsonb(duplicate_dismissals) FROM duplicate_dismissals ORDER BY id"
        return list((await self.session.execute(text(everything))).scalars())

    async def pairs(self) -> set[str]:
        names = {ref: name for name, ref in self.refs.items()}
        found = [
            (names[Ref(r["first_type"], UUID(r["first_id"]))], names[Ref(r["second_type"], UUID(r["second_id"]))])
            for r in await self.rows()
        ]
        assert len(found) == len({frozenset(pair) for pair in found})
        return {"".join(sorted(pair)) for pair in found}

    async def merge(self, winner: str, losers: str) -> Any:
        """Move, and what JSON makes of what was done."""
        async with self.contexts.of() as ctx:
            done = await move_dismissals(ctx, "account", self.ids(losers), self.refs[winner].id)
        return json.loads(json.dumps(done))

    async def undo(self, winner: str, losers: str, done: Any) -> None:
        async with self.contexts.of() as ctx:
            await move_dismissals_back(ctx, "account", self.ids(losers), self.refs[winner].id, done)


@pytest.fixture
async def stock(session: AsyncSession, contexts: Contexts) -> Stock:
    """Accounts w, l, m, x, y and a contact k."""
    stock, eva = Stock(session, contexts), await make_user(session)
    for name in "wlmxy":
        stock.refs[name] = Ref("account", (await make_account(session, eva)).id)
    stock.refs["k"] = Ref("contact", (await make_contact(session, eva)).id)
    return stock


async def test_the_winner_takes_over_and_the_undo_gives_back_everything_as_it_was(stock: Stock) -> None:
    await stock.dismiss("lx", "my", "lw", "lm", "lk", "xy", reason="Andere Firma")
    await stock.dismiss("wx")
    before = await stock.rows()
    done = await stock.merge("w", "lm")
    assert await stock.pairs() == {"wx", "wy", "kw", "xy"}
    assert {row["reason"] for row in await stock.rows()} == {None, "Andere Firma"}
    await stock.undo("w", "lm", done)
    assert await stock.rows() == before


async def test_two_losers_that_differ_from_one_leave_one_dismissal(stock: Stock) -> None:
    await stock.dismiss("lx", "mx")
    before = await stock.rows()
    done = await stock.merge("w", "lm")
    assert await stock.pairs() == {"wx"}
    await stock.undo("w", "lm", done)
    assert await stock.rows() == before


async def test_what_was_taken_back_since_stays_so_and_what_was_said_since_stays_too(stock: Stock) -> None:
    await stock.dismiss("lx", "ly")
    done = await stock.merge("w", "l")
    await stock.withdraw("wx")
    await stock.dismiss("kw")
    await stock.undo("w", "l", done)
    assert await stock.pairs() == {"ly", "kw"}


async def test_merges_of_others_in_between_are_followed(stock: Stock) -> None:
    await stock.dismiss("lx")
    before = await stock.rows()
    first = await stock.merge("w", "l")
    second = await stock.merge("y", "x")
    assert await stock.pairs() == {"wy"}
    await stock.undo("w", "l", first)
    assert await stock.pairs() == {"ly"}
    await stock.undo("y", "x", second)
    assert await stock.rows() == before


async def test_nothing_is_left_of_a_record_that_is_gone(stock: Stock) -> None:
    await stock.dismiss("lx", "lw")
    done = await stock.merge("w", "l")
    assert await stock.pairs() == {"wx"}
    await stock.session.execute(text("DELETE FROM accounts WHERE id = :x"), {"x": stock.refs["x"].id})
    await stock.session.commit()
    assert await stock.rows() == []
    await stock.undo("w", "l", done)
    assert await stock.pairs() == {"lw"}


@pytest.mark.rule("DUP-8")
async def test_merging_and_undoing_keep_what_was_said(api: Api, session: AsyncSession, stock: Stock) -> None:
    ada = await make_user(session, "admin")
    client = await api.as_user(ada)
    await stock.dismiss("lx", "lw", "my")
    before = await stock.rows()
    first = await merged(client, "account", stock.ids("wl"))
    assert first.status_code == 201, first.text
    assert await stock.pairs() == {"wx", "my"}
    second = await merged(client, "account", stock.ids("xm"))
    assert second.status_code == 201, second.text
    assert await stock.pairs() == {"wx", "xy"}
    of_a_loser = await client.get("/v1/duplicate-dismissals", params={"record_id": str(stock.refs["l"].id)})
    assert len(of_a_loser.json()["items"]) == 1, "its id finds the winner"
    for done in (first, second):
        undone = await client.post(f"/v1/merges/{done.json()['id']}/undo", json={})
        assert undone.is_success, undone.text
    assert await stock.rows() == before
