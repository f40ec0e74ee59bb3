"""Pipelines and their stages."""

from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.opportunities.models import DEFAULT_PIPELINE_ID
from tests.conftest import Api
from tests.factories import make_account, make_opportunity, make_user


def stage(key: str, probability: int, category: str = "open") -> dict[str, Any]:
    return {"key": key, "label_de": key.title(), "label_en": key, "probability": probability, "category": category}


STAGES = [stage("first", 10), stage("second", 60), stage("won", 100, "won"), stage("lost", 0, "lost")]


@pytest.mark.rule("OPP-1")
async def test_everybody_sees_the_stages_in_order_with_their_probability(api: Api, session: AsyncSession) -> None:
    client = await api.as_user(await make_user(session))
    (pipeline,) = (await client.get("/v1/pipelines")).json()["items"]
    assert pipeline["id"] == str(DEFAULT_PIPELINE_ID) and pipeline["is_default"]
    assert [(s["key"], s["probability"], s["category"]) for s in pipeline["stages"]] == [
        ("contact", 10, "open"),
        ("needs", 25, "open"),
        ("offer", 50, "open"),
        ("negotiation", 75, "open"),
        ("won", 100, "won"),
        ("lost", 0, "lost"),
    ]
    assert (await client.get(f"/v1/pipelines/{DEFAULT_PIPELINE_ID}")).json() == pipeline
    assert (await client.get("/v1/pipelines/019abcde-0000-7000-8000-000000000bad")).status_code == 404
    body = {"key": "mine", "name": "Meine", "stages": STAGES}
    assert (await client.post("/v1/pipelines", json=body)).status_code == 403
    changed = await client.patch(f"/v1/pipelines/{DEFAULT_PIPELINE_ID}", json={"name": "x"}, headers={"If-Match": "*"})
    assert changed.status_code == 403


async def test_administrators_rename_reorder_add_and_remove_stages(api: Api, session: AsyncSession) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    made = await admin.post("/v1/pipelines", json={"key": "flatrate", "name": "Flatrate", "stages": STAGES})
    assert made.status_code == 201, made.text
    twice = await admin.post("/v1/pipelines", json={"key": "flatrate", "name": "Noch eine", "stages": STAGES})
    assert twice.status_code == 409
    url, ids = made.headers["Location"], {s["key"]: s["id"] for s in made.json()["stages"]}
    wanted = [stage("new", 5), stage("second", 70) | {"label_de": "Zweite"}, *STAGES[2:]]
    changed = await admin.patch(url, json={"stages": wanted}, headers={"If-Match": '"1"'})
    assert changed.status_code == 200, changed.text
    assert changed.headers["ETag"] == '"2"', "the stages are part of the pipeline"
    stages = changed.json()["stages"]
    assert [(s["key"], s["probability"]) for s in stages] == [("new", 5), ("second", 70), ("won", 100), ("lost", 0)]
    assert stages[1]["id"] == ids["second"] and stages[1]["label_de"] == "Zweite"
    stale = await admin.patch(url, json={"name": "x"}, headers={"If-Match": '"1"'})
    assert stale.status_code == 412


async def test_a_stage_with_opportunities_stays_what_it_is(api: Api, session: AsyncSession) -> None:
    admin = await make_user(session, "admin")
    client = await api.as_user(admin)
    made = (await client.post("/v1/pipelines", json={"key": "p", "name": "P", "stages": STAGES})).json()
    url, first = f"/v1/pipelines/{made['id']}", made["stages"][0]
    account = await make_account(session, admin)
    opportunity = await make_opportunity(session, admin, account, pipeline_id=made["id"], stage_id=first["id"])
    without = await client.patch(url, json={"stages": STAGES[1:]}, headers={"If-Match": "*"})
    assert without.status_code == 409 and without.json()["code"] == "stage_in_use"
    turned = [stage("first", 100, "won"), *STAGES[1:]]
    assert (await client.patch(url, json={"stages": turned}, headers={"If-Match": "*"})).status_code == 409
    likelier = [stage("first", 20), *STAGES[1:]]
    assert (await client.patch(url, json={"stages": likelier}, headers={"If-Match": "*"})).status_code == 200
    standing = (await client.get(f"/v1/opportunities/{opportunity.id}")).json()
    assert standing["probability"] == 10, "what stands keeps its estimate"


@pytest.mark.parametrize(
    ("stages", "pointer"),
    [
        ([stage("a", 10), stage("b", 20), stage("won", 100, "won")], "/stages"),
        ([stage("a", 10), stage("a", 20), *STAGES[2:]], "/stages/1/key"),
        ([stage("a", 10), stage("won", 90, "won"), stage("lost", 0, "lost")], "/stages/1/probability"),
        ([stage("a", 101), *STAGES[2:]], "/stages/0/probability"),
        ([], "/stages"),
    ],
)
async def test_incomplete_pipelines_are_refused(
    api: Api, session: AsyncSession, stages: list[dict[str, Any]], pointer: str
) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    answer = await admin.post("/v1/pipelines", json={"key": "p", "name": "P", "stages": stages})
    assert answer.status_code == 422
    assert pointer in [e["pointer"] for e in answer.json()["errors"]]
