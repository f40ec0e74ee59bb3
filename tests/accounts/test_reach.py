"""Lists of e-mails, phones, addresses and web addresses, and the plain fields that are their primary entries (ACC-9)."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import reach
from app.accounts.schemas import AccountUpdate
from app.contacts.schemas import ContactUpdate
from app.core.clock import Clock
from tests.conftest import Api
from tests.factories import make_account, make_contact, make_user

pytestmark = pytest.mark.rule("ACC-9")

ANY = {"If-Match": "*"}
NEW = {
    "name": "Holzbau Winkler GmbH",
    "level": "B",
    "industry": "construction",
    "legal_form": "GmbH",
    "city": "Linz",
    "country": "AT",
}


def errors(answer: Any) -> dict[str, str]:
    assert answer.status_code == 422, answer.text
    return {error["pointer"]: error["code"] for error in answer.json()["errors"]}


async def test_plain_fields_make_the_lists_and_lists_the_plain_fields(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    client = await api.as_user(user)
    plain = {"email": "Office@Winkler.example.com", "phone": "0732 12345", "website": "www.winkler.example.com"}
    made = await client.post("/v1/accounts", json={**NEW, **plain, "state": "OÖ"})
    assert made.status_code == 201, made.text
    shown = made.json()
    assert [(e["address"], e["primary"], e["consent"]) for e in shown["emails"]] == [
        ("Office@winkler.example.com", True, "unknown")
    ]
    assert shown["phones"] == [{"number": "0732 12345", "e164": "+4373212345", "kind": "work", "primary": True}]
    assert shown["addresses"][0]["state"] == "Oberösterreich" == shown["state"]
    assert shown["web_addresses"] == [{"url": "www.winkler.example.com", "kind": "website", "primary": True}]

    lists = {
        "emails": [
            {"address": "a@winkler.example.com"},
            {"address": "b@winkler.example.com", "kind": "billing", "primary": True},
        ],
        "phones": [{"number": "0732 99", "kind": "fax"}, {"number": "+43 660 1234567", "kind": "mobile"}],
        "web_addresses": [
            {"url": "https://linkedin.com/company/winkler", "kind": "linkedin"},
            {"url": "winkler.example.com"},
        ],
        "addresses": [
            {"street": "Weg 1", "city": "Graz", "country": "AT", "state": "Stmk", "primary": True},
            {"city": "München", "country": "DE", "state": "BY", "kind": "delivery"},
        ],
    }
    url = made.headers["Location"]
    changed = (await client.patch(url, json=lists, headers=ANY)).json()
    assert changed["email"] == "b@winkler.example.com"
    assert changed["phone"] == "+43 660 1234567", "a fax is not the first choice"
    assert changed["website"] == "winkler.example.com", "nor a social network"
    assert (changed["street"], changed["city"], changed["state"]) == ("Weg 1", "Graz", "Steiermark")
    assert changed["addresses"][1]["state"] == "Bayern"

    # What was read may be sent back.
    again = await client.patch(url, json={name: changed[name] for name in reach.LISTS}, headers=ANY)
    assert again.status_code == 200, again.text
    assert {n: again.json()[n] for n in reach.LISTS} == {n: changed[n] for n in reach.LISTS}


async def test_a_plain_field_replaces_the_primary_entry_and_null_takes_it_out(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    contact = await make_contact(session, user)
    client = await api.as_user(user)
    url = f"/v1/contacts/{contact.id}"

    async def patched(**body: Any) -> dict[str, Any]:
        answer = await client.patch(url, json=body, headers=ANY)
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    two = [{"address": "a@example.com", "kind": "private", "consent": "granted"}, {"address": "b@example.com"}]
    await patched(emails=two)
    replaced = await patched(email="c@example.com")
    assert [(e["address"], e["kind"], e["consent"], e["primary"]) for e in replaced["emails"]] == [
        ("c@example.com", "private", "unknown", True),
        ("b@example.com", "work", "unknown", False),
    ]
    promoted = await patched(email="B@example.com")
    assert [(e["address"], e["primary"]) for e in promoted["emails"]] == [
        ("B@example.com", True),
        ("c@example.com", False),
    ]
    emptied = await patched(email=None)
    assert emptied["email"] == "c@example.com" and [e["primary"] for e in emptied["emails"]] == [True]
    assert (await patched(emails=[]))["email"] is None
    moved = await patched(city="Graz", country="AT", phone="0316 1234")
    assert moved["addresses"][0]["city"] == "Graz" and moved["phones"][0]["e164"] == "+433161234"
    assert (await patched(country="DE"))["phones"][0]["e164"] == "+493161234", "read in the country of the record"
    assert (await patched(city=None, country=None))["addresses"] == []


async def test_lists_that_contradict_are_refused_at_the_field(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    account, contact = await make_account(session, user), await make_contact(session, user)
    client = await api.as_user(user)

    async def refused(body: dict[str, Any], url: str = f"/v1/accounts/{account.id}") -> dict[str, str]:
        return errors(await client.patch(url, json=body, headers=ANY))

    person = f"/v1/contacts/{contact.id}"
    mail = {"address": "a@example.com"}
    assert await refused({"emails": [mail, {"address": "A@example.com"}]}) == {"/emails/1/address": "named_twice"}
    assert await refused({"phones": [{"number": "0732 1234"}, {"number": "+43 (732) 1234"}]}) == {
        "/phones/1/number": "named_twice"
    }
    assert await refused(
        {"web_addresses": [{"url": "a.example.com"}, {"url": "https://www.a.example.com/"}]}, person
    ) == {"/web_addresses/1/url": "named_twice"}
    assert await refused({"emails": [mail | {"primary": True}, {"address": "b@example.com", "primary": True}]}) == {
        "/emails/1/primary": "two_primaries"
    }
    assert await refused({"emails": [mail], "email": "b@example.com"}) == {"/email": "disagrees"}
    assert await refused({"addresses": [{"city": "Graz", "country": "AT"}], "city": "Linz"}) == {"/city": "disagrees"}
    assert await refused({"addresses": []}) == {"/addresses": "missing"}
    assert await refused({"addresses": [{"city": "Graz"}]}) == {"/addresses": "missing"}
    assert await refused({"addresses": [{"kind": "work"}]}, person) == {"/addresses/0": "empty"}
    assert await refused({"phones": [{"number": "0732 1234", "e164": "+431"}]}) == {
        "/phones/0/e164": "read_only_computed"
    }
    assert await refused({"emails": [mail | {"consent_at": "2026-01-01T00:00:00Z", "consent_by": str(user.id)}]}) == {
        "/emails/0/consent_at": "read_only_computed",
        "/emails/0/consent_by": "read_only_computed",
    }
    assert await refused({"emails": [{"address": f"a{i}@example.com"} for i in range(21)]}) == {"/emails": "too_long"}
    both = await client.post("/v1/accounts", json=NEW | {"emails": [mail], "email": "A@example.com"})
    assert errors(both) == {"/email": "disagrees"}


async def test_a_state_belongs_to_its_country(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    account, contact = await make_account(session, user), await make_contact(session, user)
    client = await api.as_user(user)
    url = f"/v1/accounts/{account.id}"
    assert errors(await client.patch(url, json={"state": "Bayern"}, headers=ANY)) == {"/state": "unknown_state"}
    assert (await client.patch(url, json={"state": "oö"}, headers=ANY)).json()["state"] == "Oberösterreich"
    assert errors(await client.patch(url, json={"country": "DE"}, headers=ANY)) == {"/state": "unknown_state"}
    both = await client.patch(url, json={"country": "DE", "state": "by"}, headers=ANY)
    assert both.json()["state"] == "Bayern" and both.json()["addresses"][0]["state"] == "Bayern"
    assert (await client.patch(url, json={"country": "FI", "state": "Lappi"}, headers=ANY)).json()["state"] == "Lappi"
    person = f"/v1/contacts/{contact.id}"
    assert errors(await client.patch(person, json={"state": "Wien"}, headers=ANY)) == {
        "/state": "state_without_country"
    }
    sent = {"addresses": [{"country": "CH", "state": "ZH"}, {"country": "CH", "state": "Wien"}]}
    assert errors(await client.patch(person, json=sent, headers=ANY)) == {"/addresses/1/state": "unknown_state"}


async def test_who_has_entered_a_consent_and_when_is_kept_with_its_address(api: Api, session: AsyncSession) -> None:
    user, other = await make_user(session), await make_user(session)
    contact = await make_contact(session, user, access="public_write")
    mine, theirs = await api.as_user(user), await api.as_user(other)
    url = f"/v1/contacts/{contact.id}"
    mail = {"address": "eva@example.com", "consent": "granted", "consent_source": "Messe"}
    first = (await mine.patch(url, json={"emails": [mail]}, headers=ANY)).json()["emails"][0]
    assert first["consent_by"] == str(user.id) and first["consent_at"] and first["consent_source"] == "Messe"
    same = await theirs.patch(url, json={"emails": [{"address": "Eva@example.com"}]}, headers=ANY)
    kept = same.json()["emails"][0]
    assert {n: kept[n] for n in kept if n.startswith("consent")} == {
        n: first[n] for n in first if n.startswith("consent")
    }
    refused = {"address": "eva@example.com", "consent": "refused", "consent_at": first["consent_at"]}
    changed = (await theirs.patch(url, json={"emails": [refused]}, headers=ANY)).json()["emails"][0]
    assert (changed["consent"], changed["consent_by"], changed["consent_source"]) == ("refused", str(other.id), None)
    assert changed["consent_at"] > first["consent_at"]


async def test_lists_are_found_by_any_of_their_entries(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    client = await api.as_user(user)
    body = {
        "emails": [{"address": "a@one.example.com"}, {"address": "Eva@Two.example.com", "consent": "refused"}],
        "phones": [{"number": "0732 11223"}, {"number": "0171 1234567", "kind": "mobile"}],
    }
    german = {"city": "Ulm", "country": "DE"}
    account = (await client.post("/v1/accounts", json=NEW | german | body)).json()["id"]
    contact = (await client.post("/v1/contacts", json={"last_name": "Muster", **german, **body})).json()["id"]
    await make_account(session, user)
    await make_contact(session, user)
    for path, id_ in (("accounts", account), ("contacts", contact)):

        async def found(path: str = path, **params: Any) -> list[str]:
            answer = await client.get(f"/v1/{path}", params=params)
            assert answer.status_code == 200, answer.text
            return [item["id"] for item in answer.json()["items"]]

        assert await found(email="EVA@two.example.com") == [id_] == await found(domain="TWO.example.com")
        assert await found(phone="+49 171 1234567") == [id_] == await found(phone="0171/123 45 67")
        assert await found(consent="refused") == [id_] == await found(has_email=True)
        assert await found(consent="granted") == [] == await found(phone="171 1234")
        assert await found(phone="keine") == []


@pytest.mark.rule("LOCK-3")
async def test_a_list_is_no_way_around_the_examination_of_a_renamed_customer(api: Api, session: AsyncSession) -> None:
    holder, other = await make_user(session), await make_user(session)
    theirs = await api.as_user(other)
    place = {"street": "Industriestraße 4", "postal_code": "4020", "city": "Linz", "country": "AT"}
    named = {"name": "Kranzbichler Maschinenbau GmbH", "phone": "+43 732 998877"}
    held = await (await api.as_user(holder)).post("/v1/accounts", json=NEW | place | named)
    assert held.status_code == 201, held.text
    far = {"name": "Kranzbichler GmbH", "postal_code": "8010", "city": "Graz"}
    mine = await theirs.post("/v1/accounts", json=NEW | far)
    assert mine.status_code == 201, mine.text
    plain = await theirs.patch(mine.headers["Location"], json=place | {"phone": named["phone"]}, headers=ANY)
    lists = {"addresses": [place], "phones": [{"number": named["phone"]}]}
    listed = await theirs.patch(mine.headers["Location"], json=lists, headers=ANY)
    assert plain.status_code == listed.status_code == 409, (plain.text, listed.text)


async def test_the_filters_use_their_index(session: AsyncSession) -> None:
    await session.execute(text("SET LOCAL enable_seqscan = off"))
    for table in ("accounts", "contacts"):
        plan = await session.execute(text(f"EXPLAIN SELECT id FROM {table} WHERE reach_keys && ARRAY['a@example.com']"))
        assert f"ix_{table}_reach_keys" in "\n".join(plan.scalars())


_MAIL = st.sampled_from(["a@x.at", "A@x.at", "b@x.at", "c@y.at"])
_ENTRY = st.fixed_dictionaries({"address": _MAIL, "primary": st.booleans()})
_BODY = st.fixed_dictionaries({}, optional={"email": st.none() | _MAIL, "emails": st.lists(_ENTRY, max_size=3)})


@given(st.lists(_BODY, max_size=5))
@settings(max_examples=150, deadline=None)
def test_whatever_is_sent_the_list_and_the_plain_field_agree(bodies: list[dict[str, Any]]) -> None:
    record: dict[str, Any] = {"email": None, "emails": []}
    for body in bodies:
        patch = ContactUpdate.model_validate(body)
        out = reach.settle(patch, (reach.EMAILS,), now=Clock("UTC").now(), by=UUID(int=1), before=record)
        if not out.errors:
            record |= out.values
        primaries = [entry["address"] for entry in record["emails"] if entry["primary"]]
        assert primaries == ([record["email"]] if record["emails"] else [])
        keys = [reach.EMAILS.key(entry) for entry in record["emails"]]
        assert len(set(keys)) == len(keys)


def test_a_patch_that_names_nothing_of_it_changes_nothing_of_it() -> None:
    patch = AccountUpdate.model_validate({"level": "A"})
    assert reach.settle(patch, reach.OF_ACCOUNTS, now=Clock("UTC").now(), by=None, before={}).values == {}
