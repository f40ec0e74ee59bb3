"""The demo: what it makes, that it makes it once, and that its records agree with what the product itself would have made."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any, TypeVar

import asyncpg
import httpx
import orjson
import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.embedded import EmbeddedServers
from app.core.permissions import BUILT_IN_ROLES
from app.demo import Refused, fill, fill_in
from app.demo.companies import Inventor, Registry
from app.demo.draft import SEED
from app.demo.staff import PASSWORD, logins
from app.identity.models import TEAM_KINDS
from app.locks.service import NOTICE_DAYS
from app.main import create_app
from app.matching import Party, blocking_keys, score
from app.settings import Settings
from tests.conftest import Contexts, new_database
from tests.factories import make_user

R = TypeVar("R")
Ask = Callable[[str], Sequence[asyncpg.Record]]


def in_a_thread(work: Coroutine[Any, Any, R]) -> R:
    """Do it in an event loop of its own: the tests' loop may be running, and is not to be replaced."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


@pytest.fixture(scope="module")
def filled(servers: EmbeddedServers, settings: Settings) -> Settings:
    """The settings of an installation with a database of its own, filled with the demo."""
    with ThreadPoolExecutor(1) as thread:
        url = thread.submit(new_database, servers.database_url, "leadwerk_demo").result()
    chosen = settings.model_copy(update={"database_url": url})
    in_a_thread(fill(chosen))
    return chosen


@pytest.fixture(scope="module")
def ask(filled: Settings) -> Ask:
    """Asks the filled database."""

    async def fetch(sql: str) -> Sequence[asyncpg.Record]:
        connection = await asyncpg.connect(filled.database_url, passfile="/dev/null")
        try:
            return await connection.fetch(sql)
        finally:
            await connection.close()

    def ask(sql: str) -> Sequence[asyncpg.Record]:
        return in_a_thread(fetch(sql))

    return ask


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def client(filled: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the filled installation."""
    app = create_app(filled)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client,
    ):
        yield client


async def signed_in(client: httpx.AsyncClient, name: str) -> dict[str, str]:
    answer = await client.post("/v1/auth/sessions", json={"login": name, "password": PASSWORD})
    assert answer.status_code == 201, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def one(rows: Sequence[asyncpg.Record]) -> Any:
    return rows[0][0]


def test_every_role_kind_of_team_and_state_is_there(ask: Ask) -> None:
    roles = ask("SELECT r.key, count(*) FROM user_roles JOIN roles r ON r.id = role_id GROUP BY 1")
    assert {row["key"] for row in roles} == set(BUILT_IN_ROLES)
    assert sum(row["count"] for row in roles) == len(logins()) >= 40
    assert {row["kind"] for row in ask("SELECT DISTINCT kind FROM teams")} == set(TEAM_KINDS)
    assert one(ask("SELECT count(*) FROM centres")) == 8
    heads = ask(
        "SELECT u.country FROM users u JOIN user_roles ON user_id = u.id JOIN roles r ON r.id = role_id AND r.key = 'country_head'"
    )
    assert {row["country"] for row in heads} == {"AT", "DE", "CH"}
    states = {row["state"] for row in ask("SELECT DISTINCT state FROM lead_locks")}
    assert states == {"pending", "active", "expired", "released", "transferred"}
    decisions = {row["state"] for row in ask("SELECT DISTINCT state FROM clearances")}
    assert decisions == {"requested", "granted", "shared", "refused"}
    in_use = one(ask("SELECT count(DISTINCT stage_id) FROM opportunities"))
    assert in_use == one(ask("SELECT count(*) FROM stages"))


def test_there_are_some_two_thousand_companies(ask: Ask) -> None:
    assert 1150 <= one(ask("SELECT count(*) FROM accounts WHERE lead_id IS NULL")) <= 1250
    rows = ask(
        "SELECT l.status, count(*) FROM leads l JOIN projects p ON p.id = project_id AND p.is_default GROUP BY 1"
    )
    by_status = {row["status"]: row["count"] for row in rows}
    assert 780 <= sum(by_status.values()) <= 820 and 145 <= by_status["converted"] <= 160
    assert set(by_status) == {"new", "contacted", "qualified", "converted", "discarded"}
    assert (
        one(ask("SELECT count(*) FROM leads l JOIN projects p ON p.id = project_id WHERE p.key = 'herbstmesse'")) > 50
    )
    abroad = one(ask("SELECT count(*) FROM accounts WHERE country NOT IN ('AT', 'DE')"))
    assert 0 < abroad < 0.1 * one(ask("SELECT count(*) FROM accounts"))
    with_people = one(ask("SELECT count(DISTINCT account_id) FROM contacts"))
    assert with_people > 0.75 * one(ask("SELECT count(*) FROM accounts"))


INVARIANTS = {
    "a standing lock has a lead or account": """
        SELECT id FROM lead_locks WHERE state IN ('pending', 'active') AND coalesce(lead_id, account_id) IS NULL""",
    "every lead under protection has a lock of its holder": """
        SELECT l.id FROM leads l JOIN projects p ON p.id = l.project_id AND p.lock_enabled
        LEFT JOIN lead_locks k ON k.lead_id = l.id AND k.holder_id = l.assignee_id WHERE k.id IS NULL""",
    "a converted lead has its conversion, and both name the account made of it": """
        SELECT l.id FROM leads l LEFT JOIN conversions c ON c.lead_id = l.id LEFT JOIN accounts a ON a.id = l.account_id
        WHERE l.phase = 'converted' AND (c.account_id IS DISTINCT FROM l.account_id OR a.lead_id IS DISTINCT FROM l.id
              OR c.contact_id IS DISTINCT FROM l.contact_id)""",
    "only a converted lead has a conversion": """
        SELECT l.id FROM leads l JOIN conversions c ON c.lead_id = l.id WHERE l.phase <> 'converted'""",
    "phase and status agree": """
        SELECT l.id FROM leads l JOIN project_statuses s ON s.project_id = l.project_id AND s.key = l.status
        WHERE l.phase <> CASE WHEN s.category = 'working' THEN 'open' ELSE s.category END""",
    "a lock is active once all steps are done, not before": """
        SELECT k.id FROM lead_locks k JOIN leads l ON l.id = k.lead_id
        WHERE k.state IN ('pending', 'active')
          AND (k.state = 'active') <> (l.converted_at IS NOT NULL AND l.opportunity_requested_at IS NOT NULL)""",
    "a lock ends so many months after it began, unless it was extended": """
        SELECT k.id FROM lead_locks k JOIN projects p ON p.id = k.project_id
        WHERE k.state = 'active' AND k.ends_on < k.starts_on + make_interval(months => p.lock_months::int)""",
    "a lock is expired when its end is reached": """
        SELECT id FROM lead_locks WHERE (state = 'active' AND ends_on <= current_date)
           OR (state = 'expired' AND ends_on > current_date + 1)""",
    "a discarded lead holds nobody": """
        SELECT k.id FROM lead_locks k JOIN leads l ON l.id = k.lead_id
        WHERE l.phase = 'discarded' AND k.state IN ('pending', 'active')""",
    "a request names what was made of the lead": """
        SELECT m.id FROM messages m LEFT JOIN leads l ON l.id = m.record_id
        WHERE m.kind = 'opportunity_request' AND (m.request ->> 'account_id')::uuid IS DISTINCT FROM l.account_id""",
    "an opportunity from a request belongs to who asked": """
        SELECT o.id FROM opportunities o JOIN messages m ON m.id = o.message_id
        WHERE o.assignee_id <> m.sender_id OR o.account_id <> (m.request ->> 'account_id')::uuid""",
    "an opportunity is as its stage says": """
        SELECT o.id FROM opportunities o JOIN stages s ON s.id = o.stage_id
        WHERE o.status <> s.category OR o.probability <> s.probability OR (o.closed_at IS NULL) <> (s.category = 'open')
           OR (s.category = 'lost' AND o.close_reason IS NULL) OR (s.category = 'open' AND o.close_reason IS NOT NULL)""",
    "a lead under protection holds only what a check needs": """
        SELECT l.id FROM leads l JOIN projects p ON p.id = l.project_id AND p.lean
        WHERE num_nonnulls(l.salutation, l.first_name, l.last_name, l.street, l.phone, l.email, l.website, l.vat_id) > 0
           OR num_nulls(l.status, l.source, l.assignee_id, l.company, l.city, l.state, l.country, l.postal_code, l.contacted_on,
                        l.description, l.expected_revenue_amount) > 0""",
    "a receipt is of the one who made the lead, before it": """
        SELECT l.id FROM leads l JOIN protection_checks c ON c.id = l.receipt_id
        WHERE c.user_id <> l.created_by OR c.created_at >= l.created_at""",
    "a clearance is asked of another one and decided by the country's head": """
        SELECT c.id FROM clearances c LEFT JOIN users u ON u.id = c.decided_by
        WHERE c.requested_by = c.holder_id OR (c.state = 'requested') <> (c.decided_by IS NULL) OR u.country <> c.country""",
    "who owns a record belongs to its teams, or is one of its people": """
        SELECT a.id FROM accounts a WHERE cardinality(a.team_ids) = 0
           OR EXISTS (SELECT FROM unnest(a.team_ids) t LEFT JOIN teams ON teams.id = t WHERE teams.id IS NULL)""",
    "everybody is in their private team": """
        SELECT u.id FROM users u LEFT JOIN teams t ON t.user_id = u.id
        LEFT JOIN team_members m ON m.team_id = t.id AND m.user_id = u.id WHERE m.user_id IS NULL""",
    "every lead, account and contact is in the duplicate index": """
        SELECT r.id FROM (SELECT 'lead' AS type, id FROM leads UNION ALL SELECT 'account', id FROM accounts
                        UNION ALL SELECT 'contact', id FROM contacts) AS r
        LEFT JOIN party ON record_type = type AND record_id = r.id WHERE party.id IS NULL""",
    "the index has every key of every party": """
        SELECT p.id FROM party p LEFT JOIN (SELECT party_id, count(*) AS keys FROM party_key GROUP BY 1) AS k ON k.party_id = p.id
        WHERE cardinality(p.keys) IS DISTINCT FROM k.keys""",
    "nothing lies in the future": " UNION ALL ".join(
        f"SELECT id FROM {table} WHERE created_at > now()"
        for table in ("leads", "accounts", "contacts", "lead_locks", "opportunities", "activities", "messages",
                      "notifications", "clearances", "protection_checks")
    ),
    "the change log has every record": """
        SELECT r.id FROM (SELECT id FROM leads UNION ALL SELECT id FROM accounts UNION ALL SELECT id FROM lead_locks) AS r
        LEFT JOIN change_log c ON c.record_id = r.id AND c.operation = 'insert' AND c.actor = 'system:demo' WHERE c.id IS NULL""",
}  # fmt: skip


@pytest.mark.parametrize("rule", INVARIANTS)
def test_records_agree(ask: Ask, rule: str) -> None:
    """Each statement asks for those that break the rule."""
    assert list(ask(INVARIANTS[rule]))[:3] == []


def test_notices_and_ends_are_on_the_timetable(ask: Ask) -> None:
    planned = {row["key"] for row in ask("SELECT key FROM outbox WHERE job IN ('locks.notice', 'locks.expire')")}
    wanted = set()
    for lock in ask("SELECT id, ends_on, ends_on - current_date AS days FROM lead_locks WHERE state = 'active'"):
        wanted.add(f"lock:{lock['id']}:end")
        wanted |= {f"lock:{lock['id']}:{days}" for days in NOTICE_DAYS if lock["days"] > days + 1}
    assert wanted <= planned
    soon = one(ask("SELECT count(*) FROM lead_locks WHERE state = 'active' AND ends_on <= current_date + 30"))
    assert soon >= 15
    assert {row["job"] for row in ask("SELECT DISTINCT job FROM outbox")} == {"locks.notice", "locks.expire"}


@pytest.mark.rule("LOCK-3")
def test_no_customer_is_held_twice(ask: Ask) -> None:
    rows = ask(
        "SELECT p.dump FROM lead_locks k JOIN party p ON p.record_id = k.lead_id WHERE k.state IN ('pending', 'active')"
    )
    assert len(rows) > 600
    by_key: dict[int, list[Party]] = {}
    for row in rows:
        party = Party.load(orjson.loads(row["dump"]))
        keys = blocking_keys(party)
        near = {id(other): other for key in keys for other in by_key.get(key, ())}
        assert [other for other in near.values() if score(party, other).verdict == "duplicate"] == []
        for key in keys:
            by_key.setdefault(key, []).append(party)


def test_some_accounts_are_there_twice_under_another_spelling(ask: Ask) -> None:
    rows = ask("SELECT p.dump, a.vat_id, a.phone FROM accounts a JOIN party p ON p.record_id = a.id")
    by_phone: dict[str, list[Party]] = {}
    for row in rows:
        by_phone.setdefault(row["phone"], []).append(Party.load(orjson.loads(row["dump"])))
    twice = [pair for pair in by_phone.values() if len(pair) > 1]
    assert len(twice) == 12
    assert all(score(one, other).verdict == "duplicate" for one, other in twice)


async def test_filling_again_changes_nothing(filled: Settings, ask: Ask, capsys: pytest.CaptureFixture[str]) -> None:
    before = ask(
        "SELECT (SELECT count(*) FROM change_log), (SELECT count(*) FROM outbox), (SELECT count(*) FROM party)"
    )
    await fill(filled)
    assert "already here" in capsys.readouterr().out
    after = ask("SELECT (SELECT count(*) FROM change_log), (SELECT count(*) FROM outbox), (SELECT count(*) FROM party)")
    assert before == after


def test_the_same_companies_come_every_time() -> None:
    first, second = (Inventor(Random(SEED)) for _ in range(2))
    companies = [first.company("AT") for _ in range(50)]
    assert companies == [second.company("AT") for _ in range(50)]
    assert [first.person(c) for c in companies] == [second.person(c) for c in companies]
    assert all(company.website.endswith(".example") for company in companies)


def test_who_resembles_another_one_is_drawn_again() -> None:
    registry = Registry()
    company = Inventor(Random(1)).company("DE")
    assert registry.enter(company.values(), company)
    assert not registry.enter(company.values(), object())
    assert registry.enter(company.values(), company)


async def test_an_installation_with_users_of_its_own_is_left_alone(contexts: Contexts, session: AsyncSession) -> None:
    await make_user(session, first_name="Anna", last_name="Berger")
    with pytest.raises(Refused, match=r"anna\.berger"):
        async with contexts.of() as ctx:
            await fill_in(ctx)
    with pytest.raises(Refused, match="Rename it"):
        async with contexts.of() as ctx:
            await fill_in(ctx, force=True)
    assert await session.scalar(text("SELECT count(*) FROM users")) == 1


async def test_one_at_a_time(filled: Settings, contexts: Contexts, session: AsyncSession) -> None:
    """Another `make demo` that has not committed yet is seen, too."""
    other = await asyncpg.connect(contexts.services.settings.database_url, passfile="/dev/null")
    try:
        async with other.transaction():
            await other.execute("SELECT pg_advisory_xact_lock(4201007)")
            with pytest.raises(Refused, match="at work"):
                async with contexts.of() as ctx:
                    await fill_in(ctx)
    finally:
        await other.close()


async def test_production_keeps_the_public_password_out(filled: Settings) -> None:
    with pytest.raises(Refused, match="production"):
        await fill(filled.model_copy(update={"environment": "production"}))


@pytest.mark.parametrize("role", sorted(BUILT_IN_ROLES))
async def test_every_role_logs_in(client: httpx.AsyncClient, role: str) -> None:
    name = next(name for found, name, _ in logins() if found == role)
    headers = await signed_in(client, name)
    me = await client.get("/v1/me", headers=headers)
    assert me.status_code == 200 and me.json()["roles"] == [role]
    for path in (
        "leads",
        "accounts",
        "contacts",
        "opportunities",
        "activities",
        "messages",
        "lead-locks",
        "clearances",
    ):
        answer = await client.get(f"/v1/{path}", headers=headers)
        assert answer.status_code in (200, 403), (path, answer.text)


@pytest.mark.rule("LOCK-1")
async def test_the_story_of_the_readme(client: httpx.AsyncClient) -> None:
    headers = await signed_in(client, "markus.steiner")
    for name in ("mueller maschinenbau", "Müller Maschinenbau GmbH & Co KG", "Maschinenbau Mueller"):
        answer = await client.post("/v1/protection-checks", headers=headers, json={"name": name, "city": "Linz"})
        body = answer.json()
        assert answer.status_code == 201 and body["status"] == "taken", body
        (match,) = [found for found in body["matches"] if found["verdict"] == "duplicate"]
        assert match["holder"]["name"] == "Anna Berger" and match["until"] is not None
        assert [head["name"] for head in body["ask"]] == ["Ulrike Hofer"]


async def test_sales_support_finds_requests_and_the_country_head_clearances(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/messages", headers=await signed_in(client, "sabine.klein"), params={"limit": 200})
    assert any(message["kind"] == "opportunity_request" for message in answer.json()["items"])
    answer = await client.get(
        "/v1/clearances", headers=await signed_in(client, "ulrike.hofer"), params={"state": "requested"}
    )
    assert answer.status_code == 200 and answer.json()["items"]
