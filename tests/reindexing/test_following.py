"""The index follows every change of a record in the same transaction: after whatever people do, there is nothing to mend."""

import random
from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.reindexing.verify import verify
from tests.conftest import Api, OneConnection
from tests.factories import lead_body, make_user
from tests.merges.support import previewed

NAMES = ("Zwiesele", "Qualmann", "Kranzbichler", "Müller", "Großschädl", "Hübschmann", "Überlacker", "Pfäffl", "Berger")
TRADES = ("Holzbau", "Maschinenbau GmbH", "Bau", "Spedition AG", "Verwaltungs GmbH & Co. KG", "Orgelbau e.K.")
MANY_CONTACTS = 12


class Day:
    """What somebody who may do everything does in a day."""

    def __init__(self, client: httpx.AsyncClient, user_id: Any, seed: int) -> None:
        self.client, self.user_id = client, str(user_id)
        self.random = random.Random(seed)
        self.ids: dict[str, list[str]] = {"leads": [], "accounts": [], "contacts": []}
        self.done: dict[str, int] = {}

    def name(self) -> str:
        return f"{self.random.choice(NAMES)} {self.random.randrange(10_000)} {self.random.choice(TRADES)}"

    def address(self) -> dict[str, Any]:
        choices = {
            "street": ("Hauptstr. 5", "Ring 7a", None),
            "postal_code": ("4020", "70173", None),
            "phone": ("+43 732 4711", "0711 99 88", None),
            "email": ("eva@kranz-bau.at", "x.y@gmx.de", None),
            "state": ("Tirol", None),
        }
        return {field: self.random.choice(of) for field, of in choices.items() if self.random.random() < 0.5}

    def one(self, kind: str) -> str | None:
        return self.random.choice(self.ids[kind]) if self.ids[kind] else None

    async def send(self, what: str, method: str, url: str, body: Any = None) -> dict[str, Any]:
        answer = await self.client.request(method, url, json=body, headers={"If-Match": "*"})
        assert answer.status_code < 500, (what, answer.text)
        if answer.status_code < 300:
            self.done[what] = self.done.get(what, 0) + 1
            return answer.json() if answer.content else {"id": ""}
        return {}

    async def make(self, kind: str) -> None:
        body: dict[str, Any]
        if kind == "leads":
            body = lead_body(self.user_id, name=self.name(), company=self.name())
        elif kind == "accounts":
            body = {
                "name": self.name(),
                "level": "B",
                "industry": "Bau",
                "legal_form": "GmbH",
                "city": "Linz",
                "country": "AT",
            }
            body |= self.address()
        else:
            body = {"last_name": self.random.choice(NAMES), "first_name": "Eva", "account_id": self.one("accounts")}
            body |= self.address() | {"country": "AT"}
        if made := await self.send(f"make {kind}", "POST", f"/v1/{kind}", body):
            self.ids[kind].append(made["id"])

    async def change(self, kind: str) -> None:
        if (id_ := self.one(kind)) is None:
            return
        body: dict[str, Any] = {"city": self.random.choice(("Linz", "Wels", "Ulm"))}
        if kind != "leads":
            body |= self.address()
        if self.random.random() < 0.6:
            body |= {"last_name": self.random.choice(NAMES)} if kind == "contacts" else {"name": self.name()}
        if kind == "contacts" and self.random.random() < 0.5:
            body["account_id"] = self.one("accounts")
        await self.send(f"change {kind}", "PATCH", f"/v1/{kind}/{id_}", body)

    async def discard(self) -> None:
        if id_ := self.one("leads"):
            await self.send("discard", "PATCH", f"/v1/leads/{id_}", {"status": "discarded"})

    async def convert(self) -> None:
        if (id_ := self.one("leads")) is None:
            return
        body: dict[str, Any] = {"outcome": "create", "account": {"level": "B", "industry": "Bau", "legal_form": "GmbH"}}
        if self.random.random() < 0.5 and (known := self.one("accounts")):
            body = {"outcome": "update", "account_id": known, "take": ["name", "city"]}
        body["contact"] = {"last_name": self.random.choice(NAMES)}
        if made := await self.send(f"convert, {body['outcome']}", "POST", f"/v1/leads/{id_}/conversion", body):
            self.ids["accounts"] = list({*self.ids["accounts"], made["account"]["id"]})
            self.ids["accounts"].sort()

    async def delete(self, kind: str) -> None:
        if (id_ := self.one(kind)) and await self.send(f"delete {kind}", "DELETE", f"/v1/{kind}/{id_}"):
            self.ids[kind].remove(id_)

    async def merge(self, kind: str) -> None:
        if len(self.ids[kind]) < 2:
            return
        some = self.random.sample(self.ids[kind], 2)
        shown = await previewed(self.client, kind[:-1], some, winner_id=some[0])
        body = {"record_type": kind[:-1], "record_ids": some, "winner_id": some[0], "versions": shown["versions"]}
        if kind == "accounts" and self.random.random() < 0.5:
            body["fields"] = {"name": some[1]}
        if made := await self.send(f"merge {kind}", "POST", "/v1/merges", body):
            if self.random.random() < 0.5:
                await self.send(f"undo {kind}", "POST", f"/v1/merges/{made['id']}/undo")
            else:
                self.ids[kind].remove(some[1])


@pytest.mark.rule("DUP-1", "LOCK-1")
@pytest.mark.parametrize("seed", range(4))
async def test_after_a_day_of_work_there_is_nothing_to_mend(
    api: Api, session: AsyncSession, one_connection: OneConnection, seed: int
) -> None:
    admin = await make_user(session, "admin", "developer")
    day = Day(await api.as_user(admin), admin.id, seed)
    for _ in range(3):
        for kind in ("leads", "accounts", "contacts"):
            await day.make(kind)
    for _ in range(60):
        act = day.random.choice(("make", "change", "change", "delete", "merge", "convert", "discard"))
        kind = day.random.choice(("leads", "accounts", "contacts"))
        await (getattr(day, act)() if act in ("convert", "discard") else getattr(day, act)(kind))
    report = await verify(one_connection.raw, repair=False)
    assert report.wrong == {}, (report.examples, day.done)
    assert report.records >= 3
    assert len(day.done) >= 8, day.done


@pytest.mark.rule("DUP-1")
async def test_renaming_a_company_renames_the_employer_of_all_its_contacts(
    api: Api, session: AsyncSession, one_connection: OneConnection
) -> None:
    admin = await make_user(session, "admin")
    day = Day(await api.as_user(admin), admin.id, 1)
    await day.make("accounts")
    for _ in range(MANY_CONTACTS):
        await day.make("contacts")
    assert await day.send("rename", "PATCH", f"/v1/accounts/{day.ids['accounts'][0]}", {"name": "Berger Logistik AG"})
    report = await verify(one_connection.raw, repair=False)
    assert (report.records, report.wrong) == (1 + MANY_CONTACTS, {})
