"""The long run: `make fuzz MINUTES=60`. Each role in turn, with new seeds, until the time is up or five of them found something."""

import json
import os
import sys
import tempfile
import time
from collections import Counter
from itertools import count
from pathlib import Path

os.environ.setdefault("ENVIRONMENT", "test")
sys.path.insert(0, str(Path(__file__).parents[2]))

from app import contract
from app.core.embedded import EmbeddedServers
from app.main import create_app
from tests.contract.fuzzing import answered, fuzz
from tests.contract.live import ROLES, LiveApi, live_api
from tests.contract.schemas import Document

TURN = 180
"""Seconds that one role has its turn."""
ENOUGH = 5
"""Turns with findings after which it is no use to go on."""


def run(api: LiveApi, document: Document, minutes: float, folder: Path) -> int:
    """Fuzz for so long; returns the number of turns that found something."""
    ends = time.monotonic() + minutes * 60
    found = 0
    for number in count():
        left = ends - time.monotonic()
        if left < 10 or found >= ENOUGH:
            break
        role = (*ROLES, None)[number % (len(ROLES) + 1)]
        seconds = int(min(TURN, left, minutes * 60 / (len(ROLES) + 1)))
        result = fuzz(api, document, role, max(10, seconds), folder, "--seed", str(time.time_ns() % 2**31))
        defects = api.defects()
        print(
            f"{role or 'nobody'}: {'as described' if result.returncode == 0 else 'FINDINGS'}, {len(defects)} defects",
            flush=True,
        )
        if result.returncode != 0 or defects:
            found += 1
            print(result.stdout, result.stderr, json.dumps(defects[-5:], indent=1), sep="\n")
    statuses: Counter[str] = sum(answered(api).values(), Counter())
    print(f"{sum(statuses.values())} requests: {dict(sorted(statuses.items()))}")
    return found


def main() -> int:
    """Start everything, fuzz, stop everything; 1 when something was found."""
    minutes = float(os.environ.get("MINUTES", "20"))
    document = json.loads(contract.render(create_app()))
    with tempfile.TemporaryDirectory(prefix="leadwerk-fuzz-") as name:
        folder = Path(name)
        with EmbeddedServers(folder / "data", durable=False) as servers, live_api(servers, folder) as api:
            return 1 if run(api, document, minutes, folder) else 0


if __name__ == "__main__":
    sys.exit(main())
