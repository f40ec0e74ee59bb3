"""Call lists: who is on them, in which order, and who leaves them (CALL-5)."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.models import Centre
from tests.conftest import Api
from tests.factories import lead_body, make_account, make_contact, make_team, make_user
from tests.timeline.test_timeline import make_activity

NEVER = "/v1/call-lists/contacts-never-called"
LEADS = "/v1/call-lists/leads-never-contacted"
FORMER = "/v1/call-lists/former-customers"


async def names(client: httpx.AsyncClient, path: str, **params: Any) -> list[str]:
    """The last names, or the names of accounts or leads, of all entries, read in pages of two."""
    found, cursor = [], None
    while True:
        answer = await client.get(path, params={"limit": 2, **params, **({"cursor": cursor} if cursor else {})})
        assert answer.status_code == 200, answer.text
        for entry in answer.json()["items"]:
            shown = entry["lead"] or (entry["contact"] if path == NEVER else entry["account"])
            found.append(shown["name"].removeprefix("Max "))
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            return found


@pytest.mark.rule("CALL-5")
async def test_each_contact_is_listed_until_a_call_was_held(api: Api, session: AsyncSession) -> None:
    user, other = await make_user(session, "rm"), await make_user(session, "rm")
    client = await api.as_user(user)
    zimmer = await make_account(session, user, name="Zimmer GmbH", city="Wels")
    adler, same = [await make_account(session, user, name="Adler GmbH") for _ in range(2)]
    first, second = sorted((adler, same), key=lambda account: account.id)
    for account, name in ((zimmer, "Zora"), (second, "Anna"), (first, "Bert"), (first, "Carl"), (second, "Dora")):
        await make_contact(session, user, account, last_name=name, phone="+43 732 1")
    await make_contact(session, user, first, last_name="Left", relationship="left", do_not_contact=True)
    await make_contact(session, user, first, last_name="Unwilling", do_not_contact=True)
    await make_contact(session, user, None, last_name="Nobody's")
    await make_contact(session, other, first, last_name="Hidden")
    # One row for each contact; two companies of one name are not mixed.
    assert await names(client, NEVER) == ["Bert", "Carl", "Anna", "Dora", "Zora"]
    assert await names(client, NEVER, sort="-account") == ["Zora", "Dora", "Anna", "Carl", "Bert"]
    assert await names(client, NEVER, sort="contact") == ["Anna", "Bert", "Carl", "Dora", "Zora"]
    page = (await client.get(NEVER)).json()["items"]
    assert [entry["remaining"] for entry in page] == [2, 2, 2, 2, 1]
    assert page[0]["phones"] == [{"number": "+43 732 1", "kind": "work", "of": "contact"}]

    ids = {entry["contact"]["name"].removeprefix("Max "): entry["id"] for entry in page}
    call = {"type": "call", "account_id": str(first.id), "contact_id": ids["Bert"], "subject": "Erstanruf"}
    start = datetime.now(UTC) - timedelta(hours=1)
    planned = await client.post("/v1/activities", json=call | {"starts_at": start.isoformat(), "status": "planned"})
    assert planned.status_code == 201, planned.text
    assert "Bert" in await names(client, NEVER), "a planned call is no call"
    path, tag = f"/v1/activities/{planned.json()['id']}", planned.headers["ETag"]
    held = await client.patch(path, json={"status": "held"}, headers={"If-Match": tag})
    assert held.status_code == 200, held.text
    assert await names(client, NEVER) == ["Carl", "Anna", "Dora", "Zora"]
    # Whoever takes part was called too; a call that was not held after all puts them back.
    beside = {"contact_ids": [ids["Carl"], ids["Zora"]]}
    changed = await client.patch(path, json=beside, headers={"If-Match": held.headers["ETag"]})
    assert await names(client, NEVER) == ["Anna", "Dora"]
    cancelled = await client.patch(path, json={"status": "cancelled"}, headers={"If-Match": changed.headers["ETag"]})
    assert cancelled.status_code == 200
    assert len(await names(client, NEVER)) == 5
    contact = await client.get(f"/v1/contacts/{ids['Bert']}")
    assert contact.json()["version"] == 1, "a call does not change whom it was held with"


@pytest.mark.rule("CALL-5")
async def test_lists_are_narrowed_and_sorted_by_one_column(api: Api, session: AsyncSession) -> None:
    team = await make_team(session)
    user, other = await make_user(session, "rm", teams=[team]), await make_user(session, "rm")
    centre = Centre(code="AT-L", name="Linz", country="AT")
    session.add(centre)
    await session.commit()
    client = await api.as_user(user)
    near = await make_account(session, user, name="Nah", centre_id=centre.id)
    far = await make_account(session, user, name="Fern", team_ids=[team.id])
    await make_contact(session, user, near, last_name="Nina")
    await make_contact(session, other, far, last_name="Fritz", team_ids=[team.id])
    assert await names(client, NEVER, centre_id=str(centre.id)) == ["Nina"]
    assert await names(client, NEVER, team_id=str(team.id)) == ["Fritz"]
    assert await names(client, NEVER, assignee_id=str(other.id)) == ["Fritz"]
    assert (await client.get(NEVER, params={"sort": "last_order_on"})).status_code == 422
    assert (await client.get(NEVER, params={"sort": "city"})).status_code == 422
    assert (await client.get(LEADS, params={"type": "customer"})).status_code == 422
    assert (await client.get("/v1/call-lists/nobody")).status_code == 404
    first = (await client.get(NEVER, params={"limit": 1})).json()
    wrong = await client.get(NEVER, params={"limit": 1, "sort": "contact", "cursor": first["next_cursor"]})
    assert wrong.status_code == 422


@pytest.mark.rule("CALL-5")
async def test_former_customers_and_vips_come_back_after_sixty_days(api: Api, session: AsyncSession) -> None:
    user = await make_user(session, "rm")
    client = await api.as_user(user)
    now = datetime.now(UTC)
    of: dict[str, Any] = {"status": "former", "type": "customer"}
    never = await make_account(session, user, name="Nie", **of, vip=True, last_order_on=date(2025, 1, 1))
    late = await make_account(session, user, name="Lange her", status="former", type="small_customer")
    fresh = await make_account(session, user, name="Gerade erst", **of)
    await make_account(session, user, name="Aktiv", status="active", type="customer")
    await make_activity(session, user, "call", account_id=late.id, at=now - timedelta(days=70))
    await make_activity(session, user, "call", account_id=fresh.id, at=now - timedelta(days=50))
    assert await names(client, FORMER) == ["Nie", "Lange her"]
    assert await names(client, FORMER, days=30) == ["Nie", "Lange her", "Gerade erst"]
    assert await names(client, FORMER, days=30, sort="-last_call") == ["Gerade erst", "Lange her", "Nie"]
    assert (await names(client, FORMER, days=30, sort="last_order_on"))[-1] == "Nie"
    assert await names(client, FORMER, type="small_customer") == ["Lange her"]
    assert await names(client, "/v1/call-lists/vip") == ["Nie"]
    # Whom to call: the decision maker, or whoever comes first; nobody who may not be called.
    await make_contact(session, user, never, last_name="Adam", do_not_contact=True)
    await make_contact(session, user, never, last_name="Berta")
    chief = await make_contact(session, user, never, last_name="Chef")
    assert (await client.get("/v1/call-lists/vip")).json()["items"][0]["contact"]["name"] == "Max Berta"
    never.main_contact_id = chief.id
    session.add(never)
    await session.commit()
    assert (await client.get("/v1/call-lists/vip")).json()["items"][0]["contact"]["name"] == "Max Chef"


@pytest.mark.rule("CALL-5")
async def test_leads_leave_by_conversion_discard_or_an_attempt(api: Api, session: AsyncSession) -> None:
    admin = await make_user(session, "admin")
    user = await make_user(session, "rm")
    client = await api.as_user(admin)
    project = {"key": "fair", "name": "Messe", "visibility": "all"}
    made = await client.post("/v1/projects", json=project)
    assert made.status_code == 201, made.text
    ids = []
    for name in ("Erster", "Zweiter", "Dritter"):
        body = lead_body(user.id, name=f"{name} Nordwind GmbH", project_id=made.json()["id"], phone="+43 1 2")
        body |= {"contacted_on": None, "company": name, "city": name}
        lead = await client.post("/v1/leads", json={k: v for k, v in body.items() if v is not None})
        assert lead.status_code == 201, lead.text
        ids.append(lead.json()["id"])
    await client.post("/v1/leads", json=lead_body(user.id))  # was contacted before
    rm = await api.as_user(user)
    assert len(await names(rm, LEADS)) == 3
    entry = (await rm.get(LEADS)).json()["items"][0]
    assert entry["phones"] == [{"number": "+43 1 2", "kind": "work", "of": "lead"}]
    path = f"{LEADS}/entries/{ids[0]}/attempt"
    tried = await rm.post(path, json={"outcome": "not_reached"})
    assert tried.status_code == 200, tried.text
    assert len(await names(rm, LEADS)) == 3, "still never reached"
    assert len(await names(rm, LEADS, free="true")) == 2, "but not again today"
    reached = await rm.post(path, json={"outcome": "reached", "note": "Will ein Angebot."})
    assert reached.status_code == 200, reached.text
    assert len(await names(rm, LEADS)) == 2
    assert (await rm.get(f"/v1/leads/{ids[0]}")).json()["contacted_on"] is not None
    notes = (await rm.get("/v1/activities", params={"lead_id": ids[0]})).json()["items"]
    assert [one["subject"] for one in notes] == ["Angerufen: erreicht", "Angerufen: nicht erreicht"]
    assert (await rm.post(path, json={"outcome": "reached"})).status_code == 404
    assert (
        await rm.post(f"{LEADS}/entries/{ids[1]}/attempt", json={"outcome": "reached", "retry_in_days": 1})
    ).status_code == 422


@pytest.mark.rule("CALL-5")
async def test_lists_are_favourites_and_tell_how_many(api: Api, session: AsyncSession) -> None:
    user = await make_user(session, "rm")
    client = await api.as_user(user)
    await make_contact(session, user, await make_account(session, user))
    for _ in range(2):
        assert (await client.put("/v1/call-lists/vip/favourite")).status_code == 204
    lists = (await client.get("/v1/call-lists", params={"count": "true"})).json()["items"]
    assert [(one["name"], one["is_favourite"], one["count"]) for one in lists] == [
        ("vip", True, 0),
        ("contacts-never-called", False, 1),
        ("leads-never-contacted", False, 0),
        ("former-customers", False, 0),
    ]
    assert (await client.delete("/v1/call-lists/vip/favourite")).status_code == 204
    lists = (await client.get("/v1/call-lists")).json()["items"]
    assert [(one["is_favourite"], one["count"]) for one in lists] == [(False, None)] * 4
    technician = await api.as_user(await make_user(session, "mst"))
    assert (await technician.get("/v1/call-lists")).status_code == 403
    assert (await technician.get(NEVER)).status_code == 403


@pytest.mark.rule("CALL-5")
async def test_of_an_unseen_company_only_its_name_is_shown(api: Api, session: AsyncSession) -> None:
    user, other = await make_user(session, "rm"), await make_user(session, "rm")
    me, them = await api.as_user(user), await api.as_user(other)
    centre = Centre(code="AT-V", name="Villach", country="AT")
    session.add(centre)
    await session.commit()
    values = {"city": "Villach", "phone": "+43 4242 1", "last_order_on": date(2026, 1, 2), "centre_id": centre.id}
    hidden = await make_account(session, other, name="Geheim GmbH", vip=True, type="customer", **values)
    both = [user.default_team_id, other.default_team_id]
    await make_contact(session, other, hidden, last_name="Paul", city=None, team_ids=both)
    for client, sees in ((me, False), (them, True)):
        entry = (await client.get(NEVER)).json()["items"][0]
        assert entry["account"]["name"] == "Geheim GmbH"
        shown = ("Villach", "2026-01-02", ["+43 4242 1"]) if sees else (None, None, [])
        assert (entry["city"], entry["last_order_on"], [phone["number"] for phone in entry["phones"]]) == shown
        # Nor can it be asked for, or told from the script.
        for asked in ({"type": "customer"}, {"centre_id": str(centre.id)}):
            assert await names(client, NEVER, **asked) == (["Paul"] if sees else [])
        got = (await client.post(f"{NEVER}/next", json={})).json()
        assert got["entry"]["id"] == entry["id"] and (got["script"] is not None) == sees
        released = await client.post(f"{NEVER}/entries/{entry['id']}/release")
        assert released.status_code < 300, released.text
