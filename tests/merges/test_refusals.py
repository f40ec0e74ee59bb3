"""What may not be merged, by whom, and on what versions (DUP-5, DUP-6, DUP-7, LOCK-3)."""

from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.activities.models import Activity
from app.core.visibility import unscoped
from app.leads.models import Lead
from app.projects.models import PROTECTION_PROJECT_ID
from tests.conftest import Api
from tests.factories import lead_body, make_account, make_contact, make_team, make_user
from tests.merges.support import body_of, codes, merged, previewed

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.rule("DUP-5")
async def test_of_two_contacts_the_one_that_the_erp_knows_must_win(api: Api, session: AsyncSession) -> None:
    eva = await make_user(session)
    known = await make_contact(session, eva, erp_id="K-1")
    other = await make_contact(session, eva)
    client = await api.as_user(eva)
    shown = await previewed(client, "contact", [other.id, known.id])
    assert shown["recommended"] == {
        "winner_id": str(known.id),
        "code": "erp_id",
        "reason": "The ERP knows this record.",
        "binding": True,
    }
    wrong = await previewed(client, "contact", [other.id, known.id], winner_id=str(other.id))
    assert [f["code"] for f in wrong["forbidden"]] == ["erp_record_must_win"]
    refused = await merged(client, "contact", [other.id, known.id])
    assert refused.status_code == 409 and codes(refused) == {"erp_record_must_win"}
    done = await merged(client, "contact", [known.id, other.id])
    assert done.status_code == 201
    got = (await client.get(f"/v1/contacts/{known.id}")).json()
    assert got["erp_id"] == "K-1"
    assert (await client.get("/v1/activities", params={"contact_id": str(known.id)})).json()["items"] == []


@pytest.mark.rule("DUP-5")
async def test_when_the_erp_knows_both_a_task_says_what_to_remove_there(api: Api, session: AsyncSession) -> None:
    eva = await make_user(session)
    a = await make_contact(session, eva, erp_id="K-1", last_name="Huber")
    b = await make_contact(session, eva, erp_id="K-2", last_name="Hueber")
    client = await api.as_user(eva)
    shown = await previewed(client, "contact", [a.id, b.id])
    assert not shown["recommended"]["binding"]
    done = await merged(client, "contact", [b.id, a.id])
    assert done.status_code == 201, done.text
    (task,) = (await client.get("/v1/activities", params={"contact_id": str(b.id)})).json()["items"]
    assert task["type"] == "task" and task["status"] == "open" and task["assignee"]["id"] == str(eva.id)
    assert task["subject"] == "Im ERP-System entfernen: Max Huber (K-1)"
    assert (await client.get(f"/v1/contacts/{b.id}")).json()["erp_id"] == "K-2"
    undone = await client.post(f"/v1/merges/{done.json()['id']}/undo")
    assert undone.status_code == 200 and undone.json()["kept"] == []
    left = await session.execute(unscoped(select(Activity), reason="all tasks of this test"))
    assert left.scalars().all() == []


@pytest.mark.rule("DUP-6")
async def test_accounts_that_the_erp_knows_are_merged_there_and_followed_here(api: Api, session: AsyncSession) -> None:
    admin = await make_user(session, "admin")
    eva = await make_user(session)
    a = await make_account(session, eva, erp_id="D-1")
    b = await make_account(session, eva)
    client = await api.as_user(eva)
    for ids in ([a.id, b.id], [b.id, a.id]):
        refused = await merged(client, "account", ids)
        assert refused.status_code == 409 and codes(refused) == {"merge_in_erp"}, refused.text
        assert "ERP" in refused.json()["errors"][0]["message"]
    as_erp = {"record_type": "account", "record_ids": [str(a.id), str(b.id)], "preview": True, "origin": "erp"}
    assert (await client.post("/v1/merges", json=as_erp)).status_code == 403
    followed = await merged(await api.as_user(admin), "account", [a.id, b.id], origin="erp")
    assert followed.status_code == 201, followed.text
    assert followed.json()["origin"] == "erp"
    back = await client.post(f"/v1/merges/{followed.json()['id']}/undo")
    assert back.status_code == 403 and back.json()["code"] == "forbidden"
    assert (await client.get(f"/v1/accounts/{b.id}")).headers["Location"] == f"/v1/accounts/{a.id}"


@pytest.mark.rule("DUP-7")
async def test_merging_needs_the_permission_and_rights_on_every_record(api: Api, session: AsyncSession) -> None:
    team = await make_team(session)
    eva, max_ = await make_user(session), await make_user(session)
    technician = await make_user(session, "mst", teams=[team])
    own = await make_contact(session, eva)
    open_to_read = await make_contact(session, max_, access="public_read")
    hidden = await make_contact(session, max_)
    client = await api.as_user(eva)
    shown = await previewed(client, "contact", [own.id, open_to_read.id])
    assert [f["code"] for f in shown["forbidden"]] == ["not_a_manager"]
    refused = await merged(client, "contact", [own.id, open_to_read.id])
    assert refused.status_code == 403 and refused.json()["code"] == "not_a_manager"
    body = {"record_type": "contact", "record_ids": [str(own.id), str(hidden.id)], "preview": True}
    assert (await client.post("/v1/merges", json=body)).status_code == 404
    assert (await client.post("/v1/merges", json=body | {"record_ids": [str(own.id), str(uuid4())]})).status_code == 404
    assert (await (await api.as_user(technician)).post("/v1/merges", json=body)).status_code == 403
    assert (await client.get(f"/v1/contacts/{own.id}")).json()["version"] == 1


@pytest.mark.rule("DUP-7")
async def test_who_saw_either_sees_the_one_that_is_left_and_nobody_else(api: Api, session: AsyncSession) -> None:
    eva, max_, ida = [await make_user(session) for _ in range(3)]
    a = await make_account(session, eva)
    b = await make_account(session, max_, manager_ids=[eva.id], city="Wels")
    done = await merged(await api.as_user(eva), "account", [a.id, b.id])
    assert done.status_code == 201, done.text
    got = (await (await api.as_user(max_)).get(f"/v1/accounts/{a.id}")).json()
    assert set(got["team_ids"]) == {str(eva.default_team_id), str(max_.default_team_id)}
    assert got["manager_ids"] == [str(max_.id)] and got["access"] == "managers"
    assert (await (await api.as_user(ida)).get(f"/v1/accounts/{a.id}")).status_code == 404
    assert (await (await api.as_user(ida)).get(f"/v1/merges/{done.json()['id']}")).status_code == 404
    told = (await (await api.as_user(max_)).get("/v1/notifications")).json()["items"]
    assert [n["kind"] for n in told] == ["records_merged"]


@pytest.mark.rule("DUP-4")
async def test_the_versions_of_the_preview_are_binding(api: Api, session: AsyncSession) -> None:
    eva = await make_user(session)
    a, b, c = [await make_contact(session, eva) for _ in range(3)]
    client = await api.as_user(eva)
    body = await body_of(client, "contact", [a.id, b.id])
    other = await body_of(client, "contact", [a.id, c.id])
    await client.patch(f"/v1/contacts/{b.id}", json={"phone": "+43 1 2"}, headers={"If-Match": '"1"'})
    stale = await client.post("/v1/merges", json=body)
    assert stale.status_code == 412 and stale.json()["versions"] == {str(a.id): 1, str(b.id): 2}
    body["versions"][str(b.id)] = 2
    done = await client.post("/v1/merges", json=body)
    assert done.status_code == 201
    stranger = await make_user(session)
    theirs = await make_contact(session, stranger)
    ids = [str(theirs.id), str(b.id)]
    hidden = {"record_type": "contact", "record_ids": ids, "winner_id": ids[0], "versions": dict.fromkeys(ids, 1)}
    assert (await (await api.as_user(stranger)).post("/v1/merges", json=hidden)).status_code == 404
    for again in (body, other):
        late = await client.post("/v1/merges", json=again)
        assert late.status_code == 409 and late.json()["code"] == "merged_meanwhile", late.text
        assert late.json()["merge_id"] == done.json()["id"]


@pytest.mark.rule("DUP-4")
async def test_bad_requests_say_what_is_wrong(api: Api, session: AsyncSession) -> None:
    eva = await make_user(session)
    a, b = [await make_contact(session, eva) for _ in range(2)]
    client = await api.as_user(eva)
    ids = [str(a.id), str(b.id)]
    base = {"record_type": "contact", "record_ids": ids, "winner_id": ids[0], "versions": dict.fromkeys(ids, 1)}
    for change, code in (
        ({"record_ids": ids[:1]}, "too_short"),
        ({"record_ids": [ids[0], ids[0]]}, "twice"),
        ({"record_ids": [str(uuid4()) for _ in range(11)]}, "too_long"),
        ({"winner_id": str(uuid4())}, "winner"),
        ({"winner_id": None}, "preview_first"),
        ({"versions": {ids[0]: 1}}, "preview_first"),
        ({"record_type": "opportunity"}, "literal_error"),
        ({"fields": {"team_ids": ids[1]}}, "not_choosable"),
        ({"fields": {"phone": "all"}}, "not_joinable"),
        ({"fields": {"phone": str(uuid4())}}, "not_among_them"),
        ({"versions": dict.fromkeys(ids, 1 << 70)}, "less_than_equal"),
        ({"versions": dict.fromkeys(ids, "1")}, "int_type"),
        ({"preview": "yes"}, "bool_type"),
    ):
        answer = await client.post("/v1/merges", json=base | change)
        assert answer.status_code == 422 and code in codes(answer), (change, answer.text)
    wrong = await client.post("/v1/merges", json=base | {"fields": {"phone": "zz"}})
    assert {error["pointer"] for error in wrong.json()["errors"]} == {"/fields/phone"}


async def lead(session: AsyncSession, owner: object, **values: object) -> Lead:
    found = Lead(
        **{
            "project_id": PROTECTION_PROJECT_ID,
            "status": "new",
            "visibility": "all",
            "name": "Huber Bau",
            "assignee_id": owner.id,  # type: ignore[attr-defined]
            **values,
        }
    )
    session.add(found)
    await session.commit()
    return found


@pytest.mark.rule("LOCK-3")
async def test_merging_never_gives_one_persons_customer_to_another(api: Api, session: AsyncSession) -> None:
    eva, max_ = await make_user(session), await make_user(session)
    admin = await make_user(session, "admin")
    ids = []
    for owner in (eva, max_):
        made = await (await api.as_user(owner)).post("/v1/leads", json=lead_body(owner.id))
        assert made.status_code == 201, made.text
        ids.append(made.json()["id"])
    refused = await merged(await api.as_user(admin), "lead", ids)
    assert refused.status_code == 409 and codes(refused) == {"locks_differ"}
    assert (await merged(await api.as_user(eva), "lead", ids)).status_code == 403


@pytest.mark.rule("DUP-4")
@pytest.mark.rule("LOCK-6")
async def test_of_ones_own_two_leads_one_lock_is_left_and_the_undo_brings_both_back(
    api: Api, session: AsyncSession
) -> None:
    eva = await make_user(session)
    client = await api.as_user(eva)
    ids = [(await client.post("/v1/leads", json=lead_body(eva.id))).json()["id"] for _ in range(2)]
    locks = (await client.get("/v1/lead-locks")).json()["items"]
    done = await merged(client, "lead", ids)
    assert done.status_code == 201, done.text
    after = (await client.get("/v1/lead-locks", params={"lead_id": ids[0]})).json()["items"]
    assert sorted(lock["state"] for lock in after) == ["pending", "released"]
    assert {lock["end_reason"] for lock in after} == {None, "merged"}
    undone = await client.post(f"/v1/merges/{done.json()['id']}/undo")
    assert undone.status_code == 200 and undone.json()["kept"] == [], undone.text
    back = (await client.get("/v1/lead-locks")).json()["items"]
    assert [(lock["id"], lock["lead_id"], lock["state"]) for lock in back] == [
        (lock["id"], lock["lead_id"], lock["state"]) for lock in locks
    ]


@pytest.mark.rule("LEAD-6")
async def test_leads_are_merged_within_their_project_and_a_converted_one_stays(api: Api, session: AsyncSession) -> None:
    from datetime import UTC, datetime  # noqa: PLC0415  (only here)

    eva = await make_user(session)
    open_, other = await lead(session, eva), await lead(session, eva)
    converted = await lead(
        session, eva, phase="converted", status="converted", converted_at=datetime.now(UTC), city="Wels"
    )
    discarded = await lead(session, eva, phase="discarded", status="discarded")
    client = await api.as_user(eva)
    for ids, code in (
        ([open_.id, converted.id], "converted_must_win"),
        ([discarded.id, open_.id], "discarded_cannot_win"),
    ):
        refused = await merged(client, "lead", ids)
        assert refused.status_code == 409 and code in codes(refused), refused.text
    chosen = await merged(client, "lead", [converted.id, open_.id], fields={"city": str(open_.id)})
    assert chosen.status_code == 409 and codes(chosen) == {"converted_is_closed"}
    done = await merged(client, "lead", [converted.id, open_.id, discarded.id, other.id])
    assert done.status_code == 201, done.text
    assert (await client.get(f"/v1/leads/{converted.id}")).json()["city"] == "Wels"
