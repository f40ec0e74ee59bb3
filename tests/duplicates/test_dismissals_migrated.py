"""What leads knew for themselves of what they are not, is kept for the pair."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from alembic import command
from alembic.config import Config

from app.core.embedded import EmbeddedServers
from app.projects.models import PROTECTION_PROJECT_ID
from tests.conftest import ROOT

LEAD = "INSERT INTO leads (id, project_id, status, visibility, name, distinct_from, created_by) VALUES ($1, $2, 'new', 'all', $3, $4, $5)"
ACCOUNT = (
    "INSERT INTO accounts (id, name, assignee_id, manager_ids, team_ids, level, industry, legal_form, city, country) "
    "VALUES ($1, 'Huber', $2, '{}', '{}', 'B', 'x', 'GmbH', 'Linz', 'AT')"
)
CONTACT = (
    "INSERT INTO contacts (id, last_name, assignee_id, manager_ids, team_ids) VALUES ($1, 'Huber', $2, '{}', '{}')"
)


@pytest.mark.rule("DUP-9")
def test_what_leads_are_distinct_from_is_moved_and_moved_back(tmp_path: Path) -> None:
    with EmbeddedServers(tmp_path / "data", durable=False) as servers:
        config = Config(ROOT / "alembic.ini")
        config.attributes["database_url"] = servers.database_url

        def ask(sql: str, *arguments: Any) -> list[Any]:
            async def run() -> list[Any]:
                connection = await asyncpg.connect(servers.database_url)
                try:
                    return list(await connection.fetch(sql, *arguments))
                finally:
                    await connection.close()

            return asyncio.run(run())

        command.upgrade(config, "0005")
        one, two, account, contact, gone = (uuid4() for _ in range(5))
        (user,) = ask(
            "INSERT INTO users (id, user_name, email, first_name, last_name) "
            "VALUES (gen_random_uuid(), 'eva', 'eva@example.com', 'Eva', 'Muster') RETURNING id"
        )[0]
        ask(ACCOUNT, account, user)
        ask(CONTACT, contact, user)
        ask(LEAD, two, PROTECTION_PROJECT_ID, "Zwei", [], None)
        ask(LEAD, one, PROTECTION_PROJECT_ID, "Eins", [account, contact, two, gone, one, account], user)
        ask("UPDATE leads SET distinct_from = $1 WHERE id = $2", [one], two)

        command.upgrade(config, "head")
        kept = {
            (row["first_type"], row["first_id"], row["second_type"], row["second_id"]): row["created_by"]
            for row in ask("SELECT * FROM duplicate_dismissals")
        }
        leads: tuple[UUID, UUID] = (min(one, two), max(one, two))
        assert kept == {
            ("account", account, "lead", one): user,
            ("contact", contact, "lead", one): user,
            ("lead", leads[0], "lead", leads[1]): kept["lead", leads[0], "lead", leads[1]],
        }
        logged = "SELECT count(*) FROM change_log WHERE record_type = 'duplicate_dismissals' AND operation = 'insert'"
        assert ask(logged)[0][0] == 3

        command.downgrade(config, "0005")
        back = {row["id"]: set(row["distinct_from"]) for row in ask("SELECT id, distinct_from FROM leads")}
        assert back == {one: {account, contact, two}, two: {one}}
        ask("DELETE FROM leads")
