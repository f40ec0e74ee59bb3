"""A worker process as `python -m app.cli worker` runs it, with the tests' jobs, and quick to send again."""

from datetime import timedelta

import tests.workers.support  # noqa: F401  (registers the jobs)
from workers.settings import run

if __name__ == "__main__":
    run(stale_after=timedelta(seconds=2))
