"""What a use case works with: who asks, the transaction, the clock. The only place that commits.

The transaction opens at the first write and is committed after the route function has returned and before the answer is
sent: a 201 that a client sees is on disk. Whatever raises rolls everything back, outbox and idempotency key included.
"""

import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, TypeVar, cast
from uuid import UUID

import asyncpg
import orjson
from fastapi import Depends, Header, Request
from sqlalchemy import Select, event, func, literal, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import Session, SessionTransaction
from starlette.responses import Response

from app.core import idempotency, outbox
from app.core.clock import Clock
from app.core.db import Database, Reader
from app.core.failures import language_of
from app.core.parameters import refuse_unknown
from app.core.permissions import Permission
from app.core.principal import (
    Anonymous,
    Principal,
    Reach,
    UserPrincipal,
    actor_of,
    may,
    reach,
    user_id_of,
)
from app.core.problems import Forbidden, NotAuthenticated, NotFound
from app.core.statements import Statement
from app.core.trace import trace_id
from app.core.visibility import Owned, visible
from app.settings import Settings

M = TypeVar("M", bound=Owned)

_PLAN_BY_VALUES = Statement(select(func.set_config("plan_cache_mode", "force_custom_plan", literal(True))))
_PLAIN = re.compile(r"[\w:.\- ]*", re.ASCII)


@event.listens_for(Session, "after_begin")
def _begin(session: Session, _: SessionTransaction, connection: Any) -> None:
    """Start the transaction and say who it is for (the change-log trigger reads it), in one round trip."""
    if (begin := session.info.get("begin")) is None:
        return
    actor, trace = session.info["actor"], trace_id()
    assert _PLAIN.fullmatch(actor), actor
    assert _PLAIN.fullmatch(trace), trace
    settings = f"SELECT set_config('leadwerk.actor', '{actor}', true), set_config('leadwerk.trace', '{trace}', true)"
    connection.connection.run_async(lambda raw: raw.execute(begin + settings))


class Context:
    """One request's or job's view of the product."""

    def __init__(
        self,
        *,
        database: Database,
        reader: Reader,
        principal: Principal,
        clock: Clock,
        settings: Settings,
        language: str,
    ) -> None:
        self.principal = principal
        self.clock = clock
        self.now: datetime = clock.now()
        self.settings = settings
        self.language = language
        self._database = database
        self._reader = reader
        self._session: AsyncSession | None = None
        self._raw: asyncpg.Connection[asyncpg.Record] | None = None
        self._jobs: list[outbox.Job] = []
        self._after_commit: list[Callable[[], Awaitable[None]]] = []
        self.job_id: int | None = None
        """The outbox row whose job this context does; none in a request."""
        self.idempotency: idempotency.Claim | None = None
        self.held: set[UUID] = set()
        """Records that were made or, when visible, locked here: their writer is told the outcome, even out of their sight."""

    # --- who ---------------------------------------------------------------------------------------------------------

    @property
    def today(self) -> date:
        """Today in the organisation's time zone."""
        return self.clock.today()

    @property
    def user(self) -> UserPrincipal:
        """The signed-in person; NotAuthenticated when there is none."""
        if not isinstance(self.principal, UserPrincipal):
            raise NotAuthenticated
        return self.principal

    @property
    def user_id(self) -> UUID | None:
        """The person's id; None for the product itself."""
        return user_id_of(self.principal)

    def may(self, permission: Permission) -> bool:
        """Whether the principal has the permission. The product itself may do everything."""
        return may(self.principal, permission)

    def require(self, permission: Permission) -> None:
        """Raise Forbidden when the permission lacks."""
        if not self.may(permission):
            raise Forbidden(permission=permission.value)

    # --- reading -----------------------------------------------------------------------------------------------------

    async def fetch(self, statement: Statement, **values: Any) -> Sequence[asyncpg.Record]:
        """Rows of a compiled read; the asker's user, teams and session are filled in. Sees this context's own writes."""
        if isinstance(self.principal, UserPrincipal):
            values["p_user"] = self.principal.user_id
            values["p_teams"] = list(self.principal.team_ids)
            values["p_session"] = self.principal.session_id
        if self._session is not None:
            return await self.run(statement, **values)
        return await self._reader.fetch(statement.sql, *statement.arguments(values))

    async def fetch_one(self, statement: Statement, **values: Any) -> asyncpg.Record:
        """The first row; NotFound when there is none."""
        rows = await self.fetch(statement, **values)
        if not rows:
            raise NotFound
        return rows[0]

    async def load(self, model: type[M], id_: UUID, *, lock: bool = True) -> M:
        """The visible record as an object, locked for update; NotFound otherwise."""
        statement: Select[M] = visible(model, self.principal).where(cast(Any, model).id == id_)
        if lock:
            statement = statement.with_for_update(of=cast(Any, model)).execution_options(populate_existing=True)
        record = (await self.session.execute(statement)).scalar_one_or_none()
        if record is None:
            raise NotFound
        if lock:
            self.held.add(id_)
        return record

    @property
    def reach(self) -> Reach:
        """How far the asker sees; part of the key of every compiled read of owned records."""
        return reach(self.principal)

    # --- writing -----------------------------------------------------------------------------------------------------

    @property
    def session(self) -> AsyncSession:
        """The transaction's session, opened at first use."""
        if self._session is None:
            self._session = self._database.sessions()
            info = self._session.sync_session.info
            info["actor"], info["begin"] = actor_of(self.principal), self._database.transaction.begin
        return self._session

    async def plan_by_values(self) -> None:
        """From here on each statement of the transaction is planned for its values: for lists that are long for some and short
        for others, where one plan for all is slow for one of them.
        """
        await self.run(_PLAN_BY_VALUES)

    def begin(self) -> None:
        """From here on everything is read in the transaction that it is written in, on the primary."""
        _ = self.session

    async def run(self, statement: Statement, **values: Any) -> Sequence[asyncpg.Record]:
        """Run a compiled statement inside the transaction, after what the session has pending."""
        session = self.session
        sync = session.sync_session
        if sync.new or sync.dirty or sync.deleted:
            await session.flush()
        rows: Sequence[asyncpg.Record] = await (await self._connection()).fetch(
            statement.sql, *statement.arguments(values)
        )
        return rows

    async def _connection(self) -> "asyncpg.Connection[asyncpg.Record]":
        """The transaction's own connection, as the driver knows it."""
        if self._raw is None:
            connection: AsyncConnection = await self.session.connection()
            self._raw = cast(
                "asyncpg.Connection[asyncpg.Record]", (await connection.get_raw_connection()).driver_connection
            )
        return self._raw

    def enqueue(
        self, job: str, payload: Mapping[str, Any], *, due_at: datetime | None = None, key: str | None = None
    ) -> None:
        """Ask for a job, in this transaction. `due_at` lets it wait; of jobs with the same `key` only the first is kept."""
        self._jobs.append(outbox.Job(job, dict(payload), due_at or self.now, key))

    async def cancel(self, *keys: str) -> None:
        """Take back jobs that have not been done, by their keys; a job that asks does not take back itself.

        One that is running just then has no effect either: it finds its row gone and rolls back.
        """
        self._jobs = [job for job in self._jobs if job.key not in keys]
        await self.run(outbox.CANCEL, keys=list(keys), own=self.job_id or 0)

    def after_commit(self, action: Callable[[], Awaitable[None]]) -> None:
        """Do something once the transaction is on disk; it must not matter if the process dies before."""
        self._after_commit.append(action)

    def reply(
        self,
        content: bytes | Mapping[str, Any] | None,
        *,
        status: int = 200,
        version: int | None = None,
        location: str | None = None,
    ) -> Response:
        """The answer of a write. Kept with the idempotency key, in the same transaction."""
        body = b"" if content is None else content if isinstance(content, bytes) else orjson.dumps(content, default=str)
        headers = {}
        if version is not None:
            headers["ETag"] = f'"{version}"'
        if location is not None:
            headers["Location"] = location
        if self.idempotency is not None:
            self.idempotency.answer = idempotency.Answer(status, headers, body)
        return Response(body, status, headers, "application/json" if body else None)

    async def flush_jobs(self) -> None:
        """Write the jobs asked for so far into the outbox."""
        if self._jobs:
            jobs, self._jobs = self._jobs, []
            await self.run(outbox.INSERT, **outbox.insert_values(jobs, actor_of(self.principal), trace_id(), self.now))

    async def commit(self) -> None:
        """Make it all durable: changes, jobs and the stored answer together, or nothing."""
        await self.flush_jobs()
        if self.idempotency is not None and self.idempotency.answer is not None:
            await idempotency.store(self.run, self.idempotency)
        if self._session is not None and self._session.in_transaction():
            await self._session.flush()
            if commit := self._database.transaction.commit:
                await (await self._connection()).execute(commit)
            self._raw = None
            await self._session.commit()
        for action in self._after_commit:
            await action()

    async def close(self) -> None:
        """Roll back whatever was not committed and give the connection back."""
        if self._session is None:
            return
        try:
            rollback = self._database.transaction.rollback
            if rollback and (self._raw is not None or self._session.in_transaction()):
                raw = await self._connection()
                if not raw.is_closed():
                    await raw.execute(rollback)
        except (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError):
            # A connection in doubt must not serve the next request: what it held is rolled back when it ends.
            await self._session.invalidate()
        finally:
            await self._session.close()


@dataclass(frozen=True, slots=True)
class Services:
    """What the process shares among requests; `app.state.services`."""

    database: Database
    reader: Reader
    clock: Clock
    settings: Settings
    authenticate: Callable[[Request], Awaitable[Principal]]
    """Who sent the request; raises NotAuthenticated. Given by `identity`, which `core` does not know."""


def services_of(request: Request) -> Services:
    """The process's shared services."""
    return cast(Services, request.app.state.services)


@asynccontextmanager
async def open_context(services: Services, principal: Principal, language: str = "de") -> AsyncIterator[Context]:
    """A context that is committed when the block ends well and rolled back when it raises."""
    context = Context(
        database=services.database,
        reader=services.reader,
        principal=principal,
        clock=services.clock,
        settings=services.settings,
        language=language,
    )
    try:
        yield context
        await context.commit()
    finally:
        await context.close()


IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="Any unique text, best a UUID. The same key and request again gets the same answer, without a second effect.",
    ),
]


async def _signed_in(request: Request) -> AsyncIterator[Context]:
    services = services_of(request)
    principal = request.state.principal = await services.authenticate(request)
    refuse_unknown(request)
    async with open_context(services, principal, language_of(request)) as context:
        yield context


async def _signed_in_writing(request: Request, key: IdempotencyKey = None) -> AsyncIterator[Context]:
    services = services_of(request)
    principal = request.state.principal = await services.authenticate(request)
    refuse_unknown(request)
    async with open_context(services, principal, language_of(request)) as context:
        if key is not None:
            context.idempotency = await _claim(context, request, key)
        yield context


async def _claim(context: Context, request: Request, key: str) -> idempotency.Claim:
    fingerprint = hashlib.sha256(f"{request.method} {request.url.path}?{request.url.query}\n".encode())
    fingerprint.update(await request.body())
    claim = idempotency.Claim(context.user.user_id, key, fingerprint.digest(), context.now)
    await idempotency.claim(context.run, claim)
    return claim


@dataclass(slots=True)
class Steps:
    """What a POST works with whose parts have a transaction each: what one has done stays, whatever becomes of the next.

    Each part must know by itself when it was done before. The answer is kept under the Idempotency-Key when all is over, and
    in between no connection is held.
    """

    services: Services
    principal: Principal
    language: str
    claim: idempotency.Claim | None = None

    def open(self) -> AbstractAsyncContextManager[Context]:
        """A context of its own, committed when the block ends well."""
        return open_context(self.services, self.principal, self.language)

    async def reply(self, content: Mapping[str, Any], *, status: int) -> Response:
        """The answer, kept with the idempotency key."""
        async with self.open() as context:
            context.idempotency = self.claim
            return context.reply(content, status=status)


async def _signed_in_stepwise(request: Request, key: IdempotencyKey = None) -> Steps:
    services = services_of(request)
    principal = request.state.principal = await services.authenticate(request)
    refuse_unknown(request)
    steps = Steps(services, principal, language_of(request))
    if key is not None:
        async with steps.open() as context:
            steps.claim = await _claim(context, request, key)
    return steps


async def _anyone(request: Request) -> AsyncIterator[Context]:
    refuse_unknown(request)
    async with open_context(services_of(request), Anonymous(), language_of(request)) as context:
        yield context


Ctx = Annotated[Context, Depends(_signed_in, scope="function")]
"""A signed-in person's context."""

PostCtx = Annotated[Context, Depends(_signed_in_writing, scope="function")]
"""The same for every POST: takes the Idempotency-Key."""

PostSteps = Annotated[Steps, Depends(_signed_in_stepwise, scope="function")]
"""Instead, for a POST whose parts have a transaction each."""

PublicCtx = Annotated[Context, Depends(_anyone, scope="function")]
"""A context for those who are not signed in yet."""
