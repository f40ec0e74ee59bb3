"""Defining fields: add, rename, reorder, change choices, retire, delete; only by administrators (ACC-10)."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from tests.conftest import Api
from tests.custom_fields.support import ACCOUNT, changed, defined, wrong
from tests.factories import make_user

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.rule("ACC-10")]

FIELD = {"record_type": "account", "key": "size", "kind": "number", "label_de": "Größe", "label_en": "Size"}
URL = "/v1/custom-fields"


async def test_only_administrators_change_them_and_everybody_reads_them(api: Api, session: AsyncSession) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    eva = await api.as_user(await make_user(session, "developer", "fn", "country_head"))
    assert (await eva.post(URL, json=FIELD)).status_code == 403
    made = await admin.post(URL, json=FIELD)
    assert made.status_code == 201 and made.json()["position"] == 1 and not made.json()["retired"]
    url = made.headers["Location"]
    assert (await eva.get(url)).json() == made.json()
    assert (await eva.get(URL, params={"record_type": "account"})).json()["items"] == [made.json()]
    assert (await eva.get(URL, params={"record_type": "lead"})).json()["items"] == []
    for answer in (
        await changed(eva, url, {"required": True}),
        await eva.delete(url),
        await eva.put(f"{URL}/order", json={"record_type": "account", "ids": [made.json()["id"]]}),
    ):
        assert answer.status_code == 403
    assert (await api.anyone.get(URL)).status_code == 401


async def test_what_does_not_fit_together_is_told_at_once(api: Api, session: AsyncSession) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    one = {"key": "gold", "label_de": "Gold", "label_en": "Gold"}
    assert wrong(await admin.post(URL, json=FIELD | {"choices": [one], "max_length": 5, "link_to": "user"})) == {
        "/choices": "not_of_this_kind",
        "/max_length": "not_of_this_kind",
        "/link_to": "not_of_this_kind",
    }
    for more, expected in (
        ({"kind": "choice"}, {"/choices": "missing"}),
        ({"kind": "choice", "choices": [one, one]}, {"/choices": "twice"}),
        ({"kind": "link"}, {"/link_to": "missing"}),
        ({"kind": "text", "decimals": 2}, {"/decimals": "not_of_this_kind"}),
        ({"minimum": "5", "maximum": "4"}, {"/minimum": "bound_order"}),
        ({"kind": "date", "minimum": "5"}, {"/minimum": "bound_form"}),
        ({"kind": "date", "minimum": "20260101"}, {"/minimum": "bound_form"}),
        ({"minimum": "2026-01-01"}, {"/minimum": "bound_form"}),
        ({"minimum": "x"}, {"/minimum": "string_pattern_mismatch"}),
        ({"kind": "colour"}, {"/kind": "literal_error"}),
        ({"record_type": "project"}, {"/record_type": "literal_error"}),
        ({"key": "Größe"}, {"/key": "string_pattern_mismatch"}),
        ({"max_length": 4001, "kind": "text"}, {"/max_length": "less_than_equal"}),
        ({"maps_to_id": str(uuid7())}, {"/maps_to_id": "unknown_target"}),
        ({"no": 5}, {"/no": "extra_forbidden"}),
    ):
        assert wrong(await admin.post(URL, json=FIELD | more)) == expected, more


async def test_key_kind_and_record_type_are_for_ever(api: Api, session: AsyncSession) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    field = await defined(admin, "size", "number")
    url = f"{URL}/{field['id']}"
    fixed = {"key": "a", "kind": "text", "record_type": "lead", "link_to": "user"}
    assert wrong(await changed(admin, url, fixed)) == {f"/{name}": "read_only_fixed" for name in fixed}
    stale = await admin.patch(url, json={"label_de": "x"}, headers={"If-Match": '"7"'})
    assert stale.status_code == 412
    assert (await admin.patch(url, json={"label_de": "x"})).status_code == 428
    answer = await changed(admin, url, {"label_de": "Neu", "required": True, "help_en": "How big."})
    assert answer.status_code == 200 and answer.json()["label_de"] == "Neu" and answer.json()["version"] == 2
    assert wrong(await admin.post(URL, json=FIELD)) == {"/key": "key_taken"}
    assert (await admin.post(URL, json=FIELD | {"record_type": "lead"})).status_code == 201
    history = (await admin.get(f"{url}/history")).json()["items"][0]["changes"]
    assert {"field": "label_de", "old": "size", "new": "Neu"} in history


async def test_making_one_again_makes_it_once(api: Api, session: AsyncSession) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    body = FIELD | {"id": str(uuid7())}
    assert [(await admin.post(URL, json=body)).status_code for _ in range(2)] == [201, 200]
    assert (await admin.post(URL, json=body | {"key": "other"})).json()["code"] == "id_taken"


async def test_they_are_put_into_an_order_in_one_request(api: Api, session: AsyncSession) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    a, b, c, old = [(await defined(admin, key))["id"] for key in ("a", "b", "c", "old")]
    await changed(admin, f"{URL}/{old}", {"retired": True})
    assert (await admin.put(f"{URL}/order", json={"record_type": "account", "ids": [c, a, b]})).status_code == 204
    listed = (await admin.get(URL, params={"record_type": "account", "retired": "false"})).json()["items"]
    assert [field["id"] for field in listed] == [c, a, b]
    for ids in ([a, b], [a, b, c, old], [a, b, b], [a, b, str(uuid7())]):
        answer = await admin.put(f"{URL}/order", json={"record_type": "account", "ids": ids})
        assert wrong(answer) == {"/ids": "order_incomplete"}


async def test_choices_are_renamed_reordered_added_and_retired_but_not_lost(api: Api, session: AsyncSession) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    client = await api.as_user(await make_user(session))
    field = await defined(admin, "level", "choice")
    url = f"{URL}/{field['id']}"
    made = await client.post("/v1/accounts", json=ACCOUNT | {"custom": {"level": "gold"}})
    gold, silver, _ = field["choices"]
    tin = {"key": "tin", "label_de": "Zinn", "label_en": "Tin", "active": True}
    refused = await changed(admin, url, {"choices": [silver, tin]})
    assert wrong(refused) == {"/choices": "choice_in_use"} and "1 record" in refused.text
    new = [silver | {"label_de": "Silbern"}, tin, gold | {"active": False}]
    answer = await changed(admin, url, {"choices": new})
    assert answer.status_code == 200 and answer.json()["choices"] == new
    assert (await client.get(made.headers["Location"])).json()["custom"] == {"level": "gold"}
    await changed(client, made.headers["Location"], {"custom": {"level": "tin"}})
    assert (await changed(admin, url, {"choices": [silver, tin]})).status_code == 200
    assert wrong(await changed(admin, url, {"choices": []}))["/choices"]


async def test_a_field_with_values_is_retired_not_deleted_and_no_key_is_given_again(
    api: Api, session: AsyncSession
) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    client = await api.as_user(await make_user(session))
    field = await defined(admin, "size", "number")
    url = f"{URL}/{field['id']}"
    account = (await client.post("/v1/accounts", json=ACCOUNT | {"custom": {"size": 5}})).headers["Location"]
    refused = await admin.delete(url)
    assert refused.status_code == 409 and refused.json()["code"] == "field_in_use" and refused.json()["count"] == 1
    await changed(client, account, {"custom": {"size": None}})
    assert (await admin.delete(url)).status_code == 204
    assert (await admin.get(url)).status_code == 404 and (await admin.delete(url)).status_code == 404
    assert (await admin.get(URL)).json()["items"] == []
    assert wrong(await admin.post(URL, json=FIELD)) == {"/key": "key_taken"}
    assert wrong(await changed(client, account, {"custom": {"size": 5}})) == {"/custom/size": "unknown_field"}
    assert (await client.get(account)).json()["custom"] == {}


async def test_no_more_than_two_hundred_are_in_use(api: Api, session: AsyncSession) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    await session.execute(
        text(
            "INSERT INTO custom_fields (id, record_type, key, kind, label_de, label_en, position) SELECT gen_random_uuid(), "
            "'account', 'k' || n, 'text', 'x', 'x', n FROM generate_series(1, 199) AS n"
        )
    )
    await session.commit()
    field = await defined(admin, "last", "text")
    answer = await admin.post(URL, json=FIELD)
    assert answer.status_code == 409 and answer.json()["code"] == "too_many_fields"
    url = f"{URL}/{field['id']}"
    assert (await changed(admin, url, {"retired": True})).status_code == 200
    assert (await admin.post(URL, json=FIELD)).status_code == 201
    assert (await changed(admin, url, {"retired": False})).json()["code"] == "too_many_fields"
