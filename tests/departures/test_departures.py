"""A contact leaves: everything of it in one request, once (ACC-6, LEAD-10)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.visibility import unscoped
from app.identity.models import Centre, CentreArea, User
from app.leads.models import Lead
from app.projects.models import PROTECTION_PROJECT_ID, Project, ProjectStatus
from tests.conftest import Api
from tests.factories import lead_body, make_account, make_contact, make_team, make_user

pytestmark = pytest.mark.rule("ACC-6")
ANY = {"If-Match": "*"}
LEFT = {"relationship": "left", "left_on": "2026-01-31", "note": "Neue Stelle"}


def url(contact: Any) -> str:
    return f"/v1/contacts/{contact.id}/departure"


def codes(answer: Any) -> dict[str, str]:
    assert answer.status_code == 422, answer.text
    return {error["pointer"]: error["code"] for error in answer.json()["errors"]}


async def world(session: AsyncSession) -> tuple[User, Any, Any]:
    """A user with an account whose decision maker is a contact of theirs, with private and business ways to reach them."""
    user = await make_user(session)
    account = await make_account(session, user, name="Alte Firma GmbH")
    contact = await make_contact(
        session,
        user,
        account,
        salutation="Frau",
        first_name="Edeltraud",
        last_name="Pichlhuber",
        source="fair",
        email="e.pichlhuber@alte-firma.example.com",
        phone="+43 732 1234",
    )
    contact.emails = [
        *contact.emails,
        {
            "address": "edi@example.com",
            "kind": "private",
            "primary": False,
            "consent": "refused",
            "consent_at": "2026-01-01T00:00:00+00:00",
            "consent_by": str(user.id),
            "consent_source": "Anruf",
        },
    ]
    account.main_contact_id = contact.id
    await session.commit()
    return user, account, contact


async def project(session: AsyncSession, **values: Any) -> str:
    """A project that asks for nothing."""
    body = {"key": "open", "name": "Offen", "required_fields": [], "visibility": "all", "lock_enabled": False}
    found = (await session.execute(select(Project).where(Project.id == PROTECTION_PROJECT_ID))).scalar_one()
    names = [c.name for c in Project.__table__.columns if c.computed is None]
    row = {name: getattr(found, name) for name in names if name not in ("id", "version", "created_at", "updated_at")}
    made = Project(**{**row, **body, "lean": False, "is_default": False, **values})
    session.add(made)
    await session.flush()
    session.add_all(
        ProjectStatus(
            project_id=made.id, position=i, key=key, label_de=key, label_en=key, category=key, color="#000000"
        )
        for i, key in enumerate(("open", "converted", "discarded"), 1)
    )
    await session.commit()
    return str(made.id)


async def test_who_left_is_marked_and_neither_contacted_nor_decides(api: Api, session: AsyncSession) -> None:
    user, account, contact = await world(session)
    client = await api.as_user(user)
    answer = await client.post(url(contact), json=LEFT)
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"] == url(contact)
    shown = answer.json()
    assert (shown["left_on"], shown["note"], shown["next_contact_id"], shown["next_lead_id"]) == (
        *("2026-01-31", "Neue Stelle"),
        *(None, None),
    )
    now = (await client.get(f"/v1/contacts/{contact.id}")).json()
    assert (now["relationship"], now["do_not_contact"], now["left_on"]) == ("left", True, "2026-01-31")
    assert now["account"]["id"] == str(account.id), "they stay with the account that they left"
    assert (await client.get(f"/v1/accounts/{account.id}")).json()["main_contact"] is None
    again = await client.post(url(contact), json=LEFT)
    assert again.status_code == 409 and again.json()["code"] == "already_left"
    decides = {"main_contact_id": str(contact.id)}
    assert codes(await client.patch(f"/v1/accounts/{account.id}", json=decides, headers=ANY)) == {
        "/main_contact_id": "not_a_contact_of_it"
    }
    assert (await client.get(url(contact))).json() == shown
    history = (await client.get(f"/v1/contacts/{contact.id}/history")).json()["items"]
    assert {"departures", None} <= {item["part"] for item in history}


async def test_only_a_departure_changes_the_relationship(api: Api, session: AsyncSession) -> None:
    user, _, contact = await world(session)
    client = await api.as_user(user)
    plain = f"/v1/contacts/{contact.id}"
    refused = await client.patch(plain, json={"relationship": "left"}, headers=ANY)
    assert (
        codes(refused) == {"/relationship": "read_only_departure"}
        and "departure" in refused.json()["errors"][0]["message"]
    )
    assert codes(await client.patch(plain, json={"left_on": "2026-01-01"}, headers=ANY)) == {
        "/left_on": "read_only_computed"
    }
    assert (await client.patch(plain, json={"do_not_contact": True}, headers=ANY)).json()["do_not_contact"]
    assert codes(await client.post("/v1/contacts", json={"last_name": "X", "relationship": "retired"})) == {
        "/relationship": "read_only_departure"
    }
    tomorrow = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    assert codes(await client.post(url(contact), json=LEFT | {"left_on": tomorrow})) == {"/left_on": "in_the_future"}
    assert codes(await client.post(url(contact), json=LEFT | {"relationship": "active"})) == {
        "/relationship": "literal_error"
    }
    both = {"account_id": str(contact.id), "company": {"name": "X"}}
    assert codes(await client.post(url(contact), json=LEFT | {"next": both})) == {"/next": "account_or_company"}
    mixed = {"account_id": str(contact.id), "project_id": str(contact.id)}
    assert codes(await client.post(url(contact), json=LEFT | {"next": mixed})) == {"/next": "other_kind"}


async def test_the_person_is_made_anew_with_what_is_their_own(api: Api, session: AsyncSession) -> None:
    user, account, contact = await world(session)
    team = await make_team(session)
    there = await make_account(session, user, team_ids=[team.id])
    client = await api.as_user(user)
    following = {"account_id": str(there.id), "job_title": "Leiterin", "email": "pichlhuber@neu.example.com"}
    answer = await client.post(url(contact), json=LEFT | {"next": following})
    assert answer.status_code == 201, answer.text
    new = (await client.get(f"/v1/contacts/{answer.json()['next_contact_id']}")).json()
    assert (new["salutation"], new["first_name"], new["last_name"], new["job_title"], new["source"]) == (
        *("Frau", "Edeltraud", "Pichlhuber"),
        *("Leiterin", "fair"),
    )
    assert new["account"]["id"] == str(there.id) and new["previous_contact_id"] == str(contact.id)
    assert (new["relationship"], new["do_not_contact"], new["phone"]) == ("active", False, None)
    assert (new["team_ids"], new["teams_follow"]) == ([str(team.id)], True)
    assert [(e["address"], e["primary"], e["consent"]) for e in new["emails"]] == [
        ("pichlhuber@neu.example.com", True, "unknown"),
        ("edi@example.com", False, "refused"),
    ]
    assert new["emails"][1]["consent_by"] == str(user.id), "who has entered the refusal goes along"
    old = (await client.get(f"/v1/contacts/{contact.id}")).json()
    assert old["next_contact_id"] == new["id"]
    again = await client.post(url(contact), json=LEFT)
    assert again.json()["code"] == "already_left" and again.json()["next_contact_id"] == new["id"]
    undone = await client.delete(url(contact))
    assert undone.status_code == 409 and undone.json()["next_contact_id"] == new["id"]
    assert (
        await (await api.as_user(await make_user(session, "admin"))).delete(f"/v1/contacts/{new['id']}")
    ).status_code == 204
    assert (await client.delete(url(contact))).status_code == 204
    assert (await client.get(f"/v1/accounts/{account.id}")).json()["main_contact"]["id"] == str(contact.id)


async def test_nothing_happens_where_one_part_is_refused(api: Api, session: AsyncSession) -> None:
    user, account, contact = await world(session)
    hidden = await make_account(session, await make_user(session))
    client = await api.as_user(user)
    for following, expected in (
        ({"account_id": str(hidden.id)}, {"/next/account_id": "unknown_account"}),
        ({"account_id": str(account.id)}, {"/next/account_id": "same_account"}),
        ({"company": {"name": "Neu GmbH"}, "project_id": str(account.id)}, {"/next/project_id": "unknown_project"}),
    ):
        assert codes(await client.post(url(contact), json=LEFT | {"next": following})) == expected
    lacking = codes(await client.post(url(contact), json=LEFT | {"next": {"company": {"name": "Neu GmbH"}}}))
    assert lacking["/next/company/country"] == "missing" == lacking["/next/contacted_on"]
    now = (await client.get(f"/v1/contacts/{contact.id}")).json()
    assert now["relationship"] == "active" and not now["do_not_contact"]
    assert (await client.get(f"/v1/accounts/{account.id}")).json()["main_contact"]
    assert (await client.get(url(contact))).status_code == 404


@pytest.mark.rule("LEAD-10")
async def test_the_next_company_becomes_a_lead_of_the_centre_that_answers_for_it(
    api: Api, session: AsyncSession
) -> None:
    user, _, contact = await world(session)
    centre = Centre(code="AT-GRZ", name="Graz", country="AT")
    session.add(centre)
    await session.flush()
    session.add(CentreArea(centre_id=centre.id, country="AT", from_code="80", to_code="81"))
    local = await make_team(session, "centre_local", centre_id=centre.id)
    await make_team(session, "centre_key_accounts", centre_id=centre.id)
    project_id = await project(session)
    client = await api.as_user(user)
    company = {"name": "Metallbau Zwiesele GmbH", "postal_code": "8020", "city": "Graz", "country": "AT"}
    body = LEFT | {"next": {"company": company, "project_id": project_id}}
    first = await client.post(url(contact), json=body, headers={"Idempotency-Key": "leaving"})
    assert first.status_code == 201, first.text
    again = await client.post(url(contact), json=body, headers={"Idempotency-Key": "leaving"})
    assert again.json() == first.json() and again.headers["Idempotent-Replayed"] == "true"
    lead_id = first.json()["next_lead_id"]
    lead = (
        await session.execute(unscoped(select(Lead).where(Lead.id == lead_id), reason="the test looks"))
    ).scalar_one()
    assert lead.team_ids == [local.id]
    assert (lead.name, lead.last_name, lead.source, lead.email) == (
        *("Metallbau Zwiesele GmbH", "Pichlhuber"),
        *("fair", "edi@example.com"),
    )
    assert lead.source_detail == "Edeltraud Pichlhuber left Alte Firma GmbH"
    assert (await client.get(f"/v1/contacts/{contact.id}")).json()["next_lead_id"] == lead_id
    assert (await client.delete(url(contact))).json()["code"] == "departure_used"


@pytest.mark.rule("LEAD-10")
async def test_in_a_protection_project_the_lead_holds_what_is_asked_for_and_takes_the_lock(
    api: Api, session: AsyncSession
) -> None:
    user, _, contact = await world(session)
    client = await api.as_user(user)
    lead = lead_body(user.id, name="Zwirnlehner Kälteanlagen GmbH")
    company = {name: lead[name] for name in ("name", "city", "state", "country", "postal_code")}
    following = {"company": company} | {name: lead[name] for name in ("assignee_id", "status", "contacted_on")}
    following |= {name: lead[name] for name in ("description", "expected_revenue")}
    answer = await client.post(url(contact), json=LEFT | {"next": following})
    assert answer.status_code == 201, answer.text
    made = (await client.get(f"/v1/leads/{answer.json()['next_lead_id']}")).json()
    assert made["last_name"] is None and made["company"] == made["name"] == company["name"]


@pytest.mark.rule("LOCK-3")
@pytest.mark.parametrize("locked", [True, False])
async def test_a_taken_company_is_refused_and_the_contact_stays(api: Api, session: AsyncSession, locked: bool) -> None:
    user, _, contact = await world(session)
    holder = await make_user(session)
    held = lead_body(holder.id)
    assert (await (await api.as_user(holder)).post("/v1/leads", json=held)).status_code == 201
    client = await api.as_user(user)
    company = {name: held[name] for name in ("name", "city", "country", "postal_code")}
    following: dict[str, Any] = {"company": company}
    if locked:
        following |= {name: held[name] for name in ("status", "contacted_on", "description", "expected_revenue")}
        following["company"]["state"] = held["state"]
        following["assignee_id"] = str(user.id)
    else:
        following["project_id"] = await project(session)
    refused = await client.post(url(contact), json=LEFT | {"next": following})
    assert refused.status_code == 409 and refused.json()["code"] == "customer_taken", refused.text
    assert (await client.get(f"/v1/contacts/{contact.id}")).json()["relationship"] == "active"


async def test_who_may_not_change_the_contact_records_no_departure(api: Api, session: AsyncSession) -> None:
    user, _, contact = await world(session)
    stranger, reader = await make_user(session), await make_user(session, "mst")
    theirs = await api.as_user(stranger)
    for call in (theirs.post(url(contact), json=LEFT), theirs.delete(url(contact)), theirs.get(url(contact))):
        assert (await call).status_code == 404
    contact.access = "public_read"
    await session.commit()
    assert (await theirs.post(url(contact), json=LEFT)).json()["code"] == "not_a_manager"
    assert (await (await api.as_user(reader)).post(url(contact), json=LEFT)).status_code == 403
    mine = await api.as_user(user)
    assert (await mine.delete(url(contact))).status_code == 404, "they have not left"
    assert (await mine.post(url(contact), json=LEFT)).status_code == 201
    assert (await theirs.delete(url(contact))).json()["code"] == "not_a_manager"
    assert (await mine.delete(url(contact))).status_code == 204
    shown = (await mine.get(f"/v1/contacts/{contact.id}")).json()
    assert (shown["relationship"], shown["do_not_contact"], shown["left_on"]) == ("active", False, None)
    centre_manager = await make_user(session, "cm")
    contact.manager_ids = [centre_manager.id]
    await session.commit()
    no_leads = await (await api.as_user(centre_manager)).post(
        url(contact), json=LEFT | {"next": {"company": {"name": "X"}}}
    )
    assert no_leads.status_code == 403, "who makes no leads makes none this way"
