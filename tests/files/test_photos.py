"""Photos over HTTP: each kind of file, bad ones, what is kept of them, who may (ACC-11)."""

import asyncio
import io
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.files import photos, scaling
from tests.conftest import Api
from tests.factories import make_account, make_contact, make_user
from tests.files.support import bomb, opened, picture, with_place

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.rule("ACC-11")]

HEIC = Path(__file__).with_name("lying.heic").read_bytes()
"""400 × 300, red and blue side by side, to be turned a quarter, with GPS data."""
BLUE, RED = (30, 30, 200), (200, 30, 30)


def like(image: Image.Image, at: tuple[int, int], colour: tuple[int, int, int]) -> bool:
    found = image.convert("RGB").getpixel(at)
    assert isinstance(found, tuple)
    return all(abs(one - other) < 12 for one, other in zip(found, colour, strict=True))


async def test_a_photo_is_set_shown_replaced_and_taken_away(api: Api, session: AsyncSession) -> None:
    client = await api.as_user(user := await make_user(session))
    account = await make_account(session, user)
    for path in (f"/v1/contacts/{(await make_contact(session, user)).id}", f"/v1/accounts/{account.id}"):
        assert (await client.get(path)).json()["photo"] is None
        assert (await client.get(f"{path}/photo")).status_code == 404
        first = await client.put(f"{path}/photo", content=picture())
        assert first.status_code == 200, first.text
        assert first.headers["ETag"] == f'"{first.json()["version"]}"' and first.json()["version"] == 2
        url = first.json()["photo"]["url"]
        assert url.startswith(f"{path}/photo?version=")
        got = await client.get(url)
        assert (got.status_code, got.headers["Content-Type"], opened(got).size) == (200, "image/jpeg", (200, 150))
        assert got.headers["Cache-Control"] == "private, no-cache"
        assert (
            got.headers["X-Content-Type-Options"] == "nosniff" and "sandbox" in got.headers["Content-Security-Policy"]
        )
        assert (await client.get(url, headers={"If-None-Match": got.headers["ETag"]})).status_code == 304

        second = (await client.put(f"{path}/photo", content=picture(size=(30, 40)))).json()["photo"]["url"]
        assert second != url and opened(await client.get(second)).size == (30, 40)
        assert (await session.execute(text("SELECT count(*) FROM photos"))).scalar_one() == 1
        (listed,) = [i for i in (await client.get(path.rsplit("/", 1)[0])).json()["items"] if path.endswith(i["id"])]
        assert listed["photo"] == {"url": second}
        history = (await client.get(f"{path}/history")).json()["items"]
        assert [change["field"] for change in history[0]["changes"]] == ["photo_id"]

        for _ in range(2):
            assert (await client.delete(f"{path}/photo")).status_code == 204
        assert (await client.get(path)).json()["photo"] is None
        assert (await session.execute(text("SELECT count(*) FROM photos"))).scalar_one() == 0


@pytest.mark.parametrize(
    ("data", "kind", "size"),
    [
        (picture("JPEG", (4000, 3000)), "image/jpeg", (200, 150)),
        (picture("JPEG", (3000, 4000), quality=20), "image/jpeg", (200, 267)),
        (picture("JPEG", (600, 300), "CMYK"), "image/jpeg", (200, 100)),
        (picture("JPEG", (600, 300), "L"), "image/jpeg", (200, 100)),
        (picture("PNG", (100, 500)), "image/jpeg", (60, 300)),
        (picture("PNG", (600, 300), "P"), "image/jpeg", (200, 100)),
        (picture("PNG", (600, 300), "1"), "image/jpeg", (200, 100)),
        (picture("WEBP", (600, 300), lossless=True), "image/jpeg", (200, 100)),
        (picture("PNG", (200, 300)), "image/jpeg", (200, 300)),
        (picture("PNG", (1, 1)), "image/jpeg", (1, 1)),
        (HEIC, "image/jpeg", (200, 267)),
    ],
)
async def test_each_kind_is_made_small(data: bytes, kind: str, size: tuple[int, int]) -> None:
    said, small = scaling.scaled(data)
    assert said == {"content_type": kind, "width": size[0], "height": size[1]}
    image = Image.open(io.BytesIO(small))
    assert image.size == size and image.mode in ("RGB", "L")
    assert len(small) < 30_000


async def test_transparent_ones_stay_so_and_moving_ones_stop() -> None:
    logo = Image.new("RGBA", (400, 400), (0, 0, 0, 0))
    logo.paste((200, 30, 30, 255), (0, 0, 200, 400))
    for kind in ("PNG", "WEBP"):
        out = io.BytesIO()
        logo.save(out, kind)
        said, small = scaling.scaled(out.getvalue())
        image = Image.open(io.BytesIO(small))
        assert said["content_type"] == "image/png" and image.getpixel((190, 100)) == (0, 0, 0, 0)
        assert like(image, (50, 100), RED)
    red, blue = Image.new("RGB", (300, 300), RED), Image.new("RGB", (300, 300), BLUE)
    for kind in ("WEBP", "PNG", "MPO"):
        out = io.BytesIO()
        red.save(out, kind, save_all=True, append_images=[blue])
        assert like(Image.open(io.BytesIO(scaling.scaled(out.getvalue())[1])), (5, 5), RED), kind


@pytest.mark.parametrize(
    ("orientation", "size", "first", "last"),
    [
        (1, (200, 100), RED, BLUE),
        (2, (200, 100), BLUE, RED),
        (3, (200, 100), BLUE, RED),
        (6, (150, 300), RED, BLUE),
        (8, (150, 300), BLUE, RED),
    ],
)
async def test_what_was_taken_lying_stands_and_nobody_learns_where(
    orientation: int, size: tuple[int, int], first: tuple[int, int, int], last: tuple[int, int, int]
) -> None:
    for kind in ("JPEG", "WEBP", "PNG"):
        data = picture(kind, (1200, 600), exif=with_place(orientation))
        assert b"GeheimKamera" in data
        small = scaling.scaled(data)[1]
        image = Image.open(io.BytesIO(small))
        assert image.size == size, kind
        assert like(image, (4, 4), first) and like(image, (size[0] - 4, size[1] - 4), last), kind
        assert b"GeheimKamera" not in small and b"Exif" not in small
        assert not image.getexif() and set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


async def test_a_heic_of_a_telephone() -> None:
    assert b"GeheimKamera" in HEIC
    small = await photos.scaled(HEIC)
    image = Image.open(io.BytesIO(small.data))
    assert like(image, (100, 10), BLUE) and like(image, (100, 250), RED)
    assert b"GeheimKamera" not in small.data and not image.getexif()


async def test_bad_files_are_told_clearly(api: Api, session: AsyncSession) -> None:
    client = await api.as_user(user := await make_user(session))
    path = f"/v1/contacts/{(await make_contact(session, user)).id}/photo"
    noise = io.BytesIO()
    Image.effect_noise((600, 600), 90).save(noise, "PNG")
    for data, status, code in (
        (b"<html><script>alert(1)</script></html>", 415, "not_a_photo"),
        (picture("GIF"), 415, "not_a_photo"),
        (picture("BMP"), 415, "not_a_photo"),
        (b"%PDF-1.7", 415, "not_a_photo"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "not_a_photo"),
        (b"", 415, "not_a_photo"),
        (b"\x89PNG\r\n\x1a\n", 422, "photo_unreadable"),
        (noise.getvalue()[:200_000], 422, "photo_unreadable"),
        (picture("JPEG", (3000, 2000))[:9000], 422, "photo_unreadable"),
        (HEIC[:400], 422, "photo_unreadable"),
        (bomb(50_000, 50_000), 422, "photo_too_many_pixels"),
        (bomb(25_001, 1_000), 422, "photo_too_many_pixels"),
        (picture("PNG") + b"\0" * 1024 * 1024, 413, "too_large"),
    ):
        answer = await client.put(path, content=data, headers={"Content-Type": "image/jpeg"})
        assert (answer.status_code, answer.json()["code"]) == (status, code), data[:20]
    exact = picture("PNG")
    exact += b"\0" * (photos.MAX_BYTES - len(exact))
    assert (await client.put(path, content=exact)).status_code == 200
    assert (await client.put(path, content=exact + b"\0")).status_code == 413


async def test_what_hides_in_a_picture_does_not_come_out(api: Api, session: AsyncSession) -> None:
    client = await api.as_user(user := await make_user(session))
    path = f"/v1/contacts/{(await make_contact(session, user)).id}/photo"
    from PIL.PngImagePlugin import PngInfo  # noqa: PLC0415

    info = PngInfo()
    info.add_text("Comment", "<script>alert(1)</script>")
    profile = b"<script>profile</script>"
    for data in (
        picture("PNG", pnginfo=info) + b"<script>alert(2)</script>",
        picture("JPEG", comment=b"<script>alert(1)</script>") + b"<script>alert(2)</script>",
        picture("JPEG", icc_profile=profile),
        picture("PNG", icc_profile=profile),
    ):
        answer = await client.put(path, content=data, headers={"Content-Type": "text/html"})
        assert answer.status_code == 200
        got = await client.get(path)
        assert b"script" not in got.content and got.headers["Content-Type"] == "image/jpeg"


async def test_whatever_the_decoder_does_the_api_goes_on(api: Api, session: AsyncSession) -> None:
    """A picture as large as is allowed takes seconds; meanwhile others are served, and the next one waits its turn."""
    client = await api.as_user(user := await make_user(session))
    path = f"/v1/contacts/{(await make_contact(session, user)).id}"
    large = asyncio.create_task(photos.scaled(picture("PNG", (5000, 5000), "L")))
    served = 0
    while not large.done():
        assert (await client.get(path)).status_code == 200
        served += 1
        await asyncio.sleep(0)
    assert (await large).width == 200 and served > 5
    assert photos._one_at_a_time._value == 1


async def test_a_decoder_that_crashes_or_never_ends(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for body, seconds in (("import os; os.abort()", 5.0), ("import time; time.sleep(60)", 0.5), ("print('x'", 5.0)):
        program = tmp_path / "scaling.py"
        program.write_text(body)
        monkeypatch.setattr(scaling, "__file__", str(program))
        monkeypatch.setattr(photos, "_WORK_SECONDS", seconds)
        with pytest.raises(photos.PhotoUnreadable):
            await photos.scaled(picture())


async def test_only_who_sees_the_person_sees_the_photo(api: Api, session: AsyncSession) -> None:
    owner, other = await make_user(session, "fn"), await make_user(session, "fn")
    mine, theirs = await api.as_user(owner), await api.as_user(other)
    contact = await make_contact(session, owner)
    path = f"/v1/contacts/{contact.id}/photo"
    assert (await mine.put(path, content=picture())).status_code == 200
    for answer in (await theirs.get(path), await theirs.put(path, content=picture()), await theirs.delete(path)):
        assert answer.status_code == 404
    assert (await api.anyone.get(path)).status_code == 401
    contact.access = "public_read"
    await session.commit()
    assert (await theirs.get(path)).status_code == 200
    for answer in (await theirs.put(path, content=picture()), await theirs.delete(path)):
        assert answer.status_code == 403 and answer.json()["code"] == "not_a_manager"
    technician = await api.as_user(await make_user(session, "mst"))
    assert (await technician.put(path, content=picture())).json()["code"] == "forbidden"
