"""What is not as it should be: found, told with what mends it, counted, and gone when mended (ACC-15)."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Account
from app.activities.models import Activity
from app.contacts.models import AccountContact, Contact
from app.core.mailboxes import GENERIC, is_generic
from app.data_quality import service
from app.data_quality.findings import FINDINGS, MESSAGES
from app.data_quality.jobs import refresh
from app.duplicate_scans.models import DuplicateCluster, DuplicateClusterMember, DuplicateScan
from app.identity.models import Centre, CentreArea, Team, User
from app.jobs.models import Job
from tests.conftest import Api, Contexts
from tests.contract.schemas import Document, named_operations
from tests.factories import make_account, make_contact, make_team, make_user

pytestmark = pytest.mark.rule("ACC-15")

Key = tuple[str, str]
PATH = "/v1/data-quality"
TODAY = datetime.now(UTC).date()


async def found(client: httpx.AsyncClient, **query: Any) -> list[dict[str, Any]]:
    """All findings, page by page."""
    items: list[dict[str, Any]] = []
    cursor = None
    while True:
        answer = await client.get(PATH, params={**query, **({"cursor": cursor} if cursor else {})})
        assert answer.status_code == 200, answer.text
        items += answer.json()["items"]
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            return items


def keys(items: Iterable[dict[str, Any]]) -> set[Key]:
    return {(item["type"], item["record"]["id"]) for item in items}


async def make_centre(session: AsyncSession, code: str, *areas: tuple[str, str]) -> Centre:
    centre = Centre(code=code, name=f"Centre {code}", country="AT")
    session.add(centre)
    await session.flush()
    session.add_all(CentreArea(centre_id=centre.id, country="AT", from_code=a, to_code=b) for a, b in areas)
    await session.commit()
    return centre


async def backdate(session: AsyncSession, account: Account, days: int) -> None:
    """As if nobody had touched it since."""
    await session.execute(text("ALTER TABLE accounts DISABLE TRIGGER USER"))
    then = datetime.now(UTC) - timedelta(days=days)
    await session.execute(
        text("UPDATE accounts SET updated_at = :then WHERE id = :id"), {"then": then, "id": account.id}
    )
    await session.execute(text("ALTER TABLE accounts ENABLE TRIGGER USER"))
    await session.commit()


async def make_cluster(session: AsyncSession, *accounts: Account) -> DuplicateCluster:
    """What a finished scan has found of these."""
    job = Job(kind="duplicate_scan", state="done", finished_at=datetime.now(UTC))
    session.add(job)
    await session.flush()
    session.add(DuplicateScan(id=job.id, record_types=["account"], minimum_verdict="duplicate"))
    await session.flush()
    cluster = DuplicateCluster(
        scan_id=job.id, rank=1, record_type="account", verdict="duplicate", score=1, size=len(accounts)
    )
    session.add(cluster)
    await session.flush()
    for one in accounts:
        session.add(
            DuplicateClusterMember(cluster_id=cluster.id, record_type="account", record_id=one.id, record_version=1)
        )
        await session.execute(
            text("INSERT INTO party (record_type, record_id, dump, keys) VALUES ('account', :id, '[]', '{}')"),
            {"id": one.id},
        )
    await session.commit()
    return cluster


class World:
    """Records with and without findings, of two teams, and what a person would say of them."""

    def __init__(self, user: User, team: Team, other: User, other_team: Team) -> None:
        self.user, self.team, self.other, self.other_team = user, team, other, other_team
        self.accounts: list[Account] = []
        self.contacts: list[Contact] = []
        self.expected: dict[UUID, set[str]] = {}

    def says(self, record: Account | Contact, *types: str) -> Any:
        (self.accounts if isinstance(record, Account) else self.contacts).append(record)  # type: ignore[arg-type]
        self.expected[record.id] = set(types)
        return record


GOOD = {"phone": "+43 732 1", "email": "eva.muster@firma.at", "segment": "local", "postal_code": "4020"}


async def make_world(session: AsyncSession) -> World:
    team, other_team = await make_team(session), await make_team(session)
    user, other = await make_user(session, "rm", teams=[team]), await make_user(session, "rm", teams=[other_team])
    linz = await make_centre(session, "LNZ", ("40", "42"))
    graz = await make_centre(session, "GRZ", ("8000", "8099"))
    world = World(user, team, other, other_team)

    async def account(*types: str, person: bool = True, of: User = user, **values: Any) -> Account:
        teams = [(team if of is user else other_team).id]
        made = await make_account(session, of, **({"team_ids": teams, "centre_id": linz.id} | GOOD | values))
        if person:
            await contact(account=made, of=of)
        return world.says(made, *types)

    async def contact(*types: str, account: Account | None = None, of: User = user, **values: Any) -> Contact:
        teams = [(team if of is user else other_team).id]
        person = {"email": f"max.kunde{len(world.contacts)}@firma.at", "phone": "+43 664 1", "team_ids": teams}
        return world.says(await make_contact(session, of, account, **(person | values)), *types)

    await account()
    hidden = await account("account_without_contact", of=other, person=False)
    shared = await account("account_without_segment", of=other, segment=None, access="public_read")
    await contact("generic_email", of=other, account=shared, email="Office+x@firma.at")
    await account("account_without_contact", person=False)
    left = await account("account_without_contact", person=False)
    await contact(account=left, relationship="left")
    second = await account(person=False)
    guest = await contact(account=shared)
    session.add(AccountContact(account_id=second.id, contact_id=guest.id, relation="adviser"))
    await account("account_without_centre", centre_id=None)
    await account("account_of_other_centre", centre_id=graz.id, postal_code="A-4210")
    await account(centre_id=graz.id, postal_code="6020")
    await account("unreachable", phone=None, email=None)
    await account("account_without_segment", segment=None, team_ids=[team.id, other_team.id])
    await contact("contact_without_account")
    lonely = await contact()
    session.add(AccountContact(account_id=second.id, contact_id=lonely.id, relation="other"))
    await contact("generic_email", "contact_without_account", email="INFO@firma.at")
    await contact(account=second, email="info.mueller@firma.at")
    await contact(
        "generic_email",
        account=second,
        emails=[{"address": "max@firma.at", "primary": True}, {"address": "einkauf@firma.at", "primary": False}],
    )
    await contact("unreachable", account=second, phone=None, email=None)
    for stale, values in (
        (True, {}),
        (True, {"last_order_on": TODAY - timedelta(days=900)}),
        (False, {"last_order_on": TODAY}),
        (False, {"last_visit_on": TODAY}),
    ):
        old = await account(*(["stale"] if stale else []), **values)
        await backdate(session, old, 800)
    active = await account()
    session.add(Activity(type="note", status="done", subject="Notiz", account_id=active.id, team_ids=[]))
    await session.commit()
    await backdate(session, active, 800)
    double = await account("possible_duplicate")
    world.expected[hidden.id].add("possible_duplicate")
    await make_cluster(session, double, hidden)
    for record in [*world.accounts, *world.contacts]:
        await session.refresh(record)
    return world


def seen_by(world: World, user: User, team: Team) -> set[Key]:
    """The reference: what this user must find, said in Python."""
    records: list[Any] = [*world.accounts, *world.contacts]
    return {
        (type_, str(record.id))
        for record in records
        if record.access != "managers" or record.assignee_id == user.id or team.id in record.team_ids
        for type_ in world.expected[record.id]
    }


def reference_counts(world: World, wanted: set[Key]) -> tuple[Counter[Any], Counter[Any]]:
    records: dict[str, Any] = {str(r.id): r for r in [*world.accounts, *world.contacts]}
    centres = {account.id: account.centre_id for account in world.accounts}
    totals: Counter[Any] = Counter()
    parts: Counter[Any] = Counter()
    for type_, id_ in wanted:
        record = records[id_]
        kind = "account" if isinstance(record, Account) else "contact"
        centre = record.centre_id if isinstance(record, Account) else centres.get(record.account_id)
        totals[type_, kind] += 1
        for team in record.team_ids:
            parts[type_, kind, str(centre) if centre else None, str(team)] += 1
    return totals, parts


async def counted(client: httpx.AsyncClient, **query: Any) -> tuple[Counter[Any], Counter[Any], dict[str, Any]]:
    answer = await client.get(f"{PATH}/counts", params=query)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    totals = Counter({(row["type"], row["record_type"]): row["number"] for row in body["types"]})
    parts = {(r["type"], r["record_type"], r["centre_id"], r["team_id"]): r["number"] for r in body["items"]}
    return totals, Counter(parts), body


@pytest.fixture(params=["small", "large"])
def size(request: Any, monkeypatch: Any) -> str:
    """A small stock is searched for each question, a large one now and then."""
    if request.param == "large":
        monkeypatch.setattr(service, "LIVE_UP_TO", -1)
    return str(request.param)


async def search_all(contexts: Contexts, size: str) -> None:
    if size == "large":
        for which in range(len(FINDINGS)):
            async with contexts.of() as ctx:
                await refresh(ctx, {"which": which})


async def test_each_finds_what_they_see_and_no_more(
    api: Api, session: AsyncSession, contexts: Contexts, size: str
) -> None:
    world = await make_world(session)
    await search_all(contexts, size)
    for user, team in ((world.user, world.team), (world.other, world.other_team)):
        client = await api.as_user(user)
        wanted = seen_by(world, user, team)
        items = await found(client)
        assert keys(items) == wanted and len(items) == len(wanted)
        assert keys(await found(client, limit=2)) == wanted, "page by page"
        totals, parts, body = await counted(client)
        assert (totals, parts) == reference_counts(world, wanted)
        assert {c["id"] for c in body["centres"]} == {centre for _, _, centre, _ in parts if centre}
        assert {t["id"] for t in body["teams"]} == {team for *_, team in parts if team}
        assert body["as_of"] is not None
        for type_ in MESSAGES:
            assert keys(await found(client, type=type_)) == {key for key in wanted if key[0] == type_}
    everything = await api.as_user(await make_user(session, "admin"))
    assert {str(id_) for id_ in world.expected} >= {
        item["record"]["id"] for item in await found(everything, team_id=str(world.team.id))
    }


async def test_filters_narrow_list_and_numbers_alike(
    api: Api, session: AsyncSession, contexts: Contexts, size: str
) -> None:
    world = await make_world(session)
    await search_all(contexts, size)
    client = await api.as_user(world.user)
    wanted = seen_by(world, world.user, world.team)
    records: dict[str, Any] = {str(r.id): r for r in [*world.accounts, *world.contacts]}
    centres: dict[Any, Any] = {account.id: account.centre_id for account in world.accounts}
    centre = world.accounts[0].centre_id

    def centre_of(record: Any) -> Any:
        return record.centre_id if isinstance(record, Account) else centres.get(record.account_id)

    tests: list[tuple[dict[str, Any], set[Key]]] = [
        ({"record_type": "contact"}, {k for k in wanted if isinstance(records[k[1]], Contact)}),
        ({"centre_id": str(centre)}, {k for k in wanted if centre_of(records[k[1]]) == centre}),
        ({"team_id": str(world.other_team.id)}, {k for k in wanted if world.other_team.id in records[k[1]].team_ids}),
        ({"assignee_id": str(world.other.id)}, {k for k in wanted if records[k[1]].assignee_id == world.other.id}),
        ({"type": ["stale", "generic_email"]}, {k for k in wanted if k[0] in ("stale", "generic_email")}),
    ]
    for query, expected in tests:
        assert expected and keys(await found(client, **query)) == expected, query
        totals, _, _ = await counted(client, **query)
        assert totals == reference_counts(world, expected)[0], query
    assert await found(client, centre_id=str(world.user.id)) == []


async def test_what_is_mended_is_gone_at_once(api: Api, session: AsyncSession, contexts: Contexts, size: str) -> None:
    world = await make_world(session)
    await search_all(contexts, size)
    client = await api.as_user(world.user)
    items = {item["type"]: item for item in await found(client)}
    wrong = items["account_of_other_centre"]
    assert wrong["fix"]["operation"] == "update_account" and wrong["detail"]["postal_code"] == "A-4210"
    assert wrong["fix"]["body"] == {"centre_id": wrong["detail"]["responsible_centre"]["id"]}
    mended = await client.patch(wrong["fix"]["href"], json=wrong["fix"]["body"], headers={"If-Match": "*"})
    assert mended.status_code == 200, mended.text
    await session.execute(
        text("UPDATE accounts SET description = 'neu' WHERE id = :id"), {"id": items["stale"]["record"]["id"]}
    )
    await session.commit()
    session.expunge_all()
    left = keys(await found(client))
    assert ("account_of_other_centre", wrong["record"]["id"]) not in left
    assert ("stale", items["stale"]["record"]["id"]) not in left

    lonely = items["account_without_contact"]
    person = {"last_name": "Neu", **lonely["fix"]["body"]}
    made = await client.post(lonely["fix"]["href"], json=person)
    assert made.status_code == 201, made.text
    assert ("account_without_contact", lonely["record"]["id"]) not in keys(await found(client))


async def test_every_fix_is_an_operation_of_the_api(
    api: Api, session: AsyncSession, contexts: Contexts, document: Document
) -> None:
    world = await make_world(session)
    operations = {o["operationId"]: (method.upper(), path) for _, path, method, o in named_operations(document)}
    seen = set()
    for language in ("de", "en"):
        client = await api.as_user(world.user)
        for item in await found(client, limit=200):
            fix = item["fix"]
            method, path = operations[fix["operation"]]
            kind = item["record"]["type"]
            assert (method, path.replace(f"{{{kind}_id}}", item["record"]["id"])) == (fix["method"], fix["href"])
            assert item["message"] and fix["hint"] and "{" not in item["message"]
            seen.add(item["type"])
        client.headers["Accept-Language"] = language
    assert seen == set(MESSAGES) == {finding.type for finding in FINDINGS}


async def test_the_list_is_for_who_may_mend(api: Api, session: AsyncSession) -> None:
    assert (await api.anyone.get(PATH)).status_code == 401
    for role, status in (("rm", 200), ("admin", 200), ("mst", 403), ("ks", 403)):
        client = await api.as_user(await make_user(session, role))
        for path in (PATH, f"{PATH}/counts"):
            assert (await client.get(path)).status_code == status, role
    client = await api.as_user(await make_user(session))
    for query in ({"type": "x"}, {"centre_id": "x"}, {"cursor": "abc"}, {"sort": "x"}, {"limit": 0}):
        assert (await client.get(PATH, params=query)).status_code == 422, query


async def test_a_cursor_is_good_for_its_own_list_only(api: Api, session: AsyncSession) -> None:
    world = await make_world(session)
    client = await api.as_user(world.user)
    answer = await client.get(PATH, params={"limit": 1})
    cursor = answer.json()["next_cursor"]
    assert 'rel="next"' in answer.headers["Link"]
    other = await client.get(PATH, params={"limit": 1, "cursor": cursor, "type": "stale"})
    assert other.status_code == 422 and other.json()["code"] == "invalid_cursor"


async def test_old_numbers_of_a_large_stock_are_renewed_once_however_many_look(
    api: Api, session: AsyncSession, contexts: Contexts, monkeypatch: Any
) -> None:
    monkeypatch.setattr(service, "LIVE_UP_TO", -1)
    world = await make_world(session)
    client = await api.as_user(world.user)
    for _ in range(3):
        _, _, body = await counted(client)
        assert body["as_of"] is None and body["types"] == []
    waiting = text("SELECT count(*) FROM outbox WHERE job = 'data_quality.refresh'")
    assert (await session.execute(waiting)).scalar_one() == 1
    await search_all(contexts, "large")
    assert (await counted(client))[0] == reference_counts(world, seen_by(world, world.user, world.team))[0]


async def test_there_is_one_list_of_general_mailboxes(session: AsyncSession) -> None:
    addresses = [f"{name}@firma.at" for name in GENERIC] + [
        *(
            "Info@x.at",
            "OFFICE+crm@x.at",
            "max.info@x.at",
            "info.max@x.at",
            "infos@x.at",
            "@x.at",
            "info",
            "eva@info.at",
        ),
    ]
    for address in addresses:
        statement = text(
            "SELECT has_generic_mailbox(:a, '{}'), has_generic_mailbox(NULL, ARRAY[lower(:a), '@x.at', '+43'])"
        )
        rows = (await session.execute(statement, {"a": address})).one()
        expected = "@" in address and is_generic(address)
        assert tuple(rows) == (expected, expected), address
    nothing = text("SELECT has_generic_mailbox(NULL, '{}'), has_generic_mailbox('eva@x.at', NULL)")
    assert tuple((await session.execute(nothing)).one()) == (False, False)
