"""Two people work on one call, or with one contact, at the same moment: real processes, real commits (CALL-3, CALL-4)."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.core.embedded import EmbeddedServers
from tests.calls.support import ANY, log, now
from tests.conftest import sign_in
from tests.factories import make_account, make_contact, make_user
from tests.live import Live, live


@pytest.mark.rule("CALL-3", "CALL-4")
def test_two_at_once(servers: EmbeddedServers, tmp_path: Path) -> None:
    with live(servers, tmp_path, apis=1) as stack:
        asyncio.run(_all(stack))


async def _all(stack: Live) -> None:
    async with stack.session() as session:
        user = await make_user(session, "admin")
        account = await make_account(session, user)
        contacts = [await make_contact(session, user, account, email=f"a{n}@kranz.at") for n in range(7)]
        token = await sign_in(session, user.id)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=stack.url, headers=headers, timeout=30) as client:
        await _completed_by_four(client, contacts[0].id)
        await _answers_at_once(client, contacts[1].id)
        await _one_beside_the_other(client, contacts[0].id, contacts[1].id)
        for winner, loser in ((contacts[2], contacts[3]), (contacts[2], contacts[4])):
            await _merged_meanwhile(client, winner.id, loser.id)
        await _the_consent_survives_a_merge(client, contacts[5].id, contacts[6].id)


async def _completed_by_four(client: httpx.AsyncClient, contact_id: Any) -> None:
    call = await log(client, contact_id=contact_id, status="planned", starts_at=now(hours=-1))
    url, body = f"/v1/activities/{call['id']}", {"status": "held", "starts_at": now(), "follow_up": {"in_days": 60}}
    answers = await asyncio.gather(*(client.patch(url, json=body, headers=ANY) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    listed = await client.get("/v1/activities", params={"contact_id": str(contact_id), "open": "true"})
    assert len(listed.json()["items"]) == 1


async def _answers_at_once(client: httpx.AsyncClient, contact_id: Any) -> None:
    """None is lost, and the one given last counts, whichever comes last."""
    calls = await asyncio.gather(
        *(
            log(client, contact_id=contact_id, starts_at=now(hours=-n - 1), consent={"answer": answer})
            for n, answer in enumerate(["refused", "granted", "granted", "refused", "granted"])
        )
    )
    (entry,) = (await client.get(f"/v1/contacts/{contact_id}")).json()["emails"]
    assert (entry["consent"], entry["consent_source"]) == ("refused", f"call:{calls[0]['id']}")


async def _one_beside_the_other(client: httpx.AsyncClient, one: Any, other: Any) -> None:
    """Calls with the same people in turned places do not wait for each other in a circle."""
    body = {"type": "call", "status": "held", "subject": "Zu dritt", "starts_at": now(minutes=-1)}
    pairs = [(one, other), (other, one)] * 6
    answers = await asyncio.gather(
        *(client.post("/v1/activities", json={**body, "contact_id": str(a), "contact_ids": [str(b)]}) for a, b in pairs)
    )
    assert {answer.status_code for answer in answers} == {201}


def _merge(versions: dict[str, int]) -> dict[str, Any]:
    """A merge into the first of these contacts."""
    ids = list(versions)
    return {"record_type": "contact", "record_ids": ids, "winner_id": ids[0], "versions": versions}


async def _merged_meanwhile(client: httpx.AsyncClient, winner_id: Any, loser_id: Any) -> None:
    """Nobody waits in a circle: each gets an answer that says what happened."""
    call = await log(client, contact_id=loser_id)
    ids = [str(winner_id), str(loser_id)]
    versions = {id_: (await client.get(f"/v1/contacts/{id_}")).json()["version"] for id_ in ids}
    patch = {"consent": {"answer": "refused"}, "follow_up": {"in_days": 5}}
    url = f"/v1/activities/{call['id']}"
    answers = await asyncio.gather(
        client.post("/v1/merges", json=_merge(versions)),
        *(client.patch(url, json=patch, headers=ANY) for _ in range(3)),
    )
    assert {answer.status_code for answer in answers[1:]} <= {200, 409}, [answer.text for answer in answers]
    assert answers[0].status_code in (201, 412), answers[0].text  # the contact changed first


async def _the_consent_survives_a_merge(client: httpx.AsyncClient, winner_id: Any, loser_id: Any) -> None:
    call = await log(client, contact_id=loser_id, consent={"answer": "refused"})
    merged = await client.post("/v1/merges", json=_merge({str(winner_id): 1, str(loser_id): 2}))
    assert merged.status_code == 201, merged.text

    async def entry() -> dict[str, Any]:
        emails = (await client.get(f"/v1/contacts/{winner_id}")).json()["emails"]
        return next(one for one in emails if one["address"] == call["consent"]["email"])

    assert (await entry())["consent_source"] == f"call:{call['id']}"
    taken = await client.patch(f"/v1/activities/{call['id']}", json={"consent": None}, headers=ANY)
    assert taken.status_code == 200, taken.text
    assert (await entry())["consent"] == "unknown"
