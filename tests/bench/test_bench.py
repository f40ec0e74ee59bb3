"""The measuring tool works: all servers start and answer rightly. How fast they are is not for tests to say."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_each_work_is_measured_on_each_server() -> None:
    command = [sys.executable, "-m", "bench", "--quick", "--leads", "500", "--rounds", "1"]
    finished = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert finished.returncode == 0, finished.stderr[-2000:]
    results = json.loads((ROOT / "bench/results/latest.json").read_text())
    assert set(results["work"]) == {"fetch", "list", "create", "check", "convert", "merge"}
    for work in results["work"].values():
        assert set(work["servers"]) >= {"ours", "raw"}
        for figures in work["servers"].values():
            assert figures["requests"] > 0
            assert figures["wrong_answers"] == 0
            assert figures["queries_per_request"] >= 1
