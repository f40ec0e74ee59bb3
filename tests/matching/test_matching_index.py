"""The index in the database: written, looked up, replaced and removed in one statement each."""

from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.matching import PartyValues
from app.matching.index import (
    CANDIDATES,
    KEY_LIMIT,
    Matches,
    OtherVersion,
    delete_sql,
    find,
    index_state,
    insert_sql,
    party,
    party_key,
    rows_of,
    upsert_sql,
)
from app.matching.version import INDEX_VERSION

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


async def put_many(index: AsyncConnection, records: list[PartyValues], record_type: str = "account") -> list[UUID]:
    ids = [uuid4() for _ in records]
    rows = [(record_type, id_, values) for id_, values in zip(ids, records, strict=True)]
    await index.execute(insert_sql(), rows_of(rows))
    return ids


SWITCHBOARD = "0711 123456"


@pytest.mark.rule("DUP-1")
async def test_a_hot_key_is_cut_and_said_so(index: AsyncConnection) -> None:
    shells = [PartyValues(kind="company", name=f"Vorrat {n} UG", phone=SWITCHBOARD) for n in range(KEY_LIMIT + 5)]
    await put_many(index, shells)
    wanted = await put(index, PartyValues(kind="company", name="Zwiesele Ferntal GmbH", phone=SWITCHBOARD))
    asked = PartyValues(name="Zwiesele Ferntal", phone=SWITCHBOARD)
    matches = await find(index.execute, asked)
    assert matches.found[0].record_id == wanted
    assert matches.truncated
    # Likewise when all that was found is left out afterwards.
    nothing = await find(index.execute, PartyValues(phone=SWITCHBOARD), types=["contact"])
    assert nothing == Matches((), truncated=True)


@pytest.mark.rule("DUP-1")
async def test_more_candidates_than_are_compared_are_said_so(index: AsyncConnection) -> None:
    twins = [PartyValues(kind="company", name="Zwiesele Ferntal GmbH", city="Ulm") for _ in range(CANDIDATES)]
    ids = await put_many(index, twins)
    asked = PartyValues(name="Zwiesele Ferntal", city="Ulm")
    whole = await find(index.execute, asked)
    assert {one.record_id for one in whole.found} == set(ids) and not whole.truncated
    await put(index, twins[0])
    more = await find(index.execute, asked)
    assert len(more.found) == CANDIDATES and more.truncated
    assert not (await find(index.execute, asked, exclude=ids[:1])).truncated
    # With only a name to go by, more are compared.
    by_name = await find(index.execute, PartyValues(name="Zwiesele Ferntal"))
    assert len(by_name.found) == CANDIDATES + 1 and not by_name.truncated


async def test_what_is_cut_is_the_same_every_time(index: AsyncConnection) -> None:
    same = [PartyValues(kind="company", name="Zwiesele Ferntal GmbH", city="Ulm") for _ in range(KEY_LIMIT + 50)]
    ids = await put_many(index, same)
    asked = PartyValues(name="Zwiesele Ferntal GmbH", city="Ulm")
    first = await find(index.execute, asked)
    assert {one.record_id for one in first.found} == set(ids[:CANDIDATES])
    # In whatever order the rows lie, and by whatever plan they are read.
    await index.execute(party_key.delete().where(party_key.c.party_id.in_(select(party.c.id).limit(60))))
    await index.execute(
        text(
            "INSERT INTO party_key SELECT key, id FROM party, unnest(keys) key ORDER BY id DESC ON CONFLICT DO NOTHING"
        )
    )
    for setting in ("enable_indexonlyscan", "enable_indexscan", "enable_bitmapscan", "enable_hashagg"):
        await index.execute(text(f"SET LOCAL {setting} = off"))
        assert await find(index.execute, asked) == first


@pytest.mark.rule("DUP-1")
async def test_a_rare_field_brings_up_one_of_very_many_of_the_same_name(index: AsyncConnection) -> None:
    """ "Müller" and "Berlin" alone tell nothing; a telephone number with them does."""
    many = [PartyValues(kind="company", name="Müller GmbH", city="Berlin") for _ in range(3 * KEY_LIMIT)]
    await put_many(index, many)
    stored = PartyValues(kind="company", name="Müller GmbH", city="Berlin", phone="030 4711471")
    wanted = await put(index, stored)
    matches = await find(index.execute, PartyValues(name="Mueller", city="Berlin", phone="+49 30 4711471"))
    assert matches.found[0].record_id == wanted and not matches.truncated
    vague = await find(index.execute, PartyValues(name="Müller", city="Berlin"))
    assert len(vague.found) <= CANDIDATES and vague.truncated


async def test_what_is_left_out_takes_nobody_s_place(index: AsyncConnection) -> None:
    same = [PartyValues(kind="company", name="Zwiesele Ferntal GmbH", city="Ulm") for _ in range(CANDIDATES)]
    ids = await put_many(index, same, "lead")
    (last,) = await put_many(index, same[:1])
    asked = PartyValues(name="Zwiesele Ferntal GmbH", city="Ulm")
    assert last not in verdicts(await find(index.execute, asked))
    assert last in verdicts(await find(index.execute, asked, exclude=ids[:1]))
    assert set(verdicts(await find(index.execute, asked, types=["account"]))) == {last}


async def test_who_says_nothing_finds_nothing(index: AsyncConnection) -> None:
    assert await find(index.execute, PartyValues()) == Matches((), truncated=False)


async def test_an_index_of_another_version_answers_nobody(index: AsyncConnection) -> None:
    await put(index, PartyValues(name="Zwiesele Ferntal"))
    await index.execute(index_state.update().values(version=INDEX_VERSION - 1))
    with pytest.raises(OtherVersion):
        await find(index.execute, PartyValues(name="Zwiesele Ferntal"))
    written = await index.execute(upsert_sql(), rows_of([("account", uuid4(), PartyValues(name="Qualmann"))]))
    assert written.all() == []
