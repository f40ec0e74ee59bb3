"""A circuit breaker: a directory that keeps failing is left alone for a while, and then tried by one request.

Its state is each process's own. It saves callers from waiting for nothing, and nothing that another process needs is in it: each
finds out by itself after a few requests, also when Redis is away.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import uniform
from time import monotonic

FAILURES = 5
PAUSE = 30.0
LONGEST = 600.0


@dataclass(slots=True)
class Breaker:
    """One directory's, or one of its parts'."""

    now: Callable[[], float] = monotonic
    failures: int = 0
    closed_until: float = 0.0
    trying: bool = False
    rate_limited: bool = False

    def wait(self) -> float:
        """For how many seconds nothing may be sent; 0 when the caller may, and then tells what came of it."""
        left = self.closed_until - self.now()
        if left > 0:
            return left
        if self.failures >= FAILURES:
            if self.trying:
                return 1.0
            self.trying = True
        return 0.0

    def succeeded(self) -> None:
        self.failures, self.trying, self.rate_limited = 0, False, False

    def failed(self) -> None:
        self.failures += 1
        self.trying = False
        if self.failures >= FAILURES:
            self.rate_limited = False
            self.closed_until = self.now() + PAUSE * uniform(0.8, 1.2)  # noqa: S311  (spreads processes out)

    def asked_to_wait(self, seconds: float, *, rate_limited: bool) -> None:
        """The directory has said when to come again, because we ask too much or because it is down."""
        self.trying = False
        self.rate_limited = rate_limited
        self.closed_until = self.now() + min(max(seconds, 1.0), LONGEST)

    def gave_up(self) -> None:
        """The caller has gone without an answer, for reasons of its own."""
        self.trying = False
