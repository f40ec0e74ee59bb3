"""Values of custom fields: typed, checked all at once, kept when their field is retired (ACC-10)."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from tests.conftest import Api
from tests.custom_fields.support import ACCOUNT, OF_KIND, VALUES, changed, defined, wrong
from tests.factories import lead_body, make_account, make_user

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.rule("ACC-10")]

BAD: dict[str, list[tuple[Any, str]]] = {
    "text": [(5, "string_type"), (True, "string_type"), ("x" * 21, "string_too_long"), ("a\0b", "custom_value")],
    "number": [
        *(("5", "number_type"), (True, "number_type"), (1.234, "decimal_max_places"), (-100.01, "greater_than_equal")),
        *((1000001, "less_than_equal"), (1e300, "custom_value"), ([], "number_type")),
    ],
    "money": [
        *((5, "model_type"), ("5", "model_type"), ({"amount": "9.99"}, "greater_than_equal")),
        *(({"amount": "10.001"}, "amount_form"), ({"currency": "EUR"}, "missing")),
        *(({"amount": "10", "currency": "eur"}, "string_pattern_mismatch"), ({"amount": 10}, "custom_value")),
    ],
    "date": [
        *(("2026-02-30", "date_from_datetime_parsing"), (20260302, "date_parsing"), ("02.03.2026", "date_parsing")),
        *(
            ("2019-12-31", "greater_than_equal"),
            ("2031-01-01", "less_than_equal"),
            ("1066-01-01", "greater_than_equal"),
        ),
    ],
    "choice": [
        ("platinum", "unknown_choice"),
        (["gold"], "string_type"),
        (True, "string_type"),
        ("", "unknown_choice"),
    ],
    "multi_choice": [("gold", "list_type"), (["gold", "tin"], "unknown_choice"), (["gold", 5], "custom_value")],
    "boolean": [("true", "bool_type"), (1, "bool_type"), ("ja", "bool_type")],
    "link": [("x", "uuid_parsing"), (5, "uuid_type"), (str(uuid4()), "unknown_record"), (True, "uuid_type")],
}


@pytest.mark.parametrize("kind", OF_KIND)
async def test_each_kind_takes_its_values_and_no_others(api: Api, session: AsyncSession, kind: str) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    eva = await make_user(session)
    client = await api.as_user(eva)
    await defined(admin, "field", kind)
    good = VALUES.get(kind) or str((await make_account(session, eva)).id)
    made = await client.post("/v1/accounts", json=ACCOUNT | {"custom": {"field": good}})
    assert made.status_code == 201, made.text
    assert made.json()["custom"] == {"field": good}
    url = made.headers["Location"]
    for bad, code in BAD[kind]:
        answer = await changed(client, url, {"custom": {"field": bad}})
        found = wrong(answer)
        assert set(found.values()) == {code}, (bad, answer.text)
        assert all(pointer.startswith("/custom/field") for pointer in found)
        german = await client.patch(
            url, json={"custom": {"field": bad}}, headers={"If-Match": '"1"', "Accept-Language": "de"}
        )
        assert german.json()["errors"][0]["message"] != answer.json()["errors"][0]["message"]
    assert (await client.get(url)).json()["custom"] == {"field": good}
    emptied = await changed(client, url, {"custom": {"field": None}})
    assert emptied.status_code == 200 and emptied.json()["custom"] == {}


async def test_all_that_is_wrong_is_told_at_once_and_nothing_is_kept(api: Api, session: AsyncSession) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    eva = await make_user(session)
    client = await api.as_user(eva)
    await defined(admin, "number", "number")
    await defined(admin, "must", "text", required=True)
    retired = await defined(admin, "old", "text")
    assert (await changed(admin, f"/v1/custom-fields/{retired['id']}", {"retired": True})).json()["retired"]
    body = ACCOUNT | {"parent_id": str(uuid4()), "custom": {"number": "x", "nothing": 1, "old": "x"}}
    found = wrong(await client.post("/v1/accounts", json=body))
    assert found == {
        "/parent_id": found["/parent_id"],
        "/custom/number": "number_type",
        "/custom/nothing": "unknown_field",
        "/custom/old": "retired_field",
        "/custom/must": "missing",
    }
    shapes = {"Not a key": 1}, {"a" * 61: 1}, {f"k{i}": 1 for i in range(201)}, [], "x", {"x": {"y": {}}}
    for shape in shapes:
        assert (await client.post("/v1/accounts", json=ACCOUNT | {"custom": shape})).status_code == 422, shape


async def test_money_numbers_and_texts_are_kept_exactly(api: Api, session: AsyncSession) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    eva = await make_user(session)
    client = await api.as_user(eva)
    await defined(admin, "number", "number", decimals=6, minimum=None, maximum=None)
    await defined(admin, "money", "money")
    await defined(admin, "text", "text")
    await defined(admin, "several", "multi_choice")
    url = (await client.post("/v1/accounts", json=ACCOUNT)).headers["Location"]
    for given, kept in (
        (0.1, 0.1), (5.0, 5), (123456789.123456, 123456789.123456), (999999999999, 999999999999), (-0.0, 0),
        (0.000001, 0.000001), (1e-6, 0.000001),
    ):  # fmt: skip
        answer = await changed(client, url, {"custom": {"number": given}})
        assert answer.status_code == 200, answer.text
        assert answer.json()["custom"] == {"number": kept}
    assert '"number": 0.000001' in answer.text or '"number":0.000001' in answer.text
    found = await changed(client, url, {"custom": {"number": 1234567890.123456}})
    assert wrong(found) == {"/custom/number": "decimal_max_digits"}
    more = {"money": {"amount": "12.3"}, "text": "  Süd  ", "several": ["bronze", "gold", "gold"]}
    answer = await changed(client, url, {"custom": more})
    assert answer.json()["custom"] == {
        "number": 0.000001,
        "money": {"amount": "12.30", "currency": "EUR"},
        "text": "Süd",
        "several": ["gold", "bronze"],
    }
    emptied = await changed(client, url, {"custom": {"text": "   ", "several": []}})
    assert set(emptied.json()["custom"]) == {"number", "money"}
    assert (await changed(client, url, {"custom": {}})).json()["custom"] == emptied.json()["custom"]


async def test_required_is_asked_of_new_records_and_not_of_old_ones(api: Api, session: AsyncSession) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    eva = await make_user(session)
    client = await api.as_user(eva)
    url = (await client.post("/v1/accounts", json=ACCOUNT | {"name": "Oberhauser KG"})).headers["Location"]
    await defined(admin, "must", "choice", required=True)
    await defined(admin, "other", "text")
    assert wrong(await client.post("/v1/accounts", json=ACCOUNT)) == {"/custom/must": "missing"}
    nothing = ACCOUNT | {"custom": {"must": None}}
    assert wrong(await client.post("/v1/accounts", json=nothing)) == {"/custom/must": "missing"}
    assert (await changed(client, url, {"level": "B", "custom": {"other": "x"}})).status_code == 200
    assert (await changed(client, url, {"custom": {"must": "gold"}})).status_code == 200
    assert wrong(await changed(client, url, {"custom": {"must": None}})) == {"/custom/must": "missing"}


async def test_retired_fields_and_choices_keep_what_is_there(api: Api, session: AsyncSession) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    eva = await make_user(session)
    client = await api.as_user(eva)
    one, two = await defined(admin, "one", "text"), await defined(admin, "two", "multi_choice")
    values = {"one": "alt", "two": ["gold", "silver"]}
    url = (await client.post("/v1/accounts", json=ACCOUNT | {"custom": values})).headers["Location"]
    await changed(admin, f"/v1/custom-fields/{one['id']}", {"retired": True})
    choices = [choice | {"active": choice["key"] != "gold"} for choice in two["choices"]]
    await changed(admin, f"/v1/custom-fields/{two['id']}", {"choices": choices})
    assert (await client.get(url)).json()["custom"] == values
    assert (await changed(client, url, {"custom": values})).status_code == 200
    assert wrong(await changed(client, url, {"custom": {"one": "neu"}})) == {"/custom/one": "retired_field"}
    assert (await changed(client, url, {"custom": {"two": ["gold", "bronze"]}})).status_code == 200
    assert (await changed(client, url, {"custom": {"one": None, "two": ["bronze"]}})).json()["custom"] == {
        "two": ["bronze"]
    }
    found = wrong(await changed(client, url, {"custom": {"one": "neu", "two": ["gold"]}}))
    assert found == {"/custom/one": "retired_field", "/custom/two": "retired_choice"}
    assert (await changed(admin, f"/v1/custom-fields/{one['id']}", {"retired": False})).status_code == 200
    assert (await changed(client, url, {"custom": {"one": "neu"}})).status_code == 200


async def test_links_only_to_what_the_asker_sees(api: Api, session: AsyncSession) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    eva, max_ = await make_user(session), await make_user(session)
    client = await api.as_user(eva)
    await defined(admin, "account", "link")
    await defined(admin, "contact", "link", link_to="contact")
    await defined(admin, "person", "link", link_to="user")
    hidden, shown = await make_account(session, max_), await make_account(session, eva)
    url = f"/v1/accounts/{shown.id}"
    bad = {"account": str(hidden.id), "contact": str(shown.id), "person": str(uuid4())}
    assert wrong(await changed(client, url, {"custom": bad})) == {
        "/custom/account": "unknown_record",
        "/custom/contact": "unknown_record",
        "/custom/person": "unknown_user",
    }
    good = {"account": str(shown.id).upper(), "person": str(max_.id)}
    assert (await changed(client, url, {"custom": good})).json()["custom"]["account"] == str(shown.id)
    # What somebody else has put there may be sent back.
    await session.execute(
        text("UPDATE accounts SET custom = jsonb_build_object('account', CAST(:to AS text)) WHERE id = :id"),
        {"to": str(hidden.id), "id": shown.id},
    )
    await session.commit()
    assert (await changed(client, url, {"custom": {"account": str(hidden.id)}})).status_code == 200


async def test_together_they_are_bounded(api: Api, session: AsyncSession) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    client = await api.as_user(await make_user(session))
    for number in range(17):
        await defined(admin, f"k{number}", "text", max_length=4000)
    values = {f"k{number}": "x" * 4000 for number in range(17)}
    assert wrong(await client.post("/v1/accounts", json=ACCOUNT | {"custom": values})) == {"/custom": "too_large"}
    del values["k16"], values["k15"]
    assert (await client.post("/v1/accounts", json=ACCOUNT | {"custom": values})).status_code == 201


async def test_the_other_kinds_of_records_have_them_too(api: Api, session: AsyncSession) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    eva = await make_user(session)
    client = await api.as_user(eva)
    account = await make_account(session, eva)
    open_project = (await admin.post("/v1/projects", json={"key": "open", "name": "Offen"})).json()
    bodies = {
        "lead": {"name": "Huber Bau", "status": "new", "project_id": open_project["id"]},
        "contact": {"last_name": "Huber"},
        "opportunity": {"name": "Flatrate", "account_id": str(account.id), "expected_revenue": {"amount": "1.00"}},
    }
    for record_type, body in bodies.items():
        field = await defined(admin, "size", "number", record_type=record_type, required=True)
        paths = {"lead": "leads", "contact": "contacts", "opportunity": "opportunities"}
        url = f"/v1/{paths[record_type]}"
        assert wrong(await client.post(url, json=body)) == {"/custom/size": "missing"}
        assert wrong(await client.post(url, json=body | {"custom": {"size": "x"}})) == {"/custom/size": "number_type"}
        made = await client.post(url, json=body | {"custom": {"size": 5}})
        assert made.status_code == 201, made.text
        assert made.json()["custom"] == {"size": 5}
        again = await changed(client, made.headers["Location"], {"custom": {"size": 7}})
        assert again.json()["custom"] == {"size": 7}
        kept = await session.execute(
            text("SELECT number FROM custom_values v JOIN custom_fields f ON f.no = v.field WHERE f.id = :id"),
            {"id": field["id"]},
        )
        assert [int(n) for n in kept.scalars()] == [7]
        assert (await client.get(url, params={"custom": "size:eq:7", "fields": "custom"})).json()["items"] == [
            {"custom": {"size": 7}}
        ]


async def test_a_lead_under_protection_holds_no_more_than_a_check_needs(api: Api, session: AsyncSession) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    eva = await make_user(session)
    client = await api.as_user(eva)
    await defined(admin, "size", "number", record_type="lead", required=True)
    assert (await client.post("/v1/leads", json=lead_body(eva.id))).status_code == 201
    answer = await client.post("/v1/leads", json=lead_body(eva.id, custom={"size": 5}))
    assert wrong(answer) == {"/custom": "convert_first"}


async def test_whoever_sends_none_pays_nothing(api: Api, session: AsyncSession, rollback: AsyncConnection) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    client = await api.as_user(await make_user(session))
    await defined(admin, "size", "number")
    raw: Any = (await rollback.get_raw_connection()).driver_connection
    asked: list[str] = []

    async def asks(custom: dict[str, Any]) -> int:
        asked.clear()
        with raw.query_logger(lambda query: asked.append(query.query)):
            made = await client.post("/v1/accounts", json=ACCOUNT | {"name": f"Firma{len(custom)} Huber AG"} | custom)
            url = made.headers["Location"]
            patch = {"level": "B"} | custom
            assert (await client.patch(url, json=patch, headers={"If-Match": '"1"'})).status_code == 200
            assert (await client.get("/v1/accounts")).status_code == 200
        return sum("held_custom_fields" in query for query in asked)

    assert await asks({}) == 0
    assert not [query for query in asked if "FROM custom_fields" in query and "device_sessions" not in query]
    assert await asks({"custom": {"size": 5}}) == 2
