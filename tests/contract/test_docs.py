"""The documentation page: complete without the internet, and seen in a browser where there is one."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from app import contract
from tests.conftest import Api
from tests.contract.live import LiveApi

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


async def test_everything_on_the_page_comes_from_here(api: Api) -> None:
    page = await api.anyone.get("/docs")
    assert page.status_code == 200
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    parts = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(parts) == 4
    for part in parts:
        assert "//" not in part
        answer = await api.anyone.get(f"/{part}")
        assert answer.status_code == 200
        assert len(answer.content) > 100
    assert (await api.anyone.get("/docs/..%2f..%2fsettings.py")).status_code == 404


async def test_the_document_is_served_as_it_is_committed(api: Api) -> None:
    answer = await api.anyone.get("/openapi.json")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.text == contract.render(api.app)
    again = await api.anyone.get("/openapi.json", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.skipif(BROWSER is None, reason="no browser on this machine")
def test_a_browser_shows_every_operation(live: LiveApi, tmp_path: Path) -> None:
    assert BROWSER
    page = f"{live.url}/docs"
    quiet = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
    offline = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"
    shown = subprocess.run(
        [BROWSER, *quiet, offline, f"--user-data-dir={tmp_path}", "--virtual-time-budget=10000", "--dump-dom", page],
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    ).stdout
    tags = {tag["name"] for tag in json.loads(contract.PATH.read_text(encoding="utf-8"))["tags"]}
    assert set(re.findall(r'data-tag="([^"]+)"', shown)) <= tags
    assert 'data-tag="leads"' in shown
    assert "Failed to load" not in shown
