"""An owner with a record of every kind, each text of it marked, and an asker who sees none of them but has some of their own."""

import re
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, literal, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.accounts.models import Account
from app.accounts.parties import values_of as account_values
from app.contacts.models import Contact
from app.contacts.parties import values_of as contact_values
from app.core.db import Base
from app.core.permissions import Permission
from app.core.visibility import owned_tables, unscoped
from app.identity.models import Role, User
from app.indexing import index_record
from app.leads.models import Lead
from app.leads.parties import values_of as lead_values
from tests.arch.world import Ids, make_world
from tests.conftest import Api, Contexts
from tests.factories import lead_body, make_account, make_contact, make_opportunity, make_user

SHARED = frozenset(
    {"alembic_version", "centre_areas", "centres", "contact_types", "custom_fields", "device_sessions", "index_state"}
    | {
        "idempotency_keys",
        "member_organisations",
        "password_resets",
        "pipelines",
        "project_statuses",
        "projects",
        "roles",
    }
    | {"stages", "team_members", "teams", "user_roles", "users", "outbox", "party", "party_key", "duplicate_scans"}
)
"""Tables of what everybody may see, or nobody is ever shown."""

MARK = "zqxq"
"""Every secret text contains it, and nothing else does."""

MARKED = re.compile(rf"{MARK}\w*", re.IGNORECASE)


@dataclass
class Leaks:
    """The two users' world. `own` and `hidden` are ids by what paths call them."""

    asker: User
    own: Ids
    hidden: Ids = field(default_factory=dict)
    secret_ids: set[str] = field(default_factory=set)
    """Every id of a record that the asker does not see."""
    texts: dict[str, str] = field(default_factory=dict)
    """A secret text of each table and column."""
    rows: list[dict[str, str]] = field(default_factory=list)
    """The texts of hidden customers, as somebody might know them who asks whether they are taken."""


WITHOUT = {Permission.RECORDS_READ_ALL, Permission.JOBS_MANAGE, Permission.CLEARANCES_DECIDE}
"""Who sees all records, jobs with the ids in them, or what they are to decide, sees it by right."""


async def make_asker(api: Api, session: AsyncSession, role: str) -> Leaks:
    """The asker with a few records of their own. `curious` is a role that may do everything but see what is hidden."""
    curious = sorted(set(Permission) - WITHOUT)
    session.add(Role(key="curious", label_de="Neugierig", label_en="Curious", permissions=curious))
    await session.commit()
    asker = await make_user(session, role)
    admin = await api.as_user(await make_user(session, "admin"))
    account = await make_account(session, asker, city="Wels")
    contact = await make_contact(session, asker, account)
    opportunity = await make_opportunity(session, asker, account)
    lead = await admin.post("/v1/leads", json=lead_body(asker.id))
    task = {"type": "task", "account_id": str(account.id), "subject": "Anrufen", "assignee_id": str(asker.id)}
    activity = await admin.post("/v1/activities", json=task)
    own: Ids = {
        "account_id": account.id,
        "contact_id": contact.id,
        "opportunity_id": opportunity.id,
        "self_id": asker.id,
        "lead_id": UUID(lead.json()["id"]),
        "activity_id": UUID(activity.json()["id"]),
        "double_id": (await make_contact(session, asker)).id,
        "user_id": asker.id,
    }
    return Leaks(asker, own)


async def add_owner(
    world: Leaks, api: Api, session: AsyncSession, connection: AsyncConnection, contexts: Contexts
) -> None:
    """Give the world an owner; hide and mark all that the asker does not see."""
    mine = [str(id_) for id_ in world.own.values()]
    _, world.hidden = await make_world(api, session, "fn")
    for table, of in (("leads", "id"), ("lead_locks", "lead_id")):
        await session.execute(text(f"UPDATE {table} SET visibility = 'team' WHERE {of}::text <> ALL(:m)"), {"m": mine})
    await session.commit()
    world.secret_ids = await _unseen(session, world.asker) - set(mine)
    scans = await session.execute(text("SELECT id FROM duplicate_scans"))
    world.secret_ids -= {str(id_) for (id_,) in scans}  # a permission says who sees them; what they found is owned
    await _mark(world, connection)
    session.expunge_all()
    async with contexts.of() as ctx:
        for kind, model in (("account", Account), ("contact", Contact), ("lead", Lead)):
            every = unscoped(select(model), reason="the world's maker")
            for record in (await ctx.session.execute(every)).scalars():
                values: Any = {
                    "account": account_values,
                    "lead": lead_values,
                    "contact": lambda one: contact_values(one, None),
                }[kind](record)
                await index_record(ctx, kind, record.id, values)  # type: ignore[arg-type]  # one of the three
    lost = await session.execute(text("SELECT loser_id FROM record_redirects"))
    world.secret_ids |= {str(id_) for (id_,) in lost}


async def _unseen(session: AsyncSession, asker: User) -> set[str]:
    """The ids of everything that the asker does not see, by each model's own rule."""
    found: set[str] = set()
    teams = list(
        (await session.execute(text("SELECT team_id FROM team_members WHERE user_id = :u"), {"u": asker.id})).scalars()
    )
    for mapper in Base.registry.mappers:
        model: Any = mapper.class_
        if mapper.local_table not in owned_tables() or not hasattr(model, "id"):  # those go by their user
            continue
        user = literal(asker.id)
        mine = model.visible_to(user, bindparam("teams", teams, type_=Lead.__table__.c.team_ids.type))
        statement = unscoped(
            select(model.id).where(~func.coalesce(mine, literal(value=False))), reason="what is hidden"
        )
        found |= {str(id_) for id_ in (await session.execute(statement)).scalars()}
    return found


async def _mark(world: Leaks, connection: AsyncConnection) -> None:
    """Put a secret into every text column of the hidden rows that takes one, and of those that hang on them."""
    columns = await connection.execute(
        text(
            "SELECT c.table_name, c.column_name, c.data_type FROM information_schema.columns c "
            "JOIN information_schema.tables t USING (table_schema, table_name) "
            "WHERE c.table_schema = 'public' AND c.is_generated = 'NEVER' AND t.table_type = 'BASE TABLE' "
            "AND c.table_name NOT LIKE 'change_log%' ORDER BY 1, 2"
        )
    )
    by_table: dict[str, dict[str, str]] = {}
    for table, column, kind in columns:
        by_table.setdefault(table, {})[column] = kind
    for table, kinds in by_table.items():
        ids = [name for name, kind in kinds.items() if kind == "uuid"]
        if table in SHARED or not ids:
            continue
        where = " OR ".join(f"{name}::text = ANY(:secret)" for name in ("id",) if name in kinds) or " OR ".join(
            f"{name}::text = ANY(:secret)" for name in ids
        )
        for column in (name for name, kind in kinds.items() if kind == "text"):
            secret = f"{MARK}{table}{column}".replace("_", "")
            value = f"{secret}@{secret}.example" if "email" in column else secret
            savepoint = await connection.begin_nested()
            try:
                # one text per row, where several rows must differ
                changed = await connection.execute(
                    text(f"UPDATE {table} SET {column} = :value || left(md5(ctid::text), 4) WHERE {where}"),
                    {"value": value, "secret": sorted(world.secret_ids)},
                )
                await savepoint.commit()
            except SQLAlchemyError:  # a foreign key, one of a few values: no text that anybody enters
                await savepoint.rollback()
                continue
            if changed.rowcount:
                first = text(f"SELECT {column} FROM {table} WHERE {column} LIKE :s ORDER BY 1 LIMIT 1")
                world.texts[f"{table}.{column}"] = (await connection.execute(first, {"s": f"{secret}%"})).scalar_one()
    for table in ("leads", "accounts", "contacts"):
        every = text(f"SELECT * FROM {table} WHERE id::text = ANY(:secret)")
        for row in (await connection.execute(every, {"secret": sorted(world.secret_ids)})).mappings():
            world.rows.append({key: value for key, value in row.items() if isinstance(value, str)})


async def remove_hidden(world: Leaks, connection: AsyncConnection) -> None:
    """The same world without what the asker does not see: whatever they can tell from now on, they could tell without it."""
    await connection.execute(text("SET LOCAL session_replication_role = replica"))
    columns = await connection.execute(
        text(
            "SELECT c.table_name, c.column_name FROM information_schema.columns c "
            "JOIN information_schema.tables t USING (table_schema, table_name) "
            "WHERE c.table_schema = 'public' AND c.data_type = 'uuid' AND t.table_type = 'BASE TABLE' "
            "AND c.table_name NOT LIKE 'change_log_%' ORDER BY 1, 2"
        )
    )
    kept = SHARED - {"party", "party_key", "outbox"}
    for table, column in [(t, c) for t, c in columns if t not in kept]:
        await connection.execute(
            text(f"DELETE FROM {table} WHERE {column}::text = ANY(:secret)"),
            {"secret": sorted(world.secret_ids)},
        )
    await connection.execute(text("SET LOCAL session_replication_role = origin"))
