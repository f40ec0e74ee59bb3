"""A database in which transactions end: the feed tells only of what has been committed."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest_asyncio
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Account
from app.activities.models import Activity
from app.core.db import Database
from app.core.embedded import EmbeddedServers
from app.identity.models import Centre, Team, TeamMember, User
from app.main import create_app
from app.settings import Settings
from tests.conftest import SECRET, new_database, sign_in
from tests.factories import make_team, make_user
from tests.sync.device import Device


@dataclass
class World:
    """The application over that database."""

    url: str
    app: FastAPI
    database: Database
    session: AsyncSession

    async def client(self, user: User) -> httpx.AsyncClient:
        """Signed in as this user."""
        headers = {"Accept-Language": "en", "Authorization": f"Bearer {await sign_in(self.session, user.id)}"}
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers)

    async def device(self, user: User, **query: str) -> Device:
        """An offline client of this user."""
        return Device(await self.client(user), query, quiet=self.quiet)

    async def quiet(self) -> None:
        """Wait until no transaction is open that has a number: those of other databases count, and of ANALYZE."""
        for _ in range(500):
            snapshot = (await self.sql("SELECT pg_current_snapshot()::text"))[0][0]
            if not snapshot.split(":")[2]:
                return
            await asyncio.sleep(0.01)
        raise AssertionError(snapshot)

    async def centre(self) -> tuple[Centre, Team]:
        """A centre with its team."""
        code = uuid4().hex[:8]
        centre = Centre(code=code, name=f"Centre {code}", country="AT")
        self.session.add(centre)
        await self.session.flush()
        return centre, await make_team(self.session, centre_id=centre.id)

    async def technician(self, *teams: Team) -> User:
        """A mobile technician of these teams."""
        return await make_user(self.session, "mst", teams=teams, last_name=f"Muster{uuid4().hex[:10]}")

    async def manager(self, *teams: Team) -> User:
        """A relationship manager of these teams."""
        return await make_user(self.session, "rm", teams=teams, last_name=f"Muster{uuid4().hex[:10]}")

    async def join(self, team: Team, user: User) -> None:
        self.session.add(TeamMember(team_id=team.id, user_id=user.id))
        await self.session.commit()

    async def activity(
        self, type_: str, assignee: User, creator: User, account: Account | None = None, **values: Any
    ) -> Activity:
        """A task or visit report as it stands in the table."""
        status = {"task": "open", "visit_report": "submitted"}[type_]
        starts_at = datetime.now(UTC) if type_ == "visit_report" else None
        fields: dict[str, Any] = {
            "subject": "Ölwechsel",
            "status": status,
            "starts_at": starts_at,
            "time_zone": "Europe/Vienna",
        }
        fields |= {"account_id": account.id if account else None, "participant_ids": []}
        if type_ == "visit_report":
            fields |= {"cross_sell": False, "follow_up_actions": []}
        activity = Activity(type=type_, assignee_id=assignee.id, created_by=creator.id, **(fields | values))
        self.session.add(activity)
        await self.session.commit()
        return activity

    async def sql(self, statement: str, *args: object) -> list[asyncpg.Record]:
        """Run a statement from outside, committed at once."""
        connection = await asyncpg.connect(self.url)
        try:
            return list(await connection.fetch(statement, *args))
        finally:
            await connection.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def committing(servers: EmbeddedServers) -> AsyncIterator[tuple[str, Database, FastAPI]]:
    url = await asyncio.to_thread(new_database, servers.database_url, f"sync_{uuid4().hex[:12]}")
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]  # pydantic-settings' own argument
        environment="test",
        database_url=url,
        redis_url=servers.redis_url,
        data_dir=servers.data_dir,
        secret_key=SECRET,  # type: ignore[arg-type]  # pydantic makes a SecretStr of it
        requests_per_minute=100_000,
        log_level="ERROR",
    )
    database = Database(url, pool=6)
    app = create_app(settings, database=database, keep_principals=False)
    async with app.router.lifespan_context(app):
        yield url, database, app


@pytest_asyncio.fixture(loop_scope="session")
async def world(committing: tuple[str, Database, FastAPI]) -> AsyncIterator[World]:
    url, database, app = committing
    async with database.session() as session:
        yield World(url, app, database, session)
