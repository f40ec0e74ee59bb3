"""The pieces of work: which requests, to whom, what answer is right, and how fast the application has to be."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import orjson

from app.core.db import new_id
from app.identity import tokens
from app.projects.models import PROTECTION_PROJECT_ID
from bench.companies import GIVEN, Company, as_people_type_it, unheard_of
from bench.data import DESCRIPTIONS, SUB_RECORDS
from bench.servers import SECRET

Requests = Iterator[bytes]
OURS = "ours"


@dataclass(frozen=True)
class World:
    """What requests are made of: somebody signed in, and records that exist."""

    user: UUID
    token: str
    leads: Sequence[UUID]
    known: Sequence[Company]
    reserve: Sequence[UUID]
    pairs: Sequence[tuple[UUID, UUID]]
    """Contacts who are there twice; all that hangs on them hangs on the second."""
    customers: Sequence[UUID]
    """Accounts of the one who is signed in."""


@dataclass(frozen=True)
class Target:
    """Where one piece of work is sent on one server."""

    server: str
    requests: Callable[[World], Requests]
    expected: int = 200


@dataclass(frozen=True)
class Work:
    """`goals` are the least ratios of requests per second to that baseline; `hit` marks answers to be counted."""

    name: str
    title: str
    targets: dict[str, Target]
    goals: dict[str, float]
    limited: Callable[[World], Sequence[Any]] | None = None
    """Each request uses up one of these."""
    hit: tuple[str, Callable[[bytes], bool]] | None = None


async def look_around(connection: "asyncpg.Connection[asyncpg.Record]") -> World:
    """Signs the first developer in and reads which records there are."""
    user = await connection.fetchval("SELECT assignee_id FROM leads WHERE source = 'bench_reserve' LIMIT 1")
    session, now = new_id(), datetime.now(UTC)
    await connection.execute(
        "INSERT INTO device_sessions (id, user_id, refresh_hash, created_at, last_used_at, expires_at)"
        " VALUES ($1, $2, '', $3, $3, $4)",
        *(session, user, now, now + timedelta(days=1)),
    )
    columns = "id, name, company, postal_code, city, state, country"
    chance = "substr(md5(id::text), 1, 8)"  # in no order that the table knows, and the same each time
    known = await connection.fetch(
        f"SELECT {columns} FROM leads WHERE source <> 'bench_reserve' ORDER BY {chance} LIMIT 20000"
    )
    reserve = await connection.fetch(f"SELECT id FROM leads WHERE source = 'bench_reserve' ORDER BY {chance}")
    # A pair's second one was made a millisecond after the first.
    pairs = await connection.fetch(
        "SELECT c.id, (SELECT d.id FROM contacts AS d WHERE d.id > c.id ORDER BY d.id LIMIT 1) FROM contacts AS c"
        " WHERE c.source = 'bench_pair' ORDER BY c.id"
    )
    return World(
        user=user,
        token=tokens.issue(SECRET, user, session, now)[0],
        leads=[row["id"] for row in known],
        known=[Company(*list(row.values())[1:]) for row in known],
        reserve=[row["id"] for row in reserve],
        pairs=[tuple(row) for row in pairs],
        customers=[row["id"] for row in await connection.fetch("SELECT id FROM accounts WHERE assignee_id = $1", user)],
    )


def _get(path: str, world: World | None = None) -> bytes:
    signed = f"Authorization: Bearer {world.token}\r\n" if world else ""
    return f"GET {path} HTTP/1.1\r\nHost: bench\r\nAccept: application/json\r\n{signed}\r\n".encode()


def _post(path: str, body: Any, world: World | None = None, *, key: bool = False) -> bytes:
    content = orjson.dumps(body, default=str)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n"
    )
    if world:
        head += f"Authorization: Bearer {world.token}\r\n"
    if key:
        head += f"Idempotency-Key: {uuid4()}\r\n"
    return head.encode() + b"\r\n" + content


def _fetch(path: str, *, ours: bool = False) -> Callable[[World], Requests]:
    def requests(world: World) -> Requests:
        chance = random.Random(1)
        while True:
            yield _get(f"{path}/{chance.choice(world.leads)}", world if ours else None)

    return requests


def _list(path: str, *, ours: bool = False) -> Callable[[World], Requests]:
    def requests(world: World) -> Requests:
        chance = random.Random(2)
        ways = [
            _get(f"{path}?status={status}&country={country}&sort={sort}&limit=50", world if ours else None)
            for status in ("new", "contacted", "qualified")
            for country in ("AT", "DE")
            for sort in ("-created_at", "name")
        ]
        while True:
            yield chance.choice(ways)

    return requests


def _create(path: str, *, ours: bool = False, seed: int = 3) -> Callable[[World], Requests]:
    """Each baseline has a seed of its own, since they write to one table."""

    def requests(world: World) -> Requests:
        chance = random.Random(seed)
        while True:
            company = unheard_of(chance)
            body = {
                "project_id": PROTECTION_PROJECT_ID,
                "status": "new",
                "source": "fair",
                "assignee_id": world.user,
                "name": company.name,
                "company": company.company,
                "postal_code": company.postal_code,
                "city": company.city,
                "state": company.state,
                "country": company.country,
                "contacted_on": "2026-11-20",
                "description": DESCRIPTIONS[0],
                "expected_revenue": {"amount": "12500.00", "currency": "EUR"},
            }
            yield _post(path, body, world if ours else None, key=ours)

    return requests


def _check(path: str, *, ours: bool = False) -> Callable[[World], Requests]:
    """A third as it stands, a third as people type it, a third that nobody knows."""

    def requests(world: World) -> Requests:
        chance = random.Random(4)
        for number in count():
            company = unheard_of(chance) if number % 3 == 2 else chance.choice(world.known)
            name = as_people_type_it(company, chance) if number % 3 == 1 else company.name
            body = {"name": name, "postal_code": company.postal_code, "city": company.city}
            yield _post(path, body, world if ours else None)

    return requests


def _convert(path: str, *, ours: bool = False) -> Callable[[World], Requests]:
    def requests(world: World) -> Requests:
        chance = random.Random(5)
        for lead in world.reserve:
            body = {
                "outcome": "create",
                "account": {"level": "B", "industry": "mechanical_engineering", "legal_form": "GmbH"},
                "contact": {
                    "first_name": chance.choice(GIVEN),
                    "last_name": chance.choice(world.known).name.split()[0],
                },
            }
            yield _post(f"{path}/{lead}/conversion", body, world if ours else None, key=ours)

    return requests


def _call(path: str, *, ours: bool = False) -> Callable[[World], Requests]:
    """A held call with somebody of a customer, and the next one in 60 days."""

    def requests(world: World) -> Requests:
        chance = random.Random(7)
        while True:
            body = {
                "type": "call",
                "status": "held",
                "subject": "Erstgespräch",
                "starts_at": "2026-11-20T10:30:00+01:00",
                "time_zone": "Europe/Vienna",
                "result": DESCRIPTIONS[0],
                "assignee_id": world.user,
                "account_id": chance.choice(world.customers),
                "contact_id": chance.choice(world.pairs)[0],
                "follow_up": {"in_days": 60},
            }
            yield _post(path, body, world if ours else None, key=ours)

    return requests


def _report(path: str, *, ours: bool = False) -> Callable[[World], Requests]:
    """A technician's report of a visit, sent some days later."""

    def requests(world: World) -> Requests:
        chance = random.Random(8)
        while True:
            body = {
                "type": "visit_report",
                "id": new_id(),
                "subject": "Ölfiltration vorgestellt",
                "description": DESCRIPTIONS[0],
                "visited_at": "2026-11-20T10:30:00+01:00",
                "time_zone": "Europe/Vienna",
                "account_id": chance.choice(world.customers),
                "follow_up_actions": [{"id": new_id(), "text": "Angebot senden"}],
            }
            yield _post(path, body if ours else {**body, "created_by": world.user}, world if ours else None, key=ours)

    return requests


def _merge(path: str, *, ours: bool = False) -> Callable[[World], Requests]:
    def requests(world: World) -> Requests:
        for winner, loser in world.pairs:
            ids = [str(winner), str(loser)]
            body = {"record_type": "contact", "record_ids": ids, "winner_id": ids[0], "versions": dict.fromkeys(ids, 1)}
            yield _post(path, body, world if ours else None, key=ours)

    return requests


WORK = (
    Work(
        "fetch",
        "fetch a lead",
        {
            OURS: Target("ours", _fetch("/v1/leads", ours=True)),
            "raw": Target("raw", _fetch("/leads")),
            "core": Target("core", _fetch("/leads")),
        },
        {"raw": 0.6},
    ),
    Work(
        "list",
        "list 50, filtered and sorted",
        {
            OURS: Target("ours", _list("/v1/leads", ours=True)),
            "pg-json": Target("raw", _list("/leads-json")),
            "raw": Target("raw", _list("/leads")),
            "core": Target("core", _list("/leads")),
        },
        {"pg-json": 0.8, "core": 2.0},
    ),
    Work(
        "create",
        "create a lead",
        {
            OURS: Target("ours", _create("/v1/leads", ours=True), 201),
            "raw": Target("raw", _create("/leads"), 201),
            "core": Target("core", _create("/leads", seed=33), 201),
        },
        {"raw": 0.5},
    ),
    Work(
        "check",
        "protection check",
        {
            OURS: Target("ours", _check("/v1/protection-checks", ours=True), 201),
            "raw": Target("raw", _check("/protection-checks")),
            "core": Target("core", _check("/protection-checks")),
        },
        {"raw": 0.3},
        hit=("found", lambda body: b'"status":"free"' not in body and b'"status" : "free"' not in body),
    ),
    Work(
        "convert",
        "convert a lead",
        {
            OURS: Target("ours", _convert("/v1/leads", ours=True), 201),
            "raw": Target("raw", _convert("/leads"), 201),
        },
        {"raw": 0.5},
        limited=lambda world: world.reserve,
    ),
    Work(
        "call",
        "log a call with a follow-up",
        {
            OURS: Target("ours", _call("/v1/activities", ours=True), 201),
            "raw": Target("raw", _call("/calls"), 201),
        },
        {"raw": 0.4},
    ),
    Work(
        "report",
        "push a visit report",
        {
            OURS: Target("ours", _report("/v1/activities", ours=True), 201),
            "raw": Target("raw", _report("/reports"), 201),
        },
        {"raw": 0.4},
    ),
    Work(
        "merge",
        f"merge two contacts with {SUB_RECORDS} sub-records",
        {
            OURS: Target("ours", _merge("/v1/merges", ours=True), 201),
            "raw": Target("raw", _merge("/merges"), 201),
        },
        {"raw": 0.5},
        limited=lambda world: world.pairs,
    ),
)
