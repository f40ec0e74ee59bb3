"""Generated requests against the running API. The bounded run of every `make test`; `make fuzz` goes on for longer."""

from pathlib import Path

import pytest

from tests.contract.fuzzing import fuzz
from tests.contract.live import LiveApi
from tests.contract.schemas import Document

ALWAYS_THE_SAME = ("--seed", "20260302")


@pytest.mark.parametrize(
    ("role", "seconds", "how"),
    [
        (None, 4, ("--phases", "fuzzing", "--max-examples", "3")),
        ("admin", 10, ("--phases", "examples,fuzzing", "--max-examples", "3")),
        ("developer", 10, ("--phases", "stateful", "--max-examples", "10")),
    ],
)
def test_generated_requests_get_what_is_described(
    live: LiveApi, document: Document, tmp_path: Path, role: str | None, seconds: int, how: tuple[str, ...]
) -> None:
    result = fuzz(live, document, role, seconds, tmp_path, *ALWAYS_THE_SAME, *how)
    assert result.returncode == 0, result.stdout[-20_000:] + result.stderr[-5_000:]
    assert live.defects() == []
