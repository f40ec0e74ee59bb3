"""Where files lie: a folder, or an S3-compatible store. What a key holds never changes; keys are random and tell nothing.

The library is loaded at the first use: a process that serves no files does not pay for it.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

import structlog

from app.settings import Settings

log = structlog.get_logger()

_PART = 5 * 1024 * 1024
"""Bytes of a part of an upload, the least that S3 takes."""
_AT_ONCE = 4
"""Uploads to the store from one process; of each, two parts are in memory. The others wait with their file on the disk."""
_CHUNK = 256 * 1024


class ObjectMissing(Exception):
    """There is nothing under this key."""


class StoreFailed(ConnectionError):
    """The store does not answer, or refuses; asking again later may help. Clients are told 503."""


class Objects:
    """One store. Raises StoreFailed when it fails."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._folder = settings.data_dir.absolute() / "files" if settings.files_url is None else None
        self._store: Any = None
        self._putting = asyncio.Semaphore(_AT_ONCE)

    async def put(self, key: str, file: BinaryIO) -> None:
        """Keep the file's content, from where it stands, under a new key. It is there whole or not at all."""
        import obstore  # noqa: PLC0415  (see above)

        try:
            async with self._putting:
                await obstore.put_async(self._opened(), key, file, chunk_size=_PART, max_concurrency=2)
            if self._folder is not None:
                await asyncio.to_thread(_onto_disk, self._folder / key)
        except (obstore.exceptions.BaseError, OSError) as error:
            raise _failed("put", key, error) from error

    async def read(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes from `start` up to, but not with, `end`. Raises ObjectMissing before the first of them."""
        import obstore  # noqa: PLC0415  (see above)

        try:
            found = await obstore.get_async(self._opened(), key, options={"range": (start, end)})
        except FileNotFoundError as error:
            raise ObjectMissing(key) from error
        except (obstore.exceptions.BaseError, OSError) as error:
            raise _failed("read", key, error) from error
        return _chunks(found.stream(min_chunk_size=_CHUNK))

    async def remove(self, key: str) -> None:
        """Remove what is under the key, if anything is."""
        import obstore  # noqa: PLC0415  (see above)

        try:
            if self._folder is not None:
                await asyncio.to_thread(_remove_staged, self._folder / key)
            await obstore.delete_async(self._opened(), key)
        except FileNotFoundError:
            return
        except (obstore.exceptions.BaseError, OSError) as error:
            raise _failed("remove", key, error) from error

    async def exists(self, key: str) -> bool:
        """Whether there is something under the key."""
        import obstore  # noqa: PLC0415  (see above)

        try:
            await obstore.head_async(self._opened(), key)
        except FileNotFoundError:
            return False
        except (obstore.exceptions.BaseError, OSError) as error:
            raise _failed("exists", key, error) from error
        return True

    def _opened(self) -> Any:
        if self._store is None:
            self._store = self._open()
        return self._store

    def _open(self) -> Any:
        from obstore.store import LocalStore, S3Store  # noqa: PLC0415  (see above)

        if self._folder is not None:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return LocalStore(self._folder)
        settings, address = self._settings, urlsplit(self._settings.files_url or "")
        options: dict[str, Any] = {"region": settings.files_region}
        if settings.files_endpoint is not None:
            options |= {"endpoint": settings.files_endpoint, "virtual_hosted_style_request": False}
        if settings.files_key_id is not None and settings.files_secret is not None:
            options["access_key_id"] = settings.files_key_id
            options["secret_access_key"] = settings.files_secret.get_secret_value()
        http = (settings.files_endpoint or "").startswith("http://")
        return S3Store(
            address.netloc,
            prefix=address.path.strip("/") or None,
            config=cast(Any, options),
            client_options={"connect_timeout": "5s", "timeout": "60s", "allow_http": http},
            retry_config={
                "max_retries": 3,
                "retry_timeout": timedelta(seconds=30),
                "backoff": {
                    "init_backoff": timedelta(milliseconds=200),
                    "max_backoff": timedelta(seconds=2),
                    "base": 2,
                },
            },
        )


@lru_cache(maxsize=4)
def objects_of(settings: Settings) -> Objects:
    """The store of these settings, one per process."""
    return Objects(settings)


async def _chunks(stream: Any) -> AsyncIterator[bytes]:
    async for chunk in stream:
        yield bytes(chunk)


def _onto_disk(path: Path) -> None:
    """An answer 201 promises that the file outlives a power cut, its name in the folder included."""
    for one in (path, path.parent, path.parent.parent):
        descriptor = os.open(one, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _remove_staged(path: Path) -> None:
    """What the library writes before it gives the file its name; a process that was killed leaves it."""
    for staged in path.parent.glob(f"{path.name}#*"):
        staged.unlink(missing_ok=True)


def _failed(action: str, key: str, error: Exception) -> StoreFailed:
    log.error("files_unavailable", action=action, key=key, error=str(error).split("\n")[0][:300])
    return StoreFailed(action)
