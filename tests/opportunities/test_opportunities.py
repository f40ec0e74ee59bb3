"""Opportunities over HTTP: making, moving, handing over."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.activities.models import Activity
from app.core.visibility import unscoped
from app.notifications.models import Notification
from app.opportunities.models import DEFAULT_PIPELINE_ID
from tests.conftest import Api
from tests.factories import make_account, make_contact, make_opportunity, make_team, make_user, stage_id

MONEY = {"amount": "12500.00", "currency": "EUR"}
NOBODY = "019abcde-0000-7000-8000-000000000bad"
ANY = {"If-Match": "*"}


async def told(session: AsyncSession, user_id: Any) -> list[str]:
    """The kinds of the user's notifications."""
    statement = select(Notification.kind).where(Notification.user_id == user_id)
    return list((await session.execute(unscoped(statement, reason="the test looks at every inbox"))).scalars())


@pytest.mark.rule("OPP-1")
async def test_a_new_one_starts_in_the_first_stage_with_its_probability(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    team = await make_team(session)
    account = await make_account(session, user, team_ids=[team.id])
    contact = await make_contact(session, user, account)
    client = await api.as_user(user)
    body = {"name": "Flatrate", "account_id": str(account.id), "expected_revenue": MONEY, "contact_id": str(contact.id)}
    made = await client.post("/v1/opportunities", json=body)
    assert made.status_code == 201, made.text
    opportunity = made.json()
    assert opportunity["stage"]["key"] == "contact" and opportunity["probability"] == 10
    assert opportunity["status"] == "open" and opportunity["pipeline_id"] == str(DEFAULT_PIPELINE_ID)
    assert opportunity["account"] == {"id": str(account.id), "name": account.name}
    assert opportunity["contact"]["name"] == f"Max {contact.last_name}"
    assert opportunity["expected_revenue"] == MONEY and opportunity["team_ids"] == [str(team.id)]
    assert opportunity["assignee"]["id"] == str(user.id)
    later = await client.post(
        "/v1/opportunities", json=body | {"stage_id": str(stage_id(3)), "probability": 65, "close_on": "2027-03-31"}
    )
    assert later.json()["stage"]["key"] == "offer" and later.json()["probability"] == 65
    assert later.json()["close_on"] == "2027-03-31"


async def test_all_that_lacks_or_is_wrong_is_told_at_once(api: Api, session: AsyncSession) -> None:
    user, other = await make_user(session), await make_user(session)
    client = await api.as_user(user)
    nothing = await client.post("/v1/opportunities", json={})
    assert nothing.status_code == 422
    assert {e["pointer"]: e["code"] for e in nothing.json()["errors"]} == {
        "/name": "missing",
        "/account_id": "missing",
        "/expected_revenue": "missing",
    }
    hidden, mine = await make_account(session, other), await make_account(session, user)
    elsewhere = await make_contact(session, user, await make_account(session, user))
    wrong = {
        "name": "x",
        "account_id": str(hidden.id),
        "contact_id": NOBODY,
        "stage_id": NOBODY,
        "assignee_id": NOBODY,
        "team_ids": [NOBODY],
        "expected_revenue": MONEY,
    }
    answer = await client.post("/v1/opportunities", json=wrong)
    assert {e["pointer"]: e["code"] for e in answer.json()["errors"]} == {
        "/account_id": "unknown_account",
        "/contact_id": "unknown_contact",
        "/stage_id": "unknown_stage",
        "/assignee_id": "unknown_user",
        "/team_ids/0": "unknown_team",
    }
    good = {"name": "x", "account_id": str(mine.id), "expected_revenue": MONEY}
    mixed = await client.post("/v1/opportunities", json=good | {"contact_id": str(elsewhere.id)})
    assert [e["code"] for e in mixed.json()["errors"]] == ["of_another_account"]
    other_way = await client.post("/v1/opportunities", json=good | {"pipeline_id": NOBODY})
    assert [e["pointer"] for e in other_way.json()["errors"]] == ["/pipeline_id"]
    reasonless = await client.post("/v1/opportunities", json=good | {"stage_id": str(stage_id(6))})
    assert [(e["pointer"], e["code"]) for e in reasonless.json()["errors"]] == [("/close_reason", "missing")]
    shaped = await client.post(
        "/v1/opportunities",
        json=good
        | {"probability": 101, "close_on": "0001-01-01", "expected_revenue": {"amount": "1e5"}, "status": "won"},
    )
    assert {e["pointer"] for e in shaped.json()["errors"]} == {
        "/probability",
        "/close_on",
        "/expected_revenue/amount",
        "/status",
    }


@pytest.mark.rule("OPP-1")
@pytest.mark.rule("OPP-3")
async def test_moving_the_card_sets_probability_and_status_in_one_request(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    opportunity = await make_opportunity(session, user, await make_account(session, user))
    client = await api.as_user(user)
    url = f"/v1/opportunities/{opportunity.id}"
    entered = (await client.get(url)).json()["stage_entered_at"]

    async def patch(**body: Any) -> Any:
        return await client.patch(url, json=body, headers=ANY)

    moved = (await patch(stage_id=str(stage_id(3)))).json()
    assert (moved["probability"], moved["status"], moved["stage"]["key"]) == (50, "open", "offer")
    assert moved["stage_entered_at"] > entered
    own = (await patch(probability=70)).json()
    assert own["probability"] == 70 and own["stage_entered_at"] == moved["stage_entered_at"]
    same = (await patch(stage_id=str(stage_id(3)))).json()
    assert same["probability"] == 70, "the card has not moved"
    both = (await patch(stage_id=str(stage_id(4)), probability=80)).json()
    assert both["probability"] == 80

    no_reason = await patch(stage_id=str(stage_id(6)))
    assert no_reason.status_code == 422
    assert [(e["pointer"], e["code"]) for e in no_reason.json()["errors"]] == [("/close_reason", "missing")]
    lost = (await patch(stage_id=str(stage_id(6)), close_reason="Preis")).json()
    assert (lost["status"], lost["probability"], lost["close_reason"]) == ("lost", 0, "Preis")
    assert lost["closed_at"] is not None
    assert (await patch(probability=50)).status_code == 422
    assert (await patch(close_reason=None)).status_code == 422
    won = (await patch(stage_id=str(stage_id(5)))).json()
    assert (won["status"], won["probability"]) == ("won", 100)
    again = (await patch(stage_id=str(stage_id(2)))).json()
    assert (again["status"], again["probability"], again["closed_at"], again["close_reason"]) == (
        "open",
        25,
        None,
        None,
    )
    assert (await patch(close_reason="x")).status_code == 422
    assert (await patch(status="won")).json()["errors"][0]["code"] == "read_only_computed"
    assert (await patch(stage_id=NOBODY)).status_code == 422
    assert (await patch(stage_id=None)).status_code == 422


@pytest.mark.rule("OPP-2")
@pytest.mark.rule("LEAD-12")
async def test_handing_over_tells_the_new_assignee_even_out_of_sight(api: Api, session: AsyncSession) -> None:
    giver, taker, stranger = [await make_user(session) for _ in range(3)]
    opportunity = await make_opportunity(session, giver, await make_account(session, giver), team_ids=[])
    giving, taking = await api.as_user(giver), await api.as_user(taker)
    url = f"/v1/opportunities/{opportunity.id}"
    assert (await taking.get(url)).status_code == 404
    assert (await taking.patch(url, json={"name": "x"}, headers=ANY)).status_code == 404
    answer = await giving.patch(url, json={"assignee_id": str(taker.id)}, headers=ANY)
    assert answer.status_code == 200 and answer.json()["assignee"]["id"] == str(taker.id)
    assert await told(session, taker.id) == ["opportunity_assigned"]
    assert (await taking.get(url)).status_code == 200
    assert (await giving.get(url)).status_code == 404
    gone = await make_user(session, active=False)
    assert (await taking.patch(url, json={"assignee_id": str(gone.id)}, headers=ANY)).status_code == 422
    assert (await (await api.as_user(stranger)).get(url)).status_code == 404


async def test_roles_decide_who_writes(api: Api, session: AsyncSession) -> None:
    owner, manager = await make_user(session), await make_user(session, "rm")
    account = await make_account(session, owner)
    opportunity = await make_opportunity(session, owner, account, team_ids=[manager.default_team_id])
    client = await api.as_user(manager)
    url = f"/v1/opportunities/{opportunity.id}"
    assert (await client.get(url)).status_code == 200
    assert (await client.patch(url, json={"name": "x"}, headers=ANY)).status_code == 403
    assert (await client.delete(url)).status_code == 403
    technician = await api.as_user(await make_user(session, "mst"))
    assert (await technician.get("/v1/opportunities")).status_code == 403
    assert (await technician.get("/v1/opportunities/board")).status_code == 403


async def test_a_deleted_one_leaves_its_activities_with_the_account(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    account = await make_account(session, user)
    opportunity = await make_opportunity(session, user, account)
    note = Activity(type="note", status="done", subject="x", account_id=account.id, opportunity_id=opportunity.id)
    session.add(note)
    await session.commit()
    client = await api.as_user(user)
    url = f"/v1/opportunities/{opportunity.id}"
    assert (await client.delete(url)).status_code == 204
    assert (await client.get(url)).status_code == 404
    await session.refresh(note)
    assert note.opportunity_id is None and note.account_id == account.id


async def test_lists_filter_and_sort(api: Api, session: AsyncSession) -> None:
    user, mate = await make_user(session), await make_user(session)
    account = await make_account(session, user, name="Österreichische Öfen AG")
    other = await make_account(session, user)
    small = await make_opportunity(session, user, account, amount=10, close_on=None, name="Klein")
    large = await make_opportunity(session, user, other, amount=900, name="Groß", close_on=date(2027, 1, 31))
    won = await make_opportunity(session, mate, account, stage_id=stage_id(5), status="won", amount=500, name="Mittel")
    await make_opportunity(session, mate, await make_account(session, mate))
    client = await api.as_user(user)

    async def names(**params: Any) -> list[str]:
        answer = await client.get("/v1/opportunities", params={"sort": "expected_revenue", **params})
        assert answer.status_code == 200, answer.text
        return [item["name"] for item in answer.json()["items"]]

    assert await names() == [small.name, won.name, large.name]
    assert (await names(sort="close_on"))[0] == large.name
    assert await names(q="ofen") == [small.name, won.name]
    assert await names(q="GROS") == [large.name]
    assert await names(status="won") == [won.name] == await names(stage_id=str(stage_id(5)))
    assert await names(assignee_id=str(user.id)) == [small.name, large.name]
    assert await names(account_id=str(other.id)) == [large.name]
    assert await names(close_before="2027-02-01", close_after="2027-01-31") == [large.name]
    assert await names(pipeline_id=NOBODY) == []
    page = (await client.get("/v1/opportunities", params={"sort": "close_on", "limit": 1})).json()
    rest = await client.get("/v1/opportunities", params={"sort": "close_on", "limit": 5, "cursor": page["next_cursor"]})
    assert len(rest.json()["items"]) == 2, "those without a date are not lost on the way"
