"""The index in the database: written, looked up, replaced and removed in one statement each."""

from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.matching import PartyValues
from app.matching.index import KEY_LIMIT, Matches, delete_sql, find, party, party_key, rows_of, upsert_sql

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def index(rollback: AsyncConnection) -> AsyncConnection:
    return rollback


async def put(
    index: AsyncConnection, values: PartyValues, record_type: str = "account", own: UUID | None = None
) -> UUID:
    own = own or uuid4()
    await index.execute(upsert_sql(), rows_of([(record_type, own, values)]))
    return own


async def keys_in(index: AsyncConnection) -> int:
    return (await index.execute(select(func.count()).select_from(party_key))).scalar_one()


def verdicts(matches: Matches) -> dict[UUID, str]:
    return {one.record_id: one.match.verdict for one in matches.found}


@pytest.mark.rule("LOCK-1")
async def test_a_name_as_typed_finds_leads_and_accounts(index: AsyncConnection) -> None:
    stored = PartyValues(
        kind="company", name="Müller Maschinenbau GmbH & Co. KG", postal_code="70173", city="Stuttgart"
    )
    account, lead = await put(index, stored), await put(index, stored, "lead")
    await put(index, PartyValues(kind="company", name="Zwiesele Holzbau GmbH", postal_code="70173", city="Stuttgart"))
    for typed in ("mueller maschinenbau", "Maschinenbau Mueller", "Müler Maschinenbau", "Mueller Masch.bau"):
        assert verdicts(await find(index.execute, PartyValues(name=typed))) == {account: "possible", lead: "possible"}
    sure = await find(index.execute, PartyValues(name="Müler Maschinenbau", city="Stuttgart", postal_code="70173"))
    assert verdicts(sure) == {account: "duplicate", lead: "duplicate"}
    assert not sure.truncated


@pytest.mark.rule("DUP-1")
async def test_types_and_exceptions(index: AsyncConnection) -> None:
    stored = PartyValues(kind="company", name="Zwiesele Ferntal GmbH")
    account, lead = await put(index, stored), await put(index, stored, "lead")
    assert set(verdicts(await find(index.execute, stored, types=["lead"]))) == {lead}
    assert set(verdicts(await find(index.execute, stored, exclude=[lead]))) == {account}
    assert set(verdicts(await find(index.execute, stored, types=["lead"], exclude=[lead]))) == set()


async def test_replacing_and_removing_leave_nothing_behind(index: AsyncConnection) -> None:
    before = await keys_in(index)
    own = await put(index, PartyValues(kind="company", name="Zwiesele Ferntal GmbH", city="Ulm"))
    await put(index, PartyValues(kind="company", name="Qualmann Holzbau", city="Ulm"), own=own)
    assert verdicts(await find(index.execute, PartyValues(name="Zwiesele Ferntal"))) == {}
    assert set(verdicts(await find(index.execute, PartyValues(name="Qualmann Holzbau")))) == {own}
    stored = (
        await index.execute(select(func.cardinality(party.c.hashes)).where(party.c.record_id == own))
    ).scalar_one()
    assert await keys_in(index) == before + stored
    await index.execute(delete_sql(), {"record_type": "account", "record_id": own})
    assert await keys_in(index) == before
    assert verdicts(await find(index.execute, PartyValues(name="Qualmann Holzbau"))) == {}


async def test_a_hot_key_is_cut_and_said_so(index: AsyncConnection) -> None:
    for number in range(KEY_LIMIT + 5):
        await put(index, PartyValues(kind="company", name=f"Vorrat {number} UG", phone="0711 123456"))
    wanted = await put(index, PartyValues(kind="company", name="Zwiesele Ferntal GmbH", phone="0711 123456"))
    matches = await find(index.execute, PartyValues(name="Zwiesele Ferntal", phone="0711 123456"))
    assert matches.found[0].record_id == wanted
    assert matches.truncated


async def test_who_says_nothing_finds_nothing(index: AsyncConnection) -> None:
    assert await find(index.execute, PartyValues()) == Matches((), False)
