"""The stock that is measured on: leads with their locks, some of them customers already, people, and the duplicate index.

It is made once per version of schema and matcher and kept in `bench/.cache`; every run works on a fresh copy.
"""

import asyncio
import fcntl
import hashlib
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from app.core.embedded import EmbeddedServers
from app.migrate import migrate
from app.projects.models import PROTECTION_PROJECT_ID
from app.reindexing.rebuild import rebuild
from bench.companies import Company, companies, unheard_of

ROOT = Path(__file__).parent.parent
CACHE = Path(__file__).parent / ".cache"
SEED = 2026
RESERVE_SHARE = 0.12
"""Leads made on top for the conversions, each of which uses one up."""
RESERVE_LEAST = 4_000
PAIRS = 2_400
"""Contacts who are there twice, for the merges; each one's double has so many activities:"""
SUB_RECORDS = 50
DEVELOPERS = 40
STATUSES = ("new", "contacted", "qualified")
REVENUES = ("4800.00", "12500.00", "36000.00", "98000.00")
DESCRIPTIONS = (
    "Interesse an der Flatrate für drei Standorte",
    "Kam über die Messe, will im Frühjahr ein Angebot. Ansprechpartner ist der Einkauf.",
    "Wechselt vielleicht vom Mitbewerber; der Vertrag dort läuft noch bis Jahresende.",
)

Row = tuple[Any, ...]
BARE_TABLES = (
    *("leads", "lead_locks", "accounts", "contacts", "activities", "messages", "message_recipients", "conversions"),
    *("opportunities", "merges", "merge_moves", "record_redirects", "erp_events"),
)
"""Copied to the schema `bare` for the baselines: the same columns, rows and indexes, no triggers, no foreign keys."""

LEAD_COLUMNS = (
    *("id", "project_id", "status", "phase", "source", "assignee_id", "team_ids", "visibility", "name", "company"),
    *("postal_code", "city", "state", "country", "contacted_on", "description", "expected_revenue_amount"),
    *("expected_revenue_currency", "created_at", "updated_at", "created_by", "converted_at", "account_id"),
    "opportunity_requested_at",
)
LOCK_COLUMNS = (
    *("id", "lead_id", "account_id", "project_id", "holder_id", "visibility", "customer_name", "country", "state"),
    *("starts_on", "ends_on", "created_at", "updated_at", "created_by"),
)
CONTACT_COLUMNS = (
    *("id", "first_name", "last_name", "assignee_id", "manager_ids", "team_ids", "city", "country", "source"),
    *("created_at", "updated_at", "created_by"),
)
ACTIVITY_COLUMNS = (
    *(
        "id",
        "type",
        "status",
        "subject",
        "assignee_id",
        "contact_id",
        "team_ids",
        "created_at",
        "updated_at",
        "created_by",
    ),
)
ACCOUNT_COLUMNS = (
    *("id", "name", "assignee_id", "manager_ids", "team_ids", "level", "industry", "legal_form", "postal_code", "city"),
    *("state", "country", "lead_id", "created_at", "updated_at", "created_by"),
)


def prepared_copy(leads: int) -> Path:
    """A data folder for one run, with so many leads; the stock is loaded first if it is not there yet."""
    stock = CACHE / f"{leads}-{_version()}"
    if not stock.exists():
        for old in CACHE.glob(f"{leads}-*"):
            shutil.rmtree(old)
        building = CACHE / "building"
        shutil.rmtree(building, ignore_errors=True)
        print(f"Loading {leads:,} leads (once per version of schema and matcher) …", file=sys.stderr)
        with EmbeddedServers(building, purpose="bench, loading") as servers:
            migrate(servers.database_url)
            asyncio.run(_load(servers.database_url, leads))
        building.rename(stock)
    run = CACHE / "run"
    shutil.rmtree(run, ignore_errors=True)
    subprocess.run(["cp", "-a", str(stock), str(run)], check=True)
    return run


@contextmanager
def alone() -> Iterator[None]:
    """Only one run at a time: two would measure each other."""
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Waiting for the other `make bench` that runs here …", file=sys.stderr)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _version() -> str:
    """Changes with whatever the stored rows depend on."""
    digest = hashlib.sha256()
    sources = [*(ROOT / "migrations").rglob("*.py"), *(ROOT / "app/matching").rglob("*.py")]
    for path in (*sorted(sources), Path(__file__), Path(__file__).with_name("companies.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def record_id(moment: datetime, chance: random.Random) -> UUID:
    """A UUIDv7 of that moment, the same at each loading."""
    value = int(moment.timestamp() * 1000) << 80 | 7 << 76 | chance.getrandbits(12) << 64 | 2 << 62
    return UUID(int=value | chance.getrandbits(62))


class _Stock:
    """Collects the rows."""

    def __init__(self, people: Sequence[tuple[UUID, UUID]], team: UUID, second_project: UUID) -> None:
        self.people = people
        self.team = team
        self.second_project = second_project
        self.chance = random.Random(SEED)
        self.leads: list[Row] = []
        self.locks: list[Row] = []
        self.accounts: list[Row] = []
        self.contacts: list[Row] = []
        self.activities: list[Row] = []
        self._day = datetime(2026, 1, 5, 8, tzinfo=UTC)

    def add_pair(self, company: Company, number: int) -> None:
        """A person who is there twice, and what hangs on the double."""
        chance = self.chance
        user, own_team = self.people[0]
        made = self._day + timedelta(seconds=number)
        last = company.name.split()[0]
        for at, source in enumerate(("bench_pair", None)):
            id_ = record_id(made + timedelta(milliseconds=at), chance)
            self.contacts.append(
                (id_, "Eva", last, user, [], [own_team], company.city, company.country, source, made, made, user)
            )
        for at in range(SUB_RECORDS):
            activity = record_id(made + timedelta(milliseconds=at), chance)
            self.activities.append((activity, "note", "done", f"Notiz {at}", user, id_, [own_team], made, made, user))

    def add(self, company: Company, number: int, *, reserve: bool = False) -> None:
        """A lead; one in ten is a customer already, one in ten belongs to a team's project and has no lock."""
        chance = self.chance
        made = self._day + timedelta(seconds=number * 60 + chance.randrange(60))
        id_ = record_id(made, chance)
        user, own_team = self.people[0] if reserve else chance.choice(self.people)
        converted = not reserve and number % 10 == 3
        of_team = not reserve and number % 10 == 7
        project, visibility = (self.second_project, "team") if of_team else (PROTECTION_PROJECT_ID, "all")
        account_id = record_id(made + timedelta(days=9), chance) if converted else None
        turned = made + timedelta(days=9) if converted else None
        self.leads.append(
            (
                *(id_, project, "converted" if converted else chance.choice(STATUSES)),
                *("converted" if converted else "open", "bench_reserve" if reserve else "fair", user),
                *([self.team] if of_team else [own_team], visibility, company.name, company.company),
                *(company.postal_code, company.city, company.state, company.country, made.date()),
                *(chance.choice(DESCRIPTIONS), Decimal(chance.choice(REVENUES)), "EUR", made, made, user),
                *(turned, account_id, turned),
            )
        )
        if account_id is not None:
            self.accounts.append(
                (
                    *(account_id, company.name, user, [], [own_team], "B", "mechanical_engineering", "GmbH"),
                    *(company.postal_code, company.city, company.state, company.country, id_, turned, turned, user),
                )
            )
        if not of_team:
            state, starts, ends = (
                ("active", date(2026, 9, 1), date(2029, 3, 1)) if converted else ("pending", None, None)
            )
            self.locks.append(
                (
                    *(
                        record_id(made, chance),
                        id_,
                        account_id,
                        project,
                        user,
                        visibility,
                        company.name,
                        company.country,
                    ),
                    *(state, starts, ends, made, made, user),
                )
            )


async def _load(url: str, number: int) -> None:
    connection = await asyncpg.connect(url, passfile="/dev/null")
    try:
        await connection.execute("SELECT set_config('leadwerk.actor', 'system:bench', false)")
        async with connection.transaction():
            stock = await _people(connection)
            # By minute, so the newest lead is some 70 days younger than the oldest of 100,000.
            for at, company in enumerate(companies(number, SEED)):
                stock.add(company, at)
            chance = random.Random(SEED + 1)
            for at in range(max(RESERVE_LEAST, int(number * RESERVE_SHARE))):
                stock.add(unheard_of(chance), at, reserve=True)
            for at in range(PAIRS):
                stock.add_pair(unheard_of(chance), at)
            copy = connection.copy_records_to_table
            await copy("accounts", records=stock.accounts, columns=ACCOUNT_COLUMNS)
            await copy("leads", records=stock.leads, columns=LEAD_COLUMNS)
            await copy("lead_locks", records=stock.locks, columns=LOCK_COLUMNS)
            await copy("contacts", records=stock.contacts, columns=CONTACT_COLUMNS)
            await copy("activities", records=stock.activities, columns=ACTIVITY_COLUMNS)
            await rebuild(connection)
            await _bare_tables(connection)
        await connection.execute("VACUUM ANALYZE")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()


async def _people(connection: "asyncpg.Connection[asyncpg.Record]") -> _Stock:
    """Developers, of whom the first is the one who asks, a country head, sales support, and a team with a project."""
    chance = random.Random(SEED + 2)
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    roles = {row["key"]: row["id"] for row in await connection.fetch("SELECT key, id FROM roles")}
    team = record_id(moment, chance)
    await connection.execute("INSERT INTO teams (id, name, kind) VALUES ($1, 'Zentrum Linz', 'centre_local')", team)
    people = []
    for number in range(DEVELOPERS + 2):
        role = "developer" if number < DEVELOPERS else "country_head" if number == DEVELOPERS else "ks"
        user, own = record_id(moment, chance), record_id(moment, chance)
        name = f"{role}{number}"
        await connection.execute(
            "INSERT INTO users (id, user_name, email, first_name, last_name, country) VALUES ($1, $2, $3, 'Eva', $4, 'AT')",
            *(user, f"eva.{name}", f"eva.{name}@example.com", name.title()),
        )
        await connection.execute(
            "INSERT INTO teams (id, name, kind, user_id) VALUES ($1, $2, 'private', $3)", own, f"Eva {name}", user
        )
        await connection.execute("UPDATE users SET default_team_id = $1 WHERE id = $2", own, user)
        await connection.execute("INSERT INTO user_roles (user_id, role_id) VALUES ($1, $2)", user, roles[role])
        await connection.executemany(
            "INSERT INTO team_members (team_id, user_id) VALUES ($1, $2)", [(own, user), (team, user)]
        )
        if role == "developer":
            people.append((user, own))
    second = record_id(moment, chance)
    await connection.execute(
        "INSERT INTO projects (id, key, name, required_fields, lean, visibility, lock_enabled, lock_months, lock_steps,"
        " lock_starts) VALUES ($1, 'branch', 'Filiale', '{name}', false, 'team', false, 6, '{lead}', 'last_step')",
        second,
    )
    await connection.execute(
        "INSERT INTO project_statuses (id, project_id, key, position, label_de, label_en, category)"
        " SELECT gen_random_uuid(), $1, key, position, label_de, label_en, category FROM project_statuses WHERE project_id = $2",
        second,
        PROTECTION_PROJECT_ID,
    )
    return _Stock(people, team, second)


async def _bare_tables(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    await connection.execute("CREATE SCHEMA bare")
    for table in BARE_TABLES:
        await connection.execute(f"CREATE TABLE bare.{table} (LIKE public.{table} INCLUDING ALL)")
        rows = await connection.fetch(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND table_name = $1 AND is_generated = 'NEVER'",
            table,
        )
        names = ", ".join(row["column_name"] for row in rows)
        await connection.execute(f"INSERT INTO bare.{table} ({names}) SELECT {names} FROM public.{table}")
    await connection.execute("CREATE INDEX ix_leads_exact ON bare.leads (lower(name), postal_code)")
