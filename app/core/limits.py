"""Requests per minute, shared by all API processes through Redis.

A process takes allowance in leases of a few requests, so that most requests cost no round trip: the limit is exact to within
one lease per process. Without Redis nobody is locked out; the gap shows in the metrics.
"""

import asyncio
from dataclasses import dataclass
from time import time

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
    """Requests that this process may let through without asking; `beyond` is what the minute allows after them."""

    size: int
    left: int
    ends: float
    beyond: int
    resets_at: float


def _next_size(last: _Lease | None, per_minute: int, now: float) -> int:
    """Twice the last lease when it was used up in its time, half of it when not, one at first."""
    if last is None:
        return 1
    size = last.size * 2 if last.ends > now else last.size // 2
    return min(max(size, 1), max(1, per_minute // 50))


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
        self._asking: dict[str, asyncio.Lock] = {}

    async def spend(self, name: str, per_minute: int) -> tuple[int, int]:
        """Count one request; how many are left this minute, and in how many seconds it ends. Raises TooManyRequests.

        Who asks often gets larger leases, so that an occasional request does not use up what nobody sends.
        """
        now = time()
        lease = self._leases.get(name)
        if lease is None or lease.left <= 0 or lease.ends <= now:
            async with self._asking.setdefault(name, asyncio.Lock()):
                lease = self._leases.get(name)  # perhaps another request has got one meanwhile
                if lease is None or lease.left <= 0 or lease.ends <= now:
                    lease = await self._lease(name, per_minute, _next_size(lease, per_minute, now), now)
        lease.left -= 1
        return lease.beyond + max(lease.left, 0), max(1, round(lease.resets_at - now))

    async def _lease(self, name: str, per_minute: int, size: int, now: float) -> _Lease:
        item = RateLimitItemPerMinute(per_minute)
        try:
            allowed = await self._strategy.hit(item, name, cost=size)
            if not allowed and size > 1:
                size = 1
                allowed = await self._strategy.hit(item, name)
            resets_at, beyond = await self._strategy.get_window_stats(item, name)
            if not allowed:
                raise TooManyRequests(max(1, round(resets_at - now)))
        except (RedisError, ConnectionError, TimeoutError) as error:
            UNLIMITED.inc()
            log.warning("limits_unavailable", error=type(error).__name__)
            size, beyond, resets_at = 1, per_minute, now + 60
        if len(self._leases) > 10_000:
            self._leases = {k: v for k, v in self._leases.items() if v.ends > now}
            self._asking = {k: v for k, v in self._asking.items() if k in self._leases or v.locked()}
        lease = self._leases[name] = _Lease(size, size, now + 5, beyond, resets_at)
        return lease

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
