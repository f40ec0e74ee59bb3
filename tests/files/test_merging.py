"""Files go where their records go, and back (DUP-4, DUP-8, ACC-11)."""

from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.objects import objects_of
from app.files.jobs import remove, sweep
from app.settings import Settings
from tests.conftest import Api, Contexts
from tests.factories import make_account, make_contact, make_user
from tests.files.support import PDF, attach, opened, picture, waiting
from tests.merges.support import merged

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.rule("ACC-11")]


async def size_of(client: httpx.AsyncClient, path: str) -> Any:
    answer = await client.get(f"{path}/photo")
    return opened(answer).size if answer.status_code == 200 else answer.status_code


@pytest.mark.rule("DUP-4")
async def test_attachments_and_a_photo_go_to_the_winner_and_come_back(
    api: Api, session: AsyncSession, contexts: Contexts
) -> None:
    user = await make_user(session, "admin")
    client = await api.as_user(user)
    for kind, make in (("contact", make_contact), ("account", make_account)):
        winner, loser = f"/v1/{kind}s/{(await make(session, user)).id}", f"/v1/{kind}s/{(await make(session, user)).id}"
        url = (await attach(client, loser.removeprefix("/v1/"))).headers["Location"]
        await client.put(f"{loser}/photo", content=picture(size=(20, 30)))
        ids = [path.rsplit("/", 1)[1] for path in (winner, loser)]
        merge = await merged(client, kind, ids, winner_id=ids[0])
        assert merge.status_code == 201, merge.text
        assert merge.json()["moved"]["attachments"] == 1
        (one,) = (await client.get(f"{winner}/attachments")).json()["items"]
        assert one["record"] == {"type": kind, "id": ids[0]}
        assert (await client.get(f"{url}/content")).content == PDF
        old = await client.get(f"{loser}/attachments")
        assert old.status_code == 308 and old.headers["Location"] == f"{winner}/attachments"
        assert await size_of(client, winner) == (20, 30)
        sent_on = await attach(client, loser.removeprefix("/v1/"))
        assert sent_on.status_code == 308 and sent_on.headers["Location"].startswith(f"{winner}/attachments?filename=")

        undone = await client.post(f"/v1/merges/{merge.json()['id']}/undo")
        assert undone.status_code == 200 and undone.json()["kept"] == [], undone.text
        assert (await client.get(f"{winner}/attachments")).json()["items"] == []
        assert len((await client.get(f"{loser}/attachments")).json()["items"]) == 1
        assert (await size_of(client, winner), await size_of(client, loser)) == (404, (20, 30))


@pytest.mark.rule("DUP-8")
async def test_the_winner_s_photo_stays_and_the_loser_s_waits_for_an_undoing(
    api: Api, session: AsyncSession, contexts: Contexts
) -> None:
    user = await make_user(session, "admin")
    client = await api.as_user(user)
    ids = [str((await make_contact(session, user)).id) for _ in range(2)]
    winner, loser = (f"/v1/contacts/{id_}" for id_ in ids)
    await client.put(f"{winner}/photo", content=picture(size=(20, 30)))
    await client.put(f"{loser}/photo", content=picture(size=(40, 50)))
    merge = (await merged(client, "contact", ids, winner_id=ids[0])).json()["id"]
    assert await size_of(client, winner) == (20, 30)
    await session.execute(text("UPDATE photos SET created_at = now() - interval '3 days'"))
    await session.commit()
    async with contexts.of() as ctx:
        await sweep(ctx, {})
    await client.post(f"/v1/merges/{merge}/undo")
    assert (await size_of(client, winner), await size_of(client, loser)) == ((20, 30), (40, 50))

    merge = (await merged(client, "contact", ids, winner_id=ids[0])).json()["id"]
    await session.execute(text("UPDATE merges SET undo = NULL"))
    await session.commit()
    async with contexts.of() as ctx:
        await sweep(ctx, {})
    assert (await session.execute(text("SELECT count(*) FROM photos"))).scalar_one() == 1


@pytest.mark.rule("DUP-8")
async def test_a_photo_replaced_since_does_not_come_back(api: Api, session: AsyncSession) -> None:
    user = await make_user(session, "admin")
    client = await api.as_user(user)
    ids = [str((await make_contact(session, user)).id) for _ in range(2)]
    winner, loser = (f"/v1/contacts/{id_}" for id_ in ids)
    await client.put(f"{loser}/photo", content=picture(size=(40, 50)))
    merge = (await merged(client, "contact", ids, winner_id=ids[0])).json()["id"]
    await client.put(f"{winner}/photo", content=picture(size=(20, 30)))
    undone = await client.post(f"/v1/merges/{merge}/undo")
    assert undone.status_code == 200, undone.text
    assert {kept["field"] for kept in undone.json()["kept"]} == {"photo_id"}
    assert (await size_of(client, winner), await size_of(client, loser)) == ((20, 30), 404)


async def test_an_upload_that_comes_to_no_end_is_swept_a_day_later(
    api: Api, session: AsyncSession, contexts: Contexts, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await api.as_user(user := await make_user(session))
    account = await make_account(session, user)
    store = objects_of(settings)
    kept = (await attach(client, f"accounts/{account.id}")).headers["Location"]

    put = store.put

    async def put_and_die(key: str, file: Any) -> None:
        await put(key, file)
        raise RuntimeError("the process ends here")

    monkeypatch.setattr(store, "put", put_and_die)
    assert (await attach(client, f"accounts/{account.id}", PDF + b"!")).status_code == 500
    assert len((await client.get(f"/v1/accounts/{account.id}/attachments")).json()["items"]) == 1
    (key,) = await waiting(session)
    async with contexts.of() as ctx:
        await sweep(ctx, {})
    assert await store.exists(key), "perhaps it is still on its way"
    await session.execute(text("UPDATE object_removals SET due_at = due_at - interval '25 hours'"))
    await session.commit()
    async with contexts.of() as ctx:
        await sweep(ctx, {})
    assert not await store.exists(key) and await waiting(session) == []
    assert (await client.get(f"{kept}/content")).content == PDF


async def test_a_deleted_person_s_photo_goes(api: Api, session: AsyncSession, contexts: Contexts) -> None:
    client = await api.as_user(user := await make_user(session, "admin"))
    gone, kept = [(await make_contact(session, user)).id for _ in range(2)]
    for id_ in (gone, kept):
        await client.put(f"/v1/contacts/{id_}/photo", content=picture())
    assert (await client.delete(f"/v1/contacts/{gone}")).status_code == 204
    await session.execute(text("UPDATE photos SET created_at = now() - interval '25 hours'"))
    await session.commit()
    async with contexts.of() as ctx:
        await sweep(ctx, {})
    assert (await session.execute(text("SELECT count(*) FROM photos"))).scalar_one() == 1
    assert await size_of(client, f"/v1/contacts/{kept}") == (200, 150)


async def test_a_deleted_file_is_removed_from_the_store(
    api: Api, session: AsyncSession, contexts: Contexts, settings: Settings
) -> None:
    client = await api.as_user(user := await make_user(session))
    account = await make_account(session, user)
    url = (await attach(client, f"accounts/{account.id}")).headers["Location"]
    await client.delete(url)
    jobs = await session.execute(text("SELECT payload FROM outbox WHERE job = 'files.remove'"))
    (payload,) = jobs.scalars()
    assert [payload["object_key"]] == await waiting(session)
    for _ in range(2):
        async with contexts.of() as ctx:
            await remove(ctx, payload)
    assert not await objects_of(settings).exists(payload["object_key"]) and await waiting(session) == []
