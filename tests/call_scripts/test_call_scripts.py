"""Call scripts and key questions over HTTP (CALL-2)."""

from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from tests.calls.support import ANY, log, now, pointers
from tests.conftest import Api
from tests.factories import make_account, make_contact, make_user

pytestmark = pytest.mark.rule("CALL-2")
TYPES = [
    "potential_customer_on_site",
    "former_customer_large",
    "former_customer_small",
    "key_account_shared",
    "vip_customer",
]


def question(key: str, kind: str = "text", *options: str) -> dict[str, Any]:
    """A question under test."""
    labels = [{"key": one, "label_de": one.upper(), "label_en": one} for one in options]
    return {"key": key, "label_de": f"{key}?", "label_en": f"{key}??", "kind": kind, "options": labels}


QUESTIONS = [
    question("supplier"),
    question("happy", "yes_no"),
    question("need", "choice", "much", "none"),
    question("machines", "number"),
]
BODY = {
    "key": "winter",
    "label_de": "Wintercheck",
    "label_en": "Winter check",
    "text": "Guten Tag",
    "questions": QUESTIONS,
}


async def test_five_scripts_come_with_the_product(api: Api, session: AsyncSession) -> None:
    client = await api.as_user(await make_user(session, "rm"))
    scripts = (await client.get("/v1/call-scripts")).json()["items"]
    assert [one["key"] for one in scripts] == TYPES
    for script in scripts:
        assert script["active"] and script["number"] == 1 and "Einwilligung" in script["text"]
        keys = {one["key"] for one in script["questions"]}
        assert {"decision_maker", "personal_email", "wished_campaigns"} <= keys and len(keys) == len(
            script["questions"]
        )
    assert {q["key"] for s in scripts for q in s["questions"]} >= {"current_supplier", "hydraulics_need"}


@pytest.mark.parametrize(
    ("values", "fitting"),
    [
        ({"type": "potential"}, ["potential_customer_on_site"]),
        ({"type": "customer", "status": "former"}, ["former_customer_large"]),
        ({"type": "small_customer", "status": "former"}, ["former_customer_small"]),
        ({"type": "customer", "status": "former", "segment": "key_account_branch"}, ["key_account_shared"]),
        ({"type": "customer", "status": "active", "segment": "key_account_branch", "vip": True}, ["vip_customer"]),
        ({"type": "customer", "status": "active"}, []),
    ],
)
async def test_the_script_that_fits_an_account_is_suggested(
    api: Api, session: AsyncSession, values: dict[str, Any], fitting: list[str]
) -> None:
    user = await make_user(session)
    account = await make_account(session, user, **values)
    path = f"/v1/call-scripts?account_id={account.id}"
    listed = await (await api.as_user(user)).get(path)
    assert [one["key"] for one in listed.json()["items"]] == fitting
    stranger = await api.as_user(await make_user(session))
    assert (await stranger.get(path)).json()["items"] == [], "what it is called is not told either"


async def test_other_words_make_a_new_version_and_calls_keep_theirs(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    admin, client = await api.as_user(await make_user(session, "admin")), await api.as_user(user)
    contact = await make_contact(session, user, await make_account(session, user))
    made = await admin.post("/v1/call-scripts", json=BODY)
    assert made.status_code == 201, made.text
    first, url = made.json(), made.headers["Location"]
    assert first["position"] == 5 and first["questions"] == QUESTIONS
    answers = [{"question": "supplier", "value": "Hydro AG"}]
    call = await log(client, contact_id=contact.id, call_type="winter", answers=answers)
    same = await admin.patch(url, json={"label_de": "Winter", "text": "Guten Tag"}, headers=ANY)
    assert (same.json()["number"], same.json()["script_version_id"]) == (1, first["script_version_id"])
    changed = await admin.patch(
        url, json={"questions": [question("season")]}, headers={"If-Match": same.headers["ETag"]}
    )
    second = changed.json()
    assert (second["number"], second["text"], [q["key"] for q in second["questions"]]) == (2, "Guten Tag", ["season"])
    assert changed.headers["ETag"] != same.headers["ETag"]
    kept = (await client.get(f"/v1/activities/{call['id']}")).json()
    assert kept["script_version_id"] == first["script_version_id"]
    assert kept["answers"][0] == answers[0] | {
        "label": {"de": "supplier?", "en": "supplier??"},
        "kind": "text",
        "value_label": None,
    }
    versions = (await client.get(f"{url}/versions")).json()["items"]
    assert [one["number"] for one in versions] == [2, 1] and versions[1]["questions"] == QUESTIONS
    one = (await client.get(f"{url}/versions", params={"id": first["script_version_id"]})).json()["items"]
    assert [version["number"] for version in one] == [1]
    old = await log(client, contact_id=contact.id, script_version_id=first["script_version_id"], answers=answers)
    assert (old["call_type"], old["script_version_id"]) == ("winter", first["script_version_id"]), "it was offline"
    assert (await log(client, contact_id=contact.id, call_type="winter"))["script_version_id"] == second[
        "script_version_id"
    ]
    refused = await admin.delete(url)
    assert (refused.status_code, refused.json()["code"]) == (409, "in_use")
    assert (await admin.patch(url, json={"active": False}, headers=ANY)).status_code == 200
    body = {"type": "call", "subject": "x", "contact_id": str(contact.id), "call_type": "winter"}
    assert pointers(await client.post("/v1/activities", json=body)) == {"/call_type": "unknown_call_type"}
    assert (
        await client.patch(f"/v1/activities/{call['id']}", json={"call_type": "winter"}, headers=ANY)
    ).status_code == 200


async def test_answers_fit_their_questions(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    admin, client = await api.as_user(await make_user(session, "admin")), await api.as_user(user)
    account = await make_account(session, user)
    contact = await make_contact(session, user, account)
    assert (await admin.post("/v1/call-scripts", json=BODY)).status_code == 201
    vip = (await client.get("/v1/call-scripts?key=vip_customer")).json()["items"][0]

    async def wrong(*answers: tuple[str, Any], **body: Any) -> dict[str, str]:
        sent = {"type": "call", "subject": "x", "contact_id": str(contact.id), "call_type": "winter", **body}
        sent["answers"] = [{"question": key, "value": value} for key, value in answers]
        return pointers(await client.post("/v1/activities", json=sent))

    for key, values in {
        "supplier": (True, 1, 1.5),
        "happy": ("yes", 1, 0),
        "need": ("more", True, 0),
        "machines": ("3", False, 1e15),
    }.items():
        for value in values:
            assert await wrong((key, value)) == {"/answers/0/value": "wrong_kind"}, (key, value)
    for value in (-1e300, 10**400):
        assert await wrong(("machines", value)), "numbers have bounds"
    for value in (None, "", "x" * 2001, "a\x00", [], {}):
        found = await wrong(("supplier", value))
        assert all(pointer.startswith("/answers/0/value") for pointer in found), found
    assert await wrong(("other", 1), ("happy", True), ("happy", False)) == {
        "/answers/0/question": "unknown_question",
        "/answers/2/question": "named_twice",
    }
    assert await wrong(("happy", True), call_type=None) == {"/answers": "no_script"}
    assert await wrong(("happy", True), contact_id=None, account_id=str(account.id)) == {"/answers": "no_contact"}
    assert await wrong(call_type="nosuch") == {"/call_type": "unknown_call_type"}
    assert await wrong(script_version_id=vip["script_version_id"]) == {"/script_version_id": "unknown_script_version"}
    assert await wrong(script_version_id=str(contact.id)) == {"/script_version_id": "unknown_script_version"}

    given = [("supplier", "Hydro"), ("happy", False), ("need", "much"), ("machines", 2.5)]
    answers = [{"question": key, "value": value} for key, value in given]
    call = await log(client, contact_id=contact.id, call_type="winter", answers=answers)
    assert [(one["question"], one["value"]) for one in call["answers"]] == given
    assert call["answers"][2]["value_label"] == {"de": "MUCH", "en": "much"}
    url = f"/v1/activities/{call['id']}"
    for patch in ({"call_type": None}, {"call_type": "vip_customer"}, {"script_version_id": vip["script_version_id"]}):
        assert pointers(await client.patch(url, json=patch, headers=ANY)) == {"/answers": "of_another_script"}, patch
    other = await make_contact(session, user, account)
    refused = await client.patch(url, json={"contact_id": str(other.id)}, headers=ANY)
    assert pointers(refused) == {"/contact_id": "said_by_another"}
    less = await client.patch(url, json={"answers": answers[:1]}, headers=ANY)
    assert [one["question"] for one in less.json()["answers"]] == ["supplier"]
    none = await client.patch(url, json={"call_type": "vip_customer", "answers": []}, headers=ANY)
    assert (none.json()["call_type"], none.json()["answers"]) == ("vip_customer", [])
    off = await client.patch(url, json={"call_type": None}, headers=ANY)
    assert (off.json()["call_type"], off.json()["script_version_id"]) == (None, None)


async def test_what_was_said_last_time_is_shown(api: Api, session: AsyncSession) -> None:
    user, other = await make_user(session), await make_user(session)
    admin, client = await api.as_user(await make_user(session, "admin")), await api.as_user(user)
    account = await make_account(session, user, access="public_read")
    contact, colleague = [await make_contact(session, user, account, access="public_read") for _ in range(2)]
    assert (await admin.post("/v1/call-scripts", json=BODY)).status_code == 201
    assert (
        await admin.post("/v1/call-scripts", json=BODY | {"key": "summer", "questions": QUESTIONS[:1]})
    ).status_code == 201

    async def say(whom: Any, days: int, who: Any = client, call_type: str = "winter", **answers: Any) -> str:
        said = [{"question": key, "value": value} for key, value in answers.items()]
        call = await log(who, contact_id=whom.id, call_type=call_type, starts_at=now(days=-days), answers=said)
        return str(call["id"])

    mine = await say(contact, 9, supplier="Alt", happy=True)
    await say(contact, 20, supplier="Uralt")
    theirs = await say(colleague, 3, supplier="Deren", need="none")
    summer = await say(contact, 8, call_type="summer", supplier="Neu")
    hidden = await make_contact(session, other, account)
    await say(hidden, 1, await api.as_user(other), machines=3)
    params = {"call_type": "winter", "contact_id": str(contact.id)}
    answer = await client.get("/v1/key-questions", params=params)
    assert answer.status_code == 200, answer.text
    known = {q["key"]: q.pop("last_answer") for q in answer.json()["questions"]}
    assert answer.json()["text"] == "Guten Tag" and len(known) == 4
    told = {key: (one["value"], one["call_id"], one["by_this_contact"]) for key, one in known.items() if one}
    assert told == {"supplier": ("Neu", summer, True), "happy": (True, mine, True), "need": ("none", theirs, False)}
    assert known["need"]["value_label"] == {"de": "NONE", "en": "none"}
    stranger = await api.as_user(await make_user(session))
    unheard = (await stranger.get("/v1/key-questions", params=params)).json()["questions"]
    assert [q["last_answer"] for q in unheard] == [None] * 4, "calls that they do not see"
    assert (await stranger.get("/v1/key-questions", params=params | {"contact_id": str(hidden.id)})).status_code == 404
    assert pointers(await client.get("/v1/key-questions", params=params | {"call_type": "x"})) == {
        "?call_type": "unknown_call_type"
    }


async def test_administrators_keep_the_scripts(api: Api, session: AsyncSession) -> None:
    admin, user = await api.as_user(await make_user(session, "admin")), await api.as_user(await make_user(session))
    assert (await user.post("/v1/call-scripts", json=BODY)).status_code == 403
    made = await admin.post("/v1/call-scripts", json=BODY | {"id": "019abcde-0000-7000-8000-00000005c217"})
    url = made.headers["Location"]
    again = await admin.post("/v1/call-scripts", json=BODY | {"id": "019abcde-0000-7000-8000-00000005c217"})
    assert (again.status_code, again.json()) == (200, made.json())
    assert (await admin.post("/v1/call-scripts", json=BODY)).status_code == 409, "the key is taken"
    assert (await user.patch(url, json={"active": False}, headers=ANY)).status_code == 403
    assert (await user.delete(url)).status_code == 403
    assert (await admin.patch(url, json={"text": "x"}, headers={"If-Match": '"9"'})).status_code == 412
    assert (await admin.patch(url, json={"text": "x"})).status_code == 428
    for wrong in (
        {"questions": [question("a"), question("a")]},
        {"questions": [question("a", "choice")]},
        {"questions": [question("a", "choice", "b", "b")]},
        {"questions": [question("a", "text", "b")]},
        {"questions": [question("A")]},
        {"questions": [question("a")] * 51},
        {"questions": None},
        {"text": ""},
        {"text": None},
        {"fits": "x"},
        {"key": "y"},
    ):
        assert (await admin.patch(url, json=wrong, headers=ANY)).status_code == 422, wrong
    assert (await admin.patch(url, json={"fits": "vip"}, headers=ANY)).json()["fits"] == "vip"
    assert (await admin.delete(url)).status_code == 204
    assert (await admin.get(url)).status_code == 404
