"""What was written offline: done once, merged by field, and never lost unreported (SYNC-2)."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import new_id
from tests.conftest import Api
from tests.factories import lead_body, make_account, make_contact, make_team, make_user
from tests.sync.conftest import World
from tests.sync.device import Device, op

pytestmark = pytest.mark.rule("SYNC-2")


def report(account_id: object, **values: Any) -> dict[str, Any]:
    body = {"type": "visit_report", "subject": "Besuch", "description": "Alles dicht.", "account_id": str(account_id)}
    return body | {"visited_at": datetime.now(UTC).isoformat()} | values


async def statuses(device: Device, *operations: dict[str, Any]) -> list[tuple[str, str | None]]:
    results = await device.push(*operations)
    return [(one["status"], (one["problem"] or {}).get("code")) for one in results]


async def test_a_day_in_the_van(world: World) -> None:
    centre, team = await world.centre()
    eva, tom = await world.manager(team), await world.technician(team)
    account = await make_account(world.session, eva, centre_id=centre.id, team_ids=[team.id])
    task = await world.activity("task", tom, eva, account, team_ids=[team.id])
    device = await world.device(tom)
    await device.sync()
    done, written, lead = op("update", "activity", task.id, {"status": "done"}, 1), new_id(), new_id()
    operations = [
        done,
        op("create", "activity", written, report(account.id)),
        op("create", "lead", lead, lead_body(tom.id)),
        op("create", "activity", new_id(), {"type": "task", "subject": "Rohr", "account_id": str(account.id)}),
        op("update", "account", account.id, {"description": "x"}, 1),
    ]
    assert await statuses(device, *operations) == [
        *[("applied", None)] * 3,
        *[("rejected", "forbidden")] * 2,
    ]
    results = await device.push(*operations)
    assert [one["status"] for one in results] == ["replayed"] * 3 + ["rejected"] * 2
    assert results[1]["data"] == (await device.client.get(f"/v1/activities/{written}")).json()
    await device.sync()
    assert device.ids("activity") == {written}
    assert device.ids("lead") == {lead}
    assert device.told(task.id) == [("remove", "left_set")]
    rows = await world.sql("SELECT count(*) FROM activities WHERE created_by = $1 AND type = 'visit_report'", tom.id)
    assert rows[0][0] == 1


async def test_an_operation_is_done_once_whoever_sends_it_at_once(world: World) -> None:
    _, team = await world.centre()
    tom = await world.technician(team)
    device = await world.device(tom)
    lead = op("create", "lead", new_id(), lead_body(tom.id))
    answers = await asyncio.gather(*(device.push(lead) for _ in range(4)))
    assert sorted(one[0]["status"] for one in answers) == ["applied", "replayed", "replayed", "replayed"]
    other = lead | {"data": lead_body(tom.id)}
    assert await statuses(device, other) == [("rejected", "idempotency_key_reused")]
    ida = await world.device(await world.technician(team))
    assert await statuses(ida, op("create", "lead", new_id(), lead_body(tom.id)) | {"op_id": lead["op_id"]}) == [
        ("rejected", "forbidden")
    ], "another one's ids of operations are another's"


async def test_the_same_push_gets_the_same_answer(world: World) -> None:
    _, team = await world.centre()
    tom = await world.technician(team)
    client = await world.client(tom)
    body = {"operations": [op("create", "lead", new_id(), lead_body(tom.id))]}
    first = await client.post("/v1/sync/push", json=body, headers={"Idempotency-Key": "morning"})
    again = await client.post("/v1/sync/push", json=body, headers={"Idempotency-Key": "morning"})
    assert (again.status_code, again.content) == (207, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    other = await client.post(
        "/v1/sync/push", json=body | {"device_id": str(uuid4())}, headers={"Idempotency-Key": "morning"}
    )
    assert other.json()["code"] == "idempotency_key_reused"


async def test_what_was_done_before_a_crash_stays(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process dies between two operations: the answer is lost, the first is done, and the same push goes on there."""
    _, team = await world.centre()
    tom = await world.technician(team)
    device = await world.device(tom)
    first, second = [op("create", "lead", new_id(), lead_body(tom.id)) for _ in range(2)]
    await world.sql(
        "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF NEW.op_id = '{second['op_id']}' THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;"
        " RETURN NEW; END $$"
    )
    await world.sql("CREATE TRIGGER die BEFORE UPDATE ON sync_operations FOR EACH ROW EXECUTE FUNCTION die()")
    try:
        answer = await device.client.post("/v1/sync/push", json={"operations": [first, second]})
        assert answer.status_code == 503, answer.text
    finally:
        await world.sql("DROP FUNCTION die CASCADE")
    assert await statuses(device, first, second) == [("replayed", None), ("applied", None)]
    await device.sync()
    assert device.ids("lead") == {UUID(first["id"]), UUID(second["id"])}


class Desk:
    """Somebody online who changes records as they are."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def change(self, path: str, **values: Any) -> dict[str, Any]:
        answer = await self.client.patch(f"/v1/{path}", json=values, headers={"If-Match": "*"})
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body


async def test_changes_of_different_fields_are_merged(world: World) -> None:
    _, team = await world.centre()
    eva, ida = await world.manager(team), await world.manager(team)
    account = await make_account(world.session, eva, team_ids=[team.id], description="alt", level="B")
    device, desk = await world.device(ida), Desk(await world.client(eva))
    await device.sync()
    await desk.change(f"accounts/{account.id}", level="A")
    (result,) = await device.push(op("update", "account", account.id, {"description": "neu"}, 1))
    assert (result["status"], result["version"]) == ("merged", 3)
    assert (result["data"]["level"], result["data"]["description"]) == ("A", "neu")
    assert result["data"] == (await device.client.get(f"/v1/accounts/{account.id}")).json()


async def test_the_same_field_changed_on_both_sides_is_reported(world: World) -> None:
    _, team = await world.centre()
    eva, ida = await world.manager(team), await world.manager(team)
    account = await make_account(world.session, eva, team_ids=[team.id], description="alt", level="B")
    device, desk = await world.device(ida), Desk(await world.client(eva))
    await desk.change(f"accounts/{account.id}", description="ihres")
    mine = op("update", "account", account.id, {"description": "meines", "level": "A"}, 1)
    (result,) = await device.push(mine)
    assert (result["status"], result["version"], result["data"]["level"]) == ("conflict", 2, "B")
    assert result["conflicts"] == [{"field": "description", "base": "alt", "yours": "meines", "theirs": "ihres"}]
    assert await statuses(device, op("update", "account", account.id, {"description": "ihres"}, 1)) == [
        ("merged", None)
    ], "the same value is no conflict"
    solved = op("update", "account", account.id, {"description": "beides", "level": "A"}, result["version"])
    assert await statuses(device, solved) == [("applied", None)]


async def test_links_money_lists_and_added_fields_are_compared_by_meaning(world: World) -> None:
    _, team = await world.centre()
    eva, ida = await world.manager(team), await world.manager(team)
    account = await make_account(world.session, eva, team_ids=[team.id])
    device, desk = await world.device(ida), Desk(await world.client(eva))
    money = {"amount": "100.00", "currency": "EUR"}
    await desk.change(f"accounts/{account.id}", expected_revenue=money, assignee_id=str(ida.id), phone="+43 732 1")
    same = {"expected_revenue": {"amount": "100.0", "currency": "EUR"}, "assignee_id": str(ida.id), "city": "Wels"}
    assert await statuses(device, op("update", "account", account.id, same, 1)) == [("merged", None)]
    other = {"expected_revenue": {"amount": "99", "currency": "EUR"}, "assignee_id": str(eva.id), "phone": "+43 732 2"}
    (result,) = await device.push(op("update", "account", account.id, other, 1) | {"op_id": str(uuid4())})
    assert {one["field"] for one in result["conflicts"]} == {"expected_revenue", "assignee_id", "phone"}
    theirs = {one["field"]: one["theirs"] for one in result["conflicts"]}
    assert theirs == {"expected_revenue": money, "assignee_id": str(ida.id), "phone": "+43 732 1"}


async def test_added_fields_are_merged_one_by_one(world: World) -> None:
    _, team = await world.centre()
    eva, ida = await world.manager(team), await world.manager(team)
    for key in ("size", "color"):
        await world.sql(
            "INSERT INTO custom_fields (id, record_type, key, kind, label_de, label_en, position) "
            "VALUES ($1, 'contact', $2, 'text', 'x', 'x', 1) ON CONFLICT DO NOTHING",
            *(uuid4(), key),
        )
    contact = await make_contact(world.session, eva, team_ids=[team.id])
    device, desk = await world.device(ida), Desk(await world.client(eva))
    await desk.change(f"contacts/{contact.id}", custom={"size": "groß"})
    (result,) = await device.push(op("update", "contact", contact.id, {"custom": {"color": "rot"}}, 1))
    assert (result["status"], result["data"]["custom"]) == ("merged", {"size": "groß", "color": "rot"})
    (result,) = await device.push(op("update", "contact", contact.id, {"custom": {"size": "klein"}}, 1))
    clash = {"field": "custom.size", "base": None, "yours": "klein", "theirs": "groß"}
    assert (result["status"], result["conflicts"]) == ("conflict", [clash])


async def test_own_earlier_writes_are_no_conflict(world: World) -> None:
    """A device that changed a field twice offline has named the same version both times."""
    _, team = await world.centre()
    eva, ida = await world.manager(team), await world.manager(team)
    account = await make_account(world.session, eva, team_ids=[team.id])
    device, other = await world.device(ida), await world.device(ida)
    twice = [op("update", "account", account.id, {"description": text}, 1) for text in ("eins", "zwei")]
    assert await statuses(device, *twice) == [("applied", None)] * 2
    (result,) = await other.push(op("update", "account", account.id, {"description": "drei"}, 1))
    assert result["status"] == "conflict", "another device of the same person knows nothing of it"


async def test_a_record_older_than_the_log_counts_as_changed(world: World) -> None:
    _, team = await world.centre()
    eva, ida = await world.manager(team), await world.manager(team)
    account = await make_account(world.session, eva, team_ids=[team.id], description="alt")
    await world.sql("UPDATE accounts SET description = 'neu' WHERE id = $1", account.id)
    await world.sql("UPDATE change_log SET version = NULL WHERE record_id = $1", account.id)
    device = await world.device(ida)
    assert await statuses(device, op("update", "account", account.id, {"level": "A"}, 1)) == [("conflict", None)]
    assert await statuses(device, op("update", "account", account.id, {"description": "neu"}, 1)) == [("merged", None)]
    assert await statuses(device, op("update", "account", account.id, {"level": "A"}, 9)) == [("conflict", None)]


async def test_what_was_changed_is_not_deleted_unasked(world: World) -> None:
    _, team = await world.centre()
    eva, ida = await world.manager(team), await world.manager(team)
    contact = await make_contact(world.session, eva, team_ids=[team.id], job_title="Meister")
    device, desk = await world.device(ida), Desk(await world.client(eva))
    await desk.change(f"contacts/{contact.id}", job_title="Chefin")
    assert await statuses(device, op("delete", "contact", contact.id)) == [("rejected", "precondition_required")]
    (result,) = await device.push(op("delete", "contact", contact.id, base=1))
    clash = {"field": "job_title", "base": "Meister", "yours": None, "theirs": "Chefin"}
    assert (result["status"], result["conflicts"]) == ("conflict", [clash])
    gone = op("delete", "contact", contact.id, base=2)
    assert await statuses(device, gone, gone) == [("applied", None), ("replayed", None)]


async def test_a_delete_in_conflict_names_the_fields_that_are_shown(world: World) -> None:
    _, team = await world.centre()
    eva = await world.manager(team)
    await world.sql(
        "INSERT INTO custom_fields (id, record_type, key, kind, label_de, label_en, position) "
        "VALUES ($1, 'contact', 'size', 'text', 'x', 'x', 1) ON CONFLICT DO NOTHING",
        uuid4(),
    )
    plain, added, inner = [await make_contact(world.session, eva, team_ids=[team.id]) for _ in range(3)]
    device, desk = await world.device(eva), Desk(await world.client(eva))
    await desk.change(f"contacts/{plain.id}", last_name="Neuer", email="neu@example.com", assignee_id=str(eva.id))
    await desk.change(f"contacts/{added.id}", custom={"size": "groß"})
    await world.sql("UPDATE contacts SET request_hash = '\\x00' WHERE id = $1", inner.id)
    results = await device.push(*(op("delete", "contact", one.id, base=1) for one in (plain, added, inner)))
    assert [one["status"] for one in results] == ["conflict", "conflict", "applied"]
    fields = {one["field"]: one["theirs"] for one in results[0]["conflicts"]}
    assert fields.keys() <= {"last_name", "email", "emails"}
    assert (fields["last_name"], fields["email"]) == ("Neuer", "neu@example.com")
    assert results[1]["conflicts"] == [{"field": "custom.size", "base": None, "yours": None, "theirs": "groß"}]


async def test_merged_meanwhile(world: World) -> None:
    centre, team = await world.centre()
    eva, tom = await world.manager(team), await world.technician(team)
    winner, loser = [await make_account(world.session, eva, centre_id=centre.id, team_ids=[team.id]) for _ in range(2)]
    ids = [str(winner.id), str(loser.id)]
    desk = await world.client(eva)
    body = {"record_type": "account", "record_ids": ids, "winner_id": ids[0], "versions": dict.fromkeys(ids, 1)}
    assert (await desk.post("/v1/merges", json=body)).status_code == 201
    device, manager = await world.device(tom), await world.device(eva)
    (result,) = await device.push(op("create", "activity", new_id(), report(loser.id)))
    assert (result["status"], result["data"]["account"]["id"]) == ("applied", ids[0]), "the report finds the winner"
    (result,) = await manager.push(op("update", "account", loser.id, {"description": "x"}, 1))
    assert (result["problem"]["code"], result["problem"]["winner_id"]) == ("record_merged", ids[0])
    blind = await world.device(await world.technician())
    assert await statuses(blind, op("update", "account", loser.id, {"description": "x"}, 1)) == [
        ("rejected", "not_found")
    ]


async def test_what_hangs_on_a_refused_record_is_refused(world: World) -> None:
    _, team = await world.centre()
    eva = await world.manager(team)
    device = await world.device(eva)
    lead = new_id()
    fine = op("create", "contact", new_id(), {"last_name": "Huber"})
    operations = [
        op("create", "account", lead, {"name": "Ohne alles"}),
        op("create", "activity", new_id(), report(lead)),
        op("update", "account", lead, {"description": "x"}, 1),
        fine,
    ]
    assert await statuses(device, *operations) == [
        ("rejected", "invalid"),
        ("rejected", "depends_on_rejected"),
        ("rejected", "depends_on_rejected"),
        ("applied", None),
    ]
    (result,) = await device.push(operations[0])
    assert {"/level", "/city"} <= {one["pointer"] for one in result["problem"]["errors"]}


async def test_nothing_hidden_is_told_or_touched(api: Api, session: AsyncSession) -> None:
    team = await make_team(session)
    eva, ida = await make_user(session, "rm", teams=[team]), await make_user(session, "rm")
    account = await make_account(session, eva)
    device = Device(await api.as_user(ida))
    hidden = op("update", "account", account.id, {"description": "x"}, 7)
    unknown = op("update", "account", new_id(), {"description": "x"}, 7)
    results = await device.push(hidden, unknown, op("delete", "account", account.id, base=1))
    told = [{k: v for k, v in one["problem"].items() if k != "trace_id"} for one in results]
    assert told[0] == told[1]
    assert told[0]["code"] == "not_found"


async def test_bounds(api: Api, session: AsyncSession) -> None:
    client = await api.as_user(await make_user(session, "rm"))
    many = [op("delete", "lead", new_id(), base=1)] * 201
    assert (await client.post("/v1/sync/push", json={"operations": many})).status_code == 422
    assert (await client.post("/v1/sync/push", json={"operations": []})).status_code == 422
    strange = [
        op("update", "lead", new_id(), {"x": 1}, 1),
        op("create", "lead", uuid4(), {}),
        op("create", "activity", new_id()),
    ]
    answer = await client.post("/v1/sync/push", json={"operations": strange})
    assert [one["problem"]["code"] for one in answer.json()["results"]] == ["invalid"] * 3
