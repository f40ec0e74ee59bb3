"""Requests per minute, shared through Valkey."""

from app.core.embedded import EmbeddedServers
from app.core.limits import Limiter
from app.core.problems import TooManyRequests


async def test_two_processes_share_one_allowance(servers: EmbeddedServers) -> None:
    one, other = Limiter(servers.redis_url), Limiter(servers.redis_url)
    passed = 0
    refused: TooManyRequests | None = None
    while refused is None and passed < 400:
        try:
            await (one if passed % 2 else other).spend("eva", 100)
            passed += 1
        except TooManyRequests as error:
            refused = error
    assert refused is not None
    assert 96 <= passed <= 100  # exact to within a lease of two for each process
    assert 1 <= int(refused.headers["Retry-After"]) <= 60


async def test_what_is_left_is_told(servers: EmbeddedServers) -> None:
    limiter = Limiter(servers.redis_url)
    left = [(await limiter.spend("ida", 1000))[0] for _ in range(60)]
    assert left == list(range(999, 939, -1))


async def test_without_valkey_nobody_is_locked_out() -> None:
    limiter = Limiter("redis://127.0.0.1:1/0")
    for _ in range(3):
        left, seconds = await limiter.spend("eva", 1)
        assert left >= 0 and seconds > 0
