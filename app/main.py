"""The application: routers, failures, telemetry, and what lives as long as the process."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from redis.asyncio import Redis

from app import contract, docs, operation
from app.core import failures, redirects
from app.core.clock import Clock
from app.core.context import Services
from app.core.db import Database, Reader
from app.core.limits import Limiter
from app.core.telemetry import Telemetry, configure_logging
from app.identity.authentication import Authenticator
from app.lookups.directories import Directories
from app.notifications.stream import Streams
from app.routers import ROUTERS, TAGS
from app.settings import Settings, get_settings


def create_app(
    settings: Settings | None = None,
    *,
    database: Database | None = None,
    reader: Reader | None = None,
    keep_principals: bool = True,
) -> FastAPI:
    """The whole API. Connections open when it starts and close when it stops.

    Tests hand over their own database and reader, and keep no principals, since nothing they write is ever committed.
    """
    settings = settings or get_settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        configure_logging(settings.log_level)
        own = database or Database(
            settings.database_url or "", read_url=settings.database_read_url, pool=settings.database_pool
        )
        await own.open()
        clock = Clock(settings.time_zone, settings.clock_offset_seconds)
        limiter = Limiter(settings.redis_url)
        authenticator = Authenticator(settings, reader or own.primary, clock, limiter)
        app.state.redis = (
            Redis.from_url(settings.redis_url, socket_timeout=2, socket_connect_timeout=2)
            if settings.redis_url
            else None
        )
        app.state.limiter = limiter
        app.state.services = Services(own, reader or own, clock, settings, authenticator)
        app.state.directories = Directories(app.state.services, limiter)
        gc.collect()
        gc.freeze()  # what lives as long as the process need not be looked at again and again
        listening = asyncio.create_task(authenticator.listen(own)) if keep_principals else None
        app.state.streams = Streams(own, reader or own.primary, clock)
        try:
            with app.state.streams.ended_by_signals():
                yield
        finally:
            await app.state.streams.close()
            if listening is not None:
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)
            await app.state.directories.close()
            if app.state.redis is not None:
                await app.state.redis.aclose()
            await own.close()

    app = FastAPI(
        title="Leadwerk",
        lifespan=lifespan,
        openapi_url=None,
        openapi_tags=TAGS,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # core/telemetry.py does this
    )
    app.openapi = lambda: contract.document(app)  # type: ignore[method-assign]  # FastAPI's documented way
    failures.install(app)
    redirects.install(app)
    for router in ROUTERS:
        app.include_router(router, prefix="/v1")
    app.include_router(operation.router)
    app.include_router(docs.router)
    app.add_middleware(Telemetry)
    return app
