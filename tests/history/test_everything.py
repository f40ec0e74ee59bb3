"""What goes past the application is in the history all the same: bulk statements, COPY, scripts, jobs."""

from datetime import date
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.core.principal import SystemPrincipal
from app.identity.models import Role, User, UserRole
from app.leads.models import Lead
from app.projects.models import PROTECTION_PROJECT_ID
from tests.conftest import Api, Contexts
from tests.factories import make_user

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def items(api: Api, user: User, url: str) -> list[dict[str, object]]:
    answer = await (await api.as_user(user)).get(url)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, object]] = answer.json()["items"]
    return found


@pytest.mark.rule("LIST-4")
async def test_bulk_statements_and_copy_are_logged(api: Api, session: AsyncSession, rollback: AsyncConnection) -> None:
    eva = await make_user(session)
    raw = (await rollback.get_raw_connection()).driver_connection
    assert raw is not None
    ids = [uuid4() for _ in range(3)]
    columns = ["id", "project_id", "status", "visibility", "name", "contacted_on"]
    rows = [(id_, PROTECTION_PROJECT_ID, "new", "all", f"Huber {i}", date(2026, 3, 2)) for i, id_ in enumerate(ids)]
    await raw.copy_records_to_table("leads", records=rows, columns=columns)
    await raw.execute("UPDATE leads SET city = name || ' Stadt', postal_code = '4020'")
    await raw.execute("UPDATE leads SET city = city")
    for i, id_ in enumerate(ids):
        changed, made = await items(api, eva, f"/v1/leads/{id_}/history")
        assert made["operation"] == "insert" and made["part"] is None
        assert {"field": "name", "old": None, "new": f"Huber {i}"} in made["changes"]  # type: ignore[operator]
        assert changed["changes"] == [
            {"field": "city", "old": None, "new": f"Huber {i} Stadt"},
            {"field": "postal_code", "old": None, "new": "4020"},
        ]
        assert str(changed["actor"]["name"]).startswith("database:")  # type: ignore[index]


@pytest.mark.rule("LIST-4")
async def test_a_job_signs_with_its_name(api: Api, session: AsyncSession, contexts: Contexts) -> None:
    eva = await make_user(session)
    lead = Lead(project_id=PROTECTION_PROJECT_ID, status="new", name="Huber", visibility="all")
    async with contexts.of(SystemPrincipal("locks.expire")) as ctx:
        ctx.session.add(lead)
    (made,) = await items(api, eva, f"/v1/leads/{lead.id}/history")
    assert made["actor"] == {"id": None, "name": "system:locks.expire"}


@pytest.mark.rule("LIST-4")
async def test_the_roles_of_a_user_belong_to_the_history_of_the_user(api: Api, session: AsyncSession) -> None:
    eva, admin = await make_user(session, "mst"), await make_user(session, "admin")
    role: UUID = (await session.execute(text("SELECT id FROM roles WHERE key = 'ks'"))).scalar_one()
    session.add(UserRole(user_id=eva.id, role_id=role))
    await session.commit()
    newest = (await items(api, admin, f"/v1/users/{eva.id}/history"))[0]
    assert newest["part"] == "user_roles" and newest["operation"] == "insert"
    assert {"field": "role_id", "old": None, "new": str(role)} in newest["changes"]  # type: ignore[operator]
    assert await session.get(Role, role)
