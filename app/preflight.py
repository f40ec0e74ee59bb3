"""Whether the servers of DATABASE_URL and REDIS_URL are there and new enough."""

import asyncio

import asyncpg
import redis

from app.installation import CannotRun

_OLDEST = 15


def check_postgres(url: str) -> None:
    """Raises CannotRun when nobody answers there, or a PostgreSQL that is too old."""
    check_version(asyncio.run(_version(url)))


def check_version(major: int) -> None:
    """Raises CannotRun for a PostgreSQL that lacks what the schema uses."""
    if major < _OLDEST:
        raise CannotRun(f"DATABASE_URL leads to PostgreSQL {major}; Leadwerk needs {_OLDEST} or newer.")


def check_redis(url: str) -> None:
    """Raises CannotRun when nothing like Redis answers there."""
    try:
        with redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        raise CannotRun(f"Cannot connect to Redis or Valkey (REDIS_URL): {error}") from error


async def _version(url: str) -> int:
    try:
        connection = await asyncpg.connect(url, timeout=10)
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise CannotRun(f"Cannot connect to PostgreSQL (DATABASE_URL): {error or type(error).__name__}") from error
    try:
        return connection.get_server_version().major
    finally:
        await connection.close()
