"""What is not a duplicate is remembered for the pair, and respected wherever duplicates are looked for."""

from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.models import User
from tests.conftest import Api
from tests.factories import lead_body, make_user

ACCOUNT = {
    "name": "Zellinger Feinmechanik GmbH",
    "level": "A",
    "industry": "mechanical_engineering",
    "legal_form": "GmbH",
    "city": "Wels",
    "postal_code": "4600",
    "country": "AT",
}
LIKE = {"name": "Zellinger GmbH", "city": "Wels", "postal_code": "4600"}
PATH = "/v1/duplicate-dismissals"


class Cast:
    """Anna and Bert are developers, Ada is the administrator, Tom a technician."""

    def __init__(self, people: dict[str, User], clients: dict[str, httpx.AsyncClient]) -> None:
        self.people, self.clients = people, clients

    async def account(self, who: str, **values: Any) -> str:
        """An account of this user's, made by the administrator, whom no lock stops."""
        body = ACCOUNT | {"assignee_id": str(self.people[who].id), "manager_ids": []} | values
        body.setdefault("team_ids", [str(self.people[who].default_team_id)])
        made = await self.clients["ada"].post("/v1/accounts", json=body)
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    async def duplicates(self, who: str, kind: str, id_: str) -> list[str]:
        found = await self.clients[who].get(f"/v1/{kind}/{id_}/duplicates")
        assert found.status_code == 200, found.text
        return [match["ref"] for match in found.json()["matches"]]

    async def dismiss(self, who: str, *records: Any, **values: Any) -> httpx.Response:
        named = [r if isinstance(r, dict) else {"type": r[0], "id": r[1]} for r in records]
        return await self.clients[who].post(PATH, json={"records": named, **values})


@pytest.fixture
async def cast(api: Api, session: AsyncSession) -> Cast:
    people = {
        "anna": await make_user(session, first_name="Anna"),
        "bert": await make_user(session, first_name="Bert"),
        "tom": await make_user(session, "mst", first_name="Tom"),
        "ada": await make_user(session, "admin", first_name="Ada"),
    }
    return Cast(people, {name: await api.as_user(user) for name, user in people.items()})


@pytest.mark.rule("DUP-9")
async def test_what_is_no_duplicate_is_remembered_until_it_is_taken_back(cast: Cast) -> None:
    anna = cast.clients["anna"]
    one, two = await cast.account("anna"), await cast.account("anna")
    assert await cast.duplicates("anna", "accounts", one) == [two]
    said = await cast.dismiss("anna", ("account", one), ("account", two), reason="Zwei Firmen eines Eigentümers")
    assert said.status_code == 201, said.text
    (dismissal,) = said.json()["items"]
    assert {side["ref"] for side in dismissal["records"]} == {one, two}
    assert all(side["record"]["type"] == "account" and side["name"] == ACCOUNT["name"] for side in dismissal["records"])
    assert dismissal["dismissed_by"] == {"id": str(cast.people["anna"].id), "name": cast.people["anna"].name}
    assert dismissal["reason"] == "Zwei Firmen eines Eigentümers"
    assert await cast.duplicates("anna", "accounts", one) == await cast.duplicates("anna", "accounts", two) == []

    again = await cast.dismiss("ada", ("account", two), ("account", one), reason="Anders")
    assert again.status_code == 200 and again.json()["items"] == [dismissal]
    assert again.headers["Location"] == said.headers["Location"] == f"{PATH}/{dismissal['id']}"
    assert (await anna.get(said.headers["Location"])).json() == dismissal

    assert (await anna.delete(said.headers["Location"])).status_code == 204
    assert (await anna.get(said.headers["Location"])).status_code == 404
    assert (await anna.delete(said.headers["Location"])).status_code == 404
    assert await cast.duplicates("anna", "accounts", one) == [two]


@pytest.mark.rule("DUP-9")
async def test_several_records_are_all_different(cast: Cast) -> None:
    made = [await cast.account("anna") for _ in range(3)]
    said = await cast.dismiss("anna", *(("account", id_) for id_ in made))
    assert said.status_code == 201 and "Location" not in said.headers
    pairs = [[side["ref"] for side in item["records"]] for item in said.json()["items"]]
    assert sorted(map(sorted, pairs)) == sorted(sorted((a, b)) for i, a in enumerate(made) for b in made[:i])
    for id_ in made:
        assert await cast.duplicates("anna", "accounts", id_) == []
    more = await cast.account("anna")
    partly = await cast.dismiss("anna", ("account", more), *(("account", id_) for id_ in made[:2]))
    assert partly.status_code == 201 and len(partly.json()["items"]) == 3
    assert await cast.duplicates("anna", "accounts", more) == [made[2]]


@pytest.mark.rule("DUP-9")
async def test_naming_a_match_at_registration_remembers_it(cast: Cast) -> None:
    account = await cast.account("anna")
    body = lead_body(cast.people["bert"].id, **LIKE, company="Zellinger")
    refused = await cast.clients["bert"].post("/v1/leads", json=body)
    assert refused.json()["code"] == "possibly_taken", refused.text
    body["not_duplicate_of"] = [match["ref"] for match in refused.json()["matches"]] + [str(uuid4())]
    lead = (await cast.clients["bert"].post("/v1/leads", json=body)).json()
    (dismissal,) = (await cast.clients["bert"].get(PATH, params={"record_id": lead["id"]})).json()["items"]
    assert dismissal["dismissed_by"]["name"] == cast.people["bert"].name
    assert {side["ref"] for side in dismissal["records"]} == {lead["id"], account}
    assert await cast.duplicates("bert", "leads", lead["id"]) == []
    assert lead["id"] not in await cast.duplicates("anna", "accounts", account)
    preview = (await cast.clients["bert"].get(f"/v1/leads/{lead['id']}/conversion")).json()
    assert preview["matches"] == [] and preview["proposed_outcome"] == "create"
    renamed = await cast.clients["bert"].patch(
        f"/v1/leads/{lead['id']}", json={"name": "Zellinger"}, headers={"If-Match": "*"}
    )
    assert renamed.status_code == 200, renamed.text

    await cast.clients["bert"].delete(f"{PATH}/{dismissal['id']}")
    assert await cast.duplicates("bert", "leads", lead["id"]) == [account]
    renamed = await cast.clients["bert"].patch(
        f"/v1/leads/{lead['id']}", json={"name": "Zellinger GmbH"}, headers={"If-Match": "*"}
    )
    assert renamed.json()["code"] == "possibly_taken", renamed.text
    named = {"name": "Zellinger GmbH", "not_duplicate_of": [account]}
    renamed = await cast.clients["bert"].patch(f"/v1/leads/{lead['id']}", json=named, headers={"If-Match": "*"})
    assert renamed.status_code == 200, renamed.text
    assert await cast.duplicates("bert", "leads", lead["id"]) == []


@pytest.mark.rule("DUP-9")
async def test_a_match_that_is_named_stands_for_all_of_its_customer(cast: Cast) -> None:
    anna = cast.clients["anna"]
    theirs = lead_body(cast.people["anna"].id, **{**LIKE, "name": ACCOUNT["name"], "company": "Zellinger Feinmechanik"})
    lead = (await anna.post("/v1/leads", json=theirs)).json()["id"]
    convert = {"outcome": "create", "account": {"level": "B", "industry": "mechanical_engineering"}}
    assert (await anna.post(f"/v1/leads/{lead}/conversion", json=convert)).status_code == 201
    body = lead_body(cast.people["bert"].id, **LIKE, company="Zellinger")
    (match,) = (await cast.clients["bert"].post("/v1/leads", json=body)).json()["matches"]
    check = {**LIKE, "country": "AT"}
    found = (await cast.clients["bert"].post("/v1/duplicate-checks", json=check)).json()["matches"]
    assert len(found) > 1 and {one["verdict"] for one in found} == {"possible"}, "the lead, and the account"
    made = (await cast.clients["bert"].post("/v1/leads", json={**body, "not_duplicate_of": [match["ref"]]})).json()
    assert await cast.duplicates("bert", "leads", made["id"]) == []


@pytest.mark.rule("DUP-9")
async def test_a_lead_without_a_lock_and_an_account_remember_it_too(cast: Cast) -> None:
    rules = {"key": "open_book", "name": "Offen", "required_fields": ["name"], "visibility": "all"}
    project = (await cast.clients["ada"].post("/v1/projects", json=rules)).json()["id"]
    account = await cast.account("bert")
    body = {"project_id": project, **LIKE, "country": "AT", "not_duplicate_of": [account]}
    lead = (await cast.clients["bert"].post("/v1/leads", json=body)).json()
    assert await cast.duplicates("bert", "leads", lead["id"]) == []
    second = (await cast.clients["bert"].post("/v1/leads", json={**body, "not_duplicate_of": []})).json()
    assert account in await cast.duplicates("bert", "leads", second["id"])
    url = f"/v1/leads/{second['id']}"
    patch = {"not_duplicate_of": [account]}
    assert (await cast.clients["bert"].patch(url, json=patch, headers={"If-Match": "*"})).status_code == 200
    assert account not in await cast.duplicates("bert", "leads", second["id"])

    twin = {**ACCOUNT, "not_duplicate_of": [account, lead["id"], second["id"]]}
    made = await cast.clients["bert"].post("/v1/accounts", json=twin)
    assert made.status_code == 201, made.text
    assert await cast.duplicates("bert", "accounts", made.json()["id"]) == []
    by_ada = await cast.clients["ada"].post("/v1/accounts", json={**ACCOUNT, "not_duplicate_of": [account]})
    assert account not in await cast.duplicates("ada", "accounts", by_ada.json()["id"])


@pytest.mark.rule("DUP-9", "CONV-2")
async def test_what_a_lead_is_not_its_customer_is_not_either(cast: Cast) -> None:
    bert = cast.clients["bert"]
    lead = (await bert.post("/v1/leads", json=lead_body(cast.people["bert"].id, **LIKE))).json()
    other = await cast.account("bert", name=LIKE["name"])
    third = await cast.account("bert", name=LIKE["name"])
    completion = {"outcome": "create", "account": {"level": "B", "industry": "mechanical_engineering"}}
    url = f"/v1/leads/{lead['id']}/conversion"
    refused = await bert.post(url, json=completion)
    assert refused.json()["code"] == "duplicate_account", refused.text
    assert {match["ref"] for match in refused.json()["matches"]} == {other, third}
    assert (await cast.dismiss("bert", ("lead", lead["id"]), ("account", other))).status_code == 201
    assert [match["ref"] for match in (await bert.get(url)).json()["matches"]] == [third]
    refused = await bert.post(url, json=completion)
    assert [match["ref"] for match in refused.json()["matches"]] == [third]
    made = await bert.post(url, json={**completion, "not_duplicate_of": [third]})
    assert made.status_code == 201, made.text
    account = made.json()["account"]["id"]
    assert await cast.duplicates("bert", "accounts", account) == []
    assert await cast.duplicates("bert", "leads", lead["id"]) == []


@pytest.mark.rule("DUP-9", "CONV-2")
async def test_a_person_who_is_not_the_leads_is_not_taken_for_theirs(cast: Cast, session: AsyncSession) -> None:
    bert = cast.clients["bert"]
    account = await cast.account("bert", name="Ganz Anders GmbH")
    person = {"first_name": "Kunigunde", "last_name": "Zellinger", "email": "kz@zellinger-fein.at"}
    contact = (await bert.post("/v1/contacts", json={**person, "account_id": account})).json()["id"]
    rules = {"key": "open_book", "name": "Offen", "required_fields": ["name"], "visibility": "all"}
    project = (await cast.clients["ada"].post("/v1/projects", json=rules)).json()["id"]
    lead = {"project_id": project, "name": "Kunigunde Zellinger", "country": "AT", **person}
    for dismissed in (False, True):
        id_ = (await bert.post("/v1/leads", json=lead)).json()["id"]
        if dismissed:
            assert (await cast.dismiss("bert", ("lead", id_), ("contact", contact))).status_code == 201
        url, keep = f"/v1/leads/{id_}/conversion", {"outcome": "keep", "account_id": account}
        made = await bert.post(url, json=keep)
        assert made.status_code == 201, made.text
        assert (made.json()["contact"]["id"] == contact) is not dismissed


@pytest.mark.rule("DUP-1")
async def test_what_belongs_together_is_no_duplicate(cast: Cast) -> None:
    """A customer, the lead that they were, and their people; but of two people of one customer one may be too many."""
    bert, person = cast.clients["bert"], {"first_name": "Kunigunde", "last_name": "Zellinger"}
    lead = (await bert.post("/v1/leads", json=lead_body(cast.people["bert"].id, **LIKE, company="Zellinger"))).json()
    completion = {"level": "B", "industry": "mechanical_engineering"}
    url = f"/v1/leads/{lead['id']}/conversion"
    made = await bert.post(url, json={"outcome": "create", "account": completion, "contact": person})
    account, contact = made.json()["account"]["id"], made.json()["contact"]["id"]
    twin = (await bert.post("/v1/contacts", json={**person, "account_id": account})).json()["id"]
    assert (
        await cast.duplicates("bert", "accounts", account) == await cast.duplicates("bert", "leads", lead["id"]) == []
    )
    assert await cast.duplicates("bert", "contacts", contact) == [twin]
    other = await cast.account("bert", name=LIKE["name"])
    assert await cast.duplicates("bert", "accounts", account) == [other]
    assert set(await cast.duplicates("bert", "accounts", other)) == {account, lead["id"], contact, twin}


@pytest.mark.rule("DUP-3", "DUP-9")
async def test_of_a_hidden_record_only_the_ref_is_known(cast: Cast) -> None:
    hidden, own = await cast.account("anna", **LIKE), await cast.account("bert")
    assert (await cast.clients["bert"].get(f"/v1/accounts/{hidden}")).status_code == 404
    unknown = await cast.dismiss("bert", ("account", own), ("account", hidden))
    assert unknown.status_code == 404, "a hidden record is named by its ref alone"
    assert await cast.duplicates("bert", "accounts", own) == [hidden]
    said = await cast.dismiss("bert", {"id": own}, {"id": hidden}, reason="Andere Firma")
    assert said.status_code == 201, said.text
    url = said.headers["Location"]
    sides = {side["ref"]: side for side in said.json()["items"][0]["records"]}
    assert sides[hidden] == {"ref": hidden, "record": None, "name": None}
    assert sides[own]["record"] == {"type": "account", "id": own}
    assert LIKE["name"] not in (await cast.clients["bert"].get(PATH)).text
    assert (await cast.dismiss("bert", {"id": own}, {"id": hidden})).status_code == 200
    assert await cast.duplicates("bert", "accounts", own) == []

    (other_side,) = (await cast.clients["anna"].get(PATH)).json()["items"]
    sides = {side["ref"]: side for side in other_side["records"]}
    assert sides[own]["record"] is None and sides[hidden]["name"] == LIKE["name"]
    (whole,) = (await cast.clients["ada"].get(PATH)).json()["items"]
    assert all(side["name"] for side in whole["records"])
    assert (await cast.clients["tom"].get(PATH)).json()["items"] == []
    assert (await cast.clients["tom"].get(url)).status_code == 404
    assert (await cast.clients["tom"].delete(url)).status_code == 404
    assert (await cast.clients["anna"].delete(url)).status_code == 204
    assert await cast.duplicates("bert", "accounts", own) == [hidden]


@pytest.mark.rule("DUP-3", "DUP-9")
async def test_what_is_no_match_and_not_visible_is_not_there(cast: Cast) -> None:
    hidden, own = await cast.account("anna", name="Ganz Anders GmbH", city="Graz"), await cast.account("bert")
    for id_ in (hidden, str(uuid4())):
        assert (await cast.dismiss("bert", ("account", own), {"id": id_})).status_code == 404
        assert (await cast.dismiss("bert", ("account", own), ("contact", id_))).status_code == 404
    assert (await cast.dismiss("bert", ("contact", own), {"id": str(uuid4())})).status_code == 404


@pytest.mark.rule("DUP-9")
async def test_who_may_change_neither_may_not_dismiss(cast: Cast) -> None:
    one, two = [await cast.account("anna", access="public_read") for _ in range(2)]
    for who in ("bert", "tom"):
        refused = await cast.dismiss(who, ("account", one), ("account", two))
        assert refused.status_code == 403 and refused.json()["code"] == "not_yours_to_dismiss"
    said = await cast.dismiss("anna", ("account", one), ("account", two))
    refused = await cast.clients["bert"].delete(said.headers["Location"])
    assert refused.status_code == 403 and refused.json()["code"] == "not_yours_to_dismiss"
    own = await cast.account("bert", name="Ganz Anders GmbH")
    partly = await cast.dismiss("bert", ("account", own), ("account", one), ("account", two))
    assert partly.status_code == 403, "of each pair one must be theirs"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"records": []},
        {"records": [{"type": "lead", "id": "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1d"}]},
        {"records": [{"id": "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1d"}] * 2},
        {"records": [{"id": str(uuid4())} for _ in range(11)]},
        {"records": [{"type": "user", "id": str(uuid4())}, {"id": str(uuid4())}]},
        {"records": [{"id": str(uuid4())}, {"id": str(uuid4())}], "reason": "x" * 20_001},
        {"records": [{"id": str(uuid4())}, {"id": str(uuid4())}], "reason": "Müller\x00"},
        {"records": [{"id": str(uuid4()), "name": "x"}, {"id": str(uuid4())}]},
    ],
)
async def test_what_is_wrong_is_told(cast: Cast, body: dict[str, Any]) -> None:
    answer = await cast.clients["anna"].post(PATH, json=body)
    assert answer.status_code == 422, answer.text


@pytest.mark.rule("DUP-9")
async def test_the_list_pages_and_filters(cast: Cast) -> None:
    made = [await cast.account("anna", name=f"Firma {i} GmbH") for i in range(4)]
    for id_ in made[1:]:
        assert (await cast.dismiss("anna", ("account", made[0]), ("account", id_))).status_code == 201
    anna = cast.clients["anna"]
    first = (await anna.get(PATH, params={"limit": 2, "count": "true"})).json()
    assert first["count"] == 3 and len(first["items"]) == 2
    rest = (await anna.get(PATH, params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert len({item["id"] for item in first["items"] + rest["items"]}) == 3 and rest["next_cursor"] is None
    of_one = (await anna.get(PATH, params={"record_id": made[2]})).json()["items"]
    assert len(of_one) == 1 and made[2] in {side["ref"] for side in of_one[0]["records"]}
    assert len((await anna.get(PATH, params={"record_id": made[:1]})).json()["items"]) == 3
    nobody = {"dismissed_by": str(cast.people["bert"].id)}
    assert (await anna.get(PATH, params=nobody)).json()["items"] == []
    assert len((await anna.get(PATH, params={"dismissed_by": str(cast.people["anna"].id)})).json()["items"]) == 3


@pytest.mark.rule("DUP-9", "LIST-4")
async def test_with_a_record_go_its_dismissals(cast: Cast, session: AsyncSession) -> None:
    lead = (await cast.clients["bert"].post("/v1/leads", json=lead_body(cast.people["bert"].id))).json()["id"]
    account, contact = (
        await cast.account("bert"),
        await cast.clients["bert"].post("/v1/contacts", json={"last_name": "Zellinger"}),
    )
    said = await cast.dismiss(
        "bert", ("lead", lead), ("account", account), ("contact", contact.json()["id"]), reason="Andere"
    )
    assert said.status_code == 201, said.text
    left = text("SELECT count(*) FROM duplicate_dismissals")
    assert (await session.execute(left)).scalar_one() == 3
    assert (await cast.clients["bert"].delete(f"/v1/leads/{lead}")).status_code == 204
    assert (await session.execute(left)).scalar_one() == 1
    logged = text("SELECT operation FROM change_log WHERE record_type = 'duplicate_dismissals' ORDER BY id")
    assert list((await session.execute(logged)).scalars()) == ["insert"] * 3 + ["delete"] * 2
    assert (await cast.clients["ada"].delete(f"/v1/accounts/{account}")).status_code == 204
    assert (await session.execute(left)).scalar_one() == 0
