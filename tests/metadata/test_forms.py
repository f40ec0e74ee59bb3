"""A program that knows only the metadata makes, changes and lists records of every kind."""

from itertools import zip_longest

import httpx
import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncSession

from tests.arch.world import make_world
from tests.conftest import Api
from tests.metadata.forms import CannotFill, Forms, as_sent, custom_queries, filter_value

NOT_BUILT = {
    "merges": "names records of one kind and the version of each, which only their preview tells",
    "duplicate-dismissals": "names two records that were found to be alike",
    "follow-ups": "names a record of any kind, chosen from that kind's list",
    "calendar-shares": "names somebody else than the asker",
    "clearances": "names another one's lock, which only a protection check tells",
}
"""Resources whose creation is an answer to something that was found before, not a form."""


@pytest_asyncio.fixture(loop_scope="session")
async def admin(api: Api, session: AsyncSession) -> httpx.AsyncClient:
    user, _ = await make_world(api, session, "admin")
    return await api.as_user(user)


async def prepare(forms: Forms) -> None:
    """Something to choose from for every field: a contact type, which no world has of itself."""
    described = await forms.metadata("contact-types")
    assert (await forms.client.post(described["path"], json=await forms.creation(described))).status_code == 201


@pytest.mark.rule("ACC-10")
async def test_records_of_every_kind_are_made_from_the_metadata(admin: httpx.AsyncClient) -> None:
    forms = Forms(admin)
    failed: list[str] = []
    made: list[str] = []
    refused: set[str] = set()
    for resource in (await admin.get("/v1/metadata")).json()["resources"]:
        name = resource["name"]
        creates = [a for a in resource["actions"] if (a["method"], a["path"]) == ("POST", resource["path"])]
        if not creates or name in NOT_BUILT:
            continue
        described = await forms.metadata(name)
        groups = len(described.get("either") or described.get("variants", {}).get("options") or [0])
        for group in range(groups):
            try:
                body = await forms.creation(described, group=group)
            except CannotFill as problem:
                failed.append(f"{name}: {problem}")
                continue
            answer = await admin.post(resource["path"], json=body)
            if answer.status_code in (201, 202):
                made.append(name)
            elif answer.status_code == 409 and groups > 1:
                refused.add(name)  # by a rule of the record that was chosen
            else:
                failed.append(f"{name} {body}: {answer.text}")
    assert not failed, "\n".join(failed)
    assert refused <= set(made)
    assert {"accounts", "contacts", "leads", "opportunities", "activities", "projects", "users", "teams"} <= set(made)


@pytest.mark.rule("ACC-10")
async def test_lists_take_what_the_metadata_offer(admin: httpx.AsyncClient) -> None:
    forms = Forms(admin)
    failed = []
    for resource in (await admin.get("/v1/metadata")).json()["resources"]:
        described = await forms.metadata(resource["name"])
        if (listed := described.get("list")) is None:
            continue
        sorts = [{"sort": sort["value"]} for sort in listed["sorts"]]
        filters = [{one["name"]: await filter_value(forms, one)} for one in listed["filters"]]
        asked = [sort | narrowed for sort, narrowed in zip_longest(sorts, filters, fillvalue={})]
        asked += await custom_queries(forms, described)
        if listed["default_sort"]:
            asked.append({"fields": ",".join(column["name"] for column in listed["columns"])})
        for parameters in asked:
            answer = await admin.get(listed["path"], params={**parameters, "limit": 1})
            if answer.status_code != 200:
                failed.append(f"{listed['path']} {parameters}: {answer.text}")
    assert not failed, "\n".join(failed)


@pytest.mark.rule("ACC-10")
@pytest.mark.parametrize("name", ["accounts", "contacts"])
async def test_each_field_changes_or_says_why_not(api: Api, session: AsyncSession, name: str) -> None:
    user, ids = await make_world(api, session, "admin")
    admin = await api.as_user(user)
    forms = Forms(admin)
    await prepare(forms)
    described = await forms.metadata(name)
    path = f"{described['path']}/{ids[f'{name[:-1]}_id']}"
    made = (await admin.get(path)).json()
    fields = {field["name"]: field for field in described["fields"] if "create" in field or "update" in field}
    wrong, changed = [], 0
    for field in described["fields"]:
        told = field.get("read_only")
        if "update" in field:
            if field["update"]["nullable"]:
                on_it = [f["name"] for f in fields.values() if f"{{{field['name']}}}" in str(f.get("options_from"))]
                nothing = dict.fromkeys([field["name"], *on_it])
                emptied = await admin.patch(path, json=as_sent(nothing), headers={"If-Match": "*"})
                if emptied.status_code != 200:
                    wrong.append(f"{field['name']} = null: {emptied.text}")
            try:
                body = await forms.change(field, fields, made)
            except CannotFill as problem:
                wrong.append(str(problem))
                continue
            answer = await admin.patch(path, json=body, headers={"If-Match": "*"})
            changed += answer.status_code == 200
            if answer.status_code != 200:
                wrong.append(f"{body}: {answer.text}")
        elif told is not None:
            refused = [await admin.patch(path, json={field["name"]: None}, headers={"If-Match": "*"})]
            refused += [await admin.post(described["path"], json={field["name"]: None})] * ("create" not in field)
            for answer in refused:
                codes = {
                    e["code"]: e["message"] for e in answer.json()["errors"] if e["pointer"] == f"/{field['name']}"
                }
                if told["code"] not in codes:
                    wrong.append(f"{field['name']}: {told['code']} announced: {answer.text}")
                elif told["code"].startswith("read_only") and told["reason"]["en"] not in codes.values():
                    wrong.append(f"{field['name']}: {told['reason']} announced: {codes}")
    assert not wrong, "\n".join(wrong)
    assert changed >= 20


@pytest.mark.rule("ACC-10")
@pytest.mark.parametrize("name", ["accounts", "contacts"])
async def test_a_form_with_everything_in_it(admin: httpx.AsyncClient, name: str) -> None:
    forms = Forms(admin)
    await prepare(forms)
    described = await forms.metadata(name)
    body = await forms.creation(described, whole=True)
    answer = await admin.post(described["path"], json=body)
    assert answer.status_code == 201, (body, answer.text)
    shown = answer.json()
    for field in described["fields"]:
        if "create" in field and "shown_as" in field:
            assert field["shown_as"] in shown, field["name"]
