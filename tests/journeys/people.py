"""People of a journey: each signs in for real and has an inbox."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

from tests.live import Live

PASSWORD = "vier graue Katzen im Hof"
T = TypeVar("T")


@dataclass
class Person:
    """A signed-in user."""

    id: str
    name: str
    email: str
    http: httpx.Client
    live: Live

    def get(self, path: str, **params: Any) -> Any:
        answer = self.http.get(path, params=params)
        assert answer.status_code == 200, (path, answer.text)
        return answer.json()

    def post(self, path: str, body: dict[str, Any] | None = None, *, expect: int = 201, **headers: str) -> Any:
        answer = self.http.post(path, json=body or {}, headers=headers)
        assert answer.status_code == expect, (path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def patch(self, path: str, body: dict[str, Any], *, expect: int = 200) -> Any:
        tag = self.http.get(path).headers["ETag"]
        answer = self.http.patch(path, json=body, headers={"If-Match": tag})
        assert answer.status_code == expect, (path, answer.status_code, answer.text)
        return answer.json()

    def mails(self, part_of_subject: str) -> list[str]:
        """The texts of the mails to this person whose subject has this part."""
        found = [m for m in self.live.mailbox.to(self.email) if part_of_subject in str(m["Subject"])]
        return [m.get_body().get_content() for m in found]  # type: ignore[union-attr]  # our mails have a text

    def notified(self, kind: str) -> list[Any]:
        """The notifications of this kind in the app."""
        return [n for n in self.get("/v1/notifications")["items"] if n["kind"] == kind]


def eventually(look: Callable[[], T], seconds: float = 20) -> T:
    """What `look` finds, as soon as it finds something."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


def sign_in(live: Live, login: str, password: str) -> tuple[httpx.Client, dict[str, Any]]:
    """A client with an access token."""
    client = httpx.Client(base_url=live.url, timeout=30, headers={"Accept-Language": "de"})
    answer = client.post("/v1/auth/sessions", json={"login": login, "password": password, "device_name": "Reise"})
    assert answer.status_code == 201, answer.text
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    return client, answer.json()


def invite(admin: httpx.Client, live: Live, first: str, last: str, role: str, country: str = "AT") -> Person:
    """The administrator makes a user, who sets their password with the mailed link and signs in."""
    email = f"{first}.{last}@beispiel-vertrieb.at".lower()
    body = {"first_name": first, "last_name": last, "email": email, "roles": [role], "country": country}
    made = admin.post("/v1/users", json=body)
    assert made.status_code == 201, made.text
    person = Person(made.json()["id"], f"{first} {last}", email, admin, live)
    text = eventually(lambda: person.mails("Leadwerk"))[0]
    token = re.search(r"token=([\w.~-]+)", text)
    assert token, text
    confirmation = {"token": token.group(1), "new_password": PASSWORD}
    done = httpx.post(f"{live.url}/v1/auth/password-resets/confirmations", json=confirmation)
    assert done.status_code == 204, done.text
    person.http, _ = sign_in(live, email, PASSWORD)
    return person
