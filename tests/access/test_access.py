"""Why somebody sees or may change a record (ID-7): the explanation says what the routes do, and reveals nothing by itself."""

import os
import random
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.core.permissions import BUILT_IN_ROLES
from app.core.visibility import unscoped
from app.identity.models import Role, Team, User
from app.leads.models import Lead
from app.projects.models import PROTECTION_PROJECT_ID, Project, ProjectStatus
from tests.conftest import Api
from tests.factories import make_account, make_contact, make_opportunity, make_team, make_user

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAIRS = int(os.environ.get("LEADWERK_ACCESS_PAIRS", "35"))
"""Users and records per seed that are compared; more on demand."""

ORDINARY = {
    "accounts": {"industry": "Holz"},
    "contacts": {"job_title": "Einkauf"},
    "leads": {"description": "Neu"},
    "opportunities": {"description": "Neu"},
    "activities": {},
}
"""A change of no particular field, by kind."""


COMPLETE = {
    "status": "new",
    "source": "fair",
    "name": "Huber GmbH",
    "company": "Huber",
    "city": "Linz",
    "state": "Oberösterreich",
    "postal_code": "4020",
    "contacted_on": date(2026, 11, 20),
    "description": "Alt",
    "expected_revenue_amount": 12500,
    "expected_revenue_currency": "EUR",
}
"""What a lead of a protection project has."""


def fields_of(kind: str, someone: UUID) -> dict[str, Any]:
    """Fields of the kind with a value that would be new, those that nobody sets among them."""
    return {
        "accounts": {
            "industry": "Holz",
            "access": "public_read",
            "manager_ids": [str(someone)],
            "assignee_id": str(someone),
            "vip": True,
            "type": "customer",
            "erp_id": "4711",
            "segment": "local",
        },
        "contacts": {"job_title": "Einkauf", "access": "public_write", "erp_id": "4711", "assignee_id": str(someone)},
        "leads": {"description": "Neu", "assignee_id": str(someone), "phone": "+43 732 1234", "phase": "open"},
        "opportunities": {"description": "Neu", "status": "won", "probability": 40},
        "activities": {"description": "Neu", "status": "done", "assignee_id": str(someone), "due_at": None},
    }[kind]


class World:
    """Users of all kinds, and records of all kinds that are open to some of them, drawn at random."""

    def __init__(self, session: AsyncSession, api: Api, seed: int) -> None:
        self.session, self.api, self.chance = session, api, random.Random(seed)
        self.users: list[User] = []
        self.records: list[tuple[str, UUID]] = []

    async def make(self) -> None:
        session, chance = self.session, self.chance
        teams = [await make_team(session) for _ in range(3)]
        trainee = Role(key="trainee", label_de="P", label_en="T", permissions=["accounts.read", "contacts.write"])
        session.add(trainee)
        await session.commit()
        roles = [*BUILT_IN_ROLES, "trainee"]
        for number in range(14):
            self.users.append(
                await make_user(
                    session,
                    *chance.sample(roles, chance.choice((1, 1, 1, 2))),
                    teams=chance.sample(teams, chance.randint(0, 2)),
                    country=chance.choice(("AT", "DE")),
                    active=number != 0,
                )
            )
        admin = await self.api.as_user(await make_user(session, "admin"))
        discreet = Project(
            key="vehicles",
            name="Fahrzeuge",
            required_fields=[],
            lean=False,
            visibility="team",
            lock_enabled=False,
            lock_months=6,
            lock_steps=[],
            lock_starts="last_step",
        )
        session.add(discreet)
        await session.flush()
        for position, category in enumerate(("open", "converted", "discarded")):
            session.add(
                ProjectStatus(
                    project_id=discreet.id,
                    key="new" if category == "open" else category,
                    label_de=category,
                    label_en=category,
                    category=category,
                    position=position,
                )
            )
        await session.commit()
        for _ in range(6):
            await self._customer(admin, teams, discreet)

    async def _customer(self, admin: httpx.AsyncClient, teams: list[Team], discreet: Project) -> None:
        """An account with a contact, an opportunity, a task, and a lead of its own."""
        session, chance = self.session, self.chance

        def people() -> dict[str, Any]:
            return {
                "manager_ids": [u.id for u in chance.sample(self.users, chance.randint(0, 2))],
                "team_ids": [t.id for t in chance.sample(teams, chance.randint(0, 1))],
                "access": chance.choice(("managers", "managers", "public_read", "public_write")),
            }

        one = lambda: chance.choice(self.users)  # noqa: E731  (said five times below)
        account = await make_account(session, one(), **people(), erp_id=chance.choice((None, str(uuid4()))))
        contact = await make_contact(session, one(), account, **people())
        opportunity = await make_opportunity(session, one(), account, created_by=one().id)
        body = {"type": "task", "account_id": str(account.id), "subject": "Anrufen", "assignee_id": None}
        task = await admin.post("/v1/activities", json=body | {"assignee_id": str(self.users[3].id)})
        assert task.status_code == 201, task.text
        phase = chance.choice(("open", "open", "open", "discarded"))
        lean = chance.choice((True, False))
        lead = Lead(
            project_id=PROTECTION_PROJECT_ID if lean else discreet.id,
            visibility="all" if lean else "team",
            assignee_id=one().id,
            created_by=one().id,
            team_ids=people()["team_ids"],
            country=chance.choice(("AT", "DE")),
            phase=phase,
            **COMPLETE,
        )
        session.add(lead)
        await session.commit()
        self.records += [
            *(("accounts", account.id), ("contacts", contact.id), ("opportunities", opportunity.id)),
            *(("activities", UUID(task.json()["id"])), ("leads", lead.id)),
        ]


async def explained(client: httpx.AsyncClient, kind: str, id_: UUID, **params: Any) -> dict[str, Any]:
    answer = await client.get(f"/v1/{kind}/{id_}/access", params=params)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def holds_together(body: dict[str, Any]) -> None:
    """The steps give the answer that stands above them, and something is said to be decisive."""
    answers = {"see": body["sees"], "change": body["changes"], "delete": body["deletes"]}
    if body["field"]:
        answers["field"] = body["field"]["changes"]
    for about, answer in answers.items():
        steps = [step for step in body["steps"] if step["about"] == about]
        enough = [step["passed"] for step in steps if step["enough"]]
        needed = all(step["passed"] for step in steps if not step["enough"])
        assert answer == (needed and (not enough or any(enough))), (about, body)
        decisive = [step for step in steps if step["decisive"]]
        assert {step["passed"] for step in decisive} <= {answer}, (about, body)
        assert decisive or (answer and not enough), (about, body)
    assert all(step["message"] and "{" not in step["message"] for step in body["steps"])


@pytest.mark.rule("ID-7")
@pytest.mark.parametrize("seed", [7, 41])
async def test_the_explanation_says_what_the_routes_do(
    api: Api, session: AsyncSession, rollback: AsyncConnection, seed: int
) -> None:
    world = World(session, api, seed)
    await world.make()
    admin = await api.as_user(await make_user(session, "admin"))
    said = {(about, answer): 0 for about in ("sees", "changes", "deletes", "field") for answer in (True, False)}
    pairs = [(user, record) for user in world.users for record in world.records]
    for user, (kind, id_) in world.chance.sample(pairs, PAIRS):
        client = await api.as_user(user)
        name, value = world.chance.choice(list(fields_of(kind, world.users[5].id).items()))
        body = await explained(admin, kind, id_, user=user.id, field=name)
        holds_together(body)
        done: dict[str, Any] = {}
        requests = {
            "sees": ("GET", None),
            "changes": ("PATCH", ORDINARY[kind]),
            "field": ("PATCH", {name: value}),
            "deletes": ("DELETE", None),
        }
        for about, (method, sent) in requests.items():
            untouched = await rollback.begin_nested()
            content = {} if sent is None else {"json": sent, "headers": {"If-Match": "*"}}
            done[about] = await client.request(method, f"/v1/{kind}/{id_}", **content)
            await untouched.rollback()
        told = {"sees": body["sees"], "changes": body["changes"], "field": body["field"]["changes"]}
        told["deletes"] = body["deletes"]
        for about, answer in done.items():
            in_use = answer.status_code == 409 and answer.json()["code"] == "in_use"
            assert told[about] == (answer.is_success or in_use), (user.name, kind, name, about, answer.text, body)
            said[about, told[about]] += 1
        if body["field"]["read_only"] not in (None, "read_only"):
            assert body["field"]["read_only"] in done["field"].text or done["field"].status_code == 401
        if body["sees"]:
            own = await explained(client, kind, id_, field=name)
            assert {key: own[key] for key in told if key != "field"} == {k: told[k] for k in told if k != "field"}
        elif user.active:
            hidden = await client.get(f"/v1/{kind}/{id_}/access")
            assert hidden.status_code == done["sees"].status_code and hidden.status_code in (403, 404)
    assert min(said.values()) >= 1, said


@pytest.mark.rule("ID-7")
async def test_each_team_and_role_is_named(api: Api, session: AsyncSession) -> None:
    local, other = await make_team(session, name="Linz lokal"), await make_team(session, name="Graz lokal")
    owner, member = await make_user(session, "rm"), await make_user(session, "mst", teams=[local])
    account = await make_account(
        session, owner, team_ids=[owner.default_team_id, other.id, local.id], rule_team_ids=[local.id]
    )
    body = await explained(await api.as_user(member), "accounts", account.id)
    holds_together(body)
    assert body["sees"] and not body["changes"] and not body["deletes"]
    teams = {s["evidence"]["team"]["name"]: s for s in body["steps"] if s["about"] == "see" and s["code"] == "team"}
    assert {name: step["passed"] for name, step in teams.items()} == {
        "Linz lokal": True,
        "Graz lokal": False,
        owner.name: False,
    }
    assert teams["Linz lokal"]["evidence"]["team"] == {
        "id": str(local.id),
        "name": "Linz lokal",
        "kind": "centre_local",
        "by_rule": True,
    }
    assert [name for name, step in teams.items() if step["decisive"]] == ["Linz lokal"]
    assert teams[owner.name]["evidence"]["team"]["kind"] == "private"
    (reading,) = [s for s in body["steps"] if s["about"] == "see" and s["code"] == "permission"]
    assert reading["evidence"]["permission"] == "accounts.read"
    assert reading["evidence"]["roles"] == [{"key": "mst", "label": "Mobile technician"}]
    writing = [s for s in body["steps"] if s["about"] == "change" and s["decisive"]]
    assert [s["evidence"]["permission"] for s in writing] == ["accounts.write"]
    german = await (await api.as_user(member)).get(
        f"/v1/accounts/{account.id}/access", headers={"Accept-Language": "de"}
    )
    assert f"{member.name} gehört zum Team „Linz lokal“ des Datensatzes." in german.text


@pytest.mark.rule("ID-6")
@pytest.mark.rule("ID-7")
async def test_a_lead_of_a_protection_project_is_open_to_all(api: Api, session: AsyncSession) -> None:
    owner, stranger = await make_user(session), await make_user(session)
    lead = Lead(
        project_id=PROTECTION_PROJECT_ID,
        status="new",
        name="Huber",
        visibility="all",
        assignee_id=owner.id,
        country="AT",
    )
    session.add(lead)
    await session.commit()
    client = await api.as_user(stranger)
    body = await explained(client, "leads", lead.id, field="phone")
    holds_together(body)
    assert body["sees"] and not body["changes"]
    assert [s["code"] for s in body["steps"] if s["about"] == "see" and s["decisive"]] == ["open_to_all"]
    lean = next(s for s in body["steps"] if s["about"] == "field" and s["code"] == "lean")
    assert not lean["passed"]


@pytest.mark.rule("ID-7")
async def test_the_field_says_why_nobody_sets_it(api: Api, session: AsyncSession) -> None:
    owner = await make_user(session, "rm")
    account = await make_account(session, owner)
    client = await api.as_user(owner)
    read_only = {"type": "read_only_computed", "erp_id": "read_only_erp", "version": "read_only", "name": None}
    for name, code in read_only.items():
        body = await explained(client, "accounts", account.id, field=name)
        holds_together(body)
        assert body["field"]["sees"] and body["field"]["read_only"] == code
        assert body["field"]["changes"] == (code is None)
    vip = await explained(client, "accounts", account.id, field="vip")
    assert vip["changes"] and not vip["field"]["changes"]
    decisive = [s["evidence"]["permission"] for s in vip["steps"] if s["about"] == "field" and s["decisive"]]
    assert decisive == ["accounts.set_vip"]
    assert (await explained(client, "accounts", account.id, field="assignee"))["field"]["name"] == "assignee_id"
    unknown = await client.get(f"/v1/accounts/{account.id}/access", params={"field": "nosuch"})
    assert unknown.status_code == 422 and unknown.json()["errors"][0]["code"] == "unknown_field"


@pytest.mark.rule("ID-7")
async def test_whom_one_may_ask_about(api: Api, session: AsyncSession) -> None:
    owner, stranger, admin = [await make_user(session, role) for role in ("rm", "rm", "admin")]
    account = await make_account(session, owner)
    path = f"/v1/accounts/{account.id}/access"
    assert (await (await api.as_user(stranger)).get(path)).status_code == 404
    refused = await (await api.as_user(owner)).get(path, params={"user": str(stranger.id)})
    assert refused.status_code == 403 and "access.explain" in refused.text
    asked = await api.as_user(admin)
    body = await explained(asked, "accounts", account.id, user=stranger.id)
    holds_together(body)
    assert not body["sees"] and body["user"] == {"id": str(stranger.id), "name": stranger.name, "active": True}
    blocked = unscoped(update(User).where(User.id == owner.id).values(active=False), reason="he left the company")
    await session.execute(blocked)
    await session.commit()
    body = await explained(asked, "accounts", account.id, user=owner.id)
    assert not body["sees"] and next(s["code"] for s in body["steps"] if s["decisive"]) == "active"
    nobody = await asked.get(path, params={"user": str(uuid4())})
    assert nobody.status_code == 422 and nobody.json()["errors"][0]["pointer"] == "?user"
    assert (await asked.get(f"/v1/accounts/{uuid4()}/access", params={"user": str(owner.id)})).status_code == 404


@pytest.mark.rule("ID-7")
async def test_who_explains_must_see_the_record(api: Api, session: AsyncSession) -> None:
    """A role that may explain but does not see all records hears only of what it sees."""
    session.add(Role(key="auditor", label_de="P", label_en="A", permissions=["access.explain", "accounts.read"]))
    await session.commit()
    owner, auditor = await make_user(session, "rm"), await make_user(session, "auditor")
    client = await api.as_user(auditor)
    hidden, opened = await make_account(session, owner), await make_account(session, owner, access="public_read")
    answer = await client.get(f"/v1/accounts/{hidden.id}/access", params={"user": str(owner.id)})
    assert answer.status_code == 404
    assert (await explained(client, "accounts", opened.id, user=owner.id))["sees"]
    assert (await session.execute(select(Role.key).where(Role.key == "auditor"))).scalar_one()
