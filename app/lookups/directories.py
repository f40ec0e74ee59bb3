"""The directories of this installation, as long as the process lives: one HTTP client, one breaker each, one flight per question."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import structlog

from app.core.context import Services, open_context
from app.core.limits import Limiter
from app.core.principal import SystemPrincipal
from app.lookups import cache, northdata, vies
from app.lookups.directory import CompanyDirectory, DirectoryFailed, Found, Question
from app.lookups.northdata import NorthData
from app.lookups.transport import Transport, new_client
from app.lookups.vies import Vies
from app.settings import Settings

log = structlog.get_logger()

NAMES = (vies.NAME, northdata.NAME)
State = Literal["ok", "not_asked", "disabled", "unavailable", "rate_limited"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of asking one directory."""

    state: State
    found: Found | None = None
    answered_at: datetime | None = None
    kept: bool = False
    reason: str | None = None
    retry_after: int | None = None


class Directories:
    """`app.state.directories`. Nothing here is lost by losing it: another process asks by itself, or finds the kept answer."""

    def __init__(self, services: Services, limiter: Limiter, settings: Settings | None = None) -> None:
        self._services = services
        self._settings = settings or services.settings
        self.limiter = limiter
        self.per_minute = self._settings.lookups_per_minute
        self._client = new_client(self._settings.lookup_seconds)
        self._flights: dict[tuple[tuple[str, bytes], ...], asyncio.Task[dict[str, Outcome]]] = {}
        made = {vies.NAME: self._vies, northdata.NAME: self._northdata}
        self.enabled: dict[str, CompanyDirectory] = {name: made[name]() for name in self._settings.lookup_providers}

    def _vies(self) -> CompanyDirectory:
        settings = self._settings
        transport = Transport(vies.NAME, settings.vies_url, self._client, settings.lookup_seconds)
        return Vies(transport, timedelta(hours=settings.vies_keep_hours))

    def _northdata(self) -> CompanyDirectory:
        settings = self._settings
        key = settings.northdata_key.get_secret_value() if settings.northdata_key else ""
        transport = Transport(
            northdata.NAME, settings.northdata_url, self._client, settings.lookup_seconds, {"X-Api-Key": key}
        )
        return NorthData(transport, timedelta(hours=settings.northdata_keep_hours))

    async def ask(self, questions: Mapping[str, Question]) -> dict[str, Outcome]:
        """What these directories answer, all at once; what fails is an outcome too. Keeps the answers.

        Several requests for the same at the same time are one. It goes on when the one who asked has gone: it costs the same.
        """
        flight_key = tuple(sorted((name, question.key()) for name, question in questions.items()))
        flight = self._flights.get(flight_key)
        if flight is None:
            flight = self._flights[flight_key] = asyncio.create_task(self._ask_and_keep(dict(questions)))
            flight.add_done_callback(lambda _: self._flights.pop(flight_key, None))
        return await asyncio.shield(flight)

    async def _ask_and_keep(self, questions: Mapping[str, Question]) -> dict[str, Outcome]:
        outcomes = await asyncio.gather(*(self._one(name, question) for name, question in questions.items()))
        found = dict(zip(questions, outcomes, strict=True))
        worth = [
            (name, questions[name].key(), outcome.found, self._keep(name, outcome.found))
            for name, outcome in found.items()
            if outcome.found is not None
        ]
        if worth:
            try:
                async with open_context(self._services, SystemPrincipal("lookups")) as ctx:
                    await cache.store(ctx, worth)
            except Exception as error:  # noqa: BLE001  (the answer is there; that it is not kept costs the next one a moment)
                log.warning("lookup_not_kept", error=type(error).__name__)
        return found

    def _keep(self, name: str, found: Found) -> timedelta:
        """Short where nothing was found: a new company may be entered tomorrow, or in ten minutes."""
        nothing = timedelta(minutes=self._settings.lookup_nothing_keep_minutes)
        return self.enabled[name].keep if found.something else nothing

    async def _one(self, name: str, question: Question) -> Outcome:
        try:
            found = await self.enabled[name].search(question)
        except DirectoryFailed as failure:
            after = max(1, round(failure.after)) if failure.after else None
            return Outcome(failure.state, reason=failure.reason, retry_after=after)
        except Exception as error:  # noqa: BLE001  (an answer that nobody thought of must not keep anybody from working)
            log.warning("lookup_failed", directory=name, reason=type(error).__name__)
            return Outcome("unavailable", reason="bad_answer")
        return Outcome("ok", found, self._services.clock.now())

    async def close(self) -> None:
        """End what is under way and give the connections back."""
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)
        await self._client.aclose()
