"""Runs schemathesis against a live API as one role: every status declared, every answer as described, never a 500."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from copy import deepcopy
from pathlib import Path

import httpx

from tests.contract.live import LiveApi
from tests.contract.schemas import Document

CONFIG = Path(__file__).with_name("schemathesis.toml")
_METRIC = re.compile(r'leadwerk_requests_total\{method="(\w+)",route="([^"]*)",status="(\d+)"\} ([\d.e+]+)')


def fuzz(
    api: LiveApi, document: Document, role: str | None, seconds: int, folder: Path, *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Sends generated requests for at most so many seconds, signed in with the role or as nobody."""
    file = folder / "openapi.json"
    file.write_text(json.dumps(_without_streams(_without_fields(document))))
    environment = os.environ | {
        "SCHEMATHESIS_HOOKS": "hooks",
        "PYTHONPATH": str(Path(__file__).parent),
        "LEADWERK_FUZZ_TOKENS": json.dumps(api.tokens(role, seconds / 60 + 5) if role else []),
    }
    command = ["run", str(file), "--url", api.url, "--max-time", str(seconds), "--no-color", *arguments]
    return subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def answered(api: LiveApi) -> dict[str, Counter[str]]:
    """How often which status was answered, by route: the API's own metrics."""
    counts: dict[str, Counter[str]] = {}
    for method, route, status, number in _METRIC.findall(httpx.get(f"{api.url}/metrics").text):
        counts.setdefault(f"{method} {route}", Counter())[status] += int(float(number))
    return counts


def _without_fields(document: Document) -> Document:
    """`fields` makes answers smaller than their schema; `test_answers.py` tries it."""
    document = deepcopy(document)
    for item in document["paths"].values():
        for operation in item.values():
            operation["parameters"] = [p for p in operation.get("parameters", []) if p["name"] != "fields"]
    return document


def _without_streams(document: Document) -> Document:
    """An answer without an end is no answer to wait for; `tests/notifications/test_stream.py` tries it."""
    for path, item in list(document["paths"].items()):
        for method, operation in list(item.items()):
            if "text/event-stream" in operation["responses"].get("200", {}).get("content", {}):
                del item[method]
        if not item:
            del document["paths"][path]
    return document
