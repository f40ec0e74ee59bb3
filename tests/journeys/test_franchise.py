"""A franchise organisation and its customers: whose they are, who sees them, and what becomes of the people who leave.

Read it from top to bottom. Everything runs for real: two API processes, worker, PostgreSQL, Valkey and an SMTP server.
"""

import asyncio
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from app.core.embedded import EmbeddedServers
from app.identity.provisioning import create_administrator
from app.settings import Settings
from tests.journeys.people import PASSWORD, Person, eventually, invite, sign_in
from tests.live import live


@pytest.fixture(scope="module")
def world(servers: EmbeddedServers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Two centres with their teams and people."""
    with live(servers, tmp_path_factory.mktemp("franchise"), apis=2) as stack:
        settings = Settings(_env_file=None, database_url=stack.database_url)  # type: ignore[call-arg]  # pydantic-settings' own
        asyncio.run(
            create_administrator(settings, email="ada@beispiel-vertrieb.at", name="Ada Admin", password=PASSWORD)
        )
        stack.start_worker()
        http, session = sign_in(stack, "ada.admin", PASSWORD)
        admin = Person("", "Ada Admin", "ada@beispiel-vertrieb.at", http, stack)
        names = [("Lukas", "Wimmer", "rm"), ("Manuela", "Resch", "rm"), ("Christoph", "Ebner", "bdm")]
        names += [("Georg", "Aigner", "fn"), ("Franz", "Eder", "mst"), ("Ernst", "Peter", "integration")]
        people = {first.lower(): invite(http, stack, first, last, role) for first, last, role in names}
        yield SimpleNamespace(stack=stack, admin=admin, session=session, **people)


def centre(admin: Person, code: str, name: str, *areas: dict[str, str]) -> tuple[str, str, str]:
    """A centre with its two teams: the ids of all three."""
    made = admin.post("/v1/centres", {"code": code, "name": name, "country": "AT", "areas": list(areas)})
    kinds = ("centre_local", "centre_key_accounts")
    teams = [admin.post("/v1/teams", {"name": f"{name} {k}", "kind": k, "centre_id": made["id"]}) for k in kinds]
    return made["id"], teams[0]["id"], teams[1]["id"]


def join(admin: Person, person: Person, team: str) -> None:
    assert admin.http.put(f"/v1/teams/{team}/members/{person.id}").status_code == 204


def status(person: Person, path: str) -> int:
    return person.http.get(path).status_code


@pytest.mark.rule("ID-3", "ID-4", "ID-7", "ACC-2", "ACC-6", "ACC-7", "ACC-10", "ACC-14", "ACC-15", "LEAD-10", "LIST-4")
def test_a_customer_of_the_centre_and_the_man_who_left_them(world: Any) -> None:
    admin, lukas, manuela, georg, franz = world.admin, world.lukas, world.manuela, world.georg, world.franz
    linz, linz_local, _ = centre(admin, "LNZ", "Centre Linz", {"from_code": "4000", "to_code": "4999"})
    _, graz_local, _ = centre(admin, "GRZ", "Centre Graz", {"from_code": "80", "to_code": "84"})
    for person in (lukas, georg):
        join(admin, person, linz_local)
    join(admin, manuela, graz_local)
    field = {
        "record_type": "account",
        "key": "machines",
        "kind": "number",
        "label_de": "Maschinen",
        "label_en": "Machines",
    }
    admin.post("/v1/custom-fields", field)

    # Lukas enters a local customer. The postal code finds the centre, the segment its team; the form had the custom field.
    form = {f["name"] for f in lukas.get("/v1/metadata/accounts")["fields"]}
    assert {"segment", "custom.machines"} <= form
    body = {"name": "Kranzbichler Hydraulik GmbH", "level": "B", "industry": "construction", "legal_form": "GmbH"}
    body |= {"street": "Hafenstraße 4", "postal_code": "4020", "city": "Linz", "state": "OÖ", "country": "AT"}
    account = lukas.post("/v1/accounts", body | {"segment": "local", "custom": {"machines": 12}})
    url = f"/v1/accounts/{account['id']}"
    assert account["centre"]["id"] == linz and account["team_ids"] == [linz_local]
    assert account["state"] == "Oberösterreich" and account["custom"] == {"machines": 12}
    found = lukas.get("/v1/accounts", custom="machines:gte:10")["items"]
    assert [a["id"] for a in found] == [account["id"]]

    # Its people: Eva decides, with two addresses; a photo of the yard goes to the files.
    emails = [{"address": "eva.muster@kranzbichler.example.com", "kind": "work", "primary": True}]
    emails.append({"address": "eva@privat.example.com", "kind": "private"})
    eva = lukas.post(
        "/v1/contacts", {"first_name": "Eva", "last_name": "Muster", "account_id": account["id"], "emails": emails}
    )
    assert eva["email"] == "eva.muster@kranzbichler.example.com" and eva["industry"] == "construction"
    assert eva["team_ids"] == [linz_local]
    assert lukas.patch(url, {"main_contact_id": eva["id"]})["main_contact"]["name"] == "Eva Muster"
    plan = b"%PDF-1.4 Lageplan"
    kept = lukas.http.post(f"{url}/attachments", params={"filename": "Lageplan.pdf"}, content=plan)
    assert kept.status_code == 201 and kept.json()["sha256"] == hashlib.sha256(plan).hexdigest(), kept.text

    # Graz sees none of it, and the administrator can say why; a new colleague in Linz sees it at once.
    paths = [url, f"/v1/contacts/{eva['id']}", f"{url}/attachments", f"{url}/history"]
    assert [status(manuela, path) for path in paths] == [404] * 4
    why = admin.get(f"{url}/access", user=manuela.id)
    assert why["sees"] is False and why["steps"]
    assert status(franz, url) == 404
    join(admin, franz, linz_local)
    assert eventually(lambda: status(franz, url) == 200, 5)
    assert franz.http.patch(url, json={"level": "A"}, headers={"If-Match": "*"}).status_code == 403

    # For this one customer the business developer is let in, by his private team; people and files come along.
    christoph = world.christoph
    private = christoph.get("/v1/me")["default_team_id"]
    lukas.patch(url, {"team_ids": [linz_local, private]})
    assert eventually(lambda: [status(christoph, path) for path in paths] == [200] * 4)

    # VIP is the franchisee's to say. The ERP says what was ordered, and the account becomes an active customer.
    lukas.patch(url, {"vip": True}, expect=403)
    assert georg.patch(url, {"vip": True})["vip"]
    today = datetime.now(UTC).date()
    figures = {"erp_id": "K-4711", "last_order_on": str(today - timedelta(days=20))}
    figures |= {"revenues": [{"year": today.year, "revenue": {"amount": "3400.00", "currency": "EUR"}}]}
    assert world.ernst.http.put(f"{url}/erp-figures", json=figures).status_code == 200
    now = lukas.get(url)
    assert (now["type"], now["status"], now["erp_id"]) == ("customer", "active", "K-4711")
    assert lukas.get(f"{url}/classification")["status"]["code"] == "ordered_lately"
    refused = lukas.http.patch(url, json={"last_order_on": str(today)}, headers={"If-Match": "*"}).json()
    assert [e["code"] for e in refused["errors"]] == ["read_only_erp"]

    # Eva leaves for a company in Graz that nobody knows yet: a lead for the people there. Twice pressed, it is one.
    project = admin.post("/v1/projects", {"key": "moved", "name": "Gewechselte Kontakte"})["id"]
    company = {"name": "Steirische Pumpen AG", "postal_code": "8020", "city": "Graz", "country": "AT"}
    departure = {"relationship": "left", "next": {"company": company, "project_id": project, "status": "new"}}
    left = lukas.post(f"/v1/contacts/{eva['id']}/departure", departure, **{"Idempotency-Key": "eva-1"})
    again = lukas.post(f"/v1/contacts/{eva['id']}/departure", departure, **{"Idempotency-Key": "eva-1"})
    assert again["id"] == left["id"] and left["next_lead_id"]
    assert lukas.post(f"/v1/contacts/{eva['id']}/departure", departure, expect=409)["code"] == "already_left"
    gone = lukas.get(f"/v1/contacts/{eva['id']}")
    assert (gone["relationship"], gone["do_not_contact"]) == ("left", True)
    assert lukas.get(url)["main_contact"] is None
    lead = manuela.get(f"/v1/leads/{left['next_lead_id']}")
    assert lead["name"] == "Steirische Pumpen AG" and lead["last_name"] == "Muster"
    assert manuela.http.get(f"/v1/contacts/{eva['id']}").status_code == 404

    # The customer has nobody left: the list of poor data says so, with what mends it.
    poor = lukas.get("/v1/data-quality", type="account_without_contact")["items"]
    assert [p["record"]["id"] for p in poor] == [account["id"]]
    fix = poor[0]["fix"]
    lukas.post(fix["href"], fix["body"] | {"last_name": "Nachfolger"})
    assert lukas.get("/v1/data-quality", type="account_without_contact")["items"] == []

    # And everything stands in the history, with who did it.
    actors = {(i["part"], i["actor"]["name"]) for i in lukas.get(f"{url}/history", limit=200)["items"]}
    assert {(None, "Lukas Wimmer"), (None, "Georg Aigner"), ("account_revenues", "Ernst Peter")} <= actors
