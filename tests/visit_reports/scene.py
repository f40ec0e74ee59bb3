"""A centre with its people and one customer, for tests of visit reports."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Account
from app.core.db import new_id
from app.identity.models import Centre, CentreArea, Team, User
from tests.conftest import Api
from tests.factories import make_account, make_team, make_user


@dataclass
class Scene:
    """A centre that answers for Linz: its technician, relationship manager and centre manager; one account of theirs."""

    centre: Centre
    team: Team
    technician: User
    reviewer: User
    manager: User
    account: Account
    mst: httpx.AsyncClient
    rm: httpx.AsyncClient


async def make_scene(api: Api, session: AsyncSession, **values: Any) -> Scene:
    """The scene; `values` are the account's."""
    centre, team, technician, reviewer, manager, account = await make_people(session, **values)
    clients = [await api.as_user(user) for user in (technician, reviewer)]
    return Scene(centre, team, technician, reviewer, manager, account, clients[0], clients[1])


async def make_people(session: AsyncSession, **values: Any) -> tuple[Centre, Team, User, User, User, Account]:
    """The same without signing in."""
    centre = Centre(code=f"AT-{uuid4().hex[:6]}", name="Linz", country="AT")
    session.add(centre)
    await session.flush()
    session.add(CentreArea(centre_id=centre.id, country="AT", from_code="40", to_code="40"))
    await session.commit()
    team = await make_team(session, centre_id=centre.id)
    technician, reviewer, manager = [await make_user(session, role, teams=[team]) for role in ("mst", "rm", "cm")]
    usual = {"team_ids": [team.id], "centre_id": centre.id, "erp_id": f"K-{uuid4().hex[:8]}"}
    account = await make_account(session, reviewer, **(usual | values))
    return centre, team, technician, reviewer, manager, account


def report_of(account_id: UUID | None = None, **values: Any) -> dict[str, Any]:
    """A report as a tablet sends it."""
    return {
        "type": "visit_report",
        "id": str(new_id()),
        "subject": "Ölfiltration vorgestellt",
        "description": "Werkstattleiter hat Interesse.",
        "visited_at": datetime.now(UTC).isoformat(),
        **({"account_id": str(account_id)} if account_id else {}),
        **values,
    }


def action(text: str = "Angebot senden", **values: Any) -> dict[str, Any]:
    """A follow-up action as a tablet sends it."""
    return {"id": str(uuid4()), "text": text, **values}


STRANGER = {
    "name": "Hohensteiner Fördertechnik GmbH",
    "street": "Industriezeile 7",
    "postal_code": "4020",
    "city": "Linz",
    "country": "AT",
    "phone": "+43 732 998877",
    "contact_name": "Anna Berger",
    "note": "Zwei Stapler, keine Wartung.",
}


async def sent(client: httpx.AsyncClient, body: dict[str, Any], status: int = 201) -> dict[str, Any]:
    """Submit the report; the answer's JSON."""
    answer = await client.post("/v1/activities", json=body)
    assert answer.status_code == status, answer.text
    shown: dict[str, Any] = answer.json()
    return shown
