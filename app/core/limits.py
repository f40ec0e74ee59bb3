"""Requests per minute, shared by all API processes through Redis.

A process takes allowance in leases of a few requests, so that most requests cost no round trip: the limit is exact to within
one lease per process. Without Redis nobody is locked out; the gap shows in the metrics.
"""

from dataclasses import dataclass
from time import monotonic, time

import structlog
from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter
from prometheus_client import Counter
from redis.exceptions import RedisError

from app.core.problems import TooManyRequests

log = structlog.get_logger()
UNLIMITED = Counter("leadwerk_limits_unavailable_total", "Requests let through because Redis did not answer.")


@dataclass(slots=True)
class _Lease:
    left: int
    ends: float


class Limiter:
    """Counts by name (a user, an address, an account)."""

    def __init__(self, redis_url: str | None) -> None:
        storage = (
            RedisStorage(f"async+{redis_url}", implementation="redispy", socket_timeout=1, socket_connect_timeout=1)
            if redis_url
            else MemoryStorage()
        )
        self._strategy = FixedWindowRateLimiter(storage)
        self._leases: dict[str, _Lease] = {}

    async def spend(self, name: str, per_minute: int) -> None:
        """Count one request; TooManyRequests when the minute's allowance is used up."""
        now = monotonic()
        lease = self._leases.get(name)
        if lease is not None and lease.left > 0 and lease.ends > now:
            lease.left -= 1
            return
        size = max(1, per_minute // 50)
        item = RateLimitItemPerMinute(per_minute)
        try:
            allowed = await self._strategy.hit(item, name, cost=size)
            if not allowed and size > 1:
                size = 1
                allowed = await self._strategy.hit(item, name)
            if not allowed:
                reset, _ = await self._strategy.get_window_stats(item, name)
                raise TooManyRequests(max(1, round(reset - time())))
        except (RedisError, ConnectionError, TimeoutError) as error:
            UNLIMITED.inc()
            log.warning("limits_unavailable", error=type(error).__name__)
            size = 1
        if len(self._leases) > 10_000:
            self._leases = {k: v for k, v in self._leases.items() if v.ends > now}
        self._leases[name] = _Lease(size - 1, now + 5)

    async def attempt(self, name: str, per_minute: int) -> None:
        """Count one attempt before it is made, exactly; TooManyRequests when the minute's attempts are used up.

        Counting first keeps a burst of guesses sent at once from all being let through.
        """
        item = RateLimitItemPerMinute(per_minute)
        try:
            if not await self._strategy.hit(item, name):
                reset, _ = await self._strategy.get_window_stats(item, name)
                raise TooManyRequests(max(1, round(reset - time())))
        except (RedisError, ConnectionError, TimeoutError) as error:
            UNLIMITED.inc()
            log.warning("limits_unavailable", error=type(error).__name__)

    async def succeeded(self, name: str, per_minute: int) -> None:
        """Take an attempt back: it was a good one, and only failures are to count."""
        try:
            await self._strategy.hit(RateLimitItemPerMinute(per_minute), name, cost=-1)
        except (RedisError, ConnectionError, TimeoutError):
            UNLIMITED.inc()
