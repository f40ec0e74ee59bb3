"""Contact types over HTTP (ACC-9)."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from tests.conftest import Api
from tests.factories import make_account, make_contact, make_user

pytestmark = pytest.mark.rule("ACC-9")
ANY = {"If-Match": "*"}


async def test_administrators_keep_the_list_and_everybody_reads_it(api: Api, session: AsyncSession) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    user = await api.as_user(await make_user(session))
    body = {"key": "supplier", "label_de": "Lieferant", "label_en": "Supplier"}
    first = await admin.post("/v1/contact-types", json=body)
    assert first.status_code == 201 and first.json()["position"] == 0
    second = await admin.post("/v1/contact-types", json=body | {"key": "press"})
    assert second.json()["position"] == 1
    assert (await admin.post("/v1/contact-types", json=body)).status_code == 409
    assert (await user.post("/v1/contact-types", json=body | {"key": "x"})).status_code == 403
    listed = (await user.get("/v1/contact-types")).json()["items"]
    assert [one["key"] for one in listed] == ["supplier", "press"]
    url = first.headers["Location"]
    assert (await user.patch(url, json={"active": False}, headers=ANY)).status_code == 403
    assert (await user.delete(url)).status_code == 403
    assert (await admin.patch(url, json={"key": "other"}, headers=ANY)).status_code == 422
    assert (await admin.patch(url, json={"label_de": "Zulieferer"}, headers={"If-Match": '"9"'})).status_code == 412


async def test_a_type_in_use_is_taken_out_of_use_but_not_deleted(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    admin, client = await api.as_user(await make_user(session, "admin")), await api.as_user(user)
    contact, account = await make_contact(session, user), await make_account(session, user)
    body = {"key": "supplier", "label_de": "Lieferant", "label_en": "Supplier"}
    url = (await admin.post("/v1/contact-types", json=body)).headers["Location"]
    for path, id_ in (("contacts", contact.id), ("accounts", account.id)):
        unknown = await client.patch(f"/v1/{path}/{id_}", json={"contact_type": "press"}, headers=ANY)
        assert unknown.status_code == 422 and unknown.json()["errors"][0]["pointer"] == "/contact_type"
        named = await client.patch(f"/v1/{path}/{id_}", json={"contact_type": "supplier"}, headers=ANY)
        assert named.status_code == 200 and named.json()["contact_type"] == "supplier"
        found = await client.get(f"/v1/{path}", params={"contact_type": "supplier"})
        assert [item["id"] for item in found.json()["items"]] == [str(id_)]
    refused = await admin.delete(url)
    assert refused.status_code == 409 and refused.json()["code"] == "in_use"
    assert (await admin.patch(url, json={"active": False}, headers=ANY)).status_code == 200
    kept = await client.patch(f"/v1/contacts/{contact.id}", json={"contact_type": "supplier"}, headers=ANY)
    assert kept.status_code == 200, "what a record has may stay"
    new = await client.post("/v1/contacts", json={"last_name": "Neu", "contact_type": "supplier"})
    assert new.status_code == 422
    for path, id_ in (("contacts", contact.id), ("accounts", account.id)):
        assert (await client.patch(f"/v1/{path}/{id_}", json={"contact_type": None}, headers=ANY)).status_code == 200
    assert (await admin.delete(url)).status_code == 204
