"""Makes a small, clean picture of whatever somebody sends. Run as a program of its own, bounded in memory and time: what
decodes the pictures is native code, fed by strangers, and none of it gets into the API's process.

Standard input: the file. Standard output: one line of JSON, then the picture; or one line with an `error`.
"""

import io
import json
import os
import resource
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image

BOX = (200, 300)
MAX_PIXELS = 25_000_000
_MEMORY = 1 << 30
_SECONDS = 10
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_ORIENTATION = 0x0112


class Refused(Exception):
    """Its text is one of the codes `not_a_photo`, `too_many_pixels`, `unreadable`."""


def main() -> None:
    """Does one file."""
    os.nice(5)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        said, picture = scaled(sys.stdin.buffer.read())
    except Refused as refused:
        said, picture = {"error": str(refused)}, b""
    except MemoryError:
        said, picture = {"error": "unreadable"}, b""
    sys.stdout.buffer.write(json.dumps(said).encode() + b"\n" + picture)


def format_of(data: bytes) -> str | None:
    """Which of the kinds that are taken this is, by its first bytes."""
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS:
        return "HEIF"
    return None


def scaled(data: bytes) -> tuple[dict[str, Any], bytes]:
    """The picture within BOX, upright, in sRGB, without anything but its pixels; and what it is. Raises Refused."""
    kind = format_of(data)
    if kind is None:
        raise Refused("not_a_photo")
    from PIL import Image  # noqa: PLC0415  (only when it is needed)

    Image.MAX_IMAGE_PIXELS = None  # counted here, as an error from the first pixel too many
    try:
        if kind == "HEIF":
            from pi_heif import register_heif_opener  # type: ignore[import-untyped]  # noqa: PLC0415  (likewise; it has no types)

            register_heif_opener(thumbnails=False)
        with Image.open(io.BytesIO(data), formats=[kind]) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise Refused("too_many_pixels")
            return _encoded(_small(picture))
    except (Refused, MemoryError):
        raise
    except Exception as error:  # (whatever a broken file does to a decoder)
        raise Refused("unreadable") from error


def _small(picture: "Image") -> "Image":
    from PIL import Image, ImageOps  # noqa: PLC0415  (see above)

    orientation = picture.getexif().get(_ORIENTATION, 1)
    box = BOX[::-1] if orientation in (5, 6, 7, 8) else BOX
    picture.draft(picture.mode, (2 * max(BOX), 2 * max(BOX)))  # JPEG decodes an eighth in a fraction of the time
    picture.load()
    profile, mode = picture.info.get("icc_profile"), picture.mode
    small = _plain(picture)
    small.thumbnail(box, Image.Resampling.LANCZOS, reducing_gap=3.0)
    small.info = {}
    if profile:
        small = _in_srgb(small, profile, mode)
    small.getexif()[_ORIENTATION] = orientation
    return ImageOps.exif_transpose(small)


def _plain(picture: "Image") -> "Image":
    """In one of the modes L, RGB, RGBA (CMYK stays for its profile)."""
    if picture.mode.startswith("I;16") or picture.mode == "I":
        return picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if picture.mode in ("L", "RGB", "RGBA", "CMYK"):
        return picture if "transparency" not in picture.info else picture.convert("RGBA")
    transparent = picture.mode in ("LA", "PA", "La", "RGBa") or "transparency" in picture.info
    return picture.convert("RGBA" if transparent else "RGB")


def _in_srgb(small: "Image", profile: bytes, mode: str) -> "Image":
    """The colours as they were meant; a profile that is broken or for other colours is ignored."""
    from PIL import ImageCms  # noqa: PLC0415  (see above)

    if small.mode not in ("RGB", "CMYK") or small.mode != mode:
        return small
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        srgb = ImageCms.createProfile("sRGB")
        done = ImageCms.profileToProfile(small, source, srgb, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return small
    return done or small


def _encoded(small: "Image") -> tuple[dict[str, Any], bytes]:
    from PIL import Image  # noqa: PLC0415  (see above)

    alpha = small.mode == "RGBA" and small.getchannel("A").histogram()[255] < small.width * small.height
    if small.mode != "L":
        small = small.convert("RGBA" if alpha else "RGB")
    clean = Image.new(small.mode, small.size)
    clean.paste(small)
    out = io.BytesIO()
    if alpha:
        clean.save(out, "PNG", optimize=True)
    else:
        clean.save(out, "JPEG", quality=85, optimize=True)
    kind = "image/png" if alpha else "image/jpeg"
    return {"content_type": kind, "width": clean.width, "height": clean.height}, out.getvalue()


if __name__ == "__main__":
    main()
