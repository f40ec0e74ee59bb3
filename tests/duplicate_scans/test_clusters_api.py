"""Clusters as people review them: who sees what, what is left of them, and saying that they are none (DUP-3, DUP-9)."""

from typing import Any
from uuid import UUID, uuid5

import pytest
from sqlalchemy import delete, insert, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Account
from app.accounts.parties import values_of
from app.core.visibility import unscoped
from app.duplicate_scans.models import DuplicateCluster, DuplicateClusterMember, DuplicateScan
from app.duplicate_scans.queries import possible_duplicates
from app.identity.models import User
from app.indexing import index_record, remove_record
from app.jobs.models import Job
from tests.conftest import Api, Contexts
from tests.factories import make_account, make_team, make_user

pytestmark = pytest.mark.asyncio(loop_scope="session")
NAME = "Kranzbichler Maschinenbau GmbH"


async def indexed(contexts: Contexts, *accounts: Account) -> None:
    async with contexts.of() as ctx:
        for account in accounts:
            await index_record(ctx, "account", account.id, values_of(account))


async def make_scan(session: AsyncSession, user: User) -> UUID:
    job = Job(kind="duplicate_scan", state="done", done=9, total=9, created_by=user.id)
    job.finished_at = job.created_at = user.created_at
    session.add(job)
    await session.flush()
    session.add(
        DuplicateScan(id=job.id, record_types=["account"], minimum_verdict="duplicate", clusters=1, created_by=user.id)
    )
    await session.commit()
    return job.id


async def make_cluster(session: AsyncSession, scan_id: UUID, rank: int, *accounts: Account, **values: Any) -> UUID:
    id_ = uuid5(scan_id, str(rank))
    cluster = {"record_type": "account", "verdict": "duplicate", "score": 0.99, "size": len(accounts)} | values
    await session.execute(insert(DuplicateCluster).values(id=id_, scan_id=scan_id, rank=rank, **cluster))
    await session.execute(
        insert(DuplicateClusterMember),
        [
            {"cluster_id": id_, "record_id": account.id, "record_type": "account", "record_version": account.version}
            for account in accounts
        ],
    )
    await session.commit()
    return id_


async def pair(session: AsyncSession, contexts: Contexts, one: User, two: User) -> tuple[Account, Account]:
    accounts = [await make_account(session, user, name=NAME, postal_code="4020") for user in (one, two)]
    for account in accounts:
        await session.refresh(account)
    await indexed(contexts, *accounts)
    return accounts[0], accounts[1]


@pytest.mark.rule("DUP-9")
async def test_a_cluster_shows_its_records_with_score_verdict_and_reasons_and_what_merging_takes(
    api: Api, session: AsyncSession, contexts: Contexts
) -> None:
    user = await make_user(session, "developer")
    accounts = await pair(session, contexts, user, user)
    scan_id = await make_scan(session, user)
    await make_cluster(session, scan_id, 1, *accounts)
    client = await api.as_user(user)
    (cluster,) = (await client.get(f"/v1/duplicate-scans/{scan_id}/clusters")).json()["items"]
    assert cluster["state"] == "open" and cluster["rank"] == 1 and not cluster["stale"]
    assert [m["name"] for m in cluster["members"]] == [NAME, NAME]
    (shown,) = cluster["pairs"]
    assert shown["verdict"] == "duplicate" and not shown["dismissed"]
    assert {"name_same", "postal_code_same"} <= {reason["code"] for reason in shown["reasons"]}
    assert set(cluster["merge"]["record_ids"]) == {str(account.id) for account in accounts}
    preview = await client.post("/v1/merges", json={**cluster["merge"], "preview": True})
    assert preview.status_code == 200, preview.text
    assert (await client.get(f"/v1/duplicate-clusters/{cluster['id']}")).json() == cluster


@pytest.mark.rule("DUP-3")
async def test_what_one_may_not_see_is_counted_only_and_a_cluster_with_one_visible_record_is_not_there(
    api: Api, session: AsyncSession, contexts: Contexts
) -> None:
    team = await make_team(session)
    eva = await make_user(session, "developer", teams=[team])
    max_ = await make_user(session, "developer", teams=[team])
    own = await pair(session, contexts, eva, eva)
    (third, fourth) = await pair(session, contexts, eva, max_)
    scan_id = await make_scan(session, eva)
    mine = await make_cluster(session, scan_id, 1, *own, fourth)
    other = await make_cluster(session, scan_id, 2, third, fourth)
    client = await api.as_user(eva)
    (cluster,) = (await client.get(f"/v1/duplicate-scans/{scan_id}/clusters")).json()["items"]
    assert cluster["id"] == str(mine) and len(cluster["members"]) == 2 and cluster["hidden"] == 1
    assert str(fourth.id) not in str(cluster) and len(cluster["pairs"]) == 1
    assert (await client.get(f"/v1/duplicate-clusters/{other}")).status_code == 404
    assert (await (await api.as_user(max_)).get(f"/v1/duplicate-scans/{scan_id}/clusters")).json()["items"] == []
    admin = await api.as_user(await make_user(session, "admin"))
    everything = (await admin.get(f"/v1/duplicate-scans/{scan_id}/clusters")).json()["items"]
    assert [(len(one["members"]), one["hidden"]) for one in everything] == [(3, 0), (2, 0)]


@pytest.mark.rule("DUP-9")
async def test_a_dismissed_pair_says_so_and_a_cluster_of_dismissed_pairs_is_dismissed(
    api: Api, session: AsyncSession, contexts: Contexts
) -> None:
    user = await make_user(session, "developer")
    one, two = await pair(session, contexts, user, user)
    three, four = await pair(session, contexts, user, user)
    scan_id = await make_scan(session, user)
    first = await make_cluster(session, scan_id, 1, one, two, three)
    second = await make_cluster(session, scan_id, 2, three, four)
    client = await api.as_user(user)
    said = {"records": [{"type": "account", "id": str(a.id)} for a in (one, two)]}
    assert (await client.post("/v1/duplicate-dismissals", json=said)).status_code == 201
    shown = (await client.get(f"/v1/duplicate-clusters/{first}")).json()
    assert shown["state"] == "open" and [p["dismissed"] for p in shown["pairs"]].count(True) == 1
    answer = await client.post(f"/v1/duplicate-clusters/{second}/dismissals", json={"reason": "Zwei Werke"})
    assert answer.status_code == 200 and answer.json()["state"] == "dismissed"
    assert all(p["dismissed"] for p in answer.json()["pairs"])
    listed = await client.get(f"/v1/duplicate-scans/{scan_id}/clusters", params={"state": ["dismissed"]})
    assert [item["id"] for item in listed.json()["items"]] == [str(second)]
    again = await client.post(f"/v1/duplicate-clusters/{second}/dismissals", json={})
    assert again.status_code == 200 and again.json()["state"] == "dismissed"
    (dismissals,) = ((await client.get("/v1/duplicate-dismissals")).json()["items"],)
    assert len(dismissals) == 2


@pytest.mark.rule("DUP-9")
async def test_what_changed_or_is_gone_since_the_scan_is_said(
    api: Api, session: AsyncSession, contexts: Contexts
) -> None:
    user = await make_user(session, "developer")
    one, two = await pair(session, contexts, user, user)
    three, _ = await pair(session, contexts, user, user)
    scan_id = await make_scan(session, user)
    id_ = await make_cluster(session, scan_id, 1, one, two, three)
    client = await api.as_user(user)
    await session.execute(
        unscoped(update(Account).where(Account.id == one.id).values(city="Wels"), reason="a test changes it")
    )
    await session.commit()
    shown = (await client.get(f"/v1/duplicate-clusters/{id_}")).json()
    assert shown["stale"] and [m["changed"] for m in shown["members"]].count(True) == 1
    for account in (two, three):
        await session.execute(unscoped(delete(Account).where(Account.id == account.id), reason="a test merges it"))
        await session.commit()
        async with contexts.of() as ctx:
            await remove_record(ctx, "account", account.id)
        shown = await client.get(f"/v1/duplicate-clusters/{id_}")
    assert shown.status_code == 404, "one record that the asker sees is no cluster"
    admin = await api.as_user(await make_user(session, "admin"))
    shown = (await admin.get(f"/v1/duplicate-clusters/{id_}")).json()
    assert shown["state"] == "merged" and shown["gone"] == 2 and shown["merge"] is None
    merged = await admin.get(f"/v1/duplicate-scans/{scan_id}/clusters", params={"state": "merged"})
    assert [item["id"] for item in merged.json()["items"]] == [str(id_)]
    answer = await admin.post(f"/v1/duplicate-clusters/{id_}/dismissals", json={})
    assert answer.status_code == 409 and answer.json()["code"] == "nothing_to_dismiss"


async def test_clusters_are_paged_by_rank_and_filtered(api: Api, session: AsyncSession, contexts: Contexts) -> None:
    user = await make_user(session, "developer")
    accounts = await pair(session, contexts, user, user)
    scan_id = await make_scan(session, user)
    for rank in range(1, 6):
        verdict = "possible" if rank == 3 else "duplicate"
        await make_cluster(session, scan_id, rank, *accounts, verdict=verdict, size=2 if rank < 5 else 4)
    client = await api.as_user(user)
    path, ranks, cursor = f"/v1/duplicate-scans/{scan_id}/clusters", [], None
    for _ in range(3):
        page = (await client.get(path, params={"limit": 2} | ({"cursor": cursor} if cursor else {}))).json()
        ranks += [item["rank"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert ranks == [1, 2, 3, 4, 5] and cursor is None

    async def found(**filters: Any) -> list[int]:
        return [item["rank"] for item in (await client.get(path, params=filters)).json()["items"]]

    assert await found(verdict="possible") == [3]
    assert await found(min_size=3) == [5]
    assert await found(record_type="contact") == []
    assert await found(state="open") == [1, 2, 3, 4, 5]
    first = (await client.get(path, params={"limit": 1})).json()["next_cursor"]
    assert (await client.get(path, params={"cursor": first, "verdict": "possible"})).status_code == 422


async def test_only_who_may_merge_reviews_and_only_who_may_scan_scans(api: Api, session: AsyncSession) -> None:
    technician, developer = await make_user(session, "mst"), await make_user(session, "developer")
    scan_id = await make_scan(session, developer)
    client = await api.as_user(technician)
    for path in ("/v1/duplicate-scans", f"/v1/duplicate-scans/{scan_id}", f"/v1/duplicate-scans/{scan_id}/clusters"):
        assert (await client.get(path)).status_code == 403
    client = await api.as_user(developer)
    assert (await client.get(f"/v1/duplicate-scans/{scan_id}")).json()["state"] == "done"
    assert (await client.post("/v1/duplicate-scans", json={})).status_code == 403


async def test_lists_of_data_quality_learn_who_stands_in_an_open_cluster(
    api: Api, session: AsyncSession, contexts: Contexts
) -> None:
    user = await make_user(session, "developer")
    one, two = await pair(session, contexts, user, user)
    three, four = await pair(session, contexts, user, user)
    scan_id = await make_scan(session, user)
    await make_cluster(session, scan_id, 1, one, two)
    dismissed = await make_cluster(session, scan_id, 2, three, four)
    client = await api.as_user(user)
    assert (await client.post(f"/v1/duplicate-clusters/{dismissed}/dismissals", json={})).status_code == 200
    found = (await session.execute(possible_duplicates("account"))).scalars().all()
    assert set(found) == {one.id, two.id}
    assert not (await session.execute(possible_duplicates("contact"))).all()


@pytest.mark.rule("DUP-9")
async def test_asking_for_a_scan_names_its_job_which_can_be_cancelled(api: Api, session: AsyncSession) -> None:
    client = await api.as_user(await make_user(session, "admin"))
    begun = await client.post("/v1/duplicate-scans", json={"minimum_verdict": "possible"})
    assert begun.status_code == 202, begun.text
    scan_id = begun.json()["id"]
    assert begun.headers["Location"] == f"/v1/jobs/{scan_id}" and begun.headers["Retry-After"]
    assert begun.json()["state"] == "queued" and begun.json()["clusters"] is None
    refused = await client.post("/v1/duplicate-scans", json={})
    assert refused.status_code == 409 and refused.json()["scan_id"] == scan_id
    job = (await client.get(begun.headers["Location"])).json()
    assert job["result_url"] == f"/v1/duplicate-scans/{scan_id}"
    assert (await client.delete(begun.headers["Location"])).status_code == 204
    assert (await client.get(job["result_url"])).json()["state"] == "cancelled"
    assert (await client.post("/v1/duplicate-scans", json={})).status_code == 202
    for wrong in ({"record_types": []}, {"record_types": ["lead", "lead"]}, {"record_types": ["user"]}, {"more": 1}):
        assert (await client.post("/v1/duplicate-scans", json=wrong)).status_code == 422
