"""The kernel's connections after the death of PostgreSQL."""

import asyncio
import contextlib

import pytest

from app.core.embedded import EmbeddedServers
from tests.workers.support import Installation

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_connections_of_a_dead_server_serve_nobody_again(
    installation: Installation, own_servers: EmbeddedServers
) -> None:
    await asyncio.gather(*(installation.ask("test.trace") for _ in range(6)))
    postgres = own_servers._postgres
    assert postgres is not None and postgres._process is not None
    async with contextlib.AsyncExitStack() as stack:
        ctx = await stack.enter_async_context(installation.context())
        await ctx.session.connection()
        postgres._process.kill()
        postgres._process.wait()
        with contextlib.suppress(Exception):
            await stack.aclose()
    await asyncio.to_thread(own_servers.restart_dead)
    for _ in range(12):
        await installation.ask("test.trace")
