"""Two developers, one customer, the same instant (LOCK-6): real processes, real connections, mixed spellings."""

import asyncio
import os
import random
from collections import Counter
from pathlib import Path

import httpx
import pytest

from app.core.embedded import EmbeddedServers
from tests.conftest import sign_in
from tests.factories import lead_body, make_user
from tests.live import Live, live

ROUNDS = int(os.environ.get("LEADWERK_RACE_ROUNDS", "50"))
"""Without the lock, with one of its keys, or with keys in no order the first round fails; more on demand."""
CONNECTIONS = 8

FIRST = ("Kaltenegger", "Wöginger", "Strößner", "Hübschmann", "Überlacker", "Pfäffl", "Großschädl", "Zöchling")
TRADE = ("Maschinenbau", "Zimmerei", "Fördertechnik", "Kälteanlagen", "Werkzeugbau", "Messtechnik", "Holzhandel")
TOWN = (("Linz", "4020"), ("Wels", "4600"), ("Graz", "8010"), ("Salzburg", "5020"), ("Steyr", "4400"))


def customer(number: int) -> tuple[str, str, tuple[str, str]]:
    """A company of its own for each round: owner, trade, town."""
    rng = random.Random(number)
    syllables = "".join(rng.choice(("ba", "lu", "mor", "ti", "ke", "won", "sal", "di")) for _ in range(5))
    return rng.choice(FIRST) + syllables, rng.choice(TRADE), rng.choice(TOWN)


def spellings(owner: str, trade: str) -> list[str]:
    """Eight ways in which people type one company."""
    plain = owner.replace("ö", "oe").replace("ü", "ue").replace("ä", "ae").replace("ß", "ss").replace("Ü", "Ue")
    return [
        f"{owner} {trade} GmbH",
        f"{plain} {trade}",
        f"{trade} {owner}",
        f"{owner.upper()} {trade.upper()} GMBH",
        f"{owner} {trade} GmbH & Co. KG",
        f"{owner}-{trade}",
        f"{plain.lower()} {trade.lower()} gmbh",
        f"{owner} {trade} Ges.m.b.H.",
    ]


@pytest.mark.rule("LOCK-6")
def test_exactly_one_of_eight_gets_the_customer(servers: EmbeddedServers, tmp_path: Path) -> None:
    with live(servers, tmp_path, apis=2) as stack:
        asyncio.run(_race(stack))


async def _race(stack: Live) -> None:
    async with stack.session() as session:
        users = [await make_user(session) for _ in range(CONNECTIONS)]
        tokens = [await sign_in(session, user.id) for user in users]
    clients = [
        httpx.AsyncClient(
            base_url=stack.urls[i % len(stack.urls)], headers={"Authorization": f"Bearer {token}"}, timeout=30
        )
        for i, token in enumerate(tokens)
    ]
    for number in range(ROUNDS):
        owner, trade, (city, postal_code) = customer(number)
        names = spellings(owner, trade)

        answers = await asyncio.gather(
            *(
                clients[i].post(
                    "/v1/leads",
                    json=lead_body(users[i].id, name=name, company=name, city=city, postal_code=postal_code),
                )
                for i, name in enumerate(names)
            )
        )
        statuses = Counter(answer.status_code for answer in answers)
        assert statuses == {201: 1, 409: CONNECTIONS - 1}, (number, names, [a.text[:300] for a in answers])
        refusals = {answer.json()["code"] for answer in answers if answer.status_code == 409}
        assert refusals <= {"customer_taken", "possibly_taken"}, (number, refusals)
    (counts,) = await stack.sql("SELECT (SELECT count(*) FROM leads), (SELECT count(*) FROM lead_locks)")
    assert tuple(counts) == (ROUNDS, ROUNDS)
    (deadlocks,) = await stack.sql("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    assert deadlocks[0] == 0
    for client in clients:
        await client.aclose()
