"""Two offline clients and the server, driven at random: they end equal, and no write is lost unreported (SYNC-2)."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from app.core.db import new_id
from app.identity.models import Team, User
from tests.factories import make_account, make_contact
from tests.sync.conftest import World
from tests.sync.device import Device, op
from tests.sync.test_push import report

FIELDS = ("description", "partner_info", "level")
"""Fields that both sides change; each value is written once in a run."""


@dataclass
class Client:
    """A device with what it has written offline, and what it has heard of that."""

    device: Device
    user: User
    may_edit: bool
    waiting: list[dict[str, Any]] = field(default_factory=list)
    written: list[dict[str, Any]] = field(default_factory=list)
    heard: dict[str, dict[str, Any]] = field(default_factory=dict)

    def write(self, operation: dict[str, Any]) -> None:
        self.waiting.append(operation)
        self.written.append(operation)


@dataclass
class Run:
    """One random course of events."""

    world: World
    chance: random.Random
    clients: list[Client]
    manager: User
    online: Device
    team: Team
    centre_id: UUID
    away_id: UUID
    accounts: list[UUID] = field(default_factory=list)
    number: int = 0

    def value(self, name: str) -> str:
        self.number += 1
        return f"{name} {self.number}"

    def known(self, client: Client, type_: str) -> list[dict[str, Any]]:
        return [data for (kind, _), data in sorted(client.device.held.items()) if kind == type_]

    # --- what may happen ---

    async def edits(self, client: Client) -> None:
        """A person offline changes a field or two of an account that they hold."""
        if client.may_edit and (accounts := self.known(client, "account")):
            account = self.chance.choice(accounts)
            names = self.chance.sample(FIELDS, self.chance.choice((1, 1, 2)))
            data = {name: self.value(name) for name in names}
            client.write(op("update", "account", account["id"], data, account["version"]))
            account.update(data)

    async def reports(self, client: Client) -> None:
        """A report, of an account that may be gone meanwhile."""
        if accounts := self.known(client, "account"):
            account = self.chance.choice(accounts)
            client.write(op("create", "activity", new_id(), report(account["id"], subject=self.value("Besuch"))))

    async def amends(self, client: Client) -> None:
        """The office adds something to a report; a text alone changes nothing of the report's own row."""
        if reports := [one for one in self.known(client, "activity") if one["type"] == "visit_report"]:
            about = f"/v1/activities/{self.chance.choice(reports)['id']}/amendments"
            answer = await self.online.client.post(about, json={"text": self.value("Nachtrag")})
            assert answer.status_code in (201, 404), answer.text

    async def completes(self, client: Client) -> None:
        if tasks := [one for one in self.known(client, "activity") if one["type"] == "task"]:
            task = self.chance.choice(tasks)
            client.write(op("update", "activity", task["id"], {"status": "done"}, task["version"]))

    async def pushes(self, client: Client) -> None:
        """Once, or twice since the answer was lost; or only a part, since the van drove into a tunnel."""
        if not client.waiting:
            return
        some = client.waiting[: self.chance.randint(1, len(client.waiting))]
        if self.chance.random() < 0.3:
            await client.device.push(*some)  # nobody hears the answer
            if self.chance.random() < 0.5:
                return
        for operation, result in zip(some, await client.device.push(*some), strict=True):
            client.heard[operation["op_id"]] = result
        client.waiting = client.waiting[len(some) :]

    async def syncs(self, client: Client) -> None:
        if self.chance.random() < 0.3:
            await client.device.page()  # and then the connection is gone
        else:
            await client.device.sync()

    async def answer_is_lost(self, client: Client) -> None:
        """The client asks, and never hears the answer: it asks with its old token again."""
        query = client.device.query | ({"token": client.device.token} if client.device.token else {})
        await client.device.client.get("/v1/sync", params=query)

    async def server_edits(self, _: Client) -> None:
        data = {self.chance.choice(FIELDS): self.value("Innendienst")}
        await self._sql("UPDATE accounts SET {} = $2 WHERE id = $1", data)

    async def _sql(self, statement: str, data: dict[str, Any]) -> None:
        """An update that changes nothing raises the version all the same, and is not in the log: there are none here."""
        ((name, value),) = data.items()
        other = f"{statement.format(name)} AND {name} IS DISTINCT FROM $2"
        await self.world.sql(other, self.chance.choice(self.accounts), value)

    async def hands_over(self, _: Client) -> None:
        centre = self.chance.choice((self.centre_id, self.away_id))
        await self._sql("UPDATE accounts SET {} = $2 WHERE id = $1", {"centre_id": centre})

    async def hides(self, _: Client) -> None:
        teams = self.chance.choice(([], [self.team.id], [self.team.id]))
        await self._sql("UPDATE accounts SET {} = $2 WHERE id = $1", {"team_ids": teams})

    async def makes(self, _: Client) -> None:
        session = self.world.session
        account = await make_account(session, self.manager, centre_id=self.centre_id, team_ids=[self.team.id])
        await make_contact(session, self.manager, account, team_ids=[self.team.id])
        self.accounts.append(account.id)

    async def gives_a_task(self, client: Client) -> None:
        left = await self.world.sql("SELECT id FROM accounts WHERE id = any($1) ORDER BY id", self.accounts)
        about = self.chance.choice(left)["id"]
        await self.world.activity("task", client.user, self.manager, team_ids=[self.team.id], account_id=about)

    async def merges(self, _: Client) -> None:
        seen = await self.world.sql(
            "SELECT id, version FROM accounts WHERE id = any($1) AND team_ids && $2", self.accounts, [self.team.id]
        )
        if len(seen) > 1:
            two = self.chance.sample(seen, 2)
            ids = [str(row["id"]) for row in two]
            versions = {str(row["id"]): row["version"] for row in two}
            body = {"record_type": "account", "record_ids": ids, "winner_id": ids[0], "versions": versions}
            merged = await self.online.client.post("/v1/merges", json=body)
            assert merged.status_code in (201, 409), merged.text
            if merged.status_code == 201 and self.chance.random() < 0.3:
                await self.online.client.post(f"/v1/merges/{merged.json()['id']}/undo")

    async def deletes_a_contact(self, _: Client) -> None:
        await self.world.sql(
            "DELETE FROM contacts WHERE id IN (SELECT id FROM contacts WHERE account_id = $1 LIMIT 1)",
            self.chance.choice(self.accounts),
        )

    async def leaves_or_joins(self, client: Client) -> None:
        gone = await self.world.sql(
            "DELETE FROM team_members WHERE user_id = $1 AND team_id = $2 RETURNING 1", client.user.id, self.team.id
        )
        if not gone:
            await self.world.join(self.team, client.user)

    # --- the end ---

    async def settles(self) -> None:
        """Everybody is online: what waits is pushed, everything is fetched, and compared with a client that begins anew."""
        for client in self.clients:
            while client.waiting:
                await self.pushes(client)
        for client in self.clients:
            await client.device.sync()
            fresh = Device(client.device.client, quiet=self.world.quiet)
            await fresh.sync()
            mine = {key: _own(data) for key, data in client.device.held.items()}
            assert mine == {key: _own(data) for key, data in fresh.held.items()}
            await self._accounted_for(client)

    async def _accounted_for(self, client: Client) -> None:
        """Each write was done, and stands there or was written over later; or its writer was told that it was not."""
        for operation in client.written:
            result = client.heard[operation["op_id"]]
            done = result["status"] in ("applied", "merged", "replayed")
            if not done:
                assert result["status"] in ("conflict", "rejected")
                assert result["conflicts"] or result["problem"]["code"] in EXPECTED, result
            if operation["op"] == "create":
                rows = await self.world.sql("SELECT count(*) FROM activities WHERE id = $1", UUID(operation["id"]))
                assert rows[0][0] == int(done), "a report is there once, or its writer knows"
                continue
            for name, value in operation["data"].items():
                if operation["type"] == "account":
                    rows = await self.world.sql(
                        "SELECT count(*) FROM change_log WHERE record_id = $1 AND operation = 'update' AND new ->> $2 = $3",
                        *(UUID(operation["id"]), name, value),
                    )
                    assert (rows[0][0] > 0) == done, "written, or its writer knows"


EXPECTED = {"not_found", "record_merged", "invalid", "forbidden"}


def _own(data: dict[str, Any]) -> dict[str, Any]:
    """A record without the names of others, whose change is none of its own."""
    return {k: v["id"] if isinstance(v, dict) and "name" in v and "id" in v else v for k, v in data.items()}


Step = Callable[[Run, Client], Awaitable[None]]
STEPS: dict[Step, int] = {
    Run.edits: 8,
    Run.reports: 4,
    Run.amends: 2,
    Run.completes: 2,
    Run.pushes: 6,
    Run.syncs: 6,
    Run.answer_is_lost: 1,
    Run.server_edits: 6,
    Run.hands_over: 2,
    Run.hides: 2,
    Run.makes: 1,
    Run.gives_a_task: 2,
    Run.merges: 1,
    Run.deletes_a_contact: 1,
    Run.leaves_or_joins: 1,
}


async def course(world: World, seed: int, steps: int) -> Run:
    centre, team = await world.centre()
    away, _ = await world.centre()
    manager, rm, mst = await world.manager(team), await world.manager(team), await world.technician(team)
    chance = random.Random(seed)
    clients = [Client(await world.device(rm, limit="7"), rm, may_edit=True)]
    clients.append(Client(await world.device(mst, limit="5"), mst, may_edit=False))
    run = Run(world, chance, clients, manager, await world.device(manager), team, centre.id, away.id)
    for _ in range(4):
        await run.makes(clients[0])
    for client in clients:
        await client.device.sync()
    for _ in range(steps):
        (step,) = chance.choices(list(STEPS), list(STEPS.values()))
        await step(run, chance.choice(clients))
    await run.settles()
    return run


@pytest.mark.rule("SYNC-2")
async def test_two_offline_clients_and_the_server_end_equal(world: World) -> None:
    run = await course(world, 101, 60)
    assert sum(len(client.written) for client in run.clients) > 5


@pytest.mark.slow
@pytest.mark.rule("SYNC-2")
async def test_many_courses_of_events(world: World) -> None:
    outcomes: dict[str, int] = {}
    for seed in range(100, 140):
        run = await course(world, seed, 80)
        for client in run.clients:
            for result in client.heard.values():
                outcomes[result["status"]] = outcomes.get(result["status"], 0) + 1
    assert set(outcomes) == {"applied", "merged", "conflict", "rejected", "replayed"}, outcomes
