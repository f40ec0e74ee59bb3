"""What those who run the product look at: health, readiness, metrics, the documentation pages."""

import asyncio
from pathlib import Path
from typing import Any

import orjson
from alembic.config import Config
from alembic.script import ScriptDirectory
from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from redis.asyncio import Redis
from starlette.responses import Response

from app.core.context import services_of
from app.matching.version import INDEX_VERSION

router = APIRouter(tags=["operation"])

HEAD = ScriptDirectory.from_config(Config(Path(__file__).parent.parent / "alembic.ini")).get_current_head()


@router.get("/healthz", operation_id="get_health", summary="Is the process alive?")
async def healthz() -> dict[str, str]:
    """Answers as long as the process can answer at all."""
    return {"status": "ok"}


@router.get(
    "/readyz",
    operation_id="get_readiness",
    summary="Can the process do its work?",
    responses={503: {"description": "Something it needs does not answer; the body says what."}},
)
async def readyz(request: Request) -> Response:
    """Asks PostgreSQL (with the schema and duplicate index this version needs), and Redis. 503 with the reason when one of them fails."""
    checks: dict[str, Any] = {}
    services = services_of(request)

    async def database() -> str:
        rows = await services.database.fetch("SELECT version_num FROM alembic_version")
        found = rows[0][0] if rows else None
        return "ok" if found == HEAD else f"schema is {found}, needed is {HEAD}"

    async def index() -> str:
        rows = await services.database.fetch("SELECT version FROM index_state")
        found = rows[0][0] if rows else None
        return "ok" if found == INDEX_VERSION else f"duplicate index is {found}, needed is {INDEX_VERSION}"

    async def redis() -> str:
        client: Redis | None = request.app.state.redis
        if client is None:
            return "not configured"
        await client.ping()
        return "ok"

    for name, check in (("database", database), ("index", index), ("redis", redis)):
        try:
            checks[name] = await asyncio.wait_for(check(), 3)
        except Exception as error:  # noqa: BLE001  (whatever it is, the process is not ready)
            checks[name] = type(error).__name__
    ready = all(value == "ok" for value in checks.values())
    body = {"status": "ready" if ready else "not ready", "checks": checks}
    return Response(orjson.dumps(body), 200 if ready else 503, media_type="application/json")


@router.get("/metrics", operation_id="get_metrics", summary="Prometheus metrics", include_in_schema=False)
async def metrics() -> Response:
    """Counters and histograms of this process, in Prometheus' text format."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
