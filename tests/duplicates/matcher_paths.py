"""The ways through which the product asks whether two records are the same, each as a client goes it.

Every path gives a `Verdict` of the account `STOCK`, which Anna has, and the values that Bert comes with.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from math import floor
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from sqlalchemy.ext.asyncio import AsyncConnection

from app.matching.batch import Plan, stages
from app.matching.batch_tasks import Worker, matches

Values = Mapping[str, str]
Verdict = tuple[str, float | None]
"""What the two are to each other, and the score where the path tells it."""

COMPLETION = {"level": "B", "industry": "mechanical_engineering", "legal_form": "GmbH"}
OPEN = {"key": "open_book", "name": "Offen", "required_fields": ["name"], "visibility": "all", "lock_enabled": False}
LOCKED = {**OPEN, "key": "closed_book", "name": "Geschützt", "lock_enabled": True}
HARMLESS = {"name": "Qyxlewurz Vambok", "city": "Bregenz", "country": "AT"}
FIELDS = ("name", "street", "postal_code", "city", "country", "phone", "email", "website", "vat_id")
ANY = {"If-Match": "*"}


@dataclass
class Scene:
    """Anna has the account; Bert comes with values; Ada sees all."""

    connection: AsyncConnection
    raw: "asyncpg.Connection[asyncpg.Record]"
    anna: httpx.AsyncClient
    bert: httpx.AsyncClient
    ada: httpx.AsyncClient
    open_project: str
    locked_project: str
    folder: Path
    stock: str = ""

    @asynccontextmanager
    async def undone(self) -> AsyncIterator[None]:
        """What happens within never was."""
        before = await self.connection.begin_nested()
        try:
            yield
        finally:
            await before.rollback()

    async def lead(self, values: Values, project: str) -> str:
        made = await self.bert.post("/v1/leads", json={**values, "project_id": project})
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    async def open_lead(self, values: Values) -> str:
        """A lead of a project without locks: nothing stops it."""
        return await self.lead(values, self.open_project)


def _shown(matches: list[dict[str, Any]], ref: str) -> Verdict:
    found = [match for match in matches if match["ref"] == ref]
    assert len(found) <= 1, found
    return (found[0]["verdict"], found[0]["score"]) if found else ("none", None)


def _refused(answer: httpx.Response, **codes: str) -> Verdict:
    """The verdict that the answer of a writing path gives away: by its code, with the score of its matches."""
    if answer.is_success:
        return "none", None
    code = answer.json()["code"]
    assert code in codes, answer.text
    return codes[code], next(match["score"] for match in answer.json()["matches"])


async def duplicate_check(scene: Scene, values: Values, kind: str | None = None) -> Verdict:
    body = {**values, "kind": kind} if kind else values
    answers = [await client.post("/v1/duplicate-checks", json=body) for client in (scene.bert, scene.anna, scene.ada)]
    shown = {_shown(answer.json()["matches"], scene.stock) for answer in answers}
    assert len(shown) == 1, "the same for everybody"
    return shown.pop()


async def protection_check(scene: Scene, values: Values) -> Verdict:
    answer = (await scene.bert.post("/v1/protection-checks", json=values)).json()
    found = _shown(answer["matches"], scene.stock)
    assert answer["status"] == {"duplicate": "taken", "possible": "possible", "none": "free"}[found[0]]
    return found


async def lead_creation(scene: Scene, values: Values) -> Verdict:
    made = await scene.bert.post("/v1/leads", json={**values, "project_id": scene.locked_project})
    return _refused(made, customer_taken="duplicate", possibly_taken="possible")


async def named_at_creation(scene: Scene, values: Values) -> Verdict:
    """A lead without a lock names the account in `not_duplicate_of`: a match is remembered, but no duplicate."""
    named = {**values, "project_id": scene.open_project, "not_duplicate_of": [scene.stock]}
    lead = (await scene.bert.post("/v1/leads", json=named)).json()["id"]
    kept = (await scene.bert.get("/v1/duplicate-dismissals", params={"record_id": lead})).json()["items"]
    if kept:
        return "possible", None
    duplicates = (await scene.bert.get(f"/v1/leads/{lead}/duplicates")).json()["matches"]
    return _shown(duplicates, scene.stock)


async def named_at_change(scene: Scene, values: Values) -> Verdict:
    lead = await scene.open_lead(values)
    named = {"not_duplicate_of": [scene.stock]}
    assert (await scene.bert.patch(f"/v1/leads/{lead}", json=named, headers=ANY)).is_success
    kept = (await scene.bert.get("/v1/duplicate-dismissals", params={"record_id": lead})).json()["items"]
    if kept:
        return "possible", None
    return _shown((await scene.bert.get(f"/v1/leads/{lead}/duplicates")).json()["matches"], scene.stock)


async def lead_rename(scene: Scene, values: Values) -> Verdict:
    lead = await scene.lead(HARMLESS, scene.locked_project)
    changed = await scene.bert.patch(f"/v1/leads/{lead}", json=values, headers=ANY)
    return _refused(changed, customer_taken="duplicate", possibly_taken="possible")


async def saved_lead(scene: Scene, values: Values) -> Verdict:
    lead = await scene.open_lead(values)
    return _shown((await scene.bert.get(f"/v1/leads/{lead}/duplicates")).json()["matches"], scene.stock)


async def other_way_round(scene: Scene, values: Values) -> Verdict:
    """The account's holder asks for its duplicates, and is shown the lead."""
    lead = await scene.open_lead(values)
    return _shown((await scene.anna.get(f"/v1/accounts/{scene.stock}/duplicates")).json()["matches"], lead)


async def conversion_preview(scene: Scene, values: Values) -> Verdict:
    lead = await scene.open_lead(values)
    return _shown((await scene.bert.get(f"/v1/leads/{lead}/conversion")).json()["matches"], scene.stock)


async def conversion(scene: Scene, values: Values) -> Verdict:
    lead = await scene.open_lead(values)
    made = await scene.bert.post(f"/v1/leads/{lead}/conversion", json={"outcome": "create", "account": COMPLETION})
    return _refused(made, customer_taken="duplicate", possibly_taken="possible")


async def dismissal(scene: Scene, values: Values) -> Verdict:
    """Of a hidden record one learns by its ref; that it is no duplicate only its holder could say."""
    lead = await scene.open_lead(values)
    body = {"records": [{"type": "lead", "id": lead}, {"id": scene.stock}]}
    answer = await scene.bert.post("/v1/duplicate-dismissals", json=body)
    return {201: "possible", 403: "duplicate", 404: "none"}[answer.status_code], None


async def scan(scene: Scene, values: Values) -> Verdict:
    """The pieces of a whole-stock scan, on the test's own connection."""
    lead = await scene.open_lead(values)
    ids = {
        str(row["record_id"]): row["id"] for row in await scene.raw.fetch("SELECT id, record_id FROM party ORDER BY id")
    }
    for file in scene.folder.iterdir():
        file.unlink()
    plan = Plan(str(scene.folder), key_parts=3, buckets=2, places=max(ids.values()) + 1, level=1)
    worker = Worker(plan, scene.raw)
    for stage in stages(plan):
        for kind, number in stage:
            await worker.do(kind, number)
    pair = sorted((ids[lead], ids[scene.stock]))
    for match in matches(plan):
        if [match["one"], match["other"]] == pair:
            return ("", "possible", "duplicate")[match["level"]], floor(match["chance"] * 10_000) / 10_000
    return "none", None


async def account_creation(scene: Scene, values: Values) -> Verdict:
    made = await scene.bert.post("/v1/accounts", json={**COMPLETION, **values})
    return _refused(made, customer_taken="duplicate", possibly_taken="possible")


async def account_named_by_who_sees_all(scene: Scene, values: Values) -> Verdict:
    """Whom no lock stops may say that anything is no duplicate; what is no match is not remembered."""
    made = await scene.ada.post("/v1/accounts", json={**COMPLETION, **values, "not_duplicate_of": [scene.stock]})
    assert made.status_code == 201, made.text
    params = {"record_id": made.json()["id"]}
    kept = (await scene.ada.get("/v1/duplicate-dismissals", params=params)).json()["items"]
    left = (await scene.ada.get(f"/v1/accounts/{params['record_id']}/duplicates")).json()["matches"]
    assert _shown(left, scene.stock) == ("none", None)
    return "duplicate or possible" if kept else "none", None


async def account_rename(scene: Scene, values: Values) -> Verdict:
    made = await scene.bert.post("/v1/accounts", json={**COMPLETION, **HARMLESS})
    changed = await scene.bert.patch(made.headers["Location"], json=values, headers=ANY)
    found = _refused(changed, customer_taken="duplicate")
    return found if found[0] == "duplicate" else ("possible or none", None)


async def own_account_at_conversion(scene: Scene, values: Values) -> Verdict:
    """The account is Bert's own here: no lock, but a duplicate all the same."""
    bert = (await scene.bert.get("/v1/me")).json()["id"]
    url = f"/v1/accounts/{scene.stock}"
    assert (await scene.ada.patch(url, json={"assignee_id": bert}, headers=ANY)).is_success
    lead = await scene.open_lead(values)
    made = await scene.bert.post(f"/v1/leads/{lead}/conversion", json={"outcome": "create", "account": COMPLETION})
    found = _refused(made, duplicate_account="duplicate")
    return found if found[0] == "duplicate" else ("possible or none", None)


Path_ = Callable[[Scene, Values], Awaitable[Verdict]]

OF_ANY_KIND: tuple[Path_, ...] = (
    protection_check, lead_creation, named_at_creation, named_at_change, lead_rename, saved_lead, other_way_round,
    conversion_preview, conversion, dismissal, scan, own_account_at_conversion,
)  # fmt: skip
"""Paths of a lead or of values whose kind is not said."""
OF_A_COMPANY: tuple[Path_, ...] = (account_creation, account_named_by_who_sees_all, account_rename)
"""Paths of what is said to be a company."""
