"""What must count at once in every process, and what two do at the same moment: real processes, real commits."""

import asyncio
import re
import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from app.core.embedded import EmbeddedServers
from app.identity.models import User
from app.identity.provisioning import Refused, create_administrator
from app.settings import Settings
from tests.factories import make_user
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


@pytest.mark.rule("ID-2")
def test_two_administrators_cannot_remove_each_other(stack: Live) -> None:
    first, second = made(stack, "admin"), made(stack, "admin")
    clients = {first: client(stack, 0, first), second: client(stack, 1, second)}

    async def others_out() -> None:
        await stack.sql(
            "UPDATE users SET active = false FROM user_roles ur JOIN roles r ON r.id = ur.role_id "
            "WHERE ur.user_id = users.id AND r.key = 'admin' AND users.id <> ALL($1)",
            [first.id, second.id],
        )

    async def together() -> list[int]:
        async def out(by: User, whom: User) -> int:
            async with httpx.AsyncClient(
                base_url=clients[by].base_url, headers=clients[by].headers, timeout=20
            ) as client:
                url = f"/v1/users/{whom.id}"
                return (await client.patch(url, json={"roles": ["mst"]}, headers={"If-Match": "*"})).status_code

        return await asyncio.gather(out(first, second), out(second, first))

    asyncio.run(others_out())
    assert sorted(asyncio.run(together())) in ([200, 409], [200, 403])
    (left,) = asyncio.run(
        stack.sql(
            "SELECT count(*) FROM users u JOIN user_roles ur ON ur.user_id = u.id JOIN roles r ON r.id = ur.role_id "
            "WHERE u.active AND r.key = 'admin'"
        )
    )
    assert left[0] == 1


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
