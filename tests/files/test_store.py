"""The object store: a folder, and an S3-compatible server over HTTP. The server is moto's, which is not ours."""

import os
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from moto.server import ThreadedMotoServer
from pydantic import ValidationError

from app.core.objects import ObjectMissing, Objects, StoreFailed, objects_of
from app.settings import Settings
from tests.conftest import SECRET

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.rule("ACC-11")]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of an S3 server with the bucket `files`."""
    import boto3  # type: ignore[import-untyped]  # noqa: PLC0415  (moto brings it)

    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    url = f"http://{host}:{port}"
    client = boto3.client(
        "s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    client.create_bucket(Bucket="files")
    yield url
    running.stop()


def settings(tmp_path: Path, **more: Any) -> Settings:
    return Settings(_env_file=None, environment="test", data_dir=tmp_path, secret_key=SECRET, **more)  # type: ignore[arg-type,call-arg]


def in_bucket(tmp_path: Path, server: str, **more: Any) -> Objects:
    keys = {"files_key_id": "a", "files_secret": "b", "files_region": "us-east-1"}
    return Objects(settings(tmp_path, files_url="s3://files/leadwerk/one", files_endpoint=server, **keys | more))


async def whole(store: Objects, key: str, start: int, end: int) -> bytes:
    return b"".join([chunk async for chunk in await store.read(key, start, end)])


@pytest.mark.parametrize("kind", ["folder", "bucket"])
async def test_what_is_kept_comes_back_in_whole_and_in_part(tmp_path: Path, server: str, kind: str) -> None:
    store = Objects(settings(tmp_path)) if kind == "folder" else in_bucket(tmp_path, server)
    data = os.urandom(1024 * 1024) * 12
    await store.put("attachments/2026-11/a", BytesIO(data))
    assert await store.exists("attachments/2026-11/a")
    assert await whole(store, "attachments/2026-11/a", 0, len(data)) == data
    assert await whole(store, "attachments/2026-11/a", 5_000_000, 5_000_010) == data[5_000_000:5_000_010]
    await store.put("attachments/2026-11/b", BytesIO(b"x"))
    assert await whole(store, "attachments/2026-11/b", 0, 1) == b"x"
    for _ in range(2):
        await store.remove("attachments/2026-11/a")
    assert not await store.exists("attachments/2026-11/a")
    with pytest.raises(ObjectMissing):
        await store.read("attachments/2026-11/a", 0, 1)
    if kind == "folder":
        staged = tmp_path / "files" / "attachments" / "2026-11" / "a#1"
        staged.write_bytes(b"half")
        await store.remove("attachments/2026-11/a")
        assert not staged.exists()
    if kind == "bucket":
        assert not (tmp_path / "files").exists()


async def test_a_store_that_does_not_answer_is_told(tmp_path: Path) -> None:
    store = in_bucket(tmp_path, "http://127.0.0.1:9")
    for asked in (store.put("a", BytesIO(b"x")), store.read("a", 0, 1), store.remove("a"), store.exists("a")):
        with pytest.raises(StoreFailed):
            await asked
    blocked = tmp_path / "blocked"
    blocked.mkdir()
    (blocked / "files").write_text("in the way")
    with pytest.raises(StoreFailed):
        await Objects(settings(blocked)).put("a/b/c", BytesIO(b"x"))


async def test_settings_are_strict_and_keep_secrets(tmp_path: Path) -> None:
    for wrong in ("http://bucket", "s3://", "s3://key:secret@bucket/x", "files", "s3://bucket?x=1"):
        with pytest.raises(ValidationError):
            settings(tmp_path, files_url=wrong)
    with pytest.raises(ValidationError):
        settings(tmp_path, files_url="s3://bucket", files_endpoint="ftp://x")
    production = {"secret_key": "x" * 40, "environment": "production", "files_url": "s3://bucket"}
    with pytest.raises(ValidationError):
        Settings(_env_file=None, **production, files_endpoint="http://minio:9000")  # type: ignore[arg-type,call-arg]
    kept = Settings(_env_file=None, **production, files_endpoint="https://minio:9000", files_secret="geheim")  # type: ignore[arg-type,call-arg]
    assert "geheim" not in repr(kept)
    assert settings(tmp_path, files_url="", files_endpoint="").files_url is None
    assert objects_of(kept) is objects_of(kept)
