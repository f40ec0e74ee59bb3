"""What the metadata answer, to whom, how fast, and when they change."""

import time
from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from tests.conftest import Api
from tests.factories import make_user
from tests.metadata.forms import Forms, custom_queries

KINDS: dict[str, dict[str, Any]] = {
    "text": {"max_length": 80},
    "number": {"decimals": 2, "minimum": "0", "maximum": "100"},
    "money": {},
    "date": {"minimum": "2020-01-01"},
    "boolean": {},
    "link": {"link_to": "contact"},
    "choice": {},
    "multi_choice": {},
}
CHOICES = [
    {"key": "gold", "label_de": "Gold", "label_en": "Gold"},
    {"key": "old", "label_de": "Alt", "label_en": "Old", "active": False},
]
LARGEST = 150_000


async def _define(admin: httpx.AsyncClient, key: str, kind: str, **more: Any) -> None:
    choices = {"choices": CHOICES} if "choice" in kind else {}
    labels = {"label_de": f"Feld {kind}", "label_en": f"Field {kind}"}
    body = {"record_type": "account", "key": key, "kind": kind, **labels, **choices, **KINDS[kind], **more}
    answer = await admin.post("/v1/custom-fields", json=body)
    assert answer.status_code == 201, answer.text


@pytest.mark.rule("ACC-10")
async def test_custom_fields_are_described_like_all_others(api: Api, session: AsyncSession) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    before = await admin.get("/v1/metadata/accounts")
    for kind in KINDS:
        await _define(admin, f"field_{kind}", kind, required=kind == "choice", help_de="Hilfe", help_en="Help")
    after = await admin.get("/v1/metadata/accounts", headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200 and after.headers["ETag"] != before.headers["ETag"]
    described = after.json()
    fields = {f["name"]: f for f in described["fields"] if f["name"].startswith("custom.")}
    assert set(fields) == {f"custom.field_{kind}" for kind in KINDS}
    choice = fields["custom.field_choice"]
    assert choice["create"]["required"] and not choice["update"]["nullable"]
    assert choice["label"] == {"de": "Feld choice", "en": "Field choice"}
    assert choice["help"] == {"de": "Hilfe", "en": "Help"}
    assert [(o["value"], o.get("active", True)) for o in choice["options"]] == [("gold", True), ("old", False)]
    assert fields["custom.field_number"]["bounds"] == {"minimum": 0, "maximum": 100, "decimals": 2, "digits": 15}
    assert fields["custom.field_link"]["target"] == "contacts"
    assert "custom" not in {f["name"] for f in described["fields"]}

    forms = Forms(admin)
    made = await admin.post("/v1/contacts", json=await forms.creation(await forms.metadata("contacts")))
    assert made.status_code == 201
    body = await forms.creation(described, whole=True)
    assert set(body["custom"]) == {f"field_{kind}" for kind in KINDS}
    answer = await admin.post("/v1/accounts", json=body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["custom"] == body["custom"]

    asked = await custom_queries(forms, described)
    assert len(asked) > 40
    for parameters in asked:
        answer = await admin.get("/v1/accounts", params=parameters)
        assert answer.status_code == 200, (parameters, answer.text)


@pytest.mark.rule("ACC-10")
async def test_a_resource_with_the_most_custom_fields_stays_small_and_fast(api: Api, session: AsyncSession) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    kinds = list(KINDS)
    for number in range(40):
        await _define(admin, f"field_{number}", kinds[number % len(kinds)])
    sizes, times = {}, []
    for resource in (await admin.get("/v1/metadata")).json()["resources"]:
        sizes[resource["name"]] = len((await admin.get(resource["metadata"])).content)
    for _ in range(30):
        start = time.perf_counter()
        await admin.get("/v1/metadata/accounts")
        times.append(time.perf_counter() - start)
    assert max(sizes.values()) < LARGEST, sizes
    assert sorted(times)[len(times) // 2] < 0.05, times


async def test_who_may_less_gets_another_answer(api: Api, session: AsyncSession) -> None:
    answers = {}
    for role in ("admin", "mst", "rm"):
        client = await api.as_user(await make_user(session, role))
        answers[role] = await client.get("/v1/metadata/accounts")
        again = await client.get("/v1/metadata/accounts", headers={"If-None-Match": answers[role].headers["ETag"]})
        assert again.status_code == 304 and not again.content
        assert again.headers["ETag"] == answers[role].headers["ETag"]
    assert len({answer.headers["ETag"] for answer in answers.values()}) == 3
    permitted = {
        role: {action["name"] for action in answer.json()["actions"] if action["permitted"]}
        for role, answer in answers.items()
    }
    assert "delete_account" in permitted["admin"] - permitted["rm"]
    assert "create_account" in permitted["rm"] - permitted["mst"]
    assert "list_accounts" in permitted["mst"]


async def test_an_unknown_resource_or_list_is_not_found(api: Api, session: AsyncSession) -> None:
    client = await api.as_user(await make_user(session))
    for path in ("/v1/metadata/nosuch", "/v1/enums/nosuch"):
        answer = await client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_lists_of_values(api: Api, session: AsyncSession) -> None:
    client = await api.as_user(await make_user(session))
    for one in (await client.get("/v1/enums")).json()["enums"]:
        answer = await client.get(one["path"])
        values = [(option["value"], option.get("country")) for option in answer.json()["options"]]
        assert len(set(values)) == len(values) > 1, one["name"]
        assert all(option["label"]["de"] and option["label"]["en"] for option in answer.json()["options"])
        again = await client.get(one["path"], headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304

    async def values(path: str, language: str = "de") -> list[str]:
        answer = await client.get(path, headers={"Accept-Language": language})
        return [option["label"][language] for option in answer.json()["options"]]

    assert (await values("/v1/enums/countries"))[:4] == ["Österreich", "Deutschland", "Schweiz", "Liechtenstein"]
    german, english = await values("/v1/enums/countries"), await values("/v1/enums/countries", "en")
    assert german.index("Ägypten") < german.index("Algerien") + 10 and german != english
    states = await values("/v1/enums/states?country=AT")
    assert len(states) == 9 and states[0] == "Burgenland" and "Wien" in states
    assert "Kärnten" in states and "Carinthia" in await values("/v1/enums/states?country=AT", "en")
    assert await values("/v1/enums/states?country=JP") == []
    assert (await client.get("/v1/enums/states?country=XX")).status_code == 422
