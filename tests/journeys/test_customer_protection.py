"""The story of customer protection, as two developers, two country heads and sales support live it.

Read it from top to bottom: it is the product in one afternoon and six months. Everything runs for real: two API processes,
worker, PostgreSQL, Valkey and an SMTP server.
"""

import asyncio
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from app.core.clock import add_months
from app.core.embedded import EmbeddedServers
from app.identity.provisioning import create_administrator
from app.settings import Settings
from tests.factories import lead_body
from tests.journeys.people import PASSWORD, eventually, invite, sign_in
from tests.live import live

CUSTOMER = {"name": "Müller Maschinenbau GmbH & Co. KG", "company": "Müller Maschinenbau", "postal_code": "4020"}


@pytest.fixture(scope="module")
def world(servers: EmbeddedServers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """An installation with its administrator and the people of the story."""
    with live(servers, tmp_path_factory.mktemp("journey"), apis=2) as stack:
        settings = Settings(_env_file=None, database_url=stack.database_url)  # type: ignore[call-arg]  # pydantic-settings' own
        asyncio.run(
            create_administrator(settings, email="ada@beispiel-vertrieb.at", name="Ada Admin", password=PASSWORD)
        )
        worker = stack.start_worker()
        admin, _ = sign_in(stack, "ada.admin", PASSWORD)
        people = SimpleNamespace(
            anna=invite(admin, stack, "Anna", "Berger", "developer"),
            bert=invite(admin, stack, "Bert", "Castner", "developer"),
            clara=invite(admin, stack, "Clara", "Doppler", "country_head"),
            dirk=invite(admin, stack, "Dirk", "Evers", "country_head", country="DE"),
            karl=invite(admin, stack, "Karl", "Fuchs", "ks"),
        )
        yield SimpleNamespace(stack=stack, people=people, worker=worker)


@pytest.mark.rule(
    "LOCK-1", "LOCK-2", "LOCK-3", "LOCK-4", "LOCK-5", "CONV-1", "CONV-4", "LEAD-12", "MSG-1", "ID-6", "OPP-1"
)
def test_from_the_first_question_to_the_last_day_of_the_lock(world: Any) -> None:
    anna, bert, clara, karl = world.people.anna, world.people.bert, world.people.clara, world.people.karl

    # Anna has heard of a company at a fair. Before she calls, she asks.
    check = anna.post("/v1/protection-checks", {"name": "mueller maschinenbau", "city": "Linz"})
    assert check["status"] == "free" and check["contact_allowed"]

    # She forgets half of the form, and learns of everything at once; then she registers, with the receipt as evidence.
    lacking = anna.post("/v1/leads", {"name": CUSTOMER["name"]}, expect=422)
    assert len(lacking["errors"]) == 11
    body = lead_body(anna.id, **CUSTOMER, receipt_id=check["id"])
    lead = anna.post("/v1/leads", body, **{"Idempotency-Key": "anna-1"})
    # The train enters a tunnel, and her tablet sends it again.
    assert anna.post("/v1/leads", body, **{"Idempotency-Key": "anna-1"}) == lead

    # Bert met the same people and spells them otherwise. He is told who has them and whom to ask.
    asked = bert.post("/v1/protection-checks", {"name": "Maschinenbau Mueller", "city": "Linz"})
    assert asked["status"] == "taken" and not asked["contact_allowed"]
    assert asked["matches"][0]["holder"]["name"] == "Anna Berger"
    assert [head["name"] for head in asked["ask"]] == ["Clara Doppler"]
    # He sees Anna's lead on the board, and may not touch it.
    board = bert.get("/v1/leads/board", q="müller")
    assert [(c["status"], c["count"]) for c in board["columns"] if c["count"]] == [("new", 1)]
    assert bert.patch(f"/v1/leads/{lead['id']}", {"city": "Wels"}, expect=403)["code"] == "not_your_lead"
    # He tries all the same.
    refused = bert.post("/v1/leads", lead_body(bert.id, **(CUSTOMER | {"name": "Mueller Masch.bau"})), expect=409)
    assert refused["code"] in ("customer_taken", "possibly_taken")
    # He asks for clearance; Clara is mailed, and refuses; the German country head has no say.
    clearance = bert.post(
        "/v1/clearances", {"lock_id": asked["matches"][0]["lock_id"], "reason": "Ich kenne den Chef."}
    )
    assert "Bert Castner" in eventually(lambda: clara.mails("Freigabe"))[0]
    decision = {"decision": "refuse", "reason": "Anna ist schon im Gespräch."}
    world.people.dirk.post(f"/v1/clearances/{clearance['id']}/decision", decision, expect=404)
    clara.post(f"/v1/clearances/{clearance['id']}/decision", decision, expect=200)
    assert "Anna ist schon im Gespräch." in eventually(lambda: bert.mails("Freigabe"))[0]

    # On a protected lead there is no room for notes and tasks.
    note = {"type": "note", "subject": "Der Chef", "description": "mag Fußball", "lead_id": lead["id"]}
    assert anna.post("/v1/activities", note, expect=409)["code"] == "convert_first"

    # Anna converts. The form says what lacks; her notes go along because she ticks the box.
    preview = anna.get(f"/v1/leads/{lead['id']}/conversion")
    assert [(m["field"], m["suggestion"]) for m in preview["missing"]] == [
        ("level", None),
        ("industry", None),
        ("legal_form", "GmbH & Co. KG"),
    ]
    command = {
        "outcome": "create",
        "account": {"level": "A", "industry": "mechanical_engineering"},
        "contact": {"first_name": "Georg", "last_name": "Müller"},
        "transfer_notes": True,
    }
    conversion = anna.post(f"/v1/leads/{lead['id']}/conversion", command)
    account = anna.get(f"/v1/accounts/{conversion['account']['id']}")
    assert account["description"] == body["description"]
    del note["lead_id"]
    anna.post("/v1/activities", note | {"account_id": account["id"]})

    # The lock is active, for six calendar months.
    (lock,) = anna.get("/v1/lead-locks", lead_id=lead["id"])["items"]
    assert lock["state"] == "active" and all(step["done"] for step in lock["steps"])
    ends_on = date.fromisoformat(lock["ends_on"])
    assert ends_on == add_months(date.fromisoformat(lock["starts_on"]), 6)

    # Karl finds the message and makes the opportunity with one request; Anna is told.
    (message,) = karl.get("/v1/messages", unread=True)["items"]
    assert "Müller Maschinenbau" in eventually(lambda: karl.mails("Müller Maschinenbau"))[0]
    opportunity = karl.post("/v1/opportunities", {"message_id": message["id"]})
    assert eventually(lambda: anna.notified("opportunity_assigned"))
    # Anna moves the card: the probability follows, one request, no double step.
    stages = anna.get(f"/v1/pipelines/{opportunity['pipeline_id']}")["stages"]
    offer = next(stage for stage in stages if stage["key"] == "offer")
    moved = anna.patch(f"/v1/opportunities/{opportunity['id']}", {"stage_id": offer["id"]})
    assert moved["probability"] == 50

    # Converted leads still protect, and still show to everyone.
    check = bert.post("/v1/protection-checks", {"name": "Müller Maschinenbau", "postal_code": "4020"})
    assert check["status"] == "taken" and check["matches"][0]["until"] == lock["ends_on"]
    assert lead["id"] in [item["id"] for item in bert.get("/v1/leads", converted=True)["items"]]

    # Five months pass, and the worker was down on the very day: the 30-day notice comes late, but once.
    stack = world.stack
    stack.stop(world.worker, signal.SIGKILL)
    world.worker = stack.start_worker(CLOCK_OFFSET_SECONDS=seconds_until(ends_on - timedelta(days=20)))
    assert eventually(lambda: anna.mails("endet in"))
    assert eventually(lambda: clara.mails("endet in"))
    # Clara extends by a month, so that neither the 7-day notice nor the end come on the old days.
    clara.post(f"/v1/lead-locks/{lock['id']}/extension", {"months": 1, "reason": "Angebot liegt vor."}, expect=200)
    extended = add_months(ends_on, 1)
    stack.stop(world.worker)
    world.worker = stack.start_worker(CLOCK_OFFSET_SECONDS=seconds_until(extended - timedelta(days=5)))
    eventually(lambda: len(anna.mails("endet in")) == 2)
    # The last day is over.
    stack.stop(world.worker)
    world.worker = stack.start_worker(CLOCK_OFFSET_SECONDS=seconds_until(extended + timedelta(days=1)))
    assert eventually(lambda: anna.mails("abgelaufen"))
    assert len(anna.mails("endet in")) == 2 and len(clara.mails("endet in")) == 2
    check = bert.post("/v1/protection-checks", {"name": "Müller Maschinenbau", "postal_code": "4020"})
    assert check["status"] == "known" and check["contact_allowed"]
    assert check["matches"][0]["protection"] == "ended"

    # The history tells it all, with names.
    history = clara.get(f"/v1/lead-locks/{lock['id']}/history")["items"]
    states = [c["new"] for item in history for c in item["changes"] if c["field"] == "state"]
    assert states == ["expired", "active", "pending"]


def seconds_until(day: date) -> str:
    """The rehearsal's offset that makes it noon of that day."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return str(int((noon - datetime.now(UTC)).total_seconds()))


@pytest.mark.rule("CONV-6")
def test_one_conversion_whoever_sends_it_how_often(world: Any) -> None:
    anna, clara = world.people.anna, world.people.clara
    lead = anna.post("/v1/leads", lead_body(anna.id, name="Hintermayr Kranverleih GmbH", company="Hintermayr"))
    command = {"outcome": "create", "account": {"level": "C", "industry": "construction"}}
    url = f"/v1/leads/{lead['id']}/conversion"
    with ThreadPoolExecutor(8) as pool:
        senders = [anna if i % 2 else clara for i in range(8)]
        answers = list(pool.map(lambda person: person.http.post(url, json=command), senders))
    codes = sorted(answer.status_code for answer in answers)
    assert codes.count(201) == 1 and codes.count(409) == 4 and codes.count(200) == 3, [a.text for a in answers]
    rows = world.stack.run_sql(
        "SELECT (SELECT count(*) FROM accounts WHERE lead_id = $1), (SELECT count(*) FROM conversions WHERE lead_id = $1),"
        " (SELECT count(*) FROM lead_locks WHERE lead_id = $1)",
        lead["id"],
    )
    assert tuple(rows[0]) == (1, 1, 1)


@pytest.mark.rule("LEAD-8", "ID-6")
def test_discarded_and_deleted_leads_set_the_customer_free(world: Any) -> None:
    anna, bert = world.people.anna, world.people.bert
    query = {"name": "Obermoser Tiefkühllogistik", "city": "Linz"}
    values = {"name": "Obermoser Tiefkühllogistik GmbH", "company": "Obermoser"}
    lead = anna.post("/v1/leads", lead_body(anna.id, **values))
    assert bert.post("/v1/protection-checks", query)["status"] == "taken"
    anna.patch(f"/v1/leads/{lead['id']}", {"status": "discarded"})
    assert bert.post("/v1/protection-checks", query)["status"] == "known"
    second = bert.post("/v1/leads", lead_body(bert.id, **values))
    assert anna.post("/v1/protection-checks", query)["status"] == "taken"
    assert bert.http.delete(f"/v1/leads/{second['id']}").status_code == 204
    assert bert.http.get(f"/v1/leads/{second['id']}").status_code == 404
    assert anna.post("/v1/protection-checks", query)["status"] == "known"
