"""Nobody hears of a record that they do not see: not from any answer, and not from what an answer does not say.

A user without access sends random requests to every route of the document, in a world where somebody else has a record of every
kind, each text of it marked. No answer may hold a mark, or an id of theirs that the request did not name. Then the same requests
are sent to the same world without those records: every answer must be the same, counts, cursors, orders and errors included.

What LOCK-1 and DUP-3 must show is stated in `Shown`, and nothing else. How long an answer takes is not looked at.
`make fuzz-leaks` (N=100000) sends more.
"""

import json
import os
import random
import re
from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from tests.arch.leaks.requests import NEVER, Requests
from tests.arch.leaks.world import MARKED, Leaks, add_owner, make_asker, remove_hidden
from tests.conftest import Api, Contexts
from tests.contract.schemas import Document, named_operations

PER_WORLD = 220
REQUESTS = int(os.environ.get("LEADWERK_LEAK_REQUESTS", "220"))
FIRST = int(os.environ.get("LEADWERK_LEAK_SEED", "1"))
ROLES = ("developer", "curious", "ks", "curious", "rm", "mst", "curious", "fn")

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|\+00:00)")
_SECRET = re.compile(r"[\w-]{43}(?=\.ics)")
_FRESH = {"trace_id", "next_cursor", "instance"}


class Shown:
    """What the lock must show of a customer whom the asker may not see (LOCK-1, DUP-3): that there is one."""

    IDS = re.compile(r"^/(?:answer/)?matches/\d+/(?:ref|lock_id|account_id)$")
    """Where an id stands that names the match in later requests, and only there."""

    @staticmethod
    def tells_of_a_match(answer: httpx.Response) -> bool:
        """Whether the answer shows a match without its record: then it may differ from what a world without it says."""
        body = _json(answer)
        matches = body.get("matches", []) if isinstance(body, dict) else []
        return any(isinstance(match, dict) and match.get("record") is None for match in matches)

    @staticmethod
    def asks_for_clearance(name: str, request: dict[str, Any]) -> bool:
        """A match names its lock or its managed account so that clearance can be asked for (LOCK-4). The answer says in whose
        country that is, as the check did by naming the heads to ask.
        """
        return name == "request_clearance" and request["method"] == "POST"

    @staticmethod
    def id_is_taken(request: dict[str, Any], answer: httpx.Response) -> bool:
        """Whoever makes a record under an id that they know, and that is taken, is told so: nothing more."""
        named = isinstance(request.get("json"), dict) and request["json"].get("id")
        named = named or request.get("params", {}).get("id")
        return bool(named) and answer.status_code == 409 and _json(answer).get("code") == "id_taken"


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return {}


def _leaves(value: Any, place: str = "") -> Any:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield f"{place}/{key}", key
            yield from _leaves(inner, f"{place}/{key}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _leaves(inner, f"{place}/{number}")
    else:
        yield place, value


def told(world: Leaks, name: str, request: dict[str, Any], answer: httpx.Response) -> list[str]:
    """Secrets in the answer that were not in the request."""
    asked = json.dumps([request["url"], request["params"], request.get("json")], ensure_ascii=False).lower()
    places = list(_leaves(_json(answer))) or [("", answer.text)]
    places += [(f"header {name}", value) for name, value in answer.headers.items()]
    found = []
    for place, value in places:
        written = str(value)
        if Shown.asks_for_clearance(name, request) and place == "/country":
            continue
        found += [f"{place}: {mark}" for mark in MARKED.findall(written) if mark.lower() not in asked]
        if Shown.IDS.match(place):
            continue
        ids = {id_.lower() for id_ in _ID.findall(written)} & world.secret_ids
        found += [f"{place}: {id_}" for id_ in ids if id_ not in asked]
    return found


def comparable(world: Leaks, answer: httpx.Response) -> Any:
    """The answer without what is new each time: ids and secrets just made, moments, signed cursors."""
    lasting = {str(id_) for id_ in world.own.values()} | world.secret_ids

    def plain(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {k: plain(v, k) for k, v in value.items() if k not in _FRESH} | {
                k: v is not None for k, v in value.items() if k == "next_cursor"
            }
        if isinstance(value, list):
            return [plain(inner) for inner in value]
        if isinstance(value, int) and key == "id":
            return "number"
        if isinstance(value, str):
            value = _ID.sub(lambda m: m[0] if m[0] in lasting else "id", value)
            return _SECRET.sub("secret", _MOMENT.sub("moment", value))
        return value

    return answer.status_code, plain(_json(answer)) or answer.text[:200]


async def _send(client: httpx.AsyncClient, rollback: AsyncConnection, request: dict[str, Any]) -> list[httpx.Response]:
    """The answer, and that of the next page if there is one; nothing stays."""
    untouched = await rollback.begin_nested()
    answers = [await client.request(**request)]
    body = _json(answers[0])
    if isinstance(body, dict) and body.get("next_cursor"):
        params = request["params"] | {"cursor": body["next_cursor"]}
        answers.append(await client.request(**(request | {"params": params})))
    await untouched.rollback()
    return answers


@pytest.mark.rule("DUP-3")
@pytest.mark.rule("ID-3")
@pytest.mark.parametrize("seed", range(FIRST, FIRST + max(1, REQUESTS // PER_WORLD)))
async def test_nothing_is_heard_of_what_is_hidden(
    api: Api, session: AsyncSession, rollback: AsyncConnection, contexts: Contexts, document: Document, seed: int
) -> None:
    chance = random.Random(seed)
    role = ROLES[seed % len(ROLES)]
    world = await make_asker(api, session, role)
    await add_owner(world, api, session, rollback, contexts)
    assert len(world.texts) > 40 and len(world.secret_ids) > 20, "the world has too few secrets to prove anything"
    client = await api.as_user(world.asker)
    drawing = Requests(document, world, chance)
    operations = [found for found in named_operations(document) if found[0] not in NEVER and found[1].startswith("/v1")]
    chosen = operations + chance.choices(operations, k=max(0, PER_WORLD - len(operations)))
    requests = [(name, drawing.draw(path, method, operation)) for name, path, method, operation in chosen]

    found: list[str] = []
    before: list[tuple[str, dict[str, Any], list[httpx.Response]]] = []
    statuses: dict[int, int] = {}
    for name, request in requests:
        answers = await _send(client, rollback, request)
        before.append((name, request, answers))
        for answer in answers:
            statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
            found += [
                f"{name} {answer.status_code}: {secret} {_asked(request)}"
                for secret in told(world, name, request, answer)
            ]
            if answer.status_code >= 500:
                found.append(f"{name}: {answer.status_code} {_asked(request)}")
    await remove_hidden(world, rollback)
    for name, request, answers in before:
        if Shown.asks_for_clearance(name, request):
            continue
        if any(Shown.tells_of_a_match(answer) or Shown.id_is_taken(request, answer) for answer in answers):
            continue
        now = await _send(client, rollback, request)
        if [comparable(world, one) for one in answers] != [comparable(world, one) for one in now]:
            found.append(
                f"{name}: differs without the hidden records: {_asked(request)}\n    with {_short(answers)}\n    without {_short(now)}"
            )
    if os.environ.get("LEADWERK_LEAK_REQUESTS"):
        matched = sum(Shown.tells_of_a_match(answer) for _, _, answers in before for answer in answers)
        print(seed, role, statuses, f"{matched} told of a hidden match")
    assert statuses.get(200, 0) > 30, statuses
    assert not found, f"seed {seed}, {role}:\n" + "\n".join(dict.fromkeys(found))


def _asked(request: dict[str, Any]) -> str:
    body = json.dumps(request.get("json"), ensure_ascii=False)[:300]
    return f"[{request['method']} {request['url']} {request['params']} {body}]"


def _short(answers: list[httpx.Response]) -> str:
    return " | ".join(f"{answer.status_code} {answer.text[:400]}" for answer in answers)
