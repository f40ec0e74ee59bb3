"""Roles as data, and the built-in matrix."""

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.permissions import BUILT_IN_ROLES, Permission
from app.identity.models import Role
from tests.conftest import Api
from tests.factories import make_user

READING = {"users.read", "leads.read", "protection.check", "accounts.read", "contacts.read", "opportunities.read"}
READING |= {"activities.read", "history.read", "messages.send", "follow_ups.write"}
LEADS = {"leads.create", "leads.update", "leads.delete", "leads.convert", "leads.assign", "clearances.request"}
CUSTOMERS = {"accounts.write", "contacts.write", "activities.write", "tasks.complete", "records.merge"}
CUSTOMERS |= {"data_quality.read", "visit_reports.write", "visit_reports.review"}
SELLING = {"opportunities.write"}

MATRIX = {
    "mst": READING - {"opportunities.read", "history.read"} | {"leads.create", "tasks.complete", "visit_reports.write"},
    "rm": READING | LEADS | CUSTOMERS | {"contacts.delete"},
    "cm": READING | CUSTOMERS | {"leads.update", "leads.assign"},
    "adm": READING | CUSTOMERS | SELLING | {"leads.create", "leads.update", "clearances.request"},
    "fn": READING | LEADS | CUSTOMERS | SELLING | {"accounts.set_vip"},
    "bdm": READING | LEADS | CUSTOMERS | SELLING,
    "ks": READING | SELLING | {"opportunities.create_requested", "activities.write", "tasks.complete"},
    "developer": READING | LEADS | CUSTOMERS | SELLING,
    "country_head": READING
    | LEADS
    | CUSTOMERS
    | SELLING
    | {"clearances.decide", "locks.manage", "leads.manage_all", "duplicates.scan"},
    "integration": READING | CUSTOMERS | {"records.read_all", "leads.create", "leads.update", "erp.follow"},
    "admin": {p.value for p in Permission},
}
"""The duties of F, chapter 1.1, written a second time: a change here is a decision, not an accident."""


@pytest.mark.rule("ID-2")
@pytest.mark.parametrize("key", sorted(MATRIX))
async def test_built_in_roles_are_seeded_as_decided(session: AsyncSession, key: str) -> None:
    role = (await session.execute(select(Role).where(Role.key == key))).scalar_one()
    assert role.built_in and set(role.permissions) == MATRIX[key]


def test_there_are_no_other_built_in_roles() -> None:
    assert set(MATRIX) == set(BUILT_IN_ROLES)


@pytest.mark.rule("ID-2")
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/users", {"email": "a@b.example.com", "first_name": "A", "last_name": "B", "roles": ["mst"]}),
        ("POST", "/v1/roles", {"key": "x", "label_de": "X", "label_en": "X", "permissions": []}),
        ("POST", "/v1/teams", {"name": "X", "kind": "head_office_key_accounts"}),
        ("POST", "/v1/centres", {"code": "X", "name": "X", "country": "AT"}),
        ("POST", "/v1/projects", {"key": "x", "name": "X"}),
    ],
)
async def test_a_technician_administers_nothing(
    api: Api, session: AsyncSession, method: str, path: str, body: dict[str, object]
) -> None:
    client = await api.as_user(await make_user(session, "mst"))
    answer = await client.request(method, path, json=body)
    assert answer.status_code == 403 and answer.json()["code"] == "forbidden"


@pytest.mark.rule("ID-2")
async def test_an_administrator_makes_changes_and_deletes_a_role(api: Api, session: AsyncSession) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    body = {
        "key": "trainee",
        "label_de": "Praktikum",
        "label_en": "Trainee",
        "permissions": ["users.read", "leads.read", "users.read"],
    }
    made = await admin.post("/v1/roles", json=body)
    assert made.status_code == 201, made.text
    assert made.json()["permissions"] == ["leads.read", "users.read"] and made.json()["built_in"] is False
    assert (await admin.post("/v1/roles", json=body)).status_code == 409

    trainee = await make_user(session, "trainee")
    client = await api.as_user(trainee)
    project = {"key": "fair", "name": "Messe"}
    assert (await client.post("/v1/projects", json=project)).status_code == 403
    url = made.headers["Location"]
    change = {"permissions": ["projects.manage"], "label_en": "Intern"}
    changed = await admin.patch(url, json=change, headers={"If-Match": made.headers["ETag"]})
    assert changed.status_code == 200 and changed.json()["permissions"] == ["projects.manage"]
    assert (await client.post("/v1/projects", json=project)).status_code == 201
    assert (await client.get("/v1/users")).status_code == 403

    used = await admin.delete(url)
    assert used.status_code == 409 and used.json()["code"] == "role_in_use"
    taken = await admin.patch(f"/v1/users/{trainee.id}", json={"roles": ["mst"]}, headers={"If-Match": "*"})
    assert taken.status_code == 200
    assert (await admin.delete(url)).status_code == 204
    assert (await admin.get(url)).status_code == 404 and (await admin.delete(url)).status_code == 404


async def test_what_a_role_must_not_be(api: Api, session: AsyncSession) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    roles = {r["key"]: r for r in (await admin.get("/v1/roles")).json()["items"]}
    admin_role, mst = (f"/v1/roles/{roles[key]['id']}" for key in ("admin", "mst"))
    anybody = {"If-Match": "*"}
    less = await admin.patch(admin_role, json={"permissions": ["users.read"]}, headers=anybody)
    assert less.status_code == 422 and less.json()["errors"][0]["code"] == "users_manage_required"
    assert (await admin.patch(admin_role, json={"label_de": "Chef"}, headers=anybody)).json()["label_de"] == "Chef"
    unknown = await admin.patch(mst, json={"permissions": ["leads.fly"]}, headers=anybody)
    assert unknown.status_code == 422 and unknown.json()["errors"][0]["pointer"] == "/permissions/0"
    assert (await admin.delete(mst)).json()["code"] == "role_built_in"
    more = await admin.patch(mst, json={"permissions": ["leads.read", "leads.update"]}, headers=anybody)
    assert more.status_code == 200, "built-in roles are data too"


async def test_everybody_reads_roles_and_only_administrators_write(api: Api, session: AsyncSession) -> None:
    client = await api.as_user(await make_user(session, "developer"))
    page = (await client.get("/v1/roles", params={"key": ["ks", "rm"]})).json()
    assert [r["key"] for r in page["items"]] == ["ks", "rm"]
    url = f"/v1/roles/{page['items'][0]['id']}"
    assert (await client.get(url)).status_code == 200
    assert (await client.patch(url, json={"label_de": "x"}, headers={"If-Match": "*"})).status_code == 403
    assert (await client.delete(url)).status_code == 403
