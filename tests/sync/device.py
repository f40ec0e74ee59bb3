"""An offline client, as the integration guide tells developers to write one."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx

Key = tuple[str, str]


@dataclass
class Device:
    """What it holds, where it stands, and what it has not pushed yet."""

    client: httpx.AsyncClient
    query: dict[str, str] = field(default_factory=dict)
    device_id: str = field(default_factory=lambda: str(uuid4()))
    token: str | None = None
    held: dict[Key, dict[str, Any]] = field(default_factory=dict)
    changes: list[dict[str, Any]] = field(default_factory=list)
    """What the last sync told."""
    quiet: Callable[[], Awaitable[None]] | None = None
    """Waits until no transaction is open, PostgreSQL's own included: the feed stops before the oldest."""

    async def page(self) -> dict[str, Any]:
        """One page, taken over."""
        query = self.query | ({"token": self.token} if self.token else {})
        answer = await self.client.get("/v1/sync", params=query)
        assert answer.status_code == 200, answer.text
        page: dict[str, Any] = answer.json()
        if page["reset"]:
            self.held.clear()
        for change in page["changes"]:
            key = (change["type"], change["id"])
            if change["op"] == "upsert":
                self.held[key] = change["data"]
            else:
                self.held.pop(key, None)
        self.token = page["next_token"]
        return page

    async def sync(self) -> list[dict[str, Any]]:
        """All that has changed."""
        if self.quiet is not None:
            await self.quiet()
        self.changes = []
        while True:
            page = await self.page()
            self.changes += page["changes"]
            if not page["has_more"]:
                return self.changes

    async def push(self, *operations: dict[str, Any]) -> list[dict[str, Any]]:
        answer = await self.client.post(
            "/v1/sync/push", json={"device_id": self.device_id, "operations": list(operations)}
        )
        assert answer.status_code == 207, answer.text
        results: list[dict[str, Any]] = answer.json()["results"]
        assert [one["op_id"] for one in results] == [one["op_id"] for one in operations]
        return results

    def ids(self, type_: str) -> set[UUID]:
        return {UUID(id_) for kind, id_ in self.held if kind == type_}

    def told(self, id_: UUID) -> list[tuple[str, str | None]]:
        """What the last sync said of a record: op and reason."""
        return [(one["op"], one.get("reason")) for one in self.changes if one["id"] == str(id_)]


def op(
    op_: str, type_: str, id_: object, data: dict[str, Any] | None = None, base: int | None = None
) -> dict[str, Any]:
    """An operation with an id of its own."""
    return {"op_id": str(uuid4()), "op": op_, "type": type_, "id": str(id_), "base_version": base, "data": data or {}}
