"""The fastest that FastAPI does the same work: one hand-written asyncpg statement per endpoint, JSON by orjson.

No sign-in, no visibility, no validation of answers, no fuzzy check, no lock, no change log, no outbox, no idempotency.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import orjson
from fastapi import FastAPI, Response
from pydantic import BaseModel
from uuid_utils.compat import uuid7


class Connection(asyncpg.Connection):
    """As the application's: nothing to reset when it goes back to the pool, which saves a round trip."""

    def get_reset_query(self) -> str:
        return ""


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with asyncpg.create_pool(
        os.environ["DATABASE_URL"],
        min_size=10,
        max_size=10,
        connection_class=Connection,
        server_settings={"application_name": "raw", "timezone": "UTC", "jit": "off"},
        passfile="/dev/null",
    ) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=lifespan, openapi_url=None)

COLUMNS = (
    *("id", "version", "created_at", "updated_at", "project_id", "status", "phase", "source", "source_detail", "name"),
    *(
        "company",
        "salutation",
        "title",
        "first_name",
        "last_name",
        "birth_date",
        "street",
        "postal_code",
        "city",
        "state",
    ),
    *("country", "phone", "email", "website", "vat_id", "contacted_on", "description", "receipt_id", "converted_at"),
    *("account_id", "contact_id", "opportunity_requested_at", "created_by", "custom"),
)
_L = ", ".join(f"l.{name}" for name in COLUMNS)
_WHOLE = f"{_L}, l.assignee_id, u.name AS assignee_name, l.expected_revenue_amount, l.expected_revenue_currency"

ONE = f"SELECT {_WHOLE} FROM leads l LEFT JOIN users u ON u.id = l.assignee_id WHERE l.id = $1"
ORDERS = {"-created_at": "l.created_at DESC, l.id DESC", "name": "l.sort_name, l.id"}
LISTS = {
    sort: f"SELECT {_WHOLE} FROM leads l LEFT JOIN users u ON u.id = l.assignee_id"
    f" WHERE l.status = $1 AND l.country = $2 ORDER BY {order} LIMIT $3"
    for sort, order in ORDERS.items()
}
_OBJECT = (
    f"{_L}, CASE WHEN l.assignee_id IS NULL THEN NULL ELSE json_build_object('id', l.assignee_id, 'name', u.name) END"
    " AS assignee, CASE WHEN l.expected_revenue_amount IS NULL THEN NULL ELSE json_build_object("
    "'amount', l.expected_revenue_amount::text, 'currency', l.expected_revenue_currency) END AS expected_revenue"
)
JSON_LISTS = {
    sort: "SELECT json_build_object('items', coalesce(json_agg(r), '[]'::json))::text FROM ("
    f"SELECT {_OBJECT} FROM leads l LEFT JOIN users u ON u.id = l.assignee_id"
    f" WHERE l.status = $1 AND l.country = $2 ORDER BY {order} LIMIT $3) r"
    for sort, order in ORDERS.items()
}
EXACT = (
    "SELECT l.id, l.name, l.postal_code, l.city, l.country, l.assignee_id, u.name AS assignee_name FROM bare.leads l"
    " JOIN users u ON u.id = l.assignee_id WHERE lower(l.name) = lower($1) AND l.postal_code = $2"
)
_NEW = (
    *(
        "id",
        "project_id",
        "status",
        "source",
        "assignee_id",
        "team_ids",
        "visibility",
        "name",
        "company",
        "postal_code",
    ),
    *(
        "city",
        "state",
        "country",
        "contacted_on",
        "description",
        "expected_revenue_amount",
        "expected_revenue_currency",
    ),
    "created_by",
)
# PostgreSQL cannot infer the types of a SELECT's parameters.
_TYPES = {"contacted_on": "date", "expected_revenue_amount": "numeric", "team_ids": "uuid[]"}
_VALUES = ", ".join(
    f"${i}::{_TYPES.get(name, 'uuid' if name.endswith('id') or name == 'created_by' else 'text')}"
    for i, name in enumerate(_NEW, 1)
)
_AT = {name: i for i, name in enumerate(_NEW, 1)}
INSERT = (
    f"WITH l AS (INSERT INTO bare.leads ({', '.join(_NEW)}) SELECT {_VALUES} WHERE NOT EXISTS ("
    f"SELECT FROM bare.leads WHERE lower(name) = lower(${_AT['name']}) AND postal_code = ${_AT['postal_code']})"
    f" RETURNING *) SELECT {_WHOLE} FROM l LEFT JOIN users u ON u.id = l.assignee_id"
)


def shown(row: Any) -> dict[str, Any]:
    """A lead as the application shows it."""
    lead = {name: row[name] for name in COLUMNS}
    lead["custom"] = orjson.loads(lead["custom"])
    lead["assignee"] = {"id": row["assignee_id"], "name": row["assignee_name"]} if row["assignee_id"] else None
    amount = row["expected_revenue_amount"]
    lead["expected_revenue"] = (
        None if amount is None else {"amount": str(amount), "currency": row["expected_revenue_currency"]}
    )
    return lead


def json(content: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(content, default=str), status, media_type="application/json")


@app.get("/readyz")
async def ready() -> dict[str, str]:
    return {"status": "ready"}


@app.get("/leads/{lead_id}")
async def get_lead(lead_id: UUID) -> Response:
    async with app.state.pool.acquire() as connection:
        row = await connection.fetchrow(ONE, lead_id)
    return json(shown(row)) if row else Response(status_code=404)


@app.get("/leads")
async def list_leads(status: str, country: str, sort: str = "-created_at", limit: int = 50) -> Response:
    async with app.state.pool.acquire() as connection:
        rows = await connection.fetch(LISTS[sort], status, country, limit)
    return json({"items": [shown(row) for row in rows]})


@app.get("/leads-json")
async def list_leads_as_json(status: str, country: str, sort: str = "-created_at", limit: int = 50) -> Response:
    async with app.state.pool.acquire() as connection:
        text = await connection.fetchval(JSON_LISTS[sort], status, country, limit)
    return Response(text, media_type="application/json")


class Money(BaseModel):
    amount: Decimal
    currency: str


class NewLead(BaseModel):
    project_id: UUID
    status: str
    source: str
    assignee_id: UUID
    name: str
    company: str
    postal_code: str
    city: str
    state: str
    country: str
    contacted_on: date
    description: str
    expected_revenue: Money


@app.post("/leads")
async def create_lead(body: NewLead) -> Response:
    """An insert with an exact duplicate check, in one statement."""
    values = {
        **body.model_dump(exclude={"expected_revenue"}),
        "id": uuid7(),
        "team_ids": [],
        "visibility": "all",
        "expected_revenue_amount": body.expected_revenue.amount,
        "expected_revenue_currency": body.expected_revenue.currency,
        "created_by": body.assignee_id,
    }
    async with app.state.pool.acquire() as connection:
        row = await connection.fetchrow(INSERT, *(values[name] for name in _NEW))
    return json(shown(row), 201) if row else json({"code": "duplicate"}, 409)


class Check(BaseModel):
    name: str
    postal_code: str
    city: str


@app.post("/protection-checks")
async def check(body: Check) -> Response:
    """An exact look-up by name and postal code."""
    async with app.state.pool.acquire() as connection:
        rows = await connection.fetch(EXACT, body.name, body.postal_code)
    return json({"status": "taken" if rows else "free", "matches": [dict(row) for row in rows]})


class AccountPart(BaseModel):
    level: str
    industry: str
    legal_form: str


class ContactPart(BaseModel):
    first_name: str
    last_name: str


class Conversion(BaseModel):
    outcome: str
    account: AccountPart
    contact: ContactPart


@app.post("/leads/{lead_id}/conversion")
async def convert(lead_id: UUID, body: Conversion) -> Response:
    """The same rows as the application writes: account, contact, activity, message, recipients, conversion, lead, lock."""
    now = datetime.now(UTC)
    account, contact, activity, message = uuid7(), uuid7(), uuid7(), uuid7()
    async with app.state.pool.acquire() as connection, connection.transaction():
        run = connection.execute
        lead = await connection.fetchrow("SELECT * FROM bare.leads WHERE id = $1 FOR UPDATE", lead_id)
        if lead is None or lead["phase"] != "open":
            return json({"code": "lead_closed"}, 409)
        user, teams = lead["assignee_id"], lead["team_ids"]
        await run(
            "INSERT INTO bare.accounts (id, name, assignee_id, manager_ids, team_ids, level, industry, legal_form,"
            " postal_code, city, state, country, expected_revenue_amount, expected_revenue_currency, source, lead_id,"
            " created_by) VALUES ($1, $2, $3, '{}', $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $3)",
            *(account, lead["name"], user, teams, body.account.level, body.account.industry, body.account.legal_form),
            *(lead["postal_code"], lead["city"], lead["state"], lead["country"], lead["expected_revenue_amount"]),
            *(lead["expected_revenue_currency"], lead["source"], lead_id),
        )
        await run(
            "INSERT INTO bare.contacts (id, account_id, first_name, last_name, assignee_id, manager_ids, team_ids, source,"
            " lead_id, created_by) VALUES ($1, $2, $3, $4, $5, '{}', $6, $7, $8, $5)",
            *(contact, account, body.contact.first_name, body.contact.last_name, user, teams, lead["source"], lead_id),
        )
        await run(
            "INSERT INTO bare.activities (id, type, status, subject, assignee_id, due_at, account_id, contact_id, team_ids,"
            " customer, created_by) VALUES ($1, 'task', 'open', 'Nachfassen', $2, $3, $4, $5, $6, $7, $2)",
            *(activity, user, now + timedelta(days=7), account, contact, teams),
            orjson.dumps({"name": lead["name"], "city": lead["city"], "country": lead["country"]}).decode(),
        )
        await run(
            "INSERT INTO bare.messages (id, kind, sender_id, subject, body, record_type, record_id, request, created_by)"
            " VALUES ($1, 'opportunity_request', $2, $3, $4, 'lead', $5, $6, $2)",
            *(
                message,
                user,
                f"Verkaufschance anlegen: {lead['name']}",
                f"Bitte legen Sie „{lead['name']}“ an.",
                lead_id,
            ),
            orjson.dumps({"lead_id": str(lead_id), "account_id": str(account)}).decode(),
        )
        await run(
            "INSERT INTO bare.message_recipients (message_id, user_id) SELECT $1, user_id FROM user_roles"
            " JOIN roles ON roles.id = role_id WHERE roles.key = 'ks'",
            message,
        )
        await run(
            "UPDATE bare.leads SET status = 'converted', phase = 'converted', converted_at = $2, account_id = $3,"
            " contact_id = $4, opportunity_requested_at = $2, version = version + 1, updated_at = $2 WHERE id = $1",
            *(lead_id, now, account, contact),
        )
        lock = await connection.fetchrow(
            "UPDATE bare.lead_locks SET account_id = $2, state = 'active', starts_on = current_date,"
            " ends_on = (current_date + interval '6 months')::date, version = version + 1, updated_at = $3"
            " WHERE lead_id = $1 AND state = 'pending' RETURNING id, state, ends_on",
            *(lead_id, account, now),
        )
        await run(
            "INSERT INTO bare.conversions (lead_id, outcome, account_id, contact_id, activity_id, message_id, applied,"
            " request_hash, converted_by, converted_at) VALUES ($1, $2, $3, $4, $5, $6, '{\"fields\": []}', '', $7, $8)",
            *(lead_id, body.outcome, account, contact, activity, message, user, now),
        )
    answer = {
        "lead_id": lead_id,
        "outcome": body.outcome,
        "account": {"id": account, "name": lead["name"]},
        "contact": {"id": contact, "name": f"{body.contact.first_name} {body.contact.last_name}"},
        "activity_id": activity,
        "message_id": message,
        "lock_id": lock["id"],
        "lock_state": lock["state"],
        "lock_ends_on": lock["ends_on"],
        "converted_by": user,
        "converted_at": now,
    }
    return json(answer, 201)


class FollowUp(BaseModel):
    in_days: int


class Call(BaseModel):
    subject: str
    starts_at: datetime
    time_zone: str
    result: str
    assignee_id: UUID
    account_id: UUID
    contact_id: UUID
    follow_up: FollowUp


CALL = (
    "WITH held AS (INSERT INTO bare.activities (id, type, status, direction, subject, result, starts_at, time_zone,"
    " assignee_id, account_id, contact_id, created_by, team_ids) SELECT $1::uuid, 'call', 'held', 'outbound', $3::text,"
    " $4::text, $5::timestamptz, $6::text, $7::uuid, a.id, c.id, $7::uuid, a.team_ids || c.team_ids FROM bare.accounts a,"
    " bare.contacts c WHERE a.id = $8::uuid AND c.id = $9::uuid AND NOT c.do_not_contact RETURNING *),"
    " planned AS (INSERT INTO bare.activities (id, type, status, direction, subject, starts_at, time_zone, assignee_id,"
    " account_id, contact_id, created_by, team_ids, follows_id) SELECT $2::uuid, 'call', 'planned', 'outbound',"
    " 'Nachverfolgen', $10::timestamptz, time_zone, assignee_id, account_id, contact_id, created_by, team_ids, id FROM held"
    " RETURNING id, starts_at) SELECT held.*, u.name AS assignee_name, a.name AS account_name, c.last_name AS contact_name,"
    " planned.id AS next_id, planned.starts_at AS next_starts_at FROM held, planned, users u, bare.accounts a, bare.contacts c"
    " WHERE u.id = held.assignee_id AND a.id = held.account_id AND c.id = held.contact_id"
)


@app.post("/calls")
async def log_call(body: Call) -> Response:
    """The same two rows as the application writes, in one statement."""
    start = body.starts_at.astimezone(ZoneInfo(body.time_zone))
    values = body.model_dump(exclude={"follow_up"}).values()
    subject, starts_at, time_zone, result, assignee_id, account_id, contact_id = values
    async with app.state.pool.acquire() as connection:
        row = await connection.fetchrow(
            CALL,
            *(uuid7(), uuid7(), subject, result, starts_at, time_zone, assignee_id, account_id, contact_id),
            start + timedelta(days=body.follow_up.in_days),
        )
    if row is None:
        return json({"code": "not_found"}, 404)
    call = dict(row)
    call |= {
        "assignee": {"id": call.pop("assignee_id"), "name": call.pop("assignee_name")},
        "account": {"id": call.pop("account_id"), "name": call.pop("account_name")},
        "contact": {"id": call.pop("contact_id"), "name": call.pop("contact_name")},
        "follow_up": {"id": call.pop("next_id"), "starts_at": call.pop("next_starts_at")},
    }
    return json(call, 201)


class Report(BaseModel):
    id: UUID
    subject: str
    description: str
    visited_at: datetime
    time_zone: str
    account_id: UUID
    created_by: UUID
    follow_up_actions: list[dict[str, str]]


REPORT = (
    "WITH made AS (INSERT INTO bare.activities (id, type, status, subject, description, starts_at, time_zone, assignee_id,"
    " account_id, created_by, team_ids, follow_up_actions) SELECT $1::uuid, 'visit_report', 'submitted', $2::text, $3::text,"
    " $4::timestamptz, $5::text, $7::uuid, a.id, $7::uuid, a.team_ids, $8::jsonb FROM bare.accounts a"
    " WHERE a.id = $6::uuid ON CONFLICT DO NOTHING RETURNING *),"
    " dated AS (UPDATE bare.accounts a SET last_visit_on = greatest(last_visit_on, $9::date), visit_priority = false"
    " FROM made WHERE a.id = made.account_id AND (last_visit_on IS NULL OR last_visit_on < $9 OR visit_priority)),"
    " told AS (INSERT INTO bare.erp_events (id, kind, account_id, activity_id, source_id, visited_on, created_at)"
    " SELECT gen_random_uuid(), 'visit_report_submitted', account_id, id, id, $9, now() FROM made)"
    " SELECT made.*, u.name AS assignee_name, a.name AS account_name FROM made, users u, bare.accounts a"
    " WHERE u.id = made.assignee_id AND a.id = made.account_id"
)


@app.post("/reports")
async def submit_report(body: Report) -> Response:
    """The same rows as the application writes, in one statement."""
    values = body.model_dump()
    actions = orjson.dumps(values.pop("follow_up_actions")).decode()
    day = body.visited_at.astimezone(ZoneInfo(body.time_zone)).date()
    async with app.state.pool.acquire() as connection:
        row = await connection.fetchrow(REPORT, *values.values(), actions, day)
    if row is None:
        return json({"code": "not_found"}, 404)
    report = dict(row)
    report |= {
        "assignee": {"id": report.pop("assignee_id"), "name": report.pop("assignee_name")},
        "account": {"id": report.pop("account_id"), "name": report.pop("account_name")},
    }
    return json(report, 201)


class Merge(BaseModel):
    record_type: str
    record_ids: list[UUID]
    winner_id: UUID
    versions: dict[UUID, int]


@app.post("/merges")
async def merge(body: Merge) -> Response:
    """The same rows as the application writes: what hung on the loser, the winner, the merge with its moves, the redirect."""
    merge_id, winner = uuid7(), body.winner_id
    (loser,) = (one for one in body.record_ids if one != winner)
    async with app.state.pool.acquire() as connection, connection.transaction():
        run = connection.execute
        rows = await connection.fetch(
            "SELECT id, version, to_jsonb(c) AS row FROM bare.contacts c WHERE id = ANY($1) ORDER BY id FOR UPDATE",
            body.record_ids,
        )
        if {row["id"]: row["version"] for row in rows} != body.versions:
            return json({"code": "stale"}, 412)
        await run(
            "INSERT INTO bare.merges (id, record_type, winner_id, loser_ids, origin, fields, moved, winner_version, undo)"
            " VALUES ($1, 'contact', $2, $3, 'user', '{}', '{}', 2, $4)",
            *(merge_id, winner, [loser], next(row["row"] for row in rows if row["id"] == loser)),
        )
        for table in ("activities", "opportunities", "leads"):
            await run(
                f"WITH moved AS (UPDATE bare.{table} SET contact_id = $1, version = version + 1, updated_at = now()"
                " WHERE contact_id = $2 RETURNING id) INSERT INTO bare.merge_moves (merge_id, table_name, row_id, loser_id)"
                f" SELECT $3, '{table}', id, $2 FROM moved",
                *(winner, loser, merge_id),
            )
        await run("DELETE FROM bare.contacts WHERE id = $1", loser)
        await run("UPDATE bare.contacts SET version = version + 1, updated_at = now() WHERE id = $1", winner)
        await run("INSERT INTO bare.record_redirects VALUES ($1, 'contact', $2, $3)", loser, winner, merge_id)
    return json({"id": merge_id, "winner_id": winner, "loser_ids": [loser], "state": "done"}, 201)
