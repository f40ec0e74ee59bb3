"""Segment and postal code give an account its centre and teams; what hangs on it follows (ID-4, ACC-14)."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.jobs import teams_by_rule
from app.identity.models import Centre, CentreArea
from app.team_following.jobs import follow
from tests.conftest import Api, Contexts
from tests.factories import make_account, make_contact, make_opportunity, make_team, make_user

BODY = {
    "name": "Kranzbichler Hydraulik GmbH",
    "level": "B",
    "industry": "Bau",
    "legal_form": "GmbH",
    "city": "Linz",
    "postal_code": "4020",
    "country": "AT",
}
ANY = {"If-Match": "*"}


async def make_house(session: AsyncSession) -> dict[str, Any]:
    """Two centres with their teams, the country's and the head office's."""
    linz, graz = Centre(code="LNZ", name="Linz", country="AT"), Centre(code="GRZ", name="Graz", country="AT")
    session.add_all([linz, graz])
    await session.flush()
    session.add_all(
        [
            CentreArea(centre_id=linz.id, country="AT", from_code="40", to_code="42"),
            CentreArea(centre_id=graz.id, country="AT", from_code="8000", to_code="8499"),
        ]
    )
    house: dict[str, Any] = {"linz": linz, "graz": graz}
    house["head"] = await make_team(session, "head_office_key_accounts")
    house["country"] = await make_team(session, "country_key_accounts", country="AT")
    house["abroad"] = await make_team(session, "country_key_accounts", country="DE")
    for name in ("linz", "graz"):
        for kind in ("centre_key_accounts", "centre_local"):
            house[f"{name}_{kind}"] = await make_team(session, kind, centre_id=house[name].id, country="AT")
    return house


def ids(house: dict[str, Any], *names: str) -> set[str]:
    return {str(house[name].id) for name in names}


@pytest.mark.rule("ID-4")
@pytest.mark.parametrize(
    ("segment", "teams"),
    [
        ("key_account_head_office", ("head", "country")),
        ("key_account_branch", ("head", "linz_centre_key_accounts")),
        ("supra_regional_head_office", ("linz_centre_local",)),
        ("supra_regional_branch", ("linz_centre_local",)),
        ("local", ("linz_centre_local",)),
    ],
)
async def test_the_segment_gives_the_teams(
    api: Api, session: AsyncSession, segment: str, teams: tuple[str, ...]
) -> None:
    house, user = await make_house(session), await make_user(session)
    client = await api.as_user(user)
    made = await client.post("/v1/accounts", json=BODY | {"segment": segment})
    assert made.status_code == 201, made.text
    assert set(made.json()["team_ids"]) == ids(house, *teams)
    assert made.json()["centre"] == {"id": str(house["linz"].id), "name": "Linz"}


@pytest.mark.rule("ID-4")
async def test_without_a_segment_the_default_team_stands_in_and_what_is_added_stays(
    api: Api, session: AsyncSession
) -> None:
    house, user = await make_house(session), await make_user(session)
    bdm = await make_user(session, "bdm")
    client = await api.as_user(user)
    made = await client.post("/v1/accounts", json=BODY)
    assert made.json()["team_ids"] == [str(user.default_team_id)]
    url = made.headers["Location"]
    added = {"segment": "local", "team_ids": [str(bdm.default_team_id)]}
    changed = await client.patch(url, json=added, headers=ANY)
    assert set(changed.json()["team_ids"]) == ids(house, "linz_centre_local") | {str(bdm.default_team_id)}

    moved = await client.patch(url, json={"centre_id": str(house["graz"].id)}, headers=ANY)
    assert set(moved.json()["team_ids"]) == ids(house, "graz_centre_local") | {str(bdm.default_team_id)}
    dropped = await client.patch(url, json={"team_ids": [str(bdm.default_team_id)]}, headers=ANY)
    assert dropped.status_code == 422 and dropped.json()["errors"][0]["code"] == "rule_team"
    only = await client.patch(url, json={"team_ids": [*ids(house, "graz_centre_local")]}, headers=ANY)
    assert set(only.json()["team_ids"]) == ids(house, "graz_centre_local")


@pytest.mark.rule("ID-4")
async def test_a_customer_stays_with_its_centre_when_it_moves(api: Api, session: AsyncSession) -> None:
    house = await make_house(session)
    client = await api.as_user(await make_user(session))
    url = (await client.post("/v1/accounts", json=BODY | {"segment": "local"})).headers["Location"]
    moved = await client.patch(url, json={"postal_code": "8010", "city": "Graz"}, headers=ANY)
    assert moved.json()["centre"]["name"] == "Linz" and set(moved.json()["team_ids"]) == ids(house, "linz_centre_local")


@pytest.mark.rule("ID-4")
async def test_a_private_team_opens_one_customer_with_all_that_hangs_on_it(
    api: Api, session: AsyncSession, contexts: Contexts
) -> None:
    user, bdm = await make_user(session), await make_user(session, "bdm")
    owner, other = await api.as_user(user), await api.as_user(bdm)
    account, neighbour = await make_account(session, user), await make_account(session, user)
    followers = {"teams_follow": True}
    contact = await make_contact(session, user, account, **followers)
    own = await make_contact(session, user, account)
    opportunity = await make_opportunity(session, user, account, **followers)
    note = await owner.post("/v1/activities", json={"type": "note", "account_id": str(account.id), "description": "x"})
    urls = [f"/v1/accounts/{account.id}", f"/v1/contacts/{contact.id}", f"/v1/opportunities/{opportunity.id}"]
    urls.append(note.headers["Location"])
    assert [(await other.get(url)).status_code for url in urls] == [404] * 4
    teams = {"team_ids": [str(user.default_team_id), str(bdm.default_team_id)]}
    assert (await owner.patch(urls[0], json=teams, headers=ANY)).status_code == 200
    await run_following(session, contexts)
    assert [(await other.get(url)).status_code for url in urls] == [200] * 4
    assert (await other.get(f"/v1/accounts/{neighbour.id}")).status_code == 404
    assert (await other.get(f"/v1/contacts/{own.id}")).status_code == 404  # its teams were chosen for it

    await owner.patch(urls[0], json={"team_ids": [str(user.default_team_id)]}, headers=ANY)
    await run_following(session, contexts)
    assert [(await other.get(url)).status_code for url in urls] == [404] * 4


async def run_following(session: AsyncSession, contexts: Contexts) -> None:
    """Do what the database has asked for, as the worker would."""
    rows = await session.execute(
        text("DELETE FROM outbox WHERE job = 'team_following.follow' RETURNING payload, actor, trace_id")
    )
    found = rows.all()
    assert found and all(row.actor for row in found)
    for row in found:
        async with contexts.of() as ctx:
            await follow(ctx, row.payload)


@pytest.mark.rule("ID-4")
async def test_a_new_team_gets_the_accounts_of_its_rule(api: Api, session: AsyncSession, contexts: Contexts) -> None:
    user = await make_user(session)
    centre = Centre(code="WIE", name="Wien", country="AT")
    session.add(centre)
    await session.commit()
    rule = {"segment": "local", "centre_id": centre.id}
    account, other = await make_account(session, user, **rule), await make_account(session, user)
    admin = await api.as_user(await make_user(session, "admin"))
    body = {"name": "Wien lokal", "kind": "centre_local", "centre_id": str(centre.id)}
    team = (await admin.post("/v1/teams", json=body)).json()["id"]
    asked = (
        await session.execute(text("SELECT payload FROM outbox WHERE job = 'accounts.teams_by_rule' ORDER BY id DESC"))
    ).scalar()
    async with contexts.of() as ctx:
        await teams_by_rule(ctx, asked)
    assert (await admin.get(f"/v1/accounts/{account.id}")).json()["team_ids"] == [team, str(user.default_team_id)]
    assert (await admin.get(f"/v1/accounts/{other.id}")).json()["team_ids"] == [str(user.default_team_id)]


@pytest.mark.rule("ACC-14")
@pytest.mark.parametrize(
    ("country", "code", "centre"),
    [
        ("AT", "4020", "Linz"),
        ("AT", "A-4299", "Linz"),
        ("AT", "42 99", "Linz"),
        ("AT", "4300", None),
        ("AT", "3999", None),
        ("AT", "8499", "Graz"),
        ("AT", "8500", None),
        ("DE", "40210", None),
        ("AT", "?", None),
    ],
)
async def test_the_postal_code_finds_the_centre(
    api: Api, session: AsyncSession, country: str, code: str, centre: str | None
) -> None:
    await make_house(session)
    client = await api.as_user(await make_user(session))
    made = await client.post("/v1/accounts", json=BODY | {"country": country, "postal_code": code})
    assert made.status_code == 201, made.text
    assert (made.json()["centre"] or {"name": None})["name"] == centre
    if code != "?":
        found = await client.get("/v1/centres", params={"responsible_for": f"{country}:{code}"})
        assert [c["name"] for c in found.json()["items"]] == [centre] * (centre is not None)


@pytest.mark.rule("ACC-14")
async def test_areas_never_overlap(api: Api, session: AsyncSession) -> None:
    admin = await api.as_user(await make_user(session, "admin"))
    body = {"code": "LNZ", "name": "Linz", "country": "AT", "areas": [{"from_code": "4000", "to_code": "4299"}]}
    linz = await admin.post("/v1/centres", json=body)
    assert linz.json()["areas"] == [{"country": "AT", "from_code": "4000", "to_code": "4299"}]
    for area, code in (
        ({"from_code": "40"}, "area_taken"),
        ({"from_code": "4299"}, "area_taken"),
        ({"from_code": "3000", "to_code": "40"}, "area_taken"),
        ({"from_code": "5000", "to_code": "4999"}, "area_order"),
    ):
        wrong = await admin.post("/v1/centres", json={"code": "WEL", "name": "Wels", "country": "AT", "areas": [area]})
        assert wrong.status_code == 422, wrong.text
        assert [(e["pointer"], e["code"]) for e in wrong.json()["errors"]] == [("/areas/0", code)]
    german = {"country": "DE", "from_code": "40", "to_code": "42"}
    wels = {"code": "WEL", "name": "Wels", "country": "AT", "areas": [{"from_code": "46"}, german]}
    made = await admin.post("/v1/centres", json=wels)
    assert made.status_code == 201, made.text
    url = made.headers["Location"]
    handed = {"areas": [{"from_code": "46"}, {"from_code": "4200", "to_code": "4299"}]}
    assert (await admin.patch(url, json=handed, headers=ANY)).status_code == 422
    freed = {"areas": [{"from_code": "4000", "to_code": "4199"}]}
    tag = (await admin.get(linz.headers["Location"])).headers["ETag"]
    assert (await admin.patch(linz.headers["Location"], json=freed, headers={"If-Match": tag})).status_code == 200
    changed = await admin.patch(url, json=handed, headers=ANY)
    assert [a["from_code"] for a in changed.json()["areas"]] == ["4200", "46"]


@pytest.mark.rule("ACC-14")
async def test_the_database_itself_lets_no_postal_code_have_two_centres(session: AsyncSession) -> None:
    house = await make_house(session)
    session.add(CentreArea(centre_id=house["graz"].id, country="AT", from_code="4100", to_code="4100"))
    with pytest.raises(IntegrityError, match="one_centre"):
        await session.flush()
    await session.rollback()


@pytest.mark.rule("ACC-14")
async def test_parents_make_no_circle_and_are_seen(api: Api, session: AsyncSession) -> None:
    user, stranger = await make_user(session), await make_user(session)
    head, branch, office = [await make_account(session, user) for _ in range(3)]
    foreign = await make_account(session, stranger)
    client = await api.as_user(user)

    async def put(account: Any, parent: Any) -> Any:
        body = {"parent_id": parent and str(parent.id)}
        return await client.patch(f"/v1/accounts/{account.id}", json=body, headers=ANY)

    assert (await put(branch, head)).json()["parent"] == {"id": str(head.id), "name": head.name}
    assert (await put(office, branch)).status_code == 200
    for account, parent, code in (
        (head, office, "circle"),
        (head, head, "circle"),
        (head, foreign, "unknown_account"),
    ):
        assert [e["code"] for e in (await put(account, parent)).json()["errors"]] == [code]
    below = await client.get("/v1/accounts", params={"parent_id": str(head.id)})
    assert [a["id"] for a in below.json()["items"]] == [str(branch.id)]
    admin = await api.as_user(await make_user(session, "admin"))
    refused = await admin.delete(f"/v1/accounts/{branch.id}")
    assert (refused.status_code, refused.json()["code"]) == (409, "in_use")
    assert (await put(office, None)).json()["parent"] is None


@pytest.mark.rule("ACC-7")
async def test_vip_is_the_franchisees_to_say(api: Api, session: AsyncSession) -> None:
    team = await make_team(session)
    seller, franchisee = await make_user(session, "rm", teams=[team]), await make_user(session, "fn", teams=[team])
    account = await make_account(session, seller, team_ids=[team.id])
    url, client = f"/v1/accounts/{account.id}", await api.as_user(seller)
    assert (await client.patch(url, json={"vip": True}, headers=ANY)).status_code == 403
    assert (await client.patch(url, json={"vip": False}, headers=ANY)).status_code == 200  # as it is
    assert (await client.post("/v1/accounts", json=BODY | {"vip": True})).status_code == 403
    said = await (await api.as_user(franchisee)).patch(url, json={"vip": True}, headers=ANY)
    assert said.json()["vip"] is True
    assert [a["id"] for a in (await client.get("/v1/accounts?vip=true")).json()["items"]] == [str(account.id)]


@pytest.mark.rule("ACC-7")
async def test_member_organisations(api: Api, session: AsyncSession) -> None:
    admin, user = await api.as_user(await make_user(session, "admin")), await make_user(session)
    client = await api.as_user(user)
    assert (await client.post("/v1/member-organisations", json={"name": "Innung"})).status_code == 403
    made = [await admin.post("/v1/member-organisations", json={"name": n}) for n in ("Kammer", "Innung")]
    chamber, guild = [m.json()["id"] for m in made]
    again = await admin.post("/v1/member-organisations", json={"name": "KAMMER"})
    assert again.status_code == 409
    body = BODY | {"member_organisation_ids": [chamber, guild, chamber], "partner_info": "Rahmenvertrag"}
    account = await client.post("/v1/accounts", json=body)
    assert account.json()["member_organisation_ids"] == [chamber, guild]
    assert account.json()["partner_info"] == "Rahmenvertrag"
    found = await client.get("/v1/accounts", params={"member_organisation_id": guild})
    assert [a["id"] for a in found.json()["items"]] == [account.json()["id"]]
    in_use = await admin.delete(made[1].headers["Location"])
    assert (in_use.status_code, in_use.json()["code"]) == (409, "in_use")
    url = account.headers["Location"]
    assert (await admin.patch(made[1].headers["Location"], json={"active": False}, headers=ANY)).status_code == 200
    kept = await client.patch(url, json={"member_organisation_ids": [guild]}, headers=ANY)
    assert kept.status_code == 200  # it had that one already
    gone = await client.patch(url, json={"member_organisation_ids": []}, headers=ANY)
    assert gone.json()["member_organisation_ids"] == []
    refused = await client.patch(url, json={"member_organisation_ids": [guild]}, headers=ANY)
    assert [e["pointer"] for e in refused.json()["errors"]] == ["/member_organisation_ids/0"]
    assert (await admin.delete(made[1].headers["Location"])).status_code == 204


@pytest.mark.rule("ACC-4", "ACC-8")
@pytest.mark.parametrize(
    ("patch", "pointer"),
    [
        ({"terms_valid_from": "2027-01-01"}, "/terms_valid_until"),
        ({"terms_valid_until": "2025-12-31"}, "/terms_valid_until"),
        ({"visit_interval_days": 0}, "/visit_interval_days"),
        ({"visit_interval_days": 731}, "/visit_interval_days"),
        ({"visit_interval_days": 14.5}, "/visit_interval_days"),
        ({"visit_priority": None}, "/visit_priority"),
        ({"segment": "global"}, "/segment"),
        ({"centre_id": "01900000-0000-7000-8000-00000000ffff"}, "/centre_id"),
    ],
)
async def test_days_and_visits_that_cannot_be(
    api: Api, session: AsyncSession, patch: dict[str, Any], pointer: str
) -> None:
    client = await api.as_user(await make_user(session))
    terms = {"terms_valid_from": "2026-01-01", "terms_valid_until": "2026-12-31"}
    visits = {"visit_interval_days": 28, "visit_priority": True}
    made = await client.post("/v1/accounts", json=BODY | terms | visits)
    assert made.status_code == 201 and made.json().items() >= (terms | visits).items()
    wrong = await client.patch(made.headers["Location"], json=patch, headers=ANY)
    assert wrong.status_code == 422 and [e["pointer"] for e in wrong.json()["errors"]] == [pointer]


@pytest.mark.rule("ACC-13")
async def test_save_and_create_another_is_one_request(api: Api, session: AsyncSession) -> None:
    house, user = await make_house(session), await make_user(session)
    client = await api.as_user(user)
    plain = await client.post("/v1/accounts", json=BODY)
    assert "next" not in plain.json()
    body = BODY | {"name": "Zwettler Kran AG", "segment": "local", "source": "fair", "access": "public_read"}
    made = await client.post("/v1/accounts?another=true", json=body, headers={"Idempotency-Key": "one"})
    following = made.json()["next"]
    assert following == {
        "assignee_id": str(user.id),
        "team_ids": None,
        "access": "public_read",
        "segment": "local",
        "centre_id": str(house["linz"].id),
        "parent_id": None,
        "level": "B",
        "industry": "Bau",
        "country": "AT",
        "source": "fair",
    }
    replay = await client.post("/v1/accounts?another=true", json=body, headers={"Idempotency-Key": "one"})
    assert replay.json() == made.json()
    entered = {"name": "Obermair Pumpen KG", "legal_form": "KG", "city": "Wels"}
    second = await client.post("/v1/accounts?another=true", json=following | entered)
    assert second.status_code == 201, second.text
    assert second.json()["next"] == following


async def test_lists_are_sorted_by_days_with_those_without_one_first(api: Api, session: AsyncSession) -> None:
    user = await make_user(session)
    client = await api.as_user(user)
    days = [None, date(2026, 1, 5), None, date(2025, 7, 1), date(2026, 3, 1)]
    made = [await make_account(session, user, last_order_on=day) for day in days]
    names, cursor = [], None
    for _ in range(3):
        parameters = {"sort": "last_order_on", "limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await client.get("/v1/accounts", params=parameters)).json()
        names += [a["last_order_on"] for a in page["items"]]
        cursor = page["next_cursor"]
    assert cursor is None and names == [None, None, "2025-07-01", "2026-01-05", "2026-03-01"]
    late = await client.get("/v1/accounts", params={"last_order_before": "2026-01-05", "sort": "-last_order_on"})
    assert [a["id"] for a in late.json()["items"]] == [str(made[3].id)]
