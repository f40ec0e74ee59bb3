"""Ways around who may change an account, all of them closed (ID-4, ID-5, ACC-7, ACC-14)."""

import subprocess
import sys
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.jobs import teams_by_rule
from app.identity.models import Centre, CentreArea
from tests.accounts.test_accounts import told
from tests.conftest import ROOT, Api, Contexts
from tests.factories import lead_body, make_account, make_team, make_user
from tests.merges.support import previewed

ANY = {"If-Match": "*"}


@pytest.mark.rule("ID-5")
@pytest.mark.parametrize(("access", "status"), [("public_read", 403), ("public_write", 201)])
async def test_a_conversion_brings_nobody_into_an_account_that_they_may_only_see(
    api: Api, session: AsyncSession, access: str, status: int
) -> None:
    owner, stranger = await make_user(session), await make_user(session)
    account = await make_account(session, owner, access=access)
    client = await api.as_user(stranger)
    lead = await client.post("/v1/leads", json=lead_body(stranger.id))
    body = {"outcome": "keep", "account_id": str(account.id)}
    answer = await client.post(f"{lead.headers['Location']}/conversion", json=body)
    assert answer.status_code == status, answer.text
    if status == 403:
        assert answer.json()["code"] == "not_a_manager"
    now = (await (await api.as_user(owner)).get(f"/v1/accounts/{account.id}")).json()
    assert now["manager_ids"] == [] and now["assignee"]["id"] == str(owner.id)
    grab = await client.patch(f"/v1/accounts/{account.id}", json={"access": "managers"}, headers=ANY)
    assert grab.status_code == 403


@pytest.mark.rule("ID-5")
async def test_managers_whom_a_conversion_brings_in_are_told(api: Api, session: AsyncSession) -> None:
    team = await make_team(session)
    owner, colleague, seller = [await make_user(session, teams=[team]) for _ in range(3)]
    account = await make_account(session, owner, team_ids=[team.id])
    client = await api.as_user(seller)
    lead = await client.post("/v1/leads", json=lead_body(seller.id))
    body = {
        "outcome": "update",
        "account_id": str(account.id),
        "account": {"manager_ids": [str(colleague.id)]},
    }
    answer = await client.post(f"{lead.headers['Location']}/conversion", json=body)
    assert answer.status_code == 201, answer.text
    assert "manager_added" in await told(session, colleague.id)


@pytest.mark.rule("ACC-7")
async def test_a_merge_makes_no_vip_and_takes_none_away(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    plain, vip = await make_account(session, user), await make_account(session, user, vip=True)
    client = await api.as_user(user)
    ids = [str(plain.id), str(vip.id)]
    shown = await previewed(client, "account", ids, winner_id=str(plain.id))
    line = next(one for one in shown["fields"] if one["field"] == "vip")
    assert line["result"] is True and line["taken_from"] == str(vip.id)
    body: dict[str, Any] = {
        "record_type": "account",
        "record_ids": ids,
        "winner_id": str(plain.id),
        "versions": shown["versions"],
    }
    refused = await client.post("/v1/merges", json=body | {"fields": {"vip": str(plain.id)}})
    assert refused.status_code == 409, refused.text
    assert "vip_not_yours" in [e["code"] for e in refused.json()["errors"]]
    assert (await client.post("/v1/merges", json=body)).status_code == 201
    assert (await client.get(f"/v1/accounts/{plain.id}")).json()["vip"] is True


@pytest.mark.rule("ID-4")
async def test_an_undone_merge_leaves_an_account_that_can_be_changed(
    api: Api, session: AsyncSession, contexts: Contexts
) -> None:
    user = await make_user(session)
    centre = Centre(code="LNZ", name="Linz", country="AT")
    session.add(centre)
    await session.commit()
    local = await make_team(session, "centre_local", centre_id=centre.id, country="AT")
    winner = await make_account(session, user)
    placed = {"segment": "local", "centre_id": centre.id, "rule_team_ids": [local.id]}
    loser = await make_account(session, user, team_ids=[local.id, user.default_team_id], **placed)
    client = await api.as_user(user)
    ids = [str(winner.id), str(loser.id)]
    shown = await previewed(client, "account", ids, winner_id=ids[0])
    body = {"record_type": "account", "record_ids": ids, "winner_id": ids[0], "versions": shown["versions"]}
    merged = await client.post("/v1/merges", json=body)
    assert merged.status_code == 201, merged.text
    async with contexts.of() as ctx:
        await teams_by_rule(ctx, {"account_id": ids[0]})
    assert (await client.post(f"/v1/merges/{merged.json()['id']}/undo")).status_code == 200
    async with contexts.of() as ctx:
        for id_ in ids:
            await teams_by_rule(ctx, {"account_id": id_})
    for id_, teams in ((ids[0], [user.default_team_id]), (ids[1], [local.id, user.default_team_id])):
        changed = await client.patch(f"/v1/accounts/{id_}", json={"level": "A"}, headers=ANY)
        assert changed.status_code == 200, changed.text
        assert set(changed.json()["team_ids"]) == {str(team) for team in teams}


@pytest.mark.rule("ID-4")
async def test_the_country_moves_the_country_team_and_no_job_finds_a_centre(
    api: Api, session: AsyncSession, contexts: Contexts
) -> None:
    user = await make_user(session)
    head = await make_team(session, "head_office_key_accounts")
    austria, germany = [await make_team(session, "country_key_accounts", country=c) for c in ("AT", "DE")]
    centre = Centre(code="LNZ", name="Linz", country="AT")
    session.add(centre)
    await session.flush()
    session.add(CentreArea(centre_id=centre.id, country="AT", from_code="40", to_code="42"))
    await session.commit()
    ours = await make_team(session, "centre_key_accounts", centre_id=centre.id, country="AT")
    client = await api.as_user(user)
    body = {
        "name": "Kranz Bau AG",
        "level": "B",
        "industry": "Bau",
        "legal_form": "AG",
        "city": "Wien",
        "country": "AT",
    }
    made = await client.post("/v1/accounts", json=body | {"segment": "key_account_head_office"})
    assert set(made.json()["team_ids"]) == {str(head.id), str(austria.id)}
    moved = await client.patch(made.headers["Location"], json={"country": "DE", "city": "Ulm"}, headers=ANY)
    assert set(moved.json()["team_ids"]) == {str(head.id), str(germany.id)}

    nowhere = await make_account(session, user, segment="key_account_branch", postal_code="4020")
    async with contexts.of() as ctx:
        await teams_by_rule(ctx, {"country": "AT"})
    found = (await client.get(f"/v1/accounts/{nowhere.id}")).json()
    assert found["centre"] is None and str(ours.id) not in found["team_ids"]


def test_a_worker_knows_every_table_that_its_jobs_touch() -> None:
    code = (
        "import workers.jobs; from app.core.db import Base; "
        "[key.column for table in Base.metadata.tables.values() for key in table.foreign_keys]; "
        "from sqlalchemy.orm import configure_mappers; configure_mappers()"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
