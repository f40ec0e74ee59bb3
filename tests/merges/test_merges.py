"""Merging over HTTP: the comparison, what moves, what is refused, where old ids lead (DUP-4 to DUP-8)."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import new_id
from tests.conftest import Api
from tests.factories import make_account, make_contact, make_opportunity, make_request, make_user
from tests.merges.support import body_of, merged, previewed

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.rule("DUP-4")
async def test_the_preview_compares_counts_and_recommends_and_changes_nothing(api: Api, session: AsyncSession) -> None:
    eva = await make_user(session)
    account = await make_account(session, eva)
    a = await make_contact(session, eva, account, last_name="Huber", phone="+43 732 1", description="Mag Kaffee")
    b = await make_contact(session, eva, account, last_name="Hueber", email="h@firma.at", description="Mag Tee")
    await make_opportunity(session, eva, account, contact_id=b.id)
    client = await api.as_user(eva)
    shown = await previewed(client, "contact", [a.id, b.id])
    assert shown["recommended"]["winner_id"] == str(b.id) and shown["recommended"]["code"] == "sub_records"
    assert not shown["recommended"]["binding"] and shown["winner_id"] == str(b.id)
    assert shown["moves"] == {} and shown["forbidden"] == []
    assert shown["versions"] == {str(a.id): 1, str(b.id): 1}
    swapped = await previewed(client, "contact", [a.id, b.id], winner_id=str(a.id))
    assert swapped["moves"] == {"opportunities": 1}
    lines = {line["field"]: line for line in swapped["fields"]}
    assert lines["last_name"]["result"] == "Huber" and lines["last_name"]["differs"]
    assert lines["email"]["result"] == "h@firma.at" and lines["email"]["taken_from"] == str(b.id)
    assert lines["phone"]["result"] == "+43 732 1"
    assert lines["description"]["result"] == "Mag Kaffee\n\nMag Tee" and lines["description"]["taken_from"] == "all"
    assert lines["birth_date"]["result"] is None
    assert (await client.get(f"/v1/contacts/{a.id}")).json()["version"] == 1


@pytest.mark.rule("DUP-4")
@pytest.mark.rule("DUP-8")
async def test_what_hangs_on_the_loser_belongs_to_the_winner_and_the_old_id_leads_there(
    api: Api, session: AsyncSession
) -> None:
    eva = await make_user(session)
    account = await make_account(session, eva)
    a = await make_contact(session, eva, account, last_name="Huber")
    b = await make_contact(session, eva, account, last_name="Hueber", email="h@firma.at")
    chance = await make_opportunity(session, eva, account, contact_id=b.id)
    client = await api.as_user(eva)
    task = await client.post("/v1/activities", json={"type": "task", "subject": "Anrufen", "contact_id": str(b.id)})
    assert task.status_code == 201, task.text
    answer = await merged(client, "contact", [a.id, b.id])
    assert answer.status_code == 201, answer.text
    done = answer.json()
    assert done["moved"] == {"opportunities": 1, "activities": 1} and done["fields"] == {"email": str(b.id)}
    assert done["winner_id"] == str(a.id) and done["loser_ids"] == [str(b.id)] and done["undoable"]
    for path, field in ((f"/v1/opportunities/{chance.id}", "contact"), (task.headers["Location"], "contact")):
        got = (await client.get(path)).json()
        assert (got.get(field) or {"id": got.get("contact_id")})["id"] == str(a.id), got
    assert (await client.get(f"/v1/contacts/{a.id}")).json()["email"] == "h@firma.at"
    for path in ("", "/history", "/duplicates"):
        gone = await client.get(
            f"/v1/contacts/{b.id}{path}?limit=5" if path == "/history" else f"/v1/contacts/{b.id}{path}"
        )
        assert gone.status_code == 308, (path, gone.text)
        assert gone.headers["Location"].startswith(f"/v1/contacts/{a.id}{path}")
        assert gone.json()["winner_id"] == str(a.id)
    patched = await client.patch(f"/v1/contacts/{b.id}", json={"phone": "+43 1 2"}, headers={"If-Match": '"1"'})
    assert patched.status_code == 308 and patched.headers["Location"] == f"/v1/contacts/{a.id}"
    listed = await client.get("/v1/contacts", params={"id": [str(b.id)]})
    assert [item["id"] for item in listed.json()["items"]] == [str(a.id)]
    stranger = await api.as_user(await make_user(session))
    assert (await stranger.get(f"/v1/contacts/{b.id}")).status_code == 404
    history = (await client.get(f"/v1/contacts/{a.id}/history")).json()["items"]
    assert any(item["part"] == "merges" for item in history)


@pytest.mark.rule("DUP-8")
async def test_a_creation_sent_again_after_the_merge_makes_nothing_twice(api: Api, session: AsyncSession) -> None:
    eva = await make_user(session)
    client = await api.as_user(eva)
    body = {"id": str(new_id()), "last_name": "Huber"}
    assert (await client.post("/v1/contacts", json=body)).status_code == 201
    other = await make_contact(session, eva)
    assert (await merged(client, "contact", [other.id, body["id"]])).status_code == 201
    stranger = await api.as_user(await make_user(session))
    hidden = await stranger.post("/v1/contacts", json=body)
    assert hidden.status_code == 409 and hidden.json()["code"] == "id_taken" and "winner_id" not in hidden.json()
    again = await client.post("/v1/contacts", json=body)
    assert again.status_code == 409 and again.json()["code"] == "record_merged"
    assert again.json()["winner_id"] == str(other.id)


@pytest.mark.rule("DUP-4")
async def test_a_merge_sent_twice_happens_once(api: Api, session: AsyncSession) -> None:
    eva = await make_user(session)
    a, b = [await make_contact(session, eva) for _ in range(2)]
    client = await api.as_user(eva)
    body = await body_of(client, "contact", [a.id, b.id], id=str(new_id()))
    first, again = [await client.post("/v1/merges", json=body) for _ in range(2)]
    assert (first.status_code, again.status_code) == (201, 200) and first.json() == again.json()
    other = await client.post("/v1/merges", json=body | {"fields": {"phone": str(b.id)}})
    assert other.status_code == 409 and other.json()["code"] == "id_taken"


@pytest.mark.rule("DUP-4")
async def test_an_address_is_taken_whole_or_not_at_all(api: Api, session: AsyncSession) -> None:
    eva = await make_user(session)
    a = await make_account(session, eva, city="Linz", postal_code=None, street=None)
    b = await make_account(session, eva, city="Wels", postal_code="4600", street="Ring 1")
    c = await make_account(session, eva, city="LINZ", postal_code="4020", street="Gasse 2")
    client = await api.as_user(eva)
    lines = {
        line["field"]: line
        for line in (await previewed(client, "account", [a.id, b.id], winner_id=str(a.id)))["fields"]
    }
    assert lines["street"]["result"] is None and "another address" in lines["street"]["reason"]
    answer = await merged(client, "account", [a.id, b.id, c.id])
    assert answer.status_code == 201, answer.text
    got = (await client.get(f"/v1/accounts/{a.id}")).json()
    assert (got["street"], got["postal_code"], got["city"]) == ("Gasse 2", "4020", "Linz")


@pytest.mark.rule("DUP-8")
@pytest.mark.rule("CONV-4")
async def test_a_request_for_an_opportunity_finds_the_customer_that_was_merged(api: Api, session: AsyncSession) -> None:
    eva, support = await make_user(session), await make_user(session, "ks")
    a, b = [await make_account(session, eva) for _ in range(2)]
    one, two = await make_contact(session, eva, a), await make_contact(session, eva, b)
    message = await make_request(session, eva, b, support, contact_id=str(two.id))
    client = await api.as_user(eva)
    assert (await merged(client, "account", [a.id, b.id])).status_code == 201
    assert (await merged(client, "contact", [one.id, two.id])).status_code == 201
    made = await (await api.as_user(support)).post("/v1/opportunities", json={"message_id": str(message.id)})
    assert made.status_code == 201, made.text
    assert made.json()["account"]["id"] == str(a.id) and str(one.id) in made.text


@pytest.mark.rule("DUP-8")
async def test_who_deletes_the_double_is_not_led_to_the_winner(api: Api, session: AsyncSession) -> None:
    eva = await make_user(session, "rm")
    a, b = [await make_contact(session, eva) for _ in range(2)]
    client = await api.as_user(eva)
    assert (await merged(client, "contact", [a.id, b.id])).status_code == 201
    gone = await client.delete(f"/v1/contacts/{b.id}")
    assert gone.status_code == 409 and gone.json()["code"] == "record_merged", gone.text
    assert (await client.get(f"/v1/contacts/{a.id}")).status_code == 200
