"""How FastAPI is usually written: SQLAlchemy Core on asyncpg, a statement built per request, a response model."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    Date,
    DateTime,
    MetaData,
    Numeric,
    Table,
    Text,
    Uuid,
    func,
    insert,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import create_async_engine
from uuid_utils.compat import uuid7

engine = create_async_engine(
    os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+asyncpg://", 1),
    pool_size=10,
    max_overflow=0,
    connect_args={
        "server_settings": {"application_name": "core", "timezone": "UTC", "jit": "off"},
        "passfile": "/dev/null",
    },
)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    yield
    await engine.dispose()


app = FastAPI(lifespan=lifespan, openapi_url=None)
metadata = MetaData()


def _leads(schema: str | None) -> Table:
    moment = DateTime(timezone=True)
    texts: tuple[str, ...] = (
        "status",
        "phase",
        "source",
        "source_detail",
        "visibility",
        "name",
        "sort_name",
        "company",
        "salutation",
    )
    texts += ("title", "first_name", "last_name", "street", "postal_code", "city", "state", "country", "phone", "email")
    texts += ("website", "vat_id", "description", "expected_revenue_currency")
    ids = ("project_id", "assignee_id", "receipt_id", "account_id", "contact_id", "created_by")
    return Table(
        "leads",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("version", BigInteger),
        *(Column(name, moment) for name in ("created_at", "updated_at", "converted_at", "opportunity_requested_at")),
        *(Column(name, Text) for name in texts),
        *(Column(name, Uuid) for name in ids),
        *(Column(name, Date) for name in ("birth_date", "contacted_on")),
        Column("team_ids", ARRAY(Uuid)),
        Column("custom", JSONB),
        Column("expected_revenue_amount", Numeric(14, 2)),
        schema=schema,
    )


leads, bare_leads = _leads(None), _leads("bare")
users = Table("users", metadata, Column("id", Uuid, primary_key=True), Column("name", Text))


class Link(BaseModel):
    id: UUID
    name: str


class Money(BaseModel):
    amount: Decimal
    currency: str


class Lead(BaseModel):
    id: UUID
    version: int
    created_at: datetime
    updated_at: datetime
    project_id: UUID
    status: str
    phase: str
    source: str | None
    source_detail: str | None
    assignee: Link | None
    name: str
    company: str | None
    salutation: str | None
    title: str | None
    first_name: str | None
    last_name: str | None
    birth_date: date | None
    street: str | None
    postal_code: str | None
    city: str | None
    state: str | None
    country: str | None
    phone: str | None
    email: str | None
    website: str | None
    vat_id: str | None
    contacted_on: date | None
    description: str | None
    expected_revenue: Money | None
    receipt_id: UUID | None
    converted_at: datetime | None
    account_id: UUID | None
    contact_id: UUID | None
    opportunity_requested_at: datetime | None
    created_by: UUID | None
    custom: dict[str, Any]


class LeadList(BaseModel):
    items: list[Lead]


PLAIN = [name for name in Lead.model_fields if name not in ("assignee", "expected_revenue")]


def whole(table: Table) -> Any:
    return select(table, users.c.name.label("assignee_name")).outerjoin(users, users.c.id == table.c.assignee_id)


def shown(row: Any) -> dict[str, Any]:
    lead = {name: row[name] for name in PLAIN}
    lead["assignee"] = {"id": row["assignee_id"], "name": row["assignee_name"]} if row["assignee_id"] else None
    lead["expected_revenue"] = (
        {"amount": row["expected_revenue_amount"], "currency": row["expected_revenue_currency"]}
        if row["expected_revenue_amount"] is not None
        else None
    )
    return lead


@app.get("/readyz")
async def ready() -> dict[str, str]:
    return {"status": "ready"}


@app.get("/leads/{lead_id}", response_model=Lead)
async def get_lead(lead_id: UUID) -> Any:
    async with engine.connect() as connection:
        row = (await connection.execute(whole(leads).where(leads.c.id == lead_id))).mappings().one_or_none()
    if row is None:
        raise HTTPException(404)
    return shown(row)


@app.get("/leads", response_model=LeadList)
async def list_leads(status: str, country: str, sort: str = "-created_at", limit: int = 50) -> Any:
    statement = whole(leads).where(leads.c.status == status, leads.c.country == country)
    if sort == "name":
        statement = statement.order_by(leads.c.sort_name, leads.c.id)
    else:
        statement = statement.order_by(leads.c.created_at.desc(), leads.c.id.desc())
    async with engine.connect() as connection:
        rows = (await connection.execute(statement.limit(limit))).mappings().all()
    return {"items": [shown(row) for row in rows]}


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


@app.post("/leads", response_model=Lead, status_code=201)
async def create_lead(body: NewLead) -> Any:
    """An insert with an exact duplicate check."""
    id_ = uuid7()
    async with engine.begin() as connection:
        same = select(bare_leads.c.id).where(
            func.lower(bare_leads.c.name) == body.name.lower(), bare_leads.c.postal_code == body.postal_code
        )
        if (await connection.execute(same)).first() is not None:
            raise HTTPException(409)
        values = body.model_dump(exclude={"expected_revenue"})
        await connection.execute(
            insert(bare_leads).values(
                id=id_,
                **values,
                visibility="all",
                created_by=body.assignee_id,
                expected_revenue_amount=body.expected_revenue.amount,
                expected_revenue_currency=body.expected_revenue.currency,
            )
        )
        row = (await connection.execute(whole(bare_leads).where(bare_leads.c.id == id_))).mappings().one()
    return shown(row)


class Check(BaseModel):
    name: str
    postal_code: str
    city: str


class Match(BaseModel):
    id: UUID
    name: str
    postal_code: str | None
    city: str | None
    country: str | None
    assignee: Link


class Answer(BaseModel):
    status: str
    matches: list[Match]


@app.post("/protection-checks", response_model=Answer)
async def check(body: Check) -> Any:
    """An exact look-up by name and postal code."""
    statement = whole(bare_leads).where(
        func.lower(bare_leads.c.name) == body.name.lower(), bare_leads.c.postal_code == body.postal_code
    )
    async with engine.connect() as connection:
        rows = (await connection.execute(statement)).mappings().all()
    return {"status": "taken" if rows else "free", "matches": [shown(row) for row in rows]}
