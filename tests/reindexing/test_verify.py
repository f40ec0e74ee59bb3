"""Index and records: what is wrong is found, named and mended; what is right is left alone."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.accounts.models import Account
from app.accounts.parties import ACCOUNT
from app.contacts.parties import CONTACT
from app.indexing import IndexOutdated, index_again, index_record
from app.matching import PartyValues
from app.matching.index import delete_sql, index_state, party, rows_of, upsert_sql
from app.matching.version import INDEX_VERSION
from app.reindexing.command import _lines
from app.reindexing.verify import Report, differences, verify
from tests.conftest import Contexts, OneConnection
from tests.factories import make_account, make_contact, make_user

Verify = Callable[..., Awaitable[Report]]


@pytest_asyncio.fixture(loop_scope="session")
async def look(one_connection: OneConnection, session: AsyncSession) -> AsyncIterator[Verify]:
    """`verify` on the test's connection."""

    async def looked(*, repair: bool) -> Report:
        return await verify(one_connection.raw, repair=repair)

    yield looked


@pytest_asyncio.fixture(loop_scope="session")
async def accounts(session: AsyncSession, contexts: Contexts) -> list[Account]:
    """Some, in the index; the first one has a contact."""
    user = await make_user(session)
    made = [await make_account(session, user, name=f"Zwiesele Nummer {n} GmbH") for n in range(5)]
    contact = await make_contact(session, user, made[0])
    async with contexts.of() as ctx:
        await index_again(ctx, "account", [account.id for account in made])
        await index_again(ctx, "contact", [contact.id])
    return made


async def party_of(session: AsyncSession, account: Account) -> Any:
    return (await session.execute(select(party).where(party.c.record_id == account.id))).one()


async def test_what_agrees_is_left_alone(look: Verify, accounts: list[Account]) -> None:
    report = await look(repair=True)
    assert (report.records, report.wrong, report.left) == (6, {}, 0)
    assert report.keys > 20
    assert _lines(report, 1, repair=True)[-1] == "The index and the records agree."


@pytest.mark.rule("DUP-1")
async def test_each_kind_of_error_is_named_and_mended(
    look: Verify, accounts: list[Account], rollback: AsyncConnection, session: AsyncSession
) -> None:
    missing, stale, robbed, burdened, _ = accounts
    await rollback.execute(delete_sql(), {"record_type": "account", "record_id": missing.id})
    await rollback.execute(text("UPDATE accounts SET name = 'Qualmann Orgelbau' WHERE id = :id"), {"id": stale.id})
    nobody = uuid4()
    await rollback.execute(upsert_sql(), rows_of([("lead", nobody, PartyValues(name="Niemand Holzbau"))]))
    one, other = await party_of(session, robbed), await party_of(session, burdened)
    await rollback.execute(
        text("DELETE FROM party_key WHERE party_id = :id AND key = :key"), {"id": one.id, "key": one.keys[0]}
    )
    await rollback.execute(text("INSERT INTO party_key VALUES (42, :id), (43, 2000000000)"), {"id": other.id})

    seen = await look(repair=False)
    assert seen.wrong == {"missing": 1, "stale": 1, "orphaned": 1, "key_missing": 1, "key_foreign": 2}
    assert seen.left == 6
    assert f"missing account {missing.id}" in seen.examples and f"orphaned lead {nobody}" in seen.examples
    assert _lines(seen, 1, repair=False)[-1] == "Nothing was changed."

    mended = await look(repair=True)
    assert (mended.wrong, mended.left) == (seen.wrong, 0)
    again = await look(repair=True)
    assert again.wrong == {}


async def test_a_changed_employer_makes_the_contact_stale(
    look: Verify, accounts: list[Account], rollback: AsyncConnection
) -> None:
    rename = text("UPDATE accounts SET name = 'Berger Spedition' WHERE id = :id")
    await rollback.execute(rename, {"id": accounts[0].id})
    assert (await look(repair=True)).wrong == {"stale": 2}
    assert (await look(repair=True)).wrong == {}


@pytest.mark.rule("DUP-1", "ACC-9")
async def test_lists_of_mailboxes_and_phones_are_read_the_same_from_rows_and_from_objects(
    look: Verify, session: AsyncSession, contexts: Contexts, rollback: AsyncConnection
) -> None:
    user = await make_user(session)
    account = await make_account(session, user, email="a@firma.at", phone="0732 1111")
    alone = await make_account(session, user)
    contact = await make_contact(session, user, account, email="b@firma.at")
    for record in (account, contact):
        record.emails = [*record.emails, {"address": 'C"ü@Firma.at', "primary": False}, {"address": "d@firma.at"}]
        record.phones = [*record.phones, {"number": "0660 1234567", "e164": None}]
    await session.commit()
    for record, source in ((account, ACCOUNT), (alone, ACCOUNT), (contact, CONTACT)):
        (row,) = (await rollback.execute(source.rows().where(source.model.id == record.id))).all()
        assert PartyValues.of(row[1:]) == source.values(record, account.name)
    assert source.values(contact).emails == ('C"ü@Firma.at', "d@firma.at")
    async with contexts.of() as ctx:
        await index_again(ctx, "account", [account.id, alone.id])
        await index_record(ctx, "contact", contact.id, source.values(contact, account.name))
    assert (await look(repair=True)).wrong == {}
    fewer = text("UPDATE accounts SET emails = emails - 1 WHERE id = :id")
    await rollback.execute(fewer, {"id": account.id})
    assert (await look(repair=True)).wrong == {"stale": 1}
    assert (await look(repair=True)).wrong == {}


async def test_a_change_between_looking_and_mending_is_not_undone(
    accounts: list[Account], rollback: AsyncConnection, one_connection: OneConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record that looked stale was deleted, with its party, before it could be mended."""
    gone = accounts[4]
    await rollback.execute(text("UPDATE party SET keys = '{}' WHERE record_id = :id"), {"id": gone.id})
    await rollback.execute(text("DELETE FROM party_key"))

    def meanwhile(record_type: str, rows: Any) -> Any:
        found = differences(record_type, rows)
        return (*found[:3], [*found[3], uuid4()])

    monkeypatch.setattr("app.reindexing.verify.differences", meanwhile)
    await verify(one_connection.raw, repair=True)
    monkeypatch.undo()
    assert (await verify(one_connection.raw, repair=True)).wrong == {}


async def test_an_index_of_another_version_cannot_be_verified(look: Verify, rollback: AsyncConnection) -> None:
    await rollback.execute(index_state.update().values(version=INDEX_VERSION + 1))
    with pytest.raises(IndexOutdated):
        await look(repair=True)
