"""A working day: the technician offline in the van and back, the relationship manager's queues, the centre manager's order.

Read it from top to bottom. Everything runs for real: two API processes, worker, PostgreSQL, Valkey and an SMTP server.
"""

import asyncio
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from app.core.db import new_id
from app.core.embedded import EmbeddedServers
from app.identity.provisioning import create_administrator
from app.settings import Settings
from tests.journeys.people import PASSWORD, Person, eventually, invite, sign_in
from tests.live import live

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="module")
def world(servers: EmbeddedServers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A centre with its people and three customers."""
    with live(servers, tmp_path_factory.mktemp("working-day"), apis=2) as stack:
        settings = Settings(_env_file=None, database_url=stack.database_url)  # type: ignore[call-arg]  # pydantic-settings' own
        asyncio.run(
            create_administrator(settings, email="ada@beispiel-vertrieb.at", name="Ada Admin", password=PASSWORD)
        )
        worker = stack.start_worker()
        http, _ = sign_in(stack, "ada.admin", PASSWORD)
        admin = Person("", "Ada Admin", "ada@beispiel-vertrieb.at", http, stack)
        names = [
            ("Franz", "Eder", "mst"),
            ("Lukas", "Wimmer", "rm"),
            ("Carla", "Moser", "cm"),
            ("Ernst", "Peter", "integration"),
        ]
        people = {first.lower(): invite(http, stack, first, last, role) for first, last, role in names}
        areas = [{"from_code": "4000", "to_code": "4999"}]
        centre = admin.post("/v1/centres", {"code": "LNZ", "name": "Centre Linz", "country": "AT", "areas": areas})
        team = admin.post("/v1/teams", {"name": "Linz lokal", "kind": "centre_local", "centre_id": centre["id"]})
        for name in ("franz", "lukas", "carla"):
            assert admin.http.put(f"/v1/teams/{team['id']}/members/{people[name].id}").status_code == 204
            people[name].patch("/v1/me", {"default_team_id": team["id"]})
        yield SimpleNamespace(stack=stack, admin=admin, worker=worker, team=team["id"], **people)


def customer(person: Person, name: str, **more: Any) -> Any:
    """A local customer in Linz, with somebody to talk to."""
    body = {"name": name, "level": "B", "industry": "construction", "legal_form": "GmbH", "segment": "local"}
    body |= {"street": "Hafenstraße 4", "postal_code": "4020", "city": "Linz", "country": "AT"}
    account = person.post("/v1/accounts", body | more)
    last = name.split(maxsplit=1)[0]
    contact = person.post(
        "/v1/contacts",
        {
            "first_name": "Anna",
            "last_name": last,
            "account_id": account["id"],
            "email": f"anna@{last.lower()}.example.com",
        },
    )
    return account, contact


def synchronised(
    person: Person, token: str | None = None, held: dict[str, Any] | None = None
) -> tuple[str, dict[str, Any]]:
    """What the device holds after it has fetched everything there is."""
    held = {} if held is None else held
    while True:
        page = person.get("/v1/sync", **({"token": token} if token else {}))
        for change in page["changes"]:
            if change["op"] == "upsert":
                held[change["id"]] = change["data"]
            else:
                held.pop(change["id"], None)
        token = page["next_token"]
        if not page["has_more"]:
            return token, held


def operation(op: str, type_: str, id_: str, data: dict[str, Any], base: int | None = None) -> dict[str, Any]:
    return {"op_id": str(new_id()), "op": op, "type": type_, "id": id_, "data": data, "base_version": base}


@pytest.mark.rule("SYNC-2", "VISIT-1", "VISIT-2", "VISIT-3", "VISIT-4", "TASK-1", "ACC-8", "MSG-1")
def test_the_technician_s_day_offline_and_the_cross_sell(world: Any) -> None:
    stack, franz, lukas, carla = world.stack, world.franz, world.lukas, world.carla
    account, contact = customer(lukas, "Kranzbichler Hydraulik GmbH")
    lukas.patch(f"/v1/accounts/{account['id']}", {"visit_priority": True})
    task = lukas.post(
        "/v1/activities",
        {"type": "task", "subject": "Filter mitbringen", "account_id": account["id"], "assignee_id": franz.id},
    )

    # In the morning the iPad fetches what Franz needs: customers of his centre, their people, his tasks.
    token, held = synchronised(franz)
    assert {account["id"], contact["id"], task["id"]} <= set(held)
    assert held[account["id"]]["visit_priority"] is True

    # In the van there is no network. He writes a report with a cross-sell, completes the task, and one customer is not known.
    report, unknown = str(new_id()), str(new_id())
    action = str(new_id())
    visited = datetime.now(UTC).isoformat()
    operations = [
        operation(
            *("create", "activity", report),
            {
                "type": "visit_report",
                "subject": "Ölfiltration vorgestellt",
                "description": "Werkstattleiterin hat Interesse.",
                "visited_at": visited,
                "account_id": account["id"],
                "cross_sell": True,
                "cross_sell_note": "Schlauchtrommel in Halle 2 ist undicht.",
                "follow_up_actions": [{"id": action, "text": "Muster der Filterpatrone schicken"}],
            },
        ),
        operation("update", "activity", task["id"], {"status": "done"}, held[task["id"]]["version"]),
        operation(
            *("create", "activity", unknown),
            {
                "type": "visit_report",
                "subject": "Neue Baustelle",
                "description": "Bagger mit geplatztem Schlauch.",
                "visited_at": visited,
                "unknown_customer": {
                    "name": "Reitinger Erdbau GmbH",
                    "postal_code": "4030",
                    "city": "Linz",
                    "country": "AT",
                },
            },
        ),
    ]

    # Meanwhile Lukas defers the same task: both have touched its status.
    lukas.patch(f"/v1/activities/{task['id']}", {"status": "deferred"})

    # The worker dies just as the push arrives; the answer is lost, and the iPad sends the same again, to the other process.
    stack.stop(world.worker, signal.SIGKILL)
    push = {"operations": operations}
    first = franz.http.post("/v1/sync/push", json=push)
    assert first.status_code == 207, first.text
    assert [r["status"] for r in first.json()["results"]] == ["applied", "conflict", "applied"]
    (clash,) = first.json()["results"][1]["conflicts"]
    assert (clash["field"], clash["yours"], clash["theirs"]) == ("status", "done", "deferred")
    again = franz.http.post(f"{stack.urls[1]}/v1/sync/push", json=push)
    assert [r["status"] for r in again.json()["results"]] == ["replayed", "conflict", "replayed"]
    stack.start_worker()

    # Franz decides: it is done. The conflict is settled with the present version.
    now = first.json()["results"][1]["version"]
    settled = franz.http.post(
        "/v1/sync/push", json={"operations": [operation("update", "activity", task["id"], {"status": "done"}, now)]}
    )
    assert [r["status"] for r in settled.json()["results"]] == ["applied"], settled.text
    assert lukas.get(f"/v1/activities/{task['id']}")["status"] == "done"

    # Each effect came once: the centre manager's mail, the flag, the day of the visit, the event for the ERP.
    assert eventually(lambda: carla.mails("Kranzbichler"))
    seen = lukas.get(f"/v1/accounts/{account['id']}")
    assert seen["visit_priority"] is False and seen["last_visit_on"] is not None
    assert len(carla.notified("cross_sell_found")) == 1
    leads = [lead for lead in lukas.get("/v1/leads")["items"] if lead["name"] == "Reitinger Erdbau GmbH"]
    assert len(leads) == 1, "a lead was made of the unknown customer, once"

    # A photo follows when there is network enough, and the device has caught up.
    photo = franz.http.post(f"/v1/activities/{report}/attachments", params={"filename": "halle2.txt"}, content=b"Foto")
    assert photo.status_code == 201, photo.text
    token, held = synchronised(franz, token, held)
    assert task["id"] not in held or held[task["id"]]["status"] == "done"
    assert report in held and held[account["id"]]["visit_priority"] is False

    # Carla finds it on her day, makes a task of the cross-sell and one of the action, in one request. Nothing is left of it.
    day = {section["key"]: section for section in carla.get("/v1/me/day")["sections"]}
    assert [item["id"] for item in day["cross_sell"]["items"]] == [report]
    review = {
        "contact_id": contact["id"],
        "actions": [{"id": action, "task": {"assignee_id": lukas.id}}],
        "cross_sell": {"task": {"subject": "Schlauchtrommel anbieten"}},
    }
    tag = carla.http.get(f"/v1/activities/{report}").headers["ETag"]
    reviewed = carla.http.post(f"/v1/visit-reports/{report}/review", json=review, headers={"If-Match": tag})
    assert reviewed.status_code == 200, reviewed.text
    assert eventually(lambda: lukas.notified("task_assigned"))
    day = {section["key"]: section for section in carla.get("/v1/me/day")["sections"]}
    assert day["cross_sell"]["count"] == 0 and day["tasks"]["count"] == 1
    assert report not in {item["id"] for item in carla.get("/v1/visit-reports/review")["items"]}
    assert len(carla.mails("Kranzbichler")) == 1, "still one"


@pytest.mark.rule("CALL-1", "CALL-3", "CALL-4", "CALL-5", "FUP-1", "HIST-1", "ID-8", "LEAD-12")
def test_the_relationship_manager_s_day(world: Any) -> None:
    lukas, carla = world.lukas, world.carla
    account, contact = customer(lukas, "Wolfsgruber Landtechnik GmbH")
    customer(lukas, "Zehetner Holzbau GmbH")

    # The list of those who were never called gives him somebody; Carla gets another company.
    mine = lukas.post("/v1/call-lists/contacts-never-called/next", {}, expect=200)["entry"]
    theirs = carla.post("/v1/call-lists/contacts-never-called/next", {}, expect=200)["entry"]
    assert mine["account"]["id"] != theirs["account"]["id"]

    # He calls Anna Wolfsgruber: held, consent refused, next call in sixty days at the same time. One request.
    starts = NOW - timedelta(minutes=20)
    call = lukas.post(
        "/v1/activities",
        {
            "type": "call",
            "subject": "Erstgespräch",
            "status": "held",
            "starts_at": starts.isoformat(),
            "time_zone": "Europe/Vienna",
            "contact_id": contact["id"],
            "consent": {"answer": "refused"},
            "follow_up": {"in_days": 60},
        },
    )
    assert call["account"]["id"] == account["id"]
    address = lukas.get(f"/v1/contacts/{contact['id']}")["emails"][0]
    assert address["consent"] == "refused", address
    planned = lukas.get(f"/v1/activities/{call['follow_up']['id']}")
    assert (planned["subject"], planned["status"], planned["follows"]["id"]) == ("Nachverfolgen", "planned", call["id"])
    waiting = lukas.get("/v1/call-lists/contacts-never-called")["items"]
    assert contact["id"] not in {entry["id"] for entry in waiting}, "called is called"

    # A follow-up that is due now reminds him at once, in the app and by e-mail, once.
    lukas.post(
        "/v1/follow-ups",
        {
            "record": {"type": "account", "id": account["id"]},
            "note": "Prospekt nachreichen",
            "due_at": (datetime.now(UTC) + timedelta(seconds=2)).isoformat(),
        },
    )
    assert eventually(lambda: lukas.notified("follow_up_due"))
    assert eventually(lambda: lukas.mails("Prospekt") or lukas.mails("Wolfsgruber"))

    # The meeting that he plans is in the calendar that he shares with Carla, and in his private address.
    meeting = lukas.post(
        "/v1/activities",
        {
            "type": "meeting",
            "subject": "Jahresgespräch",
            "starts_at": (NOW + timedelta(days=2)).isoformat(),
            "ends_at": (NOW + timedelta(days=2, hours=1)).isoformat(),
            "account_id": account["id"],
        },
    )
    lukas.post("/v1/calendar-shares", {"user_id": carla.id, "mode": "read"})
    span = {"from": NOW.isoformat(), "to": (NOW + timedelta(days=7)).isoformat(), "user_id": lukas.id}
    assert meeting["id"] in str(carla.get("/v1/calendar", **span))

    # The history of the customer tells all of it, and the summary what was held.
    kinds = {item["kind"] for item in lukas.get(f"/v1/accounts/{account['id']}/timeline")["items"]}
    assert {"call", "meeting", "follow_up"} <= kinds
    summary = lukas.get(f"/v1/accounts/{account['id']}/summary")
    assert [item["id"] for item in summary["items"]] == [call["id"]] and summary["header"]["open_follow_ups"] == 1

    # His day shows what is left, in one request.
    day = {section["key"]: section for section in lukas.get("/v1/me/day")["sections"]}
    assert {"meetings", "tasks", "calls", "follow_ups", "leads", "visit_reports", "former_customers"} <= set(day)
    assert day["follow_ups"]["count"] == 1
