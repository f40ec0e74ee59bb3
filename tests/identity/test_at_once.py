"""What must count at once in every process, and what two do at the same moment: real processes, real commits."""

import asyncio
import re
import time
from collections.abc import Callable, Iterator

import asyncpg
import httpx
import pytest
from sqlalchemy import text

from app.core.embedded import EmbeddedServers
from app.identity.models import User
from app.identity.provisioning import Refused, create_administrator
from app.identity.users import ADMINISTRATORS
from app.settings import Settings
from tests.factories import make_account, make_team, make_user
from tests.identity.support import NEW_PASSWORD, PASSWORD, QUICK
from tests.live import Live, live

SOON = 5.0
"""Seconds within which a process that keeps principals has surely heard of a change; it takes some milliseconds."""


@pytest.fixture(scope="module")
def stack(servers: EmbeddedServers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """Two API processes and a worker."""
    with live(servers, tmp_path_factory.mktemp("identity"), apis=2) as stack:
        stack.start_worker()
        yield stack


def made(stack: Live, *roles: str) -> User:
    """A user whose password is PASSWORD."""

    async def make() -> User:
        async with stack.session() as session:
            return await make_user(session, *roles, password_hash=QUICK)

    return asyncio.run(make())


def client(stack: Live, api: int, user: User, password: str = PASSWORD) -> httpx.Client:
    """A client of one of the processes, signed in."""
    answer = httpx.post(f"{stack.urls[0]}/v1/auth/sessions", json={"login": user.email, "password": password})
    assert answer.status_code == 201, answer.text
    signed_in = httpx.Client(
        base_url=stack.urls[api], headers={"Authorization": f"Bearer {answer.json()['access_token']}"}
    )
    assert signed_in.get("/v1/me").status_code == 200
    assert signed_in.get("/v1/me").status_code == 200, "now it is kept"
    return signed_in


def soon(look: Callable[[], bool]) -> bool:
    """Whether it becomes true in time."""
    deadline = time.monotonic() + SOON
    while time.monotonic() < deadline:
        if look():
            return True
        time.sleep(0.01)
    return False


@pytest.mark.rule("ID-9")
def test_a_revoked_device_is_out_of_every_process(stack: Live) -> None:
    user = made(stack)
    here, there = client(stack, 0, user), client(stack, 1, user)
    devices = here.get("/v1/auth/devices").json()["items"]
    (other,) = (d["id"] for d in devices if not d["current"])
    assert here.delete(f"/v1/auth/devices/{other}").status_code == 204
    assert soon(lambda: there.get("/v1/me").status_code == 401)
    assert here.get("/v1/me").status_code == 200


@pytest.mark.rule("ID-2")
def test_changed_rights_count_in_every_process(stack: Live) -> None:
    user, admin = made(stack, "mst"), client(stack, 0, made(stack, "admin"))
    there = client(stack, 1, user)
    assert there.post("/v1/roles", json={}).status_code == 422
    role = {"key": "helper", "label_de": "Hilfe", "label_en": "Helper", "permissions": ["users.read"]}
    made_role = admin.post("/v1/roles", json=role)
    url, anybody = made_role.headers["Location"], {"If-Match": "*"}
    assert admin.patch(f"/v1/users/{user.id}", json={"roles": ["helper"]}, headers=anybody).status_code == 200
    assert soon(lambda: there.get("/v1/me").json()["permissions"] == ["users.read"])
    team = {"name": "X", "kind": "head_office_key_accounts"}
    assert there.post("/v1/teams", json=team).status_code == 403
    change = {"permissions": ["users.read", "teams.manage"]}
    assert admin.patch(url, json=change, headers=anybody).status_code == 200
    assert soon(lambda: there.post("/v1/teams", json=team).status_code == 201)


@pytest.mark.rule("ID-3")
def test_a_changed_team_opens_and_closes_its_records_in_every_process(stack: Live) -> None:
    """At once, and without touching the records."""

    async def customer(member: User) -> tuple[str, str]:
        async with stack.session() as session:
            team = await make_team(session)
            owner = await make_user(session, "rm", teams=[team])
            account = await make_account(session, owner, team_ids=[team.id])
            return f"/v1/accounts/{account.id}", f"/v1/teams/{team.id}/members/{member.id}"

    async def stored() -> tuple[object, ...]:
        async with stack.session() as session:
            rows = await session.execute(text("SELECT id, xmin::text, version FROM accounts ORDER BY id"))
            logged = await session.execute(text("SELECT count(*) FROM change_log WHERE record_type = 'accounts'"))
            return tuple(rows.all()), logged.scalar_one()

    user = made(stack, "rm")
    record, member = asyncio.run(customer(user))
    before = asyncio.run(stored())
    admin, here, there = client(stack, 0, made(stack, "admin")), client(stack, 0, user), client(stack, 1, user)
    for process in (here, there):
        assert process.get(record).status_code == 404
    for change, seen in (("PUT", 200), ("DELETE", 404), ("PUT", 200)):
        assert admin.request(change, member).status_code == 204
        assert here.get(record).status_code == seen, "the process that did it knows it before it answers"
        assert soon(lambda seen=seen: there.get(record).status_code == seen)  # type: ignore[misc]  # mypy knows no lambda with a default
    assert asyncio.run(stored()) == before


@pytest.mark.rule("ID-9")
def test_a_deactivated_user_is_out_of_every_process(stack: Live) -> None:
    user, admin = made(stack), client(stack, 0, made(stack, "admin"))
    there = client(stack, 1, user)
    assert admin.patch(f"/v1/users/{user.id}", json={"active": False}, headers={"If-Match": "*"}).status_code == 200
    assert soon(lambda: there.get("/v1/me").status_code == 401)


@pytest.mark.rule("ID-9")
def test_two_refreshes_at_the_same_moment_do_not_fork_the_chain(stack: Live) -> None:
    user = made(stack)
    body = {"login": user.email, "password": PASSWORD}
    token = httpx.post(f"{stack.url}/v1/auth/sessions", json=body).json()["refresh_token"]

    async def together(token: str) -> list[httpx.Response]:
        async with httpx.AsyncClient(timeout=20) as anyone:
            asked = (
                anyone.post(f"{stack.urls[i % 2]}/v1/auth/sessions/refresh", json={"refresh_token": token})
                for i in range(8)
            )
            return await asyncio.gather(*asked)

    for _ in range(5):
        answers = asyncio.run(together(token))
        assert {a.status_code for a in answers} == {200}, [a.text for a in answers]
        (token,) = {a.json()["refresh_token"] for a in answers}


@pytest.mark.rule("ID-9")
def test_a_refresh_waits_for_the_one_before_it(stack: Live) -> None:
    """While one transaction moves the chain on, a request with the old token must not read the state before it."""
    user = made(stack)
    body = {"login": user.email, "password": PASSWORD}
    device = httpx.post(f"{stack.url}/v1/auth/sessions", json=body).json()

    async def meanwhile() -> httpx.Response:
        connection = await asyncpg.connect(stack.database_url)
        try:
            await connection.execute("BEGIN")
            async with httpx.AsyncClient(timeout=20) as anyone:
                moved = "UPDATE device_sessions SET refresh_hash = $2, previous_hash = $3, replaced_at = now() WHERE id = $1"
                await connection.execute(moved, device["session_id"], b"2", b"1")
                body = {"refresh_token": device["refresh_token"]}
                asked = asyncio.create_task(anyone.post(f"{stack.url}/v1/auth/sessions/refresh", json=body))
                await asyncio.wait({asked}, timeout=1)
                assert not asked.done()
                await connection.execute("COMMIT")
                return await asked
        finally:
            await connection.close()

    answer = asyncio.run(meanwhile())
    assert answer.status_code == 401 and answer.json()["code"] == "refresh_token_reused"


@pytest.mark.rule("ID-2")
def test_two_administrators_cannot_remove_each_other(stack: Live) -> None:
    """While one administrator's removal is not yet committed, the other's waits for it, and is then refused."""
    first, second = made(stack, "admin"), made(stack, "admin")
    remover = client(stack, 0, first)

    async def meanwhile() -> httpx.Response:
        connection = await asyncpg.connect(stack.database_url)
        try:
            await connection.execute("BEGIN")
            await connection.execute("SELECT pg_advisory_xact_lock($1)", ADMINISTRATORS)
            await connection.execute("UPDATE users SET active = false WHERE id <> ALL($1)", [second.id])
            async with httpx.AsyncClient(base_url=stack.url, headers=remover.headers, timeout=20) as admin:
                change = {"json": {"roles": ["mst"]}, "headers": {"If-Match": "*"}}
                asked = asyncio.create_task(admin.patch(f"/v1/users/{second.id}", **change))
                await asyncio.wait({asked}, timeout=1)
                await connection.execute("COMMIT")
                return await asked
        finally:
            await connection.close()

    answer = asyncio.run(meanwhile())
    assert answer.status_code == 409 and answer.json()["code"] == "last_administrator"


@pytest.mark.rule("ID-1")
def test_the_mailed_link_sets_the_password(stack: Live) -> None:
    user = made(stack)
    asked = httpx.post(f"{stack.url}/v1/auth/password-resets", json={"login": user.user_name})
    assert asked.status_code == 202
    deadline = time.monotonic() + 15
    while not stack.mailbox.to(user.email) and time.monotonic() < deadline:
        time.sleep(0.05)
    (mail,) = stack.mailbox.to(user.email)
    text = mail.get_body().get_content()  # type: ignore[union-attr]
    (link,) = re.findall(r"https?://\S+", text)
    page, _, token = link.partition("#token=")
    assert page.endswith("/v1/auth/password-resets/form") and token
    assert mail["Subject"] == "Leadwerk: Passwort zurücksetzen"
    body = {"token": token, "new_password": NEW_PASSWORD}
    answers = [httpx.post(f"{stack.url}/v1/auth/password-resets/confirmations", json=body) for _ in range(2)]
    assert [a.status_code for a in answers] == [204, 422]
    client(stack, 1, user, NEW_PASSWORD)
    rows = asyncio.run(stack.sql("SELECT payload::text, error FROM outbox"))
    assert not any(token in str(row["payload"]) for row in rows)
    assert token not in (stack.data_dir / "processes.log").read_text()


@pytest.mark.rule("ID-1")
def test_the_first_administrator(stack: Live) -> None:
    settings = Settings(_env_file=None, environment="test", database_url=stack.database_url)  # type: ignore[call-arg]

    def make(**change: str) -> str:
        asked = {"email": "chef@firma.example.com", "name": "Änne  van der Öd", "password": PASSWORD} | change
        return asyncio.run(create_administrator(settings, **asked))

    for change, reason in (
        ({"password": "kurz"}, "At least 12 characters."),
        ({"password": "mein chef@firma.example.com"}, "must not contain"),
        ({"name": "Prinz"}, "first and last name"),
        ({"email": "nowhere"}, "not an e-mail address"),
    ):
        with pytest.raises(Refused, match=reason):
            make(**change)
    assert make() == "aenne-van-der.oed"
    with pytest.raises(Refused, match="already"):
        make()
    body = {"login": "aenne-van-der.oed", "password": PASSWORD}
    answer = httpx.post(f"{stack.url}/v1/auth/sessions", json=body)
    assert answer.status_code == 201
    user = answer.json()["user"]
    assert user["roles"] == ["admin"] and user["teams"][0]["kind"] == "private"
    assert (user["first_name"], user["last_name"]) == ("Änne van der", "Öd")
