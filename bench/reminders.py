"""Reminders that all fall due at one instant: how fast they are in the inboxes, and what requests feel of it meanwhile.

`python -m bench.reminders` measures requests at a steady pace while nothing else happens, then while the worker tells
everybody, then while the mails go out, as they do afterwards. PostgreSQL writes durably; mails go into files.
"""

import argparse
import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import psutil  # type: ignore[import-untyped]  # ships no types
import uvloop

from app.core.embedded import EmbeddedServers
from app.core.local_servers import _free_port
from app.core.processes import spawn, stop
from app.identity import tokens
from app.migrate import migrate
from bench.client import Round, ask
from bench.data import ROOT, alone
from bench.servers import SECRET

USERS = 1000
PEOPLE = (
    "INSERT INTO users (id, user_name, email, first_name, last_name, country) SELECT gen_random_uuid(), 'user.' || n, "
    "'user.' || n || '@example.com', 'Eva', 'Muster' || n, 'AT' FROM generate_series(1, $1::int) AS n"
)
ROLES = "INSERT INTO user_roles (user_id, role_id) SELECT u.id, r.id FROM users u, roles r WHERE r.key = 'rm' AND u.user_name ~ '^user\\.'"
NUMBERED = "SELECT id, row_number() OVER (ORDER BY id) AS n FROM users WHERE user_name ~ '^user\\.'"
CUSTOMERS = (
    f"WITH u AS ({NUMBERED}) INSERT INTO accounts (id, name, assignee_id, manager_ids, team_ids, level, industry, legal_form, city, "
    "country) SELECT gen_random_uuid(), 'Kundenfirma ' || u.n || '-' || m || ' GmbH', u.id, '{}', '{}', 'B', 'Bau', 'GmbH', 'Linz', "
    "'AT' FROM u, generate_series(1, 10) AS m"
)
FOLLOW_UPS = (
    f"WITH u AS ({NUMBERED}), a AS (SELECT id, assignee_id, row_number() OVER (PARTITION BY assignee_id ORDER BY id) AS n FROM accounts), "
    "made AS (INSERT INTO follow_ups (id, account_id, note, assignee_id, created_by, due_at, due_on) "
    "SELECT gen_random_uuid(), a.id, 'Nach der Messe nachfassen, Angebot ist draußen', u.id, u.id, $2::timestamptz, $2::timestamptz::date "
    "FROM generate_series(1, $1::int) AS m JOIN u ON u.n = 1 + m % $3::int JOIN a ON a.assignee_id = u.id AND a.n = 1 + m % 10 "
    "RETURNING id, assignee_id, due_at) "
    "INSERT INTO reminders (id, user_id, record_type, record_id, kind, due_at) "
    "SELECT gen_random_uuid(), assignee_id, 'follow_up', id, 'follow_up_due', due_at FROM made"
)
WAITING = "SELECT count(*) FROM reminders WHERE sent_at IS NULL"
OLDEST_TRANSACTION = (
    "SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)::float FROM pg_stat_activity "
    "WHERE application_name = 'leadwerk' AND state <> 'idle'"
)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.reminders", description=__doc__)
    parser.add_argument("--reminders", type=int, default=100_000, metavar="N")
    parser.add_argument("--pace", type=int, default=40, metavar="N", help="requests per second (40)")
    parser.add_argument("--idle", type=int, default=15, metavar="S", help="seconds of the quiet rounds (15)")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    with alone(), tempfile.TemporaryDirectory(prefix="leadwerk-bench-") as name:
        folder = Path(name)
        with EmbeddedServers(folder / "data", purpose="bench") as servers:
            migrate(servers.database_url)
            environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")} | {
                "DATABASE_URL": servers.database_url,
                "REDIS_URL": servers.redis_url,
                "SECRET_KEY": SECRET,
                "DATA_DIR": str(folder / "data"),
                "ENVIRONMENT": "production",
                "REQUESTS_PER_MINUTE": "100000000",
                "LOG_LEVEL": "WARNING",
            }
            port = _free_port()
            api = _start("api", folder, environment | {"PORT": str(port)})
            try:
                asyncio.Runner(loop_factory=uvloop.new_event_loop).run(
                    _run(options, servers.database_url, port, api.pid, lambda: _start("worker", folder, environment))
                )
            finally:
                stop(api, signal.SIGTERM, 10)
                for log in folder.glob("*.log"):
                    shutil.copy(log, Path(__file__).parent / ".cache")


def _start(command: str, folder: Path, environment: dict[str, str]) -> Any:
    return spawn(
        [sys.executable, "-m", "app.cli", command],
        stop_signal=signal.SIGKILL,
        cwd=ROOT,
        env=environment,
        log=folder / f"reminders-{command}.log",
    )


async def _run(options: argparse.Namespace, url: str, port: int, api: int, start_worker: Callable[[], Any]) -> None:
    connection = await asyncpg.connect(url, passfile="/dev/null")
    for statement, values in ((PEOPLE, (USERS,)), (ROLES, ()), (CUSTOMERS, ())):
        await connection.execute(statement, *values)
    requests = await _requests(connection)
    await connection.execute("ANALYZE")
    await _ready(port)
    worker = start_worker()
    try:
        await asyncio.sleep(4)
        await _paced(port, requests, options.pace, _for(3))
        found: dict[str, Any] = {"reminders": options.reminders, "load": os.getloadavg()[0]}
        found["idle"] = _shown(await _paced(port, requests, options.pace, _for(options.idle)))
        due_at = datetime.now(UTC) + timedelta(seconds=20 + options.reminders / 5000)
        await connection.execute(FOLLOW_UPS, options.reminders, due_at, USERS)
        await connection.execute("ANALYZE reminders, follow_ups")
        assert datetime.now(UTC) < due_at, "seeding took too long"
        await asyncio.sleep((due_at - datetime.now(UTC)).total_seconds())
        longest = [0.0]
        processor = psutil.Process(worker.pid).cpu_times()

        async def told() -> bool:
            longest[0] = max(longest[0], await connection.fetchval(OLDEST_TRANSACTION))
            return not await connection.fetchval(WAITING)

        telling = await _paced(port, requests, options.pace, told)
        after = psutil.Process(worker.pid).cpu_times()
        found["telling"] = _shown(telling)
        last = await connection.fetchval("SELECT max(sent_at) FROM reminders")
        found["seconds_to_the_last"] = round((last - due_at).total_seconds(), 1)
        found["longest_transaction_seconds"] = round(longest[0], 3)
        found["worker_processor_seconds"] = round(sum(after[:2]) - sum(processor[:2]), 1)
        found["inbox"] = await connection.fetchval("SELECT count(DISTINCT record_id) FROM notifications")
        found["mailing"] = _shown(await _paced(port, requests, options.pace, _for(options.idle)))
        found["mails_sent"] = await connection.fetchval(
            "SELECT count(*) FROM outbox WHERE job = 'notifications.mail' AND done_at IS NOT NULL"
        )
        found["memory_mb"] = {
            name: round(psutil.Process(pid).memory_info().rss / 1e6)
            for name, pid in (("api", api), ("worker", worker.pid))
        }
        found["load_after"] = os.getloadavg()[0]
        print(json.dumps(found, indent=2))
    finally:
        stop(worker, signal.SIGTERM, 30)
        await connection.close()


async def _requests(connection: "asyncpg.Connection[asyncpg.Record]") -> list[bytes]:
    """Reads and a write, of several users."""
    made = []
    now = datetime.now(UTC)
    for user in await connection.fetch("SELECT id FROM users WHERE user_name ~ '^user\\.' ORDER BY id LIMIT 20"):
        session = await connection.fetchval(
            "INSERT INTO device_sessions (id, user_id, refresh_hash, created_at, last_used_at, expires_at) "
            "VALUES (gen_random_uuid(), $1, '-', $2::timestamptz, $2, $2::timestamptz + interval '1 day') RETURNING id",
            *(user["id"], now),
        )
        token = tokens.issue(SECRET, user["id"], UUID(str(session)), now)[0]
        account = await connection.fetchval("SELECT id FROM accounts WHERE assignee_id = $1 LIMIT 1", user["id"])
        head = f"Host: bench\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n"
        body = json.dumps({"type": "note", "description": "Ruft zurück", "account_id": str(account)})
        made += [
            f"GET /v1/accounts/{account} HTTP/1.1\r\n{head}\r\n",
            f"GET /v1/follow-ups?state=due HTTP/1.1\r\n{head}\r\n",
            f"GET /v1/notifications HTTP/1.1\r\n{head}\r\n",
            f"POST /v1/activities HTTP/1.1\r\n{head}Content-Type: application/json\r\nContent-Length: {len(body.encode())}\r\n\r\n{body}",
        ]
    return [request.encode() for request in made]


async def _ready(port: int) -> None:
    request = b"GET /readyz HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if (await ask(port, request))[0] == 200:
                return
        except OSError:
            pass
        await asyncio.sleep(0.1)
    raise SystemExit("the API did not start")


def _for(seconds: float) -> Callable[[], Awaitable[bool]]:
    until = time.monotonic() + seconds

    async def over() -> bool:
        return time.monotonic() > until

    return over


async def _paced(port: int, requests: list[bytes], pace: int, over: Callable[[], Awaitable[bool]]) -> Round:
    """Send requests at that pace, whether answers come or not, until it is over."""
    result = Round()
    started = time.perf_counter()
    running: set[asyncio.Task[None]] = set()

    async def one(request: bytes) -> None:
        sent = time.perf_counter()
        status, body = await ask(port, request)
        result.latencies.append(time.perf_counter() - sent)
        if status not in (200, 201):
            result.fail(f"{status}: {body[:200]!r}")

    watching = asyncio.create_task(_until(over))
    for number, request in enumerate(cycle(requests)):
        if watching.done():
            break
        task = asyncio.create_task(one(request))
        running.add(task)
        task.add_done_callback(running.discard)
        await asyncio.sleep(max(0.0, started + (number + 1) / pace - time.perf_counter()))
    await asyncio.gather(*running, watching)
    result.seconds = time.perf_counter() - started
    return result


async def _until(over: Callable[[], Awaitable[bool]]) -> None:
    for _ in cycle([None]):
        if await over():
            return
        await asyncio.sleep(0.1)


def _shown(result: Round) -> dict[str, Any]:
    shown = {"requests": len(result.latencies), "seconds": round(result.seconds, 1), "wrong": result.wrong}
    shown |= {f"p{int(100 * share)}_ms": round(result.percentile(share), 1) for share in (0.5, 0.95, 0.99)}  # type: ignore[dict-item]
    return shown | ({"errors": result.errors} if result.errors else {})  # type: ignore[dict-item]


if __name__ == "__main__":
    main()
