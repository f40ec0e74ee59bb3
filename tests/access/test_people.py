"""Whose a record is: default and private teams (ID-3, ID-4), managers and access (ID-5), and no way around them."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.models import Centre, CentreArea, User
from app.leads.models import Lead
from app.projects.models import Project, ProjectStatus
from app.team_following.jobs import follow
from tests.conftest import Api, Contexts
from tests.factories import make_account, make_contact, make_opportunity, make_team, make_user

pytestmark = pytest.mark.asyncio(loop_scope="session")
ANY = {"If-Match": "*"}
ACCOUNT = {"level": "B", "industry": "Holz", "legal_form": "GmbH", "city": "Linz", "country": "AT"}


async def statuses(client: httpx.AsyncClient, *paths: str) -> set[int]:
    return {(await client.get(path)).status_code for path in paths}


async def people(session: AsyncSession, kind: str, id_: UUID) -> tuple[Any, ...]:
    """Who the record belongs to, as it is stored."""
    columns = "assignee_id, manager_ids, team_ids, access"
    found = await session.execute(text(f"SELECT {columns} FROM {kind} WHERE id = :id"), {"id": id_})
    return tuple(found.one())


@pytest.mark.rule("ID-3")
async def test_the_default_team_is_ones_own_choice_and_is_used(api: Api, session: AsyncSession) -> None:
    team = await make_team(session)
    eva, colleague = await make_user(session, "rm", teams=[team]), await make_user(session, "rm", teams=[team])
    client, other = await api.as_user(eva), await api.as_user(colleague)
    alone = await client.post("/v1/accounts", json={"name": "Rettenbacher Holz GmbH", **ACCOUNT})
    assert alone.json()["team_ids"] == [str(eva.default_team_id)]
    assert (await other.get(alone.headers["Location"])).status_code == 404
    chosen = await client.patch("/v1/me", json={"default_team_id": str(team.id)}, headers=ANY)
    assert chosen.status_code == 200
    shared = await client.post("/v1/accounts", json={"name": "Wurzinger Papier GmbH", **ACCOUNT})
    assert shared.json()["team_ids"] == [str(team.id)]
    person = await client.post("/v1/contacts", json={"last_name": "Wurzinger"})
    assert person.json()["team_ids"] == [str(team.id)]
    assert await statuses(other, shared.headers["Location"], person.headers["Location"]) == {200}
    assert (await other.get(alone.headers["Location"])).status_code == 404, "what was made before stays where it was"


@pytest.mark.rule("ID-4")
async def test_a_private_team_opens_one_customer_and_no_other(
    api: Api, session: AsyncSession, contexts: Contexts
) -> None:
    team = await make_team(session)
    fn, bdm = await make_user(session, "fn", teams=[team]), await make_user(session, "bdm")
    owner, guest = await api.as_user(fn), await api.as_user(bdm)
    paths: dict[str, list[str]] = {}
    for name in ("Rettenbacher Holz GmbH", "Wurzinger Papier GmbH"):
        account = await owner.post("/v1/accounts", json={"name": name, "team_ids": [str(team.id)], **ACCOUNT})
        account_id = account.json()["id"]
        contact = await owner.post("/v1/contacts", json={"last_name": "Huber", "account_id": account_id})
        chance = {"name": "Flatrate", "account_id": account_id, "expected_revenue": {"amount": "10.00"}}
        opportunity = await owner.post("/v1/opportunities", json=chance)
        note = {"type": "note", "account_id": account_id, "description": "Ruft zurück."}
        activity = await owner.post("/v1/activities", json=note)
        paths[name] = [answer.headers["Location"] for answer in (account, contact, opportunity, activity)]
    opened, closed = paths.values()
    assert await statuses(guest, *opened, *closed) == {404}
    teams = {"team_ids": [str(team.id), str(bdm.default_team_id)]}
    account_id = opened[0].rsplit("/", 1)[1]
    assert (await owner.patch(opened[0], json=teams, headers=ANY)).status_code == 200
    assert await statuses(guest, opened[0]) == {200}, (
        "the customer at once, what hangs on it when the worker has been there"
    )
    async with contexts.of() as ctx:
        await follow(ctx, {"account_id": account_id})
    assert await statuses(guest, *opened) == {200}
    assert await statuses(guest, *closed) == {404}
    assert (await guest.get("/v1/accounts", params={"count": "true"})).json()["count"] == 1
    assert (await owner.patch(opened[0], json={"team_ids": [str(team.id)]}, headers=ANY)).status_code == 200
    async with contexts.of() as ctx:
        await follow(ctx, {"account_id": account_id})
    assert await statuses(guest, *opened) == {404}


@pytest.mark.rule("ID-5")
@pytest.mark.parametrize("kind", ["accounts", "contacts"])
@pytest.mark.parametrize("access", ["public_read", "public_write"])
async def test_nobody_makes_themselves_one_of_its_people(
    api: Api, session: AsyncSession, kind: str, access: str
) -> None:
    owner, stranger = await make_user(session, "fn"), await make_user(session, "fn")
    make = make_account if kind == "accounts" else make_contact
    record = await make(session, owner, access=access)
    other = await make(session, stranger)
    before = await people(session, kind, record.id)
    client = await api.as_user(stranger)
    path = f"/v1/{kind}/{record.id}"
    tries: list[dict[str, Any]] = [
        *({"assignee_id": str(stranger.id)}, {"manager_ids": [str(stranger.id)]}, {"access": "public_write"}),
        *({"team_ids": [str(stranger.default_team_id)]}, {"access": "managers"}),
        {"description": "Neu", "manager_ids": [str(stranger.id)]},
    ]
    tries += [{"segment": "local"}, {"centre_id": None}] if kind == "accounts" else []
    for body in tries:
        refused = await client.patch(path, json=body, headers=ANY)
        assert refused.status_code == 403 and refused.json()["code"] == "not_a_manager", body
    ordinary = await client.patch(path, json={"description": "Neu"}, headers=ANY)
    assert ordinary.status_code == (200 if access == "public_write" else 403)
    version = ordinary.json()["version"] if ordinary.is_success else 1
    merge = {
        "record_type": kind.removesuffix("s"),
        "record_ids": [str(record.id), str(other.id)],
        "winner_id": str(other.id),
        "versions": {str(record.id): version, str(other.id): 1},
    }
    for winner in (record.id, other.id):
        merged = await client.post("/v1/merges", json=merge | {"winner_id": str(winner)})
        assert merged.status_code == 403, merged.text
    assert (await client.delete(path)).status_code == 403
    assert await people(session, kind, record.id) == before


@pytest.mark.rule("ID-5")
async def test_an_address_gives_a_customer_no_people_by_the_way(api: Api, session: AsyncSession) -> None:
    """Everyone may write the address; the centre that it lies in, and its team, come only with a manager's hand."""
    centre = Centre(code="LNZ", name="Linz", country="AT")
    session.add(centre)
    await session.flush()
    session.add(CentreArea(centre_id=centre.id, country="AT", from_code="40", to_code="42"))
    await session.commit()
    local = await make_team(session, "centre_local", centre_id=centre.id, country="AT")
    owner, stranger = await make_user(session, "fn"), await make_user(session, "fn", teams=[local])
    account = await make_account(session, owner, access="public_write", segment="local")
    path = f"/v1/accounts/{account.id}"
    before = await people(session, "accounts", account.id)
    client = await api.as_user(stranger)
    address = [{"kind": "office", "primary": True, "postal_code": "4020", "city": "Linz", "country": "AT"}]
    for body in ({"postal_code": "4020"}, {"addresses": address}):
        await client.patch(path, json=body, headers=ANY)
    assert await people(session, "accounts", account.id) == before
    assert (await client.patch(path, json={"manager_ids": [str(stranger.id)]}, headers=ANY)).status_code == 403
    moved = await (await api.as_user(owner)).patch(path, json={"postal_code": "4030"}, headers=ANY)
    assert moved.json()["centre"]["id"] == str(centre.id) and str(local.id) in moved.json()["team_ids"]


@pytest.mark.rule("ID-5")
@pytest.mark.parametrize("access", ["public_read", "public_write"])
async def test_a_conversion_makes_nobody_a_manager_of_anothers_customer(
    api: Api, session: AsyncSession, access: str
) -> None:
    owner, stranger = await make_user(session, "fn"), await make_user(session, "fn")
    made = await (await api.as_user(owner)).post(
        "/v1/accounts", json={"name": "Rettenbacher Holz GmbH", "access": access, **ACCOUNT}
    )
    account_id = UUID(made.json()["id"])
    before = await people(session, "accounts", account_id)
    lead = await _discreet_lead(session, stranger)
    client = await api.as_user(stranger)
    for outcome in ({"outcome": "keep"}, {"outcome": "update", "take": ["phone"]}):
        body = {**outcome, "account_id": str(account_id)}
        converted = await client.post(f"/v1/leads/{lead.id}/conversion", json=body)
        assert converted.status_code in (403, 409), converted.text
    assert await people(session, "accounts", account_id) == before


async def _discreet_lead(session: AsyncSession, owner: User) -> Lead:
    """A lead of a project without locks, that only its owner sees."""
    project = Project(
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
    session.add(project)
    await session.flush()
    for position, (key, category) in enumerate((("new", "open"), ("done", "converted"), ("gone", "discarded"))):
        session.add(
            ProjectStatus(
                project_id=project.id, key=key, label_de=key, label_en=key, category=category, position=position
            )
        )
    await session.flush()
    lead = Lead(
        project_id=project.id,
        status="new",
        visibility="team",
        name="Eder Metall AG",
        phone="+43 732 1234",
        assignee_id=owner.id,
        team_ids=[owner.default_team_id],
        country="AT",
    )
    session.add(lead)
    await session.commit()
    return lead


@pytest.mark.rule("ID-5")
async def test_a_departure_makes_nobody_a_manager(api: Api, session: AsyncSession) -> None:
    owner, stranger = await make_user(session, "fn"), await make_user(session, "fn")
    account = await make_account(session, owner, access="public_read")
    contact = await make_contact(session, owner, account, access="public_read")
    before = await people(session, "contacts", contact.id), await people(session, "accounts", account.id)
    path = f"/v1/contacts/{contact.id}/departure"
    leaving = {"relationship": "left", "left_on": datetime.now(UTC).date().isoformat()}
    refused = await (await api.as_user(stranger)).post(path, json=leaving)
    assert refused.status_code == 403 and refused.json()["code"] == "not_a_manager"
    opened = {"access": "public_write"}
    assert (await (await api.as_user(owner)).patch(f"/v1/contacts/{contact.id}", json=opened, headers=ANY)).is_success
    done = await (await api.as_user(stranger)).post(path, json=leaving)
    assert done.status_code == 201, done.text
    after = await people(session, "contacts", contact.id)
    assert after[:3] == before[0][:3] and after[3] == "public_write"
    assert await people(session, "accounts", account.id) == before[1]


@pytest.mark.rule("ID-5")
@pytest.mark.parametrize("kind", ["accounts", "contacts"])
async def test_several_managers_each_told_once_and_each_may_write(api: Api, session: AsyncSession, kind: str) -> None:
    owner, first, second = [await make_user(session, "fn") for _ in range(3)]
    record = await (make_account if kind == "accounts" else make_contact)(session, owner)
    path, client = f"/v1/{kind}/{record.id}", await api.as_user(owner)
    for managers in ([first.id], [first.id, second.id], [second.id, first.id]):
        body = {"manager_ids": [str(id_) for id_ in managers]}
        assert (await client.patch(path, json=body, headers=ANY)).status_code == 200
    for manager in (first, second):
        theirs = await api.as_user(manager)
        told = (await theirs.get("/v1/notifications", params={"kind": "manager_added"})).json()["items"]
        assert len(told) == 1
        assert (await theirs.patch(path, json={"description": "Neu"}, headers=ANY)).status_code == 200
    left = await (await api.as_user(second)).patch(path, json={"manager_ids": [str(first.id)]}, headers=ANY)
    assert left.status_code == 200, "a manager may hand over, and is told the outcome"
    assert (await (await api.as_user(second)).get(path)).status_code == 404


@pytest.mark.rule("ID-5")
async def test_what_hangs_on_an_open_customer_is_not_open_with_it(api: Api, session: AsyncSession) -> None:
    owner, stranger = await make_user(session, "fn"), await make_user(session, "fn")
    account = await make_account(session, owner, access="public_read")
    contact = await make_contact(session, owner, account)
    opportunity = await make_opportunity(session, owner, account)
    client = await api.as_user(stranger)
    assert (await client.get(f"/v1/accounts/{account.id}")).status_code == 200
    assert await statuses(client, f"/v1/contacts/{contact.id}", f"/v1/opportunities/{opportunity.id}") == {404}
