"""Attachments over HTTP: what is taken, how it comes back, who may (ACC-11, LEAD-2)."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import new_id
from app.core.objects import Objects, objects_of
from app.core.visibility import unscoped
from app.files import service, spool
from app.leads.models import Lead
from app.projects.models import Project
from app.settings import Settings
from tests.conftest import Api
from tests.factories import lead_body, make_account, make_contact, make_opportunity, make_user
from tests.files.support import PDF, attach, digest, picture, waiting

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.rule("ACC-11")]


async def test_a_file_comes_back_as_it_was(api: Api, session: AsyncSession, settings: Settings) -> None:
    user = await make_user(session)
    client = await api.as_user(user)
    account = await make_account(session, user)
    answer = await attach(client, f"accounts/{account.id}", headers={"Content-Digest": digest(PDF)})
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert told["record"] == {"type": "account", "id": str(account.id)}
    assert (told["name"], told["size"], told["content_type"]) == ("Angebot.pdf", len(PDF), "application/pdf")
    assert told["created_by"]["id"] == str(user.id)
    url = answer.headers["Location"]
    assert (await client.get(url)).json() == told
    (listed,) = (await client.get(f"/v1/accounts/{account.id}/attachments")).json()["items"]
    assert listed == told
    got = await client.get(f"{url}/content")
    assert (got.status_code, got.content) == (200, PDF)
    assert got.headers["Content-Length"] == str(len(PDF))
    assert await waiting(session) == []

    (key,) = (await session.execute(text("SELECT object_key FROM attachments"))).scalars()
    history = (await client.get(f"/v1/accounts/{account.id}/history")).json()["items"]
    assert history[0]["part"] == "attachments" and history[0]["operation"] == "insert"
    assert {"field": "name", "old": None, "new": "Angebot.pdf"} in history[0]["changes"]
    assert key not in str(history)
    assert (settings.data_dir / "files" / key).read_bytes() == PDF
    assert (settings.data_dir / "files").stat().st_mode & 0o777 == 0o700

    assert (await client.delete(url)).status_code == 204
    assert (await client.get(url)).status_code == (await client.get(f"{url}/content")).status_code == 404
    assert await waiting(session) == [key]
    assert (await client.get(f"/v1/accounts/{account.id}/history")).json()["items"][0]["operation"] == "delete"


async def test_downloads_are_never_run_by_a_browser(api: Api, session: AsyncSession) -> None:
    client = await api.as_user(user := await make_user(session))
    account = await make_account(session, user)
    page = b"<html><script>alert(1)</script></html>"
    for name, data, kind in (
        ("böse.html", page, "application/octet-stream"),
        ("bild.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "application/octet-stream"),
        ("bild.png", page, "application/octet-stream"),
        ("a.xml", b"<?xml version='1.0'?><a/>", "application/octet-stream"),
        ("a.txt", b"nur Text\n", "text/plain"),
        ("a.csv", "Straße;Ort\n".encode("cp1252"), "text/csv"),
        ("a.txt", b"\x00\x01", "application/octet-stream"),
        ("foto.doc", picture("PNG"), "image/png"),
        ("a.docx", b"PK\x03\x04rest", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("a.exe", b"MZ\x90", "application/octet-stream"),
    ):
        url = (await attach(client, f"accounts/{account.id}", data, name)).headers["Location"]
        got = await client.get(f"{url}/content")
        assert got.headers["Content-Type"] == kind, name
        assert got.headers["X-Content-Type-Options"] == "nosniff"
        assert got.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert got.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert got.headers["Cache-Control"] == "private, no-store"
        assert got.headers["Content-Disposition"].startswith("attachment;")
    url = (await attach(client, f"accounts/{account.id}", PDF, 'Ö "neu"; 50%.pdf')).headers["Location"]
    told = (await client.get(f"{url}/content")).headers["Content-Disposition"]
    assert told == "attachment; filename=\"_ _neu__ 50_.pdf\"; filename*=UTF-8''%C3%96%20_neu_%3B%2050%25.pdf"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\eva\\Angebot.pdf", "Angebot.pdf"),
        ("rechnung\u202efdp.exe", "rechnungfdp.exe"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie_ x.pdf"),
        ("  .. ", "file"),
        ("con.txt", "_con.txt"),
        ("\u200b", "file"),
        ("x" * 240 + ".pdf", "x" * 146 + ".pdf"),
        ("😀" * 120 + ".pdf", "😀" * 61 + ".pdf"),
        ("A\u0308pfel.pdf", "Äpfel.pdf"),
    ],
)
async def test_names_are_made_harmless(api: Api, session: AsyncSession, sent: str, kept: str) -> None:
    client = await api.as_user(user := await make_user(session))
    account = await make_account(session, user)
    answer = await attach(client, f"accounts/{account.id}", PDF, sent)
    assert answer.status_code == 201, answer.text
    assert answer.json()["name"] == kept


@pytest.mark.parametrize(
    ("asked", "status", "part", "told"),
    [
        ("bytes=0-9", 206, slice(0, 10), "bytes 0-9/1000"),
        ("bytes=990-", 206, slice(990, 1000), "bytes 990-999/1000"),
        ("bytes=-5", 206, slice(995, 1000), "bytes 995-999/1000"),
        ("bytes=-5000", 206, slice(0, 1000), "bytes 0-999/1000"),
        ("bytes=995-5000", 206, slice(995, 1000), "bytes 995-999/1000"),
        ("bytes=1000-", 416, None, "bytes */1000"),
        ("bytes=-0", 416, None, "bytes */1000"),
        ("bytes=5-2", 200, slice(0, 1000), None),
        ("bytes=0-1,5-6", 200, slice(0, 1000), None),
        ("rows=1-2", 200, slice(0, 1000), None),
        ("bytes=-", 200, slice(0, 1000), None),
    ],
)
async def test_parts_of_a_file(
    api: Api, session: AsyncSession, asked: str, status: int, part: slice | None, told: str | None
) -> None:
    client = await api.as_user(user := await make_user(session))
    account = await make_account(session, user)
    data = bytes(range(250)) * 4
    url = (await attach(client, f"accounts/{account.id}", data, "x.bin")).headers["Location"] + "/content"
    got = await client.get(url, headers={"Range": asked})
    assert got.status_code == status
    assert got.headers.get("Content-Range") == told
    if part is not None:
        assert got.content == data[part]
    tag = got.headers.get("ETag") or (await client.get(url)).headers["ETag"]
    assert (await client.get(url, headers={"If-None-Match": tag})).status_code == 304
    same = await client.get(url, headers={"Range": "bytes=0-1", "If-Range": tag})
    other = await client.get(url, headers={"Range": "bytes=0-1", "If-Range": '"other"'})
    assert (same.status_code, other.status_code) == (206, 200)


async def _bytes(size: int, read: list[int]) -> AsyncIterator[bytes]:
    while size > 0:
        read.append(min(size, 65536))
        yield b"x" * read[-1]
        size -= read[-1]


async def test_25_megabytes_and_not_a_byte_more(api: Api, session: AsyncSession) -> None:
    client = await api.as_user(user := await make_user(session))
    account = await make_account(session, user)
    path = f"accounts/{account.id}"
    full = await attach(client, path, _bytes(service.MAX_BYTES, []), "voll.bin")
    assert full.status_code == 201 and full.json()["size"] == 26_214_400
    over = await attach(client, path, _bytes(service.MAX_BYTES + 1, []))
    assert over.status_code == 413 and over.json()["code"] == "too_large" and "26214400" in over.json()["detail"]
    read: list[int] = []
    said = await attach(client, path, _bytes(service.MAX_BYTES + 1, read), headers={"Content-Length": "26214401"})
    assert said.status_code == 413 and sum(read) < 200_000
    empty = await attach(client, path, b"")
    assert empty.status_code == 422 and empty.json()["errors"][0]["code"] == "empty_file"
    assert await waiting(session) == []
    assert len((await client.get(f"/v1/{path}/attachments")).json()["items"]) == 1


async def test_what_breaks_off_or_is_not_what_it_says_leaves_nothing(
    api: Api, session: AsyncSession, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await api.as_user(user := await make_user(session))
    account = await make_account(session, user)
    path = f"accounts/{account.id}"
    for wrong, code in (
        (digest(b"other"), "digest_mismatch"),
        ("sha-256=:abc:", "digest_form"),
        ("md5=:x:", "digest_form"),
    ):
        answer = await attach(client, path, headers={"Content-Digest": wrong})
        assert answer.status_code == 422 and answer.json()["errors"][0]["code"] == code
        assert answer.json()["errors"][0]["pointer"] == ":Content-Digest"

    async def stalls() -> AsyncIterator[bytes]:
        yield PDF
        await asyncio.sleep(5)
        yield PDF

    monkeypatch.setattr(spool, "SILENCE_SECONDS", 0.1)
    slow = await attach(client, path, stalls())
    assert slow.status_code == 408 and slow.json()["code"] == "upload_interrupted"
    assert (await client.get(f"/v1/{path}/attachments")).json()["items"] == []
    assert await waiting(session) == []
    assert list((settings.data_dir / "uploads").iterdir()) == []


async def test_the_same_file_again_is_kept_once(api: Api, session: AsyncSession) -> None:
    client = await api.as_user(user := await make_user(session))
    account = await make_account(session, user)
    path, id_ = f"accounts/{account.id}", str(new_id())
    first = await attach(client, path, id=id_)
    again = await attach(client, path, id=id_)
    assert (first.status_code, again.status_code) == (201, 200) and first.json() == again.json()
    assert first.json()["id"] == id_ and again.headers["Location"] == first.headers["Location"]
    for other in (
        await attach(client, path, PDF + b"!", id=id_),
        await attach(client, path, PDF, "Anders.pdf", id=id_),
        await attach(client, f"accounts/{(await make_account(session, user)).id}", id=id_),
        await attach(await api.as_user(await make_user(session, "admin")), path, id=id_),
    ):
        assert other.status_code == 409 and other.json()["code"] == "id_taken"
    assert await waiting(session) == []

    key = {"Idempotency-Key": str(uuid4())}
    one, two = await attach(client, path, headers=key), await attach(client, path, headers=key)
    assert one.status_code == two.status_code == 201 and one.content == two.content
    assert two.headers["Idempotent-Replayed"] == "true"
    reused = await attach(client, path, PDF + b"!", headers=key)
    assert reused.status_code == 422 and reused.json()["code"] == "idempotency_key_reused"
    assert len((await client.get(f"/v1/{path}/attachments")).json()["items"]) == 2


async def test_only_who_sees_the_record_sees_its_files_and_only_who_may_change_it_changes_them(
    api: Api, session: AsyncSession
) -> None:
    owner, other = await make_user(session, "fn"), await make_user(session, "fn")
    account = await make_account(session, owner)
    mine, theirs = await api.as_user(owner), await api.as_user(other)
    records: list[tuple[str, Any]] = [
        ("accounts", account),
        ("contacts", await make_contact(session, owner, account)),
        ("opportunities", await make_opportunity(session, owner, account)),
    ]
    note = {"type": "note", "account_id": str(account.id), "description": "Notiz"}
    paths = [f"{kind}/{record.id}" for kind, record in records]
    paths.append(f"activities/{(await mine.post('/v1/activities', json=note)).json()['id']}")
    for path in paths:
        url = (await attach(mine, path)).headers["Location"]
        for answer in (
            await attach(theirs, path),
            await theirs.get(f"/v1/{path}/attachments"),
            await theirs.get(url),
            await theirs.get(f"{url}/content"),
            await theirs.get(f"{url}/content", headers={"Range": "bytes=0-1"}),
            await theirs.delete(url),
        ):
            assert answer.status_code == 404 and answer.json()["code"] == "not_found", (path, answer.request.url)
        assert (await mine.get(f"{url}/content")).status_code == 200
        assert (await api.anyone.get(f"{url}/content")).status_code == 401

    url = (await mine.get(f"/v1/{paths[0]}/attachments")).json()["items"][0]["id"]
    account.access = "public_read"
    await session.commit()
    assert (await theirs.get(f"/v1/attachments/{url}/content")).status_code == 200
    for answer in (await attach(theirs, paths[0]), await theirs.delete(f"/v1/attachments/{url}")):
        assert answer.status_code == 403 and answer.json()["code"] == "not_a_manager"
    account.access = "public_write"
    await session.commit()
    assert (await attach(theirs, paths[0])).status_code == 201
    technician = await api.as_user(await make_user(session, "mst"))
    refused = await attach(technician, paths[0])
    assert refused.status_code == 403 and refused.json()["code"] == "forbidden"
    assert (await technician.get(f"/v1/attachments/{url}/content")).status_code == 200


@pytest.mark.rule("LEAD-2")
async def test_a_lean_lead_takes_no_files(api: Api, session: AsyncSession) -> None:
    user = await make_user(session, "fn")
    client, other = await api.as_user(user), await api.as_user(await make_user(session, "fn"))
    lead = (await client.post("/v1/leads", json=lead_body(user.id))).json()["id"]
    answer = await attach(client, f"leads/{lead}", headers={"Accept-Language": "de"})
    assert answer.status_code == 409 and answer.json()["code"] == "convert_first", answer.text
    assert (await attach(other, f"leads/{lead}")).json()["code"] == "not_your_lead"
    await session.execute(update(Project).values(lean=False))
    await session.commit()
    taken = await attach(client, f"leads/{lead}")
    assert taken.status_code == 201, taken.text
    await session.execute(unscoped(update(Lead).values(phase="discarded"), reason="the test's own"))
    await session.commit()
    for late in (await attach(client, f"leads/{lead}"), await client.delete(taken.headers["Location"])):
        assert late.status_code == 409 and late.json()["code"] == "lead_closed"
    assert (await other.get(f"{taken.headers['Location']}/content")).content == PDF


async def test_a_record_with_files_is_not_deleted(api: Api, session: AsyncSession) -> None:
    user = await make_user(session, "admin")
    client = await api.as_user(user)
    account, contact = await make_account(session, user), await make_contact(session, user)
    for path in (f"accounts/{account.id}", f"contacts/{contact.id}"):
        url = (await attach(client, path)).headers["Location"]
        refused = await client.delete(f"/v1/{path}")
        assert refused.status_code == 409 and refused.json()["used_by"] == "attachments"
        await client.delete(url)
        assert (await client.delete(f"/v1/{path}")).status_code == 204


async def test_a_record_takes_only_so_many(api: Api, session: AsyncSession, monkeypatch: pytest.MonkeyPatch) -> None:
    client = await api.as_user(user := await make_user(session))
    account = await make_account(session, user)
    monkeypatch.setattr(service, "MAX_PER_RECORD", 2)
    answers = [(await attach(client, f"accounts/{account.id}", name=f"{i}.pdf")).status_code for i in range(3)]
    assert answers == [201, 201, 409]


async def test_a_store_that_fails_or_has_lost_a_file(
    api: Api, session: AsyncSession, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    client = await api.as_user(user := await make_user(session))
    account = await make_account(session, user)
    url = (await attach(client, f"accounts/{account.id}")).headers["Location"]
    (key,) = (await session.execute(text("SELECT object_key FROM attachments"))).scalars()
    store = objects_of(settings)
    assert await store.exists(key)
    await store.remove(key)
    assert not await store.exists(key)
    lost = await client.get(f"{url}/content")
    assert lost.status_code == 410 and lost.json()["code"] == "content_lost"
    (tmp_path / "files").write_text("in the way")
    broken = Objects(settings.model_copy(update={"data_dir": tmp_path}))
    monkeypatch.setattr(service, "objects_of", lambda _: broken)
    for answer in (await attach(client, f"accounts/{account.id}"), await client.get(f"{url}/content")):
        assert answer.status_code == 503 and answer.headers["Retry-After"]
    assert len((await client.get(f"/v1/accounts/{account.id}/attachments")).json()["items"]) == 1


@pytest.mark.rule("LEAD-1")
async def test_a_lead_with_files_on_it_or_on_its_notes_is_in_use(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    client = await api.as_user(user)
    await session.execute(update(Project).values(lean=False))
    await session.commit()
    for on_note in (False, True):
        lead = (await client.post("/v1/leads", json=lead_body(user.id))).json()["id"]
        note = await client.post("/v1/activities", json={"type": "note", "description": "Notiz", "lead_id": lead})
        assert note.status_code == 201, note.text
        made = await attach(client, f"activities/{note.json()['id']}" if on_note else f"leads/{lead}")
        assert made.status_code == 201, made.text
        refused = await client.delete(f"/v1/leads/{lead}")
        assert refused.status_code == 409 and refused.json()["code"] == "in_use", refused.text
        assert refused.json()["used_by"] == "attachments"
        assert (await client.delete(made.headers["Location"])).status_code == 204
        assert (await client.delete(f"/v1/leads/{lead}")).status_code == 204
