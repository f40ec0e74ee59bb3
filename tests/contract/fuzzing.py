"""Runs schemathesis against a live API as one role: every status declared, every answer as described, never a 500."""

import json
import os
import subprocess
import sys
from pathlib import Path

from app import contract
from tests.conftest import ROOT
from tests.contract.live import LiveApi

CONFIG = Path(__file__).with_name("schemathesis.toml")


def fuzz(
    api: LiveApi, role: str | None, seconds: int, folder: Path, *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Sends generated requests for at most so many seconds, signed in with the role or as nobody."""
    document = folder / "openapi.json"
    document.write_text(json.dumps(_without_fields(json.loads(contract.PATH.read_text(encoding="utf-8")))))
    environment = os.environ | {
        "SCHEMATHESIS_HOOKS": "hooks",
        "PYTHONPATH": str(Path(__file__).parent),
        "LEADWERK_FUZZ_TOKENS": json.dumps(api.tokens(role, seconds / 60 + 5) if role else []),
    }
    command = ["run", str(document), "--url", api.url, "--max-time", str(seconds), "--no-color", *arguments]
    return subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def _without_fields(document: dict) -> dict:
    """`fields` makes answers smaller than their schema; `test_answers.py` tries it."""
    for item in document["paths"].values():
        for operation in item.values():
            operation["parameters"] = [p for p in operation.get("parameters", []) if p["name"] != "fields"]
    return document
