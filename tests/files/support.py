"""Files that people send, good and bad."""

import base64
import hashlib
import io
import struct
import zlib
from typing import Any

import httpx
from PIL import Image
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

PDF = b"%PDF-1.7\n" + b"Angebot " * 100


def picture(kind: str = "JPEG", size: tuple[int, int] = (640, 480), mode: str = "RGB", **more: Any) -> bytes:
    """A picture whose left half is red and whose right half is blue."""
    image = Image.new("RGB", size, (200, 30, 30))
    image.paste((30, 30, 200), (size[0] // 2, 0, *size))
    out = io.BytesIO()
    image.convert(mode).save(out, kind, **more)
    return out.getvalue()


def with_place(orientation: int = 1) -> Any:
    """EXIF data that say where and with what a picture was taken, and how it lies."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, "GeheimKamera"
    place = exif.get_ifd(0x8825)
    place[1], place[2], place[3], place[4] = "N", (48.0, 18.0, 12.0), "E", (14.0, 17.0, 10.0)
    return exif


def bomb(width: int, height: int) -> bytes:
    """A small PNG that says it is large."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    zeros = zlib.compress(b"\0" * 3_000_000, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zeros) + chunk(b"IEND", b"")


def digest(data: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"


def opened(answer: httpx.Response) -> Image.Image:
    image = Image.open(io.BytesIO(answer.content))
    image.load()
    return image


async def attach(
    client: httpx.AsyncClient,
    path: str,
    data: Any = PDF,
    name: str = "Angebot.pdf",
    *,
    headers: Any = None,
    **more: Any,
) -> httpx.Response:
    """Attach a file to the record at `path`, such as `accounts/{id}`."""
    return await client.post(
        f"/v1/{path}/attachments", params={"filename": name, **more}, content=data, headers=headers or {}
    )


async def waiting(session: AsyncSession) -> list[str]:
    """Keys of stored files that wait for their removal."""
    rows = await session.execute(text("SELECT object_key FROM object_removals ORDER BY 1"))
    return list(rows.scalars())
